"""Exports have the same columns in every format, words with their numbers beside them (A10)."""

import csv
import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

import townlet
from eventlog.format import parquet
from eventlog.format.arrow import from_batch
from eventlog.views import KIND_BY_NAME
from townlet.keeping.export import DESCRIPTION, export, verify_export
from townlet.keeping.export_duckdb import stored_batch
from townlet.keeping.extent import Extent, sealed_description
from townlet.run import Run

TICKS = 700


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate({}, ticks=TICKS, seed=7, into=tmp_path_factory.mktemp("words") / "town")


@pytest.fixture(scope="module")
def exports(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("exports")
    return {to: export(run, to, into=folder / to).path for to in ("parquet", "csv", "duckdb")}


def test_a10_every_format_has_the_columns_of_events(run: Run, exports: dict[str, Path]) -> None:
    asked = run.sql("from events order by seq")
    with duckdb.connect(exports["duckdb"], read_only=True) as database:
        of_database = database.sql("from events order by seq").to_arrow_table()
    with (exports["csv"] / "events.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    of_parquet = pq.read_table(exports["parquet"])
    assert of_parquet.column_names == of_database.column_names == header == asked.column_names
    assert of_parquet.to_pylist() == of_database.to_pylist() == asked.to_pylist()
    assert len(rows) == len(asked)
    with duckdb.connect() as reader:  # as any other tool reads it
        moved = reader.sql(f"select kind, kind_id from read_parquet('{exports['parquet']}') where kind = 'agent_moved'")
        assert set(moved.fetchall()) == {("agent_moved", KIND_BY_NAME["agent_moved"].kind)}


def test_a10_words_and_numbers_say_the_same(run: Run, exports: dict[str, Path]) -> None:
    events = pq.read_table(exports["parquet"]).to_pylist()
    assert {(row["kind"], row["kind_id"]) for row in events} <= {
        (name, kind.kind) for name, kind in KIND_BY_NAME.items()
    }
    persons = {row["id"]: row["name"] for row in run.sql("from persons").to_pylist()}
    assert {row["agent_id"]: row["agent"] for row in events if row["agent_id"] is not None} == persons
    assert (
        from_batch(stored_batch(pq.read_table(exports["parquet"]))).tobytes()
        == np.concatenate(list(run.log.rows())).tobytes()
    )


def test_a10_the_description_says_which_columns_and_earlier_exports_are_proved(
    run: Run, exports: dict[str, Path], tmp_path: Path
) -> None:
    said = json.loads(pq.read_metadata(exports["parquet"]).metadata[b"townlet.export"])
    assert said["format"] == 2
    extent = Extent.of(run, None, None).model_copy(update={"format": 1})
    about = {DESCRIPTION: json.dumps(sealed_description(extent)), "run_id": extent.run_id, "run": extent.name}
    earlier = tmp_path / "earlier.parquet"
    with earlier.open("wb") as file:
        parquet.write(file, run.log.parts(extent.from_seq, extent.next_seq), extent.chain(), about)
    assert all(check.passed for check in verify_export(earlier, run))
    assert all(check.passed for path in exports.values() for check in verify_export(path, run))
