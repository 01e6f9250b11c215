"""The typed views: every kind of the catalogue reads as it was declared, and what is missing is NULL."""

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from eventlog.catalogue import KIND_NAMES, KINDS, REGISTRIES, Event
from eventlog.format.arrow import to_batch
from eventlog.rows import MISSING, MISSING_VALUE, ROW, Rows
from eventlog.views import (
    PHYSICAL,
    Names,
    docs_rows,
    document,
    event_columns,
    events_sql,
    json_schema,
    kind_columns,
    names_of_many_sql,
    names_sql,
    needs,
    view_sql,
)

NAMES = Names(
    64, ["alice", "bob", None, "zoe's"], ["bed 1 (Pond House)", "till 1 (Shop)"], ["clerk"], ["sleep", "cook"]
)
PYTHON = {"string": str, "integer": int, "number": float, "null": type(None)}

Connection = duckdb.DuckDBPyConnection


def rows_of_every_kind() -> Rows:
    """Two events a kind: one with every field, caused by the one before it; one with nothing, caused by nothing."""
    rows = np.zeros(2 * len(KINDS), ROW)
    for name in ("agent", "other", "object", "tile", "code", "code2"):
        rows[name] = MISSING
    rows["value"] = rows["value2"] = MISSING_VALUE
    rows["seq"] = np.arange(len(rows))
    rows["tick"] = rows["seq"] // 3
    for i, kind in enumerate(KINDS):
        rows["kind"][2 * i : 2 * i + 2] = kind.kind
        row = rows[2 * i : 2 * i + 1]
        row["cause"] = 1 if i else 0
        for field in kind.slots():
            row[field.column] = {"tile": 131, "person": 3, "number": 0.5}.get(field.what, first_of(field.what))
    return rows


@pytest.fixture(scope="module")
def log() -> Iterator[Connection]:
    connection = duckdb.connect()
    table = pa.Table.from_batches([to_batch(rows_of_every_kind(), {4: "by hand"})])
    words = pa.array([KIND_NAMES[code] for code in table.column("kind").to_pylist()])
    connection.register(PHYSICAL, table.append_column("kind_name", words))
    for statement in names_sql(NAMES):
        connection.execute(statement)
    yield connection
    connection.close()


def first_of(what: str) -> int:
    """The first code of a registry; 0 for everything else."""
    return int(min(REGISTRIES[what])) if what in REGISTRIES else 0


def seen(log: Connection, view: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = log.sql(f"select * from {view} order by seq").to_arrow_table().to_pylist()
    return rows


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.snake())
class TestEveryKind:
    def test_shows_what_it_declares(self, log: Connection, kind: type[Event]) -> None:
        log.execute(view_sql(kind, NAMES.side))
        whole, empty = seen(log, kind.snake())
        assert list(whole)[:2] == ["seq", "tick"] and list(whole)[-1] == "cause"
        assert whole["cause"] == (whole["seq"] - 1 if whole["seq"] else None)  # type: ignore[operator]
        for field in kind.slots():
            said = {"person": "zoe's", "object": "bed 1 (Pond House)", "tile": 131, "count": 0, "number": 0.5}
            said |= {"job": "clerk", "affordance": "sleep"}
            if field.what in REGISTRIES:
                said[field.what] = REGISTRIES[field.what](first_of(field.what)).name.lower()
            assert whole[field.name] == said[field.what]
            if field.what in ("person", "object", "job"):
                assert whole[f"{field.name}_id"] == (3 if field.what == "person" else 0)
            if field.what == "tile":
                assert (whole["row"], whole["col"]) == (2, 3)
        assert {name for name, value in empty.items() if value is not None} == {"seq", "tick"}

    def test_a_row_fits_its_schema(self, log: Connection, kind: type[Event]) -> None:
        log.execute(view_sql(kind, NAMES.side))
        schema = json_schema(kind)
        whole, _ = seen(log, kind.snake())
        assert list(whole) == schema["required"] == list(schema["properties"])
        assert list(whole) == [column.name for column in kind_columns(kind)]
        for name, value in whole.items():
            what = schema["properties"][name]
            kinds = what["type"] if isinstance(what["type"], list) else [what["type"]]
            assert isinstance(value, tuple(PYTHON[each] for each in kinds)), name
            assert value in what.get("enum", [value])

    def test_is_documented(self, log: Connection, kind: type[Event]) -> None:
        (row,) = [row for row in docs_rows() if row.view == kind.snake()]
        (line,) = [line for line in document().splitlines() if line.startswith(f"| `{kind.snake()}` |")]
        assert row.meaning and row.meaning in line
        assert all(f"`{field.name}`" in line and f"`{field.column}`" in line for field in row.fields)


