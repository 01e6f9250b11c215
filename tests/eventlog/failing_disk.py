"""A system whose n-th call fails, once or for ever: it stands in for `os` under `eventlog.folder.disk`."""

import errno
import os
import shutil
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import pytest

from eventlog.folder import disk

CALLS: Final = (
    *("open", "write", "pwrite", "fdatasync", "fsync", "ftruncate", "close"),
    *("rename", "link", "unlink", "makedirs", "statvfs"),
)
"""The calls of `os` that `eventlog.folder.disk` makes."""

RETRIED: Final = frozenset(("open", "write", "pwrite", "fdatasync", "fsync", "ftruncate"))
"""Those that Python makes again after a signal, unless its handler raises (PEP 475)."""

NEED_ROOM: Final = frozenset(("open", "write", "pwrite", "fdatasync", "fsync", "rename", "link", "makedirs"))
"""Those that a full disk refuses."""

SHORT: Final = frozenset(("write", "pwrite"))
SORTS: Final = ("EIO", "ENOSPC", "short", "EINTR", "late EIO")
"""How a call may fail: not done, for want of room, done by half, interrupted, or done and said to have failed."""


class FailingSystem:
    """Counts the calls, in `calls`; from number `nth` on one that can fail in the way of `sort` fails.

    Only the first one does, unless `for_ever`. `failed` are the numbers of those that did.
    """

    def __init__(self, sort: str = "EIO", nth: int | None = None, *, for_ever: bool = False) -> None:
        self.calls: list[str] = []
        self.failed: list[int] = []
        self._sort, self._nth, self._for_ever = sort, nth, for_ever

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return self._counted(name, real) if name in CALLS else real

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put this system in place of the real one."""
        patch.setattr(disk, "os", self)
        patch.setattr(disk, "shutil", SimpleNamespace(rmtree=self._counted("rmtree", shutil.rmtree)))

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            number = len(self.calls)
            self.calls.append(name)
            due = self._nth is not None and number >= self._nth and (self._for_ever or not self.failed)
            if not due or not can_fail(name, self._sort):
                return real(*arguments, **more)
            self.failed.append(number)
            return fail(self._sort, name, real, *arguments, **more)

        return call


def can_fail(name: str, sort: str) -> bool:
    """Whether the call of this name may fail in this way."""
    if sort == "short":
        return name in SHORT
    return sort != "ENOSPC" or name in NEED_ROOM


def fail(sort: str, name: str, real: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """Let the call fail. A file that cannot be closed is closed all the same, as Linux does."""
    if sort == "short":
        given, data, *rest = arguments
        return real(given, bytes(data)[: max(len(data) // 2, 1)], *rest)
    if name == "close" or sort == "late EIO":
        given = real(*arguments, **more)
        if name == "open":
            os.close(given)
    if sort == "EINTR" and name in RETRIED:
        raise KeyboardInterrupt  # what a signal's handler does, if it does not let the call go on
    number = {"ENOSPC": errno.ENOSPC, "EINTR": errno.EINTR}.get(sort, errno.EIO)
    raise OSError(number, os.strerror(number))
