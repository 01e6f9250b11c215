"""Reads runs on object stores (`s3://`, `gs://`, `file://`) through a mirror on this machine.

Opening a run fetches its manifest, head and settings into a folder of the user's cache. The folder's name is a hash of
them and of the URI, so a mirror always shows the run as it was when opened. A segment is fetched whole when one of its
events is first read (about 50 MB for a million events, 9 MB if archived), checked to its last byte, and kept. A damaged
segment is read up to the damage and not kept. A checkpoint is fetched when it is the nearest to a tick; policies and
decisions when they are asked for; of the active segment what the head covers. Derived tables go into the mirror.

All mirrors together take at most `ROOM_BYTES`, except those in use: the ones opened longest ago are removed. Any mirror
may be deleted at any time. pyarrow takes credentials, region and endpoint from the environment and from the URI's
query: `s3://bucket/runs/a?region=eu-west-1`, `?scheme=http&endpoint_override=localhost:9000`.
"""

import contextlib
import hashlib
import itertools
import os
import re
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa

from eventlog import places
from eventlog.errors import EventLogError, RunNotFound
from eventlog.folder import disk
from eventlog.folder.belongings import discard_state, is_kept, is_plain, is_state, is_table, remove_cached
from eventlog.folder.cache import cache_folder
from eventlog.folder.manifest import Manifest, parse_manifest
from eventlog.folder.regular import open_regular
from eventlog.folder.run_folders import is_run
from eventlog.places import is_uri, public_uri, refusal
from eventlog.printable import printable_line

SCHEMES: Final = ("s3", "gs", "file")
S3_OPTIONS: Final = ("region", "scheme", "endpoint_override")
"""The keys that the query of an `s3://` URI may have."""

ROOM_BYTES: Final = 8 << 30
"""The most bytes that all mirrors may take together, not counting those in use."""

IN_USE_S: Final = 3600
"""Seconds for which a mirror counts as in use after it was opened."""

_CHUNK_BYTES: Final = 8 << 20
MARK: Final = "mirror-of"
MIRROR: Final = re.compile(r"[0-9a-f]{32}(?:\.[0-9]+-[0-9]+)?|whole-\w+")
"""The names of mirrors in the cache, of half made ones, and of whole copies that nobody removed."""

_GCS_SECONDS: Final = 10
_SAID_MAX: Final = 400
_DENIED: Final = re.compile(r"ACCESS_DENIED|Access ?Denied|Forbidden|HTTP (status|response code) 40[13]\b", re.I)
_SILENT: Final = re.compile(r"NETWORK_CONNECTION|curlCode|Could not connect|resolve host|timed? ?out", re.I)

_stores: dict[Path, "Store"] = {}
_serial = itertools.count()


def local_path(folder: Path | str) -> Path:
    """The path of a folder for writing. Raises `EventLogError` for a URI."""
    if is_uri(folder):
        raise EventLogError(refusal(folder))
    return Path(folder)


def is_mirror(run: Path) -> bool:
    """Whether a folder is a mirror of a run on a store."""
    return (run / MARK).exists()


