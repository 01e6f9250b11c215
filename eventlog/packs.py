"""Packs: many short runs in one zip file, each under its name, which commands read as `PACK.zip/NAME`.

A pack holds what a copy of each run has, but for checkpoints, which a short log makes needless: the manifest, settings,
log, and what a run keeps of policies and city events. It is written beside its place and renamed, so a half pack is
never there; every town's log is proved before it is packed, and the file is read back. To read a town, its files are
unpacked into the user's cache, as for a run on a store. Unzipped, a pack is a folder of ordinary runs.
"""

import contextlib
import difflib
import fnmatch
import hashlib
import os
import re
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from eventlog import places
from eventlog.copying import contents_of
from eventlog.errors import EventLogError, RunNotFound
from eventlog.folder.belongings import is_kept, is_plain, remove_cached
from eventlog.folder.head import Head, head_in
from eventlog.folder.manifest import Manifest, parse_manifest
from eventlog.folder.publishing import Product, published
from eventlog.folder.run_folders import MANIFEST, is_run
from eventlog.folder.stores import MARK, MIRROR, make_room, mirrors_folder
from eventlog.printable import printable_line
from eventlog.reader import LogReader

ENDING: Final = ".zip"
"""What the name of a pack ends with."""

TOWN_BYTES_MOST: Final = 4 << 30
"""The most bytes of one town when it is unpacked: packs are for short runs."""

NAME: Final = re.compile(r"[^/\\\x00-\x1f\x7f]{1,200}")
"""A town's name in a pack: one part of a path."""

UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)
"""What reading a damaged or forged entry of a zip file raises."""

ROOM_EVERY_S: Final = 30.0
"""Seconds between two looks at the room that unpacked towns take."""

_MADE: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, so that the same runs give the same pack."""

_last_room_s = -ROOM_EVERY_S


class Packed(NamedTuple):
    """A pack that was written and read back."""

    towns: int
    events: int
    bytes: int


class Pack:
    """The towns in a pack. Every name in it came from outside, and is checked before anything is made of it."""

    def __init__(self, path: Path) -> None:
        """Raises `EventLogError` for a file that is no pack, `FileNotFoundError`, `OSError`."""
        self.path = path
        try:
            self._file = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise EventLogError(f"{path} is no pack of towns: it is no whole zip file") from error

    @cached_property
    def _entries(self) -> dict[str, dict[str, zipfile.ZipInfo]]:
        """By town, the entries that belong to it, by their path in its folder."""
        found: dict[str, dict[str, zipfile.ZipInfo]] = {}
        for entry in self._file.infolist():
            name, _, file = entry.filename.partition("/")
            if is_plain(entry.filename) and NAME.fullmatch(name) and is_kept(file):
                found.setdefault(name, {})[file] = entry
        towns = {name: files for name, files in found.items() if MANIFEST in files}
        return dict(sorted(towns.items(), key=lambda town: _in_order(town[0])))

    @property
    def names(self) -> list[str]:
        """The names of the towns, in order; numbers in them by their size."""
        return list(self._entries)

    def require(self, name: str) -> None:
        """Raises `RunNotFound`, with the nearest of what is there, unless a town of this name is in the pack."""
        self._town(name)

    def files(self, name: str) -> list[str]:
        """The paths of a town's files. Raises `RunNotFound` for a town that is not there."""
        return list(self._town(name))

    def read(self, name: str, file: str) -> bytes:
        """The content of a town's file. Raises `RunNotFound`, `FileNotFoundError`, and `EventLogError` for damage."""
        entry = self._town(name).get(file)
        if entry is None:
            raise FileNotFoundError(f"{self.path}/{name}/{file}")
        try:
            return self._file.read(entry)
        except UNREADABLE as error:
            raise EventLogError(
                f"{self.path}/{name}: {file} is not what was packed ({printable_line(str(error))[:120]}).\n"
                "  Next: bring the pack back from a copy; its other towns can be read"
            ) from error

    def manifest(self, name: str) -> Manifest:
        """The manifest of a town. Raises `RunNotFound`, `EventLogError`."""
        return parse_manifest(f"{self.path}/{name}/{MANIFEST}", self.read(name, MANIFEST))

    def head(self, name: str, manifest: Manifest) -> Head | None:
        """How far a town's log goes; None where its head is lost. Raises `RunNotFound`, `EventLogError`."""
        try:
            return head_in(self.read(name, "log/head"), manifest.active.first_seq)
        except FileNotFoundError:
            return None

    def bytes_of(self, name: str) -> int:
        """How many bytes of the pack a town takes."""
        return sum(entry.compress_size for entry in self._town(name).values())

    def unpack(self, name: str, into: Path) -> None:
        """Write a town's files into a folder that is empty. Raises `RunNotFound`, `EventLogError`, `OSError`."""
        town = self._town(name)
        if sum(entry.file_size for entry in town.values()) > TOWN_BYTES_MOST:
            raise EventLogError(f"{self.path}/{name} has more than {TOWN_BYTES_MOST:,} bytes: packs are for short runs")
        for file in sorted(town, key=lambda file: file == MANIFEST):  # the manifest makes it a run
            (into / file).parent.mkdir(parents=True, exist_ok=True)
            (into / file).write_bytes(self.read(name, file))

    def _town(self, name: str) -> Mapping[str, zipfile.ZipInfo]:
        if not name:
            some = f", such as {self.path}/{self.names[0]}" if self._entries else ""
            raise RunNotFound(self.path, f"it is a pack of {len(self._entries):,} towns: name one{some}")
        if name not in self._entries:
            near = difflib.get_close_matches(name, self._entries, 1)
            meant = f", and the nearest is {near[0]}" if near else ""
            raise RunNotFound(f"{self.path}/{name}", f"it is none of the pack's {len(self._entries):,} towns{meant}")
        return self._entries[name]


