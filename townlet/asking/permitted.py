"""Reads the text of a query and refuses whatever does more than read.

DuckDB counts among its queries some that write a file or change a table: `with t as (copy ...) select 1`, `explain
analyze copy ...`. So the syntax tree that DuckDB makes of the text is compared with lists of what a query may contain.
What is on no list is refused, also what a later DuckDB adds. The text may be a pivot or an `explain`, of which DuckDB
shows no tree; then what is in them is read.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

import duckdb

from projections.spelling import near_names
from townlet.asking.database import UNLIMITED, database
from townlet.asking.query_reading import Node, nodes_of
from townlet.asking.query_words import CLOSING, OPENING, with_no_values, words_of
from townlet.asking.tables import TABLES, is_kind, names
from townlet.errors import QueryError
from townlet.history.everyday import EVERYDAY

TEXT_BYTES_MOST: Final = 100_000
BRACKETS_MOST: Final = 100
"""How deep brackets may be nested. DuckDB's parser takes minutes over a thousand that are not closed."""

TOO_DEEP: Final = "the query is nested too deeply. Next: split it with: with ... as (...)"

INFORMATION_SCHEMA: Final = "information_schema"

ALLOWED: Final = (
    "Allowed are select, from, with, values, union, pivot, unpivot, summarize, describe, show tables, and explain of "
    "these"
)


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


TABLE_FUNCTIONS: Final = _named(
    "range generate_series generate_subscripts unnest repeat repeat_row json_each json_tree "
    "duckdb_functions duckdb_keywords"
)
"""The functions that may stand where a table stands. They read nothing but their arguments and DuckDB's vocabulary."""

REFUSED_FUNCTIONS: Final = _named(
    "current_setting getenv write_log parse_duckdb_log_message sleep_ms pg_sleep nextval setval currval query "
    "query_table json_execute_serialized_sql json_serialize_plan current_connection_id current_query_id "
    "current_transaction_id txid_current stats to_aggregate_state finalize combine combine_aggr "
    "variant_bytes_to_variant variant_to_parquet_variant create_sort_key index_key invoke"
)
"""Functions that show the machine, wait, keep a state, run text as a query, or read raw memory."""

INTERNAL_FUNCTIONS: Final = "__internal"
"""What the names of functions begin with that DuckDB made for itself; they do not check their arguments."""

_INFORMATION: Final = _named(
    "tables columns schemata views key_column_usage table_constraints referential_constraints check_constraints "
    "constraint_column_usage constraint_table_usage character_sets"
)
"""The views of the information schema."""

_CATALOG_VIEWS: Final = _named(
    "pg_class pg_attribute pg_namespace pg_type pg_tables pg_views pg_proc pg_index pg_constraint"
)
"""The views of `pg_catalog` that may be asked."""

_SHAPES: Final = _named(
    "SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE BASE_TABLE SUBQUERY JOIN TABLE_FUNCTION EMPTY "
    "EXPRESSION_LIST PIVOT SHOW_REF ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER "
    "ORDER_DEFAULT ASCENDING DESCENDING"
)
"""What a query may be made of, beside expressions."""

_EXPRESSIONS: Final = _named(
    "COLUMN_REF CONSTANT FUNCTION CAST CASE COMPARISON BETWEEN CONJUNCTION OPERATOR STAR SUBQUERY WINDOW LAMBDA "
    "LAMBDA_REF COLLATE POSITIONAL_REFERENCE TYPE"
)
"""The classes of expressions that a query may use."""

_EXPLAIN: Final = re.compile(
    r"explain\b(?:\s+analyze\b)?"
    r"(?:\s*\(\s*(?:analyze|format\s+\w+)(?:\s*,\s*(?:analyze|format\s+\w+))*\s*\))?\s*(?=[a-z(])",
    re.IGNORECASE,
)
_PLAIN_NAME: Final = re.compile(r"[\w\s-]+")


class Reading(NamedTuple):
    """A query that only reads: its text and its syntax tree.

    Of `explain` the tree is that of the query which is explained, and of a pivot it is that of the same pivot with no
    values; then it is not `whole`, and cannot be written back as text.
    """

    text: str
    tree: Node
    whole: bool


@lru_cache(maxsize=16)
def read(text: str) -> Reading:
    """Read a query. Raises QueryError if it is not one query that only reads, or is too long or too deep."""
    _require_size(text)
    try:
        reading = _read(text)
        for node in nodes_of(reading.tree):
            _require_permitted(node)
        _require_tables(reading.tree)
    except RecursionError as error:
        raise QueryError(TOO_DEEP) from error
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    return reading


