"""Measures whole commands, from start to end: by the clock, and in processor time, which other work disturbs less."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from townlet.bench.rows import Row, Sizes, median, seconds
from townlet.run import simulate


class Taken(NamedTuple):
    """The seconds of a process by the clock, and of processor time, including its children."""

    clock_s: float
    processor_s: float


def rows(sizes: Sizes) -> Iterator[Row]:
    """Seconds of `townlet replay`, `townlet whatif` and `townlet --help`, all warm."""
    tick = min(5_000, sizes.ticks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        run = simulate(ticks=min(7_200, sizes.ticks), seed=7, into=path)
        replay = ["replay", str(path), "--to-tick", str(tick)]
        yield from _of_command(f"townlet replay --to-tick {tick}", replay, sizes.repeats, 0.8, 0.4)
        (deed,) = run.sql("select max(seq) as seq from chat_succeeded").to_pylist()
        without = ["whatif", str(path), "--without", str(deed["seq"]), "--futures", str(sizes.futures)]
        name = f"the effect of one deed: {sizes.futures} pairs of futures of 5 days"
        yield from _of_command(name, without, sizes.repeats, 5.0, 2.5)
    yield from _of_command("townlet --help", ["--help"], sizes.repeats, 0.12, 0.06)


def _of_command(name: str, arguments: Sequence[str], repeats: int, must: float, aim: float) -> Iterator[Row]:
    run_townlet(arguments)  # so that Python has cached its bytecode
    taken = [run_townlet(arguments) for _ in range(repeats)]
    yield Row(name, median(each.clock_s for each in taken), "s", must, aim, most=True)
    yield Row("the processor's time in it", median(each.processor_s for each in taken), "s")


def run_townlet(arguments: Sequence[str], changes: Mapping[str, str] | None = None) -> Taken:
    """The seconds that `townlet` with these arguments takes, with these changes of environment variables.

    Raises CalledProcessError if its exit code is not 0.
    """
    program = Path(sys.executable).with_name("townlet")
    command = [str(program)] if program.exists() else [sys.executable, "-m", "cli.main"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= changes or {}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock_s = seconds(lambda: subprocess.run([*command, *arguments], check=True, capture_output=True, env=environment))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Taken(clock_s, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
