"""Agents walk one tile a tick, never through walls and never onto another agent."""

import numpy as np

from eventlog.codes import DEED_BARRED, DEED_GHOST, REASON_BARRED, REASON_GHOST
from projections.kernel import kernel
from projections.record.event import NOBODY, NOWHERE
from projections.record.ways import goal_place, goal_tile, next_tile, steps_to_tile
from projections.recorders.movement import record_agent_moved, record_ghost_stepped, record_move_blocked
from townlet.rules import queues
from townlet.rules.queues import AT_ONCE
from townlet.rules.restraint import is_held_back

NOWHERE_TO_GO = np.int64(0)


@kernel
def walk(town, plan, a):
    """A free agent takes a step to its place, its waiting place or its target, or steps out of the way."""
    agent = town.agents[a]
    if agent.doing >= 0:
        return
    place = goal_place(agent)
    goal = goal_tile(town, plan, a, place)
    if goal == NOWHERE:
        step_aside(town, plan, a)
    elif goal != agent.tile:
        venue = plan.layout.place[place].venue
        step_to(town, plan, a, next_tile(town, plan, agent.tile, goal, venue, agent.stalls), goal, venue)


@kernel
def step_to(town, plan, a, tile, goal, venue):
    """Step onto a free tile; after failed moves, change places with an idle agent who stands there."""
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
    """A ghost step. Between two who want the same place it is a quarrel, and between others it may be one."""
    agent, other = town.agents[a], town.agents[b]
    place = goal_place(agent)
    cause = record_ghost_stepped(town, plan, a, b, tile, agent.asked_seq)
    if place >= 0 and (other.waits_at == place or (other.target == place and other.holds < 0)):
        if not is_held_back(town, a, DEED_GHOST, b):
            queues.quarrel(town, plan, a, b, place, REASON_GHOST, AT_ONCE, cause)
    elif place >= 0 and queues.pushes_past(town, plan, a, b) and not is_held_back(town, a, DEED_BARRED, b):
        queues.quarrel(town, plan, a, b, place, REASON_BARRED, AT_ONCE, cause)


@kernel
def step_aside(town, plan, a):
    """An idle agent leaves a place that others may want."""
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