def place_in_pack(place: Path | str) -> tuple[Path, str] | None:
    """The file and the town of a place such as `towns.zip/seed-7`, "" for the pack itself; None: no pack is there."""
    if places.is_uri(place):
        return None
    path = Path(place)
    for file in (path, *path.parents):
        if file.suffix == ENDING and _is_file(file):
            return file, path.relative_to(file).as_posix() if path != file else ""
    return None


def open_pack(path: Path) -> Pack:
    """The pack in a file; the same one again while the file stays as it is. Raises `EventLogError`, `OSError`."""
    found = path.stat()
    return _pack(path.absolute(), found.st_mtime_ns, found.st_size, found.st_ino)


def is_pack(path: Path) -> bool:
    """Whether a file is a pack with a town in it."""
    try:
        return path.suffix == ENDING and path.is_file() and bool(open_pack(path).names)
    except (EventLogError, OSError):
        return False


def packs_in(folder: Path) -> list[Path]:
    """The packs in a folder, by name."""
    return [path for path in sorted(folder.glob(f"*{ENDING}")) if is_pack(path)]


def places_in(pack: Path, pattern: str = "*") -> list[str]:
    """The places of those towns of a pack whose names match a pattern. Raises `EventLogError`, `OSError`."""
    return [f"{pack}/{name}" for name in open_pack(pack).names if fnmatch.fnmatchcase(name, pattern)]


def unpacked(place: Path | str) -> Path | None:
    """A folder in the cache with the files of a town in a pack; None where the place is in no pack.

    Raises `RunNotFound` for a town that the pack does not have, `EventLogError`, `OSError`.
    """
    found = place_in_pack(place)
    if found is None:
        return None
    pack, name = open_pack(found[0]), found[1]
    pack.require(name)
    state = found[0].stat()
    key = f"{found[0].absolute()}\0{state.st_mtime_ns}\0{state.st_size}\0{name}"
    folder = mirrors_folder() / hashlib.sha256(os.fsencode(key)).hexdigest()[:32]
    if not is_run(folder):
        _unpack_into(pack, name, folder, str(place))
    places.call(folder, str(place))
    return folder


