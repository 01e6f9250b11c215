"""How a process that failed ends: the words for an error, and the exit code that belongs to it."""

import errno
import os
from collections.abc import Mapping
from typing import Final

from eventlog.errors import EventLogError, LogDamaged, LogLocked, RunExists, RunNotFound
from projections.errors import BadEvent, BadTemplates, ProjectionError
from townlet.errors import (
    ConfigurationError,
    PolicyError,
    QueryError,
    ServingError,
    TelemetryError,
    TickOutOfRange,
    TownletError,
)

NEXT_STEPS: Final[Mapping[int, str]] = {
    errno.EROFS: "name a place that can be written; reading needs none: replay, sql, tail, fork --into elsewhere",
    errno.EACCES: "give yourself the right to it, or name another place",
    errno.EPERM: "give yourself the right to it, or name another place",
    errno.ENOSPC: "free some space, for instance with: townlet runs prune --derived",
    errno.EDQUOT: "free some space, for instance with: townlet runs prune --derived",
    errno.ENOTDIR: "name another place: a file stands where a folder should be",
    errno.EISDIR: "name another place: a folder stands where a file should be",
    errno.ENOENT: "name a place in a folder that is there",
    errno.EMFILE: "allow more open files: ulimit -n",
    errno.ENFILE: "close other programs: the whole system has as many files open as it allows",
    errno.ENAMETOOLONG: "give it a shorter name",
}
"""What to do where the file system refuses something."""

NAMELESS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT)
"""The refusals that are often reported without the name of a file."""


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that a town or a log raises; None for any other."""
    if isinstance(
        error,
        ConfigurationError
        | BadTemplates
        | PolicyError
        | QueryError
        | ServingError
        | TelemetryError
        | TickOutOfRange
        | RunNotFound
        | RunExists,
    ):
        return 2
    if isinstance(error, LogDamaged | BadEvent):
        return 3
    if isinstance(error, LogLocked):
        return 5
    return 1 if isinstance(error, TownletError | EventLogError | ProjectionError | OSError) else None


def words_of(error: Exception) -> str:
    """What an error says: its own words, and of one of the file system which file, what, and what to do."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    reason, step = os.strerror(error.errno).lower(), NEXT_STEPS.get(error.errno)
    if error.filename is None:
        return f"{reason}\n  Next: {step}" if error.errno in NAMELESS else str(error)
    return f"{error.filename}: {reason}" + (f"\n  Next: {step}" if step else "")


def unexpected_words(error: Exception) -> str:
    """The words for an error that nobody foresaw."""
    return (
        f"this is a fault of Townlet itself: {type(error).__name__}: {error}\n"
        "  What was committed to a log stays. Next: the same command with TOWNLET_TRACEBACK=1 shows where it happened"
    )
