"""The narrator's memory: integers by name and by up to two numbers, such as persons. Sentences take counts from it."""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from eventlog.rows import MISSING

MEMORY: Final = pa.schema([("what", pa.string()), ("a", pa.int64()), ("b", pa.int64()), ("value", pa.int64())])
"""The columns of `narration_memory`; `a` or `b` is -1 if the name does not use it."""

Key = tuple[str, int, int]


class Memory:
    """Counts, ticks and marks by key (what, a, b)."""

    def __init__(self) -> None:
        self._values: dict[Key, int] = {}

    def get(self, what: str, a: int = MISSING, b: int = MISSING, default: int = 0) -> int:
        """The value, or the default if it was never put."""
        return self._values.get((what, a, b), default)

    def put(self, value: int, what: str, a: int = MISSING, b: int = MISSING) -> None:
        """Set a value."""
        self._values[what, a, b] = value

    def add(self, what: str, a: int = MISSING, b: int = MISSING) -> int:
        """Add 1 to a count; returns the new count."""
        value = self.get(what, a, b) + 1
        self._values[what, a, b] = value
        return value

    def drop(self, what: str, a: int = MISSING, b: int = MISSING) -> None:
        """Remove a value, if there is one."""
        self._values.pop((what, a, b), None)

    def all(self, what: str) -> Mapping[tuple[int, int], int]:
        """All values of this name, by (a, b), in the order in which they were first put."""
        return {(a, b): value for (name, a, b), value in self._values.items() if name == what}

    def clear(self, what: str) -> None:
        """Remove all values of this name."""
        for a, b in self.all(what):
            del self._values[what, a, b]

    def table(self) -> pa.Table:
        """All values as a table, for `restore`."""
        columns = (
            zip(*((*key, value) for key, value in self._values.items()), strict=True) if self._values else [[]] * 4
        )
        return pa.table([pa.array(column, field.type) for column, field in zip(columns, MEMORY, strict=True)], MEMORY)

    def restore(self, kept: pa.Table) -> None:
        """Replace all values by those of a `table()`."""
        what, a, b, value = (kept.column(name).to_pylist() for name in MEMORY.names)
        self._values = dict(zip(zip(what, a, b, strict=True), value, strict=True))