class Store:
    """A folder on a store or on this machine. All methods raise `EventLogError`, with the URI and the failure."""

    def __init__(self, place: Path | str) -> None:
        """`place` is a URI or the path of a folder. Does not connect to the store."""
        self.uri = public_uri(place) if isinstance(place, str) else str(place)
        self._place = place
        self.brought: set[str] = set()

    def place_name(self, name: str = "") -> str:
        """The name in messages of a file of the folder, or of the folder for ""."""
        return places.uri_within(self.uri, name)

    @cached_property
    def _location(self) -> tuple[Any, str]:
        """The file system, and the folder's path in it. Raises `RunNotFound`, `EventLogError`."""
        import pyarrow.fs

        if isinstance(self._place, Path):
            return pyarrow.fs.LocalFileSystem(), str(self._place.absolute())
        scheme = urlsplit(self._place).scheme
        if scheme not in SCHEMES:
            raise RunNotFound(self.uri, places.no_store(self._place, SCHEMES))
        try:
            with self._store_errors("cannot be reached"):
                return _s3_location(self._place) if scheme == "s3" else _other_location(self._place, scheme)
        except pa.ArrowInvalid as error:
            raise RunNotFound(self.uri, places.without_secrets(str(error))) from error

    def _bucket_is_there(self) -> bool:
        """Whether the bucket, the first part of the path, exists."""
        import pyarrow.fs

        system, path = self._location
        with self._store_errors("cannot look for the bucket"):
            info = system.get_file_info(path.partition("/")[0] or "/")
        return bool(info.type != pyarrow.fs.FileType.NotFound)

    def not_found(self) -> RunNotFound:
        """The error for a folder without a run: no `run.json`, or no bucket."""
        missing = f"there is no {self.place_name('run.json')}"
        return RunNotFound(self.uri, missing if self._bucket_is_there() else "there is no such bucket")

    def read(self, name: str) -> bytes:
        """The content of a file. Raises `FileNotFoundError`."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a file, or its first `length` bytes, in pieces of at most 8 MB. Raises `FileNotFoundError`."""
        import pyarrow.fs

        system, folder = self._location
        left = length if length is not None else 1 << 62
        if isinstance(system, pyarrow.fs.LocalFileSystem):
            open_regular(Path(folder) / name).close()  # a pipe would be waited for
        with self._store_errors(f"cannot read {name}"):
            file = system.open_input_stream(f"{folder}/{name}")
        try:
            while left > 0:
                with self._store_errors(f"cannot read {name}"):
                    chunk: bytes = file.read(min(left, _CHUNK_BYTES))
                if not chunk:
                    return
                left -= len(chunk)
                yield chunk
        finally:
            file.close()

    def names(self, below: str = "", *, deep: bool = False) -> list[str]:
        """The sorted names in the folder, or in its folder `below`; `deep`: the paths of all files below it.

        Each is a path that stays below the folder: anybody may have chosen the keys of a store.
        """
        import pyarrow.fs

        system, folder = self._location
        above = f"{folder}/{below}".rstrip("/")
        with self._store_errors(f"cannot list {below or 'the folder'}"):
            found = system.get_file_info(pyarrow.fs.FileSelector(above, allow_not_found=True, recursive=deep))
        paths = [each.path.removesuffix("/") for each in found if not deep or each.type == pyarrow.fs.FileType.File]
        names = sorted(path[len(above) + 1 :] if path.startswith(f"{above}/") else f"/{path}" for path in paths)
        for name in names:
            if not is_plain(name):
                raise EventLogError(
                    f"{self.uri} lists {printable_line(name)!r}, which is no path below it: nothing was read or "
                    f"written.\n"
                    f"  Next: remove that key there, or read a store that you trust"
                )
        return names

    def put(self, name: str, content: bytes | memoryview) -> None:
        """Write a file: whole or not at all on a store, durably on this machine."""
        import pyarrow.fs

        system, folder = self._location
        with self._store_errors(f"cannot write {name}"):
            if isinstance(system, pyarrow.fs.LocalFileSystem):
                path = Path(folder) / name
                disk.make_folder(path.parent)
                disk.replace_file(path, content)
                return
            file = system.open_output_stream(f"{folder}/{name}")
            file.write(content)
            file.close()

    def fetch(self, name: str, path: Path, length: int | None = None) -> None:
        """Copy a file, or its first `length` bytes, to a path on this machine, whole or not at all.

        Raises `FileNotFoundError`, `OSError`.
        """
        unfinished = path.with_name(f".{path.name}.{os.getpid()}-{next(_serial)}")
        chunks = self.chunks(name, length)
        first = next(chunks, b"")
        fd = disk.create(unfinished)
        try:
            for chunk in itertools.chain([first], chunks):
                disk.write_all(fd, chunk)
            disk.sync(fd)
            disk.rename(unfinished, path)
        finally:
            disk.close(fd)
            disk.remove(unfinished)

    @contextlib.contextmanager
    def _store_errors(self, what: str) -> Iterator[None]:
        """Turn the store's errors into `EventLogError`, except `FileNotFoundError` and `pa.ArrowInvalid`."""
        try:
            yield
        except (FileNotFoundError, pa.ArrowInvalid):
            raise
        except (OSError, pa.ArrowException) as error:
            raise EventLogError(f"{self.uri}: {what}: {_reason(str(error))}") from error


