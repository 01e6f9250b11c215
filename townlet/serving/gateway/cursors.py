"""Named cursors, kept in a file beside the run: up to which event each reader has read."""

import json
import os
from pathlib import Path
from threading import Lock
from typing import Final

from eventlog.folder import disk
from townlet.errors import ServingError
from townlet.serving.protocol import Cursor

FILE: Final = "cursors.json"
CURSORS_MOST: Final = 256
FILE_BYTES_MOST: Final = 1 << 16


class CursorFile:
    """The cursors of the run in a folder. Each change is on the disk when the call ends."""

    def __init__(self, run: Path) -> None:
        self._path = run / FILE
        self._lock = Lock()

    def all(self) -> list[Cursor]:
        """Every cursor, by name. Raises ServingError, OSError."""
        return [Cursor(name=name, seq=seq) for name, seq in sorted(self._read().items())]

    def get(self, name: str) -> Cursor | None:
        """The cursor of this name, if there is one. Raises ServingError, OSError."""
        seq = self._read().get(name)
        return None if seq is None else Cursor(name=name, seq=seq)

    def set(self, name: str, seq: int) -> Cursor:
        """Set a cursor. Raises ServingError where there are too many, OSError."""
        with self._lock:
            known = self._read()
            if name not in known and len(known) >= CURSORS_MOST:
                raise ServingError(f"there are {CURSORS_MOST} cursors already. Next: drop one that nobody uses")
            known[name] = seq
            self._write(known)
        return Cursor(name=name, seq=seq)

    def drop(self, name: str) -> None:
        """Forget a cursor; one that is not there is forgotten already. Raises ServingError, OSError."""
        with self._lock:
            known = self._read()
            if known.pop(name, None) is not None:
                self._write(known)

    def _read(self) -> dict[str, int]:
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return {}
        with os.fdopen(fd, "rb") as file:
            text = file.read(FILE_BYTES_MOST)
        try:
            found = json.loads(text)
            return {str(name): int(seq) for name, seq in found.items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise ServingError(f"{FILE} beside the run cannot be read. Next: remove it; readers begin anew") from error

    def _write(self, cursors: dict[str, int]) -> None:
        disk.replace_file(self._path, json.dumps(cursors).encode())
