"""The calls by which a log reaches the disk, in one place: what is promised rests on their order, and tests put a disk
that fails, or that loses what was not synced, in their stead. All raise `OSError`.

A call that a signal interrupts (EINTR) Python makes again where that is safe (PEP 475): opening, writing, syncing,
cutting. What remains, as of a close or a rename, is an `OSError` like any other.
"""

import contextlib
import os
import shutil
from pathlib import Path


def create(path: Path) -> int:
    """An empty file to write to, in place of an older one."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)


def append_to(path: Path) -> int:
    """A file whose end is written to."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)


def update(path: Path) -> int:
    """A file that is written in place, made if need be."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def write(fd: int, data: bytes | bytearray | memoryview) -> int:
    """Write as much as the system takes in one call; gives how many bytes that was."""
    return os.write(fd, data)


def write_at(fd: int, data: bytes, position: int) -> int:
    """Write at a position of the file; gives how many bytes were written."""
    return os.pwrite(fd, data, position)


def sync(fd: int) -> None:
    """Wait until the file's bytes and its length are on the disk."""
    os.fdatasync(fd)


def truncate(fd: int, length: int) -> None:
    """Cut the file off."""
    os.ftruncate(fd, length)


def close(fd: int) -> None:
    """Let go of a file."""
    os.close(fd)


def rename(path: Path, target: Path) -> None:
    """Put a file in another's place, atomically."""
    os.rename(path, target)


def make_folder(path: Path) -> None:
    """Make a folder, those above it too if need be, and wait until their names are on the disk."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    os.makedirs(path, exist_ok=True)
    for folder in new or [path]:  # one that is there may be of somebody who died before its name was synced
        sync_folder(folder.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder with all that is in it."""
    shutil.rmtree(path)


def link(path: Path, target: Path) -> None:
    """Give a file a second name, or a copy of it one where the disk or the file system is another."""
    try:
        os.link(path, target)
    except OSError:
        remove(target)  # a link that was made and said to have failed: to write there would be to write over `path`
        write_file(target, path.read_bytes())


def remove(path: Path) -> None:
    """Remove a file's name; no name, no harm."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def sync_folder(folder: Path) -> None:
    """Wait until the names in the folder are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def free_bytes(folder: Path) -> int:
    """How much room there is on the folder's disk."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of it, in one call unless the system takes only a part."""
    done = write(fd, data)
    while done < len(data):
        more = write(fd, memoryview(data)[done:])
        if not more:
            raise OSError(f"only {done:,} of {len(data):,} bytes were written")
        done += more


def write_file(path: Path, content: bytes | bytearray | memoryview) -> None:
    """Make a file with this content and wait until it is on the disk; its name is not yet."""
    fd = create(path)
    try:
        write_all(fd, content)
        sync(fd)
    finally:
        close(fd)


def replace_file(path: Path, content: bytes | bytearray | memoryview) -> None:
    """Replace a file atomically and durably: a temporary file, synced, renamed, the folder synced."""
    temporary = path.with_name(path.name + ".tmp")
    write_file(temporary, content)
    rename(temporary, path)
    sync_folder(path.parent)
