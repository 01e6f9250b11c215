"""Tables that are folded from a run's events when they are asked for, and kept beside its log: `derived/`.

A file's name holds what made it: the table, its version, the folds' sources and settings, and the history it was folded
from. It is derived: it can be deleted at any time, and one that does not read is made again.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from townlet.configuration.load import names_table
from townlet.configuration.settings import Settings
from townlet.identity import rider_identity

if TYPE_CHECKING:
    from townlet.run import Run


TIE_CHANGES = "tie_changes"

KEPT = 8
"""How many files of one table are kept: of the ticks, and the histories, asked for last."""


def tie_changes(run: "Run", tick: int) -> pa.Table:
    """Every change of every tie before `tick`, with its cause: as the rider tells it, with the names of persons.

    `owner`, `other` are names, `owner_id`, `other_id` numbers. Raises LogDamaged.
    """
    seq = run.log.seq_at(tick)
    made_of = {"history": run.log.digest_at(seq)[1].hex(), **rider_identity(TIE_CHANGES, run.epochs, seq)}
    table = _kept(run, TIE_CHANGES, made_of)
    if table is None:
        table = _told(run, tick)
        _keep(run, TIE_CHANGES, made_of, table)
    return named(run.config, table)


def _told(run: "Run", tick: int) -> pa.Table:
    """What the rider tells of the events before `tick`."""
    from projections.riders.tie_table import TieChanges  # brings Numba
    from townlet.town import Town

    town = Town(run.settings)
    rider = TieChanges(town.towns, town.plans)
    for rows in run.log.rows(to_tick=tick):
        rider.fold(np.ascontiguousarray(rows))
    table: pa.Table = rider.tables()[TieChanges.name]
    return table


def named(settings: Settings, changes: pa.Table) -> pa.Table:
    """The changes with persons by name, and their numbers beside them."""
    for field in ("owner", "other"):
        place, persons = changes.column_names.index(field), changes.column(field)
        names = pa.array(names_table(settings, persons.to_numpy()), pa.string())
        changes = changes.set_column(place, field, names).add_column(place + 1, f"{field}_id", persons)
    return changes


def _path(run: "Run", name: str, made_of: Mapping[str, object]) -> Path:
    key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]
    return run.path / "derived" / f"{name}-{key}.arrow"


def _kept(run: "Run", name: str, made_of: Mapping[str, object]) -> pa.Table | None:
    """The table as it was kept; None without one that reads."""
    try:
        return pa.ipc.open_file(pa.py_buffer(_path(run, name, made_of).read_bytes())).read_all()
    except (OSError, pa.ArrowInvalid):
        return None


def _keep(run: "Run", name: str, made_of: Mapping[str, object], table: pa.Table) -> None:
    """Keep the table, and the newest few of its name; where the folder cannot be written, it is made anew each time."""
    path = _path(run, name, made_of)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    try:
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(sink.getvalue())
        unfinished.rename(path)
        made = sorted(path.parent.glob(f"{name}-*.arrow"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in made[KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
