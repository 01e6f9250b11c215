"""The row and its columns."""

import subprocess
import sys

import numpy as np
import pytest

from eventlog.format.arrow import SCHEMA, from_batch, notes_of, to_batch
from eventlog.rows import MISSING_VALUE, ROW, packed_rows
from tests.eventlog.towns import history


def test_a_row_has_44_bytes_and_the_columns_of_the_schema() -> None:
    assert ROW.itemsize == 44
    assert sorted(ROW.names or ()) == sorted(set(SCHEMA.names) - {"note"})
    assert all(SCHEMA.field(name).type.to_pandas_dtype() == ROW[name] for name in ROW.names or ())


def test_rows_survive_arrow_byte_for_byte() -> None:
    rows = history(1000)
    batch = to_batch(rows)
    batch.validate(full=True)
    assert batch.schema == SCHEMA
    assert from_batch(batch).tobytes() == rows.tobytes()
    assert notes_of(batch) == {}


def test_notes_are_found_by_seq() -> None:
    notes = {103: "open the café", 107: ""}
    batch = to_batch(history(10, seq=100), notes)
    batch.validate(full=True)
    assert notes_of(batch) == notes
    assert notes_of(batch.slice(4)) == {107: ""}
    assert from_batch(batch.slice(4)).tobytes() == history(10, seq=100)[4:].tobytes()


def test_a_note_for_an_event_elsewhere_is_refused() -> None:
    with pytest.raises(ValueError, match="event 110"):
        to_batch(history(10, seq=100), {110: "no"})


def test_strided_record_arrays_are_packed() -> None:
    rows = history(50)
    town = np.zeros(50, [("before", "i8"), ("outbox", ROW), ("after", "i4")]).view(np.recarray)
    town.outbox = rows
    plain = packed_rows(town.outbox)
    assert type(plain) is np.ndarray
    assert plain.tobytes() == rows.tobytes()
    assert packed_rows(rows) is rows, "no copy where none is needed"
    assert packed_rows(rows[::2]).tobytes() == b"".join(row.tobytes() for row in rows[::2])


def test_other_arrays_are_refused() -> None:
    with pytest.raises(TypeError, match="ROW"):
        packed_rows(np.zeros(3, "i8"))


def test_the_missing_value_is_one_nan() -> None:
    assert np.isnan(MISSING_VALUE)
    assert MISSING_VALUE.view(np.uint32) == 0x7FC00000


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("eventlog", {"numpy", "pyarrow", "pydantic"}),
        ("eventlog.rows", {"pyarrow", "pydantic", "filelock"}),
        ("eventlog.reader", {"eventlog.writer", "eventlog.folder.lock", "filelock"}),
    ],
)
def test_an_import_brings_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert not unwanted & set(done.stdout.split())
