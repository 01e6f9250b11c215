"""Turns an Arrow table into text or bytes: an aligned table, CSV, JSON, an Arrow stream. It prints nothing."""

import csv
import io
import json
import math
import shutil
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa

from townlet.asking.values import values_of

ROWS_MOST: Final = 40
"""The most rows that a table shows; the rest is counted."""

WIDTH: Final = 120
CELL_MOST: Final = 48
"""The most characters of a cell; longer text is cut."""

EXPLAINED: Final = ["explain_key", "explain_value"]

GAP: Final = "  "
CUT: Final = "…"


def as_table(table: pa.Table, *, rows: int | None = ROWS_MOST, width: int | None = None) -> str:
    """The table in aligned columns: numbers right-aligned, floats short, NULL empty, further rows counted.

    Columns that do not fit into `width` characters (None: the terminal's, or WIDTH) are named below it; a last column
    takes what the others leave. `rows` None is all of them. DuckDB's `explain` stays the drawing that it is.
    """
    if table.column_names == EXPLAINED:
        return "\n".join(table.column(1).to_pylist())
    width = width or shutil.get_terminal_size((WIDTH, 0)).columns
    shown = table if rows is None else table.slice(0, rows)
    cells: list[list[str]] = []
    left = width
    for i, (field, column) in enumerate(zip(shown.schema, shown.columns, strict=True)):
        most = max(CELL_MOST, left) if i == shown.num_columns - 1 else CELL_MOST
        cells.append(_column(field, column, most))
        left -= max(map(_width, cells[-1])) + len(GAP)
    widths = [max(map(_width, column)) for column in cells]
    fitting = _fitting(widths, width)
    right = [_is_number(field.type) for field in shown.schema]
    lines = []
    for line in range(len(shown) + 1):
        parts = [_padded(cells[i][line], widths[i], right=right[i]) for i in range(fitting)]
        lines.append(GAP.join(parts).rstrip())
        if line == 0:
            lines.append(GAP.join("─" * each for each in widths[:fitting]))
    lines += _left_out(table, len(shown), fitting)
    return "\n".join(lines) + "\n"


def as_csv(table: pa.Table) -> str:
    """The table as CSV (RFC 4180) with a header; NULL and NaN are empty, floats have the fewest exact digits."""
    columns = [_values(column) for column in table.columns]
    rows = (
        ["" if value is None else _json(value) if _is_nested(value) else value for value in row]
        for row in zip(*columns, strict=True)
    )
    return "".join(f"{_csv_row(row)}\n" for row in (table.column_names, *rows))


def _csv_row(values: Iterable[Any]) -> str:
    """A row of CSV. The writer quotes what has a character of its line's end, so that no cell breaks a row in two."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().removesuffix("\r\n")


def as_json(table: pa.Table) -> str:
    """The table as a JSON array of objects, one a line; NaN and infinity are null.

    Whole numbers are written in full, however large. A decimal is the JSON number nearest to it.
    """
    columns = [_values(column) for column in table.columns]
    names = table.column_names
    rows = (_json(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True))
    listed = ",\n".join(rows)
    return f"[\n{listed}\n]\n" if listed else "[]\n"


def as_arrow(table: pa.Table) -> bytes:
    """The table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _column(field: pa.Field, column: pa.ChunkedArray, most: int) -> list[str]:
    """The cells of a column, its name first, each of at most so many characters."""
    return [_cut(field.name, most), *(_cut(_word(value), most) for value in _values(column))]


def _word(value: Any) -> str:
    """A value as the text that a table shows."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _short(value)
    if _is_nested(value):
        return _json(value)
    return str(value)


def _short(value: float) -> str:
    """A float with at most four decimals, or in scientific notation if these would not show it."""
    if value != 0.0 and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.3e}"
    return f"{value:.4f}".rstrip("0").rstrip(".") if value != int(value) else f"{value:.1f}"


def _values(column: pa.ChunkedArray) -> list[Any]:
    """The values as Python objects for JSON. A 32-bit float becomes the shortest decimal that equals it."""
    if pa.types.is_float32(column.type) or pa.types.is_float16(column.type):
        numbers = column.combine_chunks().to_numpy(zero_copy_only=False)
        found: list[Any] = [float(str(number)) if np.isfinite(number) else None for number in numbers]
        return found
    return [_plain(value) for value in values_of(column)]


def _plain(value: Any) -> Any:
    """A value for JSON: NaN and infinity become null, bytes hex, decimals without places whole, unknown types text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return int(value) if value.as_tuple().exponent == 0 else value
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=float)  # only decimals are unknown to it


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _fitting(widths: list[int], width: int) -> int:
    """How many columns fit, from the left; at least one."""
    used, fitting = -len(GAP), 0
    for each in widths:
        used += each + len(GAP)
        if used > width and fitting:
            break
        fitting += 1
    return fitting


def _left_out(table: pa.Table, rows: int, columns: int) -> list[str]:
    """Lines that say which rows and columns the table does not show."""
    lines = []
    if rows < len(table):
        lines.append(f"{CUT} {len(table) - rows:,} more of {len(table):,} rows")
    if columns < table.num_columns:
        lines.append(f"{CUT} more columns: {', '.join(table.column_names[columns:])}")
    return lines


def _cut(text: str, most: int) -> str:
    """The text as one line of at most CELL_MOST characters, without control characters."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return line if len(line) <= most else line[: most - 1] + CUT


def _padded(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """The width of a text in columns of a terminal."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.combining(each) != 0 for each in text)
