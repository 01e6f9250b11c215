"""Finds ground from which no way leads to the road: whoever rises into it from a place could never leave it."""

from collections.abc import Iterator

import numpy as np

from townlet.world.drawing import WALKABLE, TownMap

Spot = tuple[int, int]


def pockets(town_map: TownMap) -> list[list[Spot]]:
    """The pockets of a map in reading order: for each its tiles (row, column), the first one first.

    A pocket is walkable ground without a place on it, from which nobody comes to the outermost road without crossing a
    place.
    """
    ground = np.isin(town_map.grid, list(WALKABLE))
    for place in town_map.places:
        ground[place.row, place.column] = False
    left = {(int(row), int(column)) for row, column in np.argwhere(ground)}
    _take(left, (0, 0))
    found = []
    while left:
        found.append(_take(left, min(left)))
    return found


def pocket_faults(town_map: TownMap) -> Iterator[str]:
    """A sentence for each pocket of a map, with the row and the column of its first tile."""
    for tiles in pockets(town_map):
        row, column = tiles[0]
        more = f" (and {len(tiles) - 1} more)" if len(tiles) > 1 else ""
        yield (
            f"row {row}, column {column}{more}: closed in, so that whoever rises into it never comes to the road; "
            "open a way that crosses no place, or draw a table, a tree, water or a wall there"
        )


def _take(left: set[Spot], first: Spot) -> list[Spot]:
    """Remove from `left` every tile that can be walked to from `first`; returns them in reading order."""
    reached, taken = [first], [first]
    left.discard(first)
    while reached:
        row, column = reached.pop()
        for beside in ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)):
            if beside in left:
                left.remove(beside)
                reached.append(beside)
                taken.append(beside)
    return sorted(taken)
