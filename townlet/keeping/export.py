"""Exports a run's events, or a stretch of them, as files for other tools: Parquet, a DuckDB database, CSV.

An export contains a description with its source and its digests, so it can be proved without its run, and against its
run. It is built in a hidden folder beside its final place, read back, and moved there when it is complete.
"""

import contextlib
import errno
import hashlib
import json
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import TypedDict

from eventlog.errors import EventLogError, LogDamaged
from eventlog.folder import disk
from eventlog.folder.belongings import is_in_place
from eventlog.folder.descriptions import BYTES_MAX, holds_only, read_description
from eventlog.folder.publishing import Product, bytes_of, published
from eventlog.folder.regular import open_regular, read_regular
from eventlog.folder.stores import is_mirror
from eventlog.format import parquet
from eventlog.format.arrow import from_batch, notes_of
from eventlog.format.sealing import Part
from townlet.errors import TownletError
from townlet.history.history import History
from townlet.keeping import export_duckdb
from townlet.keeping.extent import Extent, digest_after, sealed_description, unsealed_description
from townlet.keeping.verify import Check

MANIFEST: Final = "manifest.json"
"""The file beside the CSV file that describes it."""

TABLE: Final = "events.csv"

RESERVE_BYTES: Final = 16 << 20
"""How many bytes of the disk an export leaves free."""

DESCRIPTION: Final = "export"
"""The name of the description in a Parquet file's metadata."""


class Format(NamedTuple):
    """A format of exports: its suffix, its size, and the functions that write and prove it."""

    suffix: str
    event_bytes: int  # the most bytes an event, in ordinary towns
    write: Callable[[History, Extent, Path], None]  # to this path, which must not exist
    prove: Callable[[Path], tuple[list[Check], Extent | None]]


class Exported(NamedTuple):
    """A finished export: its path, its extent, its size in bytes."""

    path: Path
    extent: Extent
    bytes: int


class _FileSaid(TypedDict):
    bytes: int
    sha256: str


_FILES: Final = TypeAdapter(dict[str, _FileSaid], config=ConfigDict(defer_build=True))
"""What a folder's description says of its files."""


def export(
    run: History,
    to: str,
    *,
    into: Path | None = None,
    from_tick: int | None = None,
    to_tick: int | None = None,
    replace: bool = False,
) -> Exported:
    """Write the events of the ticks from `from_tick` on, before `to_tick` (None: all), to the file or folder `into`.

    `to` is one of FORMATS. Without `into` the export goes to `exports/` in the run's folder, if that is on this
    machine. An existing export is replaced only with `replace`; other files are never replaced. Raises FileExistsError,
    TickOutOfRange, LogDamaged, TownletError if the export cannot be read back as it was written, OSError, also if there
    is no room. After an error nothing is left behind.
    """
    form = FORMATS[to]
    extent = Extent.of(run, from_tick, to_tick)
    if into is None and is_mirror(run.path):
        raise TownletError(f"{run.place} is only read: name the file or folder to write, on this machine")
    path = into or run.path / "exports" / f"events-{extent.from_tick}-{extent.to_tick}{form.suffix}"
    if into is None and not is_in_place(run.path, path.parent):
        raise TownletError(f"{path.parent} is a link: name the file or folder to write")
    with published(EXPORT, path, replace=replace, suffix=form.suffix) as written:
        _require_room(path, extent.events * form.event_bytes)
        form.write(run, extent, written)
        for check in form.prove(written)[0]:
            if not check.passed:
                raise TownletError(f"{path} was not written: {check.check} of what was read back: {check.found}")
    return Exported(path, extent, bytes_of(path))


def verify_export(path: Path, run: History | None = None) -> list[Check]:
    """Prove an export against its own description, and against `run` or the run in whose `exports/` it lies.

    Raises TownletError if there is no export at `path`, OSError.
    """
    checks, extent = FORMATS[_format_of(path)].prove(path)
    run = run or _run_beside(path)
    if run is not None and extent is not None:
        checks.append(_run_check(run, extent))
    return checks


def is_export(path: Path) -> bool:
    """Whether there is an export at this path, judged by its first bytes or its name."""
    with contextlib.suppress(TownletError):
        return bool(_format_of(path))
    return False


