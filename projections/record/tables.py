"""Converts a town's record to Arrow tables without unused rows, and back: the restored state is equal byte for byte.

Both directions follow the record's type, so a new field of the state needs no change here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from projections.record.state import CapacityClass, town_type


def tables(town: Any) -> dict[str, pa.Table]:
    """The state of a town (`town_type`) as tables: clock, seats, agents, ties, news, objects, jobs, ground."""
    clock = town["clock"]
    alive = np.flatnonzero(town["agents"]["alive"])
    agents = town["agents"][alive]
    ties = agents["ties"]
    holder, slot = np.nonzero(ties["known"])
    knower, piece = np.nonzero(agents["news"]["deed"])
    standing = np.flatnonzero(town["ground"])
    employed = np.flatnonzero(town["job_holder"])
    return {
        "clock": _table(np.atleast_1d(clock)),
        "seats": _table(town["seats"][: int(clock["seats"])]),
        "agents": _table(agents, {"seat": alive}, without=("ties", "news")),
        "ties": _table(ties[holder, slot], {"seat": alive[holder], "slot": slot}),
        "news": _table(agents["news"][knower, piece], {"seat": alive[knower], "slot": piece}),
        "objects": _table(town["objects"][: int(clock["objects"])]),
        "jobs": pa.table({"job": employed, "holder": town["job_holder"][employed]}),
        "ground": pa.table({"tile": standing, "stands": town["ground"][standing]}),
    }


def towns_from_tables(kept: Mapping[str, pa.Table], shape: CapacityClass) -> np.ndarray:
    """The town of these tables as an array of `town_type`, shape (1,); its cursor and outbox are empty.

    Tables that are no town's raise one of many errors: those of NumPy, of Arrow, and of missing names.
    """
    with np.errstate(invalid="raise"):
        return _towns(kept, shape)


def _towns(kept: Mapping[str, pa.Table], shape: CapacityClass) -> np.ndarray:
    towns = np.zeros(1, town_type(shape)).view(np.recarray)
    town = towns.view(np.ndarray)[0]
    _fill(town["clock"].reshape(1), kept["clock"])
    _fill(town["seats"][: len(kept["seats"])], kept["seats"])
    _fill(town["objects"][: len(kept["objects"])], kept["objects"])
    seats = kept["agents"].column("seat").to_numpy()
    agents = town["agents"][seats]
    _fill(agents, kept["agents"])
    town["agents"][seats] = agents
    _fill_slots(town["agents"]["ties"], kept["ties"])
    _fill_slots(town["agents"]["news"], kept["news"])
    town["job_holder"][kept["jobs"].column("job").to_numpy()] = kept["jobs"].column("holder").to_numpy()
    town["ground"][kept["ground"].column("tile").to_numpy()] = kept["ground"].column("stands").to_numpy()
    return towns


def _fill_slots(records: np.ndarray, table: pa.Table) -> None:
    rows = np.zeros(len(table), records.dtype)
    _fill(rows, table)
    records[table.column("seat").to_numpy(), table.column("slot").to_numpy()] = rows


def _table(rows: np.ndarray, first: Mapping[str, np.ndarray] | None = None, without: tuple[str, ...] = ()) -> pa.Table:
    columns: dict[str, Any] = dict(first or {})
    for name in rows.dtype.names or ():
        if name not in without:
            column = np.array(rows[name])  # a copy: Arrow would share the living town's memory
            columns[name] = _lists(column) if column.ndim > 1 else column
    return pa.table(columns)


def _lists(column: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(column.reshape(-1)), column.shape[1])


def _fill(rows: np.ndarray, table: pa.Table) -> None:
    for name in rows.dtype.names or ():
        if name in table.column_names:
            column = table.column(name).combine_chunks()
            if isinstance(column.type, pa.FixedSizeListType):
                # flatten() would import pyarrow.compute
                whole = column.values.to_numpy().reshape(-1, column.type.list_size)
                rows[name] = whole[column.offset :][: len(column)]
            else:
                rows[name] = column.to_numpy(zero_copy_only=False)
