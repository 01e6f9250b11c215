"""Checks a drawn district: finds its venues, doors, places and lines, and lists all its faults together."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from projections.record.plan import AREA, DOORS, FAR
from townlet.world.drawing import WALKABLE, MapPlan, Place, Tile, TownMap, Venue, VenuePlan
from townlet.world.paths import NO_WAY, measure_fields, measure_rooms
from townlet.world.waiting import LEAST, Room, lines

OPEN = {"park"}
"""Venues without walls."""

Spot = tuple[int, int]


def survey(plan: MapPlan) -> tuple[TownMap, list[str]]:
    """The district of a map file with its doors and waiting tiles, and a list of its faults (empty: none)."""
    faults: list[str] = []
    rows = plan.rows.rstrip("\n").split("\n")
    grid, found = _ground(plan, rows, faults)
    fit = _fit(plan, grid.shape, faults)
    seats = {(row, column) for row, column, _ in found}
    venues = tuple(_venue_with_doors(grid, seats, venue, v in fit, faults) for v, venue in enumerate(plan.venues))
    places = []
    for row, column, kind in found:
        owner = next((v for v, venue in enumerate(venues) if venue.holds(row, column)), -1)
        if owner < 0:
            faults.append(
                f"row {row}, column {column}: a {kind} outside every venue; move it into one, or draw one around it"
            )
        elif (outside := _outside(grid, venues[owner], row, column)) and venues[owner].kind not in OPEN:
            faults.append(
                f"row {row}, column {column}: a {kind} of {venues[owner].name!r} stands in a gap of its wall "
                f"beside row {outside[0][0]}, column {outside[0][1]}; move it inside"
            )
        places.append(Place(kind, row, column, owner, ()))
    places = _places_with_lines(grid, venues, places, fit, faults)
    height, width = grid.shape
    return TownMap(plan.name, height, width, tuple(rows), grid, venues, tuple(places)), faults


def _ground(plan: MapPlan, rows: list[str], faults: list[str]) -> tuple[np.ndarray, list[tuple[int, int, str]]]:
    """The grid of tiles, and the places in reading order. An unknown glyph becomes floor, a missing tile wall."""
    width = max(set(map(len, rows)), key=[len(row) for row in rows].count)
    grid = np.full((len(rows), max(map(len, rows))), Tile.WALL, np.uint8)
    places: list[tuple[int, int, str]] = []
    unknown: dict[str, list[Spot]] = defaultdict(list)
    for r, row in enumerate(rows):
        if len(row) != width:
            faults.append(f"row {r}: {len(row)} characters, most rows have {width}; make all rows equally long")
        for c, glyph in enumerate(row):
            meaning = plan.legend.get(glyph)
            grid[r, c] = Tile[meaning.tile.upper()] if meaning and meaning.tile else Tile.FLOOR
            if meaning is None:
                unknown[glyph].append((r, c))
            elif meaning.place:
                places.append((r, c, meaning.place))
    for glyph, where in unknown.items():
        faults.append(f"{_spots(where)}: {glyph!r} is not in the legend, which knows {' '.join(plan.legend)!r}; add it")
    for r, c, _ in places:
        if any(venue.kind in OPEN and venue.holds(r, c) for venue in plan.venues):
            grid[r, c] = Tile.GRASS
    faults += _ring(grid, {(r, c) for r, c, _ in places})
    return grid, places


def _ring(grid: np.ndarray, seats: set[Spot]) -> Iterator[str]:
    """Faults of the outermost ring of tiles, where repeated districts meet."""
    height, width = grid.shape
    edge = [(r, c) for r in range(height) for c in range(width) if r in (0, height - 1) or c in (0, width - 1)]
    wrong = [(r, c) for r, c in edge if grid[r, c] != Tile.ROAD or (r, c) in seats]
    if wrong:
        yield f"{_spots(wrong)}: the outermost ring must be road, so that districts meet; draw road there"


def _fit(plan: MapPlan, size: tuple[int, ...], faults: list[str]) -> set[int]:
    """The numbers of the venues whose rectangles can be built."""
    fit: set[int] = set()
    taken: dict[Spot, str] = {}
    for v, venue in enumerate(plan.venues):
        (top, left), (height, width) = venue.at, venue.size
        here = f"venue {venue.name!r} at row {top}, column {left}"
        before = len(faults)
        if venue.name in {other.name for other in plan.venues[:v]}:
            faults.append(f"{here}: another venue has this name; give it one of its own")
        if top < 1 or left < 1 or top + height >= size[0] or left + width >= size[1]:
            faults.append(f"{here}: {height} by {width} tiles reach the outermost ring or beyond; move or shrink it")
        if height * width > AREA:
            faults.append(f"{here}: {height} by {width} are {height * width} tiles, at most {AREA}; shrink or split it")
        spots = [(r, c) for r in range(size[0]) for c in range(size[1]) if venue.holds(r, c)]
        for other in sorted({taken[spot] for spot in spots if spot in taken}):
            where = next(spot for spot in spots if taken.get(spot) == other)
            faults.append(f"{here}: overlaps {other!r} at {_spots([where])}; move one of them")
        taken |= {spot: venue.name for spot in spots if spot not in taken}
        if len(faults) == before:
            fit.add(v)
    return fit


def _venue_with_doors(grid: np.ndarray, seats: set[Spot], plan: VenuePlan, fit: bool, faults: list[str]) -> Venue:
    """The venue with its doors: walkable tiles on its edge that have a walkable tile outside."""
    venue = Venue(plan.name, plan.kind, *plan.at, *plan.size, ())
    if not fit:
        return venue
    here = f"venue {venue.name!r} at row {venue.top}, column {venue.left}"
    doors = [
        (r, c)
        for r in range(venue.top, venue.top + venue.height)
        for c in range(venue.left, venue.left + venue.width)
        if grid[r, c] in WALKABLE
        and (r, c) not in seats
        and any(spot not in seats for spot in _outside(grid, venue, r, c))
    ]
    if venue.kind in OPEN:
        doors = _entries(venue, doors)
    if not doors:
        faults.append(f"{here}: has no door; open its edge with a door tile that has road or grass outside")
    if len(doors) > DOORS:
        faults.append(f"{here}: has {len(doors)} doors ({_spots(doors)}), at most {DOORS}; wall some up")
    return venue._replace(doors=tuple(doors[:DOORS]))


def _entries(venue: Venue, edge: list[Spot]) -> list[Spot]:
    """Up to four entries of an open venue: on each side the tile nearest to the venue's middle."""
    middle = (venue.top + (venue.height - 1) / 2, venue.left + (venue.width - 1) / 2)
    bottom, right = venue.top + venue.height - 1, venue.left + venue.width - 1
    sides = (
        [spot for spot in edge if spot[0] == venue.top],
        [spot for spot in edge if spot[1] == right],
        [spot for spot in edge if spot[0] == bottom],
        [spot for spot in edge if spot[1] == venue.left],
    )
    found = [min(side, key=lambda s: (abs(s[0] - middle[0]) + abs(s[1] - middle[1]), s)) for side in sides if side]
    return sorted(set(found))


