"""Keeps entries of a story in a temporary file, so that memory does not grow with the run."""

import os
import tempfile
import weakref
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

PART: Final = 8192
"""The most entries of a part; a part is read as a whole."""

READ: Final = 4
"""How many parts stay in memory: those read last."""

PACKED: Final = pa.ipc.IpcWriteOptions(compression="zstd")


class Part(NamedTuple):
    """A part of the file: the number and tick of its first entry, its position and size in bytes."""

    first: int
    tick: int
    position: int
    size: int


class Shelf:
    """Tables of `narrations`, one after another, in a temporary file that ends with the process.

    Entries are numbered from 0; their ticks never decrease.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  it stays open as long as the shelf lives
        weakref.finalize(self, self._file.close)
        self._parts: list[Part] = []
        self._read: OrderedDict[int, pa.Table] = OrderedDict()
        self._count = self._size = 0
        self._last_tick = -1

    def __len__(self) -> int:
        return self._count

    def add(self, entries: pa.Table) -> None:
        """Append entries to the file."""
        for at in range(0, len(entries), PART):
            self._put(entries.slice(at, PART))

    def before(self, tick: int) -> int:
        """The number of entries with a smaller tick."""
        if tick > self._last_tick:
            return self._count
        number = bisect_left(self._parts, tick, key=attrgetter("tick")) - 1
        if number < 0:
            return 0
        return self._parts[number].first + int(np.searchsorted(self._part(number).column("tick").to_numpy(), tick))

    def between(self, first: int, last: int) -> Iterator[Mapping[str, Any]]:
        """The entries from number `first` on and before number `last`, as mappings of their columns."""
        number = max(bisect_right(self._parts, first, key=attrgetter("first")) - 1, 0)
        while number < len(self._parts) and self._parts[number].first < last:
            begins = self._parts[number].first
            offset = max(first - begins, 0)
            yield from self._part(number).slice(offset, max(last - begins - offset, 0)).to_pylist()
            number += 1

    def entries(self) -> Iterator[pa.Table]:
        """All entries, part by part."""
        return map(self._read_part, self._parts)

    def _put(self, entries: pa.Table) -> None:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, entries.schema, options=PACKED) as writer:
            writer.write_table(entries)
        content, ticks = sink.getvalue(), entries.column("tick")
        self._file.write(content)
        self._file.flush()
        self._parts.append(Part(self._count, ticks[0].as_py(), self._size, content.size))
        self._count += len(entries)
        self._size += content.size
        self._last_tick = ticks[-1].as_py()

    def _part(self, number: int) -> pa.Table:
        if number not in self._read:
            self._read[number] = self._read_part(self._parts[number])
            if len(self._read) > READ:
                self._read.popitem(last=False)
        self._read.move_to_end(number)
        return self._read[number]

    def _read_part(self, part: Part) -> pa.Table:
        content = os.pread(self._file.fileno(), part.size, part.position)
        return pa.ipc.open_stream(pa.py_buffer(content)).read_all().combine_chunks()
