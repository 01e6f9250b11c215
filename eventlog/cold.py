"""The cold tier: sealed segments kept as Parquet, less than a tenth of their size, and read as they were before.

Nothing of a log but the file changes: its events, their words, its digests. A row group is a frame to whoever reads.
The seal of such a segment tells of the Parquet file: its size, where its footer begins, the footer's checksum and hash.
The footer holds the checksum of each row group; so every byte is checked before an event of it is believed. A fork
shares what its parent had sealed by a second name: a segment's old file takes room until all who share it are archived.
"""

import io
import zlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from eventlog import disk, parquet
from eventlog.arrow import from_batch, notes_of
from eventlog.errors import DiskFull, EventLogError, LogDamaged
from eventlog.frames import Frame, hash_of
from eventlog.lock import WriterLock
from eventlog.manifest import Manifest, Seal, Segment, read_manifest, write_manifest
from eventlog.recovery import remove_leftovers
from eventlog.rows import Rows
from eventlog.segments import COLD, Reach, SegmentReader, chain_at, open_segment, starts
from eventlog.writer import RESERVE_BYTES, LogWriter

FOOTER_DIFFERS = "its footer is not the one that was sealed"


class ColdReader(SegmentReader):
    """A sealed segment that is kept as Parquet: its row groups as frames, and their events."""

    def frames(self) -> list[Frame]:
        """The row groups; none where the footer that tells of them is not as it was sealed."""
        if not self._frames and self._fault is None:
            self._position = self._seal.frames_end
            try:
                self._frames = self._contents.frames
            except LogDamaged as error:
                self._fault = error.reason
        return self._frames

    def rows(self, frame: Frame) -> tuple[Rows, Mapping[int, str]]:
        """The events of a frame as an array of `ROW`, and the words they carry, by seq. Raises `LogDamaged`."""
        batch = self.batch(frame)
        return from_batch(batch), notes_of(batch)

    def batch(self, frame: Frame) -> pa.RecordBatch:
        """The events of a frame. Raises `LogDamaged`."""
        self._require_intact(frame)
        try:
            return parquet.batch_of(self._file, self._numbers[frame.position])
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self.damage(frame.position, f"its row group cannot be read ({error})", frame) from error

    @property
    def _seal(self) -> Seal:
        seal = self.segment.seal
        assert seal is not None, "only sealed segments are cold"
        return seal

    @cached_property
    def _file(self) -> pq.ParquetFile:
        return parquet.opened(self._buffer)

    @cached_property
    def _contents(self) -> parquet.Contents:
        """What the footer tells, which is the one that was sealed. Raises `LogDamaged`."""
        self._require_footer()
        try:
            contents = parquet.contents_of(self._buffer)
        except ValueError as error:
            raise self.damage(self._seal.frames_end, str(error)) from error
        held = contents.frames[0].first_seq, contents.next_seq, contents.digest.hex()
        if held != (self.start.seq, self._seal.next_seq, self._seal.digest):
            raise self.damage(self._seal.frames_end, "its events are not those that the manifest tells of")
        return contents

    @cached_property
    def _numbers(self) -> dict[int, int]:
        """The number of each row group, by its first byte."""
        return {frame.position: number for number, frame in enumerate(self._contents.frames)}

    @cached_property
    def _blocks(self) -> list[bytes]:
        """As of any sealed segment; but its footer is all that tells of its row groups."""
        return self._contents.blocks

    def _require_footer(self) -> None:
        """The footer is the one that was sealed, with the checksum of every row group."""
        footer = self._buffer[self._seal.frames_end :]
        found = self._size, zlib.crc32(footer), hash_of(bytes(footer)).hex()
        if found != (self._seal.bytes, self._seal.footer_crc32, self._seal.frames_hash):
            raise self.damage(self._seal.frames_end, FOOTER_DIFFERS)

    def _is_intact(self, frame: Frame) -> bool:
        if frame.position not in self._intact:
            if not parquet.is_intact(self._buffer, frame, self._contents.crc32s[self._numbers[frame.position]]):
                return False
            self._intact.add(frame.position)
        return True

    def _read_schema(self, begins: int) -> tuple[int, bytes]:
        """The byte at which the first row group begins."""
        begins = len(parquet.MAGIC)
        if bytes(self._buffer[:begins]) != parquet.MAGIC:
            raise self.damage(0, "it is not a Parquet file")
        return begins, b""


