"""Copies a run to a folder or an object store and reads every file back, also while the run is being written.

The manifest is written last, so an interrupted copy is not a run. A second copy overwrites what the first one left. Of
a run that is not closed the copy ends at its last commit, and is closed there.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from eventlog.errors import EventLogError, LogDamaged, RunExists
from eventlog.folder.belongings import is_kept, is_state, is_table, require_new, require_own
from eventlog.folder.head import head_text
from eventlog.folder.manifest import manifest_text, read_manifest, read_manifest_text, read_settings
from eventlog.folder.regular import open_regular, read_regular
from eventlog.folder.run_folders import MANIFEST
from eventlog.folder.stores import Store, bring, bring_beside, bring_checkpoint
from eventlog.places import is_uri, place_name
from eventlog.printable import printable_line
from eventlog.reader import LogReader
from eventlog.segments.segment import read_schema


class Copied(NamedTuple):
    """The size of a finished copy, every file of which was read back and found equal."""

    files: int
    bytes: int
    ticks: int  # the copy has every event of a smaller tick
    events: int
    digest: str  # of all events, recomputed before they were copied


def copy(source: LogReader, to: Path | str) -> Copied:
    """Copy the log, settings and checkpoints of a run to a folder or a URI; derived tables and exports stay.

    A run that is not closed is copied up to its last commit, whole ticks, and its writer is not disturbed. The copy is
    closed there: it can be read, copied again, and gone on with. What was decided since the last checkpoint is not in
    it; going on with the copy makes it again.

    First recomputes the digest of the whole log; then writes every file and reads it back. Raises `RunExists`,
    `LogDamaged`, and `EventLogError` if the place holds other files, the store refuses, the run was replaced
    meanwhile, or the bytes read back differ from those written. After an error there is no run at `to`.
    """
    require_own(source.path)
    target = Store(to)
    if not is_uri(to):
        require_new(Path(to))
    _require_free(target)
    many, size, last = 0, 0, ("", b"")
    for last in contents_of(source):
        if last[0] != MANIFEST:
            _put(target, *last)
        many, size = many + 1, size + len(last[1])
    _put(target, *last)
    return Copied(many, size, source.head.tick, source.head.seq, source.head.digest)


def contents_of(source: LogReader, *, checkpoints: bool = True) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each file of a copy of a run, with or without its checkpoints, the manifest last.

    First looks at the run again and recomputes the digest of its whole log. Raises `LogDamaged`, and `EventLogError` if
    the run was replaced meanwhile.
    """
    with _refreshed(source) as active:
        manifest = source.manifest
        text = read_manifest_text(source.path)
        source.verify_chain()
        yield from _files(source, active)
        if checkpoints:
            yield from _checkpoints(source)
    if manifest.closed:
        same = read_manifest_text(source.path) == text
    else:
        now = read_manifest(source.path)
        same = (now.run_id, now.writer_epoch, now.epochs) == (manifest.run_id, manifest.writer_epoch, manifest.epochs)
        text = manifest_text(manifest.next_version(closed=True))
    if not same:
        raise EventLogError(f"{place_name(source.path)} was changed during the copy, which is no run yet; copy again")
    yield MANIFEST, text


def _refreshed(source: LogReader) -> BinaryIO:
    """Look at the run again; returns its active segment, open, so that it is read even if it is sealed meanwhile."""
    while True:
        head = source.refresh()
        active = source.manifest.active
        try:
            bring(source.path, f"log/{active.file}", head.appended or None)
            return open_regular(source.path / "log" / active.file)
        except FileNotFoundError as error:
            if read_manifest(source.path).active == active:
                path, reason = source.path / "log" / active.file, "the file is missing"
                raise LogDamaged(path, seq=active.first_seq, tick=0, position=0, durable=0, reason=reason) from error


def _require_free(target: Store) -> None:
    """Raises `RunExists` for a place with a run, `EventLogError` for one with files that no interrupted copy left."""
    try:
        there = target.names(deep=True)
    except FileNotFoundError as error:
        raise EventLogError(f"{target.uri}: there is no such bucket ({error})") from error
    if "run.json" in there:
        raise RunExists(target.uri, f"townlet verify {target.uri}        proves it")
    foreign = [name for name in there if not is_kept(name.removesuffix(".tmp"))]
    if foreign:
        raise EventLogError(
            f"{target.uri} holds {printable_line(foreign[0])}, which is not part of a copy: nothing is written there.\n"
            f"  Next: name another place"
        )


