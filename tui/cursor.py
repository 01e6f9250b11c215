"""The time cursor: which tick is wanted, and how it moves. Pure values; it knows no clock, no run and no screen."""

from typing import Final, NamedTuple, Self

SPEEDS: Final = (1, 5, 15, 60, 240, 1440, 10_080, 43_200, 1_000_000)
"""Ticks a second at each speed, from digit 1 on; the last is as fast as the town can be folded."""


class Cursor(NamedTuple):
    """Where in a run's time one is. `head` is the last tick that there is, `rest` the part of a tick that is due.

    `speed` is an index of SPEEDS, `direction` 1 or -1. While `following` the tick is the head's. `loop` is its first
    and its last tick; while it is being set its second is None.
    """

    tick: int
    head: int
    playing: bool = False
    direction: int = 1
    speed: int = 3
    following: bool = False
    loop: tuple[int, int | None] | None = None
    rest: float = 0.0

    def seek(self, tick: int) -> Self:
        """At a tick, or the nearest that there is; it no longer follows."""
        return self._replace(tick=min(max(tick, 0), self.head), following=False, rest=0.0)
