"""Commands from outside the town."""

from eventlog.catalogue.event import Count, Event, column


class SettingsChanged(Event, kind=144):
    """From here on the town lives under the settings of another epoch of the run."""

    epoch: Count = column(meaning="index into the run's epochs")
