"""Jobs and shifts."""

from eventlog.catalogue.event import Agent, Amount, Event, JobCode, Object, ReasonCode, column


class ShiftStarted(Event, kind=112, cause="affordance_started"):
    """`agent` is at its desk in time."""

    agent: Agent
    workplace: Object
    job: JobCode


class ShiftEnded(Event, kind=113):
    """The hours of `agent`'s shift are over, whoever worked them."""

    agent: Agent
    workplace: Object
    job: JobCode


class ArrivedLate(Event, kind=114, cause="affordance_started"):
    """`agent` begins its shift after the grace."""

    agent: Agent
    workplace: Object
    job: JobCode
    late: Amount = column(unit="ticks after the start of the shift")


class ShiftMissed(Event, kind=115):
    """`agent` did not come: absent for this shift."""

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


class WagePaid(Event, kind=118, cause="shift_started, arrived_late, late_help or shift_takeover"):
    """What the worked ticks earned."""

    agent: Agent
    owner: Agent = column("other", meaning="whose shift it was")
    workplace: Object
    wage: Amount = column(unit="basic meals")


class WageWithheld(Event, kind=119, cause="arrived_late or shift_missed"):
    """What the ticks that `agent` missed of its shift would have earned."""

    agent: Agent
    workplace: Object
    wage: Amount = column(unit="basic meals")


class Hired(Event, kind=120, cause="agent_arrived or job_lost"):
    """`agent` has the job from now on."""

    agent: Agent
    workplace: Object
    job: JobCode


class JobLost(Event, kind=121, cause="shift_missed"):
    """Too many absences."""

    agent: Agent
    workplace: Object
    job: JobCode


class CoverAgreed(Event, kind=122, cause="shift_missed, or none while the owner is merely late"):
    """`agent` agrees to work for `owner`, who is late or absent; nothing is done yet."""

    agent: Agent
    owner: Agent = column("other", "whose shift it is")
    workplace: Object
    reason: ReasonCode


class CoverEnded(Event, kind=123, cause="cover_agreed"):
    """`agent` no longer works for `owner`: relieved, finished, or it never came."""

    agent: Agent
    owner: Agent = column("other", "whose shift it is")
    workplace: Object
    reason: ReasonCode
