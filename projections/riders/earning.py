"""Folds rows together with the reward rider: the rows of a log, or those that a living town records."""

import numpy as np

from eventlog.codes import (
    AGENT_ARRIVED,
    AGENT_EXITED,
    AGENT_FAINTED,
    ARRIVED_LATE,
    CHAT_SUCCEEDED,
    EPISODE_ENDED,
    EVICTION_SERVED,
    QUEUE_HANDOVER,
    SETTINGS_CHANGED,
    SHIFT_STARTED,
    TICK_ENDED,
)
from projections.kernel import entry, kernel
from projections.record.event import event_of
from projections.record.possible import impossible, is_possible
from projections.riders.rewards import C1, C2, COLUMNS, after, before, potential, tick
from projections.town.evolve import evolve

NOTED = (
    AGENT_ARRIVED,
    AGENT_EXITED,
    AGENT_FAINTED,
    ARRIVED_LATE,
    EPISODE_ENDED,
    EVICTION_SERVED,
    SETTINGS_CHANGED,
    SHIFT_STARTED,
)
"""Kinds of events that the rider has to see, at any stage."""

EARNED = np.dtype(
    [
        ("tick", "i8"),
        ("seat", "i8"),
        ("person", "i8"),
        ("done", "i8"),
        *((name, "f8") for name in COLUMNS),
        ("episode", "f8"),
    ]
)
"""A row of the reward table: what somebody earned in a tick."""


@kernel
def fold_row_rewarded(town, plan, row, terms, out):
    """Fold one recorded row onto a town with the reward rider; returns whether it ended a tick.

    After the end of a tick the rows of `out` are complete. `terms` is a record of TERMS, `out` one of `rewards_type`.
    Only folds may have written to the town.
    """
    event = event_of(town, row)
    before(town, plan, event, terms, out)
    evolve(town, plan, event)
    after(town, plan, event, terms, out)
    if event.kind == TICK_ENDED:
        tick(town, plan, event.tick, terms, out)
        return True
    return False


@kernel
def earn(town, shadow, plans, terms, out, first):
    """Pay everybody in a living town for its last tick, or the founding, whose rows are in the outbox from `first` on.

    `shadow` is the same town some events ago; `plans` and `terms` have a record for each epoch. Needs and wages are
    read from the town itself. The shadow is folded only if a rider must see the town before an event, then for many
    ticks together. So call `catch_up` up to the last row before you drain the outbox.
    """
    last = town.cursor.pending
    if is_any_noted(town, terms[town.clock.epoch], first, last):
        catch_up(town, shadow, plans, first)
        for i in range(first, last):
            epoch, event = shadow.clock.epoch, event_of(shadow, town.outbox[i])
            before(shadow, plans[epoch], event, terms[epoch], out)
            evolve(shadow, plans[epoch], event)
            after(shadow, plans[epoch], event, terms[epoch], out)
    if first < last and np.int64(town.outbox[last - 1].kind) == TICK_ENDED:
        epoch = town.clock.epoch
        tick(town, plans[epoch], town.clock.tick - 1, terms[epoch], out)


@kernel
def catch_up(town, shadow, plans, last):
    """Fold onto the shadow the rows of the town's outbox before index `last` that it has not folded yet."""
    for i in range(town.cursor.pending - (town.clock.seq - shadow.clock.seq), last):
        evolve(shadow, plans[shadow.clock.epoch], event_of(shadow, town.outbox[i]))


@kernel
def is_any_noted(town, terms, first, last):
    """Whether any of the outbox rows `first` to `last` - 1 is of a kind that needs `before`, `after` or a new epoch."""
    for i in range(first, last):
        kind = np.int64(town.outbox[i].kind)
        if kind in NOTED or (kind == CHAT_SUCCEEDED and terms.stage >= C1):
            return True
        if kind == QUEUE_HANDOVER and terms.stage >= C2:
            return True
    return False


@kernel
def tell(row, tick, seat, told):
    """Copy a seat's row of EARNING to `told`, a row of EARNED."""
    told.tick, told.seat, told.person, told.done = tick, seat, row.person, row.done
    told.survival, told.needs, told.shaping, told.wage = row.survival, row.needs, row.shaping, row.wage
    told.punctuality, told.social, told.company = row.punctuality, row.social, row.company
    told.terminal = row.terminal
    told.guard, told.clipped, told.total, told.episode = row.guard, row.clipped, row.total, row.episode


@entry
def board_rewards(towns, plans, index, terms, outs):
    """Prepare the rider's record `outs[index]`, which is all zeros, for a town that may already have people.

    Assumes that the present episodes have brought 0 so far and that nobody was terminated.
    """
    town, out = towns[index], outs[index]
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            out.seats[a].potential = potential(terms[town.clock.epoch], town.agents[a])


@entry
def fold_rows_rewarded(towns, plans, index, rows, first, terms, outs, since, told):
    """Fold `rows[first:]` onto one town with the reward rider; `plans` and `terms` have a record for each epoch.

    Returns the index of the first row that was not folded (len(rows): none is left), and the number of rows written to
    `told`, an array of EARNED, for ticks from `since` on. Stops early if `told` has no room for another tick.
    """
    town, out, count = towns[index], outs[index], np.int64(0)
    for i in range(first, len(rows)):
        if count + len(out.seats) > len(told):
            return i, count
        epoch = town.clock.epoch
        if not is_possible(town, plans[epoch], len(plans), rows[i]):
            return impossible(i), count
        if fold_row_rewarded(town, plans[epoch], rows[i], terms[epoch], out) and town.clock.tick > since:
            for a in range(town.clock.seats):
                if out.seats[a].present == 1:
                    tell(out.seats[a], town.clock.tick - 1, np.int64(a), told[count])
                    count += 1
    return len(rows), count
