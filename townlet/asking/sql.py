"""SQL over a run, or over many, as of a tick: events, a view per kind, the town's tables, tie changes and their sums.

A query is read before it is answered, so that only what it names is made: which tables, which columns of the log, and
of which ticks. Answers are Arrow tables; nothing is written, and SQL reaches no file. What is held in memory is the
columns of the log that were asked for, 44 bytes an event at most and the words some carry, and the tables below; of
many runs that much for each, and two bytes an event that say which.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pyarrow as pa

from eventlog.catalogue import THIRD_PERSON
from eventlog.views import PHYSICAL, ViewColumn, names_of_many_sql, names_somebody, names_sql, needs
from townlet.asking import information
from townlet.asking.database import UNLIMITED, Limits
from townlet.asking.declared.table import EventView, Table
from townlet.asking.door import Tables, answer
from townlet.asking.key_figures import Query
from townlet.asking.many_runs import runs_by_name
from townlet.asking.permitted import read
from townlet.asking.query_reading import QueryNeeds, query_needs
from townlet.asking.run_tables import Source
from townlet.asking.tables import TABLES, TIMED_TABLES, columns_of
from townlet.errors import QueryError

if TYPE_CHECKING:
    from townlet.history.history import History

OF_WHICH_RUN: Final = ("run", "run_number")
"""What the log's columns of many runs have beside them."""

RUNS_MOST: Final = 2**16


