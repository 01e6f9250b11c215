"""Commands from outside the town."""

from eventlog.catalogue.event import Agent, Amount, Count, DeedCode, Event, column


class SettingsChanged(Event, kind=144):
    """From now on the town uses the settings of another epoch of the run."""

    epoch: Count = column(meaning="index into the run's epochs")


class Restrained(Event, kind=145, version=2, first=2):
    """`agent` is held back from one sort of deed for `ticks`: towards everybody, or only towards one person."""

    agent: Agent
    towards: Agent = column("other", "missing: everybody", missing=True)
    deed: DeedCode
    ticks: Amount = column(unit="ticks", meaning="the present one included; 0 ends the restraint")
