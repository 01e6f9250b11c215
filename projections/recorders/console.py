"""Recorders of console: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import (
    ANNOUNCED,
    COMMAND_ACCEPTED,
    COMMAND_REJECTED,
    ILLNESS_BEGAN,
    LIMIT_SET,
    MEETING_ARRANGED,
    NEED_SET,
    NEWCOMER_CALLED,
    OPTION_ORDERED,
    ORDER_ENDED,
    OUTCOME_FORCED,
    PLACE_CLOSED,
    POSSESSION_BEGAN,
    POSSESSION_ENDED,
    RESTRAINED,
    SETTINGS_CHANGED,
)
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOTHING, NOWHERE, append
from projections.town import console


@kernel
def record_settings_changed(town, plan, epoch):
    """From now on the town uses the settings of another epoch of the run."""
    event = append(town, SETTINGS_CHANGED, NOBODY, NOBODY, NOTHING, NOWHERE, epoch, NONE, NAN, NAN, NONE)
    console.settings_changed(town, plan, event)
    return event.seq


@kernel
def record_restrained(town, plan, agent, towards, deed, ticks, cause):
    """`agent` is held back from one sort of deed for `ticks`: towards everybody, or only towards one person."""
    event = append(town, RESTRAINED, agent, towards, NOTHING, NOWHERE, deed, NONE, ticks, NAN, cause)
    console.restrained(town, plan, event)
    return event.seq


@kernel
def record_command_accepted(town, plan, command, issuer):
    """`issuer` gives a `command`, and the town follows it: the events that it leads to come next."""
    event = append(town, COMMAND_ACCEPTED, NOBODY, NOBODY, NOTHING, NOWHERE, command, issuer, NAN, NAN, NONE)
    console.command_accepted(town, plan, event)
    return event.seq


@kernel
def record_command_rejected(town, plan, reason, issuer):
    """`issuer` gives a command that cannot be followed now; the note has the command, and the reason in words."""
    event = append(town, COMMAND_REJECTED, NOBODY, NOBODY, NOTHING, NOWHERE, reason, issuer, NAN, NAN, NONE)
    console.command_rejected(town, plan, event)
    return event.seq


@kernel
def record_need_set(town, plan, agent, need, value, cause):
    """A command sets one need of `agent`."""
    event = append(town, NEED_SET, agent, NOBODY, NOTHING, NOWHERE, need, NONE, value, NAN, cause)
    console.need_set(town, plan, event)
    return event.seq


@kernel
def record_announced(town, plan, cause):
    """A command says something to whoever reads the log; the note has the words, and nobody in the town hears them."""
    event = append(town, ANNOUNCED, NOBODY, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, cause)
    console.announced(town, plan, event)
    return event.seq


@kernel
def record_option_ordered(town, plan, agent, option, ticks, cause):
    """A command has `agent` do an `option` for `ticks`, through the control that environments use."""
    event = append(town, OPTION_ORDERED, agent, NOBODY, NOTHING, NOWHERE, option, NONE, ticks, NAN, cause)
    console.option_ordered(town, plan, event)
    return event.seq


@kernel
def record_meeting_arranged(town, plan, agent, other, place, ticks, cause):
    """A command sends `agent` to the venue of `place` to meet `other` there within `ticks`."""
    event = append(town, MEETING_ARRANGED, agent, other, place, NOWHERE, NONE, NONE, ticks, NAN, cause)
    console.meeting_arranged(town, plan, event)
    return event.seq


@kernel
def record_order_ended(town, plan, agent, option, reason, cause):
    """`agent` no longer has to do the `option` that a command ordered, for a `reason`."""
    event = append(town, ORDER_ENDED, agent, NOBODY, NOTHING, NOWHERE, option, reason, NAN, NAN, cause)
    console.order_ended(town, plan, event)
    return event.seq


@kernel
def record_possession_began(town, plan, agent, issuer, cause):
    """From now on `agent` does only what `issuer` has it choose."""
    event = append(town, POSSESSION_BEGAN, agent, NOBODY, NOTHING, NOWHERE, issuer, NONE, NAN, NAN, cause)
    console.possession_began(town, plan, event)
    return event.seq


@kernel
def record_possession_ended(town, plan, agent, issuer, cause):
    """`issuer` lets `agent` choose by itself again."""
    event = append(town, POSSESSION_ENDED, agent, NOBODY, NOTHING, NOWHERE, issuer, NONE, NAN, NAN, cause)
    console.possession_ended(town, plan, event)
    return event.seq


@kernel
def record_newcomer_called(town, plan, cause):
    """The next newcomer on the way comes in this tick."""
    event = append(town, NEWCOMER_CALLED, NOBODY, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, cause)
    console.newcomer_called(town, plan, event)
    return event.seq


@kernel
def record_place_closed(town, plan, place, ticks, cause):
    """Nobody can begin to use `place` for `ticks`."""
    event = append(town, PLACE_CLOSED, NOBODY, NOBODY, place, NOWHERE, NONE, NONE, ticks, NAN, cause)
    console.place_closed(town, plan, event)
    return event.seq


@kernel
def record_illness_began(town, plan, agent, ticks, cause):
    """`agent` is unwell for `ticks` and stays at home from work."""
    event = append(town, ILLNESS_BEGAN, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, ticks, NAN, cause)
    console.illness_began(town, plan, event)
    return event.seq


@kernel
def record_outcome_forced(town, plan, agent, other, outcome, cause):
    """A command decides, in place of a draw, how `agent` ends a talk with `other`, or when it rises for work."""
    event = append(town, OUTCOME_FORCED, agent, other, NOTHING, NOWHERE, outcome, NONE, NAN, NAN, cause)
    console.outcome_forced(town, plan, event)
    return event.seq


@kernel
def record_limit_set(town, plan, limit, value, cause):
    """A command sets what limits departures and arrivals, in place of the settings."""
    event = append(town, LIMIT_SET, NOBODY, NOBODY, NOTHING, NOWHERE, limit, NONE, value, NAN, cause)
    console.limit_set(town, plan, event)
    return event.seq
