"""What a run is: `run.json`, and the resolved settings of its epochs.

Both are replaced atomically: a reader sees the old file or the new one, whole, also after a power failure.
"""

import os
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eventlog.errors import EventLogError, RunNotFound

FORMAT: Final = 1
"""The version of the layout of a run directory that this code writes, and the newest it reads."""

Count = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Epoch(_Record):
    """A stretch of a run under the same settings and seed, from event `from_seq` to the next epoch's."""

    from_seq: Count
    config_id: str
    seed: int


class Segment(_Record):
    """A file of the log, from event `first_seq` on; only the last one is active."""

    first_seq: Count
    file: str
    state: Literal["active"] = "active"


class Parent(_Record):
    """The history that a forked run continues: another run's, up to event `seq`, with that digest (hex)."""

    run_id: str
    seq: Count
    digest: str


class Manifest(_Record):
    """What a run is. `number` counts its versions, `writer_epoch` the writers that had it open."""

    format: int = Field(default=FORMAT, ge=1, le=FORMAT)
    number: Count = 0
    run_id: str
    name: str
    epochs: tuple[Epoch, ...] = Field(min_length=1)
    versions: dict[str, str]
    segments: tuple[Segment, ...] = Field(min_length=1)
    parent: Parent | None = None
    writer_epoch: Count = 1
    closed: bool = False

    def replaced(self, **changes: object) -> Self:
        """The next version of this manifest, with these fields changed."""
        return self.model_copy(update={**changes, "number": self.number + 1})


def segment_file(first_seq: int) -> str:
    """The name of the active segment that begins with event `first_seq`, within `log/`."""
    return f"{first_seq:020}.arrows"


def read_manifest(run: Path) -> Manifest:
    """The manifest of the run in this folder.

    Raises `RunNotFound` when there is none, `EventLogError` when it cannot be read by this version of Townlet.
    """
    path = run / "run.json"
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunNotFound(run) from error
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise EventLogError(
            f"{path} is not a manifest that this version of Townlet reads: {where}: {first['msg']}.\n"
            f"  Next: read the run with the version of Townlet that wrote it, or restore run.json from a copy"
        ) from error


def write_manifest(run: Path, manifest: Manifest) -> None:
    """Replace the manifest of the run in this folder."""
    replace_file(run / "run.json", (manifest.model_dump_json(indent=2) + "\n").encode())


def write_settings(run: Path, config_id: str, text: str) -> Path:
    """Keep the resolved settings of an epoch as `configs/<config_id>.json` of the run; gives its path."""
    path = run / "configs" / f"{config_id}.json"
    if path.parent != run / "configs":
        raise ValueError(f"a config_id is a file name, not {config_id!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode())
    return path


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file atomically and durably: a temporary file, synced, renamed, the folder synced."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in the folder are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_settings(run: Path, config_id: str) -> str:
    """The text of an epoch's resolved settings. Raises `EventLogError` where the file is missing."""
    try:
        return (run / "configs" / f"{config_id}.json").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EventLogError(
            f"{run} has no settings of its epoch {config_id}: configs/{config_id}.json is missing.\n"
            f"  Next: restore the file from a copy of the run; without it the log cannot be folded"
        ) from error
