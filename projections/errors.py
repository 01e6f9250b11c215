"""What can go wrong in a projection, as one tree:

ProjectionError
├── BadEvent      an event that a projection cannot fold
└── BadTemplates  wordings that cannot tell a story
"""


class ProjectionError(Exception):
    """Whatever a projection refuses to do."""


class BadEvent(ProjectionError):
    """A projection met an event that it cannot fold: `seq` is its number, `tick` its tick.

    The town's own folds never raise it. What reads a log to say something of it may: it has then folded all events
    before this one, and nothing of it.
    """

    def __init__(self, projection: str, *, seq: int, tick: int, reason: str) -> None:
        super().__init__(f"{projection} cannot fold event {seq:,} (tick {tick:,}): {reason}")
        self.projection, self.seq, self.tick, self.reason = projection, seq, tick, reason


class BadTemplates(ProjectionError):
    """Templates of a story with faults; the message lists all of them, each with its place and the nearest name."""
