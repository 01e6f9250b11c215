"""The projection `tie_changes`: a table of every change of every tie, folded from a log."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from eventlog.catalogue import KIND_NAMES
from eventlog.catalogue.registries import SIDES
from eventlog.rows import Rows
from projections.record.state import CLASSES, TIES
from projections.refusing import require_folded
from projections.riders.fold import board, fold_rows_with_riders, open_decays, riders_type
from projections.riders.tie_changes import TIE_CHANGE, Change, Loss
from projections.versions import VERSIONS


class TieChanges:
    """Folds a log into the table `tie_changes` and the memory that a checkpoint of it needs.

    It folds onto `towns[0]` (a view as `np.recarray` of `town_type`), which nobody else may use: an empty town at the
    beginning of a log, else the state at the tick of the first row. `plans` has the plan of each epoch.
    """

    name: ClassVar[str] = "tie_changes"
    version: ClassVar[int] = VERSIONS["tie_changes"]

    def __init__(self, towns: Any, plans: Any) -> None:
        shape = next(shape for shape in CLASSES.values() if shape.agents == towns["agents"].shape[1])
        self._towns, self._plans = towns, plans
        self._outs = np.zeros(1, riders_type(shape)).view(np.recarray)
        self._told: list[pa.Table] = [table_of(np.zeros(0, TIE_CHANGE))]
        board(towns, 0, self._outs)

    def fold(self, events: Rows) -> None:
        """Fold the next rows of the log. The tables do not depend on how the log is cut into calls."""
        rows, first = np.asarray(events).view(np.recarray), 0
        while first < len(rows):
            first = fold_rows_with_riders(self._towns, self._plans, 0, rows, first, self._outs)
            self._drain()
            require_folded(self.name, first, rows, self._towns, self._plans)

    def tables(self) -> dict[str, pa.Table]:
        """`tie_changes`, with the decay up to now as its last rows, and `tie_memory`, which `restore` needs."""
        told = pa.concat_tables([*self._told, table_of(self._open_rows())]).combine_chunks()
        return {"tie_changes": told, "tie_memory": self._memory()}

    def restore(self, tables: Mapping[str, pa.Table]) -> None:
        """Continue from `tables()`. `towns[0]` must have the state of the same tick.

        Raises `ValueError` if it has other ties.
        """
        memory = tables["tie_memory"]
        ledgers = self._outs["tie_changes"]["ledgers"][0].view(np.ndarray)["ties"]
        seats, slots = memory.column("seat").to_numpy(), memory.column("slot").to_numpy()
        if not np.array_equal(np.argwhere(ledgers["tie"]["known"]), np.stack([seats, slots], axis=1)):
            raise ValueError(f"the {len(memory)} ties of tie_memory are not the town's: restore both of one tick")
        for name in ("hours", "hour_seq", "hour_tick"):
            ledgers[name][seats, slots] = memory.column(name).to_numpy()
        for side, name in enumerate(SIDES):
            ledgers["told"][seats, slots, side] = memory.column(f"told_{name}").to_numpy()
        changes = tables["tie_changes"]
        self._told = [changes.slice(0, len(changes) - int(np.count_nonzero(memory.column("hours").to_numpy())))]

    def _drain(self) -> None:
        out = self._outs["tie_changes"]
        count = int(out["count"][0])
        if count:
            self._told.append(table_of(out["rows"][0][:count]))
            out["count"][0] = 0

    def _open_rows(self) -> np.ndarray:
        rows = np.zeros(self._towns["agents"].shape[1] * TIES, TIE_CHANGE).view(np.recarray)
        return rows[: open_decays(self._towns, self._plans, 0, self._outs, rows)]

    def _memory(self) -> pa.Table:
        ledgers = self._outs["tie_changes"]["ledgers"][0].view(np.ndarray)["ties"]
        seats, slots = np.nonzero(ledgers["tie"]["known"])
        held = ledgers[seats, slots]
        columns = {"seat": seats, "slot": slots} | {name: held[name] for name in ("hours", "hour_seq", "hour_tick")}
        return pa.table(columns | {f"told_{name}": held["told"][:, side] for side, name in enumerate(SIDES)})


def table_of(rows: np.ndarray) -> pa.Table:
    """Rows of TIE_CHANGE as a table with a column for each dimension and words for codes; persons are numbers."""
    plain = rows.view(np.ndarray)
    columns: dict[str, Any] = {}
    for name in TIE_CHANGE.names or ():
        values = np.ascontiguousarray(plain[name])
        if values.ndim > 1:
            columns |= {f"{name}_{side}": np.ascontiguousarray(values[:, i]) for i, side in enumerate(SIDES)}
        else:
            columns[name] = values
    columns["kind"] = _words(columns["kind"], KIND_NAMES)
    columns["change"] = _words(columns["change"], _names(Change))
    columns["reason"] = _words(columns["reason"], _names(Loss))
    return pa.table(columns)


def _names(codes: type[IntEnum]) -> dict[int, str]:
    return {int(code): code.name.lower() for code in codes}


def _words(codes: np.ndarray, names: Mapping[int, str]) -> pa.DictionaryArray:
    """The names of codes; null for -1."""
    index = np.searchsorted(list(names), codes).astype(np.int8)
    return pa.DictionaryArray.from_arrays(pa.array(index, mask=codes < 0), pa.array(names.values(), pa.string()))
