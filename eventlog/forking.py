"""Another future of a history: a new run that shares what was sealed by hard links and copies the rest.

A fork is self-contained: whatever becomes of its parent, its own links and copies stay. It is built in a hidden folder
beside its place and moved there when it is whole, so that a folder is a run or is not there.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from eventlog import disk
from eventlog.errors import LogDamaged, RunExists
from eventlog.head import HeadFile
from eventlog.layout import schema_message
from eventlog.manifest import (
    Epoch,
    Manifest,
    Parent,
    Segment,
    read_settings,
    segment_file,
    write_manifest,
    write_settings,
)
from eventlog.reader import LogReader
from eventlog.sealing import BATCH_EVENTS
from eventlog.segments import Start, starts
from eventlog.writer import LogWriter


def fork(source: LogReader, into: Path, seq: int, *, run_id: str, name: str, versions: Mapping[str, str]) -> None:
    """Make the run `into` with the events of `source` before `seq`, which is the first event of a tick.

    Its epochs and their settings are those that had begun; checkpoints before `seq` come along. Raises `RunExists`,
    `LogDamaged`, `DiskFull`, `ValueError` for a history without events, and then nothing is left behind.
    """
    if seq < 1:
        raise ValueError("a history without events has no future: found a new run instead")
    if into.exists() and any(into.iterdir()):
        raise RunExists(into)
    digest = source.digest_at(seq)[1]
    unfinished = into.with_name(f".{into.name}.forking-{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        manifest = _begun(source, unfinished, seq, Parent(run_id=source.manifest.run_id, seq=seq, digest=digest.hex()))
        write_manifest(unfinished, manifest.model_copy(update={"run_id": run_id, "name": name, "versions": versions}))
        with LogWriter.open(unfinished, durability="never") as writer:
            _copy(source, writer, seq)
            if writer.head.digest != digest.hex():
                raise _changed(source, seq)
        _link_checkpoints(source.path, unfinished, writer.head.tick)
        if into.exists():
            into.rmdir()
        disk.rename(unfinished, into)
        disk.sync_folder(into.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)  # nothing, once it was moved


def _begun(source: LogReader, into: Path, seq: int, parent: Parent) -> Manifest:
    """The fork's folder with what can be linked and an empty active segment; gives its manifest, not yet written."""
    shared = [segment for segment in source.manifest.segments if segment.seal and segment.seal.next_seq <= seq]
    start = starts(source.manifest)[len(shared)]
    active = Segment(
        first_seq=start.seq, file=segment_file(start.seq), kinds=source.manifest.segments[len(shared)].kinds
    )
    (into / "log").mkdir(parents=True)
    for segment in shared:
        disk.link(source.path / "log" / segment.file, into / "log" / segment.file)
    disk.write_file(into / "log" / active.file, schema_message())
    _write_head(into, start)
    disk.sync_folder(into / "log")
    epochs = _epochs_before(source.manifest.epochs, seq)
    for epoch in epochs:
        write_settings(into, epoch.config_id, read_settings(source.path, epoch.config_id))
    return source.manifest.model_copy(
        update={
            "number": 0,
            "epochs": epochs,
            "segments": (*shared, active),
            "parent": parent,
            "writer_epoch": 0,
            "closed": False,
        }
    )


def _epochs_before(epochs: Sequence[Epoch], seq: int) -> tuple[Epoch, ...]:
    return tuple(epoch for number, epoch in enumerate(epochs) if not number or epoch.from_seq < seq)


def _write_head(into: Path, start: Start) -> None:
    """The head of a log that ends where its active segment begins."""
    length, head = len(schema_message()), HeadFile(into / "log" / "head")
    try:
        head.rewrite(length, length, start.seq, start.tick, start.digest)
    finally:
        head.close()


def _copy(source: LogReader, writer: LogWriter, seq: int) -> None:
    """Commit the events from the writer's head up to `seq`, whole ticks at a time."""
    held: list[np.ndarray] = []
    words: dict[int, str] = {}
    for rows, notes in source.parts(writer.head.seq, seq):
        held.append(rows)
        words |= notes
        if sum(map(len, held)) >= BATCH_EVENTS:
            whole = np.concatenate(held)
            last = int(np.searchsorted(whole["tick"], whole["tick"][-1]))  # the last tick may go on
            _commit(writer, whole[:last], words)
            held, words = [whole[last:]], {number: note for number, note in words.items() if number >= writer.head.seq}
    if held:
        _commit(writer, np.concatenate(held), words)


def _commit(writer: LogWriter, rows: np.ndarray, words: Mapping[int, str]) -> None:
    if len(rows):
        first, last = int(rows["seq"][0]), int(rows["seq"][-1])
        own = {seq: note for seq, note in words.items() if first <= seq <= last}
        writer.commit(rows, own, expected_seq=writer.head.seq)


def _link_checkpoints(source: Path, into: Path, tick: int) -> None:
    """The checkpoints up to a tick come along; whoever reads them asks whether they lie on the fork's history."""
    folder = source / "checkpoints"
    for checkpoint in sorted(folder.iterdir()) if folder.is_dir() else ():
        if checkpoint.name.isdecimal() and int(checkpoint.name) <= tick:
            shutil.copytree(checkpoint, into / "checkpoints" / checkpoint.name, copy_function=_linked)


def _linked(source: str, target: str) -> None:
    disk.link(Path(source), Path(target))


def _changed(source: LogReader, seq: int) -> LogDamaged:
    path, reason = source.path / "log" / source.manifest.active.file, "what was copied from it has another digest"
    return LogDamaged(path, seq=seq, tick=0, position=0, durable=source.head.durable, reason=reason)
