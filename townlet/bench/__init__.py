"""The figures of this machine beside what Townlet must reach, what it aims at, and what its peers reach in the same
run.

A family of rows is a module of this package with a function `rows(sizes)`; nothing of it is imported before it is
measured. Peers are measured where they are installed (`benchmarks/peers.txt`), in turn with the town, so that a machine
whose speed drifts harms the ratio less than the rates.
"""

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from townlet.bench.rows import Row, Sizes

FAMILIES: Final = {
    "memory": "many towns in memory, every event recorded",
    "environment": "many towns observed, masked and paid, beside environments and models of others",
    "growth": "larger towns, and more of them",
    "appending": "appending to a log on disk, beside SQLite and eventsourcing",
    "folding": "a town's log on disk, and folding it again, beside eventsourcing",
    "long": "a long run: any tick of it, bytes an event",
    "observing": "looking at any tick of a long run, and at a town of 64",
    "sql": "SQL over ten million events, beside DuckDB on Parquet",
    "processes": "whole commands, from start to end",
    "compiling": "the first run on a machine",
}
"""What is measured, by the name of its module, in this order."""


def measure(family: str, sizes: "Sizes | None" = None) -> "Iterator[Row]":
    """The rows of one of `FAMILIES`, each as soon as it is measured; compiles first, outside the figures."""
    from townlet.bench.rows import Sizes
    from townlet.warming import warm

    warm()
    sizes = sizes or Sizes()
    rows: Iterator[Row] = importlib.import_module(f"townlet.bench.{family}").rows(sizes)
    return rows


def machine() -> dict[str, Any]:
    """What the figures are measured on: processors, how many processes wanted them in the last minute, versions."""
    import os
    import platform
    from importlib.metadata import version

    from townlet.bench.peers.installed import versions

    made_by = {name: version(name) for name in ("townlet", "numba", "numpy", "pyarrow", "duckdb")}
    system = {
        "processors": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }
    return system | made_by | versions()
