"""How fast SQL answers over a log, with DuckDB on a Parquet file of the same events beside it. Prints JSON.

    python benchmarks/sql.py [--events 10000000] [--runs 7] [--folder .] [--all]

Ten million events take about a gigabyte of disk. Without `--all` there are the two queries of `townlet bench`, whose
module says how they are measured: 50 ticks in the middle, and all by kind.

`cold_ms`: from opening the run to the answer, every checksum of what is read checked; `log_ms`: a new session over one
that has been read before; `again_ms`: the same session asked once more; `parquet_ms`: DuckDB on a zstd Parquet file of
the same columns, the kind as its name, with nothing checked. Medians of so many `--runs`.
"""

import argparse
import json
import platform
from pathlib import Path

import duckdb
import pyarrow as pa

from townlet.bench.sql import HELD_TO, QUERIES, query_measurements


def main() -> None:
    """Measure the queries and print the figures."""
    arguments = argparse.ArgumentParser(description="SQL over a log as JSON")
    arguments.add_argument("--events", type=int, default=10_000_000)
    arguments.add_argument("--runs", type=int, default=7)
    arguments.add_argument("--folder", type=Path, default=None, help="where to write (default: the temporary folder)")
    arguments.add_argument("--all", action="store_true", help="every query, not only the two that Townlet is held to")
    chosen = arguments.parse_args()
    figures = query_measurements(list(QUERIES) if chosen.all else HELD_TO, chosen.events, chosen.runs, chosen.folder)
    made_by = {"python": platform.python_version(), "duckdb": duckdb.__version__, "pyarrow": pa.__version__}
    print(json.dumps({**made_by, "events": chosen.events, "sql": figures}, indent=2))


if __name__ == "__main__":
    main()
