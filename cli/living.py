"""Runs a town in the foreground: shows its progress, handles Ctrl-C, and prints a summary at the end."""

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
    """Whether this version's kernels are not compiled on this machine yet. Call it before anything loads them."""
    from projections.kernel import is_compiled

    return not is_compiled()


def compile_kernels() -> None:
    """Compile the kernels and say so, because it takes a while, once."""
    from townlet.warming import warm

    with output.Waiting("compiling the town's rules, once for this machine and version") as waiting:
        warm()
    output.words(f"compiled in {waiting.seconds:.1f} s")


def live(start: "Callable[[Progress], Run]", path: Path, form: str) -> None:
    """Let a town live, show its progress, and print a summary.

    Ctrl-C stops it after the present commit. Committed events stay, and the exit code is 130.
    """
    watch = _PulseLine()
    try:
        with watch, _stop_on_interrupt(watch):
            run = start(watch.see)
    except KeyboardInterrupt:
        _say_stopped(path, watch)
    output.record(_summary(run, watch), form)


class _PulseLine(output.Line):
    """Draws each pulse of a town, and stops the town if Ctrl-C was pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.stop = False
        self.last: Pulse | None = None
        self._first: tuple[int, float] | None = None
        self._began_s = time.perf_counter()
        self._now_s = self._began_s

    def see(self, pulse: "Pulse") -> None:
        """Draw a pulse. Raises KeyboardInterrupt if the town has to stop."""
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
        """Ticks a second since the first pulse, so that loading the kernels does not count; 0 if there are none."""
        if self.last is None or self._first is None:
            return 0
        tick, began_s = self._first
        if self.last.tick == tick:
            tick, began_s = 0, self._began_s
        return round((self.last.tick - tick) / max(self._now_s - began_s, 1e-9))


@contextlib.contextmanager
def _stop_on_interrupt(watch: _PulseLine) -> Iterator[None]:
    """A context in which the first Ctrl-C stops the town between two commits, and a second one stops it at once."""

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
    """Say what an interrupted town has committed, and exit with code 130."""
    last = watch.last
    if last is None:
        output.words(f"interrupted before {path} lived a tick")
    else:
        output.words(f"interrupted at tick {last.tick:,}: {last.events:,} events are committed and kept")
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
