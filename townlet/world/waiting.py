"""Finds the tiles where people wait in line: in the same venue, away from its doors and aisles."""

from collections.abc import Callable, Sequence, Set
from typing import NamedTuple

from projections.record.state import LINE
from townlet.world.paths import NO_WAY

LEAST = {"shower": 3, "stove": 3, "till": 3, "counter": 3}
"""Kinds of places that need a line, and the least number of waiting tiles for each."""

SPARE = {"chair", "bench"}
"""Kinds of places that get a line only from free tiles close by. Beds and desks have owners and no line."""

CLOSE = 4
"""The most steps from a chair or a bench to its waiting tiles."""


class Room(NamedTuple):
    """One venue as a list of spots, numbered row by row."""

    height: int
    width: int
    floor: Sequence[bool]  # spots where people may wait
    seated: Sequence[bool]  # spots with a place
    doors: Sequence[int]
    places: Sequence[tuple[int, str]]  # spot and kind
    steps: Sequence[Sequence[int]]  # between two spots

    def beside(self, spot: int) -> list[int]:
        """The spots to the north, east, south and west that lie in the room."""
        row, column = divmod(spot, self.width)
        found = [(row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)]
        return [r * self.width + c for r, c in found if 0 <= r < self.height and 0 <= c < self.width]


def aisles(room: Room) -> set[int]:
    """The spots of one shortest path from each door to each place; the paths share spots where they can.

    Nobody waits there unless there is no other room, and then where everybody can go round.
    """
    found: set[int] = set()
    for door in room.doors:
        from_door = room.steps[door]
        for spot, _ in room.places:
            while 0 < from_door[spot] < NO_WAY:
                ways = [s for s in room.beside(spot) if from_door[s] == from_door[spot] - 1 and not room.seated[s]]
                spot = min(ways, key=lambda s: s not in found)
                found.add(spot)
    return found


def is_open(room: Room, stood_on: Set[int]) -> bool:
    """Whether each place can be reached from each door while people stand on these spots."""
    places, enterable = (
        {spot for spot, _ in room.places},
        [a or b for a, b in zip(room.floor, room.seated, strict=True)],
    )
    for door in room.doors:
        reached, left = {door}, [door]
        while left:
            for spot in room.beside(left.pop()):
                if spot not in reached and spot not in stood_on and (enterable[spot] or spot in room.doors):
                    reached.add(spot)
                    if not room.seated[spot]:
                        left.append(spot)
        if not places <= reached:
            return False
    return True


def lines(room: Room) -> list[list[int]]:
    """The waiting spots of each place, nearest first, at most LINE.

    Places take turns; each takes the nearest free spot that is not in an aisle. Places that need a line (`LEAST`) come
    first, then chairs and benches. Only a place that has fewer spots than its least takes spots in an aisle: first such
    as leave a way to every place when the lines are full, then any, and then spots of other places. Doors and the spots
    beside them stay free.
    """
    walked = aisles(room)
    by_a_door = {s for door in room.doors for s in (door, *room.beside(door))}
    free = [s for s, floor in enumerate(room.floor) if floor and not room.seated[s] and s not in by_a_door]
    found: list[list[int]] = [[] for _ in room.places]
    taken: set[int] = set()

    def grow(places: list[int], most: int, may: Callable[[int], bool], reach: int = NO_WAY - 1) -> None:
        """Let places take turns until each has `most` spots, or finds no more spots within reach that it may take."""
        for _ in range(most):
            for o in places:
                away = room.steps[room.places[o][0]]
                near = sorted((away[s], s) for s in free if away[s] <= reach and s not in found[o])
                spot = next((s for _, s in near if may(s)), None)
                if spot is not None and len(found[o]) < most:
                    found[o].append(spot)
                    taken.add(spot)

    def leaves_ways(spot: int) -> bool:
        """Whether every place can be reached when people stand here, too. Whoever keeps to no aisle bars none."""
        return (spot not in walked and not taken & walked) or is_open(room, taken | {spot})

    queued = [o for o, (_, kind) in enumerate(room.places) if kind in LEAST]
    grow(queued, LINE, lambda s: s not in taken and s not in walked)
    grow(queued, max(LEAST.values()), lambda s: s not in taken and leaves_ways(s))
    grow(queued, max(LEAST.values()), lambda s: s not in taken)
    grow(queued, max(LEAST.values()), lambda s: s not in walked)
    grow(queued, max(LEAST.values()), lambda s: True)
    spare = [o for o, (_, kind) in enumerate(room.places) if kind in SPARE]
    grow(spare, LINE, lambda s: s not in taken and s not in walked and leaves_ways(s), CLOSE)
    return [sorted(spots, key=lambda s: (room.steps[room.places[o][0]][s], s)) for o, spots in enumerate(found)]