def _files(source: LogReader, active: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """The name and the committed bytes of each file of the run, but for its manifest and checkpoints.

    `active` is its active segment, open.
    """
    for config_id in sorted({epoch.config_id for epoch in source.manifest.epochs}):
        yield f"configs/{config_id}.json", read_settings(source.path, config_id).encode()
    for segment in source.manifest.segments[:-1]:
        name = f"log/{segment.file}"
        bring(source.path, name)
        yield name, read_regular(source.path / name)
    head, name = source.head, f"log/{source.manifest.active.file}"
    if source.manifest.closed:
        yield name, active.read(head.appended or -1)
        yield "log/head", read_regular(source.path / "log" / "head")
    else:
        length = head.appended or _schema_bytes(source, active)
        yield name, active.read(length)
        yield "log/head", head_text(length, length, head.seq, head.tick, bytes.fromhex(head.digest))
    yield from _kept_beside(source)


def _checkpoints(source: LogReader) -> Iterator[tuple[str, bytes]]:
    """The files of the checkpoints up to the head."""
    folder = source.path / "checkpoints"
    for checkpoint in sorted(folder.iterdir()) if folder.is_dir() else ():
        if is_state(checkpoint.name) and int(checkpoint.name) <= source.head.tick:
            bring_checkpoint(checkpoint)
            yield from _tables(checkpoint)


def _schema_bytes(source: LogReader, active: BinaryIO) -> int:
    """The length of an active segment that had no events at the last look; it may have some now."""
    found = read_schema(memoryview(active.read()))
    active.seek(0)
    if isinstance(found, str):
        path = source.path / "log" / source.manifest.active.file
        raise LogDamaged(path, seq=source.head.seq, tick=source.head.tick, position=0, durable=0, reason=found)
    return found[0]


def _tables(checkpoint: Path) -> list[tuple[str, bytes]]:
    """The files of a checkpoint; none if its writer replaces it just then."""
    try:
        return [
            (f"checkpoints/{checkpoint.name}/{file.name}", read_regular(file))
            for file in sorted(checkpoint.iterdir())
            if is_table(file.name) and not file.is_symlink()
        ]
    except FileNotFoundError:
        return []


def _kept_beside(source: LogReader) -> Iterator[tuple[str, bytes]]:
    """The files that a run keeps of its policies, of its people's decisions and of city events, if it has any.

    Decisions are in files of many ticks; of a run that lives on only those that end before its head are taken.
    """
    names = ["policies.json", "perturbations.json"]
    for file in names:
        bring_beside(source.path, file)
    for folder in ("policies", "decisions"):
        bring_beside(source.path, folder)
        below = source.path / folder
        names += sorted(f"{folder}/{each.name}" for each in below.iterdir()) if below.is_dir() else []
    for name in names:
        if is_kept(name) and _ends_by(name, source.head.tick) and (source.path / name).is_file():
            yield name, read_regular(source.path / name)


def _ends_by(name: str, tick: int) -> bool:
    """Whether a file holds nothing of this tick or a later one: `decisions/FROM-TO.parquet` ends before tick TO."""
    return not name.startswith("decisions/") or int(Path(name).stem.rpartition("-")[2]) <= tick


def _put(target: Store, name: str, content: bytes) -> None:
    """Write a file and read it back. Raises `EventLogError` if the bytes differ or the store refuses."""
    try:
        target.put(name, content)
        found = hashlib.sha256()
        for chunk in target.chunks(name):
            found.update(chunk)
    except FileNotFoundError as error:
        raise EventLogError(f"{target.place_name(name)} cannot be written: {error}") from error
    if found.digest() != hashlib.sha256(content).digest():
        raise EventLogError(
            f"{target.place_name(name)} is not read as it was written, so {target.uri} is no run.\n  Next: copy again"
        )
