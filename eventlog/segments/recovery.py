"""Finds the end of the active segment and repairs a torn tail.

1. Frames with the right checksum, seqs and hashes are accepted, also after the head: a writer may have died between
   writing a frame and writing the head.
2. Bad bytes at or after `durable` were never synced: they are copied to `<segment>.torn` and cut off.
3. Bad bytes before `durable` are damage: raises `LogDamaged` and changes nothing.
4. A segment that ends cleanly before `durable` is damaged, too.
5. Without a valid head any bad byte is damage.
"""

import mmap
import os
import re
from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

from eventlog.errors import LogDamaged
from eventlog.folder import disk
from eventlog.folder.head import Head, read_head
from eventlog.folder.manifest import Manifest
from eventlog.folder.regular import open_regular
from eventlog.format.chain import BLOCK_EVENTS, Chain
from eventlog.format.frames import Frame, Scan, decode_rows
from eventlog.format.sealing import Part
from eventlog.segments.opening import open_block
from eventlog.segments.segment import BEGINNING, Reach, Start, missing_segment, read_schema, starts

SEGMENT_NAME: Final = re.compile(r"[0-9]{20}\.(arrows?|parquet)((\.torn(-[0-9]+)?)?\.tmp)?")
"""The names of segments and of their unfinished temporary files, not of finished `.torn` files."""

_first_seq = attrgetter("first_seq")


class Tail(NamedTuple):
    """The end of a log that a writer may append to."""

    position: int  # bytes of the active segment
    tick: int  # the log holds every event with a smaller tick
    previous: bytes  # hash of the last frame's mark
    chain: Chain  # after the last event
    torn: Path | None  # the file with the torn bytes; None: nothing was torn


def recover_run(run: Path, manifest: Manifest) -> Tail:
    """Cut off the torn tail of a run's log; returns the end of the log. Raises `LogDamaged`."""
    start, active = starts(manifest)[-1], manifest.active
    path = run / "log" / active.file
    try:
        since = open_block(run, manifest)
        return recover(path, read_head(run / "log" / "head", active.first_seq), start, since)
    except FileNotFoundError as error:
        raise missing_segment(run, active, start, Reach(0, start.seq, 0)) from error


def recover(segment: Path, head: Head | None, start: Start = BEGINNING, since: Sequence[Part] = ()) -> Tail:
    """Cut off the torn tail of the active segment; returns the end of the log.

    `start` is the segment's start in the history, `since` the events of the chain's unfinished block before it. Raises
    `LogDamaged` (nothing was changed) and `FileNotFoundError`.
    """
    with open_regular(segment) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise _damage(segment, head, start, None, 0, "the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as buffer:
            found = examine(buffer, head, start, since)
    if isinstance(found, Damage):
        raise _damage(segment, head, start, found.last, found.position, found.reason)
    torn = _cut(segment, found.position) if found.position < size else None
    return found._replace(torn=torn)


class Damage(NamedTuple):
    """Damage that forbids appending: its byte, the last intact frame before it, the reason."""

    position: int
    last: Frame | None
    reason: str


def examine(
    buffer: memoryview, head: Head | None, start: Start = BEGINNING, since: Sequence[Part] = ()
) -> Tail | Damage:
    """The end of the log or the damage in the bytes of an active segment. Changes nothing."""
    schema = read_schema(buffer)
    if isinstance(schema, str):
        return Damage(0, None, schema)
    begins, previous = schema
    scan = Scan(buffer, begins, len(buffer), next_seq=start.seq, previous=previous)
    frames = list(scan)
    last = frames[-1] if frames else None
    if scan.fault and (head is None or scan.position < head.durable):
        return Damage(scan.position, last, scan.fault)
    if head and scan.position < head.durable:
        return Damage(scan.position, last, "the file ends before what was durable")
    chain = _chain_after(buffer, frames, start, since)
    if head and head.seq == chain.seq and head.digest != chain.digest().hex():
        return Damage(scan.position, last, "the history's digest differs from the head's")
    return Tail(scan.position, last.last_tick + 1 if last else start.tick, last.hash if last else previous, chain, None)


def _damage(
    segment: Path, head: Head | None, start: Start, last: Frame | None, position: int, reason: str
) -> LogDamaged:
    return LogDamaged(
        segment,
        seq=last.next_seq if last else start.seq,
        tick=last.last_tick + 1 if last else start.tick,
        position=position,
        durable=head.durable if head else None,
        reason=reason if head else f"{reason} (and its head is lost)",
    )


def _chain_after(buffer: memoryview, frames: list[Frame], start: Start, since: Sequence[Part]) -> Chain:
    """The chain after the last frame, rebuilt from the last block digest and the rows after it."""
    block_digest, open_since, parts = start.block_digest, start.seq - start.seq % BLOCK_EVENTS, list(since)
    if frames:
        last = frames[-1]
        block_digest, open_since = last.block_digest, last.first_seq - last.first_seq % BLOCK_EVENTS
        first = max(bisect_right(frames, open_since, key=_first_seq) - 1, 0)
        parts += [decode_rows(buffer, frame) for frame in frames[first:]]
    chain = Chain(block_digest, open_since)
    for rows, notes in parts:
        if len(rows):
            chain.extend(rows[max(open_since - int(rows["seq"][0]), 0) :], notes)
    return chain


def _cut(segment: Path, position: int) -> Path:
    """Copy the bytes from `position` on to a file beside the segment, then cut them off; returns that file's path."""
    torn = segment.with_name(segment.name + ".torn")
    number = 1
    while torn.exists():
        number += 1
        torn = segment.with_name(f"{segment.name}.torn-{number}")
    with segment.open("rb") as file:
        file.seek(position)
        disk.replace_file(torn, file.read())  # synced with its name before the cut
    fd = disk.append_to(segment)
    try:
        disk.truncate(fd, position)
        disk.sync(fd)
    finally:
        disk.close(fd)
    return torn


def remove_leftovers(run: Path, manifest: Manifest) -> None:
    """Remove segment files that the manifest does not name: a process died while it sealed or archived one."""
    named = {segment.file for segment in manifest.segments}
    left = [path for path in (run / "log").iterdir() if SEGMENT_NAME.fullmatch(path.name) and path.name not in named]
    if left:
        disk.sync_folder(run)  # the manifest must be on the disk before the files go
    for path in left:
        disk.remove(path)
