"""The head, `log/head`: says how far a log is committed. Two slots of 64 bytes are written in turn after each commit.

A slot is `appended u64, durable u64, seq u64, tick u32, digest 32 bytes, crc32 u32`, little-endian. A half-written slot
fails its crc; then the other slot holds. `appended` and `durable` count bytes of the segment that has event `seq - 1`:
a slot whose `seq` is the active segment's first event means that this segment is empty, and a slot with a smaller `seq`
says nothing about it. The valid slot with the larger `appended` is the head; `durable` is the larger of both. Readers
never read past `appended`.
"""

import struct
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from eventlog.folder import disk
from eventlog.folder.regular import read_regular

_SLOT: Final = struct.Struct("<QQQI32s")
_CRC: Final = struct.Struct("<I")
SLOT_BYTES: Final = _SLOT.size + _CRC.size


class Head(NamedTuple):
    """How far a log is committed. `appended` and `durable` are bytes of the active segment."""

    appended: int  # committed bytes: readers see them
    durable: int  # synced bytes: a power failure leaves them
    seq: int  # number of the next event
    tick: int  # the log holds every event with a smaller tick
    digest: str  # of all events before `seq`, in hex


class Point(NamedTuple):
    """A place between two frames of a log, in the form that a checkpoint keeps."""

    tick: int  # events with a smaller tick lie before it
    seq: int  # number of the first event after it
    block_digest: str  # the chain's last whole block before it, in hex
    digest: str  # of all events before it, in hex


class HeadFile:
    """The head, open for writing."""

    def __init__(self, path: Path) -> None:
        self._fd = disk.update(path)
        self._slot = 0

    def write(self, appended: int, durable: int, seq: int, tick: int, digest: bytes) -> None:
        """Write a head into the slot that was not written last. Raises `OSError`."""
        slot = _slot(appended, durable, seq, tick, digest)
        written = disk.write_at(self._fd, slot, self._slot * SLOT_BYTES)
        if written != SLOT_BYTES:
            raise OSError(f"only {written} of the head's {SLOT_BYTES} bytes were written")
        self._slot ^= 1

    def rewrite(self, appended: int, durable: int, seq: int, tick: int, digest: bytes) -> None:
        """Write and sync a head in both slots, so that no older head remains. Raises `OSError`."""
        for _ in range(2):
            self.write(appended, durable, seq, tick, digest)
            disk.sync(self._fd)

    def sync(self) -> None:
        """Wait until the head is on the disk."""
        disk.sync(self._fd)

    def close(self) -> None:
        """Close the file."""
        disk.close(self._fd)


def head_text(appended: int, durable: int, seq: int, tick: int, digest: bytes) -> bytes:
    """The bytes of a file with this head in both slots."""
    return 2 * _slot(appended, durable, seq, tick, digest)


def read_head(path: Path, first_seq: int = 0) -> Head | None:
    """The head of the active segment, which begins with event `first_seq`. A writer may write meanwhile.

    None if there is no file or no valid slot about this segment; for an empty segment `appended` and `durable` are 0.
    Raises `OSError`.
    """
    try:
        slots = read_regular(path, 2 * SLOT_BYTES)
    except FileNotFoundError:
        return None
    return head_in(slots, first_seq)


def head_in(slots: bytes, first_seq: int = 0) -> Head | None:
    """The head in the bytes of a file, as for `read_head`."""
    heads = [
        head for at in (0, SLOT_BYTES) if (head := _head_in(slots[at : at + SLOT_BYTES])) and head.seq >= first_seq
    ]
    here = [head for head in heads if head.seq > first_seq]
    if here:
        newest = max(here, key=lambda head: (head.appended, head.durable))
        return newest._replace(durable=max(head.durable for head in here))
    return heads[0]._replace(appended=0, durable=0) if heads else None


def _slot(appended: int, durable: int, seq: int, tick: int, digest: bytes) -> bytes:
    fields = _SLOT.pack(appended, durable, seq, tick, digest)
    return fields + _CRC.pack(zlib.crc32(fields))


def _head_in(slot: bytes) -> Head | None:
    if len(slot) != SLOT_BYTES:
        return None
    fields, crc = slot[: _SLOT.size], slot[_SLOT.size :]
    if _CRC.unpack(crc)[0] != zlib.crc32(fields):
        return None
    appended, durable, seq, tick, digest = _SLOT.unpack(fields)
    if tick > seq or seq >= 1 << 63:  # every tick ends with an event
        return None
    return Head(appended, durable, seq, tick, digest.hex())
