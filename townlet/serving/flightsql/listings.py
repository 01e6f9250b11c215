"""What Flight SQL lists: the server, its one catalog and schema, its tables, their columns, the types, and no keys.

Every schema is that of arrow/format/FlightSql.proto; a client fails where a column may be NULL that must not.
"""

import fnmatch
import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, Final

import pyarrow as pa

from townlet.asking.declared.table import EventView
from townlet.asking.tables import TABLES, columns_of
from townlet.serving.flightsql.wire import text, texts, whole_numbers

CATALOG: Final = "temp"
SCHEMA_NAME: Final = "main"
"""Where DuckDB keeps the tables of a query: `temp.main.agents` is a name that a query may use."""

TABLE_TYPES: Final = ("TABLE", "VIEW")

ARROW_TYPES: Final[Mapping[str, pa.DataType]] = {
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DOUBLE": pa.float64(),
    "FLOAT": pa.float32(),
    "INTEGER": pa.int32(),
    "VARCHAR": pa.string(),
}
"""By the name of a type in SQL, its type in Arrow."""

_XDBC: Final = {"BIGINT": -5, "BOOLEAN": -7, "DOUBLE": 8, "FLOAT": 7, "INTEGER": 4, "VARCHAR": 12}
"""By the name of a type, its number in ODBC."""

_SIZES: Final = {"BIGINT": 19, "BOOLEAN": 1, "DOUBLE": 53, "FLOAT": 24, "INTEGER": 10, "VARCHAR": None}

_NAME, _VERSION, _ARROW_VERSION, _READ_ONLY, _SQL, _SUBSTRAIT, _TRANSACTION, _CANCEL = 0, 1, 2, 3, 4, 5, 8, 9
_IDENTIFIER_QUOTE: Final = 504


