"""Walking distances, by breadth-first search over tiles: nobody walks through a wall or through a place.

Every array of tiles has one column and one row more than the map. They are not walkable, so the four neighbours of a
tile need no check for the edge. A negative index, before tile 0, reads the last row.
"""

import numpy as np

from projections.kernel import entry, kernel
from projections.record.plan import FAR

ANYWHERE = np.int64(-1)
"""Used in place of a venue's number: the whole map."""

NO_WAY = 255
"""The number of steps within a venue if there is no way."""


@kernel
def flood(steps: np.ndarray, queue: np.ndarray, found: np.int64, ground: tuple[np.ndarray, ...], venue: np.int64,
          side: np.int64) -> np.int64:  # fmt: skip
    """Fill `steps` with the distance from the tiles `queue[:found]`, whose steps are set, to all tiles of a venue.

    `steps` is FAR for tiles that are not reached yet. A way may start on a place or end on one, but not pass through
    it. Returns how many tiles were reached; they are in `queue`, in order of their steps.
    """
    room, walkable, seated = ground
    starts, head = found, 0
    while head < found:
        tile = queue[head]
        head += 1
        reached = np.int64(steps[tile]) + 1
        if (seated[tile] and head > starts) or reached >= FAR:
            continue
        for way in range(4):
            beside = tile + (-side, np.int64(1), side, np.int64(-1))[way]
            if walkable[beside] and steps[beside] == FAR and (venue == ANYWHERE or room[beside] == venue):
                steps[beside] = reached
                queue[found] = beside
                found += 1
    return found


@entry
def measure_fields(field: np.ndarray, doors: np.ndarray, ground: tuple[np.ndarray, ...], side: int) -> None:
    """Fill `field[v]`, which holds FAR, with the steps from every tile to the nearest door `doors[v]` (-1: none)."""
    queue = np.empty(field.shape[1], np.int64)
    for v in range(doors.shape[0]):
        found = 0
        for d in range(doors.shape[1]):
            if doors[v, d] >= 0:
                field[v, doors[v, d]] = 0
                queue[found] = doors[v, d]
                found += 1
        flood(field[v], queue, np.int64(found), ground, ANYWHERE, np.int64(side))


@entry
def measure_rooms(inside: np.ndarray, boxes: np.ndarray, ground: tuple[np.ndarray, ...], side: int) -> None:
    """Fill `inside[v]`, which holds NO_WAY, with the steps between any two spots of the venue `boxes[v]`.

    A box is top, left, height, width.
    """
    queue, steps = np.empty(ground[0].shape[0], np.int64), np.empty(ground[0].shape[0], np.int16)
    for tile in range(steps.shape[0]):
        steps[tile] = FAR
    for v in range(boxes.shape[0]):
        top, left, height, width = boxes[v, 0], boxes[v, 1], boxes[v, 2], boxes[v, 3]
        for spot in range(height * width):
            queue[0] = (top + spot // width) * side + left + spot % width
            if not ground[1][queue[0]]:
                continue
            steps[queue[0]] = 0
            found = flood(steps, queue, np.int64(1), ground, np.int64(v), np.int64(side))
            for i in range(found):
                row, column = queue[i] // side - top, queue[i] % side - left
                inside[v, spot, row * width + column] = steps[queue[i]]
                steps[queue[i]] = FAR


@entry
def rank_places(near: np.ndarray, near_count: np.ndarray, apart: np.ndarray, depth: np.ndarray, homes: np.ndarray,
                options: np.ndarray, private: np.ndarray) -> None:  # fmt: skip
    """Fill `near[v, option]` with the places that residents of v may use, nearest first, equal ones by number.

    `apart[v, w]` are the steps from a door of v to a door of w, `depth[o]` the steps from a door to place o in its
    venue `homes[o]`; `options[o]` is the option that place o serves (-1: none).
    """
    away = np.empty(near.shape[1:], np.int64)
    for v in range(apart.shape[0]):
        for o in range(depth.shape[0]):
            venue, option = homes[o], options[o]
            steps = apart[v, venue] + depth[o]
            if option < 0 or steps >= FAR or (private[venue] and venue != v):
                continue
            i = near_count[v, option]
            if i == near.shape[2]:
                if steps >= away[option, i - 1]:
                    continue
                i -= 1
            else:
                near_count[v, option] += 1
            while i > 0 and away[option, i - 1] > steps:
                away[option, i] = away[option, i - 1]
                near[v, option, i] = near[v, option, i - 1]
                i -= 1
            away[option, i] = steps
            near[v, option, i] = o
