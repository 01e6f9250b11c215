"""Finds every damage in a log, and counts the intact events.

A reader stops at the first damaged byte. An audit goes on: after a damaged frame it searches for the next intact one by
its mark, and starts the digest chain again at the next block whose digest a mark records. An audit writes nothing.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from eventlog.errors import LogDamaged
from eventlog.folder.head import Head
from eventlog.folder.manifest import Manifest, Segment
from eventlog.folder.regular import open_regular
from eventlog.format.chain import BLOCK_EVENTS, Chain
from eventlog.format.frames import CONTINUATION, HEADER_BYTES_MAX, MAGIC, Frame, Scan, decode_rows, inspect
from eventlog.format.layout import schema_message
from eventlog.format.sealing import FILE_MAGIC, Part, footer_crc
from eventlog.segments.opening import BEYOND_HEAD, frame_beyond, open_block, open_segment
from eventlog.segments.segment import COLD, Reach, SegmentReader, Start, read_schema, starts

END_OF_STREAM: Final = CONTINUATION + bytes(4)
"""The bytes after the last batch of an Arrow file."""

DIGEST_DIFFERS: Final = "the digest of the events before differs"


class Fault(NamedTuple):
    """One damaged part of a segment."""

    position: int  # byte of the segment where the damage begins
    seq: int  # the first damaged event
    next_seq: int | None  # the first intact event after the damage; None: there is none
    tick: int  # the last tick that the town can be folded to with the events before the damage
    reason: str


class SegmentAudit(NamedTuple):
    """The result of the audit of one segment."""

    file: str
    first_seq: int
    events: int  # intact events
    faults: tuple[Fault, ...]
    durable: int | None  # bytes that had been synced; None: not known

    def damage(self, run: Path) -> LogDamaged | None:
        """The first fault as the error that a reader would raise; None without a fault."""
        if not self.faults:
            return None
        first = self.faults[0]
        return LogDamaged(
            run / "log" / self.file,
            seq=first.seq,
            tick=first.tick,
            position=first.position,
            durable=self.durable,
            reason=first.reason,
        )


def audit(run: Path, manifest: Manifest, head: Head | None) -> Iterator[SegmentAudit]:
    """The audit of every segment of a run's log, compared with the manifest and the head."""
    for number, (segment, start) in enumerate(zip(manifest.segments, starts(manifest), strict=True)):
        path = run / "log" / segment.file
        durable = segment.seal.bytes if segment.seal else head.durable if head else None
        if not path.is_file():
            faults: tuple[Fault, ...] = (Fault(0, start.seq, None, start.tick, "the file is missing"),)
            yield SegmentAudit(segment.file, start.seq, 0, faults, durable)
            continue
        before = _open_block(run, manifest, number)
        cold = segment.file.endswith(COLD)
        beyond = frame_beyond(run, manifest, head) if head and segment is manifest.active else None
        found: _Pieces = _Cold(run, segment, start) if cold else _Frames(path, segment, start, head, beyond)
        yield SegmentAudit(segment.file, start.seq, *found.findings(before), durable)


def audit_file(path: Path) -> SegmentAudit:
    """The audit of one file of a log whose manifest is lost. A Parquet file gets one fault: nothing vouches for it."""
    first_seq = int(path.name.partition(".")[0])
    if path.name.endswith(COLD):
        fault = Fault(0, first_seq, None, 0, "without the manifest nothing vouches for it")
        return SegmentAudit(path.name, first_seq, 0, (fault,), None)
    segment = Segment.model_construct(first_seq=first_seq, file=path.name)  # an unfinished file has another ending
    frames = _Frames(path, segment, Start(first_seq, 0, b"", b""), None)
    return SegmentAudit(path.name, first_seq, *frames.findings(None), None)


def _open_block(run: Path, manifest: Manifest, number: int) -> list[Part] | None:
    """The events of the chain's open block before a segment; None if they are damaged."""
    try:
        return open_block(run, manifest.model_copy(update={"segments": manifest.segments[: number + 1]}))
    except LogDamaged:
        return None


