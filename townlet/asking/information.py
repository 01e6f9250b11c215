"""What SQL can ask about the tables themselves: `show tables`, `describe`, `information_schema`. No table is made."""

import json
import re
from typing import Any, Final

import pyarrow as pa

from townlet.asking.declared.table import EventView
from townlet.asking.permitted import INFORMATION_SCHEMA, TOO_DEEP, Reading, text_of
from townlet.asking.query_reading import Node, nodes_of
from townlet.asking.tables import TABLES, columns_of
from townlet.errors import QueryError

REGISTERED: Final = {"tables": "_listed_tables", "columns": "_listed_columns"}
"""The tables of the information schema that are answered from the list, and what each is registered as.

DuckDB's own would know only what a session has made so far, and its schema takes no other tables.
"""

SHOWN: Final = re.compile(r"\s*show\s+(all\s+)?tables\s*;?\s*", re.IGNORECASE)
DESCRIBED: Final = re.compile(r'\s*(?:describe|desc|show)\s+(?:table\s+)?"?(\w+)"?\s*;?\s*', re.IGNORECASE)
_WRITTEN: Final = re.compile(rf"\b{INFORMATION_SCHEMA}\s*\.\s*({'|'.join(REGISTERED)})\b", re.IGNORECASE)


def answer_of(text: str, *, many: bool) -> pa.Table | None:
    """The answer to `show tables` or to `describe TABLE`; None for any other query."""
    if SHOWN.fullmatch(text):
        return tables_shown()
    found = DESCRIBED.fullmatch(text)
    return description(found[1].lower(), many=many) if found and found[1].lower() in TABLES else None


def tables_shown() -> pa.Table:
    """`show tables`: every `table` and its `meaning`."""
    return pa.table({"table": list(TABLES), "meaning": [table.meaning for table in TABLES.values()]})


def description(name: str, *, many: bool) -> pa.Table:
    """`describe NAME`: for each column its name, its type, whether it may be NULL, and what it means.

    `key`, `default` and `extra` are NULL: they stand where DuckDB's own answer has them, for tools that expect them.
    """
    columns = columns_of(name, many=many)
    return pa.table(
        {
            "column_name": [column.name for column in columns],
            "column_type": [column.type for column in columns],
            "null": [_yes(bool(column.null)) for column in columns],
            **dict.fromkeys(("key", "default", "extra"), pa.nulls(len(columns), pa.string())),
            "meaning": [column.whole_meaning for column in columns],
        }
    )


def information(*, many: bool) -> dict[str, pa.Table]:
    """`information_schema.tables` and `.columns` as they are registered, over one run or over many."""
    tables = list(TABLES.values())
    columns = [(table.name, i, each) for table in tables for i, each in enumerate(columns_of(table.name, many=many), 1)]
    return {
        REGISTERED["tables"]: pa.table(
            {
                **_place(len(tables)),
                "table_name": [table.name for table in tables],
                "table_type": ["VIEW" if isinstance(table, EventView) else "LOCAL TEMPORARY" for table in tables],
                "scope": [str(table.scope) for table in tables],
                "meaning": [table.meaning for table in tables],
            }
        ),
        REGISTERED["columns"]: pa.table(
            {
                **_place(len(columns)),
                "table_name": [table for table, _, _ in columns],
                "column_name": [column.name for _, _, column in columns],
                "ordinal_position": pa.array([position for _, position, _ in columns], pa.int32()),
                "is_nullable": [_yes(bool(column.null)) for _, _, column in columns],
                "data_type": [column.type for _, _, column in columns],
                "meaning": [column.whole_meaning for _, _, column in columns],
            }
        ),
    }


def names_information(text: str) -> bool:
    """Whether a query may ask the information schema."""
    return INFORMATION_SCHEMA in text.lower()


def statement_of(reading: Reading) -> str:
    """A query as text that reads what is registered where it names a table of the information schema.

    It is rewritten in its syntax tree; where that is not the whole query (pivot, explain), in its words.
    """
    if not names_information(reading.text):
        return reading.text
    if not reading.whole:
        return _WRITTEN.sub(lambda found: REGISTERED[found[1].lower()], reading.text)
    try:
        return text_of(_with_registered(json.loads(json.dumps(reading.tree))))
    except RecursionError as error:
        raise QueryError(TOO_DEEP) from error


def _with_registered(tree: Node) -> Node:
    """The tree, changed so that it names what is registered."""
    for node in nodes_of(tree):
        if node.get("type") == "BASE_TABLE" and _is_listed(node.get("schema_name"), node.get("table_name")):
            _register(node)
        elif node.get("type") == "COLUMN_REF" and len(node["column_names"]) > 2:
            schema, table, *_ = node["column_names"]
            if _is_listed(schema, table):
                del node["column_names"][0]
    return tree


def _register(node: Node) -> None:
    """Let a table's node name what is registered, under the alias that the rest of the query calls it by."""
    name = REGISTERED[str(node["table_name"]).lower()]
    node["alias"] = node["alias"] or node["table_name"]
    node.update(schema_name="", catalog_name="", table_name=name)
    if "qualified_name" in node:  # DuckDB 2
        node["qualified_name"] = {"path": [name]}


def _is_listed(schema: Any, table: Any) -> bool:
    return str(schema).lower() == INFORMATION_SCHEMA and str(table).lower() in REGISTERED


def _place(rows: int) -> dict[str, Any]:
    """Where DuckDB keeps what a session registers."""
    return {"table_catalog": ["temp"] * rows, "table_schema": ["main"] * rows}


def _yes(nullable: bool) -> str:
    return "YES" if nullable else "NO"
