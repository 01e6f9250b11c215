"""People work in shifts, cover for others, get and lose jobs."""

from eventlog.catalogue.event import Agent, Amount, Event, JobCode, Object, ReasonCode, column


class ShiftStarted(Event, kind=112, cause="affordance_started, queue_joined, reservation_granted or queue_handover"):
    """`agent` is at its desk, or in line there, in time."""

    agent: Agent
    workplace: Object
    job: JobCode


class ShiftEnded(Event, kind=113):
    """`agent`'s shift is over, also if somebody else worked it."""

    agent: Agent
    workplace: Object
    job: JobCode


class ArrivedLate(Event, kind=114, cause="affordance_started"):
    """`agent` comes to its desk late, after the grace."""

    agent: Agent
    workplace: Object
    job: JobCode
    late: Amount = column(unit="ticks after the start of the shift")


class ShiftMissed(Event, kind=115):
    """`agent` did not come and is absent for this shift."""

    agent: Agent
    workplace: Object
    job: JobCode


class ShiftTakeover(Event, kind=116, cause="shift_missed of the owner"):
    """`agent` works the shift that `owner` did not come to."""

    agent: Agent
    owner: Agent = column("other", "whose shift it is")
    workplace: Object
    job: JobCode


class LateHelp(Event, kind=117, cause="cover_agreed"):
    """`agent` has worked the first minutes of a shift whose `owner` is late."""

    agent: Agent
    owner: Agent = column("other", "whose shift it is")
    workplace: Object
    job: JobCode


class WagePaid(Event, kind=118, cause="shift_started, arrived_late, late_help, cover_agreed or shift_takeover"):
    """`agent` is paid for the ticks that it worked."""

    agent: Agent
    owner: Agent = column("other", meaning="whose shift it was")
    workplace: Object
    wage: Amount = column(unit="basic meals")


class WageWithheld(Event, kind=119, cause="arrived_late or shift_missed"):
    """`agent` is not paid for the ticks of its shift that it missed."""

    agent: Agent
    workplace: Object
    wage: Amount = column(unit="basic meals")


class Hired(Event, kind=120, cause="agent_arrived or job_lost"):
    """`agent` gets a job."""

    agent: Agent
    workplace: Object
    job: JobCode


class JobLost(Event, kind=121, cause="shift_missed"):
    """`agent` loses its job because of too many absences."""

    agent: Agent
    workplace: Object
    job: JobCode


class CoverAgreed(Event, kind=122, cause="shift_missed, or none while the owner is merely late"):
    """`agent` agrees to work in place of `owner`, who is late or absent; it has not begun yet."""

    agent: Agent
    owner: Agent = column("other", "whose shift it is")
    workplace: Object
    reason: ReasonCode


class CoverEnded(Event, kind=123, cause="cover_agreed"):
    """`agent` no longer works in place of `owner`: it was relieved, it finished, or it never came."""

    agent: Agent
    owner: Agent = column("other", "whose shift it is")
    workplace: Object
    reason: ReasonCode
