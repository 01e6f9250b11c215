"""Measures one town of 8 with its log on disk, the replay of that log, and eventsourcing with the same events."""

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eventlog.format.chain import Chain
from eventlog.rows import Rows
from townlet.bench.appending import COMMIT_EVENTS, commits, rate
from townlet.bench.peers import installed
from townlet.bench.rows import Measured, Row, Sizes, in_turn, median
from townlet.living.town import Town
from townlet.run import Run, simulate


def rows(sizes: Sizes) -> Iterator[Row]:
    """Ticks a second of a town with its log, and of its replay from the first event with the digest verified."""
    with tempfile.TemporaryDirectory() as folder:
        place, rates = Path(folder), []
        for repeat in range(sizes.repeats):
            began = time.perf_counter()
            run = simulate(ticks=sizes.ticks, seed=7, into=place / str(repeat))
            rates.append(sizes.ticks / (time.perf_counter() - began))
        yield Row("one town of 8, its log on disk", median(rates), "ticks/s", 120e3, 300e3)
        events = run.head.seq
        value, beside = in_turn(
            partial(_fold_and_verify, run), {"eventsourcing": _eventsourcing(run, sizes, place)}, sizes.repeats
        )
    yield Row("replay from nothing, digest verified", value / events * sizes.ticks, "ticks/s", 2e6, 4e6)
    yield Row("the same, in events", value, "events/s", peers=beside)


def _fold_and_verify(run: Run) -> float:
    """Events a second for reading the log, folding it, and checking the digest of its history."""
    town, chain = Town(run.settings), Chain()
    began = time.perf_counter()
    for part, notes in Run(run.path).log.parts():
        chain.extend(part, notes)
        town.fold([part])
    taken = time.perf_counter() - began
    assert chain.digest().hex() == run.log_digest, "the digest of the log differs"
    return town.seq / taken


def _eventsourcing(run: Run, sizes: Sizes, place: Path) -> Measured | None:
    if not installed.has_eventsourcing():
        return None
    from townlet.bench.peers.aggregates import fold_by_eventsourcing

    parts: list[Rows] = []
    for part in run.log.rows():
        parts += commits(part[: max(0, sizes.slow_peer_events - sum(map(len, parts)))], COMMIT_EVENTS)
    return partial(rate, fold_by_eventsourcing, parts, place)
