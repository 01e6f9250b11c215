"""A file or a folder that appears whole in its place, or does not appear: an export, a dataset, a new run for an old.

It is written in a hidden folder beside its place, synced, and moved there. What it replaces waits in the hidden folder
until then, and comes back if the move fails.
"""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from eventlog.errors import EventLogError
from eventlog.folder import disk
from eventlog.folder.belongings import require_removable
from eventlog.folder.holding import building
from eventlog.folder.lock import WriterLock
from eventlog.folder.run_folders import MANIFEST, is_run

OWN: Final = (MANIFEST, "lock", "lock.holder", "log", "configs", "checkpoints", "derived")
"""The files and folders of a run that only Townlet writes."""


class Product(NamedTuple):
    """What is published, as messages call it."""

    work: str  # what is done in the hidden folder, one of those that `half_made` lists
    what: str  # "export"
    naming: str  # the option that names its place: "--into"
    is_ours: Callable[[Path], bool]  # whether all that is at a path is such a product, which may be replaced


RUN: Final = Product("writing", "run", "--into", is_run)


@contextlib.contextmanager
def published(product: Product, place: Path, *, replace: bool, suffix: str = "") -> Iterator[Path]:
    """A path to write a file or a folder to, which ends in `suffix`; when the block ends it is put in its place.

    Nothing is overwritten, unless `replace` says so and it is such a product too. Raises FileExistsError, OSError;
    then, and where the block raises, everything is as it was.
    """
    _require_free(product, place, replace)
    with building(place, product.work) as hidden:
        written = hidden / f"whole{suffix}"
        yield written
        _sync(written)
        _require_free(product, place, replace)
        _move(written, place)


@contextlib.contextmanager
def instead_of_run(place: Path) -> Iterator[Path]:
    """A path to write a new run to; when the block ends it takes the place of the run that is there.

    Raises `EventLogError` if the folder holds anything that is no part of that run, `LogLocked`, `OSError`; then, and
    where the block raises, the earlier run is as it was.
    """
    require_removable(place)
    lock = WriterLock(place)
    try:
        with published(RUN, place, replace=True) as written:
            yield written
            require_removable(place)
    finally:
        lock.release()


@contextlib.contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """A path to write a file to, beside `place`; when the block ends, the file takes the place of what is there.

    A pipe or a device is written directly. Raises EventLogError for a file that is a part of a run, OSError; then, and
    where the block raises, an earlier file is as it was.
    """
    require_no_part_of_a_run(place)
    if place.exists() and not place.is_file():
        yield place
        return
    real = place.resolve()
    if not real.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place))
    with building(real, "writing") as hidden:
        written = hidden / f"whole{real.suffix}"
        yield written
        _sync(written)
        disk.rename(written, real)
        disk.sync_folder(real.parent)


def require_no_part_of_a_run(place: Path) -> None:
    """Raises EventLogError if a file of the run around it would be written over."""
    real = place.resolve()
    for folder in real.parents:
        if is_run(folder) and real.relative_to(folder).parts[0] in OWN:
            raise EventLogError(
                f"{place} belongs to the run {folder}, and is not written over.\n  Next: name another file"
            )


def bytes_of(place: Path) -> int:
    """How many bytes a file holds, or the files of a folder."""
    return sum(file.stat().st_size for file in _files(place))


def _require_free(product: Product, place: Path, replace: bool) -> None:
    """Nothing is at the place, or what may be replaced. Raises FileExistsError."""
    elsewhere = f"{product.naming} names another place"
    if place.is_symlink() or place.exists():
        if not replace:
            raise FileExistsError(f"{place} is there already; --replace writes it anew, {elsewhere}")
        if place.is_symlink():
            raise FileExistsError(f"{place} is a link, so it is not replaced; {elsewhere}")
        if not product.is_ours(place):
            raise FileExistsError(f"{place} is no {product.what}, so it is not replaced; {elsewhere}")


def _move(written: Path, place: Path) -> None:
    """Put what was written in its place, instead of what is there. Raises OSError, and then that is still there."""
    replaced = written.with_name("replaced")
    aside = place.is_dir() or (written.is_dir() and place.exists())  # a folder takes no other's place
    if aside:
        disk.rename(place, replaced)
    moved = False
    try:
        disk.rename(written, place)
        moved = True
    finally:
        if aside and not moved and not place.exists():
            replaced.rename(place)
    disk.sync_folder(place.absolute().parent)


def _sync(written: Path) -> None:
    """Wait until a file, or the files of a folder and their names, are on the disk."""
    for file in _files(written):
        fd = disk.append_to(file)
        try:
            disk.sync(fd)
        finally:
            disk.close(fd)
    for folder in (written, *written.rglob("*")) if written.is_dir() else ():
        if folder.is_dir():
            disk.sync_folder(folder)


def _files(place: Path) -> list[Path]:
    return sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
