"""Checkpoints: folded states of a log at some ticks, so that the state at any tick needs only a short fold.

A checkpoint is derived data: `checkpoints/<tick, 12 digits>/` with one uncompressed Arrow IPC file for each table and a
`manifest.json`. A checkpoint that is damaged, was made by other code, or belongs to another history than the log's is
ignored, and the log is folded from an earlier one.
"""

import contextlib
import itertools
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from eventlog.errors import EventLogError
from eventlog.folder import disk
from eventlog.folder.belongings import (
    discard_state,
    is_in_place,
    is_state,
    is_state_or_begun,
    remove_state,
    remove_store,
)
from eventlog.folder.head import Point
from eventlog.folder.regular import read_regular
from eventlog.folder.stores import bring_checkpoint
from eventlog.format.arrow import require_within
from eventlog.reader import LogReader

IdentityAt = Callable[[int], Mapping[str, str]]
"""Maps a seq to the identity of a fold of all events before it: names and versions of what the result depends on."""

_MANIFEST: Final = "manifest.json"
_serial = itertools.count()


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    bytes: int
    crc32: int


class _Manifest(BaseModel):
    """`name` and `version` are the projection's, taken from `identity`; `state` maps each table to its file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, validate_by_name=True, serialize_by_alias=True
    )

    name: str
    version: str
    tick: int = Field(ge=0)
    seq: int = Field(alias="next_seq", ge=0)
    block_digest: str = Field(pattern="^[0-9a-f]{64}$")
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    identity: dict[str, str]
    files: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")], _File] = Field(alias="state")

    @model_validator(mode="before")
    @classmethod
    def _with_name(cls, said: Any) -> Any:
        """The fields with `name` and `version` added from `identity`."""
        if not isinstance(said, dict) or not isinstance(said.get("identity"), dict):
            return said  # validation refuses it
        made_by = said["identity"]
        name, _, version = str(made_by.get("rider", made_by.get("projection", ""))).partition("@")
        return {"name": name, "version": version, **said}


class Checkpoint:
    """A valid checkpoint: `point` is its place in the log, `tables()` its tables."""

    def __init__(self, path: Path, point: Point, tables: Mapping[str, pa.Table]) -> None:
        self.path = path
        self.point = point
        self._tables = tables

    def tables(self) -> dict[str, pa.Table]:
        """The tables by name, equal to those that were written."""
        return dict(self._tables)


class CheckpointStore:
    """The checkpoints of one projection of the run in the folder `run_path`; `folder` is the town's by default."""

    def __init__(self, run_path: Path | str, folder: str = "checkpoints") -> None:
        self._run = Path(run_path)
        self.path = self._run / folder

    def write(self, tables: Mapping[str, pa.Table], point: Point, identity: Mapping[str, str]) -> Path:
        """Write the tables as the checkpoint at `point`, replacing an older one at that tick; returns its folder.

        `identity` says what the tables were made by (record type, sources of the folds, epochs). A reader with another
        identity ignores the checkpoint.
        """
        self.require_in_place()
        folder = self.path / f"{point.tick:012}"
        unfinished = self.path / f"{folder.name}.{os.getpid()}-{next(_serial)}"
        replaced = unfinished.with_name(unfinished.name + "-replaced")
        unfinished.mkdir(parents=True)
        try:
            files = {name: _write_table(unfinished / f"{name}.arrow", table) for name, table in tables.items()}
            manifest = _Manifest(**point._asdict(), identity=dict(identity), files=files)
            _write(unfinished / _MANIFEST, (manifest.model_dump_json(indent=2) + "\n").encode())
            if folder.exists():
                disk.rename(folder, replaced)
                remove_state(replaced)
            disk.rename(unfinished, folder)
        finally:
            for left in (unfinished, replaced):
                discard_state(left)  # does nothing unless an error left it
        return folder

    def require_in_place(self) -> None:
        """Raises `EventLogError` if the store lies behind a link: it may be anybody's folder there."""
        if not self.is_in_place:
            raise EventLogError(
                f"{self.path} lies behind a link: tables are kept only in the run's own folder.\n"
                f"  Next: remove the link; what is kept can be made anew"
            )

    @property
    def is_in_place(self) -> bool:
        """Whether no folder from the run's down to the store is a link, so that something may be kept or removed."""
        return is_in_place(self._run, self.path)

    def ticks(self) -> list[int]:
        """The ticks that have a checkpoint, valid or not, in ascending order."""
        try:
            return sorted(int(name) for name in os.listdir(self.path) if is_state(name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def is_of(self, tick: int, identity_at: IdentityAt) -> bool:
        """Whether the checkpoint at this tick has the identity that `identity_at` gives; reads only its manifest."""
        return _manifest_of(self.path / f"{tick:012}", identity_at) is not None

    def nearest(self, tick: int, identity_at: IdentityAt, log: LogReader) -> Checkpoint | None:
        """The newest valid checkpoint at `tick` or before it, or None.

        Valid: undamaged, of the identity that `identity_at` gives for its seq, and of the history that `log` holds.
        """
        return next(self.valid(tick, identity_at, log), None)

    def valid(self, tick: int, identity_at: IdentityAt, log: LogReader) -> Iterator[Checkpoint]:
        """Every valid checkpoint at `tick` or before it, the newest first, for a reader that may refuse some."""
        for found in reversed([each for each in self.ticks() if each <= tick]):
            checkpoint = _read(self.path / f"{found:012}", identity_at)
            if checkpoint and checkpoint.point.tick == found and log.holds(checkpoint.point):
                yield checkpoint


def keep_last_used(folder: Path, most: int) -> None:
    """Remove the folders in `folder`, checkpoints or stores of them, but the `most` that were touched last."""
    used = []
    for each in folder.iterdir():
        with contextlib.suppress(OSError):  # another process may have removed it
            used.append((each.lstat().st_mtime_ns, each))
    for _, old in sorted(used, reverse=True)[most:]:
        with contextlib.suppress(OSError):
            remove_state(old) if is_state_or_begun(old.name) else remove_store(old)


def _write_table(path: Path, table: pa.Table) -> _File:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    content = sink.getvalue()
    _write(path, content)
    return _File(bytes=content.size, crc32=zlib.crc32(content))


def _write(path: Path, content: bytes | pa.Buffer) -> None:
    """Write a file without waiting for the disk: a checkpoint that a crash damages is ignored."""
    fd = disk.create(path)
    try:
        disk.write_all(fd, memoryview(content))
    finally:
        disk.close(fd)


def _manifest_of(folder: Path, identity_at: IdentityAt) -> _Manifest | None:
    """The checkpoint's manifest, or None if it cannot be read or has another identity."""
    bring_checkpoint(folder)
    try:
        manifest = _Manifest.model_validate_json(read_regular(folder / _MANIFEST))
    except (OSError, ValidationError):
        return None
    return manifest if manifest.identity == dict(identity_at(manifest.seq)) else None


def _read(folder: Path, identity_at: IdentityAt) -> Checkpoint | None:
    """The checkpoint in this folder, or None if it is damaged or has another identity."""
    manifest = _manifest_of(folder, identity_at)
    if manifest is None:
        return None
    try:
        contents = {name: read_regular(folder / f"{name}.arrow") for name in manifest.files}
    except OSError:
        return None
    for name, file in manifest.files.items():
        if len(contents[name]) != file.bytes or zlib.crc32(contents[name]) != file.crc32:
            return None
    try:
        tables = {name: _table_in(content) for name, content in contents.items()}
    except (pa.ArrowException, OSError, ValueError):
        return None
    point = Point(manifest.tick, manifest.seq, manifest.block_digest, manifest.digest)
    return Checkpoint(folder, point, tables)


def _table_in(content: bytes) -> pa.Table:
    """The table in a file with these bytes, without a copy of them. Raises `pa.ArrowException`, `ValueError`."""
    whole = pa.py_buffer(content)
    table = pa.ipc.open_file(whole).read_all()
    table.validate(full=True)
    for column in table.columns:
        for chunk in column.chunks:
            require_within(whole, chunk)
    return table
