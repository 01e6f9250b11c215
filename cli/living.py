"""A town that lives in the foreground: its progress, what Ctrl-C means, and what is said of it at the end."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from cli import output

if TYPE_CHECKING:
    from townlet.run import Progress, Pulse, Run


def is_cold() -> bool:
    """Whether this version's kernels are yet to be compiled on this machine; ask before anything loads them."""
    from projections.kernel import is_compiled

    return not is_compiled()


def compile_kernels() -> None:
    """Compile the kernels, saying so: it takes a while, once."""
    from townlet.warming import warm

    with output.Waiting("compiling the town's rules, once for this machine and version") as waiting:
        warm()
    output.words(f"compiled in {waiting.seconds:.1f} s")


def live(start: "Callable[[Progress], Run]", path: Path, form: str) -> None:
    """Let a town live, showing how far it is, and print what came of it.

    Ctrl-C stops it after the present chunk: what is committed stays, and the process ends with 130.
    """
    watch = _PulseLine()
    try:
        with watch, _stop_on_interrupt(watch):
            run = start(watch.see)
    except KeyboardInterrupt:
        _say_stopped(path, watch)
    output.record(_summary(run, watch), form)


class _PulseLine(output.Line):
    """Sees each pulse of a town: draws it, and stops the town when somebody asked."""

    def __init__(self) -> None:
        super().__init__()
        self.stop = False
        self.last: Pulse | None = None
        self._first: tuple[int, float] | None = None
        self._began_s = time.perf_counter()
        self._now_s = self._began_s

    def see(self, pulse: "Pulse") -> None:
        """Take in a pulse. Raises KeyboardInterrupt when the town is to stop."""
        self.last, self._now_s = pulse, time.perf_counter()
        if self._first is None:
            self._first = pulse.tick, self._now_s
        share = pulse.tick / max(pulse.until, 1)
        speed = f"{self.speed():,} ticks/s" if pulse.tick > self._first[0] else ""
        self.draw(
            f"day {pulse.tick // pulse.per_day}  tick {pulse.tick:,} of {pulse.until:,} ({share:.0%})  "
            f"{pulse.people} people  {pulse.events:,} events  {speed}"
        )
        if self.stop:
            raise KeyboardInterrupt

    def speed(self) -> int:
        """Ticks a second since the first pulse, so that loading the kernels does not count; 0 where nothing lived."""
        if self.last is None or self._first is None:
            return 0
        tick, began_s = self._first
        if self.last.tick == tick:
            tick, began_s = 0, self._began_s
        return round((self.last.tick - tick) / max(self._now_s - began_s, 1e-9))


@contextlib.contextmanager
def _stop_on_interrupt(watch: _PulseLine) -> Iterator[None]:
    """The first Ctrl-C asks the town to stop between two commits; a second one stops it where it is."""

    def ask(_: int, __: FrameType | None) -> None:
        if watch.stop:
            raise KeyboardInterrupt
        watch.stop = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _say_stopped(path: Path, watch: _PulseLine) -> NoReturn:
    """Say what an interrupted town leaves, and end with 130."""
    last = watch.last
    if last is None:
        output.words(f"interrupted before {path} lived a tick")
    else:
        output.words(f"interrupted at tick {last.tick:,}: {last.events:,} events are committed and stay")
        if last.until > last.tick:
            output.words(f"  Next: townlet resume {path} --ticks {last.until - last.tick}        goes on from there")
    raise click.exceptions.Exit(130)


def _summary(run: "Run", watch: _PulseLine) -> dict[str, object]:
    moment = run.at()
    return {
        "run": str(run.path),
        "ticks": moment.tick,
        "events": moment.seq,
        "people": moment.town.people,
        "log_digest": run.log_digest,
        "state_digest": moment.state_digest,
        "ticks_per_second": watch.speed(),
    }
