"""What everybody earned in a run, under its own reward settings or any others: folded from the log, never simulated.

The rider's state is kept in `derived/reward_marks/<maker>/` at marks, one for each `checkpoint_ticks`. So a stretch of
ticks is folded from the last mark before it. Marks are derived data: those that are damaged, or of another version,
other settings or another history, are ignored and folded again. All of them can be deleted at any time.
"""

import contextlib
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from eventlog.checkpoints import CheckpointStore, keep_last_used
from eventlog.folder.belongings import remove_state
from eventlog.folder.manifest import Epoch
from projections.settings import Rewards
from townlet.configuration.load import load, names_table
from townlet.configuration.settings import Settings
from townlet.living.identity import rider_identity

if TYPE_CHECKING:
    from townlet.history.history import History

MARKS = "reward_marks"

KEPT = 8
"""For how many reward settings marks are kept: for those that were asked for last."""


def rewards(
    run: "History",
    from_tick: int = 0,
    to_tick: int | None = None,
    settings: "Rewards | Mapping[str, Any] | None" = None,
) -> pa.Table:
    """What everybody earned in each tick from `from_tick` on and before `to_tick` (None: now).

    A row for each person and tick, in order of tick and seat: `tick, agent, agent_id, ended`, the ten terms `survival,
    needs, shaping, wage, punctuality, social, company, terminal, guard, clip`, their sum `total`, and `episode`, the
    sum of `total` over the episode so far. `ended` is `left`, `cut_off` or NULL. Each tick is paid by the reward
    settings of its own epoch; `settings` replace these, as a whole or key by key. A row takes 118 bytes of memory.
    Raises TickOutOfRange, ConfigurationError, LogDamaged.
    """
    last = run.head.tick
    until = last if to_tick is None else to_tick
    run.require(from_tick, until)
    paid = [settings_of(each, settings) for each in run.settings]
    return _with_names(run, _earned_rows(run, min(from_tick, until), until, paid))


def settings_of(lived: Settings, given: "Rewards | Mapping[str, Any] | None") -> Rewards:
    """The reward settings for an epoch: its own (`given` is None), its own with some keys changed, or `given` itself.

    Raises ConfigurationError.
    """
    if given is None:
        return lived.rewards
    return given if isinstance(given, Rewards) else load(lived, {"rewards": given}).settings.rewards


def _earned_rows(run: "History", from_tick: int, to_tick: int, paid: Sequence[Rewards]) -> pa.Table:
    """The rows of a stretch of ticks, folded from the mark before it; the marks up to its end are kept."""
    from projections.reward_table import Earnings, at_mark  # brings Numba
    from projections.rewards import compile_terms

    log, store = run.log, CheckpointStore(run.path, f"derived/{MARKS}/{_maker(run.epochs, paid)}")
    kept = store.nearest(log.head.tick, lambda seq: rider_identity(MARKS, run.epochs, seq), log)
    if kept is not None and store.is_in_place:
        with contextlib.suppress(OSError):
            os.utime(store.path)
    mark, tables = (0, {}) if kept is None else at_mark(kept.tables(), from_tick)
    town = run.at(mark).town if mark else run.empty_town()
    scale = run.settings[0].town.scale
    terms = np.concatenate([compile_terms(each, scale) for each in paid]).view(np.recarray)
    mark_ticks = run.settings[0].checkpoint_ticks
    earnings = Earnings(town.towns, town.plans, terms, mark_ticks=mark_ticks, since=from_tick)
    if mark:
        earnings.restore(tables)
    for rows in log.rows(from_seq=town.seq, to_tick=to_tick):
        earnings.fold(np.ascontiguousarray(rows))
    if store.is_in_place and to_tick - mark >= mark_ticks and (kept is None or kept.point.tick < to_tick):
        with contextlib.suppress(OSError):  # without a writable folder they are folded again each time
            _keep(run, store, to_tick, earnings.tables())
    return earnings.earned_rows()


def _maker(epochs: Sequence[Epoch], paid: Sequence[Rewards]) -> str:
    """Sixteen hex digits that identify the code that makes the marks and the settings that pay each epoch."""
    identity = rider_identity(MARKS, epochs, 0)
    made_by = [*sorted(identity.items()), *(each.model_dump_json() for each in paid)]
    return hashlib.sha256(repr(made_by).encode()).hexdigest()[:16]


def _keep(run: "History", store: CheckpointStore, tick: int, tables: Mapping[str, pa.Table]) -> None:
    """Keep the marks up to a tick, in place of those that ended before it. Raises OSError."""
    earlier, point = store.ticks(), run.log.point_at(tick)
    store.write(tables, point, rider_identity(MARKS, run.epochs, point.seq))
    for each in earlier:
        if each != tick:
            with contextlib.suppress(OSError):
                remove_state(store.path / f"{each:012}")
    keep_last_used(store.path.parent, KEPT)


def _with_names(run: "History", earned: pa.Table) -> pa.Table:
    """The rows with `agent`, the name, before the number."""
    persons, person = np.unique(earned.column("agent_id").to_numpy(), return_inverse=True)
    names = pa.array(names_table(run.config, persons), pa.string())
    return earned.add_column(1, "agent", pa.DictionaryArray.from_arrays(person.astype(np.int32), names))
