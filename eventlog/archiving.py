"""Archives a run: rewrites its segments as Parquet files, one after another.

A fork shares the sealed segments of its parent by hard links, so an old file takes room until all runs that share it
are archived.
"""

import io
import os
from pathlib import Path
from typing import NamedTuple

from eventlog.errors import DiskFull, EventLogError
from eventlog.folder import disk
from eventlog.folder.lock import WriterLock
from eventlog.folder.manifest import Manifest, Seal, Segment, read_manifest, segment_file, write_manifest
from eventlog.folder.run_folders import MANIFEST, is_run, last_written
from eventlog.format import parquet
from eventlog.segments.opening import chain_at, open_segment
from eventlog.segments.recovery import remove_leftovers
from eventlog.segments.segment import COLD, Reach, SegmentReader, starts
from eventlog.writer import RESERVE_BYTES, LogWriter


class Archived(NamedTuple):
    """A segment that was rewritten as Parquet."""

    file: str
    events: int
    bytes_before: int
    bytes: int
    shared: bool  # another run still has the old file, which takes room until that run is archived too


def archive(run: Path) -> list[Archived]:
    """Rewrite every event of the run in this folder as Parquet; returns the segments that were rewritten.

    Cuts off a torn tail and seals the active segment first. Then for each segment: writes and syncs the new file,
    writes the manifest that names it, and removes the old file. After an error the segments done so far stay archived.
    The run counts as written to when it was before: nothing happened in its town.
    Raises `RunNotFound`, `LogLocked` if another process writes to the run, `LogDamaged`, `DiskFull`, `OSError`.
    """
    written_s = last_written(run) if is_run(run) else 0.0
    with LogWriter.open(run, durability="never", kinds=read_manifest(run).active.kinds) as writer:
        writer.seal_active()
    lock = WriterLock(run)
    try:
        manifest = read_manifest(run)
        disk.sync_folder(run)  # the present manifest must be on the disk before files that only an older one names go
        remove_leftovers(run, manifest)
        done = []
        for number, segment in enumerate(manifest.segments):
            if segment.seal and not segment.file.endswith(COLD):
                cold = _cold_segment(run, manifest, number)
                manifest = _next_manifest(manifest, number, cold)
                before = run / "log" / segment.file
                shared = before.stat().st_nlink > 1
                write_manifest(run, manifest)
                disk.remove(before)
                assert cold.seal is not None
                events = cold.seal.next_seq - cold.first_seq
                done.append(Archived(cold.file, events, segment.seal.bytes, cold.seal.bytes, shared))
    finally:
        for file in (run / MANIFEST, run / "log" / "head"):
            if file.exists():
                os.utime(file, (written_s, written_s))
        lock.release()
    return done


def _cold_segment(run: Path, manifest: Manifest, number: int) -> Segment:
    """Write a sealed segment's events to a Parquet file and read them back; returns the segment with its new file."""
    segment, start = manifest.segments[number], starts(manifest)[number]
    assert segment.seal is not None
    source = open_segment(run, segment, start, Reach.of(segment.seal))
    frames = source.frames()
    source.require_whole()
    before = manifest.model_copy(update={"segments": manifest.segments[: number + 1]})
    room, need = disk.free_bytes(run) - RESERVE_BYTES, segment.seal.bytes
    if room < need:  # a Parquet file is never larger than the Arrow file
        raise DiskFull(run, need=need, free=room + RESERVE_BYTES, reserve=RESERVE_BYTES, seq=segment.seal.next_seq)
    sink = io.BytesIO()
    seal = parquet.write(sink, (source.rows(frame) for frame in frames), chain_at(run, before))
    if _history(seal) != _history(segment.seal):
        raise source.damage(source.begins, "its events are not those that were sealed")
    cold = segment.model_copy(update={"file": segment_file(segment.first_seq, "parquet"), "seal": seal})
    disk.replace_file(run / "log" / cold.file, sink.getbuffer())
    _require_equal(source, open_segment(run, cold, start, Reach.of(seal)))
    return cold


def _require_equal(source: SegmentReader, cold: SegmentReader) -> None:
    """Raises `EventLogError` or `LogDamaged` unless the new file gives the same events, byte for byte."""
    for kept, frame in zip(cold.frames(), source.frames(), strict=True):
        rows, notes = cold.rows(kept)
        wanted, words = source.rows(frame)
        if kept.point != frame.point or rows.tobytes() != wanted.tobytes() or dict(notes) != dict(words):
            raise EventLogError(f"{cold.path} does not give back the events of {source.path}; nothing was replaced")
    cold.require_whole()


def _history(seal: Seal) -> tuple[object, ...]:
    return seal.next_seq, seal.first_tick, seal.last_tick, seal.block_digest, seal.digest


def _next_manifest(manifest: Manifest, number: int, segment: Segment) -> Manifest:
    """The next manifest, with `segment` as segment `number`, and a new writer epoch, which shuts out older writers."""
    segments = (*manifest.segments[:number], segment, *manifest.segments[number + 1 :])
    return manifest.next_version(segments=segments, writer_epoch=manifest.writer_epoch + 1)
