"""Exports a run as a self-contained DuckDB database (views of its events, and its tables), as CSV, and for Parquet.

The table `log` holds the events as rows. The view `events` and a view for each kind show them as `townlet sql` does,
with names of persons and places. `agents`, `ties`, `objects`, `queues`, `shifts`, `places`, `persons` and `tie_changes`
are as of the last tick. `townlet_export` describes the export, key by key, with the digests of the log and of each
table.
"""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventlog.catalogue import KIND_NAMES
from eventlog.errors import EventLogError
from eventlog.format import parquet
from eventlog.format.arrow import SCHEMA, from_batch, notes_of
from eventlog.places import in_utf8
from eventlog.views import PHYSICAL, names_sql
from projections.record.state import CLASSES
from townlet.asking.declared.table import EventView, Table
from townlet.asking.sql import Session
from townlet.asking.tables import TABLES, names
from townlet.errors import TownletError
from townlet.history.name_books import view_names
from townlet.keeping.extent import Extent, sealed_description, unsealed_description

if TYPE_CHECKING:
    from townlet.history.history import History

MAGIC: Final = b"DUCK"
"""The bytes at offset 8 of a DuckDB database."""

LOG: Final = "log"
TABLES_EXPORTED: Final = names(lambda table: isinstance(table, Table) and table.exported)
"""The tables that come along, as of the last tick."""

DESCRIPTION: Final = "townlet_export"
NAMES: Final = "townlet_names"
BATCH_EVENTS: Final = 1 << 16

_LISTED = ("persons", "places", "affordances", "jobs")
_OPTIONS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": "false",
    "threads": 1,  # with more threads, a join over Arrow gives its rows in any order
}


class Database:
    """An exported database, open for reading; `with open_database(path)` closes it. Its methods raise ValueError."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        rows = connection.execute(f"select key, value from {DESCRIPTION}").fetchall()
        description = {key: json.loads(value) for key, value in rows}
        self.extent, more = unsealed_description(description, "tables", "rows_digest")
        self.tables: dict[str, str] = more["tables"]
        self.rows_digest: str = more["rows_digest"]
        named = set(self.tables) if isinstance(self.tables, dict) else None
        if named != {*TABLES_EXPORTED, NAMES} or not isinstance(self.rows_digest, str):
            raise ValueError("its description does not say which tables it has")

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The events in the order they were written, as batches of the log's schema."""
        columns = ", ".join(f'"{name}"' for name in SCHEMA.names)
        found = self._connection.sql(f"select {columns} from {LOG}").to_arrow_reader(BATCH_EVENTS)
        for batch in found:
            yield from pa.Table.from_batches([batch]).cast(SCHEMA).combine_chunks().to_batches()

    def wrong_tables(self) -> list[str]:
        """The names of tables that are missing or differ from the digests in the description."""
        return [name for name, said in self.tables.items() if _digest_of(self._connection, name) != said]


@contextlib.contextmanager
def open_database(path: Path) -> Iterator[Database]:
    """A context with the database in a file. Errors of DuckDB or Arrow inside it raise ValueError."""
    try:
        with duckdb.connect(str(path.absolute()), read_only=True, config=_OPTIONS) as connection:
            connection.execute("set enable_external_access = false")
            yield Database(connection)
    except (duckdb.Error, pa.ArrowException, TypeError, RecursionError) as error:
        raise ValueError(str(error).partition("\n")[0]) from error


def write(run: "History", extent: Extent, path: Path) -> None:
    """Write the database to `path`. Raises LogDamaged, TownletError if DuckDB cannot write it."""
    with _words_of_duckdb(path), duckdb.connect(_in_duckdb(path), config=_OPTIONS) as connection:
        town = _Town(run, extent)
        with _Incoming(connection, run, extent) as incoming:
            connection.execute(f"create table {LOG} as select * from incoming")
        _make_views(connection, town, "create view")
        for name, table in town.tables.items():
            connection.register("incoming", table)
            connection.execute(f"create table {name} as select * from incoming")
            connection.unregister("incoming")
        digests = {name: _digest_of(connection, name) for name in (*TABLES_EXPORTED, NAMES)}
        description = sealed_description(extent, tables=digests, rows_digest=incoming.digest())
        connection.execute(f"create table {DESCRIPTION} (key varchar primary key, value json)")
        pairs = [[key, json.dumps(value)] for key, value in description.items()]
        connection.executemany(f"insert into {DESCRIPTION} values (?, ?)", pairs)


