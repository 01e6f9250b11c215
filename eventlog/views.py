"""Makes the SQL views, JSON Schema and documentation of events from the catalogue.

Every view and table has the same columns for a field: `<field>` is a name or a word, and `<field>_id` the number of the
person, place or job.

* persons, places, jobs and kinds: `<field>` is the name, `<field>_id` the number;
* codes of a registry (reason, item, option, ...): the registered word;
* a tile: `tile` is its number, `row` and `col` its position;
* a third person, which the log keeps in the column `tile`: in the view `events` it is `third`, and `tile` is NULL;
* `cause` is the seq of the event that led to this one;
* a missing value (-1, NaN, cause 0) is NULL.

The SQL is text; this module does not import DuckDB. It reads the log's columns from the table `PHYSICAL`, which also
has `kind_name`, the kind's name in snake case. The names of persons, places, jobs and affordances are DuckDB variables,
set by `names_sql`. A view has only the columns that a query wants, so only these columns of the log are read.

With many runs every view begins with the column `run`, and `PHYSICAL` has `run` and `run_number` (from 0). The names of
all runs are in one list, the same number for each run, so `run_number` finds the names of its own run.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from eventlog.catalogue import FAMILIES, KINDS, REGISTRIES, THIRD_PERSON
from eventlog.catalogue.event import COLUMNS, Event, EventField

PHYSICAL: Final = "_log"
"""The table that views read: the log's columns and `kind_name`."""

KIND_BY_NAME: Final = {kind.snake(): kind for kind in KINDS}
"""The kinds by the names of their views, in snake case."""

_LISTED = {"person": "persons", "object": "places", "affordance": "affordances", "job": "jobs"}
_NUMBERED = ("person", "object", "job")
WORDS_MOST: Final = 9
"""How many words of a registry the meaning of a column lists."""

_NULLS = {"person": "nobody", "object": "no place", "tile": "nowhere"}
"""What a missing field means, by what it holds."""

_PHYSICAL_FIELDS = {
    "agent": ("person", "who acted"),
    "other": ("person", "to whom, or with whom"),
    "object": ("object", "the place it happened at"),
    "tile": ("tile", "where on the map"),
    "code": ("count", "its meaning depends on the kind"),
    "code2": ("count", "its meaning depends on the kind"),
    "value": ("number", "its unit depends on the kind"),
    "value2": ("number", "its unit depends on the kind"),
}
assert tuple(_PHYSICAL_FIELDS) == COLUMNS

_THREE = f"kind in ({', '.join(map(str, sorted(THIRD_PERSON)))})"
_TILE_SQL = f"(case when {_THREE} then -1 else tile end)"
_THIRD_SQL = f"(case when {_THREE} then tile else -1 end)"
"""What the view `events` shows as a tile and as a third person."""


class Names(NamedTuple):
    """The names that a run uses, by number; None for a number without a person. `side` is the map's width in tiles."""

    side: int
    persons: Sequence[str | None]
    places: Sequence[str]
    jobs: Sequence[str]
    affordances: Sequence[str]


class ViewColumn(NamedTuple):
    """A column of a view: name, SQL type, SQL expression, the columns of the log that it reads, meaning, and what NULL
    means ("": it is never NULL)."""

    name: str
    type: str
    sql: str
    needs: tuple[str, ...]
    meaning: str = ""
    null: str = ""


def names_sql(names: Names) -> Iterator[str]:
    """The SQL statements that set the names of a run in DuckDB; they come before its views."""
    for variable in _LISTED.values():
        listed = getattr(names, variable)
        yield f"set variable {variable} = {_list(listed)}"


def names_of_many_sql(runs: Sequence[Names]) -> Iterator[str]:
    """The SQL statements that set the names of many runs in DuckDB, by `run_number`; they come before the views.

    Each run has the same number of entries in a list: first NULL, for number -1, then its names, then NULLs.
    """
    yield f"set variable sides = [{', '.join(str(names.side) for names in runs)}]::integer[]"
    for variable in _LISTED.values():
        listed: list[Sequence[str | None]] = [getattr(names, variable) for names in runs]
        each = max(map(len, listed), default=0) + 1
        padded = [word for words in listed for word in (None, *words, *[None] * (each - 1 - len(words)))]
        yield f"set variable {variable} = {_list(padded)}"
        yield f"set variable {variable}_each = {each}::bigint"


def view_sql(kind: type[Event], side: int | None, wanted: Collection[str] | None = None) -> str:
    """The SQL that creates the view of a kind over `PHYSICAL` with the wanted columns (None: all).

    `side` is the map's width in tiles, None for many runs. If `names_somebody`, run the statements of `names_sql` or
    `names_of_many_sql` first.
    """
    return f"{_view(kind.snake(), kind_columns(kind, side), wanted)} where kind = {kind.kind}"


def events_sql(side: int | None, wanted: Collection[str] | None = None) -> str:
    """The SQL that creates the view of all events over `PHYSICAL` with the wanted columns (None: all)."""
    return _view("events", event_columns(side), wanted)


