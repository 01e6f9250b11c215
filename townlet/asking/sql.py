"""SQL over a run, or over many, as of a tick: events, a view per kind, the town's tables, tie changes and their sums.

A query is read before it is answered, so that only what it names is made: which tables, which columns of the log, and
of which ticks. Answers are Arrow tables; nothing is written, and SQL reaches no file. What is held in memory is the
columns of the log that were asked for, 44 bytes an event at most and the words some carry, and the tables below; of
many runs that much for each, and two bytes an event that say which.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pyarrow as pa

from eventlog.views import (
    KIND_BY_NAME,
    PHYSICAL,
    ViewColumn,
    event_columns,
    events_sql,
    kind_columns,
    names_of_many_sql,
    names_somebody,
    names_sql,
    needs,
    view_sql,
)
from townlet.asking.query_reading import Asked, asked, words_of
from townlet.asking.run_tables import Source
from townlet.errors import QueryError
from townlet.history.tie_summaries import SUMMARIES
from townlet.history.town_tables import VIEWS

if TYPE_CHECKING:
    from townlet.history.history import History

TABLES: Final = {
    "events": "everything that happened, of all kinds",
    "agents": "who lives in the town, and how they are",
    "ties": "what each thinks of others",
    "tie_changes": "every change of a tie with its cause, adding up to its value",
    "narrations": "what happened, told: few sentences, each with its cause",
    "rewards": "what everybody earned in each tick, term by term",
    "objects": "the places, who uses them, what they hold",
    "queues": "who waits where, in order",
    "shifts": "jobs, hours, attendance",
    "places": "the places of the map",
    "persons": "everybody who ever lived here",
    "days": "whole days: people, wants, shifts and ties, as the town counts them",
    "kpis": "key figures, one row each: how well the town does",
    "kpi_days": "key figures of each day",
    **{name: meaning for name, (meaning, _) in SUMMARIES.items()},
}
"""The tables and what they say, besides a view for each kind of event."""

KNOWN: Final = (*TABLES, *KIND_BY_NAME)

EVENTS: Final = frozenset({"events", *KIND_BY_NAME})
"""The tables of what happened, which are views over the log."""

TIMED: Final = EVENTS | {"rewards"}
"""The tables of which only the ticks that are asked for are made."""

OF_A_MOMENT: Final = frozenset({*VIEWS, *SUMMARIES, "kpis", "kpi_days"}) - {"places"}
"""The tables that say how it is as of a tick, or whose last row is of a time that goes on."""

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
        named = runs if isinstance(runs, Mapping) else {"": runs}
        if not named:
            raise QueryError("there is no run to ask")
        if len(named) > RUNS_MOST:
            raise QueryError(f"{len(named):,} runs are more than the {RUNS_MOST:,} that can be asked at once")
        self._names = list(named)
        self._sources = [Source(run, from_tick, at) for run in named.values()]
        self._side = None if self._many else self._sources[0].side
        self._connection = _database(os.getpid()).cursor()
        self._made: set[str] = set()
        self._persons: list[int] = []

    def query(self, text: str) -> pa.Table:
        """The answer to one query. Raises QueryError for one that cannot be answered, LogDamaged."""
        if re.fullmatch(r"\s*show\s+(all\s+)?tables\s*;?\s*", text, re.IGNORECASE):
            return self.tables()
        try:
            self._require_query(text)
            named = asked(self._connection, text, KNOWN, TIMED)
            self._make(named)
            try:
                return self._answer(text)
            except duckdb.BinderException:
                if named.columns is None:
                    raise
                self._make(named._replace(columns=None))
                return self._answer(text)
        except duckdb.Error as error:
            raise QueryError(self._explained(error, text)) from error

    def reads(self, text: str) -> tuple[str, ...]:
        """The tables and views that a query names. Raises QueryError."""
        try:
            return asked(self._connection, text, KNOWN, TIMED).tables
        except duckdb.Error as error:
            raise QueryError(self._explained(error, text)) from error

    def tables(self) -> pa.Table:
        """What there is to query: `table` and its `meaning`; `describe <table>` tells its columns."""
        meanings = {**TABLES, **{name: " ".join((kind.__doc__ or "").split()) for name, kind in KIND_BY_NAME.items()}}
        return pa.table({"table": list(meanings), "meaning": list(meanings.values())})

    def interrupt(self) -> None:
        """From another thread: end the query under way, which then raises QueryError."""
        self._connection.interrupt()

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()

    def _require_query(self, text: str) -> None:
        """One query that only reads."""
        statements = self._connection.extract_statements(text)
        kinds = duckdb.StatementType
        if len(statements) != 1:
            raise QueryError(f"one query at a time: these are {len(statements)}")
        if statements[0].type not in (kinds.SELECT, kinds.EXPLAIN, kinds.MULTI):  # MULTI: a pivot
            raise QueryError(f"a run is only read: {statements[0].type.name.lower()} cannot be done. Next: select ...")

    def _make(self, named: Asked) -> None:
        """Register the tables and views that a query names."""
        views = {name: self._columns(name) for name in named.tables if name in EVENTS}
        if views:
            self._make_views(views, named)
        tables = [name for name in named.tables if name not in EVENTS and name not in self._made]
        if tables:
            made = [source.tables(tables, named.window) for source in self._sources]
            for name in tables:
                self._connection.register(name, self._together([each[name] for each in made]))
            self._made |= set(tables) - TIMED

    def _columns(self, name: str) -> tuple[ViewColumn, ...]:
        return event_columns(self._side) if name == "events" else kind_columns(KIND_BY_NAME[name], self._side)

    def _make_views(self, views: Mapping[str, tuple[ViewColumn, ...]], named: Asked) -> None:
        """Register the columns of the log that the views read, and the views over them."""
        read = {need for columns in views.values() for need in needs(columns, named.columns)} | {"kind"}
        read -= set(OF_WHICH_RUN)
        parts = [source.columns(read, named.window) for source in self._sources]
        if any(names_somebody(columns, named.columns) for columns in views.values()):
            self._name(parts)
        self._connection.register(PHYSICAL, self._log_of(parts))
        for name in views:
            kind = KIND_BY_NAME.get(name)
            sql = view_sql(kind, self._side, named.columns) if kind else events_sql(self._side, named.columns)
            self._connection.execute(sql)

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
        named = [
            table.add_column(0, "run", pa.DictionaryArray.from_arrays(number, self._names))
            for table, number in zip(tables, numbers, strict=True)
        ]
        return pa.concat_tables(named, promote_options="default")

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
        """DuckDB's own message, and what there is instead."""
        message = str(error)
        if found := re.search(r"Table with name (\S+) does not exist", message):
            near = get_close_matches(found[1].lower(), KNOWN, 3)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            listed = f"There are {', '.join(TABLES)}, and a view of each kind of event: show tables"
            return f"there is no table {found[1]}; {meant}{listed}"
        if isinstance(error, duckdb.BinderException):
            known = [name for name in words_of(text) if name in KNOWN]
            return "\n".join([message, *(f"  {name} has {', '.join(self._column_names(name))}" for name in known)])
        return message

    def _column_names(self, name: str) -> list[str]:
        if name in EVENTS:
            return [column.name for column in self._columns(name)]
        names: list[str] = self._connection.table(name).columns
        return names


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
    from townlet.asking.many_runs import opened

    with contextlib.closing(Session(opened(runs), at, from_tick=from_tick)) as session:
        return session.query(text)


def _persons_in(columns: Mapping[str, pa.Array]) -> int:
    """One more than the greatest number of a person in columns of the log."""
    spoken_of = [np.asarray(columns[name]) for name in ("agent", "other") if name in columns]
    return 1 + max((int(numbers.max(initial=-1)) for numbers in spoken_of), default=-1)
