"""SQL over a run as of a tick: events, a view per kind, the town's tables, tie changes and what sums them up.

A query is read before it is answered, so that only what it names is made: which tables, and which columns of the log.
Answers are Arrow tables; nothing is written, and SQL reaches no file. All that is held in memory is the columns of the
log that were asked for, 44 bytes an event at most, and the tables below.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from eventlog.arrow import SCHEMA
from eventlog.catalogue import KINDS
from eventlog.catalogue.life import AgentArrived, AgentExited
from eventlog.reader import LogReader
from eventlog.views import (
    KIND_BY_NAME,
    PHYSICAL,
    Names,
    ViewColumn,
    event_columns,
    events_sql,
    kind_columns,
    names_somebody,
    names_sql,
    needs,
    view_sql,
)
from projections.state import CLASSES
from townlet.configuration.load import names_table
from townlet.errors import QueryError, TickOutOfRange
from townlet.summaries import SUMMARIES, Summaries
from townlet.views import names_of

if TYPE_CHECKING:
    from townlet.run import Moment, Run

TABLES: Final = {
    "events": "everything that happened, of all kinds",
    "agents": "who lives in the town, and how they are",
    "ties": "what each thinks of others",
    "tie_changes": "every change of a tie with its cause, adding up to its value",
    "objects": "the places, who uses them, what they hold",
    "queues": "who waits where, in order",
    "shifts": "jobs, hours, attendance",
    "places": "the places of the map",
    "persons": "everybody who ever lived here",
    **{name: meaning for name, (meaning, _) in SUMMARIES.items()},
}
"""The tables and what they say, besides a view for each kind of event."""

KNOWN: Final = (*TABLES, *KIND_BY_NAME)

CONFIGURATION: Final[dict[str, str | bool | int | float | list[str]]] = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
}


class Session:
    """Queries over a run as of a tick. Close it, or use `contextlib.closing`."""

    def __init__(self, run: "Run", at: int | None = None) -> None:
        """Of the events before tick `at`, and of the town at it (None: now). Raises TickOutOfRange, LogDamaged."""
        log = run.log
        self.tick = log.head.tick if at is None else at
        if not 0 <= self.tick <= log.head.tick:
            raise TickOutOfRange(run.place, self.tick, log.head.tick)
        self._run = run
        self._events = _Events(log, self.tick)
        self._connection = duckdb.connect(config=CONFIGURATION)
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")
        self._made: set[str] = set()

    def query(self, text: str) -> pa.Table:
        """The answer to one query. Raises QueryError for one that cannot be answered, LogDamaged."""
        if re.fullmatch(r"\s*show\s+(all\s+)?tables\s*;?\s*", text, re.IGNORECASE):
            return self.tables()
        try:
            self._require_query(text)
            asked = _asked(self._connection, text)
            self._make(asked)
            try:
                return self._answer(text)
            except duckdb.BinderException:
                if asked.columns is None:
                    raise
                self._make(asked._replace(columns=None))
                return self._answer(text)
        except duckdb.Error as error:
            raise QueryError(self._explained(error, text)) from error

    def tables(self) -> pa.Table:
        """What there is to query: `table` and its `meaning`; `describe <table>` tells its columns."""
        meanings = {**TABLES, **{name: " ".join((kind.__doc__ or "").split()) for name, kind in KIND_BY_NAME.items()}}
        return pa.table({"table": list(meanings), "meaning": list(meanings.values())})

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()

    @cached_property
    def _moment(self) -> "Moment":
        return self._run.at(self.tick)

    @cached_property
    def _summaries(self) -> Summaries:
        return Summaries(self._moment)

    @cached_property
    def _side(self) -> int:
        return CLASSES[self._run.config.town.capacity].side

    @cached_property
    def _names(self) -> Names:
        return names_of(self._run.config, self._side, self._events.arrivals)

    def _require_query(self, text: str) -> None:
        """One query that only reads."""
        statements = self._connection.extract_statements(text)
        kinds = duckdb.StatementType
        if len(statements) != 1:
            raise QueryError(f"one query at a time: these are {len(statements)}")
        if statements[0].type not in (kinds.SELECT, kinds.EXPLAIN, kinds.MULTI):  # MULTI: a pivot
            raise QueryError(f"a run is only read: {statements[0].type.name.lower()} cannot be done. Next: select ...")

    def _make(self, asked: "_Asked") -> None:
        """Register the tables and views that a query names."""
        columns = {name: self._columns(name) for name in asked.tables if name == "events" or name in KIND_BY_NAME}
        if columns:
            self._make_views(columns, asked.columns)
        for name in asked.tables:
            if name in TABLES and name != "events" and name not in self._made:
                self._connection.register(name, self._table(name))
                self._made.add(name)

    def _columns(self, name: str) -> tuple[ViewColumn, ...]:
        return event_columns(self._side) if name == "events" else kind_columns(KIND_BY_NAME[name], self._side)

    def _make_views(self, views: dict[str, tuple[ViewColumn, ...]], wanted: Collection[str] | None) -> None:
        """Register the columns of the log that the views read, and the views over them."""
        read = {need for columns in views.values() for need in needs(columns, wanted)}
        self._connection.register(PHYSICAL, self._events.table(read | {"kind"}))
        if "names" not in self._made and any(names_somebody(columns, wanted) for columns in views.values()):
            for statement in names_sql(self._names):
                self._connection.execute(statement)
            self._made.add("names")
        for name in views:
            kind = KIND_BY_NAME.get(name)
            sql = view_sql(kind, self._side, wanted) if kind else events_sql(self._side, wanted)
            self._connection.execute(sql)

    def _table(self, name: str) -> pa.Table:
        if name == "persons":
            return self._events.persons(lambda persons: names_table(self._run.config, persons))
        if name == "tie_changes":
            from townlet.derived import tie_changes

            return tie_changes(self._run, self.tick)
        if name in SUMMARIES:
            return self._summaries.table(name)
        return self._moment.table(name)

    def _answer(self, text: str) -> pa.Table:
        return self._connection.sql(text).to_arrow_table()

    def _explained(self, error: duckdb.Error, text: str) -> str:
        """DuckDB's own message, and what there is instead."""
        message = str(error)
        if found := re.search(r"Table with name (\S+) does not exist", message):
            near = get_close_matches(found[1].lower(), KNOWN, 3)
            asked = f"did you mean {' or '.join(near)}? " if near else ""
            listed = f"There are {', '.join(TABLES)}, and a view of each kind of event: show tables"
            return f"there is no table {found[1]}; {asked}{listed}"
        if isinstance(error, duckdb.BinderException):
            named = [name for name in _words_of(text) if name in KNOWN]
            return "\n".join([message, *(f"  {name} has {', '.join(self._column_names(name))}" for name in named)])
        return message

    def _column_names(self, name: str) -> list[str]:
        if name == "events" or name in KIND_BY_NAME:
            return [column.name for column in self._columns(name)]
        names: list[str] = self._connection.table(name).columns
        return names


