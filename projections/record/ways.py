"""The way to a goal: the goal's tile, the distance, the next step, and the memory of progress."""

import numpy as np

from projections.kernel import kernel
from projections.record.event import NONE, NOTHING, NOWHERE
from projections.record.plan import FAR


@kernel
def set_out(agent):
    """Forget the progress to the old goal: the smallest distance so far, and the failed moves."""
    agent.nearest, agent.stalls = FAR, 0


@kernel
def goal_place(agent):
    """The place that an agent holds, else the one it waits for, else the one it heads for; NOTHING without one."""
    if agent.holds >= 0:
        return agent.holds
    return agent.waits_at if agent.waits_at >= 0 else agent.target


@kernel
def goal_tile(town, plan, a, place):
    """The tile where agent `a` has to stand: the place's own, or that of its waiting place; NOWHERE without a place."""
    if place == NOTHING:
        return NOWHERE
    there = plan.layout.place[place]
    if town.agents[a].waits_at != place:
        return there.tile
    turn = turn_of(town, a, place)
    return there.waiting[turn] if turn < there.line else town.agents[a].tile


@kernel
def turn_of(town, a, o):
    """The index of agent `a` in the line of place `o`, -1 if it is not there."""
    place = town.objects[o]
    for i in range(place.line):
        if place.waiting[i] == a:
            return i
    return NONE


@kernel
def tiles_apart(plan, tile, other):
    """Tiles down plus across between two tiles, walls or not."""
    side = plan.layout.side
    return abs(tile // side - other // side) + abs(tile % side - other % side)


@kernel
def steps(plan, tile, place):
    """The steps from a tile to a place, FAR without a way; from outside the venue by the venue's nearest door."""
    layout = plan.layout
    there = layout.place[place]
    return steps_to_tile(plan, tile, there.tile, there.venue)


@kernel
def steps_to_tile(plan, tile, goal, venue):
    """The steps from a tile to a goal tile in a venue; FAR without a way."""
    layout = plan.layout
    spot = np.int64(layout.spot[goal])
    if np.int64(layout.room[tile]) == venue:
        inside = np.int64(layout.inside[venue, np.int64(layout.spot[tile]), spot])
        return inside if inside < 255 else FAR
    door = layout.doors[venue, 0]
    return np.int64(layout.field[venue, tile]) + np.int64(layout.inside[venue, door, spot])


@kernel
def next_tile(town, plan, tile, goal, venue, stalls):
    """The neighbour tile nearest to the goal, a free one if two are equally near; the tile itself without a way.

    After a failed move prefers a step to the side; after `queues.ghost_after` failed moves goes straight again.
    """
    crowded = 5 if 0 < stalls < plan.queues.ghost_after else 1
    layout = plan.layout
    side = layout.side
    indoors = np.int64(layout.room[tile]) == venue
    found, least = tile, 2 * FAR
    for way in range(4):
        step = tile + (side if way == 0 else -side if way == 1 else 1 if way == 2 else -1)
        if step < 0 or step >= side * side or not layout.walkable[step]:
            continue
        if layout.seated[step] and step != goal:
            continue
        if indoors and np.int64(layout.room[step]) != venue:
            continue
        away = 2 * steps_to_tile(plan, step, goal, venue) if indoors else outdoors(plan, step, goal, venue)
        away += crowded if town.ground[step] != 0 else 0
        if away < least:
            found, least = step, away
    return found


@kernel
def outdoors(plan, tile, goal, venue):
    """Twice the steps from a tile outside to the venue's nearest door; 0 inside the venue."""
    if np.int64(plan.layout.room[tile]) == venue:
        return np.int64(0)
    return 2 * np.int64(plan.layout.field[venue, tile])
