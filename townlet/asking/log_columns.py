"""The columns of a log's events between two ticks, each read when it is first asked for."""

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
import pyarrow as pa

from eventlog.catalogue import KINDS
from eventlog.format.arrow import SCHEMA
from eventlog.format.sealing import BATCH_EVENTS
from eventlog.reader import LogReader
from eventlog.views import KIND_BY_NAME

KIND_NAME: Final = "kind_name"
"""The kind by its name, which is made of `kind`."""

_PLACES: Final = np.full(2**16, len(KINDS), np.uint8)
"""Where the name of each kind stands among the names, by its code; those of no kind stand behind."""
_PLACES[[kind.kind for kind in KINDS]] = np.arange(len(KINDS), dtype=np.uint8)


class LogColumns:
    """Columns of the events with `from_tick <= tick < to_tick`; what was read is held, and nothing else is.

    Batches that lie outside are not opened; of the others every byte is checked.
    """

    def __init__(self, log: LogReader, from_tick: int, to_tick: int) -> None:
        self.from_tick, self.to_tick = from_tick, to_tick
        self._log = log
        self._held: dict[str, pa.Array] = {}

    def holds(self, names: Collection[str]) -> bool:
        """Whether these columns were read before."""
        return all(name in self._held for name in names)

    def read(self, names: Collection[str]) -> dict[str, pa.Array]:
        """These columns, of the log's schema or `KIND_NAME`, by name, all of one length. Raises LogDamaged."""
        stored = {"kind" if name == KIND_NAME else name for name in names}
        self._read(sorted(stored - set(self._held)))
        if KIND_NAME in names and KIND_NAME not in self._held:
            self._held[KIND_NAME] = _kind_names(self._held["kind"])
        return {name: self._held[name] for name in names}

    def of(self, kind: int, names: Iterable[str]) -> dict[str, np.ndarray]:
        """These columns of the events of one kind."""
        wanted = list(names)
        columns = self.read([*wanted, "kind"])
        chosen = np.flatnonzero(np.asarray(columns["kind"]) == kind)
        return {name: np.asarray(columns[name])[chosen] for name in wanted}

    def _read(self, names: list[str]) -> None:
        if not names:
            return
        parts: dict[str, list[pa.Array]] = {name: [] for name in names}
        for batch in self._log.batches(from_tick=self.from_tick, to_tick=self.to_tick):
            for name in names:
                parts[name].append(batch.column(name))
        self._held |= {name: _joined(name, arrays) for name, arrays in parts.items()}


def _joined(name: str, parts: list[pa.Array]) -> pa.Array:
    """The parts of a column as one array: DuckDB reads few large ones several times faster."""
    if not parts:
        return pa.array([], SCHEMA.field(name).type)
    if name == "note":
        return pa.concat_arrays(parts)
    return pa.array(np.concatenate([part.to_numpy() for part in parts]))


def _kind_names(kinds: pa.Array) -> pa.Array:
    """The kinds by name, as codes of a dictionary: grouped and compared without their text."""
    codes, numbers = np.empty(len(kinds), np.uint8), np.asarray(kinds)
    for first in range(0, len(codes), BATCH_EVENTS):  # what take() makes of the whole would be eight bytes an event
        here = slice(first, first + BATCH_EVENTS)
        np.take(_PLACES, numbers[here], out=codes[here], mode="clip")
    return pa.DictionaryArray.from_arrays(codes, [*KIND_BY_NAME, "unknown"])
