"""The map around an agent: copies the planes of its tile, marks people and held places, measures the way."""

import numpy as np

from projections.kernel import kernel
from projections.observations.layout import CELLS, NO_WAY, REACH, WINDOW
from projections.observations.lens import PADDED
from projections.record.event import NOTHING
from projections.record.plan import FAR

CROWD = np.int64(24)
"""Up to this number of seats every agent is checked; with more, the tiles around are searched for people."""

MIDDLE = np.int64(CELLS // 2)
SOMEBODY, ONESELF = np.int64(1), np.int64(2)
OBJECTS, WALKABLE = map(np.int64, range(2))
NOBODY_IN_SIGHT = np.int64(WINDOW)
FARTHEST = np.int64(NO_WAY - 1)


@kernel
def draw_still(lens, tile, view):
    """Draw the planes that depend only on the tile."""
    plane = lens.plane
    copy(lens, tile, WALKABLE, view, plane.walkable)
    if plane.objects >= 0:
        copy(lens, tile, OBJECTS, view, plane.objects)
        blank(view, plane.self)
        view.planes[plane.self, MIDDLE] = SOMEBODY


@kernel
def copy(lens, tile, still, view, plane):
    """Copy one STILL plane of the tile's window."""
    for cell in range(PADDED):
        view.planes[plane, cell] = lens.still[tile, still, cell]


@kernel
def blank(view, plane):
    """Set a plane to zero."""
    for cell in range(PADDED):
        view.planes[plane, cell] = 0


@kernel
def measure(plan, lens, tile, bound, view):
    """Draw the steps from every cell to the goal: the same as `steps`, with its constants read only once."""
    plane = lens.plane.distance
    for cell in range(CELLS):
        view.planes[plane, cell] = NO_WAY
    if bound == NOTHING:
        return
    layout = plan.layout
    venue = layout.place[bound].venue
    spot = np.int64(layout.spot[layout.place[bound].tile])
    from_door = np.int64(layout.inside[venue, layout.doors[venue, 0], spot])
    row, column = (tile >> lens.shift) - REACH, (tile & lens.mask) - REACH
    for down in range(max(0, -row), min(WINDOW, lens.mask + 1 - row)):
        for right in range(max(0, -column), min(WINDOW, lens.mask + 1 - column)):
            here = ((row + down) << lens.shift) + column + right
            if np.int64(layout.room[here]) == venue:
                away = np.int64(layout.inside[venue, np.int64(layout.spot[here]), spot])
            else:
                away = np.int64(layout.field[venue, here]) + from_door
                away = NO_WAY if away >= FAR else min(away, FARTHEST)
            view.planes[plane, down * WINDOW + right] = away


@kernel
def mark_people(town, plan, lens, a, view):
    """Mark people and held places in sight; returns the number of others, and the tiles to the nearest of them."""
    if lens.planes > 0:
        blank(view, lens.plane.agents)
        blank(view, lens.plane.reservations)
        if lens.plane.self < 0:
            view.planes[lens.plane.agents, MIDDLE] = ONESELF
    tile = town.agents[a].tile
    row, column = (tile >> lens.shift) - REACH, (tile & lens.mask) - REACH
    if town.clock.seats > CROWD:
        return search(town, lens, a, row, column, view)
    many, nearest = np.int64(0), NOBODY_IN_SIGHT
    for b in range(town.clock.seats):
        other = town.agents[b]
        if not other.alive:
            continue
        if other.holds >= 0 and lens.planes > 0:
            held = plan.layout.place[other.holds].tile
            down, right = (held >> lens.shift) - row, (held & lens.mask) - column
            if 0 <= down < WINDOW and 0 <= right < WINDOW:
                view.planes[lens.plane.reservations, down * WINDOW + right] = ONESELF if b == a else SOMEBODY
        down, right = (other.tile >> lens.shift) - row, (other.tile & lens.mask) - column
        if b != a and 0 <= down < WINDOW and 0 <= right < WINDOW:
            many += 1
            nearest = min(nearest, abs(down - REACH) + abs(right - REACH))
            if lens.planes > 0:
                view.planes[lens.plane.agents, down * WINDOW + right] = SOMEBODY
    return many, nearest


@kernel
def search(town, lens, a, row, column, view):
    """Like `mark_people`, for a crowd: searches the tiles in sight instead of checking every agent."""
    many, nearest = np.int64(0), NOBODY_IN_SIGHT
    left, right = max(0, -column), min(WINDOW, lens.mask + 1 - column)
    furnished = np.int64(lens.furnished[town.agents[a].tile])
    for down in range(max(0, -row), min(WINDOW, lens.mask + 1 - row)):
        first = ((row + down) << lens.shift) + column
        if is_walked(town, first, left, right):
            for i in range(left, right):
                if town.ground[first + i] != 0 and np.int64(town.ground[first + i]) != a + 1:
                    many += 1
                    nearest = min(nearest, abs(down - REACH) + abs(i - REACH))
                    if lens.planes > 0:
                        view.planes[lens.plane.agents, down * WINDOW + i] = SOMEBODY
        if lens.planes > 0 and (furnished >> down) & 1 == 1:
            mark_reserved(town, lens, a, first, left, right, down, view)
    return many, nearest


@kernel
def is_walked(town, first, left, right):
    """Whether anybody stands in a row. The case of a whole row of eleven tiles compiles to a few instructions."""
    anybody = np.int64(0)
    if right - left == WINDOW:
        for i in range(WINDOW):
            anybody |= np.int64(town.ground[first + i])
    else:
        for i in range(left, right):
            anybody |= np.int64(town.ground[first + i])
    return anybody != 0


@kernel
def mark_reserved(town, lens, a, first, left, right, down, view):
    """Mark the held places of one row in sight."""
    for i in range(left, right):
        o = np.int64(lens.place_at[first + i]) - 1
        if o >= 0:
            user = town.objects[o].user
            if user >= 0:
                view.planes[lens.plane.reservations, down * WINDOW + i] = ONESELF if user == a else SOMEBODY
