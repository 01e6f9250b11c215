"""Measures this machine: figures of Townlet beside their requirements, their aims, and the figures of peers.

Each family of rows is a module below this package with a function `rows(sizes)`; it is imported when it is measured.
Peers are measured if they are installed (`benchmarks/peers.txt`), in turn with the town. So a change of the machine's
speed changes the ratio less than the rates.
"""

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from townlet.bench.rows import Row, Sizes

FAMILIES: Final = {
    "memory": "many towns in memory, every event recorded",
    "environment": "many towns observed, masked and paid, beside environments and models of others",
    "deciding": "many towns that run ahead until somebody decides, over the rules alone",
    "snippet": "what the social snippet adds to a step, and to an update of PPO",
    "learning": "PPO from end to end, beside SB3's MaskablePPO, and from nothing to the script's return",
    "growth": "larger towns, and more of them",
    "appending": "appending to a log on disk, beside SQLite and eventsourcing",
    "folding": "a town's log on disk, and folding it again, beside eventsourcing",
    "long": "a long run: any tick of it, bytes an event",
    "observing": "looking at any tick of a long run, and at a town of 64",
    "sql": "SQL over ten million events, beside DuckDB on Parquet",
    "sweeping": "towns of many settings and seeds in two processes, beside Mesa's batch_run",
    "processes": "whole commands, from start to end",
    "compiling": "the first run on a machine",
}
"""The families, by name, in the order of measurement."""

IN_ROOMS: Final = {
    "deciding": "learning.deciding",
    "snippet": "learning.snippet",
    "learning": "learning.training",
}
"""The modules of families below a folder of this package. All others are modules here, of the family's name."""


def module_of(family: str) -> str:
    """The dotted name of the module that measures one of `FAMILIES`."""
    return f"townlet.bench.{IN_ROOMS.get(family, family)}"


def measure(family: str, sizes: "Sizes | None" = None) -> "Iterator[Row]":
    """Yield the rows of one of `FAMILIES`, each as soon as it is measured. Compiles first; this is not measured."""
    from townlet.bench.rows import Sizes
    from townlet.warming import warm

    warm()
    sizes = sizes or Sizes()
    rows: Iterator[Row] = importlib.import_module(module_of(family)).rows(sizes)
    return rows


def machine() -> dict[str, Any]:
    """The machine: processors, the load average of the last minute, versions."""
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
