"""A frame: the bytes of one commit in a segment, an Arrow IPC message that can be checked without decoding it.

Its custom metadata has, under the key ``tw``, a mark of fixed width, in ASCII so that any Arrow reader accepts it::

    twframe1                 8   magic
    crc32                    8   hex, over the whole message with these eight characters as "00000000"
    rows, length             8 + 16   hex, of this message; length in bytes
    first seq                16  hex
    first tick, last tick    8 + 8
    previous                 32  hex, 16-byte blake2b of the mark before (which holds that frame's crc and `previous`)
    block digest, digest     64 + 64  hex, of the log's chain before this frame

The first frame's `previous` is the hash of the schema message, so every byte of the file is checked. pyarrow alone
returns wrong values for 71 % of single bit flips and reads a zeroed header as the end of the file; a scan finds both.
"""

import functools
import hashlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.folder.head import Point
from eventlog.format.arrow import NO_NOTES, SCHEMA, from_batch, notes_of, require_within, to_batch
from eventlog.format.layout import Layout, layout, message
from eventlog.rows import ROW, Rows, packed_rows

MAGIC: Final = b"twframe1"
CONTINUATION: Final = b"\xff\xff\xff\xff"
HEADER_BYTES_MAX: Final = 1 << 16
"""The longest message header that a scan reads; ours have about 1,200 bytes."""

CHECKSUM_DIFFERS: Final = "checksum differs"
OTHER_EVENTS: Final = "it holds other events than it says"

_SEQ_MOST: Final = 1 << 63
_FIELDS: Final = struct.Struct(">IQQII16s32s32s")
_NO_CRC: Final = b"00000000"
_CRC_AT: Final = len(MAGIC)
_CRC_END: Final = _CRC_AT + len(_NO_CRC)
MARK_BYTES: Final = _CRC_END + 2 * _FIELDS.size
BLANK: Final = MAGIC + b"0" * (MARK_BYTES - len(MAGIC))


class Frame(NamedTuple):
    """One frame of a segment: its place in the file, and the fields of its mark."""

    position: int  # byte of the segment where it begins
    length: int  # bytes
    mark_at: int  # byte of the frame where its mark begins
    first_seq: int
    rows: int
    first_tick: int
    last_tick: int
    previous: bytes  # hash of the mark before, 16 bytes
    block_digest: bytes  # the chain's, before this frame, 32 bytes
    digest: bytes  # the chain's, before this frame, 32 bytes
    hash: bytes  # of its own mark: the next frame's `previous`

    @property
    def end(self) -> int:
        """The first byte of the segment after the frame."""
        return self.position + self.length

    @property
    def next_seq(self) -> int:
        """The number of the first event after the frame."""
        return self.first_seq + self.rows

    @property
    def point(self) -> Point:
        """The place in the log before the frame, in the form that a checkpoint keeps."""
        return Point(self.first_tick, self.first_seq, self.block_digest.hex(), self.digest.hex())


def hash_of(mark: bytes | bytearray) -> bytes:
    """The hash of a mark, or of the schema message, that the next frame records: 16-byte blake2b."""
    return hashlib.blake2b(mark, digest_size=16).digest()


def encode(
    rows: Rows, notes: Mapping[int, str], *, previous: bytes, block_digest: bytes, digest: bytes
) -> tuple[bytearray, bytes]:
    """The frame of a commit, and the hash of its mark.

    `rows` has at least one event; `notes` maps seqs to notes; `block_digest` and `digest` are the chain's before them.
    """
    rows = packed_rows(rows)
    if notes:
        frame = bytearray(message(to_batch(rows, notes), BLANK))
        mark_at = frame.index(BLANK)
    else:
        frame, mark_at = _fill(rows)
    fields = _FIELDS.pack(
        len(rows),
        len(frame),
        rows["seq"][0],
        rows["tick"][0],
        rows["tick"][-1],
        previous,
        block_digest,
        digest,
    )
    frame[mark_at + _CRC_END : mark_at + MARK_BYTES] = fields.hex().encode()
    frame[mark_at + _CRC_AT : mark_at + _CRC_END] = b"%08x" % zlib.crc32(frame)
    return frame, hash_of(frame[mark_at : mark_at + MARK_BYTES])


