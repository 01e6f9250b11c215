"""Primitive control: what an agent does when every action of it is asked for."""

import numpy as np

from eventlog.codes import (
    ACTION_BUY,
    ACTION_EAST,
    ACTION_INTERACT,
    ACTION_NORTH,
    ACTION_SOUTH,
    ACTION_TALK,
    ACTION_USE,
    ACTION_WAIT,
    ACTION_WEST,
    DEED_HANDOVER,
    DEED_YIELD,
    OPTION_SLEEP,
    OPTION_WORK,
)
from projections.kernel import kernel
from projections.record.event import NOBODY, NOTHING
from projections.recorders.choice import record_action_taken
from projections.recorders.movement import record_agent_moved, record_move_blocked
from projections.recorders.queues import record_queue_joined, record_reservation_granted
from townlet.rules import needs, queues, work
from townlet.rules.company import talk
from townlet.rules.restraint import is_held_back

NOWHERE_TO_GO = np.int64(0)
ONE = np.int64(1)


@kernel
def act(town, plan, a):
    """Do what is asked of the agent, if it is still possible."""
    action = town.asked[a]
    if action == ACTION_WAIT or town.agents[a].doing >= 0 or town.agents[a].talks_with >= 0:
        return
    cause = record_action_taken(town, plan, a, action)
    if ACTION_NORTH <= action <= ACTION_WEST:
        step(town, plan, a, action, cause)
    elif action == ACTION_INTERACT:
        interact(town, plan, a, cause)
    elif action == ACTION_TALK:
        talk.address_somebody(town, plan, a)
    elif can_begin(town, plan, a, action):
        needs.begin(town, plan, a)


@kernel
def possible(town, plan, a):
    """The actions that may be asked of a living seat, as bits; waiting is always possible."""
    bits = ONE << ACTION_WAIT
    agent = town.agents[a]
    if agent.doing >= 0 or agent.talks_with >= 0 or agent.lingers_until > 0:
        return bits
    for way in range(ACTION_NORTH, ACTION_WEST + 1):
        tile = neighbour(plan, town.agents[a].tile, way)
        if tile >= 0 and is_open_to(town, plan, a, tile) and town.ground[tile] == 0:
            bits |= ONE << way
    if can_interact(town, plan, a):
        bits |= ONE << ACTION_INTERACT
    if talk.may_begin(town, plan, a) and talk.someone_near(town, plan, a) != NOBODY:
        bits |= ONE << ACTION_TALK
    for deed in range(ACTION_BUY, ACTION_USE + 1):
        if can_begin(town, plan, a, deed):
            bits |= ONE << deed
    return bits


@kernel
def neighbour(plan, tile, way):
    """The tile that lies in one of the four directions; -1 beyond the edge."""
    side = plan.layout.side
    row, column = tile // side, tile % side
    if way == ACTION_NORTH:
        return tile - side if row > 0 else NOTHING
    if way == ACTION_SOUTH:
        return tile + side if row + 1 < side else NOTHING
    if way == ACTION_EAST:
        return tile + 1 if column + 1 < side else NOTHING
    return tile - 1 if column > 0 else NOTHING


@kernel
def is_open_to(town, plan, a, tile):
    """Whether the agent may stand on a tile: floor, or the place that it holds."""
    if not plan.layout.walkable[tile]:
        return False
    o = town.agents[a].holds
    return not plan.layout.seated[tile] or (o >= 0 and plan.layout.place[o].tile == tile)


@kernel
def step(town, plan, a, way, cause):
    """Move one tile in a direction, unless somebody stands there by now."""
    tile = neighbour(plan, town.agents[a].tile, way)
    if tile < 0 or not is_open_to(town, plan, a, tile):
        return
    blocker = np.int64(town.ground[tile]) - 1
    if blocker == NOBODY:
        record_agent_moved(town, plan, a, tile, NOWHERE_TO_GO, cause)
    else:
        record_move_blocked(town, plan, a, blocker, tile, cause)


@kernel
def can_interact(town, plan, a):
    """Whether the agent can leave a place, or ask for one beside it."""
    agent = town.agents[a]
    return agent.holds >= 0 or agent.waits_at >= 0 or place_at_hand(town, plan, a) != NOTHING


@kernel
def interact(town, plan, a, cause):
    """Give up the place or the line; without one, take the place at hand or join its line."""
    agent = town.agents[a]
    if agent.holds >= 0 or agent.waits_at >= 0:
        queues.let_go(town, plan, a)
        return
    o = place_at_hand(town, plan, a)
    if o == NOTHING:
        return
    place = town.objects[o]
    if place.user == NOBODY and place.line == 0:
        record_reservation_granted(town, plan, a, o, cause)
    else:
        record_queue_joined(town, plan, a, o, place.line + 1, cause)


@kernel
def place_at_hand(town, plan, a):
    """The first place on the agent's tile or beside it that it may ask for; nothing without one."""
    tile, side = town.agents[a].tile, plan.layout.side
    for o in range(town.clock.objects):
        away = abs(plan.layout.place[o].tile - tile)
        if (away == 0 or away == 1 or away == side) and may_ask_for(town, plan, a, o):
            return np.int64(o)
    return NOTHING


@kernel
def may_ask_for(town, plan, a, o):
    """Whether the agent may ask for a place: the own bed, the desk of its shift, or a public place with room."""
    agent, there, place = town.agents[a], plan.layout.place[o], town.objects[o]
    option = plan.affordances[there.affordance].option
    if is_held_back(town, a, option, NOBODY):
        return False
    if option == OPTION_SLEEP and o != agent.home:
        return False
    if option == OPTION_WORK and (work.ticks_left(town, plan, a) <= 0 or o != work.desk_of(town, plan, a)):
        return False
    if plan.layout.private[there.venue] and there.venue != plan.layout.place[agent.home].venue:
        return False
    if queues.rests_from(town, a, o):
        return False
    if place.user == NOBODY and place.line == 0:
        return True
    return place.line < there.line or (place.line == 0 and queues.is_own(plan, o))


@kernel
def can_begin(town, plan, a, action):
    """Whether the agent stands on the place it holds and could begin: buying where things are sold, using elsewhere."""
    agent = town.agents[a]
    o = agent.holds
    if o < 0 or agent.tile != plan.layout.place[o].tile:
        return False
    code = plan.layout.place[o].affordance
    sells = plan.affordances[code].sells == 1
    return sells == (action == ACTION_BUY) and needs.obstacle(town, plan, a, o, code) < 0


@kernel
def can_yield(town, plan, a):
    """Whether the agent holds a place that somebody waits for, and has not begun to use it."""
    agent = town.agents[a]
    if agent.holds < 0 or agent.doing >= 0 or town.objects[agent.holds].line == 0:
        return False
    first = queues.first_in_line(town, plan, agent.holds)
    if is_held_back(town, a, DEED_YIELD, NOBODY) or is_held_back(town, a, DEED_HANDOVER, first):
        return False
    return not queues.is_own(plan, agent.holds)
