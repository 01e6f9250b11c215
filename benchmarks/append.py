"""How fast events are appended to a log on disk, with SQLite in WAL mode beside it. Prints JSON.

    python benchmarks/append.py [--events 1000000] [--runs 5] [--folder .]

Ours: checksum, digest chain and published head at every commit, synced at close only (`durability="never"`). SQLite:
the same rows by `executemany`, one transaction a commit, `journal_mode=wal`, `synchronous=normal`, which does not sync
at every commit either. A rate is events per second of committing, the median of all runs; opening and closing are left
out, making the rows is too: they stand in one outbox, refilled before each commit, as a town's is.
"""

import argparse
import json
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from eventlog.manifest import Epoch
from eventlog.reader import LogReader
from eventlog.rows import ROW, Rows
from eventlog.writer import LogWriter

COMMIT_EVENTS = (64, 512, 4096)
PEER_EVENTS_MAX = 200_000


def history(events: int, events_per_commit: int) -> Rows:
    """Rows that look like a town's: eight agents, one tick a commit."""
    number = np.arange(events)
    rows = np.zeros(events, ROW)
    rows["seq"] = number
    rows["tick"] = number // events_per_commit
    rows["kind"] = number * 7 % 90
    rows["agent"] = number % 8
    rows["other"] = -1
    rows["tile"] = number * 13 % 2304
    rows["value"] = np.sin(number)
    rows["value2"] = np.nan
    return rows


def commits(rows: Rows, events_per_commit: int) -> list[Rows]:
    """The rows as the commits they arrive in."""
    return [rows[first : first + events_per_commit] for first in range(0, len(rows), events_per_commit)]


def append_townlet(folder: Path, parts: list[Rows]) -> float:
    """Seconds that the commits take."""
    with LogWriter.create(
        folder, run_id="append", name="append", epochs=[Epoch(from_seq=0, config_id="0", seed=1)], versions={},
        durability="never",
    ) as writer:  # fmt: skip
        taken = 0.0
        outbox = parts[0].copy()
        for part in parts:
            rows = outbox[: len(part)]
            rows[:] = part
            begun = time.perf_counter()
            writer.commit(rows, expected_seq=writer.head.seq)
            taken += time.perf_counter() - begun
    assert LogReader(folder).head.seq == sum(map(len, parts))
    return taken


def append_sqlite(folder: Path, parts: list[Rows]) -> float:
    """Seconds that the transactions take; the rows are Python tuples already."""
    names = ROW.names or ()
    tuples = [part.tolist() for part in parts]
    database = sqlite3.connect(folder.with_suffix(".sqlite"), isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=normal")
    database.execute(f"create table events ({', '.join(names)}, note, primary key (seq)) without rowid")
    insert = f"insert into events values ({', '.join('?' * len(names))}, null)"
    begun = time.perf_counter()
    for part in tuples:
        database.execute("begin")
        database.executemany(insert, part)
        database.execute("commit")
    taken = time.perf_counter() - begun
    database.close()
    return taken


def rate(append: Callable[[Path, list[Rows]], float], parts: list[Rows], runs: int, folder: Path) -> dict[str, float]:
    """Events a second and microseconds a commit: the median of so many runs, and the extremes of the rate."""
    taken = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            taken.append(append(Path(place) / "run", parts))
    events = sum(map(len, parts))
    median = statistics.median(taken)
    return {
        "events_per_s": round(events / median),
        "events_per_s_min": round(events / max(taken)),
        "events_per_s_max": round(events / min(taken)),
        "us_per_commit": round(median / len(parts) * 1e6, 1),
    }


def main() -> None:
    """Measure every commit size and print the figures."""
    arguments = argparse.ArgumentParser(description="append rates as JSON")
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--folder", type=Path, default=None, help="where to write (default: the temporary folder)")
    chosen = arguments.parse_args()
    figures = []
    for size in COMMIT_EVENTS:
        parts = commits(history(chosen.events, size), size)
        peer_parts = parts[: max(1, PEER_EVENTS_MAX // size)]
        rate(append_townlet, parts[:50], 1, chosen.folder)  # the first commit lays out its message
        figures.append(
            {
                "commit_events": size,
                "townlet": rate(append_townlet, parts, chosen.runs, chosen.folder),
                "sqlite_wal": rate(append_sqlite, peer_parts, chosen.runs, chosen.folder),
            }
        )
    print(json.dumps({"python": platform.python_version(), "events": chosen.events, "append": figures}, indent=2))


if __name__ == "__main__":
    main()
