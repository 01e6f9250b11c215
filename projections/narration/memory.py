"""The narrator's memory: integers by name and by up to two numbers, such as persons. Sentences take counts from it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from eventlog.rows import MISSING

MEMORY: Final = pa.schema([("what", pa.string()), ("a", pa.int64()), ("b", pa.int64()), ("value", pa.int64())])
"""The columns of `narration_memory`; `a` or `b` is -1 if the name does not use it."""

NOTHING: Final[Mapping[tuple[int, int], int]] = MappingProxyType({})
"""The values of a name that has none."""


class Memory:
    """Counts, ticks and marks by key (what, a, b)."""

    def __init__(self) -> None:
        self._values: dict[str, dict[tuple[int, int], int]] = {}

    def get(self, what: str, a: int = MISSING, b: int = MISSING, default: int = 0) -> int:
        """The value, or the default if it was never put."""
        return self.all(what).get((a, b), default)

    def put(self, value: int, what: str, a: int = MISSING, b: int = MISSING) -> None:
        """Set a value."""
        self._values.setdefault(what, {})[a, b] = value

    def add(self, what: str, a: int = MISSING, b: int = MISSING) -> int:
        """Add 1 to a count; returns the new count."""
        value = self.get(what, a, b) + 1
        self.put(value, what, a, b)
        return value

    def drop(self, what: str, a: int = MISSING, b: int = MISSING) -> None:
        """Remove a value, if there is one."""
        values = self._values.get(what, {})
        values.pop((a, b), None)
        if not values:
            self.clear(what)

    def all(self, what: str) -> Mapping[tuple[int, int], int]:
        """All values of this name, by (a, b), in the order in which they were first put."""
        return self._values.get(what, NOTHING)

    def clear(self, what: str) -> None:
        """Remove all values of this name."""
        self._values.pop(what, None)

    def table(self) -> pa.Table:
        """All values as a table, for `restore`."""
        rows = [(what, a, b, value) for what, values in self._values.items() for (a, b), value in values.items()]
        columns = zip(*rows, strict=True) if rows else [[]] * len(MEMORY)
        return pa.table([pa.array(column, field.type) for column, field in zip(columns, MEMORY, strict=True)], MEMORY)

    def restore(self, kept: pa.Table) -> None:
        """Replace all values by those of a `table()`."""
        self._values = {}
        for what, a, b, value in zip(*(kept.column(name).to_pylist() for name in MEMORY.names), strict=True):
            self.put(value, what, a, b)