def _needed(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_VALUE: Final = pa.dense_union(
    [
        pa.field("string_value", pa.string()),
        pa.field("bool_value", pa.bool_()),
        pa.field("bigint_value", pa.int64()),
        pa.field("int32_bitmask", pa.int32()),
        pa.field("string_list", pa.list_(pa.string())),
        pa.field("int32_to_int32_list_map", pa.map_(pa.int32(), pa.list_(pa.int32()))),
    ]
)
_INFO: Final = pa.schema([_needed("info_name", pa.uint32()), _needed("value", _VALUE)])
_CATALOGS: Final = pa.schema([_needed("catalog_name", pa.string())])
_SCHEMAS: Final = pa.schema([pa.field("catalog_name", pa.string()), _needed("db_schema_name", pa.string())])
_TYPES: Final = pa.schema([_needed("table_type", pa.string())])
_TABLES: Final = pa.schema(
    [
        pa.field("catalog_name", pa.string()),
        pa.field("db_schema_name", pa.string()),
        _needed("table_name", pa.string()),
        _needed("table_type", pa.string()),
    ]
)
_PRIMARY_KEYS: Final = pa.schema(
    [
        pa.field("catalog_name", pa.string()),
        pa.field("db_schema_name", pa.string()),
        _needed("table_name", pa.string()),
        _needed("column_name", pa.string()),
        pa.field("key_name", pa.string()),
        _needed("key_sequence", pa.int32()),
    ]
)
_FOREIGN_KEYS: Final = pa.schema(
    [
        *(
            field
            for side in ("pk", "fk")
            for field in (
                pa.field(f"{side}_catalog_name", pa.string()),
                pa.field(f"{side}_db_schema_name", pa.string()),
                _needed(f"{side}_table_name", pa.string()),
                _needed(f"{side}_column_name", pa.string()),
            )
        ),
        _needed("key_sequence", pa.int32()),
        pa.field("fk_key_name", pa.string()),
        pa.field("pk_key_name", pa.string()),
        _needed("update_rule", pa.uint8()),
        _needed("delete_rule", pa.uint8()),
    ]
)
_XDBC_TYPES: Final = pa.schema(
    [
        _needed("type_name", pa.string()),
        _needed("data_type", pa.int32()),
        pa.field("column_size", pa.int32()),
        pa.field("literal_prefix", pa.string()),
        pa.field("literal_suffix", pa.string()),
        pa.field("create_params", pa.list_(_needed("item", pa.string()))),
        _needed("nullable", pa.int32()),
        _needed("case_sensitive", pa.bool_()),
        _needed("searchable", pa.int32()),
        pa.field("unsigned_attribute", pa.bool_()),
        _needed("fixed_prec_scale", pa.bool_()),
        pa.field("auto_increment", pa.bool_()),
        pa.field("local_type_name", pa.string()),
        pa.field("minimum_scale", pa.int32()),
        pa.field("maximum_scale", pa.int32()),
        _needed("sql_data_type", pa.int32()),
        pa.field("datetime_subcode", pa.int32()),
        pa.field("num_prec_radix", pa.int32()),
        pa.field("interval_precision", pa.int32()),
    ]
)


def table_schema(name: str) -> pa.Schema:
    """The columns of a table that SQL has."""
    return pa.schema(
        [pa.field(column.name, ARROW_TYPES[column.type], bool(column.null)) for column in columns_of(name)]
    )


def _info(content: bytes) -> pa.Table:
    values: dict[int, str | bool | int] = {
        _NAME: "Townlet",
        _VERSION: version("townlet"),
        _ARROW_VERSION: pa.__version__,
        _READ_ONLY: True,
        _SQL: True,
        _SUBSTRAIT: False,
        _TRANSACTION: 0,
        _CANCEL: False,
        _IDENTIFIER_QUOTE: '"',
    }
    wanted = whole_numbers(content, 1) or list(values)
    found = {number: values[number] for number in wanted if number in values}
    kinds = [0 if isinstance(value, str) else 1 if isinstance(value, bool) else 2 for value in found.values()]
    held: list[list[Any]] = [[], [], []]
    offsets = []
    for kind, value in zip(kinds, found.values(), strict=True):
        offsets.append(len(held[kind]))
        held[kind].append(value)
    children = [pa.array(held[number] if number < len(held) else [], field.type) for number, field in enumerate(_VALUE)]
    union = pa.UnionArray.from_dense(
        pa.array(kinds, pa.int8()), pa.array(offsets, pa.int32()), children, [field.name for field in _VALUE]
    )
    return pa.Table.from_arrays([pa.array(list(found), pa.uint32()), union], schema=_INFO)


def _catalogs(content: bytes) -> pa.Table:
    return _rows(_CATALOGS, [{"catalog_name": CATALOG}])


def _schemas(content: bytes) -> pa.Table:
    here = text(content, 1) in (None, "", CATALOG) and _is_like(SCHEMA_NAME, text(content, 2))
    return _rows(_SCHEMAS, [{"catalog_name": CATALOG, "db_schema_name": SCHEMA_NAME}] if here else [])


def _tables(content: bytes) -> pa.Table:
    here = text(content, 1) in (None, "", CATALOG) and _is_like(SCHEMA_NAME, text(content, 2))
    kinds, pattern = texts(content, 4) or list(TABLE_TYPES), text(content, 3)
    rows: list[dict[str, Any]] = [
        {"catalog_name": CATALOG, "db_schema_name": SCHEMA_NAME, "table_name": name, "table_type": kind}
        for name, table in TABLES.items()
        if here and (kind := "VIEW" if isinstance(table, EventView) else "TABLE") in kinds and _is_like(name, pattern)
    ]
    if not any(whole_numbers(content, 5)):
        return _rows(_TABLES, rows)
    for row in rows:
        row["table_schema"] = table_schema(row["table_name"]).serialize().to_pybytes()
    return _rows(_TABLES.append(_needed("table_schema", pa.binary())), rows)


def _types(content: bytes) -> pa.Table:
    return _rows(_TYPES, [{"table_type": name} for name in TABLE_TYPES])


def _xdbc_types(content: bytes) -> pa.Table:
    wanted = whole_numbers(content, 1)
    rows = [
        {
            "type_name": name,
            "data_type": number,
            "column_size": _SIZES[name],
            "literal_prefix": "'" if name == "VARCHAR" else None,
            "literal_suffix": "'" if name == "VARCHAR" else None,
            "nullable": 1,
            "case_sensitive": name == "VARCHAR",
            "searchable": 3,
            "unsigned_attribute": False,
            "fixed_prec_scale": False,
            "auto_increment": False,
            "local_type_name": name,
            "sql_data_type": number,
            "num_prec_radix": None if name in ("VARCHAR", "BOOLEAN") else 10,
        }
        for name, number in sorted(_XDBC.items(), key=lambda item: item[1])
        if not wanted or number & 0xFFFFFFFFFFFFFFFF in wanted
    ]
    return _rows(_XDBC_TYPES, rows)


def _rows(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema)


def _is_like(name: str, pattern: str | None) -> bool:
    """Whether a name is like a pattern of SQL: `%` is any text, `_` any character."""
    if pattern is None:
        return True
    plain = re.sub(r"([\[\]*?])", r"[\1]", pattern).replace("%", "*").replace("_", "?")
    return fnmatch.fnmatchcase(name.lower(), plain.lower())


LISTINGS: Final[Mapping[str, Callable[[bytes], pa.Table]]] = {
    "CommandGetSqlInfo": _info,
    "CommandGetCatalogs": _catalogs,
    "CommandGetDbSchemas": _schemas,
    "CommandGetTables": _tables,
    "CommandGetTableTypes": _types,
    "CommandGetPrimaryKeys": lambda content: _rows(_PRIMARY_KEYS, []),
    "CommandGetExportedKeys": lambda content: _rows(_FOREIGN_KEYS, []),
    "CommandGetImportedKeys": lambda content: _rows(_FOREIGN_KEYS, []),
    "CommandGetCrossReference": lambda content: _rows(_FOREIGN_KEYS, []),
    "CommandGetXdbcTypeInfo": _xdbc_types,
}
"""By the command that asks for it, what is listed."""
