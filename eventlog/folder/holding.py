"""Who is at work on a file or a folder: that is a lock, which the system frees when the process ends in any way.

A process's number says less: it may have been given to another process, and in a container the numbers are others.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from eventlog.folder import disk
from eventlog.folder.run_folders import half_made


def is_held(path: Path) -> bool:
    """Whether a process is at work on the file or folder. It is not opened for writing, and its lock stays free."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except PermissionError:
        return True  # it is another user's, who may be at work
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # the file system has no such locks
        return False
    else:
        return False
    finally:
        os.close(fd)


@contextlib.contextmanager
def building(place: Path, work: str) -> Iterator[Path]:
    """An empty hidden folder beside `place`, held while this process builds in it. What is left of it is removed.

    Raises `OSError`.
    """
    number = os.getpid()
    while is_held(folder := half_made(place, work, number)):  # by a process of the same number in another container
        number += 1
    shutil.rmtree(folder, ignore_errors=True)
    fd = None
    try:
        fd = made_and_held(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if fd is not None:
            os.close(fd)


def made_and_held(folder: Path) -> int:
    """Make the folder and hold it; returns the descriptor whose closing ends that."""
    while True:
        disk.make_folder(folder)
        try:
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        with contextlib.suppress(OSError):  # the file system has no such locks
            fcntl.flock(fd, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), folder.lstat()):
                return fd
        os.close(fd)  # somebody took it for a leftover before it was held
