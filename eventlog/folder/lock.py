"""One writer at a time: a lock on the run's folder, held by the operating system for as long as the writer lives."""

import contextlib
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
    """The lock of a run, held from construction to `release`. A dead holder's lock is free at once.

    Raises `LogLocked`, without waiting, when another writer holds it; the message names that writer. Raises
    `EventLogError` for a mirror of a run on a store, which is only read.
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
        with contextlib.suppress(OSError):  # a full disk: whoever is refused learns no name
            self._holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))

    def release(self) -> None:
        """Let another writer have the run; a second call does nothing."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()


def is_written_to(run: Path) -> bool:
    """Whether the process that last said it writes to the run is alive, without touching the run's lock."""
    pid, _ = _holder(run / "lock.holder")
    return pid is not None and is_alive(pid)


def _holder(path: Path) -> tuple[int | None, str | None]:
    """Who holds the lock, as far as it left word."""
    try:
        word = json.loads(path.read_text())
        return int(word["pid"]), str(word["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, None