def _s3_location(uri: str) -> tuple[Any, str]:
    """The file system and the path of an `s3://` URI. It gives up after seconds; pyarrow's `from_uri` would not."""
    import pyarrow.fs

    parts = urlsplit(uri)
    options = dict(parse_qsl(parts.query))
    for key in options:
        if key not in S3_OPTIONS:
            said = f"?{key}=" if re.fullmatch("[a-z_]+", key) else "its query"
            raise pa.ArrowInvalid(f"{said} is not known here; known keys are {', '.join(S3_OPTIONS)}")
    if not parts.hostname:
        raise pa.ArrowInvalid("it names no bucket")
    bucket = parts.netloc.rpartition("@")[2]
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint and "endpoint_override" not in options:
        given, _, server = endpoint.rpartition("://")
        options = {"scheme": given or "https", **options, "endpoint_override": server.rstrip("/")}
    regions = ("AWS_REGION", "AWS_DEFAULT_REGION")
    if not options and not any(os.environ.get(name) for name in regions):
        options["region"] = pyarrow.fs.resolve_s3_region(bucket)
    if parts.username and parts.password:
        options |= {"access_key": unquote(parts.username), "secret_key": unquote(parts.password)}
    system = pyarrow.fs.S3FileSystem(retry_strategy=pyarrow.fs.AwsStandardS3RetryStrategy(max_attempts=3), **options)
    return system, f"{bucket}{unquote(parts.path)}".rstrip("/")


def _other_location(uri: str, scheme: str) -> tuple[Any, str]:
    """The file system and the path of a `gs://` or `file://` URI."""
    import pyarrow.fs

    if scheme == "gs" and "retry_limit_seconds" not in uri:
        uri += f"{'&' if '?' in uri else '?'}retry_limit_seconds={_GCS_SECONDS}"
    system, path = pyarrow.fs.FileSystem.from_uri(uri)
    return system, path.rstrip("/")


def _reason(said: str) -> str:
    """The store's error in one line, with a next step if one is known."""
    line = printable_line(places.without_secrets(" ".join(said.split())))
    line = line if len(line) <= _SAID_MAX else f"{line[:_SAID_MAX]}..."
    if _DENIED.search(line):
        return f"access denied ({line})\n  Next: give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of somebody who may"
    if _SILENT.search(line):
        return f"no answer ({line})\n  Next: look at the network, or at ?scheme=http&endpoint_override=HOST:PORT"
    return line


def mirror(uri: str) -> Path:
    """A folder in the cache through which the run at a URI can be read, as it is now.

    Raises `RunNotFound` if there is no run or no bucket, `EventLogError` if the store refuses, `OSError`.
    """
    store = Store(uri)
    text, head = _look(store)
    manifest = parse_manifest(store.place_name("run.json"), text)
    name = hashlib.sha256(b"\0".join([store.uri.encode(), text, head])).hexdigest()[:32]
    folder = mirrors_folder() / name
    if not is_run(folder):
        _begin(store, folder, manifest, text, head)
    os.utime(folder)
    _stores[folder] = store
    places.call(folder, store.uri)
    make_room(folder)
    return folder


@contextlib.contextmanager
def whole_copy(uri: str) -> Iterator[Path]:
    """A temporary folder with a fresh copy of the whole run at a URI, for verifying it. It is removed afterwards.

    Raises `RunNotFound`, `EventLogError`, `OSError`.
    """
    store = Store(uri)
    _look(store)
    with tempfile.TemporaryDirectory(dir=mirrors_folder(), prefix="whole-") as name:
        folder = Path(name)
        for file in store.names(deep=True):
            if is_kept(file):
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                store.fetch(file, folder / file)
        places.call(folder, store.uri)
        yield folder


