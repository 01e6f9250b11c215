"""Measures SQL over a log of ten million events, beside DuckDB on a Parquet file of the same events.

The log has sealed segments of 1,048,576 events, in batches of 65,536, and an active segment with commits of 4,096. It
takes about a gigabyte of disk. The ways of asking are measured in turn; DuckDB is started before each of them; the
answers of both sides are compared. Files are in the page cache.
"""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.catalogue import KINDS
from eventlog.folder.manifest import Epoch, write_settings
from eventlog.rows import ROW
from eventlog.writer import LogWriter
from townlet.asking.sql import Session
from townlet.bench.rows import Peer, Row, Sizes
from townlet.configuration.load import load
from townlet.run import Run

COMMIT_EVENTS = 4096
PART_TICKS = 1 << 18
NAMES = ("seq", "tick", "kind", "agent", "other", "object", "tile", "code", "code2", "value", "value2", "cause")
QUERIES = {
    "50 ticks": "select kind, count(*) from events where tick >= {middle} and tick < {middle} + 50 group by kind",
    "group by kind": "select kind, count(*) from events group by kind order by 2 desc",
    "count": "select count(*) from events",
    "one kind": "select count(*), avg(quality) from chat_succeeded where quality > 0.8",
    "by agent": "select agent, count(*) from events where kind = 'agent_moved' group by agent order by 2 desc",
    "last day": "select kind, count(*) from events where tick >= (select max(tick) from events) - 1440 group by kind",
}
HELD_TO = ("50 ticks", "group by kind")
"""The queries with a requirement."""

PARQUET = {
    **QUERIES,
    "one kind": "select count(*), avg(value) from events where kind = 'chat_succeeded' and value > 0.8",
}


BOUNDS = {"50 ticks": (6.0, 3.0), "group by kind": (None, None)}
"""The required and the aimed milliseconds of a query. "group by kind" has a required ratio instead."""


def rows(sizes: Sizes) -> Iterator[Row]:
    """The rows of both queries of HELD_TO: a new session over a log that was read before, and Parquet."""
    for figures in query_measurements(HELD_TO, sizes.sql_events, sizes.repeats):
        name, taken = str(figures["query"]), float(str(figures["log_ms"]))
        parquet, ratio = float(str(figures["parquet_ms"])), float(str(figures["log_to_parquet"]))
        must, aim = BOUNDS[name]
        peer = Peer("DuckDB on Parquet", parquet, 1 / ratio if ratio else None)
        yield Row(f"SQL, {name} of {sizes.sql_events:,} events", taken, "ms", must, aim, most=True, peers=(peer,))
        if must is None:
            yield Row(f"SQL, {name}, of DuckDB on Parquet", ratio, "times", 1.1, 1.0, most=True)


def write_run(folder: Path, events: int) -> None:
    """Write a run whose log is like a town's in size and kinds: half of its events are steps."""
    settings = load({})
    with LogWriter.create(
        folder, run_id="sql", name="sql", epochs=[Epoch(from_seq=0, config_id=settings.config_id, seed=1)], versions={},
        durability="never",
    ) as writer:  # fmt: skip
        write_settings(folder, settings.config_id, settings.text)
        for first in range(0, events, COMMIT_EVENTS):
            rows = events_from(first, min(COMMIT_EVENTS, events - first))
            writer.commit(rows, expected_seq=first)


def events_from(first: int, count: int) -> np.ndarray:
    """`count` rows from event `first` on, four for each tick."""
    number = np.arange(first, first + count)
    mixed = (number * 2654435761) % 4294967296 // 65536
    codes = np.array([kind.kind for kind in KINDS])
    rows = np.zeros(count, ROW)
    rows["seq"], rows["tick"] = number, number // COMMIT_EVENTS * (COMMIT_EVENTS // 4) + (number % COMMIT_EVENTS) // 4
    rows["kind"] = np.where(mixed % 2, 48, codes[mixed // 2 % len(codes)])
    rows["kind"][number < 64] = 16
    rows["agent"], rows["other"], rows["object"] = number % 64, -1, -1
    rows["tile"], rows["code"], rows["code2"] = mixed % 2304, mixed % 8, -1
    rows["value"] = np.where(rows["kind"] == 129, mixed / 65536, np.nan)
    rows["value2"], rows["cause"] = np.nan, mixed % 100
    return rows


def write_parquet(run: Path, file: Path) -> None:
    """Write the events of the run to a Parquet file, some ticks at a time."""
    opened, asked = Run(run), f"select {', '.join(NAMES)} from events"
    last = opened.head.tick
    with contextlib.ExitStack() as stack:
        writer: pq.ParquetWriter | None = None
        for first in range(0, last, PART_TICKS):
            part = opened.sql(asked, from_tick=first, at=min(first + PART_TICKS, last))
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(file, part.schema, compression="zstd"))
            writer.write_table(part)


def in_turn_ms(answers: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """The median milliseconds of each function over `runs` calls, taken in turn; an extra first call does not count."""
    taken: dict[str, list[float]] = {name: [] for name in answers}
    for _ in range(runs + 1):
        for name, answer in answers.items():
            begun = time.perf_counter()
            answer()
            taken[name].append(time.perf_counter() - begun)
    return {name: round(statistics.median(times[1:]) * 1e3, 2) for name, times in taken.items()}


def measure(run: Path, file: Path, name: str, runs: int) -> dict[str, object]:
    """Measure one of QUERIES over the log in four ways, and over Parquet. Raises ValueError if the answers differ."""
    read = Run(run)
    middle = read.head.tick // 2
    asked, asked_of_parquet = (queries[name].format(middle=middle) for queries in (QUERIES, PARQUET))

    def from_the_log(opened: Run) -> pa.Table:
        return opened.sql(asked)

    def from_parquet() -> pa.Table:
        with database.cursor() as connection:
            connection.execute(f"create or replace temp view events as from '{file}'")
            return connection.sql(asked_of_parquet).to_arrow_table()

    database = duckdb.connect()
    if rows_of(from_the_log(read)) != rows_of(from_parquet()):
        raise ValueError(f"the log and the Parquet file give different answers to: {asked}")
    with database, contextlib.closing(Session(read)) as session:
        ways = {
            "cold_ms": lambda: from_the_log(Run(run)),
            "log_ms": lambda: from_the_log(read),
            "again_ms": lambda: session.query(asked),
            "parquet_ms": from_parquet,
        }
        figures = in_turn_ms(ways, runs)
    return {"query": name, **figures, "log_to_parquet": round(figures["log_ms"] / figures["parquet_ms"], 2)}


def rows_of(answer: pa.Table) -> list[str]:
    """The rows of an answer as sorted texts. Numbers are rounded, because sums may differ in their last digits."""
    rows = (row.values() for row in answer.to_pylist())
    rounded = ([round(value, 6) if isinstance(value, float) else value for value in row] for row in rows)
    return sorted(map(repr, rounded))


def query_measurements(
    names: Sequence[str], events: int, runs: int, folder: Path | None = None
) -> list[dict[str, object]]:
    """The measurements of these QUERIES over a new log of `events` events in `folder` (None: the temporary folder)."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        run, file = Path(place) / "run", Path(place) / "events.parquet"
        write_run(run, events)
        write_parquet(run, file)
        return [measure(run, file, name, runs) for name in names]
