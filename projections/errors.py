"""The errors of this package:

ProjectionError
├── BadEvent      a projection cannot fold an event
└── BadTemplates  the templates of a story have faults
"""


class ProjectionError(Exception):
    """Any error of a projection."""


class BadEvent(ProjectionError):
    """A projection cannot fold an event: `seq` is the event's number, `tick` its tick.

    The folds of the town never raise it for an event that a town recorded, only for one that no town can have recorded.
    A projection that raises it has folded all events before this one, and no part of this one.
    """

    def __init__(self, projection: str, *, seq: int, tick: int, reason: str) -> None:
        super().__init__(f"{projection} cannot fold event {seq:,} (tick {tick:,}): {reason}")
        self.projection, self.seq, self.tick, self.reason = projection, seq, tick, reason


class BadTemplates(ProjectionError):
    """The templates of a story have faults; the message lists each with its place and the nearest valid name."""
