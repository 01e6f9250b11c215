"""Reads one segment of a log: finds frames by their marks and checks each frame's bytes before it is decoded."""

import mmap
import os
from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from eventlog.errors import LogDamaged
from eventlog.folder.manifest import Manifest, Seal, Segment
from eventlog.folder.regular import open_regular
from eventlog.folder.stores import forget
from eventlog.format.arrow import SCHEMA
from eventlog.format.chain import BLOCK_EVENTS, GENESIS
from eventlog.format.frames import (
    CHECKSUM_DIFFERS,
    Frame,
    Scan,
    decode,
    decode_rows,
    hash_of,
    inspect,
    is_intact,
    misfit,
)
from eventlog.format.layout import schema_message
from eventlog.format.sealing import FILE_MAGIC, blocks_of, footer_crc
from eventlog.rows import Rows

COLD: Final = ".parquet"
"""The file extension of a cold segment."""


_first_seq = attrgetter("first_seq")


class Start(NamedTuple):
    """The place in the log's history where a segment begins."""

    seq: int
    tick: int  # the log before it holds every event with a smaller tick
    block_digest: bytes
    digest: bytes


BEGINNING: Final = Start(0, 0, GENESIS, GENESIS)


READ_ALL: Final = 1 << 62
"""More bytes than any segment has: the reach of an active segment without events, which has only its schema."""


class Reach(NamedTuple):
    """How far a segment may be read: end in bytes, number of the event after it, synced bytes."""

    end: int
    next_seq: int
    durable: int

    @classmethod
    def of(cls, seal: Seal) -> "Reach":
        """The reach of a whole sealed segment."""
        return cls(seal.bytes, seal.next_seq, seal.bytes)


