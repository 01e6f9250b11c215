"""Commands from outside the town. The note of a command is its text in JSON, with its `cmd_id`."""

from eventlog.catalogue.event import (
    Agent,
    Amount,
    CommandCode,
    Count,
    DeedCode,
    Event,
    IssuerCode,
    LimitCode,
    NeedCode,
    Object,
    OptionCode,
    OutcomeCode,
    ReasonCode,
    RefusalCode,
    column,
)


class SettingsChanged(Event, kind=144):
    """From now on the town uses the settings of another epoch of the run."""

    epoch: Count = column(meaning="index into the run's epochs")


class Restrained(Event, kind=145, version=2, first=2, cause="command_accepted"):
    """`agent` is held back from one sort of deed for `ticks`: towards everybody, or only towards one person."""

    agent: Agent
    towards: Agent = column("other", "missing: everybody", missing=True)
    deed: DeedCode
    ticks: Amount = column(unit="ticks", meaning="the present one included; 0 ends the restraint")


class CommandAccepted(Event, kind=146, version=2, first=2):
    """`issuer` gives a `command`, and the town follows it: the events that it leads to come next."""

    command: CommandCode
    issuer: IssuerCode


class CommandRejected(Event, kind=147, version=2, first=2):
    """`issuer` gives a command that cannot be followed now; the note has the command, and the reason in words."""

    reason: RefusalCode
    issuer: IssuerCode


class NeedSet(Event, kind=148, version=2, first=2, cause="command_accepted"):
    """A command sets one need of `agent`."""

    agent: Agent
    need: NeedCode
    value: Amount = column(meaning="in [0, 1]; 1 is satisfied")


class Announced(Event, kind=149, version=2, first=2, cause="command_accepted"):
    """A command says something to whoever reads the log; the note has the words, and nobody in the town hears them."""


class OptionOrdered(Event, kind=150, version=2, first=2, cause="command_accepted"):
    """A command has `agent` do an `option` for `ticks`, through the control that environments use."""

    agent: Agent
    option: OptionCode
    ticks: Amount = column(unit="ticks", meaning="the present one included; 0: until it is done once")


class MeetingArranged(Event, kind=151, version=2, first=2, cause="command_accepted"):
    """A command sends `agent` to the venue of `place` to meet `other` there within `ticks`."""

    agent: Agent
    other: Agent = column("other")
    place: Object
    ticks: Amount = column(unit="ticks", meaning="the present one included")


class OrderEnded(Event, kind=152, version=2, first=2, cause="option_ordered or meeting_arranged"):
    """`agent` no longer has to do the `option` that a command ordered, for a `reason`."""

    agent: Agent
    option: OptionCode
    reason: ReasonCode = column("code2")


class PossessionBegan(Event, kind=153, version=2, first=2, cause="command_accepted"):
    """From now on `agent` does only what `issuer` has it choose."""

    agent: Agent
    issuer: IssuerCode = column("code")


class PossessionEnded(Event, kind=154, version=2, first=2, cause="command_accepted"):
    """`issuer` lets `agent` choose by itself again."""

    agent: Agent
    issuer: IssuerCode = column("code")


class NewcomerCalled(Event, kind=155, version=2, first=2, cause="command_accepted"):
    """The next newcomer on the way comes in this tick."""


class PlaceClosed(Event, kind=156, version=2, first=2, cause="command_accepted"):
    """Nobody can begin to use `place` for `ticks`."""

    place: Object
    ticks: Amount = column(unit="ticks", meaning="the present one included; 0 opens it")


class IllnessBegan(Event, kind=157, version=2, first=2, cause="command_accepted"):
    """`agent` is unwell for `ticks` and stays at home from work."""

    agent: Agent
    ticks: Amount = column(unit="ticks", meaning="the present one included; 0: it is well again")


class OutcomeForced(Event, kind=158, version=2, first=2, cause="command_accepted"):
    """A command decides, in place of a draw, how `agent` ends a talk with `other`, or when it rises for work."""

    agent: Agent
    other: Agent = column("other", "missing: it is about the next shift", missing=True)
    outcome: OutcomeCode


class LimitSet(Event, kind=159, version=2, first=2, cause="command_accepted"):
    """A command sets what limits departures and arrivals, in place of the settings."""

    limit: LimitCode
    value: Amount = column(meaning="1 or 0; exits a day; ticks until a newcomer comes; -1: as the settings say")
