"""Reads a log, of a finished or of a running town: takes no lock, never waits for the writer, never reads past it."""

import mmap
import os
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from eventlog.arrow import SCHEMA
from eventlog.chain import Chain
from eventlog.errors import LogDamaged
from eventlog.frames import Frame, Scan, decode, decode_rows, inspect
from eventlog.head import Head, Point, read_head
from eventlog.manifest import read_manifest
from eventlog.recovery import read_schema
from eventlog.rows import ROW, Rows

CHUNK_EVENTS: Final = 1 << 16
"""The events of a chunk of a table, about."""

_first_seq = attrgetter("first_seq")
_last_tick = attrgetter("last_tick")


class LogReader:
    """The committed events of a run, as of its last `refresh`. Any number of readers, beside any writer.

    Frames are found and checked as they are needed. `manifest` is what the run is, `head` how far it is committed.
    """

    def __init__(self, path: Path | str, *, start: tuple[int, int] | None = None) -> None:
        """Read the run in the folder `path`; `start` is the (position, first seq) of a frame to begin at.

        Raises `RunNotFound`, `LogDamaged`.
        """
        self.path = Path(path)
        self.manifest = read_manifest(self.path)
        self._segment = self.path / "log" / self.manifest.segments[-1].file
        self._start = start
        self._frames: list[Frame] = []
        self.head = self._published_head()
        self._buffer = self._mapped()
        self._schema_bytes, self._schema_hash = read_schema(self._segment, self._buffer, self.head)

    @property
    def frames(self) -> list[Frame]:
        """Every committed frame from the start on, checked. Raises `LogDamaged`."""
        self._find_frames(self.head.seq)
        return self._frames

    def refresh(self) -> Head:
        """See what was committed since; gives the new head."""
        # The manifest first: of a run that it calls closed, this head is the last.
        before, writer_before = self.head, self.manifest.writer_epoch
        self.manifest = read_manifest(self.path)
        self.head = self._published_head()
        if self.head.appended != before.appended:
            self._buffer = self._mapped()
        if self.head.appended < before.appended or self.manifest.writer_epoch != writer_before:
            self._frames = []  # a repair may have cut off what was not durable
        return self.head

    def rows(
        self,
        from_seq: int | None = None,
        to_seq: int | None = None,
        *,
        from_tick: int | None = None,
        to_tick: int | None = None,
    ) -> Iterator[Rows]:
        """The events of the range, frame by frame, as arrays of `ROW`.

        Ranges are half open: `from_seq <= seq < to_seq`, `from_tick <= tick < to_tick`; None is the start of the
        reader, or the head. Raises `LogDamaged`.
        """
        for frame in self._frames_of(from_seq, to_seq, from_tick, to_tick):
            rows, _ = decode_rows(self._buffer, frame)
            first, last = _cut(frame, rows["tick"], from_seq, to_seq, from_tick, to_tick)
            if last > first:
                yield rows[first:last]

    def pick(self, seqs: Sequence[int]) -> Rows:
        """The events of these numbers, which ascend; only their frames are decoded. Raises `LogDamaged`."""
        wanted, found = np.asarray(seqs, np.int64), [np.zeros(0, ROW)]
        while len(wanted):
            frame = next(self._frames_of(int(wanted[0]), None, None, None))
            here = wanted[: int(np.searchsorted(wanted, frame.next_seq))]
            found.append(decode_rows(self._buffer, frame)[0][here - frame.first_seq])
            wanted = wanted[len(here) :]
        return np.concatenate(found)

    def batches(
        self,
        from_seq: int | None = None,
        to_seq: int | None = None,
        *,
        from_tick: int | None = None,
        to_tick: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """The events of the range as `rows` gives them, as record batches of `SCHEMA` over the file's own bytes."""
        for frame in self._frames_of(from_seq, to_seq, from_tick, to_tick):
            batch = decode(self._buffer, frame)
            first, last = _cut(frame, batch.column("tick").to_numpy(), from_seq, to_seq, from_tick, to_tick)
            if last > first:
                yield batch.slice(first, last - first)

    def table(
        self,
        from_seq: int | None = None,
        to_seq: int | None = None,
        *,
        from_tick: int | None = None,
        to_tick: int | None = None,
    ) -> pa.Table:
        """The events of the range as one table of `SCHEMA`, copied together into chunks of about 65,536 events."""
        batches = self.batches(from_seq, to_seq, from_tick=from_tick, to_tick=to_tick)
        return pa.Table.from_batches(_regrouped(batches), schema=SCHEMA)

    def follow(self, poll_s: float = 0.05, *, from_seq: int | None = None) -> Iterator[pa.RecordBatch]:
        """What is committed from now on, or from `from_seq` on, as it comes; ends when the run is closed."""
        return self._follow(poll_s, self.head.seq if from_seq is None else from_seq)

    def verify_chain(self) -> str:
        """Recompute the digest of the whole log from its events; gives it in hex.

        Raises `LogDamaged` at the first frame whose own digest, or at the end whose head's, differs, and `ValueError`
        for a reader that does not begin at the start of the log.
        """
        if self._start is not None:
            raise ValueError("the digest of a log begins at its start; open the reader without one")
        chain = Chain()
        for frame, rows, notes in self.checked_rows():
            if (chain.block_digest, chain.digest()) != (frame.block_digest, frame.digest):
                raise self._damage(
                    frame.position, "the digest of the events before differs", chain.seq, frame.first_tick
                )
            chain.extend(rows, notes)
        digest = chain.digest().hex()
        if (chain.seq, digest) != (self.head.seq, self.head.digest):
            raise self._damage(self.head.appended, "the digest of the log differs", chain.seq, self.head.tick)
        return digest

    def checked_rows(self, to_seq: int | None = None) -> Iterator[tuple[Frame, Rows, Mapping[int, str]]]:
        """Every frame with its events and the words they carry, by seq: what a digest or a copy needs.

        With `to_seq` no frame is looked for that begins there or later.
        """
        for frame in self._frames_of(None, to_seq, None, None):
            yield frame, *decode_rows(self._buffer, frame)

    def holds(self, point: Point) -> bool:
        """Whether the log, as of its head, has this point between two frames, with the same history before it."""
        if point.position == self.head.appended:
            return (point.seq, point.digest) == (self.head.seq, self.head.digest)
        if not 0 < point.position < len(self._buffer):
            return False
        frame = inspect(self._buffer, point.position, len(self._buffer))
        return isinstance(frame, Frame) and (point.seq, point.block_digest, point.digest) == (
            frame.first_seq,
            frame.block_digest.hex(),
            frame.digest.hex(),
        )

    def _follow(self, poll_s: float, seq: int) -> Iterator[pa.RecordBatch]:
        while True:
            head = self.refresh()
            if head.seq > seq:
                yield from self.batches(seq, head.seq)
                seq = head.seq
            elif self.manifest.closed:
                return
            else:
                time.sleep(poll_s)

    def _frames_of(
        self, from_seq: int | None, to_seq: int | None, from_tick: int | None, to_tick: int | None
    ) -> Iterator[Frame]:
        """The frames that overlap the range; those after it are not even looked for."""
        to_seq = self.head.seq if to_seq is None else min(to_seq, self.head.seq)
        first = 0
        if from_seq is not None:
            self._require_within(from_seq)
            self._find_frames(min(from_seq + 1, to_seq))
            first = max(bisect_right(self._frames, from_seq, key=_first_seq) - 1, 0)
        if from_tick is not None:
            first = max(first, bisect_left(self._frames, from_tick, key=_last_tick))
        while True:
            if first == len(self._frames) and not (self._found_seq < to_seq and self._find_frames(self._found_seq + 1)):
                return
            frame = self._frames[first]
            if frame.first_seq >= to_seq or (to_tick is not None and frame.first_tick >= to_tick):
                return
            if from_tick is None or frame.last_tick >= from_tick:
                yield frame
            if to_tick is not None and frame.last_tick + 1 >= to_tick:
                return  # a commit is whole ticks: what follows is later, and may be damaged
            first += 1

    @property
    def _found_seq(self) -> int:
        """The number of the first event that is in no frame found so far."""
        if self._frames:
            return self._frames[-1].next_seq
        return self._start[1] if self._start else 0

    def _find_frames(self, to_seq: int) -> bool:
        """Find the frames of events before `to_seq`; whether any were found. Raises `LogDamaged`."""
        known = len(self._frames)
        if self._found_seq >= min(to_seq, self.head.seq):
            return False
        last = self._frames[-1] if self._frames else None
        position, previous = self._start[0] if self._start else self._schema_bytes, None
        if last:
            position, previous = last.end, last.hash
        elif not self._start:
            previous = self._schema_hash
        scan = Scan(self._buffer, position, len(self._buffer), next_seq=self._found_seq, previous=previous)
        for frame in scan:
            self._frames.append(frame)
            if frame.next_seq >= to_seq:
                return True
        if scan.fault or self._found_seq < self.head.seq:
            reason = scan.fault or f"the file ends before byte {self.head.appended:,}"
            tick = self._frames[-1].last_tick + 1 if self._frames else 0
            torn = scan.position >= self.head.durable
            raise self._damage(scan.position, reason, self._found_seq, tick, repairable=torn)
        return len(self._frames) > known

    def _require_within(self, from_seq: int) -> None:
        if self._start and from_seq < self._start[1]:
            raise ValueError(f"this reader begins at event {self._start[1]:,}, after event {from_seq:,}")

    def _published_head(self) -> Head:
        head = read_head(self.path / "log" / "head")
        if head is None:
            reason = "its head is lost, so how far it is committed is unknown"
            raise LogDamaged(self._segment, seq=0, tick=0, position=0, durable=None, reason=reason)
        return head

    def _mapped(self) -> memoryview:
        """The committed bytes of the segment; arrays over earlier ones stay valid."""
        try:
            with self._segment.open("rb") as file:
                there = min(os.fstat(file.fileno()).st_size, self.head.appended)
                return memoryview(mmap.mmap(file.fileno(), there, access=mmap.ACCESS_READ))
        except (FileNotFoundError, ValueError) as error:
            raise self._damage(0, "the file is missing or empty", 0, 0) from error

    def _damage(self, position: int, reason: str, seq: int, tick: int, *, repairable: bool = False) -> LogDamaged:
        return LogDamaged(
            self._segment,
            seq=seq,
            tick=tick,
            position=position,
            durable=self.head.durable,
            reason=reason,
            repairable=repairable,
        )


def _regrouped(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same events in batches of about `CHUNK_EVENTS`: queries over few large batches are several times faster."""
    group: list[pa.RecordBatch] = []
    events = 0
    for batch in batches:
        group.append(batch)
        events += len(batch)
        if events >= CHUNK_EVENTS:
            yield pa.concat_batches(group)
            group, events = [], 0
    if group:
        yield pa.concat_batches(group)


def _cut(
    frame: Frame,
    ticks: Rows,
    from_seq: int | None,
    to_seq: int | None,
    from_tick: int | None,
    to_tick: int | None,
) -> tuple[int, int]:
    """The rows of a frame that lie in the range: the first, and the one after the last."""
    first = 0 if from_seq is None else max(from_seq - frame.first_seq, 0)
    last = frame.rows if to_seq is None else min(to_seq - frame.first_seq, frame.rows)
    if from_tick is not None and from_tick > frame.first_tick:
        first = max(first, int(np.searchsorted(ticks, from_tick)))
    if to_tick is not None and to_tick <= frame.last_tick:
        last = min(last, int(np.searchsorted(ticks, to_tick)))
    return first, last
