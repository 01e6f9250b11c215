"""A town that lives in the foreground of a process: its pace, how Ctrl-C or SIGTERM stops it, and what it says then."""

import contextlib
import math
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from townlet.history.history import History
    from townlet.living.progress import Pulse


TICK_S: Final = 0.25
"""The seconds of real time that a tick takes at pace 1x."""

PACES: Final[Mapping[str, float]] = {"1x": 1.0, "10x": 10.0, "100x": 100.0, "max": math.inf}
"""The paces that a town can live at, as multiples of 1x; at the last one it never waits."""

COMMIT_S: Final = 0.05
"""A paced town commits its ticks about so often, in seconds of real time, or after each tick."""


class Pace:
    """Follows the pulses of a town. `last` is the newest; where `stop` is set, the next pulse stops the town.

    `name` is one of PACES: a pulse that comes too early for it makes the town wait. `stop` is the number of the signal
    that asked for it, 0 for none.
    """

    def __init__(self, name: str = "max") -> None:
        self.stop = 0
        self._tick_s = TICK_S / PACES[name]
        self._due_s: float | None = None
        self.last: Pulse | None = None
        self._first: tuple[int, float] | None = None
        self._began_s = time.perf_counter()
        self._now_s = self._began_s

    def see(self, pulse: "Pulse") -> None:
        """Take in a pulse, and wait until it is due. Raises KeyboardInterrupt where the town is to stop."""
        if self._tick_s:
            self._wait(pulse.tick - (self.last.tick if self.last else pulse.tick))
        self.last, self._now_s = pulse, time.perf_counter()
        if self._first is None:
            self._first = pulse.tick, self._now_s
        if self.stop:
            raise KeyboardInterrupt

    @property
    def commit_ticks(self) -> int | None:
        """How many ticks the town lives between two commits, at most; None: as many as it likes."""
        return max(1, int(COMMIT_S / self._tick_s)) if self._tick_s else None

    def _wait(self, ticks: int) -> None:
        """Wait until these ticks have taken their time since the last pulse was due. Time that is lost is not made up.

        Ctrl-C ends the wait.
        """
        now_s = time.perf_counter()
        self._due_s = now_s if self._due_s is None else max(self._due_s + ticks * self._tick_s, now_s - TICK_S)
        while not self.stop and (left_s := self._due_s - time.perf_counter()) > 0:
            time.sleep(min(left_s, COMMIT_S))

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
    """Within this, the first Ctrl-C or SIGTERM lets the town stop between two commits; a second stops it at once.

    A signal that is ignored stays so: that is how a shell protects what it starts in the background.
    """

    def ask(number: int, _: FrameType | None) -> None:
        if pace.stop:
            raise KeyboardInterrupt
        pace.stop = number

    heard = [each for each in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heard}
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