class Archived(NamedTuple):
    """A segment that is kept as Parquet from now on."""

    file: str
    events: int
    bytes_before: int
    bytes: int
    shared: bool  # forks still read it as it was before, so that it takes room until they are archived too


def cold_file(first_seq: int) -> str:
    """The name of the cold segment that begins with event `first_seq`, within `log/`."""
    return f"{first_seq:020}{COLD}"


def archive(run: Path) -> list[Archived]:
    """Keep every event of the run in this folder as Parquet; gives the segments that were not kept so yet.

    What is in the active segment is sealed first, and a torn tail cut off. Then one segment after another: the new
    file, synced; the manifest that names it; and only then the old one goes. What was done stays, whatever comes after.
    Raises `RunNotFound`, `LogLocked` while somebody writes to the run, `LogDamaged`, `DiskFull`, `OSError`.
    """
    _seal_active(run)
    lock = WriterLock(run)
    try:
        manifest = read_manifest(run)
        disk.sync_folder(run)  # before what only an older manifest names is removed
        remove_leftovers(run, manifest)
        done = []
        for number, segment in enumerate(manifest.segments):
            if segment.seal and segment.file != cold_file(segment.first_seq):
                cold = _rewritten(run, manifest, number)
                manifest = _replaced(manifest, number, cold)
                before = run / "log" / segment.file
                shared = before.stat().st_nlink > 1
                write_manifest(run, manifest)
                disk.remove(before)
                assert cold.seal is not None
                events = cold.seal.next_seq - cold.first_seq
                done.append(Archived(cold.file, events, segment.seal.bytes, cold.seal.bytes, shared))
    finally:
        lock.release()
    return done


def _seal_active(run: Path) -> None:
    """Seal what the active segment holds, if it holds anything."""
    manifest = read_manifest(run)
    with LogWriter.open(run, durability="never", kinds=manifest.active.kinds) as writer:
        writer.roll()


def _rewritten(run: Path, manifest: Manifest, number: int) -> Segment:
    """Write a sealed segment's events to a Parquet file and read them back; gives the segment in its new file."""
    segment, start = manifest.segments[number], starts(manifest)[number]
    assert segment.seal is not None
    source = open_segment(run, segment, start, Reach.of(segment.seal))
    frames = source.frames()
    source.require_whole()
    before = manifest.model_copy(update={"segments": manifest.segments[: number + 1]})
    room, need = disk.free_bytes(run) - RESERVE_BYTES, segment.seal.bytes
    if room < need:  # more than it will be, whatever the events
        raise DiskFull(run, need=need, free=room + RESERVE_BYTES, reserve=RESERVE_BYTES, seq=segment.seal.next_seq)
    sink = io.BytesIO()
    seal = parquet.write(sink, (source.rows(frame) for frame in frames), chain_at(run, before))
    if _history(seal) != _history(segment.seal):
        raise source.damage(source.begins, "its events are not those that were sealed")
    cold = segment.model_copy(update={"file": cold_file(segment.first_seq), "seal": seal})
    disk.replace_file(run / "log" / cold.file, sink.getbuffer())
    _require_equal(source, open_segment(run, cold, start, Reach.of(seal)))
    return cold


def _require_equal(source: SegmentReader, cold: SegmentReader) -> None:
    """The file that was written gives the same events, byte for byte, before anything is removed."""
    for kept, frame in zip(cold.frames(), source.frames(), strict=True):
        rows, notes = cold.rows(kept)
        wanted, words = source.rows(frame)
        if kept.point != frame.point or rows.tobytes() != wanted.tobytes() or dict(notes) != dict(words):
            raise EventLogError(f"{cold.path} does not give back the events of {source.path}; nothing was replaced")
    cold.require_whole()


def _history(seal: Seal) -> tuple[object, ...]:
    return seal.next_seq, seal.first_tick, seal.last_tick, seal.block_digest, seal.digest


def _replaced(manifest: Manifest, number: int, segment: Segment) -> Manifest:
    """The next manifest, with this segment in place of the one of that number; a writer of before is refused."""
    segments = (*manifest.segments[:number], segment, *manifest.segments[number + 1 :])
    return manifest.replaced(segments=segments, writer_epoch=manifest.writer_epoch + 1)
