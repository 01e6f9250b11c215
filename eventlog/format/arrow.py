"""Events as Arrow: the log's schema, and the conversion between rows and record batches."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from eventlog.rows import ROW, Rows, packed_rows

SCHEMA: Final = pa.schema(
    [
        pa.field("seq", pa.uint64(), nullable=False),
        pa.field("tick", pa.uint32(), nullable=False),
        pa.field("kind", pa.uint16(), nullable=False),
        pa.field("agent", pa.int32(), nullable=False),
        pa.field("other", pa.int32(), nullable=False),
        pa.field("object", pa.int16(), nullable=False),
        pa.field("tile", pa.int32(), nullable=False),
        pa.field("code", pa.int16(), nullable=False),
        pa.field("code2", pa.int16(), nullable=False),
        pa.field("value", pa.float32(), nullable=False),
        pa.field("value2", pa.float32(), nullable=False),
        pa.field("cause", pa.uint32(), nullable=False),
        pa.field("note", pa.string(), nullable=True),
    ]
)
"""The schema of every kind of event. `note` is the event's text; it is null for nearly all events."""

NO_NOTES: Final[Mapping[int, str]] = {}


def to_batch(rows: Rows, notes: Mapping[int, str] = NO_NOTES) -> pa.RecordBatch:
    """The events as one record batch of `SCHEMA`; `notes` maps the seq of an event to its note.

    Raises `ValueError` for a note whose event is not among `rows`.
    """
    rows = packed_rows(rows)
    count = len(rows)
    columns = [
        pa.Array.from_buffers(field.type, count, [None, pa.py_buffer(np.ascontiguousarray(rows[field.name]))])
        for field in SCHEMA
        if field.name != "note"
    ]
    return pa.RecordBatch.from_arrays([*columns, _note_column(rows, notes)], schema=SCHEMA)


def from_batch(batch: pa.RecordBatch) -> Rows:
    """The events of a record batch of `SCHEMA` as a new array of `ROW`, shape (batch.num_rows,). Notes: `notes_of`."""
    rows = np.empty(batch.num_rows, ROW)
    for name in ROW.names or ():
        rows[name] = batch.column(name).to_numpy(zero_copy_only=True)
    return rows


def notes_of(batch: pa.RecordBatch) -> dict[int, str]:
    """The notes of the batch's events, by seq."""
    note = batch.column("note")
    if note.null_count == len(note):
        return {}
    seqs = batch.column("seq")
    return {seqs[i].as_py(): note[i].as_py() for i in np.flatnonzero(note.is_valid().to_numpy(zero_copy_only=False))}


def require_within(whole: pa.Buffer, column: pa.Array) -> None:
    """Raises `ValueError` unless a column read from these bytes lies within them: so its size is bounded by theirs."""
    begins, ends = whole.address, whole.address + whole.size
    for part in column.buffers():
        if part is not None and part.size and not (begins <= part.address and part.address + part.size <= ends):
            raise ValueError("a column lies outside of its bytes")


def _note_column(rows: Rows, notes: Mapping[int, str]) -> pa.Array:
    if not notes:
        return pa.nulls(len(rows), pa.string())
    words: list[str | None] = [None] * len(rows)
    first_seq = int(rows["seq"][0]) if len(rows) else 0
    for seq, note in notes.items():
        if not 0 <= seq - first_seq < len(rows):
            raise ValueError(f"a note belongs to event {seq:,}, which is not among these events")
        words[seq - first_seq] = note
    return pa.array(words, pa.string())