def test_events_shows_all_kinds_and_the_words_they_carry(log: Connection) -> None:
    log.execute(events_sql(NAMES.side))
    events = seen(log, "events")
    assert len(events) == 2 * len(KINDS)
    assert {event["kind"] for event in events} == {kind.snake() for kind in KINDS}
    assert [event["seq"] for event in events if event["note"]] == [4]
    assert {event["agent"] for event in events} == {None, "zoe's"}


def test_a_view_has_only_what_is_wanted(log: Connection) -> None:
    log.execute(events_sql(NAMES.side, {"kind", "agent"}))
    assert log.sql("select * from events").columns == ["kind", "agent"]
    assert needs(event_columns(), {"kind", "agent"}) == {"kind_name", "agent"}
    assert needs(event_columns(), {"cause"}) == {"seq", "cause"}


def test_a_number_beyond_the_names_has_none(log: Connection) -> None:
    assert log.sql("select getvariable('persons')[100]").fetchall() == [(None,)]


OTHER = Names(10, ["o'brien"], ["desk 1 (Mill)", "bed 1 (Loft)"], ["miller", "clerk"], ["sit", "sleep", "cook"])


@pytest.fixture(scope="module")
def logs(log: Connection) -> Iterator[Connection]:
    """The same events twice: of a run with `NAMES`, and of one with `OTHER`, in which fewer persons are known."""
    table = log.sql(f"select * from {PHYSICAL}").to_arrow_table()
    connection = duckdb.connect()
    both = pa.concat_tables([table, table])
    number = pa.array(np.repeat(np.arange(2, dtype=np.uint16), len(table)))
    named = pa.DictionaryArray.from_arrays(number, ["one", "other"])
    connection.register(PHYSICAL, both.append_column("run_number", number).append_column("run", named))
    for statement in names_of_many_sql([NAMES, OTHER]):
        connection.execute(statement)
    yield connection
    connection.close()


class TestManyRuns:
    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.snake())
    def test_each_names_its_own(self, log: Connection, logs: Connection, kind: type[Event]) -> None:
        log.execute(view_sql(kind, NAMES.side))
        logs.execute(view_sql(kind, None))
        found = seen(logs, f"(from {kind.snake()} where run = 'one')")
        assert [row.pop("run") for row in found] == ["one", "one"] and found == seen(log, kind.snake())
        whole, empty = seen(logs, f"(from {kind.snake()} where run = 'other')")
        words = {"person": None, "object": "desk 1 (Mill)", "job": "miller", "affordance": "sit"}
        for field in kind.slots():
            if field.what in words:
                assert whole[field.name] == words[field.what]
            if field.what == "tile":
                assert (whole["row"], whole["col"]) == (13, 1)
        assert {name for name, value in empty.items() if value is not None} == {"run", "seq", "tick"}

    def test_only_what_names_somebody_needs_the_number_of_the_run(self) -> None:
        assert needs(event_columns(None), {"run", "kind", "agent_id"}) == {"run", "kind_name", "agent"}
        assert needs(event_columns(None), {"tile"}) == needs(event_columns(None), {"third_id"}) == {"tile", "kind"}
        assert needs(event_columns(None), {"agent"}) == {"agent", "run_number"}
