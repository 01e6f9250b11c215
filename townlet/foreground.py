"""A town that lives in the foreground of a process: its pace, how Ctrl-C or SIGTERM stops it, and what it says then."""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from townlet.history.history import History
    from townlet.living.progress import Pulse


class Pace:
    """Follows the pulses of a town. `last` is the newest; where `stop` is set, the next pulse stops the town.

    `stop` is the number of the signal that asked for it, 0 for none.
    """

    def __init__(self) -> None:
        self.stop = 0
        self.last: Pulse | None = None
        self._first: tuple[int, float] | None = None
        self._began_s = time.perf_counter()
        self._now_s = self._began_s

    def see(self, pulse: "Pulse") -> None:
        """Take in a pulse. Raises KeyboardInterrupt where the town is to stop."""
        self.last, self._now_s = pulse, time.perf_counter()
        if self._first is None:
            self._first = pulse.tick, self._now_s
        if self.stop:
            raise KeyboardInterrupt

    @property
    def has_moved(self) -> bool:
        """Whether the town has lived a tick since its first pulse."""
        return self.last is not None and self._first is not None and self.last.tick > self._first[0]

    def speed(self) -> int:
        """Ticks a second since the first pulse, so that loading the kernels does not count; 0 where nothing lived."""
        if self.last is None or self._first is None:
            return 0
        tick, began_s = self._first
        if self.last.tick == tick:
            tick, began_s = 0, self._began_s
        return round((self.last.tick - tick) / max(self._now_s - began_s, 1e-9))


@contextlib.contextmanager
def interruptible(pace: Pace) -> Iterator[None]:
    """Within this, the first Ctrl-C or SIGTERM lets the town stop between two commits; a second stops it at once."""

    def ask(number: int, _: FrameType | None) -> None:
        if pace.stop:
            raise KeyboardInterrupt
        pace.stop = number

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupted_words(path: Path | str, pace: Pace) -> list[str]:
    """The lines that say what an interrupted town leaves, after its last pulse."""
    last, how = pace.last, "stopped" if pace.stop == signal.SIGTERM else "interrupted"
    if last is None:
        return [f"{how} before {path} lived a tick"]
    words = [f"{how} at tick {last.tick:,}: {last.events:,} events are committed and stay"]
    if last.until > last.tick:
        words.append(f"  Next: townlet resume {path} --ticks {last.until - last.tick}        goes on from there")
    return words


def summary(run: "History", pace: Pace) -> dict[str, object]:
    """What came of a town that has lived, by name."""
    moment = run.at()
    return {
        "run": run.place,
        "ticks": moment.tick,
        "events": moment.seq,
        "people": moment.town.people,
        "log_digest": run.log_digest,
        "state_digest": moment.state_digest,
        "ticks_per_second": pace.speed(),
    }
