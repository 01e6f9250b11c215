"""How far a running town is, for whoever watches it."""

from collections.abc import Callable
from typing import NamedTuple


class Pulse(NamedTuple):
    """A town under way: its `tick`, the tick `until` which it lives, people alive, events so far, ticks a day."""

    tick: int
    until: int
    people: int
    events: int
    per_day: int


Progress = Callable[[Pulse], None]
"""Called now and then while a town lives."""
