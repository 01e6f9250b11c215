"""A town that lives in the foreground of a process: its pace, how Ctrl-C stops it, and the words for its end."""

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
    """Follows the pulses of a town. `last` is the newest; where `stop` is set, the next pulse stops the town."""

    def __init__(self) -> None:
        self.stop = False
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
    """Within this, the first Ctrl-C lets the town stop between two commits; a second one stops it where it is."""

    def ask(_: int, __: FrameType | None) -> None:
        if pace.stop:
            raise KeyboardInterrupt
        pace.stop = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interrupted_words(path: Path | str, last: "Pulse | None") -> list[str]:
    """The lines that say what an interrupted town leaves; `last` is its last pulse, None where there was none."""
    if last is None:
        return [f"interrupted before {path} lived a tick"]
    words = [f"interrupted at tick {last.tick:,}: {last.events:,} events are committed and stay"]
    if last.until > last.tick:
        words.append(f"  Next: townlet resume {path} --ticks {last.until - last.tick}        goes on from there")
    return words


def summary(run: "History", pace: Pace) -> dict[str, object]:
    """What came of a town that has lived, by name."""
    moment = run.at()
    return {
        "run": str(run.path),
        "ticks": moment.tick,
        "events": moment.seq,
        "people": moment.town.people,
        "log_digest": run.log_digest,
        "state_digest": moment.state_digest,
        "ticks_per_second": pace.speed(),
    }
