"""Finds the peers: SQLite, which comes with Python, and the packages of `benchmarks/peers.txt`."""

import sqlite3
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from eventlog.rows import ROW, Rows

Append = Callable[[Path, list[Rows]], float]
"""A function that appends commits to a new store in a folder and returns the seconds of committing."""

PEERS = ("eventsourcing", "mpe2", "mesa", "jaxmarl", "sb3-contrib")


def has_eventsourcing() -> bool:
    """Whether eventsourcing is installed."""
    return find_spec("eventsourcing") is not None


def versions() -> dict[str, str | None]:
    """The peers' versions; None for one that is not installed."""
    return {"sqlite": sqlite3.sqlite_version, **{name: _version(name) for name in PEERS}}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def append_to_sqlite(folder: Path, parts: list[Rows]) -> float:
    """The seconds of committing to SQLite: each commit is a transaction of `executemany` with Python tuples.

    With `journal_mode=wal` and `synchronous=normal` it does not sync at every commit, like Townlet here.
    """
    names = ROW.names or ()
    tuples = [part.tolist() for part in parts]
    database = sqlite3.connect(folder.with_suffix(".sqlite"), isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=normal")
    database.execute(f"create table events ({', '.join(names)}, note, primary key (seq)) without rowid")
    insert = f"insert into events values ({', '.join('?' * len(names))}, null)"
    began = time.perf_counter()
    for part in tuples:
        database.execute("begin")
        database.executemany(insert, part)
        database.execute("commit")
    taken = time.perf_counter() - began
    database.close()
    return taken
