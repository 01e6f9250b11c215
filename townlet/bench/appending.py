"""Measures appending to a log on disk, 512 events a commit: Townlet's log, SQLite in WAL mode, eventsourcing.

Townlet's log writes checksum, digest chain and head at every commit, and syncs only at close (`durability="never"`). A
rate is events a second of committing. Opening, closing and making the rows do not count: the rows are in one outbox,
which is refilled before each commit, as in a town. `townlet.bench.peers.installed` says what the peers do.
"""

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from eventlog.folder.manifest import Epoch
from eventlog.reader import LogReader
from eventlog.rows import ROW, Rows
from eventlog.writer import LogWriter
from townlet.bench.peers import installed
from townlet.bench.rows import Measured, Row, Sizes, in_turn

COMMIT_EVENTS = 512


def rows(sizes: Sizes) -> Iterator[Row]:
    """Events a second, with both peers in turn."""
    parts = commits(history(sizes.append_events, COMMIT_EVENTS), COMMIT_EVENTS)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        rate(append, parts[:20], place)  # the first commit builds its message layout
        value, beside = in_turn(
            partial(rate, append, parts, place),
            {
                "SQLite WAL": partial(rate, installed.append_to_sqlite, _first(parts, sizes.peer_events), place),
                "eventsourcing": _eventsourcing(_first(parts, sizes.slow_peer_events), place),
            },
            sizes.repeats,
        )
    yield Row(f"append, {COMMIT_EVENTS}-event commits", value, "events/s", 4e6, 8e6, peers=beside)


def history(events: int, events_per_commit: int) -> Rows:
    """Rows that look like a town's: eight agents, one tick a commit."""
    number = np.arange(events)
    made = np.zeros(events, ROW)
    made["seq"] = number
    made["tick"] = number // events_per_commit
    made["kind"] = number * 7 % 90
    made["agent"] = number % 8
    made["other"] = -1
    made["tile"] = number * 13 % 2304
    made["value"] = np.sin(number)
    made["value2"] = np.nan
    return made


def commits(history: Rows, events_per_commit: int) -> list[Rows]:
    """The rows, split into commits."""
    return [history[first : first + events_per_commit] for first in range(0, len(history), events_per_commit)]


def append(folder: Path, parts: list[Rows]) -> float:
    """The seconds that the commits take."""
    with LogWriter.create(
        folder, run_id="append", name="append", epochs=[Epoch(from_seq=0, config_id="0", seed=1)], versions={},
        durability="never",
    ) as writer:  # fmt: skip
        taken = 0.0
        outbox = parts[0].copy()
        for part in parts:
            made = outbox[: len(part)]
            made[:] = part
            began = time.perf_counter()
            writer.commit(made, expected_seq=writer.head.seq)
            taken += time.perf_counter() - began
    assert LogReader(folder).head.seq == sum(map(len, parts)), "the log holds other events than were appended"
    return taken


def rate(append: installed.Append, parts: list[Rows], place: Path) -> float:
    """Events a second of one measurement, in a new folder under `place`."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        return sum(map(len, parts)) / append(Path(folder) / "run", parts)


def _eventsourcing(parts: list[Rows], place: Path) -> Measured | None:
    if not installed.has_eventsourcing():
        return None
    from townlet.bench.peers.aggregates import append_to_eventsourcing

    return partial(rate, append_to_eventsourcing, parts, place)


def _first(parts: list[Rows], events: int) -> list[Rows]:
    return parts[: max(1, events // COMMIT_EVENTS)]
