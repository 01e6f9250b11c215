"""The manifest of a run, `run.json`, and the resolved settings of its epochs, `configs/<config_id>.json`.

Both are replaced atomically: a reader sees the old file or the new one, never a part, even after a power failure.

A checksum says that a manifest is whole, not that it is sane. So the models check every name before a path is made of
it: a segment's file has the one name that its first event and its form give, ids and digests are hex digits.
"""

import re
import zlib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from eventlog.errors import EventLogError, RunNotFound
from eventlog.folder import disk
from eventlog.folder.regular import read_regular
from eventlog.places import place_name
from eventlog.printable import printable_line

FORMAT: Final = 1
"""The version of the layout of a run's folder that this code writes, and the newest that it reads."""

NO_CRC: Final = "00000000"
_CRC: Final = re.compile(rb'"crc32": "([0-9a-f]{8})"')
_TOWNLET: Final = re.compile(rb'"townlet": "([0-9A-Za-z.+!_-]{1,40})"')

NO_TEXTS: Final[Mapping[str, str]] = MappingProxyType({})
"""Default: no settings."""

Count = Annotated[int, Field(ge=0, lt=1 << 63)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
ConfigId = Annotated[str, Field(pattern="^[0-9a-f]{1,64}$")]
"""The name of a file of settings. Townlet gives sixteen hex digits."""

RunId = Annotated[str, Field(pattern="^[0-9a-z]{1,64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Epoch(_Record):
    """A part of a run with the same settings and seed, from event `from_seq` up to the next epoch's `from_seq`."""

    from_seq: Count
    config_id: ConfigId
    seed: int


class Seal(_Record):
    """The content of a sealed segment, and checks of its bytes outside the frames. Digests are hex."""

    next_seq: Count
    first_tick: Count
    last_tick: Count
    bytes: Count
    frames_end: Count  # byte after the last frame: the footer begins here
    frames_hash: str = Field(pattern="^[0-9a-f]{32}$")  # of the last frame's mark, which holds that of the one before
    footer_crc32: Count
    block_digest: Digest  # after the last whole block
    digest: Digest  # after the last event


class Segment(_Record):
    """A file of the log that begins with event `first_seq`. The last segment is active, all others are sealed.

    `kinds` maps kinds of events to their versions, other than 1, when the segment was begun.
    """

    first_seq: Count
    file: str
    seal: Seal | None = None
    kinds: dict[str, int] = {}

    @model_validator(mode="after")
    def _with_its_own_name(self) -> Self:
        """Refuses a file of another name, which could lie anywhere."""
        if self.file not in (segment_file(self.first_seq, form) for form in FORMS):
            raise ValueError(f"segment {self.first_seq} has a file of its own, not {self.file!r:.60}")
        return self


class Parent(_Record):
    """The history that a fork continues: run `run_id` up to event `seq`, where its digest (hex) was `digest`."""

    run_id: RunId
    seq: Count
    digest: Digest


class Manifest(_Record):
    """The description of a run. `number` counts its versions, `writer_epoch` the writers that have opened the run.

    `crc32` is the checksum (hex) of the file's text with these eight digits set to zero.
    """

    format: int = Field(default=FORMAT, ge=1, le=FORMAT)
    number: Count = 0
    run_id: RunId
    name: str
    epochs: tuple[Epoch, ...] = Field(min_length=1)
    versions: dict[str, str]
    segments: tuple[Segment, ...] = Field(min_length=1)
    parent: Parent | None = None
    writer_epoch: Count = 1
    closed: bool = False
    crc32: str = NO_CRC

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Refuses segments and epochs that do not follow each other, and more active segments than the last one."""
        seq = tick = 0
        for number, segment in enumerate(self.segments):
            seal, last = segment.seal, number == len(self.segments) - 1
            if (seal is None) != last or segment.file.endswith(".arrows") != last:
                raise ValueError("only the last segment is active, and the last one is")
            if segment.first_seq != seq:
                raise ValueError(f"event {seq} is followed by segment {segment.first_seq}")
            if seal is not None:
                if not (seal.next_seq > seq and tick <= seal.first_tick <= seal.last_tick):
                    raise ValueError(f"segment {segment.first_seq} ends before it begins")
                seq, tick = seal.next_seq, seal.last_tick + 1
        begun = [epoch.from_seq for epoch in self.epochs]
        if begun[0] or any(later <= earlier for earlier, later in pairwise(begun)):
            raise ValueError("its epochs do not follow each other from event 0 on")
        return self

    def next_version(self, **changes: object) -> Self:
        """The next version of this manifest, with these fields changed."""
        return self.model_copy(update={**changes, "number": self.number + 1})

    @property
    def active(self) -> Segment:
        """The segment that events are appended to."""
        return self.segments[-1]


FORMS: Final = ("arrows", "arrow", "parquet")
"""The forms of a segment: the active stream, a sealed Arrow file, a Parquet file. Each is the ending of its name."""


def segment_file(first_seq: int, form: str = "arrows") -> str:
    """The file name, in `log/`, of the segment that begins with event `first_seq`, in one of FORMS."""
    return f"{first_seq:020}.{form}"


def read_manifest(run: Path) -> Manifest:
    """The manifest of the run in this folder.

    Raises `RunNotFound` if there is none, `EventLogError` if this version of Townlet cannot read it.
    """
    return parse_manifest(run / "run.json", read_manifest_text(run))


def read_manifest_text(run: Path) -> bytes:
    """The manifest's text. Raises `RunNotFound`."""
    try:
        return read_regular(run / "run.json")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunNotFound(run) from error


def parse_manifest(path: Path | str, text: bytes) -> Manifest:
    """The manifest in this text; `path` is for messages. Raises `EventLogError`."""
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise _unreadable_error(path, text, _fault_of(error)) from error
    if manifest.crc32 != _crc_of(text):
        raise _unreadable_error(path, text, "its text is not what was written")
    return manifest.model_copy(update={"crc32": NO_CRC})


def write_manifest(run: Path, manifest: Manifest) -> None:
    """Replace the manifest of the run in this folder."""
    disk.replace_file(run / "run.json", manifest_text(manifest))


def manifest_text(manifest: Manifest) -> bytes:
    """The text of a manifest, with its checksum."""
    text = (manifest.model_copy(update={"crc32": NO_CRC}).model_dump_json(indent=2) + "\n").encode()
    return _CRC.sub(b'"crc32": "%s"' % _crc_of(text).encode(), text)


def _crc_of(text: bytes) -> str:
    """The checksum of a manifest's text, in hex, computed with the digits of its own checksum set to zero."""
    zeroed = _CRC.sub(b'"crc32": "%s"' % NO_CRC.encode(), text)
    return f"{zlib.crc32(zeroed):08x}"


def _fault_of(error: ValidationError) -> str:
    """The first fault of a text that is not a manifest of this version, in words."""
    first = error.errors()[0]
    where, found = printable_line(".".join(str(part) for part in first["loc"])), first["input"]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    if first["type"] == "json_invalid" or not where:
        return "it is not a JSON object"
    if first["type"] == "missing":
        return f"it has no {where}"
    if first["type"] == "extra_forbidden":
        return f"it has an unknown key {where}"
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
    """Write the resolved settings of an epoch to `configs/<config_id>.json` of the run; returns the path.

    Raises `ValueError` if `config_id` is no file name, `OSError`.
    """
    path = run / "configs" / f"{config_id}.json"
    if path.parent != run / "configs":
        raise ValueError(f"a config_id is a file name, not {config_id!r}")
    disk.make_folder(path.parent)
    disk.replace_file(path, text.encode())
    return path


def read_settings(run: Path, config_id: str) -> str:
    """The text of an epoch's resolved settings. Raises `EventLogError` if the file is missing or no text."""
    try:
        return read_regular(run / "configs" / f"{config_id}.json").decode("utf-8")
    except FileNotFoundError as error:
        raise EventLogError(
            f"{place_name(run)} has no settings of its epoch {config_id}: configs/{config_id}.json is missing.\n"
            f"  Next: restore the file from a copy of the run; without it the log cannot be folded"
        ) from error
    except UnicodeDecodeError as error:
        raise EventLogError(
            f"{place_name(run)}: configs/{config_id}.json is no text in UTF-8, so it is not what was written.\n"
            f"  Next: restore the file from a copy of the run; without it the log cannot be folded"
        ) from error
