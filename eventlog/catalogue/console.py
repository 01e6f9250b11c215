"""Commands from outside the town."""

from eventlog.catalogue.event import Count, Event, column


class SettingsChanged(Event, kind=144):
    """From now on the town uses the settings of another epoch of the run."""

    epoch: Count = column(meaning="index into the run's epochs")