def names_somebody(columns: Sequence[ViewColumn], wanted: Collection[str] | None) -> bool:
    """Whether the wanted columns of a view show names, which `names_sql` sets."""
    return any("getvariable" in column.sql for column in columns if wanted is None or column.name in wanted)


@cache
def kind_columns(kind: type[Event], side: int | None = 64) -> tuple[ViewColumn, ...]:
    """The columns of a kind's view, for a map `side` tiles wide; None: for many runs."""
    fields = sorted(kind.slots(), key=lambda field: list(kind.model_fields).index(field.name))
    return (*_when(side), *(column for field in fields for column in _columns_of(field, side)), _cause(kind.cause))


@cache
def event_columns(side: int | None = 64) -> tuple[ViewColumn, ...]:
    """The columns of the view `events`, for a map `side` tiles wide; None: for many runs."""
    fields = [EventField(name, name, what, "", meaning, True) for name, (what, meaning) in _PHYSICAL_FIELDS.items()]
    kind = ViewColumn("kind", "VARCHAR", "kind_name", ("kind_name",), "name of the kind")
    kind_id = ViewColumn("kind_id", "INTEGER", "kind::integer", ("kind",), "number of the kind")
    note = ViewColumn("note", "VARCHAR", "note", ("note",), "the event's note", "none")
    third = EventField("third", "tile", "person", "", "who else it tells of", True)
    columns: list[ViewColumn] = []
    for field in fields:
        columns += (
            _columns_of(field, side, _TILE_SQL, ("tile", "kind")) if field.what == "tile" else _columns_of(field, side)
        )
    columns += _columns_of(third, side, _THIRD_SQL, ("tile", "kind"))
    return (*_when(side), kind, kind_id, *columns, _cause("the event that led to this one"), note)


def needs(columns: Sequence[ViewColumn], wanted: Collection[str] | None) -> set[str]:
    """The columns of the log that the wanted columns of a view read."""
    return {need for column in columns if wanted is None or column.name in wanted for need in column.needs}


def json_schema(kind: type[Event]) -> dict[str, Any]:
    """JSON Schema (2020-12) of a row of the kind's view, as `--json` prints it."""
    optional = {"cause"} | {
        name for field in kind.slots() if field.missing for name in (field.name, f"{field.name}_id")
    }
    words = {field.name: field.what for field in kind.slots()}
    properties: dict[str, Any] = {}
    for column in kind_columns(kind):
        what: dict[str, Any] = {"type": _JSON_TYPES[column.type]}
        if words.get(column.name) in REGISTRIES:
            what["enum"] = [code.name.lower() for code in REGISTRIES[words[column.name]]]
        if column.name in optional:
            what["type"] = [what["type"], "null"]
            what |= {"enum": [*what["enum"], None]} if "enum" in what else {}
        if column.meaning:
            what["description"] = column.meaning
        properties[column.name] = what
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__name__,
        "description": kind.__doc__ or "",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        "x-kind": kind.kind,
        "x-version": kind.version,
    }


def schema_document() -> str:
    """The text of docs/events.schema.json: the schema of every kind, by the name of its view."""
    kinds = {kind.snake(): json_schema(kind) for kind in KINDS}
    return json.dumps({"$schema": next(iter(kinds.values()))["$schema"], "$defs": kinds}, indent=2) + "\n"


class DocsRow(NamedTuple):
    """A kind's row in docs/events.md."""

    family: str
    view: str
    code: int
    version: int
    meaning: str
    cause: str
    fields: tuple[EventField, ...]


def docs_rows() -> list[DocsRow]:
    """The row of every kind, in the order of codes."""
    return [
        DocsRow(
            kind.family, kind.snake(), kind.kind, kind.version, _sentence(kind.__doc__), kind.cause, tuple(kind.slots())
        )
        for kind in KINDS
    ]


def document() -> str:
    """The text of docs/events.md."""
    lines = [
        "# Events",
        "",
        "Generated from the catalogue (`eventlog/catalogue/`) by `make docs`; edit the catalogue instead. The same as",
        "JSON Schema: [events.schema.json](events.schema.json).",
        "",
        "Each kind is a view in SQL, with `seq`, `tick`, its fields and `cause` (the seq of the event that led to it).",
        "Persons, places and jobs are shown by name, with their numbers in `<field>_id`; codes are shown as words; a",
        "tile also has `row` and `col`; a missing value is NULL. The view `events` has the events of all kinds.",
        "",
        "## events",
        "",
        "| column | type | meaning |",
        "|---|---|---|",
        *(f"| `{column.name}` | {column.type} | {column.meaning} |" for column in event_columns()),
    ]
    rows = docs_rows()
    for family in FAMILIES:
        name = family.__name__.rpartition(".")[2]
        lines += ["", f"## {name}", "", _sentence(family.__doc__), ""]
        lines += ["| view | code | version | what happened | fields | cause |", "|---|---|---|---|---|---|"]
        for row in rows:
            if row.family == name:
                fields = "<br>".join(_field_text(field) for field in row.fields)
                lines.append(
                    f"| `{row.view}` | {row.code} | {row.version} | {row.meaning} | {fields} | {_cell(row.cause)} |"
                )
    lines += ["", "## Words", "", "| registry | words |", "|---|---|"]
    lines += [f"| {name} | {', '.join(word.name.lower() for word in words)} |" for name, words in REGISTRIES.items()]
    return "\n".join(lines) + "\n"


