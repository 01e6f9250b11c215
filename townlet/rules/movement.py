"""One tile a tick, never through walls, never onto another."""

import numpy as np

from eventlog.codes import REASON_GHOST
from projections.kernel import kernel
from projections.recorders.movement import record_agent_moved, record_ghost_stepped, record_move_blocked
from projections.town.event import NOBODY, NOTHING, NOWHERE
from townlet.rules import queues
from townlet.rules.ways import next_tile, steps_to_tile

ASK_WITHIN = np.int64(4)
"""Steps from a place at which one asks for it."""

NOWHERE_TO_GO = np.int64(0)


@kernel
def walk(town, plan, a):
    """A free agent takes a step to its place, its waiting place, or its target; or out of the way."""
    agent = town.agents[a]
    if agent.doing >= 0:
        return
    place = bound_for(agent)
    goal = goal_tile(town, plan, a, place)
    if goal == NOWHERE:
        step_aside(town, plan, a)
    elif goal != agent.tile:
        venue = plan.layout.place[place].venue
        step_to(town, plan, a, next_tile(town, plan, agent.tile, goal, venue, agent.stalls), goal, venue)


@kernel
def bound_for(agent):
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
    turn = queues.turn_of(town, a, place)
    return there.waiting[turn] if turn < there.line else town.agents[a].tile


@kernel
def step_to(town, plan, a, tile, goal, venue):
    """Onto a free tile; after failed moves, past whoever stands there idle."""
    agent = town.agents[a]
    if tile == agent.tile:
        return
    blocker = np.int64(town.ground[tile]) - 1
    if blocker == NOBODY:
        record_agent_moved(town, plan, a, tile, steps_to_tile(plan, tile, goal, venue), agent.asked_seq)
    elif agent.stalls >= plan.queues.ghost_after and town.agents[blocker].doing < 0:
        squeeze_past(town, plan, a, blocker, tile)
    else:
        record_move_blocked(town, plan, a, blocker, tile, agent.asked_seq)


@kernel
def squeeze_past(town, plan, a, b, tile):
    """A ghost step; among those who want the same place it is a quarrel."""
    agent, other = town.agents[a], town.agents[b]
    place = bound_for(agent)
    cause = record_ghost_stepped(town, plan, a, b, tile, agent.asked_seq)
    if place >= 0 and (other.waits_at == place or (other.target == place and other.holds < 0)):
        queues.quarrel(town, plan, a, b, place, REASON_GHOST, cause)


@kernel
def step_aside(town, plan, a):
    """Whoever is idle does not stand on a place that others may want."""
    agent = town.agents[a]
    if not plan.layout.seated[agent.tile]:
        return
    side = plan.layout.side
    for way in range(4):
        tile = agent.tile + (side if way == 0 else -side if way == 1 else 1 if way == 2 else -1)
        if 0 <= tile < side * side and plan.layout.walkable[tile] and not plan.layout.seated[tile]:
            if town.ground[tile] == 0:
                record_agent_moved(town, plan, a, tile, NOWHERE_TO_GO, agent.asked_seq)
                return