class _Pieces:
    """The audit of one segment: goes through its frames and compares their events with the digest chain."""

    def __init__(self, segment: Segment, start: Start) -> None:
        self.segment, self.start = segment, start
        self.faults: list[Fault] = []
        self.last: Frame | None = None  # the last intact frame

    def fault(self, position: int, reason: str, next_seq: int | None = None) -> None:
        """Record a fault from this byte on; `next_seq` is the first intact event after it."""
        seq = self.last.next_seq if self.last else self.start.seq
        tick = self.start.tick
        if self.last:
            seal = self.segment.seal  # a commit and a segment end with a tick; a sealed batch may end inside one
            whole = seal is None or self.last.next_seq == seal.next_seq
            tick = self.last.last_tick + whole
        self.faults.append(Fault(position, seq, next_seq, tick, reason))

    def pieces(self) -> Iterator[tuple[Frame, Part]]:
        """Each intact frame with its events, in order. Records a fault for everything between them."""
        raise NotImplementedError

    def require_end(self) -> None:
        """Record a fault if the bytes after the frames differ from the seal or the head."""
        raise NotImplementedError

    def findings(self, before: list[Part] | None) -> tuple[int, tuple[Fault, ...]]:
        """The number of intact events, and every fault. `before` is the chain's open block before the segment."""
        events, chain, ticks = 0, _chain(self.start, before), list[int]()
        held: tuple[Frame, Part] | None = None  # a frame after a fault; the next mark has the digests after it
        for frame, part in self.pieces():
            expected = self.last.next_seq if self.last else self.start.seq
            if frame.first_seq < expected:
                continue  # these events were read already
            if frame.first_seq > expected:
                chain = held = None
            if held is not None and chain is None:
                chain = _chain_behind(*held, frame.block_digest)
            if chain is not None and (chain.block_digest, chain.digest()) != (frame.block_digest, frame.digest):
                self.fault(frame.position, DIGEST_DIFFERS, frame.next_seq)
                chain = None
            if chain is not None:
                chain.extend(*part)
            held, self.last = (frame, part), frame
            events += frame.rows
            ticks += [frame.first_tick, frame.last_tick]
        self.require_end()
        seal = self.segment.seal
        if seal and not self.faults:
            wrong = (ticks[0], ticks[-1]) != (seal.first_tick, seal.last_tick) if ticks else True
            wrong |= chain is not None and (chain.seq, chain.digest().hex()) != (seal.next_seq, seal.digest)
            if wrong:
                self.last = None
                self.fault(0, "its events are not those that the manifest records")
        elif not self.faults:
            self.require_head(chain)
        return events, tuple(self.faults)

    def require_head(self, chain: Chain | None) -> None:
        """Record a fault if an active segment does not end as the head says."""


class _Cold(_Pieces):
    """The audit of a segment that is kept as Parquet."""

    def __init__(self, run: Path, segment: Segment, start: Start) -> None:
        super().__init__(segment, start)
        self._run = run
        self._reader: SegmentReader | None = None

    def pieces(self) -> Iterator[tuple[Frame, Part]]:
        """The intact row groups with their events."""
        assert self.segment.seal is not None, "only sealed segments are cold"
        try:
            self._reader = open_segment(self._run, self.segment, self.start, Reach.of(self.segment.seal))
        except LogDamaged as error:
            self.fault(error.position, error.reason)
            return
        frames = self._reader.frames()
        for number, frame in enumerate(frames):
            try:
                part = self._reader.rows(frame)
            except LogDamaged as error:
                following = frames[number + 1].first_seq if number + 1 < len(frames) else None
                self.fault(error.position, error.reason, following)
                continue
            yield frame, part

    def require_end(self) -> None:
        """Record a fault if the footer is damaged."""
        if self._reader is not None:
            try:
                self._reader.require_whole()
            except LogDamaged as error:
                self.fault(error.position, error.reason)


