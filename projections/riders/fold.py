"""Folds rows with riders: calls `evolve`, and each rider's kernels before and after it.

A rider is a module with its own field in `out` and three kernels: `before(town, plan, event, out)` sees the town before
the event is folded, `after(...)` sees it afterwards, and `tick(...)` at the end of a tick. They write only to `out`.
A new rider needs a field in `riders_type` and a line in `before`, `after`, `tick` and, if its buffer can fill up,
`has_room`.
"""

from functools import cache

import numpy as np

from eventlog.codes import TICK_ENDED
from projections.kernel import entry, kernel
from projections.record.event import event_of
from projections.record.possible import impossible, is_possible
from projections.record.state import TIES, CapacityClass
from projections.riders import tie_changes
from projections.town.evolve import evolve


@cache
def riders_type(shape: CapacityClass) -> np.dtype:
    """The type of `out`, the record that the riders of one town write to. It is no part of the state and its digest."""
    return np.dtype([("tie_changes", tie_changes.tie_changes_type(shape))])


@kernel
def before(town, plan, event, out):
    """Call each rider before the event is folded."""
    tie_changes.before(town, plan, event, out.tie_changes)


@kernel
def after(town, plan, event, out):
    """Call each rider after the event was folded."""
    tie_changes.after(town, plan, event, out.tie_changes)


@kernel
def tick(town, plan, event, out):
    """Call each rider at the end of a tick."""
    tie_changes.tick(town, plan, event, out.tie_changes)


@kernel
def has_room(town, out):
    """Whether every rider has room for any next event."""
    return tie_changes.has_room(town, out.tie_changes)


@entry
def board(towns, index, outs):
    """Prepare the riders' record `outs[index]`, which is all zeros, for a town that may already have people."""
    tie_changes.board(towns[index], outs[index].tie_changes)


@entry
def fold_rows_with_riders(towns, plans, index, rows, first, outs):
    """Fold `rows[first:]` onto one town with its riders.

    Returns the index of the first row that was not folded; len(rows): none is left. Stops early if a rider's buffer in
    `outs[index]` is nearly full: drain it and call again. Stops with `impossible` at a row that cannot have happened.
    """
    town, out = towns[index], outs[index]
    for i in range(first, len(rows)):
        if not has_room(town, out):
            return i
        plan, event = plans[town.clock.epoch], event_of(town, rows[i])
        if not is_possible(town, plan, len(plans), rows[i]):
            return impossible(i)
        before(town, plan, event, out)
        evolve(town, plan, event)
        after(town, plan, event, out)
        if event.kind == TICK_ENDED:
            tick(town, plan, event, out)
    return len(rows)


@entry
def open_decays(towns, plans, index, outs, rows):
    """Write a `decayed` row for each tie that has decayed since its last row; returns their number.

    `rows` is an array of TIE_CHANGE, shape (agents x TIES,). The riders' memory does not change.
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
