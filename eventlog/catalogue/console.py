"""Commands from outside the town. The note of a command is its text in JSON, with its `cmd_id`."""

from eventlog.catalogue.event import (
    Agent,
    Amount,
    CommandCode,
    Count,
    DeedCode,
    Event,
    IssuerCode,
    NeedCode,
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
