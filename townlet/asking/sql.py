"""SQL over a run, or over many, as of a tick: events, a view per kind, the town's tables, tie changes and their sums.

A query is read before it is answered, so that only what it names is made: which tables, which columns of the log, and
of which ticks. Answers are Arrow tables; nothing is written, and SQL reaches no file. What is held in memory is the
columns of the log that were asked for, 44 bytes an event at most and the words some carry, and the tables below; of
many runs that much for each, and two bytes an event that say which.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pyarrow as pa

from eventlog.views import PHYSICAL, ViewColumn, names_of_many_sql, names_somebody, names_sql, needs
from townlet.asking import information
from townlet.asking.declared.table import EventView, Table
from townlet.asking.key_figures import Query
from townlet.asking.many_runs import runs_by_name
from townlet.asking.query_reading import QueryNeeds, query_needs, syntax_tree, words_of
from townlet.asking.run_tables import Source
from townlet.asking.tables import TABLES, TIMED_TABLES, columns_of, is_kind, names, near_names
from townlet.errors import QueryError

if TYPE_CHECKING:
    from townlet.history.history import History

OF_WHICH_RUN: Final = ("run", "run_number")
"""What the log's columns of many runs have beside them."""

RUNS_MOST: Final = 2**16

CONFIGURATION: Final[dict[str, str | bool | int | float | list[str]]] = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
}


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
        self._connection = _database(os.getpid()).cursor()
        self._made: set[str] = set()
        self._persons: list[int] = []
        self._alone: Session | None = None

    def query(self, text: str) -> pa.Table:
        """The answer to one query. Raises QueryError if it cannot be answered, LogDamaged."""
        answer = information.answer_of(text, many=self._many)
        if answer is not None:
            return answer
        try:
            self._require_query(text)
            if information.names_information(text):
                text = self._with_information(text)
            needed = query_needs(self._connection, text, TABLES, TIMED_TABLES)
            self._make(needed)
            try:
                return self._answer(text)
            except duckdb.BinderException:
                if needed.columns is None:
                    raise
                self._make(needed._replace(columns=None))
                return self._answer(text)
        except duckdb.Error as error:
            raise QueryError(self._explained(error, text)) from error

    def reads(self, text: str) -> tuple[str, ...]:
        """The tables and views that a query names. Raises QueryError."""
        try:
            return query_needs(self._connection, text, TABLES, TIMED_TABLES).tables
        except duckdb.Error as error:
            raise QueryError(self._explained(error, text)) from error

    def tables(self) -> pa.Table:
        """The tables that can be queried: `table` and its `meaning`; `describe TABLE` lists its columns."""
        return information.tables_shown()

    def interrupt(self) -> None:
        """End the running query from another thread; it then raises QueryError."""
        self._connection.interrupt()
        alone = self._alone
        if alone is not None:
            alone.interrupt()

    def close(self) -> None:
        """Close the connection and release its tables."""
        self._connection.close()

    def _require_query(self, text: str) -> None:
        """Raise QueryError unless the text is one query that only reads."""
        statements = self._connection.extract_statements(text)
        kinds = duckdb.StatementType
        if len(statements) != 1:
            raise QueryError(f"one query at a time: these are {len(statements)}")
        if statements[0].type not in (kinds.SELECT, kinds.EXPLAIN, kinds.MULTI):  # MULTI: a pivot
            raise QueryError(f"a run is only read: {statements[0].type.name.lower()} cannot be done. Next: select ...")

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

    def _with_information(self, text: str) -> str:
        """Register the tables of the information schema; gives the query that reads them."""
        for name, table in information.information(many=self._many).items():
            self._connection.register(name, table)
        return information.with_listed(self._connection, text, syntax_tree(self._connection, text))

    def _make(self, needed: QueryNeeds) -> None:
        """Register the tables and views that a query needs.

        The key figures come first, then other tables, then views: the queries of key figures register tables and the
        log's columns for themselves.
        """
        listed = [TABLES[name] for name in needed.tables]
        tables = [table for table in listed if isinstance(table, Table)]
        self._make_tables([table for table in tables if table.asks], needed)
        self._make_tables([table for table in tables if not table.asks], needed)
        views = [table for table in listed if isinstance(table, EventView)]
        if views:
            self._make_views(views, needed)

    def _make_tables(self, tables: list[Table], needed: QueryNeeds) -> None:
        """Register those of the tables that are not there yet."""
        missing = [table for table in tables if table.name not in self._made]
        if missing:
            made = [source.tables(missing, needed.window, self._queries_of) for source in self._sources]
            for table in missing:
                self._connection.register(table.name, self._together([each[table.name] for each in made]))
            self._made |= {table.name for table in missing} - TIMED_TABLES

    def _make_views(self, views: Sequence[EventView], needed: QueryNeeds) -> None:
        """Register the columns of the log that the views read, and the views over them."""
        sources: list[tuple[ViewColumn, ...]] = [view.sources(self._side) for view in views]
        read = {need for columns in sources for need in needs(columns, needed.columns)} | {"kind"}
        read -= set(OF_WHICH_RUN)
        parts = [source.columns(read, needed.window) for source in self._sources]
        if any(names_somebody(columns, needed.columns) for columns in sources):
            self._name(parts)
        self._connection.register(PHYSICAL, self._log_of(parts))
        for view in views:
            self._connection.execute(view.sql(self._side, needed.columns))

    def _name(self, parts: list[dict[str, pa.Array]]) -> None:
        """Tell DuckDB the names of everybody whom these columns speak of, and of all else."""
        persons = [_persons_in(part) for part in parts]
        if self._persons and all(known >= count for known, count in zip(self._persons, persons, strict=True)):
            return
        self._persons = list(map(max, zip(persons, self._persons or persons, strict=True)))
        names = [source.names(count) for source, count in zip(self._sources, self._persons, strict=True)]
        for statement in names_of_many_sql(names) if self._many else names_sql(names[0]):
            self._connection.execute(statement)

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

    def _answer(self, text: str) -> pa.Table:
        """The answer, worked out in a thread: DuckDB itself would not hear an interruption before it has one."""
        with ThreadPoolExecutor(max_workers=1) as thread:
            pending = thread.submit(lambda: self._connection.sql(text).to_arrow_table())
            try:
                return pending.result()
            except KeyboardInterrupt:
                self._connection.interrupt()
                raise

    def _explained(self, error: duckdb.Error, text: str) -> str:
        """DuckDB's message with what the user can do instead."""
        message = str(error)
        if found := re.search(r"Table with name (\S+) does not exist", message):
            near = near_names(found[1])
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            tables = ", ".join(names(lambda table: not is_kind(table)))
            there = f"There are {tables}, and a view of each kind of event: show tables"
            return f"there is no table {found[1]}; {meant}{there}"
        if isinstance(error, duckdb.BinderException):
            known = [name for name in words_of(text) if name in TABLES]
            return "\n".join([message, *(f"  {name} has {', '.join(self._column_names(name))}" for name in known)])
        return message

    def _column_names(self, name: str) -> list[str]:
        return [column.name for column in columns_of(name, many=self._many)]


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """DuckDB, begun once in a process, which takes longer than most queries; a child of that process begins its own.

    What a session registers, and its views and variables, are its cursor's alone.
    """
    connection = duckdb.connect(config=CONFIGURATION)
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def query(
    runs: "str | Path | Iterable[str | Path | History]",
    text: str,
    *,
    at: int | None = None,
    from_tick: int | None = None,
) -> pa.Table:
    """The answer to a query over many runs at once: every table and view begins with `run`, the name of the folder.

    `runs` are folders or runs, or a pattern of folders, such as "runs/*". Each is asked as of tick `at` (None: its own
    now), of its events from `from_tick` on (None: all). In memory are the columns that the query names, of all the
    runs. Raises QueryError, TickOutOfRange for a run that has not come that far, RunNotFound, LogDamaged.
    """
    with contextlib.closing(Session(runs_by_name(runs), at, from_tick=from_tick)) as session:
        return session.query(text)


def _persons_in(columns: Mapping[str, pa.Array]) -> int:
    """One more than the greatest number of a person in columns of the log."""
    spoken_of = [np.asarray(columns[name]) for name in ("agent", "other") if name in columns]
    return 1 + max((int(numbers.max(initial=-1)) for numbers in spoken_of), default=-1)