def write_csv(run: "History", extent: Extent, path: Path) -> None:
    """Write the view `events` to one CSV file with a header; NULL is empty. Raises LogDamaged, TownletError."""
    with _words_of_duckdb(path), duckdb.connect(config=_OPTIONS) as connection:
        town = _Town(run, extent, tables=("persons",))
        quoted = _in_duckdb(path).replace("'", "''")
        with _Incoming(connection, run, extent):
            connection.execute(f"create temp view {LOG} as select * from incoming")
            _make_views(connection, town, "create temp view")
            connection.execute(f"copy (select * from events) to '{quoted}' (format csv, header)")


@contextlib.contextmanager
def layout_of_events(run: "History", extent: Extent, path: Path) -> Iterator[parquet.Layout]:
    """The layout of a Parquet file with the columns of the view `events`, for the events of an extent."""
    with _words_of_duckdb(path), duckdb.connect(config=_OPTIONS) as connection:

        def laid_out(batch: pa.RecordBatch) -> pa.RecordBatch:
            connection.register("incoming", pa.Table.from_batches([batch]))
            (shown,) = connection.sql("select * from events").to_arrow_table().combine_chunks().to_batches()
            return shown

        connection.register("incoming", SCHEMA.empty_table())
        connection.execute(f"create temp view {LOG} as select * from incoming")
        _make_views(connection, _Town(run, extent, tables=("persons",)), "create temp view")
        yield parquet.Layout(connection.sql("select * from events").to_arrow_table().schema, laid_out)


def stored_batch(events: pa.Table) -> pa.RecordBatch:
    """The events as the log holds them, from a table with the columns of the view `events`.

    Raises `pa.ArrowException`, KeyError for a column that is missing.
    """
    seq, cause = events.column("seq"), events.column("cause")
    stored = {
        **{name: events.column(f"{name}_id") for name in ("kind", "agent", "other", "object")},
        "tile": _tile_or_third(events),
        "cause": pc.subtract(seq, pc.coalesce(cause, seq)),
    }
    columns = []
    for field in SCHEMA:
        column = stored.get(field.name)
        column = events.column(field.name) if column is None else column
        if field.name != "note":
            column = pc.fill_null(column, float("nan") if pa.types.is_floating(field.type) else -1)
        columns.append(column.cast(field.type))
    return parquet.batch_from(pa.Table.from_arrays(columns, schema=SCHEMA))


def _tile_or_third(events: pa.Table) -> pa.ChunkedArray:
    """The log's column `tile`; exports from before there was a third person have no column of it."""
    tile = events.column("tile")
    return pc.coalesce(tile, events.column("third_id")) if "third_id" in events.column_names else tile


def _in_duckdb(path: Path) -> str:
    """The path as DuckDB takes it: absolute, since `:memory:` alone would be no file. Raises TownletError."""
    text = str(path.absolute())
    if text != in_utf8(text):
        raise TownletError(
            f"DuckDB cannot write to {in_utf8(text)}, whose name is not UTF-8.\n"
            f"  Next: --into names another place; --format parquet writes here, too"
        )
    return text


class _Town:
    """The tables and names that an export is made of."""

    def __init__(self, run: "History", extent: Extent, tables: tuple[str, ...] = TABLES_EXPORTED) -> None:
        with contextlib.closing(Session(run, at=extent.to_tick)) as session:
            self.tables: Mapping[str, pa.Table] = {name: session.query(f"select * from {name}") for name in tables}
        self.side = CLASSES[run.config.town.capacity].side
        self.names = view_names(run.config, self.side, self.tables["persons"].column("id").to_numpy())


