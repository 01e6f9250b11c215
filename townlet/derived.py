"""Tables folded from a run's events when they are asked for, and kept beside its log: `derived/<table>/<maker>/`.

Each is kept as a checkpoint of its projection is: with its place in the log, the digest of the history before it, and
what made it. A later tick is caught up from the nearest one that still lies on the run's history; one that is damaged,
of another version, or of another history is passed over and made anew. All of it can be deleted at any time.

What another version made lies in a folder of its own, so a projection is rebuilt beside the old one; the old one goes
when the new one has come as far.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from eventlog.checkpoints import Checkpoint, CheckpointStore
from eventlog.head import Point
from townlet.configuration.load import names_table
from townlet.configuration.settings import Settings
from townlet.identity import rider_identity

if TYPE_CHECKING:
    from townlet.run import Run


TIE_CHANGES = "tie_changes"

KEPT = 8
"""How many states of one table are kept: of the ticks, and the histories, asked for last."""


def tie_changes(run: "Run", tick: int) -> pa.Table:
    """Every change of every tie before `tick`, with its cause: as the rider tells it, with the names of persons.

    `owner`, `other` are names, `owner_id`, `other_id` numbers. Raises LogDamaged.
    """
    return named(run.config, _tables(run, tick)[TIE_CHANGES])


def named(settings: Settings, changes: pa.Table) -> pa.Table:
    """The changes with persons by name, and their numbers beside them."""
    for field in ("owner", "other"):
        place, persons = changes.column_names.index(field), changes.column(field)
        names = pa.array(names_table(settings, persons.to_numpy()), pa.string())
        changes = changes.set_column(place, field, names).add_column(place + 1, f"{field}_id", persons)
    return changes


def _tables(run: "Run", tick: int) -> Mapping[str, pa.Table]:
    """What the rider of tie changes tells and remembers at a tick, kept or caught up."""
    log = run.log
    store = CheckpointStore(run.path, f"derived/{TIE_CHANGES}/{_maker(run)}")

    def identity_at(seq: int) -> dict[str, str]:
        return rider_identity(TIE_CHANGES, run.epochs, seq)

    kept = store.nearest(tick, identity_at, log)
    if kept is not None and kept.point.tick == tick:
        with contextlib.suppress(OSError):
            os.utime(kept.path)
        return kept.tables()
    seq = log.seq_at(tick)
    tables = _caught_up(run, tick, kept)
    block_digest, digest = log.digest_at(seq)
    with contextlib.suppress(OSError):  # where nothing can be written it is made anew each time
        store.write(tables, Point(tick, seq, block_digest.hex(), digest.hex()), identity_at(seq))
        _prune(store.path)
        _retire_others(store, tick)
    return tables


def _maker(run: "Run") -> str:
    """What folds the table, whatever the settings it is folded under: its versions and sources, in 16 hex digits."""
    made_by = {name: value for name, value in rider_identity(TIE_CHANGES, run.epochs, 0).items() if name != "epochs"}
    return hashlib.sha256(repr(sorted(made_by.items())).encode()).hexdigest()[:16]


def _retire_others(store: CheckpointStore, tick: int) -> None:
    """Remove what other versions kept, where none of it is of a later tick than `tick`."""
    for other in store.path.parent.iterdir():
        if other != store.path and max(CheckpointStore(other.parent, other.name).ticks(), default=0) <= tick:
            shutil.rmtree(other, ignore_errors=True)


def _caught_up(run: "Run", tick: int, kept: Checkpoint | None) -> dict[str, pa.Table]:
    """The rider's tables at a tick, folded on from where it was kept, or from the first event."""
    from projections.riders.tie_table import TieChanges  # brings Numba
    from townlet.town import Town

    town = Town(run.settings) if kept is None else run.at(kept.point.tick).town
    rider = TieChanges(town.towns, town.plans)
    if kept is not None:
        rider.restore(kept.tables())
    for rows in run.log.rows(from_seq=town.seq, to_tick=tick):
        rider.fold(np.ascontiguousarray(rows))
    return rider.tables()


def _prune(folder: Path) -> None:
    """Remove what was not asked for longest."""
    used = []
    for each in folder.iterdir():
        with contextlib.suppress(OSError):
            used.append((each.stat().st_mtime_ns, each))
    for _, old in sorted(used, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
