"""The one door for SQL: the text of a query, the tables it is asked over, and its limits give an answer.

Every query that a user gives goes through here: of commands, Python, many runs, key figures, rules, the observer. A
query is read before it is run, so what does more than read is refused (`townlet.asking.permitted`). Should that miss
something, it is run in a read-only transaction, in a database without files, by a cursor that ends with it. Nothing
is kept between two calls, so the function can be called in another process too.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from townlet.asking.database import UNLIMITED, Limits, database
from townlet.asking.information import statement_of
from townlet.asking.permitted import read

BATCH_ROWS: Final = 8192
"""How many rows of a bounded answer are fetched at a time."""


class Tables(NamedTuple):
    """What a query is asked over: tables by name, and statements that make views over them, in their order."""

    registered: dict[str, pa.Table]
    made: list[str]


def answer(
    text: str,
    tables: Tables,
    limits: Limits = UNLIMITED,
    *,
    begun: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
) -> pa.Table:
    """The answer to one query over these tables, its columns with names that differ.

    `begun` is called with the connection before the query runs: its `interrupt` ends the query from another thread.
    Raises QueryError for a text that does more than read, duckdb.Error for what DuckDB cannot answer.
    """
    statement = statement_of(read(text))
    try:
        return _answer_over(tables, statement, limits, begun)
    except (duckdb.FatalException, duckdb.InternalException):
        database.cache_clear()  # after a fault of its own DuckDB answers nothing more; the next query begins another
        raise


def _answer_over(
    tables: Tables, statement: str, limits: Limits, begun: Callable[[duckdb.DuckDBPyConnection], None] | None
) -> pa.Table:
    with database(os.getpid(), limits).cursor() as connection:
        for name, table in tables.registered.items():
            connection.register(name, table)
        for made in tables.made:
            connection.execute(made)
        if begun is not None:
            begun(connection)
        connection.execute("begin transaction read only")
        return with_different_names(_answer(connection, statement, limits.rows))


def _answer(connection: duckdb.DuckDBPyConnection, statement: str, rows: int | None) -> pa.Table:
    """The answer, worked out in a thread: DuckDB itself would not hear an interruption before it has one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        pending = thread.submit(_table_of, connection, statement, rows)
        try:
            return pending.result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise


def _table_of(connection: duckdb.DuckDBPyConnection, statement: str, rows: int | None) -> pa.Table:
    """The answer, or its first rows: the rest is then not worked out where DuckDB can do without it."""
    relation = connection.sql(statement)
    if not rows:
        return (relation if rows is None else relation.limit(0)).to_arrow_table()
    left, batches = rows, []
    with relation.to_arrow_reader(BATCH_ROWS) as reader:
        schema = reader.schema
        while left > 0 and (batch := next(reader, None)) is not None:
            batches.append(batch.slice(0, left))
            left -= batch.num_rows
    return pa.Table.from_batches(batches, schema)


def with_different_names(table: pa.Table) -> pa.Table:
    """The table with every column: the second and further ones called `name` are `name_1`, `name_2` and so on."""
    given = table.column_names
    if len(set(given)) == len(given):
        return table
    names: list[str] = []
    for name in given:
        number, chosen = 0, name
        while chosen in names or (number and chosen in given):
            number += 1
            chosen = f"{name}_{number}"
        names.append(chosen)
    return table.rename_columns(names)