def is_own_export(path: Path) -> bool:
    """Whether all that is at this path is an export of Townlet, by its sealed description: then it may be replaced."""
    try:
        form = _format_of(path)
        if form == "csv":
            files = read_description(path / MANIFEST).get("files")
            return isinstance(files, dict) and set(files) == {TABLE} and holds_only(path, (MANIFEST, TABLE))
        if form == "duckdb":
            with export_duckdb.open_database(path):
                return True
        about = parquet.contents_of(_mapped(path)).about
        unsealed_description(json.loads(about.get(DESCRIPTION, "null")))
    except (OSError, ValueError, TownletError, RecursionError):
        return False
    return True


def _format_of(path: Path) -> str:
    """The format, one of FORMATS, of the export at a path. Raises TownletError."""
    if path.is_dir() and (path / MANIFEST).is_file():
        return "csv"
    if path.is_file():
        with path.open("rb") as file:
            begins = file.read(12)
        if begins[:4] == parquet.MAGIC or path.suffix == FORMATS["parquet"].suffix:
            return "parquet"
        if begins[8:] == export_duckdb.MAGIC or path.suffix == FORMATS["duckdb"].suffix:
            return "duckdb"
    there = "is none of them" if path.exists() else "is not there"
    raise TownletError(f"an export is a Parquet file, a DuckDB database, or a folder with {MANIFEST}: {path} {there}")


def _run_beside(path: Path) -> History | None:
    """The run in whose `exports/` the path lies; None if there is none."""
    folder = path.absolute().parent
    with contextlib.suppress(EventLogError):
        return History(folder.parent) if folder.name == "exports" else None
    return None


def _run_check(run: History, extent: Extent) -> Check:
    """Check that the run has the export's digests before the first and after the last event."""
    log = run.log
    try:
        if log.head.seq < extent.next_seq:
            return _check("run", f"{run.place} ends at event {log.head.seq:,}, before the export does", passed=False)
        found = [log.digest_at(seq)[1].hex() for seq in (extent.from_seq, extent.next_seq)]
    except LogDamaged as error:
        return _check("run", f"{run.place} is damaged at event {error.seq:,}: {error.reason}", passed=False)
    for seq, here, there in zip((extent.from_seq, extent.next_seq), found, _ends(extent), strict=True):
        if here != there:
            return _check("run", f"{run.place} has digest {here[:16]} before event {seq:,}, not {there[:16]}", False)
    return _check("run", f"{run.place} has the same digests before events {extent.from_seq:,} and {extent.next_seq:,}")


def _write_parquet(run: History, extent: Extent, path: Path) -> None:
    """Write the events with the columns of the view `events` to one file."""
    about = {DESCRIPTION: json.dumps(sealed_description(extent)), "run_id": extent.run_id, "run": extent.name}
    parts = run.log.parts(extent.from_seq, extent.next_seq)
    with export_duckdb.layout_of_events(run, extent, path) as layout, path.open("wb") as file:
        parquet.write(file, parts, extent.chain(), about, layout)


def _mapped(path: Path) -> memoryview:
    """The bytes of a file, read as they are needed. Raises ValueError for an empty file, OSError."""
    with open_regular(path) as file:
        if not os.fstat(file.fileno()).st_size:
            raise ValueError("the file is empty")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _prove_parquet(path: Path) -> tuple[list[Check], Extent | None]:
    try:
        content = _mapped(path)
        contents = parquet.contents_of(content)
        extent, _ = unsealed_description(json.loads(contents.about.get(DESCRIPTION, "null")))
        extent.require_settings()
    except (ValueError, RecursionError) as error:
        return [_check("description", str(error), passed=False)], None
    checks = [_description_check(extent)]
    pairs = list(zip(contents.frames, contents.crc32s, strict=True))
    broken = [frame for frame, crc32 in pairs if not parquet.is_intact(content, frame, crc32)]
    if broken:
        said = f"damaged at event {broken[0].first_seq:,} (byte {broken[0].position:,}): checksum differs"
        return [*checks, _check("row groups", said, passed=False)], extent
    checks.append(_check("row groups", f"{len(pairs)} of {len(content):,} bytes, checksums equal"))
    file = parquet.parquet_file(content)
    stored = parquet.batch_from if extent.format == 1 else export_duckdb.stored_batch
    batches = (stored(file.read_row_group(number, use_threads=False)) for number in range(len(pairs)))
    return [*checks, _history_check(extent, parts_of(batches))], extent


