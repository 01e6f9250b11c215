"""Reports of how far a running town is."""

from collections.abc import Callable
from typing import NamedTuple


class Pulse(NamedTuple):
    """The progress of a running town: its tick, the last tick, people alive, events so far, ticks a day."""

    tick: int
    until: int
    people: int
    events: int
    per_day: int


Progress = Callable[[Pulse], None]
"""A function that is called with a `Pulse` after each commit."""
