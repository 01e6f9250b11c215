"""Recorders of movement: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import AGENT_MOVED, GHOST_STEPPED, MOVE_BLOCKED, TELEPORTED
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOTHING, append
from projections.town import movement


@kernel
def record_agent_moved(town, plan, agent, tile, left, cause):
    """`agent` steps onto a free tile."""
    event = append(town, AGENT_MOVED, agent, NOBODY, NOTHING, tile, left, NONE, NAN, NAN, cause)
    movement.agent_moved(town, plan, event)
    return event.seq


@kernel
def record_move_blocked(town, plan, agent, other, tile, cause):
    """`agent` cannot enter `tile`, because `other` stands there."""
    event = append(town, MOVE_BLOCKED, agent, other, NOTHING, tile, NONE, NONE, NAN, NAN, cause)
    movement.move_blocked(town, plan, event)
    return event.seq


@kernel
def record_ghost_stepped(town, plan, agent, other, tile, cause):
    """After blocked moves `agent` squeezes past `other`: the two exchange their tiles."""
    event = append(town, GHOST_STEPPED, agent, other, NOTHING, tile, NONE, NONE, NAN, NAN, cause)
    movement.ghost_stepped(town, plan, event)
    return event.seq


@kernel
def record_teleported(town, plan, agent, place_left, tile, cause):
    """A command puts `agent` on `tile`; `agent` loses its place, leaves its line and stops what it does."""
    event = append(town, TELEPORTED, agent, NOBODY, place_left, tile, NONE, NONE, NAN, NAN, cause)
    movement.teleported(town, plan, event)
    return event.seq