def _write_csv(run: History, extent: Extent, path: Path) -> None:
    path.mkdir()
    export_duckdb.write_csv(run, extent, path / TABLE)
    description = sealed_description(extent, files={TABLE: _size_and_digest(path / TABLE)})
    (path / MANIFEST).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def _prove_csv(path: Path) -> tuple[list[Check], Extent | None]:
    try:
        extent, more = unsealed_description(json.loads(read_regular(path / MANIFEST, BYTES_MAX)), "files")
        extent.chain()
        extent.require_settings()
        said_of = _FILES.validate_python(more["files"])
    except (ValueError, RecursionError) as error:
        return [_check("description", str(error), passed=False)], None
    checks = [_description_check(extent)]
    if set(said_of) != {TABLE}:
        return [*checks, _check("files", f"they are not {TABLE} alone", passed=False)], extent
    for name, said in said_of.items():
        try:
            if not (path / name).is_file():
                raise FileNotFoundError(name)
            found = _size_and_digest(path / name)
        except FileNotFoundError:
            checks.append(_check(name, "is missing", passed=False))
            continue
        equal = f"{found['bytes']:,} bytes, sha256 {found['sha256'][:16]}"
        differs = f"{equal}, not {said['bytes']:,} bytes, sha256 {said['sha256'][:16]}"
        checks.append(_check(name, equal if found == said else differs, passed=found == said))
    return checks, extent


def _prove_duckdb(path: Path) -> tuple[list[Check], Extent | None]:
    try:
        with export_duckdb.open_database(path) as database:
            extent = database.extent
            extent.require_settings()
            checks = [_description_check(extent)]
            if database.rows_digest == extent.digest:
                checks.append(_history_check(extent, parts_of(database.batches())))
            else:  # events of older versions were converted to the present ones
                passed = digest_after(extent, parts_of(database.batches())) == database.rows_digest
                said = f"{extent.events:,} events of present versions, digest {database.rows_digest[:16]}"
                checks.append(_check("events", said if passed else "they are not those that were written", passed))
            wrong = database.wrong_tables()
            said = f"not as written: {', '.join(wrong)}" if wrong else f"{len(database.tables)}, digests equal"
            return [*checks, _check("tables", said, passed=not wrong)], extent
    except ValueError as error:
        return [_check("database", str(error), passed=False)], None


def parts_of(batches: Iterator[pa.RecordBatch]) -> Iterator[Part]:
    """The batches as rows and notes, for a chain."""
    return ((from_batch(batch), notes_of(batch)) for batch in batches)


def _history_check(extent: Extent, parts: Iterator[Part]) -> Check:
    """Check that these events lead from the export's first digest to its last."""
    try:
        found = digest_after(extent, parts)
    except (ValueError, LookupError, OSError, pa.ArrowException) as error:
        return _check("events", str(error), passed=False)
    if found != extent.digest:
        return _check("events", f"they lead to digest {found[:16]}, not {extent.digest[:16]}", passed=False)
    return _check("events", f"{extent.events:,}, from digest {extent.digest_before[:16]} to {found[:16]}")


def _description_check(extent: Extent) -> Check:
    stretch = f"ticks {extent.from_tick:,} to {extent.to_tick:,}, events {extent.from_seq:,} to {extent.next_seq - 1:,}"
    return _check("description", f"{extent.name} ({extent.run_id[:16]}), {stretch}")


def _check(check: str, found: str, passed: bool = True) -> Check:
    return Check(check=check, found=found, passed=passed)


def _ends(extent: Extent) -> tuple[str, str]:
    return extent.digest_before, extent.digest


def _size_and_digest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _require_room(path: Path, need: int) -> None:
    free = disk.free_bytes(path.parent) - RESERVE_BYTES
    if free < need:
        words = f"no room for an export of about {need:,} bytes: {max(free, 0):,} are free beside the reserve"
        raise OSError(errno.ENOSPC, words, str(path))


EXPORT: Final = Product("exporting", "export", "--into", is_own_export)

FORMATS: Final[Mapping[str, Format]] = {
    "parquet": Format(".parquet", 16, _write_parquet, _prove_parquet),
    "duckdb": Format(".duckdb", 48, export_duckdb.write, _prove_duckdb),
    "csv": Format("-csv", 120, _write_csv, _prove_csv),
}
"""The formats, by name."""