@contextlib.contextmanager
def whole_town(place: str) -> Iterator[Path]:
    """A temporary folder with a town's files as the pack has them now, for verifying it. It is removed afterwards.

    Raises `RunNotFound`, `EventLogError`, `OSError`.
    """
    found = place_in_pack(place)
    if found is None:
        raise RunNotFound(place, "it is in no pack")
    with tempfile.TemporaryDirectory(dir=mirrors_folder(), prefix="whole-") as folder:
        open_pack(found[0]).unpack(found[1], Path(folder))
        places.call(Path(folder), place)
        yield Path(folder)


def pack(runs: Mapping[str, LogReader], into: Path, *, replace: bool = False, small: bool = True) -> Packed:
    """Write runs into a pack, each under its name. With `small` the file is compressed.

    The log of each is proved first; one that is written to is packed up to its last commit. Then the file is read back.
    Raises FileExistsError for a file that is there, unless `replace` says that another pack may be replaced,
    `EventLogError` for a name that is none, `LogDamaged`, `OSError`; after an error nothing is left behind.
    """
    return _write(
        ((name, contents_of(log, checkpoints=False)) for name, log in runs.items()), into, replace=replace, small=small
    )


def join(packs: Iterable[Path], into: Path, *, replace: bool = False) -> Packed:
    """Write the towns of some packs into one; of two of the same name the first is taken. Raises as `pack` does."""
    seen: set[str] = set()

    def towns() -> Iterator[tuple[str, Iterator[tuple[str, bytes]]]]:
        for path in packs:
            source = Pack(path)
            for name in source.names:
                if name not in seen:
                    seen.add(name)
                    yield name, ((file, source.read(name, file)) for file in source.files(name))

    return _write(towns(), into, replace=replace, small=True)


def _write(
    towns: Iterable[tuple[str, Iterator[tuple[str, bytes]]]], into: Path, *, replace: bool, small: bool
) -> Packed:
    if into.suffix != ENDING:
        raise EventLogError(f"{into}: the name of a pack ends with {ENDING}")
    product = Product("writing", "pack of towns", "--into", is_pack)
    method = zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
    count = 0
    with published(product, into, replace=replace, suffix=ENDING) as written:
        with zipfile.ZipFile(written, "x", method, compresslevel=6 if small else None) as file:
            for name, files in towns:
                if not NAME.fullmatch(name) or not is_plain(name):
                    raise EventLogError(f"{printable_line(name)!r} is no name of a town in a pack: one part of a path")
                for path, content in files:
                    entry = zipfile.ZipInfo(f"{name}/{path}", _MADE)
                    entry.external_attr, entry.compress_type = 0o644 << 16, method
                    file.writestr(entry, content)
                count += 1
        events = _read_back(written, count)
        size = written.stat().st_size
    return Packed(count, events, size)


def _read_back(written: Path, count: int) -> int:
    """The events of a pack that was just written. Raises `EventLogError` if it is not read as it was written."""
    found = Pack(written)
    with zipfile.ZipFile(written) as file:
        if file.testzip() is not None or len(found.names) != count:
            raise EventLogError(f"{written} is not read as it was written.\n  Next: pack again")
    heads = [found.head(name, found.manifest(name)) for name in found.names]
    return sum(head.seq for head in heads if head is not None)


def _unpack_into(source: Pack, name: str, folder: Path, place: str) -> None:
    global _last_room_s
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}-{time.monotonic_ns()}")
    unfinished.mkdir()
    try:
        (unfinished / MARK).write_text(place, encoding="utf-8", errors="surrogateescape")
        source.unpack(name, unfinished)
        try:
            unfinished.rename(folder)
        except OSError:
            if not is_run(folder):  # else another process was first
                raise
    finally:
        remove_cached(unfinished, MIRROR)
    if time.monotonic() - _last_room_s > ROOM_EVERY_S:
        _last_room_s = time.monotonic()
        make_room(folder)


@lru_cache(maxsize=8)
def _pack(path: Path, *state: int) -> Pack:
    return Pack(path)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _in_order(name: str) -> list[tuple[int, int, str]]:
    """What sorts names by their texts and the size of their numbers: seed-2 before seed-10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(0, int(part), part) if part.isdigit() else (1, 0, part) for part in parts]