class SegmentReader:
    """The reader of one segment: its committed frames and their events.

    Frames are found by their marks, each of which has the hash of the mark before. A frame's bytes are checked when
    its events are first read. Damaged events raise `LogDamaged` only when they are read.
    """

    def __init__(self, run: Path, segment: Segment, start: Start, reach: Reach, writer_epoch: int = 0) -> None:
        """Raises `FileNotFoundError` if the file is missing, `LogDamaged` if it does not begin like a segment."""
        self.path = run / "log" / segment.file
        self.segment = segment
        self.start = start
        self.reach = reach
        self.writer_epoch = writer_epoch
        self._frames: list[Frame] = []
        self._fault: str | None = None
        self._intact: set[int] = set()
        self._identity = _identity_of(self.path)
        self._buffer, self._size = _mapped_bytes(self.path, reach.end)
        self.begins, self._previous = self._read_schema(len(FILE_MAGIC) if segment.seal else 0)
        self._position = self.begins

    def with_reach(self, reach: Reach) -> "SegmentReader":
        """A reader of the same segment up to a later end, for when more is committed."""
        grown = SegmentReader(self.path.parent.parent, self.segment, self.start, reach, self.writer_epoch)
        if self._fault is None and grown._identity == self._identity:  # a resumed run may have a copy of the file
            grown._frames, grown._intact = self._frames, self._intact
            grown._position, grown._previous = self._position, self._previous
        return grown

    @property
    def is_cut(self) -> bool:
        """Whether the file is now shorter than its mapping: reading the mapping would crash the process."""
        try:
            return self.path.stat().st_size < len(self._buffer)
        except OSError:  # the file was removed: its mapping stays readable
            return False

    @property
    def next_seq(self) -> int:
        """The number of the first event after the frames found so far."""
        return self._frames[-1].next_seq if self._frames else self.start.seq

    def frames(self) -> list[Frame]:
        """The committed frames, up to the first one that does not follow the frame before.

        Their marks are checked: the next mark, or the seal, has the hash of each. Without a seal the last frame is
        checked in full.
        """
        if self._fault is None and self.next_seq < self.reach.next_seq:
            self._require_uncut()
            end = self.segment.seal.frames_end if self.segment.seal else self.reach.end
            end = min(end, len(self._buffer))
            scan = Scan(self._buffer, self._position, end, next_seq=self.next_seq, previous=self._previous, whole=False)
            self._frames += list(scan)
            self._position, self._fault = scan.position, scan.fault
            if self._frames:
                self._previous = self._frames[-1].hash
            if self.segment.seal and self._fault is None and self.next_seq < self.reach.next_seq:
                self._fault = f"the file ends before byte {self.reach.end:,}"
            elif self.segment.seal and self._fault is None and self._previous.hex() != self.segment.seal.frames_hash:
                self._frames, self._position = [], self.begins
                self._fault = "its frames are not those that were sealed"
            self._check_last()
        return self._frames

    def require_whole(self) -> None:
        """Raises `LogDamaged` unless every committed frame was found and the footer of a sealed segment is intact."""
        if self._fault or self.next_seq != self.reach.next_seq:
            raise self.damage(self._position, self._fault or f"the file ends before byte {self.reach.end:,}")
        if self.segment.seal:
            self._require_footer()

    def require_intact(self) -> None:
        """Raises `LogDamaged` unless every byte within reach is as it was written."""
        for frame in self.frames():
            self._require_intact(frame)
        self.require_whole()

    def rows(self, frame: Frame) -> tuple[Rows, Mapping[int, str]]:
        """The events of a frame as an array of `ROW`, and their notes by seq. Raises `LogDamaged`."""
        self._require_intact(frame)
        return decode_rows(self._buffer, frame)

    def batch(self, frame: Frame) -> pa.RecordBatch:
        """The events of a frame as a record batch of `SCHEMA`, without copying the file. Raises `LogDamaged`."""
        self._require_intact(frame)
        return decode(self._buffer, frame)

    def block_before(self, seq: int) -> tuple[int, bytes]:
        """The first event of a block of the chain, at or shortly before `seq`, and the digest before that block.

        If the footer of a sealed segment is damaged, uses the marks of its frames: then at most a batch before.
        """
        begins = seq - seq % BLOCK_EVENTS
        if self.segment.seal and begins > self.start.seq and self._blocks:
            return begins, self._blocks[begins // BLOCK_EVENTS - self.start.seq // BLOCK_EVENTS - 1]
        frames = [] if self.segment.seal and begins <= self.start.seq else self.frames()
        number = bisect_right(frames, seq, key=_first_seq) - 1
        if number < 0:
            return self.start.seq - self.start.seq % BLOCK_EVENTS, self.start.block_digest
        frame = frames[number]
        return frame.first_seq - frame.first_seq % BLOCK_EVENTS, frame.block_digest

    def damage(self, position: int, reason: str, frame: Frame | None = None) -> LogDamaged:
        """The error for damage at a byte; `frame` is the damaged frame. Also removes the segment from a mirror."""
        forget(self.path)
        before = [each for each in self._frames if each.end <= (frame.position if frame else position)]
        repairable = self.segment.seal is None and position >= self.reach.durable
        return LogDamaged(
            self.path,
            seq=before[-1].next_seq if before else self.start.seq,
            tick=frame.first_tick if frame else self.tick_after(before[-1]) if before else self.start.tick,
            position=position,
            durable=self.reach.durable,
            reason=reason,
            repairable=repairable,
        )

    def tick_after(self, frame: Frame) -> int:
        """The tick T such that this frame and earlier ones have every event before tick T.

        A commit and a segment end with a tick; a sealed batch may end in the middle of one.
        """
        whole = self.segment.seal is None or frame.next_seq == self.segment.seal.next_seq
        return frame.last_tick + whole

    def _check_last(self) -> None:
        """Drop the last frame found if neither a seal vouches for its mark nor its own bytes are intact."""
        vouched = self.segment.seal is not None and self._fault is None
        fault = self._fault_of(self._frames[-1]) if self._frames and not vouched else None
        if fault:
            self._position, self._fault = self._frames.pop().position, fault

    @cached_property
    def _blocks(self) -> list[bytes]:
        """The digest after each whole block that ends in a sealed segment; none if its footer is damaged."""
        try:
            self._require_footer()
            blocks = blocks_of(self._buffer)
        except (LogDamaged, pa.ArrowException, KeyError, TypeError, ValueError, OSError):
            return []
        ends = self.reach.next_seq // BLOCK_EVENTS - self.start.seq // BLOCK_EVENTS
        return blocks if [len(block) for block in blocks] == [len(GENESIS)] * ends else []

    def _require_footer(self) -> None:
        """Raises `LogDamaged` unless the bytes after the frames are those that were sealed."""
        seal = self.segment.seal
        assert seal is not None
        if self._size != seal.bytes or footer_crc(self._buffer, seal) != seal.footer_crc32:
            raise self.damage(seal.frames_end, "its footer is not the one that was sealed")

    def _require_uncut(self) -> None:
        """Raises `LogDamaged` if the file is shorter than its mapping: reading what is gone would end the process."""
        if self.is_cut:
            raise self.damage(self.path.stat().st_size, "the file was cut while it was read")

    def _require_intact(self, frame: Frame) -> None:
        self._require_uncut()
        fault = self._fault_of(frame)
        if fault:
            raise self.damage(frame.position, fault, frame)

    def _fault_of(self, frame: Frame) -> str | None:
        """Why the events of a frame cannot be read, in words; each frame is checked once."""
        if frame.position in self._intact:
            return None
        fault = misfit(self._buffer, frame) if is_intact(self._buffer, frame) else CHECKSUM_DIFFERS
        if fault is None:
            self._intact.add(frame.position)
        return fault

    def _read_schema(self, begins: int) -> tuple[int, bytes]:
        """The byte at which the first frame begins, and the `previous` that it must have. Raises `LogDamaged`."""
        if bytes(self._buffer[:begins]) != FILE_MAGIC[:begins]:
            raise self.damage(0, "it is not an Arrow file")
        found = read_schema(self._buffer, begins)
        if isinstance(found, str):
            raise self.damage(0, found)
        return found


def missing_segment(run: Path, segment: Segment, start: Start, reach: Reach) -> LogDamaged:
    """The error for a segment whose file is missing."""
    path, reason = run / "log" / segment.file, "the file is missing"
    return LogDamaged(path, seq=start.seq, tick=start.tick, position=0, durable=reach.durable, reason=reason)


def read_schema(buffer: memoryview, begins: int = 0) -> tuple[int, bytes] | str:
    """The byte after the schema that begins at `begins`, and its hash; or a fault in words."""
    length = 8 + int.from_bytes(buffer[begins + 4 : begins + 8], "little")
    message = bytes(buffer[begins : begins + length])
    if message != schema_message():  # damage, or another version of Arrow wrote it
        try:
            found = pa.ipc.read_schema(pa.py_buffer(message))
        except (pa.ArrowException, OSError):
            return "its schema cannot be read"
        if found != SCHEMA or not _is_followed(buffer, message, begins + length):
            return "its schema is not the log's"
    return begins + length, hash_of(message)


def _is_followed(buffer: memoryview, message: bytes, end: int) -> bool:
    """Whether the schema message is complete and the first frame, if there is one, has its hash."""
    if len(buffer) <= end:
        return len(buffer) == end
    first = inspect(buffer, end, len(buffer))
    return isinstance(first, Frame) and first.previous == hash_of(message)


def starts(manifest: Manifest) -> list[Start]:
    """The start of each segment of a run, taken from the seal of the segment before."""
    found = [BEGINNING]
    for segment in manifest.segments[:-1]:
        seal = segment.seal
        assert seal is not None, "only the last segment is active"
        block, digest = bytes.fromhex(seal.block_digest), bytes.fromhex(seal.digest)
        found.append(Start(seal.next_seq, seal.last_tick + 1, block, digest))
    return found


def _identity_of(path: Path) -> tuple[int, int] | None:
    """What tells a file from another of its name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _mapped_bytes(path: Path, end: int) -> tuple[memoryview, int]:
    """A mapping of the first `end` bytes of a file, or of all if there are fewer, and the file's size in bytes.

    Arrays over the mapping stay valid unless the file is cut.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if not min(size, end):
            return memoryview(b""), size
        return memoryview(mmap.mmap(file.fileno(), min(size, end), access=mmap.ACCESS_READ)), size