class _Incoming:
    """A context manager: inside it, the table `incoming` has the events of an extent, in their present versions.

    The table can be read once. An error while the log is read is raised at the end unchanged, not as an error of
    DuckDB.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, run: "History", extent: Extent) -> None:
        self._chain, self._extent, self._log = extent.chain(), extent, run.log
        self._connection = connection
        self._fault: EventLogError | None = None

    def __enter__(self) -> Self:
        self._connection.register("incoming", pa.RecordBatchReader.from_batches(SCHEMA, self._batches()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._fault is not None:
            raise self._fault
        self._connection.unregister("incoming")
        if kind is None and self._chain.seq != self._extent.next_seq:
            raise TownletError(f"only the events before {self._chain.seq:,} were read, of {self._extent.next_seq:,}")

    def digest(self) -> str:
        """The digest after the last event that was read, in hex."""
        return self._chain.digest().hex()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._log.batches(self._extent.from_seq, self._extent.next_seq):
                self._chain.extend(from_batch(batch), notes_of(batch))
                yield batch
        except EventLogError as error:
            self._fault = error
            raise


def _make_views(connection: duckdb.DuckDBPyConnection, town: _Town, create: str) -> None:
    """Make the views of events over `log` with the SQL words `create`. Names are in a table, not in variables."""
    for statement in names_sql(town.names):
        connection.execute(statement)
    listed = ", ".join(f"getvariable('{name}') as {name}" for name in _LISTED)
    kinds = [KIND_NAMES.get(code, "unknown") for code in range(max(KIND_NAMES) + 1)]
    connection.execute(f"create table {NAMES} as select {listed}, ?::varchar[] as kinds", [kinds])
    named = f"coalesce((select kinds from {NAMES})[kind + 1], 'unknown')"
    connection.execute(f"{create} {PHYSICAL} as select *, {named} as kind_name from {LOG}")
    for view in (table for table in TABLES.values() if isinstance(table, EventView)):
        sql = view.sql(town.side, None)
        for name in _LISTED:
            sql = sql.replace(f"getvariable('{name}')", f"(select {name} from {NAMES})")
        connection.execute(sql.replace("create or replace temp view", create))


def _digest_of(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """The sha256 of a table, in hex, over each column's name, NULLs and values; "" if there is no such table."""
    ((there,),) = connection.execute("select count(*) from duckdb_tables() where table_name = ?", [name]).fetchall()
    if not there:
        return ""
    digest = hashlib.sha256()
    table = connection.sql(f'select * from "{name}"').to_arrow_table()
    for column in table.column_names:
        digest.update(column.encode() + b"\0")
        _take(digest, table.column(column).combine_chunks())
    return digest.hexdigest()


def _take(digest: Any, column: pa.Array) -> None:
    """Add the values of a column to a digest: integers as i64, floats as f64, texts as UTF-8, whatever their width."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind = column.type
    digest.update(len(column).to_bytes(8, "little") + np.asarray(column.is_null()).tobytes())
    if pa.types.is_list(kind):
        _take(digest, pc.list_value_length(column))
        _take(digest, column.flatten())
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        digest.update(np.asarray(pc.fill_null(column, False if pa.types.is_boolean(kind) else 0), "<i8").tobytes())
    elif pa.types.is_floating(kind):
        digest.update(np.asarray(pc.fill_null(column, 0.0), "<f8").tobytes())
    else:
        words = [word.encode() for word in pc.fill_null(pc.cast(column, pa.string()), "").to_pylist()]
        digest.update(np.array([len(word) for word in words], "<i8").tobytes() + b"".join(words))


@contextlib.contextmanager
def _words_of_duckdb(path: Path) -> Iterator[None]:
    """A context in which errors of DuckDB are raised as TownletError."""
    try:
        yield
    except duckdb.Error as error:
        raise TownletError(f"{path} cannot be written: {error}") from error
