"""Makes a fork: a new run that has the first events of another run, and its own future.

A fork shares sealed segments with its parent by hard links and copies the rest, so it stays whole when the parent is
changed or removed. It is built in a hidden folder beside its place and then renamed, so no half of a run is ever there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from eventlog.errors import LogDamaged
from eventlog.folder import disk
from eventlog.folder.belongings import (
    end_half_made,
    is_state,
    is_table,
    remove_state,
    require_free,
    require_own,
)
from eventlog.folder.head import HeadFile
from eventlog.folder.holding import building
from eventlog.folder.manifest import (
    NO_TEXTS,
    Epoch,
    Manifest,
    Parent,
    Segment,
    read_settings,
    segment_file,
    write_manifest,
    write_settings,
)
from eventlog.folder.stores import bring_checkpoint, is_mirror
from eventlog.format.layout import schema_message
from eventlog.format.sealing import BATCH_EVENTS
from eventlog.reader import LogReader
from eventlog.segments.opening import open_segment
from eventlog.segments.segment import Reach, Start, missing_segment, starts
from eventlog.writer import LogWriter


def fork(
    source: LogReader,
    into: Path,
    seq: int,
    *,
    run_id: str,
    name: str,
    versions: Mapping[str, str],
    epochs: Sequence[Epoch],
    settings: Mapping[str, str] = NO_TEXTS,
) -> None:
    """Make the run `into` with the events of `source` before `seq`, which is the first event of a tick.

    `epochs` are the fork's epochs, none later than `seq`; `settings` maps config_id to the text of settings that
    `source` does not have. Checkpoints before `seq` are shared too. Raises `RunExists`, `EventLogError` if the place
    holds other files or the source has links in its folder, `LogDamaged`, `DiskFull`, `OSError`; after an error nothing
    is left behind.
    """
    require_free(into)
    require_own(source.path)
    digest = source.digest_at(seq)[1]
    with building(into, "forking") as unfinished:
        manifest = _begin_folder(source, unfinished, seq).model_copy(
            update={
                "run_id": run_id,
                "name": name,
                "versions": dict(versions),
                "epochs": tuple(epochs),
                "parent": Parent(run_id=source.manifest.run_id, seq=seq, digest=digest.hex()),
            }
        )
        _keep_settings(source, unfinished, epochs, settings)
        write_manifest(unfinished, manifest)
        with LogWriter.open(unfinished, durability="never", kinds=manifest.active.kinds) as writer:
            _copy(source, writer, seq)
            if writer.head.digest != digest.hex():
                raise _digest_error(source, seq)
        _link_checkpoints(source.path, unfinished, writer.head.tick)
        require_free(into)
        disk.rename(unfinished, into)  # fails unless `into` is missing or an empty folder
        disk.sync_folder(into.parent)
        end_half_made(into)


def _begin_folder(source: LogReader, into: Path, seq: int) -> Manifest:
    """Make the fork's folder: linked segments and an empty active one. Returns its manifest, which is not written."""
    shared = [segment for segment in source.manifest.segments if segment.seal and segment.seal.next_seq <= seq]
    start = starts(source.manifest)[len(shared)]
    active = Segment(
        first_seq=start.seq, file=segment_file(start.seq), kinds=source.manifest.segments[len(shared)].kinds
    )
    (into / "log").mkdir()
    for segment, its_start in zip(shared, starts(source.manifest), strict=False):
        _link_segment(source.path, into, segment, its_start)
    disk.write_file(into / "log" / active.file, schema_message())
    _write_head(into, start)
    disk.sync_folder(into / "log")
    changes = {"number": 0, "segments": (*shared, active), "writer_epoch": 0, "closed": False}
    return source.manifest.model_copy(update=changes)


def _link_segment(source: Path, into: Path, segment: Segment, start: Start) -> None:
    assert segment.seal is not None, "only what is sealed is shared"
    reach = Reach.of(segment.seal)
    try:
        if is_mirror(source):
            open_segment(source, segment, start, reach).require_intact()
        disk.link(source / "log" / segment.file, into / "log" / segment.file)
    except FileNotFoundError as error:
        raise missing_segment(source, segment, start, reach) from error


def _keep_settings(source: LogReader, into: Path, epochs: Sequence[Epoch], texts: Mapping[str, str]) -> None:
    """Write the settings of each epoch: the given text, else the source's."""
    for config_id in sorted({epoch.config_id for epoch in epochs}):
        write_settings(into, config_id, texts.get(config_id) or read_settings(source.path, config_id))


def _write_head(into: Path, start: Start) -> None:
    """Write the head of a log whose active segment has no events."""
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
            last = int(np.searchsorted(whole["tick"], whole["tick"][-1]))  # more events of the last tick may follow
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
    """Link the checkpoints up to a tick. A reader of a checkpoint checks that it belongs to the fork's history."""
    folder = source / "checkpoints"
    found = [each for each in sorted(folder.iterdir()) if is_state(each.name)] if folder.is_dir() else []
    before = [checkpoint for checkpoint in found if int(checkpoint.name) <= tick]
    for last in before[-1:]:
        bring_checkpoint(last)
    for checkpoint in before:
        if not is_mirror(source) or any(checkpoint.iterdir()):  # a mirror has empty folders for those not fetched
            _link_checkpoint(checkpoint, into / "checkpoints" / checkpoint.name)


def _link_checkpoint(checkpoint: Path, target: Path) -> None:
    """Link one checkpoint whole, or not at all if the source's writer replaces it meanwhile."""
    target.mkdir(parents=True)
    try:
        for file in sorted(checkpoint.iterdir()):
            if is_table(file.name) and file.is_file() and not file.is_symlink():
                disk.link(file, target / file.name)
    except FileNotFoundError:
        remove_state(target)


def _digest_error(source: LogReader, seq: int) -> LogDamaged:
    path, reason = source.path / "log" / source.manifest.active.file, "what was copied from it has another digest"
    return LogDamaged(path, seq=seq, tick=0, position=0, durable=source.head.durable, reason=reason)
