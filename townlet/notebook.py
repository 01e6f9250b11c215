"""How a notebook shows results: Arrow tables, lists of rows, and results that hold several of both, as HTML.

`import townlet` in a notebook registers `table_html` for Arrow tables. A class shows itself with
`_repr_html_ = html_of`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_MOST: Final = 20
"""The most rows that a table shows; the rest is counted."""

CELL_MOST: Final = 120
"""The most characters of a cell; longer text is cut."""

PLAIN: Final = (bool, int, float, str, type(None))
"""The types of values that are shown in one cell or line."""

T = TypeVar("T")


class Rows(list[T]):
    """A list of rows, named tuples each, that a notebook shows as a table."""

    def table(self) -> "pa.Table":
        """The rows as an Arrow table, a column for each field; what is neither number nor text is written as text."""
        import pyarrow as pa

        return pa.Table.from_pylist([_values(row) for row in self])

    def _repr_html_(self) -> str:
        return rows_html([_values(row) for row in self])


def table_html(table: "pa.Table") -> str:
    """The first ROWS_MOST rows of an Arrow table as an HTML table, with the number of all rows below."""
    names = list(dict.fromkeys(table.column_names))
    shown = table.select([table.column_names.index(name) for name in names]).slice(0, ROWS_MOST)
    return _grid(names, zip(*(column.to_pylist() for column in shown.columns), strict=True), table.num_rows)


def rows_html(rows: Sequence[Mapping[str, Any]]) -> str:
    """The first ROWS_MOST rows as an HTML table; the columns are the keys of the first row."""
    names = list(rows[0]) if rows else []
    return _grid(names, ([row.get(name) for name in names] for row in rows[:ROWS_MOST]), len(rows))


def html_of(result: Any) -> str:
    """A result as HTML: its class, its plain fields in one table, then each of its tables under its name."""
    plain, tables = [], []
    for name, value in _fields(result):
        if isinstance(value, PLAIN):
            plain.append({"field": name, "value": value})
        elif hasattr(value, "column_names"):
            tables.append((name, table_html(value)))
        elif isinstance(value, Mapping) and all(isinstance(each, PLAIN) for each in value.values()):
            tables.append((name, rows_html([dict(value)] if value else [])))
        elif isinstance(value, list) and value and all(hasattr(each, "_asdict") for each in value):
            tables.append((name, rows_html([_values(row) for row in value])))
    parts = [f"<b>{escape(type(result).__name__)}</b>", rows_html(plain) if plain else ""]
    return "".join([*parts, *(f"<p>{escape(name)}</p>{text}" for name, text in tables)])


def register(shell: Any) -> None:
    """Let an IPython shell show Arrow tables by `table_html`, unless something else was registered before."""
    formatter = shell.display_formatter.formatters["text/html"]
    if ("pyarrow.lib", "Table") not in formatter.deferred_printers:
        formatter.for_type_by_name("pyarrow.lib", "Table", table_html)


def _fields(result: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a named tuple, or those of a dataclass that its `repr` shows."""
    if is_dataclass(result):
        yield from ((each.name, getattr(result, each.name)) for each in fields(result) if each.repr)
    else:
        yield from result._asdict().items()


def _values(row: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, PLAIN) else str(value) for name, value in row._asdict().items()}


def _grid(names: Iterable[str], rows: Iterable[Iterable[Any]], count: int) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows)
    more = f"<p>{count:,} rows; the first {ROWS_MOST} are shown</p>" if count > ROWS_MOST else ""
    return f'<table class="dataframe"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}'


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return escape(text if len(text) <= CELL_MOST else f"{text[: CELL_MOST - 1]}…")
