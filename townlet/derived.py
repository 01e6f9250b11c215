"""Tables that are folded from a run's events when they are asked for, and kept beside its log: `derived/`.

A file's name holds what made it: the table, its version, the folds' sources and settings, and the history it was folded
from. It is derived: it can be deleted at any time, and one that does not read is made again.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from eventlog.reader import LogReader
from townlet.configuration.load import names_table

if TYPE_CHECKING:
    from townlet.run import Run


KEPT = 8
"""How many files of one table are kept: of the ticks, and the histories, asked for last."""


def tie_changes(run: "Run", tick: int) -> pa.Table:
    """Every change of every tie before `tick`, with its cause: as the rider tells it, with the names of persons.

    `owner`, `other` are names, `owner_id`, `other_id` numbers. Raises LogDamaged.
    """
    from projections.riders.tie_table import TieChanges
    from townlet.town import Town, fold_identity

    log = run.log
    identity = fold_identity([epoch.config_id for epoch in run.epochs])
    made_of = {"version": TieChanges.version, "history": history_digest(log, tick), **identity}
    table = _kept(run, TieChanges.name, made_of)
    if table is None:
        town = Town(run.settings)
        rider = TieChanges(town.towns, town.plans)
        for rows in log.rows(to_tick=tick):
            rider.fold(np.ascontiguousarray(rows))
        table = rider.tables()[TieChanges.name]
        _keep(run, TieChanges.name, made_of, table)
    return _named(run, table)


def history_digest(log: LogReader, tick: int) -> str:
    """The digest of all events before `tick`, in hex: equal for equal histories."""
    return log.digest_at(log.seq_at(tick))[1].hex()


def _named(run: "Run", table: pa.Table) -> pa.Table:
    """The table with persons by name, and their numbers beside them."""
    columns: dict[str, Any] = {}
    for name in table.column_names:
        columns[name] = table.column(name)
        if name in ("owner", "other"):
            columns[f"{name}_id"] = table.column(name)
            columns[name] = pa.array(names_table(run.config, table.column(name).to_numpy()), pa.string())
    return pa.table(columns)


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