class _Events:
    """The columns of the events before a tick, each read from the log when it is first asked for."""

    def __init__(self, log: LogReader, to_tick: int) -> None:
        self._log = log
        self._to_tick = to_tick
        self._columns: dict[str, pa.Array] = {}

    @cached_property
    def _batches(self) -> list[pa.RecordBatch]:
        return list(self._log.batches(to_tick=self._to_tick))

    @cached_property
    def arrivals(self) -> np.ndarray:
        """The numbers of all who ever arrived, in order."""
        return self._of(AgentArrived.kind, "agent")

    def table(self, names: Collection[str]) -> pa.Table:
        """The events with these columns."""
        return pa.table({name: self._column(name) for name in sorted(names)})

    def persons(self, named: Callable[[np.ndarray], np.ndarray]) -> pa.Table:
        """Everybody who ever lived in the town: `id, name, arrived, left` (NULL: still there)."""
        left = dict(zip(*(self._of(AgentExited.kind, name).tolist() for name in ("agent", "tick")), strict=True))
        return pa.table(
            {
                "id": pa.array(self.arrivals, pa.int64()),
                "name": pa.array(named(self.arrivals), pa.string()),
                "arrived": pa.array(self._of(AgentArrived.kind, "tick"), pa.int64()),
                "left": pa.array([left.get(person) for person in self.arrivals.tolist()], pa.int64()),
            }
        )

    def _of(self, kind: int, name: str) -> np.ndarray:
        """A column of the events of one kind."""
        values, kinds = np.asarray(self._column(name)), np.asarray(self._column("kind"))
        chosen: np.ndarray = values[kinds == kind]
        return chosen

    def _column(self, name: str) -> pa.Array:
        if name not in self._columns:
            self._columns[name] = self._kind_names() if name == "kind_name" else self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> pa.Array:
        parts = [batch.column(name) for batch in self._batches]
        if not parts:
            return pa.array([], SCHEMA.field(name).type)
        if name == "note":
            return pa.concat_arrays(parts)
        return pa.array(np.concatenate([part.to_numpy() for part in parts]))

    def _kind_names(self) -> pa.Array:
        """The kinds by name, as codes of a dictionary: grouped and compared without their text."""
        place = np.full(2**16, len(KINDS), np.uint8)
        place[[kind.kind for kind in KINDS]] = np.arange(len(KINDS), dtype=np.uint8)
        names = [*KIND_BY_NAME, "unknown"]
        return pa.DictionaryArray.from_arrays(place.take(np.asarray(self._column("kind"))), names)


class _Asked(NamedTuple):
    """What a query names: tables of ours, and the columns it may use (None: any)."""

    tables: tuple[str, ...]
    columns: frozenset[str] | None


def _asked(connection: duckdb.DuckDBPyConnection, text: str) -> _Asked:
    """What a query names, from its syntax tree; where there is none (explain, pivot), from its words."""
    ((serialized,),) = connection.execute("select json_serialize_sql(?)", [text]).fetchall()
    tree = json.loads(serialized)
    if tree.get("error", True):
        return _Asked(tuple(name for name in _words_of(text) if name in KNOWN), None)
    nodes = list(_nodes(tree))
    named = {str(node["table_name"]).lower() for node in nodes if node.get("type") == "BASE_TABLE"}
    words = {str(value).lower() for node in nodes for value in _texts(node)}
    wide = any(node.get("type") in ("STAR", "SHOW_REF") or node.get("ref_type") == "NATURAL" for node in nodes)
    wide |= any(node.get("column_name_alias") for node in nodes)
    whole = named | {str(node["alias"]).lower() for node in nodes if "table_name" in node and node.get("alias")}
    for node in nodes:
        column = node.get("column_names", ())
        wide |= len(column) == 1 and column[0].lower() in whole  # a whole row: select e from events e
    return _Asked(tuple(name for name in KNOWN if name in named), None if wide else frozenset(words))


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every node of a syntax tree."""
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(part)


def _texts(node: dict[str, Any]) -> Iterator[str]:
    """The texts of one node: names, aliases, words."""
    for value in node.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each


def _words_of(text: str) -> list[str]:
    """The words of a query, each once, in order."""
    return list(dict.fromkeys(re.findall(r"[a-z_0-9]+", text.lower())))
