"""Appends to a log. A commit is one frame with the events of whole ticks, written by one call."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import numpy as np

from eventlog.beginning import begin
from eventlog.errors import DiskFull, SequenceMismatch, WriterPoisoned
from eventlog.folder import disk
from eventlog.folder.belongings import own_copy, require_free
from eventlog.folder.head import Head, HeadFile, Point
from eventlog.folder.lock import WriterLock
from eventlog.folder.manifest import (
    NO_TEXTS,
    Epoch,
    Manifest,
    Parent,
    Segment,
    read_manifest,
    segment_file,
    write_manifest,
)
from eventlog.format.arrow import NO_NOTES
from eventlog.format.chain import Chain
from eventlog.format.frames import encode, hash_of
from eventlog.format.layout import schema_message
from eventlog.format.sealing import SEGMENT_EVENTS, Sealed, seal
from eventlog.format.upcasting import PRESENT
from eventlog.rows import Rows, packed_rows
from eventlog.segments.opening import chain_at
from eventlog.segments.recovery import Tail, recover_run, remove_leftovers
from eventlog.segments.segment import Reach, SegmentReader, starts

Durability = Literal["every-commit", "interval", "never"]
"""When a commit is synced: before `commit` returns; with the first commit after an interval; only at close.

Only `commit`, `sync`, `roll` and `close` sync; there is no timer. With `interval`, commits after the last sync are at
risk until another commit follows. All bytes up to `head.durable` are safe.
"""

INTERVAL_MS: Final = 50
COMMIT_EVENTS_MAX: Final = 1 << 20
"""The most events of one commit."""

RESERVE_BYTES: Final = 16 << 20
"""Bytes of the disk that commits leave free, so that the run can still be closed."""

UNCHECKED_BYTES_MAX: Final = 64 << 20
"""The most bytes written between two checks of the free room on the disk."""


class LogWriter:
    """The only writer of a run, from `create` or `open` to `close`; a context manager. `manifest` describes the run.

    `torn` is the file with the torn tail that `open` cut off, or None. A forked process can close it, not write."""

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        lock: WriterLock,
        tail: Tail,
        durability: Durability,
        interval_ms: float,
        segment_events: int,
    ) -> None:
        """Append after `tail`. Call `create` or `open` instead: they take the lock and find manifest and tail."""
        self.path = path
        self.manifest = manifest
        self.torn = tail.torn
        self._lock = lock
        self._durability = durability
        self._interval_s = interval_ms / 1000
        self._segment_events = segment_events
        self._chain, self._previous = tail.chain, tail.previous
        self._digest = tail.chain.digest()
        self._appended = self._durable = tail.position
        self._seq, self._tick = tail.chain.seq, tail.tick
        self._unchecked_bytes = 0
        self._synced_s = time.monotonic()
        self._poison: tuple[str, int] | None = None  # what failed, and the first event that was not committed
        self._closed = False
        with ExitStack() as undo:
            self._fd = disk.append_to(path / "log" / manifest.active.file)
            undo.callback(disk.close, self._fd)
            self._head = HeadFile(path / "log" / "head")
            undo.callback(self._head.close)
            self._sync_file(self._appended)
            self._head.rewrite(self._appended, self._durable, self._seq, self._tick, self._digest)
            disk.sync_folder(path / "log")  # the head's name may be new
            undo.pop_all()

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        run_id: str,
        name: str,
        epochs: Sequence[Epoch],
        versions: Mapping[str, str],
        durability: Durability = "interval",
        interval_ms: float = INTERVAL_MS,
        segment_events: int = SEGMENT_EVENTS,
        parent: Parent | None = None,
        settings: Mapping[str, str] = NO_TEXTS,
        kinds: Mapping[str, int] = PRESENT.versions,
    ) -> Self:
        """Make a new run in the folder `path`; returns its writer. Raises `RunExists`, `LogLocked`, `OSError`.

        `settings` maps config_id to the text of an epoch's settings. A segment is sealed at the first commit that
        gives it `segment_events` events or more. `kinds` maps kinds of events to their versions, other than 1.
        """
        path = Path(path)
        first = Segment(first_seq=0, file=segment_file(0), kinds=dict(kinds))
        manifest = Manifest(
            run_id=run_id, name=name, epochs=tuple(epochs), versions=dict(versions), segments=(first,), parent=parent
        )
        require_free(path)
        disk.make_folder(path)
        with ExitStack() as undo:
            lock = WriterLock(path)
            undo.callback(lock.release)
            schema = begin(path, first, settings)
            tail = Tail(len(schema), 0, hash_of(schema), Chain(), None)
            writer = cls(path, manifest, lock, tail, durability, interval_ms, segment_events)
            undo.callback(writer._let_go)
            write_manifest(path, manifest)  # last: a folder with a manifest is a run
            undo.pop_all()
        return writer

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        durability: Durability = "interval",
        interval_ms: float = INTERVAL_MS,
        segment_events: int = SEGMENT_EVENTS,
        kinds: Mapping[str, int] = PRESENT.versions,
    ) -> Self:
        """Repair the tail of the run in the folder `path`; returns a writer that continues it.

        Begins a new segment if `kinds` differ from the active one's. Raises `RunNotFound`, `LogLocked`, `LogDamaged`
        (nothing was changed), `OSError`, `WriterPoisoned`, `DiskFull`, and `EventLogError` for a newer Townlet's log.
        """
        path = Path(path)
        begun = read_manifest(path).active.kinds
        if begun != kinds:
            PRESENT.require_known(begun, path)
        with ExitStack() as undo:
            lock = WriterLock(path)
            undo.callback(lock.release)
            manifest = read_manifest(path)
            manifest = manifest.next_version(writer_epoch=manifest.writer_epoch + 1, closed=False)
            for name in (manifest.active.file, "head"):  # the files that are written in place
                own_copy(path / "log" / name)
            tail = recover_run(path, manifest)
            writer = cls(path, manifest, lock, tail, durability, interval_ms, segment_events)
            undo.callback(writer._let_go)
            write_manifest(path, manifest)
            remove_leftovers(path, manifest)  # last: the older manifest may name them
            writer._begin_versions(dict(kinds))
            undo.pop_all()
        return writer

    @property
    def head(self) -> Head:
        """How far the log is committed."""
        return Head(self._appended, self._durable, self._seq, self._tick, self._digest.hex())

    @property
    def point(self) -> Point:
        """The end of the log, in the form that a checkpoint keeps."""
        return Point(self._tick, self._seq, self._chain.block_digest.hex(), self._digest.hex())

    def commit(self, rows: Rows, notes: Mapping[int, str] | None = None, *, expected_seq: int) -> int:
        """Append the events of whole ticks; returns the number of the next event. Does nothing without events.

        `rows` is an array of `ROW`, numbered from `expected_seq` on, in the order of ticks; `notes` maps the seq of an
        event to its note. Raises `SequenceMismatch`, `DiskFull`, `ValueError`, and `OSError` if the disk's free room
        is unknown: these leave the writer usable. Raises `WriterPoisoned` if the disk failed, now or before.
        """
        self._require_usable()
        rows = packed_rows(rows)
        self._require_next(rows, expected_seq)
        if not len(rows):
            return self._seq
        at = {"previous": self._previous, "block_digest": self._chain.block_digest, "digest": self._digest}
        frame, own_hash = encode(rows, notes or NO_NOTES, **at)
        self._require_room(len(frame))
        with self._at_risk("a commit", expected_seq):
            disk.write_all(self._fd, frame)
            appended = self._appended + len(frame)
            if self._is_sync_due():
                self._sync_file(appended)
            self._chain.extend(rows, notes)
            digest = self._chain.digest()
            tick = int(rows["tick"][-1]) + 1
            self._head.write(appended, self._durable, self._chain.seq, tick, digest)
            self._appended, self._seq, self._tick = appended, self._chain.seq, tick
            self._digest, self._previous = digest, own_hash
        if self._seq - self.manifest.active.first_seq >= self._segment_events:
            self.roll()
        return self._seq

    def roll(self) -> None:
        """Seal the active segment, if it has events, and begin the next one.

        No error loses a committed event. Does nothing if the disk has no room for the sealed file. Raises
        `WriterPoisoned` if the disk fails, `LogDamaged` if the segment no longer holds the committed events.
        """
        active = self.manifest.active
        if self._seq == active.first_seq:
            return
        self.sync()
        with self._at_risk("sealing a segment", self._seq):
            if disk.free_bytes(self.path) - RESERVE_BYTES < self._appended:
                return
            sealed = self._sealed_segment()
            file = segment_file(active.first_seq, "arrow")
            disk.replace_file(self.path / "log" / file, sealed.content)
            following = Segment(first_seq=self._seq, file=segment_file(self._seq), kinds=active.kinds)
            disk.replace_file(self.path / "log" / following.file, schema_message())
            done = active.model_copy(update={"file": file, "seal": sealed.seal})
            self._replace_manifest(segments=(*self.manifest.segments[:-1], done, following))
            before, self._fd = self._fd, disk.append_to(self.path / "log" / following.file)
            disk.close(before)
            self._appended = self._durable = len(schema_message())
            self._previous = hash_of(schema_message())
            self._head.rewrite(self._appended, self._durable, self._seq, self._tick, self._digest)
            disk.remove(self.path / "log" / active.file)

    def seal_active(self) -> None:
        """Seal the active segment, if it has events. Raises as `roll` does, and `DiskFull` where that does nothing."""
        self.roll()
        if self._seq > self.manifest.active.first_seq:
            free = disk.free_bytes(self.path)
            raise DiskFull(self.path, need=self._appended, free=free, reserve=RESERVE_BYTES, seq=self._seq)

    def _begin_versions(self, kinds: dict[str, int]) -> None:
        """Make these the versions of kinds in the active segment; first seal one that was begun with others."""
        if self.manifest.active.kinds != kinds:
            self.seal_active()
            *before, active = self.manifest.segments
            self._replace_manifest(segments=(*before, active.model_copy(update={"kinds": kinds})))

    def _sealed_segment(self) -> Sealed:
        """The sealed form of the active segment, with the digest recomputed from its bytes. Raises `LogDamaged`."""
        segment, start = self.manifest.active, starts(self.manifest)[-1]
        reach = Reach(self._appended, self._seq, self._durable)
        reader = SegmentReader(self.path, segment, start, reach)
        frames = reader.frames()
        reader.require_whole()
        chain = chain_at(self.path, self.manifest)
        sealed = seal((reader.rows(frame) for frame in frames), chain)
        if sealed.seal.digest != self._digest.hex():
            raise reader.damage(reader.begins, "its events are not those that were committed")
        return sealed

    def sync(self) -> None:
        """Wait until every commit is durable. Raises `WriterPoisoned` when the disk fails."""
        self._require_usable()
        with self._at_risk("a sync", self._seq):
            self._sync_file(self._appended)
            self._head.write(self._appended, self._durable, self._seq, self._tick, self._digest)

    def add_epoch(self, *, config_id: str, seed: int) -> int:
        """Begin an epoch with the next event; returns its number. `write_settings` must have written its settings.

        Syncs all events first. An epoch without events is replaced.
        """
        self.sync()
        seq = self._seq
        before = [epoch for number, epoch in enumerate(self.manifest.epochs) if epoch.from_seq < seq or not number]
        epochs = (*before, Epoch(from_seq=seq, config_id=config_id, seed=seed))
        self._replace_manifest(epochs=epochs)
        return len(before)

    def close(self) -> None:
        """Sync the log, mark the run as closed and release its lock. A second call does nothing.

        A poisoned writer only releases the lock. Raises `WriterPoisoned`, `OSError`, after releasing the lock.
        """
        if self._closed:
            return
        try:
            if self._poison is None and self._lock.is_own:
                self.sync()
                with self._at_risk("a sync", self._seq):
                    self._head.sync()
                self._replace_manifest(closed=True)
        finally:
            self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _let_go(self) -> None:
        self._closed = True
        with ExitStack() as held:  # calls all three even if one raises
            held.callback(self._lock.release)
            held.callback(self._head.close)
            held.callback(disk.close, self._fd)

    def _require_usable(self) -> None:
        self._lock.require_own()
        if self._closed:
            raise WriterPoisoned(self.path, reason="its writer is closed", seq=self._seq)
        if self._poison is not None:
            raise WriterPoisoned(self.path, reason=self._poison[0], seq=self._poison[1])

    def _require_next(self, rows: Rows, expected_seq: int) -> None:
        """Raises `SequenceMismatch`, `ValueError` unless the rows follow the log: seqs without gaps, ticks in order."""
        next_seq, count = self._seq, len(rows)
        if expected_seq != next_seq:
            raise SequenceMismatch(self.path, expected=next_seq, found=expected_seq, what="the expected event")
        if not count:
            return
        if count > COMMIT_EVENTS_MAX:
            raise ValueError(f"a commit has at most {COMMIT_EVENTS_MAX:,} events, not {count:,}")
        seqs, ticks = rows["seq"], rows["tick"]
        in_order = seqs == np.arange(next_seq, next_seq + count, dtype=np.uint64)
        if np.count_nonzero(in_order) < count:
            wrong = int(in_order.argmin())
            what = f"the number of row {wrong}"
            raise SequenceMismatch(self.path, expected=next_seq + wrong, found=int(seqs[wrong]), what=what)
        if ticks[0] < self._tick:
            raise SequenceMismatch(self.path, expected=self._tick, found=int(ticks[0]), what="the first tick")
        goes_back = ticks[1:] < ticks[:-1]
        if np.count_nonzero(goes_back):
            wrong = int(goes_back.argmax()) + 1
            what = f"the tick of row {wrong}"
            raise SequenceMismatch(self.path, expected=int(ticks[wrong - 1]), found=int(ticks[wrong]), what=what)

    def _require_room(self, need: int) -> None:
        """Raises `DiskFull` unless the disk has room; asks the system again only after the last answer is used up."""
        if need > self._unchecked_bytes:
            free = disk.free_bytes(self.path)
            if free - RESERVE_BYTES < need:
                raise DiskFull(self.path, need=need, free=free, reserve=RESERVE_BYTES, seq=self._seq)
            self._unchecked_bytes = max(need, min(UNCHECKED_BYTES_MAX, free - RESERVE_BYTES))
        self._unchecked_bytes -= need

    def _is_sync_due(self) -> bool:
        if self._durability == "interval":
            return time.monotonic() - self._synced_s >= self._interval_s
        return self._durability == "every-commit"

    def _sync_file(self, appended: int) -> None:
        disk.sync(self._fd)
        self._durable = appended
        self._synced_s = time.monotonic()

    @contextmanager
    def _at_risk(self, what: str, seq: int) -> Iterator[None]:
        """Poison the writer if the body of the `with` does not reach its end: events before `seq` are committed."""
        before, self._poison = self._poison, (f"{what} was interrupted", seq)
        try:
            yield
        except OSError as error:
            raise self._poison_error(f"{what} failed: {error.strerror or error}", seq) from error
        self._poison = before

    def _poison_error(self, reason: str, seq: int) -> WriterPoisoned:
        self._poison = reason, seq
        return WriterPoisoned(self.path, reason=reason, seq=seq)

    def _replace_manifest(self, **changes: object) -> None:
        """Write the next manifest with these changes. Raises `WriterPoisoned` if another writer has replaced it."""
        found = read_manifest(self.path)
        if (found.writer_epoch, found.number) != (self.manifest.writer_epoch, self.manifest.number):
            raise self._poison_error(f"writer {found.writer_epoch} has taken the run over", self._seq)
        manifest = self.manifest.next_version(**changes)
        with self._at_risk("replacing the manifest", self._seq):
            write_manifest(self.path, manifest)
            self.manifest = manifest