def bring(run: Path, name: str, length: int | None = None) -> bool:
    """Fetch a file of a mirror, or its first `length` bytes, unless it is there; returns whether it was fetched.

    Does nothing for a run that is not a mirror. Raises `FileNotFoundError` if the store has no such file,
    `EventLogError` if the run was changed there, `OSError`.
    """
    store = _stores.get(run)
    if store is None or (run / name).exists():
        return False
    try:
        store.fetch(name, run / name, length)
    except FileNotFoundError as error:
        if _look(store)[0] != (run / "run.json").read_bytes():
            raise EventLogError(f"{store.uri} was changed since it was opened.\n  Next: the same again") from error
        raise
    return True


def bring_beside(run: Path, part: str) -> None:
    """Fetch what a mirror's run keeps beside its log as this file or folder. Raises `EventLogError`, `OSError`."""
    if (store := _stores.get(run)) is None or part in store.brought:
        return
    for name in store.names(deep=True):
        if name.partition("/")[0] == part and is_kept(name):
            bring(run, name)
    store.brought.add(part)


def forget(path: Path) -> None:
    """Remove a segment from a mirror; readers that have it open can read on. Does nothing for other runs."""
    if path.parent.parent in _stores:
        disk.remove(path)


def bring_checkpoint(folder: Path) -> None:
    """Fetch a checkpoint of a mirror, unless it is there; nothing for other runs. Raises `EventLogError`, `OSError`."""
    store = _stores.get(folder.parent.parent)
    if store is None or folder.parent.name != "checkpoints" or (folder / "manifest.json").exists():
        return
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}-{next(_serial)}")
    unfinished.mkdir()
    try:
        for name in filter(is_table, store.names(f"checkpoints/{folder.name}")):
            store.fetch(f"checkpoints/{folder.name}/{name}", unfinished / name)
        with contextlib.suppress(OSError):  # another process fetched it first
            disk.rename(unfinished, folder)  # fails unless `folder` is empty
    finally:
        discard_state(unfinished)


def _look(store: Store) -> tuple[bytes, bytes]:
    """The manifest's text and the head (b"" without one) of the same moment. Raises `RunNotFound`."""
    try:
        text = store.read("run.json")
        while True:
            try:
                head = store.read("log/head")
            except FileNotFoundError:
                head = b""
            again = store.read("run.json")
            if again == text:
                return text, head
            text = again
    except FileNotFoundError as error:
        raise store.not_found() from error


def _begin(store: Store, folder: Path, manifest: Manifest, text: bytes, head: bytes) -> None:
    """Make a mirror with the manifest, the head, the settings, and an empty folder for each checkpoint."""
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}-{next(_serial)}")
    try:
        checkpoints = filter(is_state, store.names("checkpoints"))
        for each in ("log", "configs", "policies", "decisions", *(f"checkpoints/{name}" for name in checkpoints)):
            (unfinished / each).mkdir(parents=True)
        for config_id in {epoch.config_id for epoch in manifest.epochs}:
            with contextlib.suppress(FileNotFoundError):
                store.fetch(f"configs/{config_id}.json", unfinished / "configs" / f"{config_id}.json")
        if head:
            disk.write_file(unfinished / "log" / "head", head)
        disk.write_file(unfinished / MARK, store.uri.encode())
        disk.write_file(unfinished / "run.json", text)
        try:
            disk.rename(unfinished, folder)
        except OSError:
            if not is_run(folder):  # else another process was first
                raise
    finally:
        remove_cached(unfinished, MIRROR)


def mirrors_folder() -> Path:
    """The folder of all mirrors in the cache."""
    return cache_folder("stores")


def make_room(opened: Path) -> None:
    """Remove the mirrors that were opened longest ago until the rest take at most `ROOM_BYTES`; keep those in use."""
    now_s = opened.stat().st_mtime
    used = []
    for each in opened.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):
            size = sum(file.stat().st_size for file in each.rglob("*") if file.is_file())
            used.append((each.stat().st_mtime, size, each))
    room = ROOM_BYTES
    for opened_s, size, each in sorted(used, reverse=True):
        room -= size
        if room < 0 and opened_s < now_s - IN_USE_S:
            remove_cached(each, MIRROR)
