"""How fast SQL answers over a log, with DuckDB on a Parquet file of the same events beside it. Prints JSON.

    python benchmarks/sql.py [--events 1000000] [--runs 7] [--folder .]

`cold_ms`: from opening the run (one active segment, frames of 4,096 events, every checksum checked) to the answer;
`log_ms`: a new session over a run that has been read before; `again_ms`: the same session asked once more;
`parquet_ms`: DuckDB on a zstd Parquet file of the same columns, the kind as its name, from a new connection to the
answer. Medians; files are in the page cache.
"""

import argparse
import contextlib
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.catalogue import KINDS
from eventlog.manifest import Epoch, write_settings
from eventlog.rows import ROW
from eventlog.writer import LogWriter
from townlet.configuration.load import load
from townlet.run import Run
from townlet.sql import Session

COMMIT_EVENTS = 4096
QUERIES = {
    "group by kind": "select kind, count(*) from events group by kind order by 2 desc",
    "count": "select count(*) from events",
    "one kind": "select count(*), avg(quality) from chat_succeeded where quality > 0.8",
    "by agent": "select agent, count(*) from events where kind = 'agent_moved' group by agent order by 2 desc",
    "last day": "select kind, count(*) from events where tick >= (select max(tick) from events) - 1440 group by kind",
}
PARQUET = {
    **QUERIES,
    "one kind": "select count(*), avg(value) from events where kind = 'chat_succeeded' and value > 0.8",
}


def write_run(folder: Path, events: int) -> None:
    """A run whose log looks like a town's in size and mix: half its events are steps."""
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
    """Rows from event `first` on, four a tick."""
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
    """The events of the run as people would export them."""
    names = ("seq", "tick", "kind", "agent", "other", "object", "tile", "code", "code2", "value", "value2", "cause")
    with contextlib.closing(Session(Run(run))) as session:
        pq.write_table(session.query(f"select {', '.join(names)} from events"), file, compression="zstd")


def median_ms(answer: Callable[[], object], runs: int) -> float:
    """The median of so many runs, in milliseconds; one before them is not counted."""
    taken = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        answer()
        taken.append(time.perf_counter() - begun)
    return round(statistics.median(taken[1:]) * 1e3, 2)


def measure(run: Path, file: Path, name: str, runs: int) -> Mapping[str, object]:
    """One query, three ways."""

    def from_the_log(opened: Run) -> pa.Table:
        with contextlib.closing(Session(opened)) as session:
            return session.query(QUERIES[name])

    def from_parquet() -> pa.Table:
        with duckdb.connect() as connection:
            connection.execute(f"create view events as from '{file}'")
            return connection.sql(PARQUET[name]).to_arrow_table()

    read = Run(run)
    figures: dict[str, object] = {"query": name}
    figures["cold_ms"] = median_ms(lambda: from_the_log(Run(run)), runs)
    figures["log_ms"] = median_ms(lambda: from_the_log(read), runs)
    with contextlib.closing(Session(read)) as session:
        figures["again_ms"] = median_ms(lambda: session.query(QUERIES[name]), runs)
    figures["parquet_ms"] = median_ms(from_parquet, runs)
    return figures


def main() -> None:
    """Measure every query and print the figures."""
    arguments = argparse.ArgumentParser(description="SQL over a log as JSON")
    arguments.add_argument("--events", type=int, default=1_000_000)
    arguments.add_argument("--runs", type=int, default=7)
    arguments.add_argument("--folder", type=Path, default=None, help="where to write (default: the temporary folder)")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as place:
        run, file = Path(place) / "run", Path(place) / "events.parquet"
        write_run(run, chosen.events)
        write_parquet(run, file)
        figures = [measure(run, file, name, chosen.runs) for name in QUERIES]
    made_by = {"python": platform.python_version(), "duckdb": duckdb.__version__, "pyarrow": pa.__version__}
    print(json.dumps({**made_by, "events": chosen.events, "sql": figures}, indent=2))


if __name__ == "__main__":
    main()
