"""Runs a town in the foreground: shows its progress, handles Ctrl-C, and prints a summary at the end."""

import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import output

if TYPE_CHECKING:
    from townlet.foreground import Pace
    from townlet.living.commands.session import Order
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


def live(start: "Callable[[Progress, int | None], Run]", path: Path, form: str, pace: str = "max") -> None:
    """Let a town live at this pace, show its progress, and print a summary.

    `start` takes the progress and the most ticks between two commits.

    Ctrl-C or SIGTERM stops it after the present commit. Committed events stay, and the exit code is 130 or 143.
    """
    from townlet.foreground import Pace, interrupted_words, interruptible, summary

    paced = Pace(pace)
    try:
        with _Progress(paced) as progress, interruptible(paced):
            run = start(progress.see, paced.commit_ticks)
    except KeyboardInterrupt:
        for line in interrupted_words(path, paced):
            output.words(line)
        raise click.exceptions.Exit(128 + (paced.stop or signal.SIGINT)) from None
    output.record(summary(run, paced), form)


def say_given(run: "Run", orders: "Sequence[Order]") -> None:
    """Say how many commands of a session the log answers, which were rejected, and which the town has not come to."""
    if not orders:
        return
    from townlet.living.commands.door import answers_in

    answers = answers_in(run.log)
    found = [answers[order.command.cmd_id] for order in orders if order.command.cmd_id in answers]
    accepted = sum(answer.accepted for answer in found)
    output.words(f"{len(orders)} commands: {accepted} accepted, {len(found) - accepted} rejected")
    for answer in found:
        if answer.refusal is not None:
            output.words(f"  {answer.cmd_id} at tick {answer.tick:,}: {answer.refusal.name}, {answer.why}")
    if waiting := [order for order in orders if order.command.cmd_id not in answers]:
        first = min(order.at for order in waiting)
        output.words(
            f"  {len(waiting)} not given: the first waits for tick {first:,}, and the town is at {run.head.tick:,}"
        )


class _Progress(output.Line):
    """Draws each pulse of a town, and stops the town if Ctrl-C was pressed."""

    def __init__(self, pace: "Pace") -> None:
        super().__init__()
        self._pace = pace

    def see(self, pulse: "Pulse") -> None:
        """Draw a pulse. Raises KeyboardInterrupt if the town has to stop."""
        if pulse.trouble:
            self.clear()
            output.words(pulse.trouble)
        self._pace.see(pulse)
        share = pulse.tick / max(pulse.until, 1)
        speed = f"{self._pace.speed():,} ticks/s" if self._pace.has_moved else ""
        self.draw(
            f"day {pulse.tick // pulse.per_day}  tick {pulse.tick:,} of {pulse.until:,} ({share:.0%})  "
            f"{pulse.people} people  {pulse.events:,} events  {speed}"
        )
