"""Entries of a story that are put away: their memory does not grow with the run, whatever is told of it."""

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
"""How many entries at most are read together."""

READ: Final = 4
"""How many parts are held that were read last."""

PACKED: Final = pa.ipc.IpcWriteOptions(compression="zstd")


class Part(NamedTuple):
    """Where some of the entries lie in the file, the number of the first of them, and its tick."""

    first: int
    tick: int
    position: int
    size: int


class Shelf:
    """Tables of `narrations`, one after another, in a file without a name that goes with the process.

    Entries are numbered from 0 on, and their ticks do not descend.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  it is open for as long as this is there
        weakref.finalize(self, self._file.close)
        self._parts: list[Part] = []
        self._read: OrderedDict[int, pa.Table] = OrderedDict()
        self._count = self._size = 0
        self._last_tick = -1

    def __len__(self) -> int:
        return self._count

    def add(self, entries: pa.Table) -> None:
        """Put the next entries away."""
        for at in range(0, len(entries), PART):
            self._put(entries.slice(at, PART))

    def before(self, tick: int) -> int:
        """How many entries are of ticks before this one."""
        if tick > self._last_tick:
            return self._count
        number = bisect_left(self._parts, tick, key=attrgetter("tick")) - 1
        if number < 0:
            return 0
        return self._parts[number].first + int(np.searchsorted(self._part(number).column("tick").to_numpy(), tick))

    def between(self, first: int, last: int) -> Iterator[Mapping[str, Any]]:
        """The entries from number `first` on and before number `last`, by their columns."""
        number = max(bisect_right(self._parts, first, key=attrgetter("first")) - 1, 0)
        while number < len(self._parts) and self._parts[number].first < last:
            begins = self._parts[number].first
            offset = max(first - begins, 0)
            yield from self._part(number).slice(offset, max(last - begins - offset, 0)).to_pylist()
            number += 1

    def entries(self) -> Iterator[pa.Table]:
        """All of them, part by part."""
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
