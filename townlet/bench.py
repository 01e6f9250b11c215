"""The figures of SPEC section 9 that a town can show by itself, as this machine reaches them."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from eventlog.chain import Chain
from projections.state import town_type
from townlet import day, draw
from townlet.configuration.load import load
from townlet.run import Run, simulate
from townlet.town import Town
from townlet.world import founding

REPEATS = 5
TOWNS, DAYS = 64, 3
DISK_TICKS = 43_200
CHUNK = 64


class Row(NamedTuple):
    """A figure, what it must reach and what is aimed at, in words."""

    name: str
    value: float
    unit: str
    must: str
    aim: str


def measure() -> list[Row]:
    """Every row, the median of a few runs each. Compiles first, outside the figures."""
    return [*_in_memory(), *_on_disk(), *_processes()]


def _in_memory() -> Iterator[Row]:
    """Many towns at once on one core: all rules, every event copied out, living agents only."""
    settings = load(None).settings
    first = Town([settings])
    rates, shares, alive = [], [], []
    for _ in range(REPEATS):
        towns = _founded(first)
        plain = towns.view(np.ndarray)
        seconds, events, steps = 0.0, 0, 0
        for _ in range(DAYS * settings.town.ticks_per_day // CHUNK):
            began = time.perf_counter()
            lived = day.live(towns, first.plans, CHUNK, first.reserve)
            events += _copied_out(plain)
            seconds += time.perf_counter() - began
            steps += int(lived) * int(plain["clock"]["people"].sum())
        rates.append(steps / seconds)
        shares.append(events / steps)
        alive.append(float(towns["clock"]["people"].mean()) / settings.town.people)
    yield Row(f"agent-steps, {TOWNS} towns in memory", _median(rates) / 1e6, "M/s", ">= 5.0", "10")
    yield Row("events an agent-step there", _median(shares), "", "", "")
    yield Row("people alive there", min(alive) * 100, "%", ">= 90", "")


def _founded(first: Town) -> np.ndarray:
    towns = np.zeros(TOWNS, town_type(first.shape)).view(np.recarray)
    for index in range(TOWNS):
        draw.set_seed(towns, index, index)
        founding.found(towns, first.plans, index)
    towns["cursor"]["pending"] = 0
    return towns


def _copied_out(plain: np.ndarray) -> int:
    """Every town's rows, copied and counted. `plain` is the towns' array as an ndarray, whose fields are cheap."""
    outboxes, pending = plain["outbox"], plain["cursor"]["pending"]
    events = sum(len(outboxes[index, :count].copy()) for index, count in enumerate(pending.tolist()))
    pending[:] = 0
    return events


def _on_disk() -> Iterator[Row]:
    """One town with its log on disk, and that log folded again."""
    with tempfile.TemporaryDirectory() as folder:
        rates, replays, seeks = [], [], []
        for repeat in range(REPEATS):
            path = Path(folder) / str(repeat)
            began = time.perf_counter()
            run = simulate(ticks=DISK_TICKS, seed=7, into=path)
            rates.append(DISK_TICKS / (time.perf_counter() - began))
            town = Town(run.settings)
            began = time.perf_counter()
            _fold_and_verify(run, town)
            replays.append(DISK_TICKS / (time.perf_counter() - began))
            seeks += [_seconds(partial(run.at, tick)) for tick in range(1_000, DISK_TICKS, 9_000)]
    yield Row("one town of 8, its log on disk", _median(rates), "ticks/s", ">= 100,000", "300,000")
    yield Row("replay from nothing, digest verified", _median(replays), "ticks/s", ">= 1,000,000", "4,000,000")
    yield Row("any tick of that run, from disk", _median(seeks) * 1e3, "ms", "<= 50", "20")


def _fold_and_verify(run: Run, town: Town) -> None:
    chain = Chain()
    for rows, notes in run.log.parts():
        chain.extend(rows, notes)
        town.fold([rows])
    assert chain.digest().hex() == run.log_digest, "the digest of the log differs"


def _processes() -> Iterator[Row]:
    """Whole processes, from start to end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        simulate(ticks=7_200, seed=7, into=path)
        yield _process(
            "townlet replay --to-tick 5000, warm", ["replay", str(path), "--to-tick", "5000"], "<= 1.0", "0.6"
        )
        yield _process("townlet --help", ["--help"], "<= 0.15", "0.10")


def _process(name: str, arguments: list[str], must: str, aim: str) -> Row:
    command = [sys.executable, "-m", "cli.main", *arguments]
    taken = [_seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(REPEATS)]
    return Row(name, _median(taken), "s", must, aim)


def _seconds(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _median(values: list[float]) -> float:
    return float(statistics.median(values))
