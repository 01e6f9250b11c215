"""Reads the log of a finished or a running town. A reader takes no lock and reads only committed events."""

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from eventlog.errors import EventLogError, LogDamaged
from eventlog.folder.head import Head, Point, read_head
from eventlog.folder.manifest import Manifest, Segment, parse_manifest, read_manifest_text
from eventlog.folder.patience import Alone, Patience, nobody_told
from eventlog.folder.stores import is_mirror
from eventlog.format.arrow import SCHEMA, from_batch
from eventlog.format.chain import BLOCK_EVENTS, Chain
from eventlog.format.frames import Frame
from eventlog.format.sealing import Part
from eventlog.format.upcasting import PRESENT, Upcasters
from eventlog.places import place_name
from eventlog.rows import ROW, Rows
from eventlog.segments.opening import BEYOND_HEAD, frame_beyond, open_segment
from eventlog.segments.segment import READ_ALL, Reach, SegmentReader, Start, missing_segment, starts

MOST_OPEN: Final = 32
"""The most segments that a reader keeps open, each with its file and the marks of its frames."""

CHUNK_EVENTS: Final = 1 << 16
"""The approximate number of events in a chunk of a table."""

_first_seq = attrgetter("first_seq")
_last_tick = attrgetter("last_tick")


class LogReader:
    """The committed events of a run, as of the last `refresh`. Many readers may read while a writer appends.

    Frames are found and checked when they are needed. `manifest` describes the run, `head` says how far it is
    committed. `rows`, `pick`, `batches`, `table` and `follow` return events in the versions of the present catalogue
    and raise `EventLogError` if a newer Townlet wrote the log. `parts`, `frames` and digests use the stored events.
    """

    def __init__(self, path: Path | str, *, upcasters: Upcasters = PRESENT) -> None:
        """Read the run in the folder `path`. Raises `RunNotFound`, `LogDamaged`."""
        self.path = Path(path)
        self._upcasters = upcasters
        self._text = b""
        self._segments: OrderedDict[int, SegmentReader] = OrderedDict()
        self._sealed_since: dict[int, Segment] = {}
        self._starts_of: tuple[Manifest, list[Start]] | None = None
        self.manifest, self.head = self._look()

    @property
    def frames(self) -> list[Frame]:
        """Every committed frame, in order. Checks only their marks; raises `LogDamaged`."""
        return [frame for _, frame in self._frames_of(None, None, None, None)]

    def refresh(self) -> Head:
        """Read the manifest and the head again; returns the new head."""
        self.manifest, self.head = self._look()
        return self.head

    def rows(
        self,
        from_seq: int | None = None,
        to_seq: int | None = None,
        *,
        from_tick: int | None = None,
        to_tick: int | None = None,
    ) -> Iterator[Rows]:
        """The events of the range, an array of `ROW` for each frame.

        Ranges are half open: `from_seq <= seq < to_seq`, `from_tick <= tick < to_tick`; None means the start or the
        head of the log. Raises `LogDamaged`.
        """
        to_seq = self._until(to_seq)
        for segment, frame in self._frames_of(from_seq, to_seq, from_tick, to_tick):
            rows = self._rows_of(segment, frame)
            first, last = _rows_in_range(frame, rows["tick"], from_seq, to_seq, from_tick, to_tick)
            if last > first:
                yield rows[first:last]

    def pick(self, seqs: Sequence[int]) -> Rows:
        """The events with these numbers (ascending), shape (len(seqs),). Decodes only their frames.

        Raises `LogDamaged`, and `EventLogError` for a number that the log does not have.
        """
        wanted, found = np.asarray(seqs, np.int64), [np.zeros(0, ROW)]
        if len(wanted) and not 0 <= wanted.min() <= wanted.max() < self.head.seq:
            beyond = int(wanted.min() if wanted.min() < 0 else wanted.max())
            held = f"0 to {self.head.seq - 1:,}" if self.head.seq else "none"
            raise EventLogError(f"{place_name(self.path)} has no event {beyond:,}: it holds {held}")
        while len(wanted):
            segment, frame = next(self._frames_of(int(wanted[0]), None, None, None))
            here = wanted[: int(np.searchsorted(wanted, frame.next_seq))]
            found.append(self._rows_of(segment, frame)[here - frame.first_seq])
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
        """The events of the range, as for `rows`, as record batches of `SCHEMA`, mostly without a copy of the file."""
        to_seq = self._until(to_seq)
        for segment, frame in self._frames_of(from_seq, to_seq, from_tick, to_tick):
            batch = self._batch_of(segment, frame)
            first, last = _rows_in_range(frame, batch.column("tick").to_numpy(), from_seq, to_seq, from_tick, to_tick)
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
        """The events of the range, as for `rows`, copied into one table of `SCHEMA`, in chunks of about 65,536."""
        batches = self.batches(from_seq, to_seq, from_tick=from_tick, to_tick=to_tick)
        return pa.Table.from_batches(_large_batches(batches), schema=SCHEMA)

    def follow(
        self, poll_s: float = 0.05, *, from_seq: int | None = None, alone: Alone = nobody_told
    ) -> Iterator[pa.RecordBatch]:
        """Record batches of `SCHEMA` with the events committed from now on, or from `from_seq` on, as they come.

        Looks for new events every `poll_s` seconds. Ends when the run is closed; for a run on a store, at its head.
        `alone` is called once nobody writes to a run that is not closed: its writer was killed.
        """
        return self._follow(Patience(self.path, poll_s, alone), self.head.seq if from_seq is None else from_seq)

    def verify_chain(self) -> str:
        """Recompute the digest of the whole log from its events; returns it in hex.

        Raises `LogDamaged` at the first frame that records another digest, at the end if the head does, or if the head
        is an earlier one.
        """
        chain, segment = Chain(), None
        for segment, frame in self._frames_of(None, None, None, None):
            if (chain.block_digest, chain.digest()) != (frame.block_digest, frame.digest):
                raise segment.damage(frame.position, "the digest of the events before differs", frame)
            chain.extend(*segment.rows(frame))
        digest = chain.digest().hex()
        if (chain.seq, digest) != (self.head.seq, self.head.digest):
            last = segment or self._reader_of(len(self.manifest.segments) - 1)
            raise last.damage(self.head.appended, "the digest of the log differs")
        if frame_beyond(self.path, self.manifest, self.head):
            last = self._reader_of(len(self.manifest.segments) - 1)
            raise last.damage(self.head.appended or last.begins, BEYOND_HEAD)
        return digest

    def digest_at(self, seq: int) -> tuple[bytes, bytes]:
        """The chain's digests before event `seq`: up to the last whole block, and up to `seq`. Raises `LogDamaged`."""
        if seq == self.head.seq and not seq % BLOCK_EVENTS:
            return bytes.fromhex(self.head.digest), bytes.fromhex(self.head.digest)
        number = self._segment_of(seq)
        start = self._starts[number]
        if seq == start.seq:
            return start.block_digest, start.digest
        begins, block_digest = self._reader_of(number).block_before(seq)
        chain = Chain(block_digest, begins)
        for rows, notes in self.parts(begins, seq):
            chain.extend(rows, notes)
        return chain.block_digest, chain.digest()

    def seq_at(self, tick: int) -> int:
        """The number of the first event of this tick or a later one; `head.seq` if there is none yet."""
        if tick >= self.head.tick:
            return self.head.seq
        for segment, start in zip(self.manifest.segments, self._starts, strict=True):
            if start.tick == tick:
                return segment.first_seq
        try:
            found, frame = next(self._frames_of(None, None, tick, None))
        except LogDamaged as damage:
            if damage.tick == tick:  # the damage begins where the tick does
                return damage.seq
            raise
        if frame.first_tick >= tick:
            return frame.first_seq
        return frame.first_seq + int(np.searchsorted(found.rows(frame)[0]["tick"], tick))

    def point_at(self, tick: int) -> Point:
        """The place of a tick: before its first event. Raises as `seq_at` and `digest_at` do."""
        seq = self.seq_at(tick)
        block_digest, digest = self.digest_at(seq)
        return Point(tick, seq, block_digest.hex(), digest.hex())

    def holds(self, point: Point) -> bool:
        """Whether the log up to its head has the history that ends at this point; False if it cannot be read."""
        if point.seq > self.head.seq:
            return False
        try:
            return self.digest_at(point.seq) == (bytes.fromhex(point.block_digest), bytes.fromhex(point.digest))
        except LogDamaged:
            return False

    def parts(self, from_seq: int | None = None, to_seq: int | None = None) -> Iterator[Part]:
        """The stored events of the range with their notes, by seq, for digests and copies. Raises `LogDamaged`."""
        to_seq = self._until(to_seq)
        for segment, frame in self._frames_of(from_seq, to_seq, None, None):
            rows, notes = segment.rows(frame)
            first, last = _rows_in_range(frame, rows["tick"], from_seq, to_seq, None, None)
            if last > first:
                yield rows[first:last], notes

    def _rows_of(self, segment: SegmentReader, frame: Frame) -> Rows:
        """The events of a frame in their present versions."""
        upcast = self._upcasters.of(segment.segment.kinds, self.path)
        return segment.rows(frame)[0] if upcast is None else from_batch(upcast(segment.batch(frame)))

    def _batch_of(self, segment: SegmentReader, frame: Frame) -> pa.RecordBatch:
        """The events of a frame in their present versions."""
        upcast = self._upcasters.of(segment.segment.kinds, self.path)
        return segment.batch(frame) if upcast is None else upcast(segment.batch(frame))

    def _follow(self, patience: Patience, seq: int) -> Iterator[pa.RecordBatch]:
        while True:
            head = self.refresh()
            if head.seq > seq:
                patience.begin()
                yield from self.batches(seq, head.seq)
                seq = head.seq
            elif self.manifest.closed or is_mirror(self.path):
                return
            else:
                patience.wait()

    def _frames_of(
        self, from_seq: int | None, to_seq: int | None, from_tick: int | None, to_tick: int | None
    ) -> Iterator[tuple[SegmentReader, Frame]]:
        """The frames that overlap the range, with their segments. Stops before it reads any later frame."""
        to_seq = self._until(to_seq)
        begins = self._starts
        for number in range(self._segment_of(from_seq or 0), len(begins)):
            described = self.manifest.segments[number]
            if described.seal and from_tick is not None and described.seal.last_tick < from_tick:
                continue
            if described.first_seq >= to_seq or (to_tick is not None and begins[number].tick >= to_tick):
                return
            segment = self._reader_of(number)
            frames = segment.frames()
            first = max(bisect_right(frames, from_seq, key=_first_seq) - 1, 0) if from_seq is not None else 0
            if from_tick is not None:
                first = max(first, bisect_left(frames, from_tick, key=_last_tick))
            for frame in frames[first:]:
                if to_tick is not None and frame.first_tick >= to_tick:
                    return
                yield segment, frame
                if frame.next_seq >= to_seq or (to_tick is not None and segment.tick_after(frame) >= to_tick):
                    return  # later frames may be damaged
            segment.require_whole()

    @property
    def _starts(self) -> list[Start]:
        """The start of each segment in the history."""
        if self._starts_of is None or self._starts_of[0] is not self.manifest:
            self._starts_of = self.manifest, starts(self.manifest)
        return self._starts_of[1]

    def _until(self, to_seq: int | None) -> int:
        """The end of a range, at most the head of the last `refresh`, even if more is committed now."""
        return self.head.seq if to_seq is None else min(to_seq, self.head.seq)

    def _segment_of(self, seq: int) -> int:
        """The number of the segment that holds event `seq`, or would hold it."""
        return max(bisect_right(self.manifest.segments, seq, key=_first_seq) - 1, 0)

    def _reader_of(self, number: int) -> SegmentReader:
        """The reader of a segment. Keeps the readers used last and renews one whose segment has grown."""
        described = self._sealed_since.get(number, self.manifest.segments[number])
        start = self._starts[number]
        seal = described.seal
        reach = Reach.of(seal) if seal else Reach(self.head.appended or READ_ALL, self.head.seq, self.head.durable)
        known = self._segments.get(number)
        changed = known is None or known.segment != described or known.writer_epoch != self.manifest.writer_epoch
        if known is None or changed or known.is_cut:
            try:
                known = open_segment(self.path, described, start, reach, self.manifest.writer_epoch)
            except FileNotFoundError as error:
                if self._was_replaced(number):
                    return self._reader_of(number)
                raise missing_segment(self.path, described, start, reach) from error
        elif known.reach != reach:
            known = known.with_reach(reach)
        self._segments.pop(number, None)  # another scan of the same query may have removed it
        self._segments[number] = known
        if len(self._segments) > MOST_OPEN:
            self._segments.popitem(last=False)
        return known

    def _was_replaced(self, number: int) -> bool:
        """Whether a segment was sealed or archived since the last look; if so, use its new file from now on."""
        before = self.manifest.segments
        now = parse_manifest(self.path / "run.json", read_manifest_text(self.path)).segments[: len(before)]
        old, new = before[number], now[number] if number < len(now) else None
        if new is None or new.seal is None or old.first_seq != new.first_seq:
            return False
        if self._sealed_since.get(number, old).file == new.file or (old.seal and old.seal.digest != new.seal.digest):
            return False
        if old.seal:
            self.manifest = self.manifest.model_copy(
                update={"segments": (*before[:number], new, *before[number + 1 :])}
            )
        else:
            self._sealed_since[number] = new
        return True

    def _look(self) -> tuple[Manifest, Head]:
        """A manifest and a head of the same moment, even if a writer replaces them meanwhile."""
        path = self.path / "run.json"
        while True:
            text = read_manifest_text(self.path)
            manifest = self.manifest if text == self._text else parse_manifest(path, text)
            head = read_head(self.path / "log" / "head", manifest.active.first_seq)
            if read_manifest_text(self.path) == text:
                break
        self._require_same_run(manifest, head)
        if text != self._text:
            self._text, self._sealed_since = text, {}
        if head is None:
            lost = self.path / "log" / "head"
            reason = "the head is lost, so how far the log is committed is unknown"
            raise LogDamaged(lost, seq=0, tick=0, position=0, durable=None, reason=reason, opens=False)
        return manifest, head

    def _require_same_run(self, manifest: Manifest, head: Head | None) -> None:
        """Raises `EventLogError` if another run lies in the folder since this reader was opened.

        Its log may end earlier than it did, for a repair cuts what was never durable, but not before what was.
        """
        if not self._text:
            return
        known, before = self.manifest, self.head
        if manifest.run_id != known.run_id:
            found = f"run {manifest.run_id} lies there now, and run {known.run_id} did"
        elif (
            head is not None
            and head.seq < before.seq
            and _place(manifest, head.appended) < _place(known, before.durable)
        ):
            found = f"it ends before event {head.seq:,} now, and ended before {before.seq:,}"
        else:
            return
        raise EventLogError(
            f"{place_name(self.path)} was replaced since it was opened: {found}.\n  Next: open it again"
        )


def _place(manifest: Manifest, position: int) -> tuple[int, int]:
    """A place in the log: the first event of the active segment, and the position in it."""
    return manifest.active.first_seq, position


def _large_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same events in batches of about `CHUNK_EVENTS`: few large batches make queries several times faster."""
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


def _rows_in_range(
    frame: Frame,
    ticks: Rows,
    from_seq: int | None,
    to_seq: int | None,
    from_tick: int | None,
    to_tick: int | None,
) -> tuple[int, int]:
    """The half-open range of row indexes of a frame that lie in the range."""
    first = 0 if from_seq is None else max(from_seq - frame.first_seq, 0)
    last = frame.rows if to_seq is None else min(to_seq - frame.first_seq, frame.rows)
    if from_tick is not None and from_tick > frame.first_tick:
        first = max(first, int(np.searchsorted(ticks, from_tick)))
    if to_tick is not None and to_tick <= frame.last_tick:
        last = min(last, int(np.searchsorted(ticks, to_tick)))
    return first, last
