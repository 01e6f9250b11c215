"""What a run is: `run.json`, and the resolved settings of its epochs.

Both are replaced atomically: a reader sees the old file or the new one, whole, also after a power failure.
"""

import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eventlog.errors import EventLogError, RunNotFound
from eventlog.folder import disk
from eventlog.places import place_name

FORMAT: Final = 1
"""The version of the layout of a run directory that this code writes, and the newest it reads."""

NO_CRC: Final = "00000000"
_CRC: Final = re.compile(rb'"crc32": "([0-9a-f]{8})"')
_TOWNLET: Final = re.compile(rb'"townlet": "([^"]{1,40})"')

NO_TEXTS: Final[Mapping[str, str]] = MappingProxyType({})
"""No settings are given."""

Count = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Epoch(_Record):
    """A stretch of a run under the same settings and seed, from event `from_seq` to the next epoch's."""

    from_seq: Count
    config_id: str
    seed: int


class Seal(_Record):
    """What a sealed segment holds, and what its bytes outside the frames must be. Digests are hex."""

    next_seq: Count
    first_tick: Count
    last_tick: Count
    bytes: Count
    frames_end: Count  # byte after the last frame: the footer begins here
    frames_hash: str  # of the last frame's mark, which holds that of the one before, and so on
    footer_crc32: Count
    block_digest: str  # after the last whole block
    digest: str  # after the last event


class Segment(_Record):
    """A file of the log, from event `first_seq` on; only the last one is active, all others are sealed.

    `kinds` are the versions of those kinds of events that had another than 1 when it was begun, by name.
    """

    first_seq: Count
    file: str
    seal: Seal | None = None
    kinds: dict[str, int] = {}


class Parent(_Record):
    """The history that a forked run continues: another run's, up to event `seq`, with that digest (hex)."""

    run_id: str
    seq: Count
    digest: str


class Manifest(_Record):
    """What a run is. `number` counts its versions, `writer_epoch` the writers that had it open.

    `crc32` is of the file's text with these eight digits zero.
    """

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
    crc32: str = NO_CRC

    def next_version(self, **changes: object) -> Self:
        """The next version of this manifest, with these fields changed."""
        return self.model_copy(update={**changes, "number": self.number + 1})

    @property
    def active(self) -> Segment:
        """The segment that events are appended to."""
        return self.segments[-1]


def segment_file(first_seq: int, *, sealed: bool = False) -> str:
    """The name of the segment that begins with event `first_seq`, within `log/`."""
    return f"{first_seq:020}.{'arrow' if sealed else 'arrows'}"


def read_manifest(run: Path) -> Manifest:
    """The manifest of the run in this folder.

    Raises `RunNotFound` when there is none, `EventLogError` when it cannot be read by this version of Townlet.
    """
    return parse_manifest(run / "run.json", read_manifest_text(run))


def read_manifest_text(run: Path) -> bytes:
    """The manifest's text. Raises `RunNotFound`."""
    try:
        return (run / "run.json").read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunNotFound(run) from error


def parse_manifest(path: Path | str, text: bytes) -> Manifest:
    """The manifest that this text is; `path` is for messages. Raises `EventLogError`."""
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise _unreadable_error(path, text, _fault_of(error)) from error
    if manifest.crc32 != _crc_of(text):
        raise _unreadable_error(path, text, "its text is not what was written")
    return manifest.model_copy(update={"crc32": NO_CRC})


def write_manifest(run: Path, manifest: Manifest) -> None:
    """Replace the manifest of the run in this folder."""
    text = (manifest.model_copy(update={"crc32": NO_CRC}).model_dump_json(indent=2) + "\n").encode()
    disk.replace_file(run / "run.json", _CRC.sub(b'"crc32": "%s"' % _crc_of(text).encode(), text))


def _crc_of(text: bytes) -> str:
    """The checksum of a manifest's text, in hex, whatever checksum stands in it."""
    zeroed = _CRC.sub(b'"crc32": "%s"' % NO_CRC.encode(), text)
    return f"{zlib.crc32(zeroed):08x}"


def _fault_of(error: ValidationError) -> str:
    """What the first thing is that is not as a manifest of this version has it."""
    first = error.errors()[0]
    where, found = ".".join(str(part) for part in first["loc"]), first["input"]
    if first["type"] == "json_invalid" or not where:
        return "it is not a JSON object"
    if first["type"] == "missing":
        return f"it has no {where}"
    if first["type"] == "extra_forbidden":
        return f"it has {where}, of which nothing is known here"
    if where == "format":
        return f"its format is {found!r}, and the newest known here is {FORMAT}"
    return f"its {where} cannot be {found!r:.60}"


def _unreadable_error(path: Path | str, text: bytes, fault: str) -> EventLogError:
    said = _CRC.search(text)
    if said and said[1].decode() == _crc_of(text):
        told = _TOWNLET.search(text)
        wrote = f"Townlet {told[1].decode()}" if told else "the version of Townlet"
        next_step = f"its checksum is right: read the run with {wrote}, which wrote it"
    else:
        next_step = "its checksum differs, so it was changed or damaged: bring run.json back from a copy of the run"
    return EventLogError(f"{path} is not a manifest that this version of Townlet reads: {fault}.\n  Next: {next_step}")


def write_settings(run: Path, config_id: str, text: str) -> Path:
    """Keep the resolved settings of an epoch as `configs/<config_id>.json` of the run; gives its path."""
    path = run / "configs" / f"{config_id}.json"
    if path.parent != run / "configs":
        raise ValueError(f"a config_id is a file name, not {config_id!r}")
    disk.make_folder(path.parent)
    disk.replace_file(path, text.encode())
    return path


def read_settings(run: Path, config_id: str) -> str:
    """The text of an epoch's resolved settings. Raises `EventLogError` where the file is missing."""
    try:
        return (run / "configs" / f"{config_id}.json").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EventLogError(
            f"{place_name(run)} has no settings of its epoch {config_id}: configs/{config_id}.json is missing.\n"
            f"  Next: restore the file from a copy of the run; without it the log cannot be folded"
        ) from error
