"""Folding with the rider that pays: a log's rows, or what a living town records, tick by tick."""

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
"""Kinds of events that are seen for what they are worth, at any stage."""

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
"""A row that is told: what somebody earned in a tick."""


@kernel
def fold_row_rewarded(town, plan, row, terms, out):
    """Fold one recorded row onto a town, with what it earns. Whether it ended a tick: then every row of `out` stands.

    `terms` is a record of TERMS, `out` one of `rewards_type`; the town is one that only folds have written.
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
    """Pay everybody in a living town for the tick that it has just lived, or founding: its outbox from `first` on.

    `shadow` is the same town some events ago; `plans` and `terms` have a record for each epoch. Needs and wages are
    read off the town itself. The shadow comes along only where an event has to be seen as it found the town, many ticks
    at a time. So before the outbox is drained, `catch_up` with it to the last row.
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
    """Fold the rows of the town's outbox before `last` that the shadow has not folded yet."""
    for i in range(town.cursor.pending - (town.clock.seq - shadow.clock.seq), last):
        evolve(shadow, plans[shadow.clock.epoch], event_of(shadow, town.outbox[i]))


@kernel
def is_any_noted(town, terms, first, last):
    """Whether a row of the outbox is of a kind that `before` or `after` note, or puts the town under other settings."""
    for i in range(first, last):
        kind = np.int64(town.outbox[i].kind)
        if kind in NOTED or (kind == CHAT_SUCCEEDED and terms.stage >= C1):
            return True
        if kind == QUEUE_HANDOVER and terms.stage >= C2:
            return True
    return False


@kernel
def tell(row, tick, seat, told):
    """Copy a seat's row."""
    told.tick, told.seat, told.person, told.done = tick, seat, row.person, row.done
    told.survival, told.needs, told.shaping, told.wage = row.survival, row.needs, row.shaping, row.wage
    told.punctuality, told.social, told.terminal = row.punctuality, row.social, row.terminal
    told.guard, told.clipped, told.total, told.episode = row.guard, row.clipped, row.total, row.episode


@entry
def board_rewards(towns, plans, index, terms, outs):
    """Let the rider see a town that is under way for the first time. `outs[index]` is all zeros.

    What it cannot know counts as nothing: what the episodes under way have brought so far, and who was terminated.
    """
    town, out = towns[index], outs[index]
    for a in range(town.clock.seats):
        if town.agents[a].alive:
            out.seats[a].potential = potential(terms[town.clock.epoch], town.agents[a])


@entry
def fold_rows_rewarded(towns, plans, index, rows, first, terms, outs, since, told):
    """Fold `rows[first:]` onto one town, with what it earns; `terms` has a record for each epoch, as `plans` has.

    Gives the first row that was not folded (all were if len(rows)) and how many rows stand in `told`, an array of
    EARNED, for ticks from `since` on. It stops early where `told` has no room for another tick.
    """
    town, out, count = towns[index], outs[index], np.int64(0)
    for i in range(first, len(rows)):
        if count + len(out.seats) > len(told):
            return i, count
        epoch = town.clock.epoch
        if fold_row_rewarded(town, plans[epoch], rows[i], terms[epoch], out) and town.clock.tick > since:
            for a in range(town.clock.seats):
                if out.seats[a].present == 1:
                    tell(out.seats[a], town.clock.tick - 1, np.int64(a), told[count])
                    count += 1
    return len(rows), count