def _require_size(text: str) -> None:
    """Raise QueryError for a text that DuckDB should not even be shown."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise QueryError("the query is not valid UTF-8") from error
    if size > TEXT_BYTES_MOST:
        raise QueryError(f"the query has {size:,} bytes, more than the {TEXT_BYTES_MOST:,} that are read")
    if "\0" in text:
        raise QueryError("the query contains a NUL character")
    depth = deepest = 0
    for word in words_of(text):
        depth += (word[0] in OPENING) - (word[0] in CLOSING)
        deepest = max(deepest, depth)
    if deepest > BRACKETS_MOST:
        raise QueryError(f"the query has {deepest:,} brackets in each other, more than {BRACKETS_MOST}")


def _read(text: str) -> Reading:
    tree = _syntax_tree(text)
    if tree is not None:
        return Reading(text, tree, whole=True)
    kind = _kind_of(text)
    words = words_of(text)
    bare = "".join(words)
    found = _EXPLAIN.match(bare)
    if found is not None:
        return Reading(bare, _read(bare[found.end() :]).tree, whole=False)
    tree = _syntax_tree(with_no_values(words)) if kind == "MULTI" else None  # DuckDB makes more than one of a pivot
    if tree is None and kind == "MULTI":
        raise QueryError(
            "this pivot cannot be read. Next: give its values, such as: pivot ties on owner in ('alice', 'bob')"
        )
    if tree is None:
        raise QueryError(f"a run is only read: {kind.lower()} cannot be done. {ALLOWED}")
    return Reading(bare, tree, whole=False)


def _syntax_tree(text: str) -> Node | None:
    """The syntax tree of a query as DuckDB serializes it; None for what it does not serialize, such as a pivot."""
    tree: Node = json.loads(_asked("select json_serialize_sql(?)", text))
    if tree.get("error", True):
        return None
    count = len(tree["statements"])
    if count != 1:
        raise QueryError(f"one query at a time: these are {count}")
    return tree


def text_of(tree: Node) -> str:
    """The query of a syntax tree, as text."""
    return _asked("select json_deserialize_sql(?::json)", json.dumps(tree))


def _kind_of(text: str) -> str:
    """The kind of the one statement in a text, as DuckDB calls it. Raises duckdb.Error if the text is not SQL."""
    with database(os.getpid(), UNLIMITED).cursor() as connection:
        statements = connection.extract_statements(text)
    if len(statements) != 1:
        raise QueryError(f"one query at a time: these are {len(statements)}")
    name: str = statements[0].type.name
    return name


def _asked(query: str, text: str) -> str:
    with database(os.getpid(), UNLIMITED).cursor() as connection:
        ((answer,),) = connection.execute(query, [text]).fetchall()
    return str(answer)


def _require_permitted(node: Node) -> None:
    """Raise QueryError if a node of a syntax tree is not on the lists."""
    expression, shape = node.get("class"), node.get("type")
    if expression is not None:
        if expression not in _EXPRESSIONS:
            what = "a parameter" if expression == "PARAMETER" else str(expression).lower()
            raise QueryError(f"{what} cannot be used in a query. {ALLOWED}")
    elif isinstance(shape, str) and shape not in _SHAPES:
        done = shape.removesuffix("_QUERY_NODE").replace("_", " ").lower()
        raise QueryError(f"a run is only read: {done} cannot be done. {ALLOWED}")
    if "function_name" in node:
        _require_function(str(node["function_name"]).lower())
    if node.get("export_state"):
        raise QueryError("export_state cannot be used in a query")
    if shape == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name")).lower()
        if name not in TABLE_FUNCTIONS:
            raise QueryError(_no_table_function(name))
    if shape == "SHOW_REF" and node.get("query") is None:
        name = str(node.get("table_name")).strip('"').lower()
        raise QueryError(f"show {name} cannot be asked like this. Next: show tables, or describe TABLE")


def _require_function(name: str) -> None:
    if name in REFUSED_FUNCTIONS or name.startswith(INTERNAL_FUNCTIONS):
        raise QueryError(f"the function {name} is not allowed: a query reads the run and nothing else")


def _no_table_function(name: str) -> str:
    near = near_names(name, TABLE_FUNCTIONS, 3)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    listed = ", ".join(sorted(TABLE_FUNCTIONS))
    return f"{name} cannot be read from: a query reads the run and nothing else; {meant}There are {listed}"


def _require_tables(tree: Node) -> None:
    """Raise QueryError if a tree names a table that is none of a run's, and none that WITH makes."""
    made = set(_made_by_with(tree))
    for name in made:
        if not _PLAIN_NAME.fullmatch(name) or name in _own_views():
            raise QueryError(f"with cannot make a table called {name}. Next: call it otherwise")
    for node in nodes_of(tree):
        if node.get("type") != "BASE_TABLE":
            continue
        catalog, schema, name = (str(node.get(key) or "").lower() for key in _PARTS)
        if schema == INFORMATION_SCHEMA and catalog in ("", "system", "temp") and name in _INFORMATION:
            continue
        if schema == "pg_catalog" and catalog in ("", "system") and name in _CATALOG_VIEWS:
            continue
        if name in made and not schema:
            continue
        if name not in TABLES or schema not in ("", "main", "temp") or catalog not in ("", "temp"):
            raise QueryError(no_table(".".join(part for part in (catalog, schema, name) if part), made))


_PARTS: Final = ("catalog_name", "schema_name", "table_name")


def _made_by_with(tree: Node) -> Iterator[str]:
    """The names of the tables that WITH makes, in lower case."""
    for node in nodes_of(tree):
        for each in (node.get("cte_map") or {}).get("map", ()):
            yield str(each["key"]).lower()


@cache
def _own_views() -> frozenset[str]:
    """The views that DuckDB itself has, such as `duckdb_settings`. WITH must not hide them from the check of names."""
    with database(os.getpid(), UNLIMITED).cursor() as connection:
        found = connection.execute(
            "select view_name from duckdb_views() where internal and schema_name <> 'information_schema'"
        ).fetchall()
    return frozenset(str(name).lower() for (name,) in found)


def no_table(name: str, made: set[str] | frozenset[str] = frozenset()) -> str:
    """What is said to a query that names a table which is not there."""
    near = _tables_near(name.rpartition(".")[2], [*made, *TABLES])
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    tables = ", ".join(names(lambda table: not is_kind(table)))
    return f"there is no table {name}; {meant}There are {tables}, and a view of each kind of event: show tables"


def _tables_near(name: str, known: Sequence[str]) -> list[str]:
    """Up to three tables that a wrong name may mean: nearly their own names, or everyday words for what they hold."""
    near = near_names(name, [*known, *EVERYDAY], 3)
    meant = [each for each in near if each in known]
    meant += [kind for each in near if each not in known for kind in EVERYDAY[each]]
    return list(dict.fromkeys(meant))[:3]
