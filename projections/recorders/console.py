"""Recorders of console: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import ANNOUNCED, COMMAND_ACCEPTED, COMMAND_REJECTED, NEED_SET, RESTRAINED, SETTINGS_CHANGED
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
