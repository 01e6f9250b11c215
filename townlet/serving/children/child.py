"""A child: a process that answers one query after another over a run that it only reads, until it is killed.

It bounds itself before it reads a query. Its memory is bounded by the system (`RLIMIT_AS`), because some functions of
DuckDB take as much as they like. Its time is bounded by a timer of the system, whose signal ends the process whatever
it computes: some functions hear no interruption. Whoever started it starts another.
"""

import os
import resource
import signal
import sys
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import pyarrow as pa

from eventlog.errors import EventLogError
from projections.errors import ProjectionError
from townlet.asking.database import Limits, database
from townlet.asking.sql import Session
from townlet.errors import QueryError, TickOutOfRange, TownletError
from townlet.history.history import History
from townlet.serving.children.asked import Asked, Beginning, ChildLimits, Told
from townlet.warming import warm

READY: Final = b"ready"
"""What a child sends when it can be asked."""

MESSAGE_BYTES_MOST: Final = 1 << 20

MARGIN_S: Final = 0.1
"""How long before its time a query is ended by DuckDB, if it hears that, in seconds; at its time it ends by force."""

WORDS_MOST: Final = 2000
"""The most characters of an error that are sent."""

DATABASE_SHARE: Final = 0.5
"""How much of the memory for a query DuckDB may plan with; the rest is for the tables that the query names."""

NICENESS: Final = 5

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Child:
    """Answers queries over a run, within limits."""

    def __init__(self, beginning: Beginning) -> None:
        """Raises RunNotFound, LogDamaged."""
        self._limits = beginning.limits
        self._place = beginning.run
        self._run = History(Path(beginning.run))
        self._session: tuple[tuple[int, int | None], Session] | None = None
        self._client = ""

    def answer(self, asked: Asked) -> tuple[Told, bytes]:
        """The answer to a query as an Arrow stream, or why there is none."""
        try:
            table, tick = self._table(asked)
        except (MemoryError, pa.ArrowMemoryError):
            return Told(fault="memory"), b""
        except TickOutOfRange as error:
            words = f"there is no tick {error.tick:,}: the run goes from 0 to {error.last:,}"
            return Told(fault="query", words=words), b""
        except QueryError as error:
            return self._refusal(str(error)), b""
        except (TownletError, EventLogError, ProjectionError, OSError):
            return Told(fault="run"), b""
        told, table = self._bounded(table, tick)
        return told, _stream_of(table)

    def _table(self, asked: Asked) -> tuple[pa.Table, int]:
        if asked.client != self._client:
            database.cache_clear()
            self._client = asked.client
        tick = self._run.head.tick if asked.at_tick is None else asked.at_tick
        if self._session is None or self._session[0] != (tick, asked.from_tick):
            self._close()
            self._session = (tick, asked.from_tick), Session(self._run, tick, from_tick=asked.from_tick)
        rows = 0 if asked.columns_only else self._limits.rows_most + 1
        return self._session[1].query(asked.query, _database_limits(self._limits, rows)), tick

    def _refusal(self, words: str) -> Told:
        if "Out of Memory" in words or "std::bad_alloc" in words:
            return Told(fault="memory")
        if "maximum execution time" in words:
            return Told(fault="time")
        return Told(fault="query", words=words.replace(self._place, Path(self._place).name)[:WORDS_MOST])

    def _bounded(self, table: pa.Table, tick: int) -> tuple[Told, pa.Table]:
        """The first rows of a table, as many as may be sent."""
        rows = min(len(table), self._limits.rows_most)
        if table.nbytes > self._limits.bytes_most:
            rows = min(rows, len(table) * self._limits.bytes_most // table.nbytes)
            while rows and table.slice(0, rows).nbytes > self._limits.bytes_most:
                rows //= 2
        return Told(tick=tick, rows=rows, cut=rows < len(table)), table.slice(0, rows)

    def _close(self) -> None:
        if self._session is not None:
            self._session[1].close()
            self._session = None


def serve(connection: Connection) -> None:
    """Answer what comes over a connection until its other end is closed."""
    beginning = Beginning.model_validate_json(connection.recv_bytes(MESSAGE_BYTES_MOST))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # its default is the end of the process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(NICENESS)
    warm()
    child = Child(beginning)
    _warm_up(child)
    _bound_memory(beginning.limits.memory_bytes)
    connection.send_bytes(READY)
    while True:
        asked = Asked.model_validate_json(connection.recv_bytes(MESSAGE_BYTES_MOST))
        signal.setitimer(signal.ITIMER_REAL, beginning.limits.time_s)
        told, stream = child.answer(asked)
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send_bytes(told.model_dump_json().encode())
        if told.fault is None:
            connection.send_bytes(stream)
        if told.fault == "memory":
            return  # what is left of the memory is unknown, so another child goes on


def _warm_up(child: Child) -> None:
    """Let all that answers be loaded and have its memory, so that only queries count for the bound."""
    child.answer(Asked(client="", query="select count(*) from agents join chat_succeeded on true"))


def _database_limits(limits: ChildLimits, rows: int) -> Limits:
    return Limits(
        int(limits.memory_bytes * DATABASE_SHARE), 1, int(max(limits.time_s - MARGIN_S, MARGIN_S) * 1000), rows
    )


def _bound_memory(more_bytes: int) -> None:
    """Let this process take so many more bytes of memory and no others."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = pages * _PAGE + more_bytes
    resource.setrlimit(resource.RLIMIT_AS, (bound if hard == resource.RLIM_INFINITY else min(bound, hard),) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _stream_of(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def main() -> None:
    """Begin, with the number of the connection's file as the one argument."""
    with closing(Connection(int(sys.argv[1]))) as connection, suppress(EOFError, OSError):
        serve(connection)


if __name__ == "__main__":
    main()
