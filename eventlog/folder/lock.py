"""A lock on the run's folder that lets in one writer. The operating system frees it when the writer's process ends."""

import contextlib
import fcntl
import json
import os
import socket
from pathlib import Path

from filelock import FileLock, Timeout

from eventlog.errors import EventLogError, LogLocked
from eventlog.folder.run_folders import is_alive
from eventlog.folder.stores import is_mirror
from eventlog.places import place_name, refusal


class WriterLock:
    """The lock of a run, held from construction to `release` or to the end of the process.

    Raises `LogLocked` at once if another writer holds it; the message names that writer. Raises `EventLogError` for a
    mirror of a run on a store: such a run can only be read.
    """

    def __init__(self, run: Path) -> None:
        if is_mirror(run):
            raise EventLogError(refusal(place_name(run)))
        self._holder = run / "lock.holder"
        self._lock = FileLock(run / "lock", timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            pid, host = _holder(self._holder)
            raise LogLocked(run, pid=pid, host=host) from error
        try:
            self._folder = _locked_folder(run)
        except BlockingIOError as error:
            self._lock.release()
            raise LogLocked(run, pid=None, host=None) from error
        with contextlib.suppress(OSError):  # on a full disk the refusal names no process
            self._holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))

    def release(self) -> None:
        """Free the lock. A second call does nothing."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            os.close(self._folder)
            self._lock.release()


def _locked_folder(run: Path) -> int:
    """A descriptor of the run's folder that holds a lock on the folder itself. Raises `BlockingIOError` if one is held.

    The file `lock` can be removed while it is held, by a clean-up of lock files; then the next writer would lock a new
    file. A file system that locks no folders leaves the file alone as the lock.
    """
    fd = os.open(run, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise
    except OSError:
        pass
    return fd


def is_written_to(run: Path) -> bool:
    """Whether the process that last said it writes to the run is alive, without touching the run's lock."""
    pid, _ = _holder(run / "lock.holder")
    return pid is not None and is_alive(pid)


def _holder(path: Path) -> tuple[int | None, str | None]:
    """The process id and the host of the lock's holder, None if not known."""
    try:
        word = json.loads(path.read_text())
        return int(word["pid"]), str(word["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None
