"""A lock on the run's folder that lets in one writer. The operating system frees it when the writer's process ends."""

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from eventlog.errors import EventLogError, LogLocked
from eventlog.folder.holding import is_held
from eventlog.folder.stores import is_mirror
from eventlog.places import place_name, refusal

_PATIENCE_S: Final = 0.05
"""Seconds to try: who only looks whether the lock is held has it for a moment, too."""


class WriterLock:
    """The lock of a run, held from construction to `release` or to the end of the process.

    Raises `LogLocked` if another writer holds it; the message names that writer. Raises `EventLogError` for a
    mirror of a run on a store: such a run can only be read.
    """

    def __init__(self, run: Path) -> None:
        if is_mirror(run):
            raise EventLogError(refusal(place_name(run)))
        self._holder = run / "lock.holder"
        os.close(os.open(run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666))  # else it ignores the umask
        self._lock = FileLock(run / "lock", timeout=_PATIENCE_S, thread_local=False)
        try:
            self._lock.acquire(poll_interval=_PATIENCE_S / 10)
        except Timeout as error:
            pid, host = _holder(self._holder)
            raise LogLocked(run, pid=pid, host=host) from error
        with contextlib.suppress(OSError):  # on a full disk the refusal names no process
            self._holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))

    def release(self) -> None:
        """Free the lock. A second call does nothing."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()


def is_written_to(run: Path) -> bool:
    """Whether a process holds the run's lock. It may run in another container, and have any number."""
    return is_held(run / "lock")


def _holder(path: Path) -> tuple[int | None, str | None]:
    """The process id and the host of the lock's holder, None if not known."""
    try:
        word = json.loads(path.read_text())
        return int(word["pid"]), str(word["host"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None, None
