"""What the narrator remembers: whole numbers by name and by whom they are about; every count in a sentence is one."""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from eventlog.rows import MISSING

MEMORY: Final = pa.schema([("what", pa.string()), ("a", pa.int64()), ("b", pa.int64()), ("value", pa.int64())])
"""The columns of `narration_memory`; -1 where `a` or `b` says nothing."""

Key = tuple[str, int, int]


class Memory:
    """Counts, ticks and marks; what was never put is 0, or the default that is asked for."""

    def __init__(self) -> None:
        self._values: dict[Key, int] = {}

    def get(self, what: str, a: int = MISSING, b: int = MISSING, default: int = 0) -> int:
        """The value."""
        return self._values.get((what, a, b), default)

    def put(self, value: int, what: str, a: int = MISSING, b: int = MISSING) -> None:
        """Remember a value instead of the one before."""
        self._values[what, a, b] = value

    def add(self, what: str, a: int = MISSING, b: int = MISSING) -> int:
        """Count one more; gives the count."""
        value = self.get(what, a, b) + 1
        self._values[what, a, b] = value
        return value

    def drop(self, what: str, a: int = MISSING, b: int = MISSING) -> None:
        """Forget a value, if there is one."""
        self._values.pop((what, a, b), None)

    def all(self, what: str) -> Mapping[tuple[int, int], int]:
        """Everything of this name, by `a` and `b`, in the order in which it was first put."""
        return {(a, b): value for (name, a, b), value in self._values.items() if name == what}

    def clear(self, what: str) -> None:
        """Forget everything of this name."""
        for a, b in self.all(what):
            del self._values[what, a, b]

    def table(self) -> pa.Table:
        """All of it, from which to go on."""
        columns = (
            zip(*((*key, value) for key, value in self._values.items()), strict=True) if self._values else [[]] * 4
        )
        return pa.table([pa.array(column, field.type) for column, field in zip(columns, MEMORY, strict=True)], MEMORY)

    def restore(self, kept: pa.Table) -> None:
        """Go on from a `table()`."""
        what, a, b, value = (kept.column(name).to_pylist() for name in MEMORY.names)
        self._values = dict(zip(zip(what, a, b, strict=True), value, strict=True))