def _outside(grid: np.ndarray, venue: Venue, row: int, column: int) -> list[Spot]:
    """The walkable tiles beside one tile of a venue that lie outside the venue."""
    beside = [(row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)]
    height, width = grid.shape
    return [
        (r, c)
        for r, c in beside
        if 0 <= r < height and 0 <= c < width and not venue.holds(r, c) and grid[r, c] in WALKABLE
    ]


def _places_with_lines(
    grid: np.ndarray, venues: tuple[Venue, ...], places: list[Place], fit: set[int], faults: list[str]
) -> list[Place]:
    """The places with their lines. Adds faults for doors and places without a way, and for lines without room."""
    side = max(grid.shape) + 1
    walkable = np.zeros((side, side), np.uint8)
    walkable[: grid.shape[0], : grid.shape[1]] = np.isin(grid, list(WALKABLE))
    seated, room = np.zeros((side, side), np.uint8), np.full((side, side), -1, np.int16)
    for place in places:
        seated[place.row, place.column] = 1
    kept = [v for v, venue in enumerate(venues) if v in fit and venue.doors]
    for number, v in enumerate(kept):
        top, left, height, width = venues[v][2:6]
        room[top : top + height, left : left + width] = number
    ground = (room.ravel(), walkable.ravel(), seated.ravel())
    inside = np.full((len(kept), AREA, AREA), NO_WAY, np.uint8)
    boxes = np.array([venues[v][2:6] for v in kept], np.int64).reshape(-1, 4)
    measure_rooms(inside, boxes, ground, side)
    ring = np.full((1, side * side), FAR, np.int16)
    measure_fields(ring, np.array([[0, -1, -1, -1]], np.int64), ground, side)
    from_ring = ring.reshape(side, side)
    found = list(places)
    for number, v in enumerate(kept):
        lost = [door for door in venues[v].doors if from_ring[door] == FAR]
        if lost:
            faults.append(
                f"venue {venues[v].name!r}: no way from the outermost road to its door at {_spots(lost)}; open one"
            )
        own = [o for o, place in enumerate(places) if place.venue == v]
        waits = _lines(grid, venues[v], [places[o] for o in own], inside[number], faults)
        for o, waiting in zip(own, waits, strict=True):
            found[o] = places[o]._replace(waiting=waiting)
    return found


def _lines(
    grid: np.ndarray, venue: Venue, places: list[Place], inside: np.ndarray, faults: list[str]
) -> list[tuple[Spot, ...]]:
    """The waiting tiles of each of a venue's places."""
    top, left, height, width = venue[2:6]

    def spot(tile: Spot) -> int:
        return (tile[0] - top) * width + tile[1] - left

    doors = [spot(door) for door in venue.doors]
    spots = [spot((place.row, place.column)) for place in places]
    floor = np.isin(grid[top : top + height, left : left + width], (Tile.FLOOR, Tile.GRASS, Tile.ROAD)).ravel()
    seated = [s in spots for s in range(height * width)]
    kinds = [place.kind for place in places]
    room = Room(height, width, floor.tolist(), seated, doors, list(zip(spots, kinds, strict=True)), inside.tolist())
    found = lines(room)
    for place, here, line in zip(places, spots, found, strict=True):
        at = f"row {place.row}, column {place.column}: {place.kind} of {venue.name!r}"
        cut_off = [door for door, s in zip(venue.doors, doors, strict=True) if inside[s, here] == NO_WAY]
        if cut_off:
            faults.append(f"{at}: no way inside from the door at {_spots(cut_off)}; clear one")
        elif len(line) < LEAST.get(place.kind, 0):
            faults.append(
                f"{at}: room for {len(line)} to wait, {LEAST[place.kind]} needed; clear floor near it, away from doors"
            )
    return [tuple((top + s // width, left + s % width) for s in line) for line in found]


def _spots(tiles: list[Spot]) -> str:
    """The position of the first tile in words, and how many more there are."""
    more = f" (and {len(tiles) - 1} more)" if len(tiles) > 1 else ""
    return f"row {tiles[0][0]}, column {tiles[0][1]}{more}"
