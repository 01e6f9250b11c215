"""The folders of replicas: runs in the user's cache that hold what served towns have sent."""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from eventlog.folder.belongings import remove_cached
from eventlog.folder.cache import cache_folder, present_folder
from eventlog.folder.holding import is_held

PART: Final = "served"
"""The part of the cache."""

_OUTER: Final = re.compile(r"(?:town|new)-\w+")
"""The names of the folders that hold a replica each."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def is_replica(run: Path | str) -> bool:
    """Whether a run's folder is a replica, which is removed when its process ends."""
    return Path(run).parent.parent == present_folder(PART)


@contextmanager
def replica_folder(name: str) -> Iterator[Path]:
    """The path for a replica of a run of this name; it is removed afterwards. Raises OSError."""
    _remove_leftovers()
    new = Path(tempfile.mkdtemp(dir=cache_folder(PART), prefix="new-"))
    held = os.open(new, os.O_RDONLY | os.O_CLOEXEC)
    outer = new.with_name(new.name.replace("new-", "town-", 1))
    try:
        with suppress(OSError):  # the file system has no such locks
            fcntl.flock(held, fcntl.LOCK_EX)
        new.rename(outer)  # held by now, so that it is nobody's leftover
        yield outer / (name if _NAME.fullmatch(name) else "town")
    finally:
        remove_cached(outer, _OUTER)
        os.close(held)


def _remove_leftovers() -> None:
    """Remove the replicas of processes that were killed."""
    for outer in cache_folder(PART).glob("town-*"):
        with suppress(OSError):
            if not is_held(outer):
                remove_cached(outer, _OUTER)
