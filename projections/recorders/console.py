"""Recorders of console: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import RESTRAINED, SETTINGS_CHANGED
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
def record_restrained(town, plan, agent, towards, deed, ticks):
    """`agent` is held back from one sort of deed for `ticks`: towards everybody, or only towards one person."""
    event = append(town, RESTRAINED, agent, towards, NOTHING, NOWHERE, deed, NONE, ticks, NAN, NONE)
    console.restrained(town, plan, event)
    return event.seq
