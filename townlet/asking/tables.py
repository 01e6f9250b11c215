"""The one list of tables that SQL has: over one run and over many, for `show tables`, documents, completion and more.

Each is declared under `townlet.asking.declared`: its name, meaning, columns, scope, and how it is made.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from eventlog.catalogue import KINDS
from townlet.asking.declared import figures, ties, town
from townlet.asking.declared.table import RUN, TIMED, UNSETTLED, Column, EventView, Scope, Table

Listed = Table | EventView

_LISTED: Final[tuple[Listed, ...]] = (
    EventView(None),
    town.AGENTS,
    ties.TIES,
    ties.TIE_CHANGES,
    ties.NEWS,
    figures.NARRATIONS,
    figures.REWARDS,
    figures.DECISIONS,
    town.OBJECTS,
    town.QUEUES,
    town.SHIFTS,
    town.PLACES,
    town.PERSONS,
    figures.DAYS,
    figures.KPIS,
    figures.KPI_DAYS,
    ties.CHURN,
    ties.CHURN_WINDOWS,
    ties.BONDS,
    ties.SOCIETY,
    ties.NETWORK,
    ties.COMMUNITIES,
    *map(EventView, KINDS),
)

TABLES: Final[Mapping[str, Listed]] = MappingProxyType({table.name: table for table in _LISTED})
"""Every table and view by its name."""


def names(wanted: Callable[[Listed], bool]) -> tuple[str, ...]:
    """The names of the tables for which `wanted` holds, in the order of the list."""
    return tuple(name for name, table in TABLES.items() if wanted(table))


TIMED_TABLES: Final = frozenset(names(lambda table: table.scope in TIMED))
"""The tables of which only the ticks that a query asks for are made."""

UNSETTLED_TABLES: Final = frozenset(names(lambda table: table.scope in UNSETTLED))
"""The tables whose rows say something else at a later tick."""


def is_kind(table: Listed) -> bool:
    """Whether this is the view of one kind of event."""
    return isinstance(table, EventView) and table.kind is not None


def columns_of(name: str, *, many: bool = False) -> tuple[Column, ...]:
    """The columns of a table for one run, or for `many`: then the first says which run it is."""
    columns = TABLES[name].columns
    return (RUN, *columns) if many else columns


READ_ONLY: Final = (
    "## What a query may do",
    "",
    "A run is only read. A query is one statement of at most 100,000 bytes, with brackets nested at most 100 deep:",
    "`select`, `from`, `with`, `values`, `union` and its like, `pivot`, `unpivot`, `summarize`, `describe`, `show",
    "tables`, or `explain` (also `explain analyze`) of these. Townlet reads the syntax tree of a query before DuckDB",
    "runs it, and refuses whatever is not on its list, also inside `with` and `explain`: whatever writes or changes",
    "something, and whatever reads a file, an address, a setting, an environment variable or a variable of Python.",
    "Functions that may stand where a table stands are `range`, `generate_series`, `generate_subscripts`, `unnest`,",
    "`repeat`, `repeat_row`, `json_each`, `json_tree`, `duckdb_functions`, `duckdb_keywords`. A parameter (`?`,",
    "`$name`) cannot be used. A query runs in a read-only transaction in memory; it writes nothing to the disk, and",
    "no other query sees what it made.",
    "",
    "Columns that would be called alike are `name`, `name_1`, `name_2`. As JSON, numbers are JSON numbers: a whole",
    "number is written in full (`sum(seq)` can exceed 2^53, above which some JSON readers round), and a decimal as",
    "the nearest number (`1.50` is `1.5`). CSV has decimals with all their places.",
)
"""What docs/tables.md says of queries."""


def document() -> str:
    """docs/tables.md: every table with its columns."""
    lines = [
        "# Tables",
        "",
        "Generated from the list of tables (`townlet/asking/tables.py`) by `make docs`.",
        "",
        "What `townlet sql` can ask. Over many runs every table begins with a column `run`, the name of the run's",
        "folder. Ticks are minutes since the founding; a table as of the tick shows the moment before it. In SQL:",
        "`show tables`, `describe agents`, or `information_schema.tables` and `information_schema.columns`.",
        "",
        *READ_ONLY,
        "",
        "## Tables of a run",
        "",
        "| table | meaning | tells of |",
        "|---|---|---|",
    ]
    listed = [TABLES[name] for name in names(lambda table: not is_kind(table))]
    lines += [f"| [`{each.name}`](#{each.name}) | {_cell(each.meaning)} | {each.scope} |" for each in listed]
    lines += [f"| [a view of each kind of event](#kinds-of-events) | What happened, by kind. | {Scope.EVENTS} |"]
    for each in listed:
        lines += ["", f"## {each.name}", "", f"{each.meaning} Tells of {each.scope}.", "", *_columns_listed(each)]
    lines += ["", "## Kinds of events", "", "Each is a view. [Events](events.md) says more of every field."]
    for name in names(is_kind):
        lines += ["", f"### {name}", "", TABLES[name].meaning, "", *_columns_listed(TABLES[name])]
    return "\n".join(lines) + "\n"


def _columns_listed(table: Listed) -> Iterator[str]:
    yield from ("| column | type | meaning | NULL |", "|---|---|---|---|")
    for column in table.columns:
        yield f"| `{column.name}` | {column.type} | {_cell(column.meaning)} | {_cell(column.null)} |"


def _cell(text: str) -> str:
    """Text that stays within a cell of a Markdown table."""
    return text.replace("|", "\\|")
