"""All calls to the disk that a log makes. All raise `OSError`. The user's umask decides who may read a new file.

Durability depends on their order. Tests replace them by a disk that fails, or that loses all bytes not synced. If a
signal interrupts a call (EINTR), Python repeats it where that is safe (PEP 475): open, write, sync, truncate. Others,
such as close and rename, raise `OSError`.
"""

import contextlib
import errno
import os
import shutil
from pathlib import Path


def create(path: Path) -> int:
    """Make a new file in place of any that is there; returns a descriptor for writing.

    A file or a link of that name is removed, not emptied: it may share its bytes with another file.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o666)
    except FileExistsError:
        remove(path)
        return os.open(path, flags, 0o666)


def append_to(path: Path) -> int:
    """Open an existing file, not through a link; returns a descriptor that appends."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)


def update(path: Path) -> int:
    """Open a file, not through a link, created if missing; returns a descriptor that reads and writes in place."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


def write(fd: int, data: bytes | bytearray | memoryview) -> int:
    """Write in one call; returns the number of bytes that the system took."""
    return os.write(fd, data)


def write_at(fd: int, data: bytes, position: int) -> int:
    """Write at a byte position of the file; returns the number of bytes written."""
    return os.pwrite(fd, data, position)


def sync(fd: int) -> None:
    """Wait until the file's bytes and its length are on the disk."""
    os.fdatasync(fd)


def truncate(fd: int, length: int) -> None:
    """Cut the file to `length` bytes."""
    os.ftruncate(fd, length)


def close(fd: int) -> None:
    """Close a descriptor."""
    os.close(fd)


def rename(path: Path, target: Path) -> None:
    """Rename a file or folder atomically, replacing `target`."""
    os.rename(path, target)


def make_folder(path: Path) -> None:
    """Make a folder and its parents and wait until their names are on the disk."""
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    os.makedirs(path, exist_ok=True)
    for folder in new or [path]:  # a process may have made the folder and died before it synced the name
        sync_folder(folder.parent)


def remove_folder(path: Path) -> None:
    """Remove a folder and everything in it."""
    shutil.rmtree(path)


def link(path: Path, target: Path) -> None:
    """Make a hard link to a file, or a copy of it if the file system cannot link the two."""
    try:
        os.link(path, target)
    except OSError:
        remove(target)  # the link may exist in spite of the error: writing to it would overwrite `path`
        write_file(target, path.read_bytes())


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
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
    """The free bytes on the folder's disk."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def write_all(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write all bytes, in one call unless the system takes only a part."""
    done = write(fd, data)
    while done < len(data):
        more = write(fd, memoryview(data)[done:])
        if not more:
            raise OSError(f"only {done:,} of {len(data):,} bytes were written")
        done += more


def write_file(path: Path, content: bytes | bytearray | memoryview) -> None:
    """Write a file and wait until its content is on the disk. Its name is not synced."""
    fd = create(path)
    try:
        write_all(fd, content)
        sync(fd)
    finally:
        close(fd)


def replace_file(path: Path, content: bytes | bytearray | memoryview) -> None:
    """Replace a file atomically and durably: write and sync a temporary file, rename it, sync the folder."""
    temporary = path.with_name(path.name + ".tmp")
    write_file(temporary, content)
    rename(temporary, path)
    sync_folder(path.parent)