_JSON_TYPES = {"VARCHAR": "string", "BIGINT": "integer", "INTEGER": "integer", "FLOAT": "number"}


def _view(name: str, columns: Sequence[ViewColumn], wanted: Collection[str] | None) -> str:
    chosen = [column for column in columns if wanted is None or column.name in wanted]
    listed = ", ".join(f'{column.sql} as "{column.name}"' for column in chosen) or "1 as nothing"
    return f'create or replace temp view "{name}" as select {listed} from {PHYSICAL}'


def _when(side: int | None) -> Iterator[ViewColumn]:
    if side is None:
        yield ViewColumn("run", "VARCHAR", "run", ("run",), "name of the run's folder")
    yield ViewColumn("seq", "BIGINT", "seq::bigint", ("seq",), "number of the event in its run")
    yield ViewColumn("tick", "INTEGER", "tick::integer", ("tick",), "minute of town time in which it happened")


def _cause(meaning: str) -> ViewColumn:
    sql = "case when cause > 0 then seq::bigint - cause end"
    said = f"seq of {meaning}" if meaning else "never given"
    return ViewColumn("cause", "BIGINT", sql, ("seq", "cause"), said, "no event led to this one")


def _columns_of(
    field: EventField, side: int | None, sql: str = "", reads: tuple[str, ...] = ()
) -> Iterator[ViewColumn]:
    """The columns of a view for one field, or for what `sql` makes of the columns `reads` of the log."""
    name, column, reads = field.name, sql or field.column, reads or (field.column,)
    number = f"nullif({column}, -1)::integer"
    meaning = ", ".join(part for part in (field.meaning or _meaning(field), field.unit) if part)
    null = _NULLS.get(field.what, "none") if field.missing else ""
    by_run = (*reads, "run_number") if side is None else reads
    if field.what in _LISTED:
        yield ViewColumn(name, "VARCHAR", _name_sql(_LISTED[field.what], column, side), by_run, meaning, null)
        if field.what in _NUMBERED:
            yield ViewColumn(f"{name}_id", "INTEGER", number, reads, f"number of {name}", null)
    elif field.what in REGISTRIES:
        words = {int(code): code.name.lower() for code in REGISTRIES[field.what]}
        listed = _list([words.get(code) for code in range(max(words) + 1)])
        yield ViewColumn(name, "VARCHAR", f"({listed})[{column}::integer + 1]", reads, meaning, null)
    elif field.what == "tile":
        wide = "getvariable('sides')[run_number + 1]" if side is None else side
        yield ViewColumn(name, "INTEGER", number, reads, meaning, null)
        yield ViewColumn("row", "INTEGER", f"{number} // {wide}", by_run, f"row of {name}, from 0", null)
        yield ViewColumn("col", "INTEGER", f"{number} % {wide}", by_run, f"column of {name}, from 0", null)
    elif field.what == "count":
        yield ViewColumn(name, "INTEGER", number, reads, meaning, null)
    else:
        yield ViewColumn(name, "FLOAT", f"case when not isnan({column}) then {column} end", reads, meaning, null)


def _meaning(field: EventField) -> str:
    """What a field says whose declaration says no more than what it holds."""
    if field.what in REGISTRIES:
        words = [code.name.lower() for code in REGISTRIES[field.what]]
        return f"one of {', '.join(words)}" if len(words) <= WORDS_MOST else f"{field.what} in a word"
    plain = {"count": "how many", "number": "how much", "affordance": "what the place is used for", "job": "which job"}
    if field.what == "person" and field.column == "tile":
        return "of whom it tells"
    return plain.get(field.what) or _PHYSICAL_FIELDS[field.column][1]


def _name_sql(listed: str, column: str, side: int | None) -> str:
    """The SQL expression that turns a column's numbers into names from the list `listed`."""
    if side is not None:
        return f"getvariable('{listed}')[{column}::bigint + 1]"
    return f"getvariable('{listed}')[getvariable('{listed}_each') * run_number + {column} + 2]"


def _list(words: Sequence[str | None]) -> str:
    """A SQL list of words."""
    quoted = ("null" if word is None else "'" + word.replace("'", "''") + "'" for word in words)
    return f"[{', '.join(quoted)}]::varchar[]"


def _field_text(field: EventField) -> str:
    """A field as text for the documentation: name, type, unit, physical column, meaning."""
    unit = f" in {field.unit}" if field.unit else ""
    meaning = f": {field.meaning}" if field.meaning else ""
    missing = ", may be missing" if field.missing else ""
    return _cell(f"`{field.name}` ({field.what}{unit}, column `{field.column}`{missing}){meaning}")


def _sentence(text: str | None) -> str:
    return _cell(" ".join((text or "").split()))


def _cell(text: str) -> str:
    """The text with `|` escaped for a Markdown table."""
    return text.replace("|", "\\|")
