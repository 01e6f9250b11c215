"""DuckDB as it is opened for SQL: it reads no file, writes none, loads nothing, and its settings cannot be changed."""

from functools import cache
from typing import Final, NamedTuple

import duckdb

CONFIGURATION: Final[dict[str, str | bool | int | float | list[str]]] = {
    "python_enable_replacements": "false",
    "python_scan_all_frames": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}

CLOSED: Final = (
    "set temp_directory = ''",
    "set enable_external_access = false",
    "set disabled_filesystems = 'LocalFileSystem'",
    "set lock_configuration = true",
)
"""The statements that close a database off from its surroundings; the last one forbids to open it again."""


class Limits(NamedTuple):
    """What a query may take: memory in bytes, threads, and milliseconds; None is DuckDB's own limit.

    Of an answer with more than `rows` rows, the first ones are taken; None: all are.
    """

    memory_bytes: int | None = None
    threads: int | None = None
    time_ms: int | None = None
    rows: int | None = None


UNLIMITED: Final = Limits()


@cache
def database(process: int, limits: Limits) -> duckdb.DuckDBPyConnection:
    """DuckDB, begun once in a process, which takes longer than most queries; a child of that process begins its own.

    Each query has a cursor of its own. What it registers, its views and its variables are that cursor's alone.
    """
    connection = duckdb.connect(config=CONFIGURATION)
    if limits.memory_bytes is not None:
        connection.execute(f"set memory_limit = '{limits.memory_bytes}B'")
    if limits.threads is not None:
        connection.execute(f"set threads = {limits.threads}")
    if limits.time_ms is not None:
        connection.execute(f"set global max_execution_time = {limits.time_ms}")
    for statement in CLOSED:
        connection.execute(statement)
    return connection
