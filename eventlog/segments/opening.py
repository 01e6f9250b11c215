"""Opens the segments of a log, streams, Arrow files and Parquet files, and rebuilds the digest chain between them."""

import contextlib
import mmap
import os
from pathlib import Path
from typing import Final

from eventlog.errors import LogDamaged
from eventlog.folder.head import Head
from eventlog.folder.manifest import Manifest, Segment, read_manifest
from eventlog.folder.regular import open_regular
from eventlog.folder.stores import bring
from eventlog.format.chain import BLOCK_EVENTS, Chain
from eventlog.format.frames import Frame, inspect
from eventlog.format.layout import schema_message
from eventlog.format.sealing import Part
from eventlog.segments.cold import ColdReader
from eventlog.segments.segment import COLD, Reach, SegmentReader, Start, missing_segment, starts

BEYOND_HEAD: Final = "whole commits follow the head, so the head is an earlier one that was put back"


def open_segment(run: Path, segment: Segment, start: Start, reach: Reach, writer_epoch: int = 0) -> SegmentReader:
    """The reader of a segment: stream, Arrow file or Parquet file. Fetches it first for a run on a store.

    A fetched file that is damaged is not kept, but this reader reads its intact events. Raises `FileNotFoundError`,
    `LogDamaged`, `EventLogError` if the store cannot deliver the file.
    """
    brought = bring(run, f"log/{segment.file}", None if segment.seal else reach.end)
    reader = _reader_of(run, segment, start, reach, writer_epoch)
    if brought:
        with contextlib.suppress(LogDamaged):  # reading the damaged events raises it again
            reader.require_intact()
    return reader


def _reader_of(run: Path, segment: Segment, start: Start, reach: Reach, writer_epoch: int) -> SegmentReader:
    if segment.file.endswith(COLD):
        return ColdReader(run, segment, start, reach, writer_epoch)
    return SegmentReader(run, segment, start, reach, writer_epoch)


def frame_beyond(run: Path, manifest: Manifest, head: Head) -> Frame | None:
    """The first whole frame of a closed run that lies behind its head; None: there is none, as it should be.

    Its writer wrote the head last, so such a head is an earlier one that somebody put back. A run that is not closed
    may have such frames: its writer may have been killed before it wrote the head.
    """
    if not manifest.closed:
        return None
    path, end = run / "log" / manifest.active.file, head.appended or len(schema_message())
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size <= end:
                return None
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as buffer:
                found = inspect(buffer, end, size)
    except FileNotFoundError:
        return None
    return found if isinstance(found, Frame) and read_manifest(run).number == manifest.number else None


def open_block(run: Path, manifest: Manifest) -> list[Part]:
    """The events before the active segment that belong to the chain's unfinished block, with their notes.

    Raises `LogDamaged`, `EventLogError`.
    """
    first_seq, found = manifest.active.first_seq, list[Part]()
    begins = first_seq - first_seq % BLOCK_EVENTS
    for segment, start in zip(manifest.segments[:-1], starts(manifest), strict=False):
        seal = segment.seal
        if seal is None or seal.next_seq <= begins:
            continue
        reach = Reach.of(seal)
        try:
            reader = open_segment(run, segment, start, reach)
        except FileNotFoundError as error:
            raise missing_segment(run, segment, start, reach) from error
        for frame in reader.frames():
            if frame.next_seq > begins:
                rows, notes = reader.rows(frame)
                found.append((rows[max(begins - frame.first_seq, 0) :], notes))
        reader.require_whole()
    return found


def chain_at(run: Path, manifest: Manifest) -> Chain:
    """The digest chain before the active segment. Raises `LogDamaged`, `EventLogError`."""
    start = starts(manifest)[-1]
    chain = Chain(start.block_digest, start.seq - start.seq % BLOCK_EVENTS)
    for rows, notes in open_block(run, manifest):
        chain.extend(rows, notes)
    return chain