class Session:
    """Queries over a run, or many, as of a tick. Close it, or use `contextlib.closing`."""

    def __init__(
        self, runs: "History | Mapping[str, History]", at: int | None = None, *, from_tick: int | None = None
    ) -> None:
        """Of the town at tick `at` (None: now), and of the events from `from_tick` on (None: all) before it.

        Of many runs, each with its name, every table begins with a column `run`; each is asked as of `at`, or of its
        own now. Raises TickOutOfRange for the first run that has not come that far, QueryError, LogDamaged.
        """
        self._many = isinstance(runs, Mapping)
        by_name = runs if isinstance(runs, Mapping) else {"": runs}
        if not by_name:
            raise QueryError("there is no run to ask")
        if len(by_name) > RUNS_MOST:
            raise QueryError(f"{len(by_name):,} runs are more than the {RUNS_MOST:,} that can be asked at once")
        self._names = list(by_name)
        self._sources = [Source(run, from_tick, at) for run in by_name.values()]
        self._side = None if self._many else self._sources[0].side
        self._held: dict[str, pa.Table] = {}
        self._persons: list[int] = []
        self._names_sql: tuple[str, ...] = ()
        self._running: duckdb.DuckDBPyConnection | None = None
        self._alone: Session | None = None

    def query(self, text: str, limits: Limits = UNLIMITED) -> pa.Table:
        """The answer to one query within limits. Raises QueryError if it cannot be answered, LogDamaged."""
        described = information.answer_of(text, many=self._many)
        if described is not None:
            return described
        needed = self._needs(text)
        try:
            try:
                return self._answer(text, needed, limits)
            except duckdb.BinderException:
                if needed.columns is None:
                    raise
                return self._answer(text, needed._replace(columns=None), limits)
        except duckdb.Error as error:
            raise QueryError(self._explained(error, needed)) from error

    def reads(self, text: str) -> tuple[str, ...]:
        """The tables and views that a query names. Raises QueryError."""
        return self._needs(text).tables

    def tables(self) -> pa.Table:
        """The tables that can be queried: `table` and its `meaning`; `describe TABLE` lists its columns."""
        return information.tables_shown()

    def interrupt(self) -> None:
        """End the running query from another thread; it then raises QueryError."""
        running, alone = self._running, self._alone
        if running is not None:
            with contextlib.suppress(duckdb.ConnectionException):  # it has ended just now
                running.interrupt()
        if alone is not None:
            alone.interrupt()

    def close(self) -> None:
        """Release the tables."""
        self._held.clear()

    def _needs(self, text: str) -> QueryNeeds:
        return query_needs(read(text).tree, TABLES, TIMED_TABLES)

    def _answer(self, text: str, needed: QueryNeeds, limits: Limits) -> pa.Table:
        """The answer to a query over what it needs."""
        tables = self._tables(needed)
        if information.names_information(text):
            tables.registered.update(information.information(many=self._many))
        try:
            return answer(text, tables, limits, begun=self._begin)
        finally:
            self._running = None

    def _begin(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._running = connection

    @contextlib.contextmanager
    def _queries_of(self, source: Source) -> Iterator[Query]:
        """Give what answers queries over one of the runs alone: this session, or of many runs a session of its own."""
        if not self._many:
            yield self.query
            return
        with contextlib.closing(Session(source.run, source.tick, from_tick=source.from_tick)) as alone:
            self._alone = alone
            try:
                yield alone.query
            finally:
                self._alone = None

    def _tables(self, needed: QueryNeeds) -> Tables:
        """The tables that a query needs, and the statements that make its views."""
        listed = [TABLES[name] for name in needed.tables]
        tables = Tables(self._made([table for table in listed if isinstance(table, Table)], needed), [])
        views = [table for table in listed if isinstance(table, EventView)]
        if views:
            self._add_views(tables, views, needed)
        return tables

    def _made(self, tables: Sequence[Table], needed: QueryNeeds) -> dict[str, pa.Table]:
        """These tables by name; those that are the same for every query are made once."""
        missing = [table for table in tables if table.name not in self._held]
        made: dict[str, pa.Table] = {}
        if missing:
            parts = [source.tables(missing, needed.window, self._queries_of) for source in self._sources]
            made = {table.name: self._together([part[table.name] for part in parts]) for table in missing}
            self._held |= {name: table for name, table in made.items() if name not in TIMED_TABLES}
        return made | {table.name: self._held[table.name] for table in tables if table.name in self._held}

    def _add_views(self, tables: Tables, views: Sequence[EventView], needed: QueryNeeds) -> None:
        """Add the columns of the log that the views read, and the statements of the views over them."""
        sources: list[tuple[ViewColumn, ...]] = [view.sources(self._side) for view in views]
        wanted = {need for columns in sources for need in needs(columns, needed.columns)} | {"kind"}
        parts = [source.columns(wanted - set(OF_WHICH_RUN), needed.window) for source in self._sources]
        if any(names_somebody(columns, needed.columns) for columns in sources):
            tables.made.extend(self._naming(parts))
        tables.registered[PHYSICAL] = self._log_of(parts)
        tables.made.extend(view.sql(self._side, needed.columns) for view in views)

    def _naming(self, parts: list[dict[str, pa.Array]]) -> tuple[str, ...]:
        """The statements that tell DuckDB the names of everybody whom these columns speak of, and of all else."""
        persons = [_persons_in(part) for part in parts]
        if not self._persons or any(count > known for known, count in zip(self._persons, persons, strict=True)):
            self._persons = list(map(max, zip(persons, self._persons or persons, strict=True)))
            names = [source.names(count) for source, count in zip(self._sources, self._persons, strict=True)]
            self._names_sql = tuple(names_of_many_sql(names) if self._many else names_sql(names[0]))
        return self._names_sql

    def _log_of(self, parts: list[dict[str, pa.Array]]) -> pa.Table:
        """The columns of all runs, a chunk each, and where there are many which run it is."""
        columns = {name: pa.chunked_array([part[name] for part in parts]) for name in sorted(parts[0])}
        if self._many:
            numbers = [np.full(len(part["kind"]), number, np.uint16) for number, part in enumerate(parts)]
            columns["run_number"] = pa.chunked_array(numbers)
            columns["run"] = pa.chunked_array([pa.DictionaryArray.from_arrays(each, self._names) for each in numbers])
        return pa.table(columns)

    def _together(self, tables: list[pa.Table]) -> pa.Table:
        """The same table of every run as one."""
        if not self._many:
            return tables[0]
        numbers = [np.full(len(table), number, np.uint16) for number, table in enumerate(tables)]
        marked = [
            table.add_column(0, "run", pa.DictionaryArray.from_arrays(number, self._names))
            for table, number in zip(tables, numbers, strict=True)
        ]
        return pa.concat_tables(marked, promote_options="default")

    def _explained(self, error: duckdb.Error, needed: QueryNeeds) -> str:
        """DuckDB's message with what the user can do instead."""
        message = str(error)
        if not isinstance(error, duckdb.BinderException):
            return message
        listed = [f"  {name} has {', '.join(self._column_names(name))}" for name in needed.tables]
        return "\n".join([message, *listed])

    def _column_names(self, name: str) -> list[str]:
        return [column.name for column in columns_of(name, many=self._many)]


def query(
    runs: "str | Path | Iterable[str | Path | History]",
    text: str,
    *,
    at: int | None = None,
    from_tick: int | None = None,
) -> pa.Table:
    """The answer to a query over many runs at once: every table and view begins with `run`, the name of the folder.

    `runs` are folders or runs, or a pattern of folders, such as `runs/*`. Each is asked as of tick `at` (None: its own
    now), of its events from `from_tick` on (None: all). In memory are the columns that the query names, of all the
    runs. Raises QueryError, TickOutOfRange for a run that has not come that far, RunNotFound, LogDamaged.
    """
    with contextlib.closing(Session(runs_by_name(runs), at, from_tick=from_tick)) as session:
        return session.query(text)


def _persons_in(columns: Mapping[str, pa.Array]) -> int:
    """One more than the greatest number of a person in columns of the log."""
    spoken_of = [np.asarray(columns[name]) for name in ("agent", "other") if name in columns]
    if "tile" in columns:
        spoken_of.append(np.asarray(columns["tile"])[np.isin(np.asarray(columns["kind"]), list(THIRD_PERSON))])
    return 1 + max((int(numbers.max(initial=-1)) for numbers in spoken_of), default=-1)
