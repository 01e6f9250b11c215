"""Who is at work on a file or a folder: that is a lock, which the system frees when the process ends in any way.

A process's number says less: it may have been given to another process, and in a container the numbers are others.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from eventlog.folder.belongings import MARK, begin_half_made, end_half_made, holds_last_copy, remove_half_made
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


def is_written_to(run: Path) -> bool:
    """Whether a process holds the run's lock, or its folder's. It may run in another container, and have any number."""
    return is_held(run / "lock") or is_held(run.resolve())


def is_built(hidden: Path) -> bool:
    """Whether a process builds in a half-made folder: it holds the mark, as a run's writer holds the run's folder."""
    return is_held(hidden / MARK)


@contextlib.contextmanager
def building(place: Path, work: str) -> Iterator[Path]:
    """A hidden folder beside `place`, marked and held while this process builds in it. What is left of it is removed.

    It stays only if it holds what was at the place and could not be brought back. Raises `FileExistsError` if somebody
    else's folder has its name, `OSError`.
    """
    hidden, held = _made_and_held(place, work)
    try:
        yield hidden
    finally:
        if holds_last_copy(hidden, place):
            end_half_made(hidden)  # so the hidden folder is nobody's to remove
        else:
            with contextlib.suppress(OSError):  # what is left carries the mark, and townlet runs prune removes it
                remove_half_made(hidden)
        os.close(held)


def _made_and_held(place: Path, work: str) -> tuple[Path, int]:
    """The hidden folder, and the descriptor whose closing ends the hold."""
    number = os.getpid()
    while is_built(half_made(place, work, number)):  # by a process of the same number in another container
        number += 1
    while True:
        hidden = begin_half_made(place, work, number)
        try:
            fd = os.open(hidden / MARK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        with contextlib.suppress(OSError):  # the file system has no such locks
            fcntl.flock(fd, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), (hidden / MARK).lstat()):
                return hidden, fd
        os.close(fd)  # somebody took it for a leftover before it was held
