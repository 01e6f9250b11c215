"""Reports of how far a running town is, and of trouble that does not end it."""

from collections.abc import Callable
from typing import NamedTuple


class Pulse(NamedTuple):
    """The progress of a running town: its tick, the last tick, people alive, events so far, ticks a day.

    `trouble` is what went wrong since the last pulse and does not end the town, in words; "" for nothing.
    """

    tick: int
    until: int
    people: int
    events: int
    per_day: int
    trouble: str = ""


Progress = Callable[[Pulse], None]
"""A function that is called with a `Pulse` after each commit."""
