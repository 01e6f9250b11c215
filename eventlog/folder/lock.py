"""A lock on the run's folder that lets in one writer. The operating system frees it when the writer's process ends."""

import contextlib
import fcntl
import os
import socket
import time
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eventlog.errors import EventLogError, LogLocked
from eventlog.folder import disk
from eventlog.folder.belongings import require_own
from eventlog.folder.regular import read_regular
from eventlog.folder.stores import is_mirror
from eventlog.places import place_name, refusal
from eventlog.printable import printable_line

_HOLDER_BYTES_MAX: Final = 4096


class _Holder(BaseModel):
    """The content of `lock.holder`: who holds the lock. Anybody may have written it."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    pid: int = Field(gt=0, lt=1 << 31)
    host: str = Field(max_length=255)


_PATIENCE_S: Final = 0.05
"""Seconds to try: who only looks whether the lock is held has it for a moment, too."""


_folders: set[int] = set()
"""The descriptors of the folders that this process has locked."""


class WriterLock:
    """The lock of a run, held from construction to `release` or to the end of the process.

    Raises `LogLocked` if another writer holds it; the message names that writer. Raises `EventLogError` for a mirror of
    a run on a store, which can only be read, and for a run with links in its folder.

    The lock stays with the process that took it: one that is forked from it neither holds nor frees it.
    """

    def __init__(self, run: Path) -> None:
        if is_mirror(run):
            raise EventLogError(refusal(place_name(run)))
        require_own(run)
        self._run, self._pid = run, os.getpid()
        self._holder = run / "lock.holder"
        disk.close(disk.update(run / "lock"))  # else the lock ignores the umask
        self._lock = FileLock(run / "lock", timeout=_PATIENCE_S, thread_local=False)
        try:
            self._lock.acquire(poll_interval=_PATIENCE_S / 10)
        except Timeout as error:
            pid, host = _holder(self._holder)
            raise LogLocked(run, pid=pid, host=host) from error
        try:
            self._folder = _locked_folder(run)
        except OSError as error:
            self._lock.release()
            if isinstance(error, BlockingIOError):
                raise LogLocked(run, pid=None, host=None) from error
            raise
        with contextlib.suppress(OSError):  # on a full disk the refusal names no process
            self._holder.unlink(missing_ok=True)  # a copy of the run may share the file
            with self._holder.open("x") as file:
                file.write(_Holder(pid=os.getpid(), host=socket.gethostname()).model_dump_json())

    @property
    def is_own(self) -> bool:
        """Whether this process took the lock; false in a process that was forked from that one."""
        return os.getpid() == self._pid

    def require_own(self) -> None:
        """Raise `EventLogError` in a process that was forked from the one that took the lock."""
        if not self.is_own:
            raise EventLogError(
                f"{self._run} is written by process {self._pid}. This is process {os.getpid()}, which was forked from "
                f"it and cannot write to the run.\n"
                f"  Next: write in process {self._pid} alone, or open a run of its own in the forked process"
            )

    def release(self) -> None:
        """Free the lock. A second call does nothing, and so does a call in a forked process."""
        if self.is_own and self._lock.is_locked:
            try:
                with contextlib.suppress(OSError):
                    if os.path.samestat(os.fstat(self._folder), self._run.stat()):  # else another run lies there now
                        self._holder.unlink(missing_ok=True)
            finally:
                _unlock(self._folder)
                self._lock.release()


def _locked_folder(run: Path) -> int:
    """A descriptor of the run's folder that holds a lock on the folder itself. Raises `BlockingIOError` if one is held.

    The file `lock` can be removed while it is held, by a clean-up of lock files; then the next writer would lock a new
    file. A file system that locks no folders leaves the file alone as the lock.
    """
    fd, until_s = os.open(run, os.O_RDONLY | os.O_CLOEXEC), time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until_s:
                os.close(fd)
                raise
            time.sleep(_PATIENCE_S / 10)
        except OSError:
            break
        else:
            break
    _folders.add(fd)
    return fd


def _unlock(folder: int) -> None:
    _folders.discard(folder)
    with contextlib.suppress(OSError):
        fcntl.flock(folder, fcntl.LOCK_UN)  # also for a process that is just being forked
    os.close(folder)


def _let_go() -> None:
    """In a forked process: close the locked folders, so that the process that locked them frees them alone."""
    while _folders:
        os.close(_folders.pop())


os.register_at_fork(after_in_child=_let_go)


def _holder(path: Path) -> tuple[int | None, str | None]:
    """The process id and the host of the lock's holder, None if not known."""
    try:
        holder = _Holder.model_validate_json(read_regular(path, _HOLDER_BYTES_MAX))
    except (OSError, ValidationError):
        return None, None
    return holder.pid, printable_line(holder.host)