def inspect(buffer: memoryview, position: int, end: int) -> Frame | str:
    """The frame that begins at byte `position` of `buffer`, whose valid bytes end at `end`; or a fault in words.

    Checks the frame against its own mark. `Scan` checks that it follows the frame before.
    """
    frame = glance(buffer, position, end)
    if isinstance(frame, str):
        return frame
    return (misfit(buffer, frame) or frame) if is_intact(buffer, frame) else CHECKSUM_DIFFERS


def is_intact(buffer: memoryview, frame: Frame) -> bool:
    """Whether a frame's bytes have the checksum in its mark."""
    crc_at = frame.position + frame.mark_at + _CRC_AT
    crc_end = frame.position + frame.mark_at + _CRC_END
    crc = zlib.crc32(buffer[frame.position : crc_at])
    crc = zlib.crc32(_NO_CRC, crc)
    crc = zlib.crc32(buffer[crc_end : frame.end], crc)
    return b"%08x" % crc == bytes(buffer[crc_at:crc_end])


def misfit(buffer: memoryview, frame: Frame) -> str | None:
    """Why an intact frame is none that a commit writes, in words; None: it is one.

    A checksum proves bytes, not sense: the message must hold the events that the mark tells of, within the frame.
    """
    try:
        batch = decode(buffer, frame)
    except (pa.ArrowException, ValueError, OSError) as error:
        return f"its message cannot be read ({error})"
    return None if agrees(frame, batch) else OTHER_EVENTS


def agrees(frame: Frame, batch: pa.RecordBatch) -> bool:
    """Whether a batch holds the events that a frame tells of, in order."""
    if len(batch) != frame.rows or any(batch.column(name).null_count for name in SCHEMA.names if name != "note"):
        return False
    seqs, ticks = batch.column("seq").to_numpy(), batch.column("tick").to_numpy()
    return bool(
        np.array_equal(seqs, np.arange(frame.first_seq, frame.next_seq, dtype=np.uint64))
        and (ticks[0], ticks[-1]) == (frame.first_tick, frame.last_tick)
        and (ticks[1:] >= ticks[:-1]).all()
    )


def glance(buffer: memoryview, position: int, end: int) -> Frame | str:
    """Like `inspect`, but reads only the mark: does not check the frame's other bytes."""
    if end - position < 8:
        return "a frame begins and is cut off"
    if bytes(buffer[position : position + 4]) != CONTINUATION:
        return "no frame begins here"
    header_bytes = 8 + int.from_bytes(buffer[position + 4 : position + 8], "little")
    if header_bytes > HEADER_BYTES_MAX:
        return "no frame begins here"
    header = bytes(buffer[position : min(position + header_bytes, end)])
    mark_at = header.find(MAGIC)
    if mark_at < 0 or mark_at + MARK_BYTES > len(header):
        return "a frame's header is cut off or overwritten"
    mark = header[mark_at : mark_at + MARK_BYTES]
    try:
        fields = _FIELDS.unpack(bytes.fromhex(mark[_CRC_END:].decode("ascii")))
    except (ValueError, struct.error):
        return "a frame's mark is overwritten"
    rows, length, first_seq, first_tick, last_tick, previous, block_digest, digest = fields
    if length < header_bytes or length > end - position:
        return "a frame begins and is cut off"
    if not 0 < rows * ROW.itemsize <= length or first_tick > last_tick or first_seq + rows > _SEQ_MOST:
        return f"a frame of {length:,} bytes cannot hold {rows:,} events from {first_seq:,} on"
    return Frame(
        position, length, mark_at, first_seq, rows, first_tick, last_tick, previous, block_digest, digest, hash_of(mark)
    )


