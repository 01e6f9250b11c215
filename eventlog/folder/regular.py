"""Opens regular files only. A pipe that nobody writes to would wait for ever, and a device has no end."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


class NoRegularFile(FileNotFoundError):
    """A folder, a pipe or a device lies where a file should be, so the file is missing."""


def open_regular(path: Path) -> BinaryIO:
    """A regular file, open for reading. Raises `FileNotFoundError`, `OSError`."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise NoRegularFile(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        return os.fdopen(fd, "rb")
    except OSError:
        os.close(fd)
        raise


def read_regular(path: Path, most: int = -1) -> bytes:
    """The bytes of a regular file, at most the first `most`. Raises as `open_regular` does."""
    with open_regular(path) as file:
        return file.read(most)
