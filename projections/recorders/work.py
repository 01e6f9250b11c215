"""Recorders of work: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import (
    ARRIVED_LATE,
    COVER_AGREED,
    COVER_ENDED,
    HIRED,
    JOB_LOST,
    LATE_HELP,
    SHIFT_ENDED,
    SHIFT_MISSED,
    SHIFT_STARTED,
    SHIFT_TAKEOVER,
    WAGE_PAID,
    WAGE_WITHHELD,
)
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOWHERE, append
from projections.town import work


@kernel
def record_shift_started(town, plan, agent, workplace, job, cause):
    """`agent` is at its desk, or in line there, in time."""
    event = append(town, SHIFT_STARTED, agent, NOBODY, workplace, NOWHERE, job, NONE, NAN, NAN, cause)
    work.shift_started(town, plan, event)
    return event.seq


@kernel
def record_shift_ended(town, plan, agent, workplace, job):
    """`agent`'s shift is over, also if somebody else worked it."""
    event = append(town, SHIFT_ENDED, agent, NOBODY, workplace, NOWHERE, job, NONE, NAN, NAN, NONE)
    work.shift_ended(town, plan, event)
    return event.seq


@kernel
def record_arrived_late(town, plan, agent, workplace, job, late, cause):
    """`agent` comes to its desk late, after the grace."""
    event = append(town, ARRIVED_LATE, agent, NOBODY, workplace, NOWHERE, job, NONE, late, NAN, cause)
    work.arrived_late(town, plan, event)
    return event.seq


@kernel
def record_shift_missed(town, plan, agent, workplace, job):
    """`agent` did not come and is absent for this shift."""
    event = append(town, SHIFT_MISSED, agent, NOBODY, workplace, NOWHERE, job, NONE, NAN, NAN, NONE)
    work.shift_missed(town, plan, event)
    return event.seq


@kernel
def record_shift_takeover(town, plan, agent, owner, workplace, job, cause):
    """`agent` works the shift that `owner` did not come to."""
    event = append(town, SHIFT_TAKEOVER, agent, owner, workplace, NOWHERE, job, NONE, NAN, NAN, cause)
    work.shift_takeover(town, plan, event)
    return event.seq


@kernel
def record_late_help(town, plan, agent, owner, workplace, job, cause):
    """`agent` has worked the first minutes of a shift whose `owner` is late."""
    event = append(town, LATE_HELP, agent, owner, workplace, NOWHERE, job, NONE, NAN, NAN, cause)
    work.late_help(town, plan, event)
    return event.seq


@kernel
def record_wage_paid(town, plan, agent, owner, workplace, wage, cause):
    """`agent` is paid for the ticks that it worked."""
    event = append(town, WAGE_PAID, agent, owner, workplace, NOWHERE, NONE, NONE, wage, NAN, cause)
    work.wage_paid(town, plan, event)
    return event.seq


@kernel
def record_wage_withheld(town, plan, agent, workplace, wage, cause):
    """`agent` is not paid for the ticks of its shift that it missed."""
    event = append(town, WAGE_WITHHELD, agent, NOBODY, workplace, NOWHERE, NONE, NONE, wage, NAN, cause)
    work.wage_withheld(town, plan, event)
    return event.seq


@kernel
def record_hired(town, plan, agent, workplace, job, cause):
    """`agent` gets a job."""
    event = append(town, HIRED, agent, NOBODY, workplace, NOWHERE, job, NONE, NAN, NAN, cause)
    work.hired(town, plan, event)
    return event.seq


@kernel
def record_job_lost(town, plan, agent, workplace, job, cause):
    """`agent` loses its job because of too many absences."""
    event = append(town, JOB_LOST, agent, NOBODY, workplace, NOWHERE, job, NONE, NAN, NAN, cause)
    work.job_lost(town, plan, event)
    return event.seq


@kernel
def record_cover_agreed(town, plan, agent, owner, workplace, reason, cause):
    """`agent` agrees to work in place of `owner`, who is late or absent; it has not begun yet."""
    event = append(town, COVER_AGREED, agent, owner, workplace, NOWHERE, reason, NONE, NAN, NAN, cause)
    work.cover_agreed(town, plan, event)
    return event.seq


@kernel
def record_cover_ended(town, plan, agent, owner, workplace, reason, cause):
    """`agent` no longer works in place of `owner`: it was relieved, it finished, or it never came."""
    event = append(town, COVER_ENDED, agent, owner, workplace, NOWHERE, reason, NONE, NAN, NAN, cause)
    work.cover_ended(town, plan, event)
    return event.seq
