"""Frames are stock Arrow messages, and no damage to them goes unseen."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.format.arrow import SCHEMA, from_batch, notes_of
from eventlog.format.chain import GENESIS
from eventlog.format.frames import Frame, Scan, decode, decode_rows, encode, hash_of
from eventlog.format.layout import message, schema_message
from eventlog.rows import Rows
from tests.eventlog.towns import history

START = len(schema_message())


def segment(sizes: list[int], notes: dict[int, str] | None = None) -> tuple[bytes, list[Rows]]:
    """The bytes of a segment with frames of these sizes, and their rows; `notes` belong to the last frame."""
    content, previous = bytearray(schema_message()), hash_of(schema_message())
    parts: list[Rows] = []
    seq = 0
    for number, size in enumerate(sizes):
        rows = history(size, seq=seq, tick=number * 100)
        words = notes or {} if number == len(sizes) - 1 else {}
        frame, previous = encode(rows, words, previous=previous, block_digest=GENESIS, digest=GENESIS)
        content += frame
        parts.append(rows)
        seq += size
    return bytes(content), parts


def scan(content: bytes) -> tuple[list[Frame], str | None]:
    found = Scan(memoryview(content), START, len(content), next_seq=0, previous=hash_of(content[:START]))
    return list(found), found.fault


THREE, ROWS = segment([40, 25, 33], {70: "a note"})
FRAMES, _ = scan(THREE)


def frames_before(byte: int) -> int:
    """How many frames of THREE lie wholly before this byte."""
    return sum(frame.end <= byte for frame in FRAMES)


def test_a_scan_finds_every_frame_and_a_clean_end() -> None:
    frames, fault = scan(THREE)
    assert fault is None
    assert [(frame.first_seq, frame.rows, frame.first_tick, frame.last_tick) for frame in frames] == [
        (0, 40, 0, 3),
        (40, 25, 100, 102),
        (65, 33, 200, 203),
    ]
    assert frames[-1].end == len(THREE)
    assert [frame.point.digest for frame in frames] == [GENESIS.hex()] * 3


def test_frames_decode_to_what_was_encoded() -> None:
    buffer = memoryview(THREE)
    for frame, rows in zip(FRAMES, ROWS, strict=True):
        decoded, notes = decode_rows(buffer, frame)
        batch = decode(buffer, frame)
        batch.validate(full=True)
        assert decoded.tobytes() == from_batch(batch).tobytes() == rows.tobytes()
        assert notes == notes_of(batch)
    assert notes == {70: "a note"}


def test_pyarrow_alone_reads_the_segment() -> None:
    table = pa.ipc.open_stream(THREE).read_all()
    table.validate(full=True)
    assert table.schema == SCHEMA
    assert table["seq"].to_pylist() == list(range(98))
    assert table["note"][70].as_py() == "a note"


@pytest.mark.parametrize("size", [1, 7, 64, 513])
def test_the_quick_encoding_is_pyarrows_own(size: int) -> None:
    content, (rows,) = segment([size])
    frames, _ = scan(content)
    frame = content[START:]
    mark = frame[frames[0].mark_at :][: len(frame)]
    batch = decode(memoryview(content), frames[0])
    end = mark.index(b"\0")
    assert message(batch, mark[:end]) == frame
    assert from_batch(batch).tobytes() == rows.tobytes()


def test_a_cut_at_any_byte_leaves_the_frames_before_it() -> None:
    for end in range(START, len(THREE)):
        frames, fault = scan(THREE[:end])
        assert len(frames) == frames_before(end), f"cut at byte {end}"
        assert (fault is None) == (end in {START, *(frame.end for frame in FRAMES)})


@given(byte=st.integers(START, len(THREE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_seen(byte: int, bit: int) -> None:
    damaged = bytearray(THREE)
    damaged[byte] ^= 1 << bit
    frames, fault = scan(bytes(damaged))
    assert fault
    assert frames == FRAMES[: frames_before(byte)]


@given(byte=st.integers(START, len(THREE) - 1), size=st.sampled_from([8, 64, 512, 4096]))
def test_zeroed_bytes_are_seen(byte: int, size: int) -> None:
    end = min(byte + size, len(THREE))
    damaged = THREE[:byte] + bytes(end - byte) + THREE[end:]
    frames, fault = scan(damaged)
    if damaged == THREE:
        assert fault is None
    else:
        first = next(i for i in range(byte, end) if THREE[i])
        assert fault
        assert frames == FRAMES[: frames_before(first)]


def test_a_zeroed_header_is_no_end() -> None:
    at = FRAMES[1].position
    damaged = THREE[:at] + bytes(8) + THREE[at + 8 :]
    assert pa.ipc.open_stream(damaged).read_all().num_rows == 40, "pyarrow takes it for a clean end"
    frames, fault = scan(damaged)
    assert (len(frames), fault) == (1, "no frame begins here")


@pytest.mark.parametrize("order", [(0, 1, 1, 2), (0, 0, 1, 2), (0, 2), (1, 2), (0, 2, 1)])
def test_frames_repeated_dropped_or_swapped_are_seen(order: tuple[int, ...]) -> None:
    pieces = [THREE[FRAMES[i].position : FRAMES[i].end] for i in order]
    frames, fault = scan(THREE[:START] + b"".join(pieces))
    good = next((i for i, number in enumerate(order) if number != i), len(order))
    assert (len(frames), bool(fault)) == (good, True)


def test_a_frame_of_another_history_is_seen() -> None:
    other, _ = segment([40, 25])
    changed = history(40)
    changed["value"][0] = 3
    frame, _ = encode(changed, {}, previous=hash_of(schema_message()), block_digest=GENESIS, digest=GENESIS)
    assert len(frame) == FRAMES[0].length
    frames, fault = scan(THREE[:START] + bytes(frame) + other[FRAMES[1].position :])
    assert (len(frames), fault) == (1, "the frame does not follow the one before it")


def test_garbage_after_the_end_is_seen() -> None:
    for garbage in (b"\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\xff\0\0\0\0", bytes(4096), b"\xff" * 99):
        frames, fault = scan(THREE + garbage)
        assert (len(frames), bool(fault)) == (3, True)


def test_decoding_copies_nothing() -> None:
    buffer = memoryview(bytearray(THREE))
    batch = decode(buffer, FRAMES[0])
    tick = np.frombuffer(batch.column("tick").buffers()[1], "<u4")[:40]
    before = int(tick[0])
    offset = batch.column("tick").buffers()[1].address - pa.py_buffer(buffer).address
    buffer[offset] ^= 1
    assert int(tick[0]) == before ^ 1
