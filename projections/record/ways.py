"""The way to a goal: where to, how far, which way, and what is remembered of it."""

import numpy as np

from projections.kernel import kernel
from projections.record.event import NONE, NOTHING, NOWHERE
from projections.record.plan import FAR


@kernel
def set_out(agent):
    """A new goal: nothing is known of the way yet, and no move has failed."""
    agent.nearest, agent.stalls = FAR, 0


@kernel
def goal_place(agent):
    """The place an agent holds, waits for, or heads for."""
    if agent.holds >= 0:
        return agent.holds
    return agent.waits_at if agent.waits_at >= 0 else agent.target


@kernel
def goal_tile(town, plan, a, place):
    """The tile to stand on: the place's own, or the waiting place's of one's turn; nowhere without a place."""
    if place == NOTHING:
        return NOWHERE
    there = plan.layout.place[place]
    if town.agents[a].waits_at != place:
        return there.tile
    turn = turn_of(town, a, place)
    return there.waiting[turn] if turn < there.line else town.agents[a].tile


@kernel
def turn_of(town, a, o):
    """The agent's index in the line."""
    place = town.objects[o]
    for i in range(place.line):
        if place.waiting[i] == a:
            return i
    return NONE


@kernel
def steps(plan, tile, place):
    """Steps from a tile to a place; FAR without a way. From outside its venue: to the nearest door, and on from it."""
    layout = plan.layout
    there = layout.place[place]
    return steps_to_tile(plan, tile, there.tile, there.venue)


@kernel
def steps_to_tile(plan, tile, goal, venue):
    """Steps from a tile to a goal tile of a venue; FAR without a way."""
    layout = plan.layout
    spot = np.int64(layout.spot[goal])
    if np.int64(layout.room[tile]) == venue:
        inside = np.int64(layout.inside[venue, np.int64(layout.spot[tile]), spot])
        return inside if inside < 255 else FAR
    door = layout.doors[venue, 0]
    return np.int64(layout.field[venue, tile]) + np.int64(layout.inside[venue, door, spot])


@kernel
def next_tile(town, plan, tile, goal, venue, stalls):
    """The neighbour tile nearest to the goal, a free one if two are as near; the tile itself without a way.

    After a failed move a step aside is taken, where there is one, rather than another push; after many, the push.
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
    """Twice the steps to the venue's nearest door; at a door already, the way inside counts no more."""
    if np.int64(plan.layout.room[tile]) == venue:
        return np.int64(0)
    return 2 * np.int64(plan.layout.field[venue, tile])