class _Frames(_Pieces):
    """The audit of a segment of frames: a sealed Arrow file, or the active stream."""

    def __init__(
        self, path: Path, segment: Segment, start: Start, head: Head | None, beyond: Frame | None = None
    ) -> None:
        super().__init__(segment, start)
        self._head, self._beyond = head, beyond
        with open_regular(path) as file:
            self._size = path.stat().st_size
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._size else b""
        self._buffer = memoryview(mapped)
        end = segment.seal.frames_end if segment.seal else self._size
        if head and segment.seal is None:
            end = head.appended or len(schema_message())
        self._end = min(end, self._size)
        self._wanted = end
        self._hash = ""

    def pieces(self) -> Iterator[tuple[Frame, Part]]:
        """The intact frames with their events, each found after the one before, or by its mark after a damaged part."""
        begins = len(FILE_MAGIC) if self.segment.file.endswith(".arrow") else 0
        schema = read_schema(self._buffer, begins) if self._size > begins else "the file is empty"
        if bytes(self._buffer[:begins]) != FILE_MAGIC[:begins]:
            schema = "it is not an Arrow file"
        position, previous, next_seq = begins, None, None
        if isinstance(schema, str):
            self.fault(0, schema, self._seq_at(found := _next_frame(self._buffer, begins, self._end)))
            position = self._end if found is None else found.position
        else:
            (position, previous), next_seq = schema, self.start.seq
        while position < self._end:
            scan = Scan(self._buffer, position, self._end, next_seq=next_seq, previous=previous)
            for frame in scan:
                self._hash = frame.hash.hex()
                yield frame, decode_rows(self._buffer, frame)
            if scan.fault is None or self._ends_at(scan.position):
                return
            found = _next_frame(self._buffer, scan.position + 1, self._end)
            here = inspect(self._buffer, scan.position, self._end)
            found = here if isinstance(here, Frame) else found  # intact, but it does not follow the frame before
            self.fault(scan.position, scan.fault, self._seq_at(found))
            position, previous, next_seq = (self._end if found is None else found.position), None, None

    def require_end(self) -> None:
        """Record a fault if frames are missing at the end, or the footer of a sealed file is damaged."""
        seal = self.segment.seal
        if self._size < self._wanted and not self.faults:
            self.fault(self._size, f"the file ends before byte {self._wanted:,}")
        if seal is None:
            return
        if not self.faults and self._hash != seal.frames_hash:
            self.fault(self._end, "its frames are not those that were sealed")
        if self._size != seal.bytes or footer_crc(self._buffer, seal) != seal.footer_crc32:
            self.fault(min(seal.frames_end, self._size), "its footer is not the one that was sealed")

    def require_head(self, chain: Chain | None) -> None:
        """Record a fault if the head has another seq or digest than the frames."""
        seq = self.last.next_seq if self.last else self.start.seq
        head = self._head
        if head and (head.seq != seq or (chain is not None and chain.digest().hex() != head.digest)):
            self.fault(self._end, "its events are not those that the head records")
        elif self._beyond:
            self.fault(self._end, BEYOND_HEAD)

    def _ends_at(self, position: int) -> bool:
        """Whether the frames of a sealed file without a known seal end at this byte."""
        unsealed = self.segment.seal is None and self.segment.file.endswith(".arrow")
        return unsealed and bytes(self._buffer[position : position + 8]) == END_OF_STREAM

    @staticmethod
    def _seq_at(frame: Frame | None) -> int | None:
        return frame.first_seq if frame else None


def _chain(start: Start, before: list[Part] | None) -> Chain | None:
    """The chain before a segment; None if it cannot be computed."""
    if before is None or not start.block_digest:
        return None
    chain = Chain(start.block_digest, start.seq - start.seq % BLOCK_EVENTS)
    for rows, notes in before:
        chain.extend(rows, notes)
    return chain


def _chain_behind(frame: Frame, part: Part, block_digest: bytes) -> Chain | None:
    """The chain after a frame in which a block ends; None if no block ends in it.

    `block_digest` comes from the mark of the next frame.
    """
    rows, notes = part
    begins = frame.next_seq - frame.next_seq % BLOCK_EVENTS
    if begins < frame.first_seq:
        return None
    chain = Chain(block_digest, begins)
    if begins < frame.next_seq:
        chain.extend(rows[begins - frame.first_seq :], notes)
    return chain


def _next_frame(buffer: memoryview, position: int, end: int) -> Frame | None:
    """The first intact frame that begins at `position` or later, found by its mark; None without one."""
    if position >= end:
        return None
    content = buffer.obj
    assert isinstance(content, mmap.mmap)
    mark = content.find(MAGIC, position, end)
    while mark >= 0:
        least = max(position, mark - HEADER_BYTES_MAX)
        begins = content.rfind(CONTINUATION, least, mark)
        while begins >= 0:
            frame = inspect(buffer, begins, end)
            if isinstance(frame, Frame) and frame.position + frame.mark_at == mark:
                return frame
            begins = content.rfind(CONTINUATION, least, begins + len(CONTINUATION) - 1)
        mark = content.find(MAGIC, mark + 1, end)
    return None
