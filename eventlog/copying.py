"""Copies a closed run to a folder or an object store and reads every file back.

The manifest is written last, so an interrupted copy is not a run. A second copy overwrites what the first one left.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from eventlog.errors import EventLogError, RunExists
from eventlog.folder.belongings import is_kept, is_state, is_table, require_new, require_own
from eventlog.folder.manifest import read_manifest_text, read_settings
from eventlog.folder.regular import read_regular
from eventlog.folder.stores import Store, bring, bring_beside, bring_checkpoint
from eventlog.places import is_uri, place_name
from eventlog.printable import printable_line
from eventlog.reader import LogReader


class Copied(NamedTuple):
    """The size of a finished copy, every file of which was read back and found equal."""

    files: int
    bytes: int
    events: int
    digest: str  # of all events, recomputed before they were copied


def copy(source: LogReader, to: Path | str) -> Copied:
    """Copy the log, settings and checkpoints of a closed run to a folder or a URI; derived tables and exports stay.

    First recomputes the digest of the whole log; then writes every file and reads it back. Raises `RunExists`,
    `LogDamaged`, and `EventLogError` if the run is not closed, the place holds other files, the store refuses, or the
    bytes read back differ from those written. After an error there is no run at `to`.
    """
    source.refresh()
    require_own(source.path)
    if not source.manifest.closed:
        run = place_name(source.path)
        raise EventLogError(
            f"{run} is not closed: somebody writes to it, or did until it was killed. Nothing was copied.\n"
            f"  Next: stop its writer; townlet resume {run} --ticks 0        closes one whose writer is gone"
        )
    text = read_manifest_text(source.path)
    target = Store(to)
    if not is_uri(to):
        require_new(Path(to))
    _require_free(target)
    digest = source.verify_chain()
    many, size = 0, 0
    for name, content in _contents(source):
        _put(target, name, content)
        many, size = many + 1, size + len(content)
    if read_manifest_text(source.path) != text:
        raise EventLogError(
            f"{place_name(source.path)} was changed during the copy, so {target.uri} is no run yet; copy again"
        )
    _put(target, "run.json", text)
    return Copied(many + 1, size + len(text), source.head.seq, digest)


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


def _contents(source: LogReader) -> Iterator[tuple[str, bytes]]:
    """The name and the committed bytes of each file of the run, except the manifest."""
    for config_id in sorted({epoch.config_id for epoch in source.manifest.epochs}):
        yield f"configs/{config_id}.json", read_settings(source.path, config_id).encode()
    for segment in source.manifest.segments:
        name, length = f"log/{segment.file}", None if segment.seal else source.head.appended or None
        bring(source.path, name, length)
        yield name, read_regular(source.path / name, -1 if length is None else length)
    yield "log/head", read_regular(source.path / "log" / "head")
    yield from _kept_beside(source)
    folder = source.path / "checkpoints"
    for checkpoint in sorted(folder.iterdir()) if folder.is_dir() else ():
        if is_state(checkpoint.name) and int(checkpoint.name) <= source.head.tick:
            bring_checkpoint(checkpoint)
            for file in sorted(checkpoint.iterdir()):
                if is_table(file.name) and not file.is_symlink():
                    yield f"checkpoints/{checkpoint.name}/{file.name}", read_regular(file)


def _kept_beside(source: LogReader) -> Iterator[tuple[str, bytes]]:
    """The files that a run keeps of its policies, of its people's decisions and of city events, if it has any."""
    names = ["policies.json", "perturbations.json"]
    for file in names:
        bring_beside(source.path, file)
    for folder in ("policies", "decisions"):
        bring_beside(source.path, folder)
        below = source.path / folder
        names += sorted(f"{folder}/{each.name}" for each in below.iterdir()) if below.is_dir() else []
    for name in names:
        if is_kept(name) and (source.path / name).is_file():
            yield name, read_regular(source.path / name)


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