class Scan:
    """Iterates over the frames of `buffer[position:end]`; checks each, and that it follows the one before.

    Afterwards `position` is the byte where it stopped and `fault` the reason, None for a clean end. `next_seq` and
    `previous` are what the first frame must have as first seq and `previous`; None accepts any.
    """

    def __init__(
        self,
        buffer: memoryview,
        position: int,
        end: int,
        *,
        next_seq: int | None,
        previous: bytes | None,
        whole: bool = True,
    ) -> None:
        """`whole`: check every byte of the frames; else only their marks, each of which has the hash of the last."""
        self.position = position
        self.fault: str | None = None
        self._inspect = inspect if whole else glance
        self._buffer, self._end = buffer, end
        self._next_seq, self._previous, self._tick = next_seq, previous, 0

    def __iter__(self) -> Iterator[Frame]:
        while self.position < self._end:
            frame = self._inspect(self._buffer, self.position, self._end)
            if isinstance(frame, str):
                self.fault = frame
                return
            if self._next_seq is not None and frame.first_seq != self._next_seq:
                self.fault = f"event {self._next_seq:,} should follow, but the frame begins at {frame.first_seq:,}"
                return
            if self._previous is not None and frame.previous != self._previous:
                self.fault = "the frame does not follow the one before it"
                return
            if frame.first_tick < self._tick:
                self.fault = f"tick {self._tick:,} is followed by tick {frame.first_tick:,}"
                return
            self.position, self._tick = frame.end, frame.last_tick
            self._next_seq, self._previous = frame.next_seq, frame.hash
            yield frame


def decode(buffer: memoryview, frame: Frame) -> pa.RecordBatch:
    """The frame's events as a record batch of `SCHEMA`, without copying the buffer.

    Raises `pa.ArrowException`, `ValueError`, `OSError` for a message that is not sound.
    """
    whole = pa.py_buffer(buffer[frame.position : frame.end])
    batch = pa.ipc.read_record_batch(whole, SCHEMA)
    if _plain_layout(buffer, frame):  # the values are where they should be; of the empty notes nothing else is said
        return batch.set_column(len(SCHEMA) - 1, SCHEMA.field("note"), _no_notes(frame.rows))
    batch.validate(full=True)
    for column in batch.columns:
        require_within(whole, column)
    return batch


def decode_rows(buffer: memoryview, frame: Frame) -> tuple[Rows, Mapping[int, str]]:
    """The frame's events as a new array of `ROW`, and their notes by seq. Raises as `decode` does."""
    plain = _plain_layout(buffer, frame)
    if plain is None:  # notes, or another version of Arrow wrote it
        batch = decode(buffer, frame)
        return from_batch(batch), notes_of(batch)
    rows = np.empty(frame.rows, ROW)
    for name, dtype, offset in plain.columns:
        rows[name] = np.ndarray(frame.rows, dtype, buffer, frame.position + offset)
    return rows, NO_NOTES


def _plain_layout(buffer: memoryview, frame: Frame) -> Layout | None:
    """The layout of a frame without notes that this version of Arrow wrote; None for any other frame."""
    plain = layout(frame.rows, BLANK)
    header = bytes(buffer[frame.position : frame.position + len(plain.header)])
    tail = frame.mark_at + MARK_BYTES
    if (
        frame.length != plain.length
        or header[: frame.mark_at] != plain.header[: plain.mark_at]
        or header[tail:] != plain.header[tail:]
    ):
        return None
    return plain


@functools.lru_cache(maxsize=64)
def _no_notes(rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string())


def _fill(rows: Rows) -> tuple[bytearray, int]:
    """A frame with the rows' columns and a blank mark, and the byte at which the mark begins."""
    plain = layout(len(rows), BLANK)
    frame = bytearray(plain.length)
    frame[: len(plain.header)] = plain.header
    for name, dtype, offset in plain.columns:
        np.ndarray(len(rows), dtype, frame, offset)[:] = rows[name]
    return frame, plain.mark_at
