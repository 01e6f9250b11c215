"""Where the active segment of a log ends, and the repair of a tail that was torn.

1. Frames are accepted while their checksum, sequence and chain hold, also past the published head: a writer that died
   between writing a frame and publishing it has written it.
2. Bad bytes at or above the durable offset were never promised: they are kept as `<segment>.torn` and cut off.
3. Bad bytes below it are damage: `LogDamaged`, and nothing is touched.
4. A segment that ends cleanly before it is damaged as well.
5. Where there is no valid head, nothing is known to be torn: any bad byte is damage.
"""

import mmap
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.arrow import SCHEMA
from eventlog.chain import BLOCK_EVENTS, GENESIS, Chain
from eventlog.errors import LogDamaged
from eventlog.frames import Frame, Scan, decode_rows, hash_of, inspect
from eventlog.head import Head
from eventlog.layout import schema_message
from eventlog.manifest import sync_folder
from eventlog.rows import ROW


class Tail(NamedTuple):
    """The end of a log that a writer may append to."""

    position: int  # bytes of the segment
    tick: int  # the log holds every event with a smaller tick
    previous: bytes  # hash of the last frame's mark
    chain: Chain  # after the last event
    torn: Path | None  # where torn bytes were put, if any were


def recover(segment: Path, head: Head | None) -> Tail:
    """Find the end of the segment, cutting off what was torn. Raises `LogDamaged`, and then nothing was touched."""
    with segment.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise _damage(segment, head, None, 0, "the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as buffer:
            start, previous = read_schema(segment, buffer, head)
            scan = Scan(buffer, start, size, next_seq=0, previous=previous)
            frames = list(scan)
            last = frames[-1] if frames else None
            _refuse_damage(segment, head, scan, last)
            chain = _chain_after(buffer, frames)
    tick = last.last_tick + 1 if last else 0
    if head and head.seq == chain.seq and head.digest != chain.digest().hex():
        raise _damage(segment, head, last, scan.position, "the history's digest differs from the head's")
    torn = _cut(segment, scan.position) if scan.position < size else None
    return Tail(scan.position, tick, last.hash if last else previous, chain, torn)


def read_schema(segment: Path, buffer: memoryview, head: Head | None) -> tuple[int, bytes]:
    """The byte of the segment at which its first frame begins, and what that frame's `previous` has to be.

    Raises `LogDamaged` when the segment does not begin with the schema of the log.
    """
    length = 8 + int.from_bytes(buffer[4:8], "little")
    message = bytes(buffer[:length])
    if message != schema_message():  # damage, or another version of Arrow wrote it
        try:
            found = pa.ipc.read_schema(pa.py_buffer(message))
        except (pa.ArrowException, OSError) as error:
            raise _damage(segment, head, None, 0, "its schema cannot be read") from error
        if found != SCHEMA or not _is_followed(buffer, message, length):
            raise _damage(segment, head, None, 0, "its schema is not the log's")
    return length, hash_of(message)


def _is_followed(buffer: memoryview, message: bytes, length: int) -> bool:
    """Whether the schema message is whole, and the first frame, where there is one, was written after it."""
    if len(buffer) <= length:
        return len(buffer) == length
    first = inspect(buffer, length, len(buffer))
    return isinstance(first, Frame) and first.previous == hash_of(message)


def _refuse_damage(segment: Path, head: Head | None, scan: Scan, last: Frame | None) -> None:
    if scan.fault and (head is None or scan.position < head.durable):
        raise _damage(segment, head, last, scan.position, scan.fault)
    if head and scan.position < head.durable:
        raise _damage(segment, head, last, scan.position, "the file ends before what was durable")


def _damage(segment: Path, head: Head | None, last: Frame | None, position: int, reason: str) -> LogDamaged:
    return LogDamaged(
        segment,
        seq=last.next_seq if last else 0,
        tick=last.last_tick + 1 if last else 0,
        position=position,
        durable=head.durable if head else None,
        reason=reason if head else f"{reason} (and its head is lost)",
    )


def _chain_after(buffer: memoryview, frames: list[Frame]) -> Chain:
    """The chain after the last frame: its block digest, and the rows since that block began."""
    if not frames:
        return Chain(GENESIS)
    last = frames[-1]
    block_seq = last.first_seq - last.first_seq % BLOCK_EVENTS
    since = [decode_rows(buffer, frame) for frame in _frames_since(frames, block_seq)]
    rows = np.concatenate([part for part, _ in since], dtype=ROW)
    notes = {seq: note for _, words in since for seq, note in words.items()}
    return Chain.resume(last.block_digest, block_seq, rows[rows["seq"] >= block_seq], notes)


def _frames_since(frames: list[Frame], seq: int) -> Iterable[Frame]:
    first = len(frames) - 1
    while frames[first].first_seq > seq:
        first -= 1
    return frames[first:]


def _cut(segment: Path, position: int) -> Path:
    """Keep the bytes from `position` on beside the segment, then cut them off; gives the path they are kept at."""
    torn = segment.with_name(segment.name + ".torn")
    number = 1
    while torn.exists():
        number += 1
        torn = segment.with_name(f"{segment.name}.torn-{number}")
    with segment.open("r+b") as file:
        with torn.open("wb") as kept:
            file.seek(position)
            shutil.copyfileobj(file, kept)
            kept.flush()
            os.fsync(kept.fileno())
        file.truncate(position)
        os.fsync(file.fileno())
    sync_folder(segment.parent)
    return torn
