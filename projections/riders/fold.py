"""Folding with riders: the same `evolve` as everywhere, with each rider's kernels around it.

A rider is a module with a field of its own in `out` and three kernels: `before(town, plan, event, out)`, which sees the
town as the event finds it, `after(...)`, which sees what the event made of it, and `tick(...)` at the end of a tick.
They write to `out` alone. This module lists the riders: a new one has its field in `riders_type` and its line in
`before`, `after`, `tick` and, where its buffer can fill up, `has_room`.
"""

from functools import cache

import numpy as np

from eventlog.codes import TICK_ENDED
from projections.kernel import entry, kernel
from projections.record.event import event_of
from projections.record.state import TIES, CapacityClass
from projections.riders import tie_changes
from projections.town.evolve import evolve


@cache
def riders_type(shape: CapacityClass) -> np.dtype:
    """The `out` record of one town: what its riders write to, outside the state and its digest."""
    return np.dtype([("tie_changes", tie_changes.tie_changes_type(shape))])


@kernel
def before(town, plan, event, out):
    """Each rider sees the town as the event finds it."""
    tie_changes.before(town, plan, event, out.tie_changes)


@kernel
def after(town, plan, event, out):
    """Each rider sees what the event made of the town."""
    tie_changes.after(town, plan, event, out.tie_changes)


@kernel
def tick(town, plan, event, out):
    """Each rider sees the town at the end of a tick."""
    tie_changes.tick(town, plan, event, out.tie_changes)


@kernel
def has_room(town, out):
    """Whether every rider has room for whatever event comes next."""
    return tie_changes.has_room(town, out.tie_changes)


@entry
def board(towns, index, outs):
    """Let the riders of one town see it for the first time, new or under way. `outs[index]` is all zeros."""
    tie_changes.board(towns[index], outs[index].tie_changes)


@entry
def fold_rows_with_riders(towns, plans, index, rows, first, outs):
    """Fold `rows[first:]` onto one town with its riders; the first row that was not folded: all were if len(rows).

    It stops early when a rider's buffer in `outs[index]` is nearly full: drain it and call again.
    """
    town, out = towns[index], outs[index]
    for i in range(first, len(rows)):
        if not has_room(town, out):
            return i
        plan, event = plans[town.clock.epoch], event_of(town, rows[i])
        before(town, plan, event, out)
        evolve(town, plan, event)
        after(town, plan, event, out)
        if event.kind == TICK_ENDED:
            tick(town, plan, event, out)
    return len(rows)


@entry
def open_decays(towns, plans, index, outs, rows):
    """What ties have lost to time since their last rows, into `rows`, TIE_CHANGE[agents x TIES]; how many there are.

    Nothing else changes: the next cause of each tie still finds its hours.
    """
    town, out, count = towns[index], outs[index].tie_changes, np.int64(0)
    plan = plans[town.clock.epoch]
    for a in range(town.clock.seats):
        for slot in range(TIES):
            memory = out.ledgers[a].ties[slot]
            if memory.hours > 0:
                tie_changes.fill_decay(plan, town.agents[a], memory, rows[count])
                count += 1
    return count
