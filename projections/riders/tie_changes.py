"""The rider `tie_changes`: writes a row for every change of every tie.

docs/world/RELATIONSHIP_MODEL.md, Why a tie is what it is, lists its columns.
In every row ((before + adjusted) + clamp) == after, exactly in float64, and `before` is the `after` of the tie's last
row. The hours between two causes are one `decayed` row: `before` multiplied `hours` times by `retention` is `after`.
"""

from enum import IntEnum
from functools import cache

import numpy as np

from eventlog.codes import (
    AGENT_EXITED,
    CHAT_FAILED,
    CHAT_SUCCEEDED,
    LATE_HELP,
    MEAL_GIVEN,
    MONEY_LENT,
    MONEY_RETURNED,
    NEWS_TOLD,
    QUEUE_CONFLICT,
    QUEUE_HANDOVER,
    SETTINGS_CHANGED,
    SHARED_MEAL,
    SHIFT_TAKEOVER,
    TICK_ENDED,
    TIE_SET,
    TRAIT_FORGIVENESS,
    TRAIT_GIVEN,
)
from projections.kernel import kernel
from projections.record.event import NONE
from projections.record.state import TIE, TIES, CapacityClass
from projections.record.words import FAMILIARITY, RIVALRY, TRUST
from projections.town.news import heard_delta, is_there, share_believed
from projections.town.ties import adjusted_delta, fade, personal_delta, raw_delta, rivalry_retention, tie_with


class Change(IntEnum):
    """The kind of change that a row records. Rows of one tie are in order by (seq, change)."""

    DECAYED = 0
    ADDED = 1
    UPDATED = 2
    SET = 3
    REFUSED = 4
    REMOVED = 5


class Loss(IntEnum):
    """Why a tie was removed."""

    CAPACITY = 0
    DECAY = 1
    DEPARTED = 2
    COMMAND = 3


DECAYED, ADDED, UPDATED, SET, REFUSED, REMOVED = map(np.int64, Change)
FOR_CAPACITY, BY_DECAY, DEPARTED, BY_COMMAND = map(np.int64, Loss)

REMEMBERED = (
    CHAT_SUCCEEDED,
    CHAT_FAILED,
    SHARED_MEAL,
    QUEUE_HANDOVER,
    QUEUE_CONFLICT,
    SHIFT_TAKEOVER,
    LATE_HELP,
    MEAL_GIVEN,
    MONEY_LENT,
    MONEY_RETURNED,
)
"""Kinds that change the ties of two to each other by their delta."""

ROOM = 65536
"""The number of rows that the buffer holds."""

TIE_CHANGE = np.dtype(
    [
        ("seq", "i8"),  # of the cause; for a decay, of the last hour's TickEnded
        ("tick", "i8"),
        ("owner", "i8"),  # person
        ("other", "i8"),  # person
        ("kind", "i8"),  # of the cause; TICK_ENDED for a decay
        ("change", "i8"),
        ("reason", "i8"),  # of a removal, -1: none
        ("raw", "f8", (3,)),  # the event's delta before personality, for information
        ("before", "f8", (3,)),
        ("adjusted", "f8", (3,)),
        ("clamp", "f8", (3,)),  # correction by the limits -1 and 1, or by a refusal
        ("after", "f8", (3,)),
        ("hours", "i8"),
        ("retention", "f8", (3,)),  # the share that stays after an hour; 1 in rows without hours
    ]
)

MEMORY = np.dtype(
    [
        ("tie", TIE),  # as it was after the last event
        ("owner", "i8"),  # person
        ("told", "f8", (3,)),  # the tie's value after its last row
        ("hours", "i8"),  # hours of decay since that row
        ("hour_seq", "i8"),  # the last of these hours
        ("hour_tick", "i8"),
    ]
)

LEDGER = np.dtype([("ties", MEMORY, (TIES,))])


@cache
def tie_changes_type(shape: CapacityClass) -> np.dtype:
    """The type of this rider's record: a buffer of rows, and its memory of every ledger."""
    return np.dtype([("count", "i8"), ("ledgers", LEDGER, (shape.agents,)), ("rows", TIE_CHANGE, (ROOM,))])


@kernel
def board(town, out):
    """Take the present ties of the town into the memory, without a row."""
    for a in range(town.clock.seats):
        for slot in range(TIES):
            memory, tie = out.ledgers[a].ties[slot], town.agents[a].ties[slot]
            keep_in_mind(memory, tie, town.agents[a].person)


@kernel
def has_room(town, out):
    """Whether the rows of any next event have room: for each tie a decay, an end and a new tie."""
    return out.count + 3 * TIES * len(town.agents) <= ROOM


@kernel
def before(town, plan, event, out):
    """Before the event: write decays so far of ledgers whose agent leaves or changes, or of all if settings change."""
    if event.kind == AGENT_EXITED or (event.kind == TRAIT_GIVEN and event.code == TRAIT_FORGIVENESS):
        tell_decays(town, plan, out, event.agent)
    elif event.kind == SETTINGS_CHANGED:
        for a in range(town.clock.seats):
            tell_decays(town, plan, out, a)


@kernel
def after(town, plan, event, out):
    """After the event: write the rows of the ties that it changed."""
    if event.kind in REMEMBERED:
        if plan.social.share[event.kind] > 0.0:
            explain_note(town, plan, event, out, event.agent, event.person, event.other_person)
        explain_note(town, plan, event, out, event.other, event.other_person, event.person)
    elif event.kind == NEWS_TOLD:
        explain_hearing(town, plan, event, out)
    elif event.kind == TIE_SET:
        explain_setting(town, plan, event, out)
    elif event.kind == AGENT_EXITED:
        for a in range(town.clock.seats):
            explain_losses(town, plan, event, out, a, DEPARTED)


@kernel
def tick(town, plan, event, out):
    """At the end of an hour: count an hour of decay for every tie, and write rows for those that ended."""
    if (event.tick + 1) % plan.life.hour != 0:
        return
    keep = plan.social.retention
    for a in range(town.clock.seats):
        if not town.agents[a].alive:
            continue
        keep_rivalry = rivalry_retention(plan, town.agents[a])
        for slot in range(plan.social.capacity):
            memory = out.ledgers[a].ties[slot]
            if memory.tie.known:
                fade(memory.tie, keep[TRUST], keep[FAMILIARITY], keep_rivalry)
                memory.hours += 1
                memory.hour_seq, memory.hour_tick = event.seq, event.tick
        explain_losses(town, plan, event, out, a, BY_DECAY)


@kernel
def explain_note(town, plan, event, out, owner, person, other):
    """Write the rows of one ledger for an event: the evicted tie, then the change or refusal of the tie to `other`."""
    explain_losses(town, plan, event, out, owner, FOR_CAPACITY)
    agent = town.agents[owner]
    slot = tie_with(plan, agent, other)
    if slot >= 0:
        row = row_of_change(town, plan, event, out, owner, slot, UPDATED)
    else:
        row = next_row(out, event.seq, event.tick, event.kind, person, other, REFUSED)
    trust, familiarity, rivalry = raw_delta(plan, event, owner)
    write_sides(row.raw, trust, familiarity, rivalry)
    trust, familiarity, rivalry = adjusted_delta(plan, agent, event, owner, other, trust, familiarity, rivalry)
    write_sides(row.adjusted, trust, familiarity, rivalry)
    balance(row)


@kernel
def explain_hearing(town, plan, event, out):
    """Write the rows of a NewsTold: of the listener's tie to the one the news is about, if it trusts the teller."""
    listener = town.agents[event.other]
    share = share_believed(plan, trust_in_mind(out, event.other, event.person))
    if share <= 0.0 or not is_there(listener, event.other_person):
        return
    explain_losses(town, plan, event, out, event.other, FOR_CAPACITY)
    slot = tie_with(plan, listener, event.tile)
    if slot >= 0:
        row = row_of_change(town, plan, event, out, event.other, slot, UPDATED)
    else:
        row = next_row(out, event.seq, event.tick, event.kind, event.other_person, event.tile, REFUSED)
    trust, familiarity, rivalry = heard_delta(plan, event, share)
    write_sides(row.raw, trust, familiarity, rivalry)
    trust, familiarity, rivalry = personal_delta(plan, listener, event, trust, familiarity, rivalry)
    write_sides(row.adjusted, trust, familiarity, rivalry)
    balance(row)


@kernel
def trust_in_mind(out, owner, person):
    """The owner's trust in a person before the event, in [-1, 1]; 0 without a tie."""
    for slot in range(TIES):
        seen = out.ledgers[owner].ties[slot].tie
        if seen.known and seen.other == person:
            return seen.trust
    return 0.0


@kernel
def explain_setting(town, plan, event, out):
    """Write the rows of a TieSet; the delta is the difference between the old and the new value."""
    explain_losses(town, plan, event, out, event.agent, BY_COMMAND)
    slot = tie_with(plan, town.agents[event.agent], event.other_person)
    if slot < 0:
        row = next_row(out, event.seq, event.tick, event.kind, event.person, event.other_person, REFUSED)
        row.raw[event.code] = row.adjusted[event.code] = event.value
    else:
        row = row_of_change(town, plan, event, out, event.agent, slot, SET)
        for side in range(3):
            row.raw[side] = row.adjusted[side] = row.after[side] - row.before[side]
    balance(row)


@kernel
def explain_losses(town, plan, event, out, owner, reason):
    """Write a row for each tie of one ledger that the event ended; its `after` is 0."""
    for slot in range(TIES):
        memory, tie = out.ledgers[owner].ties[slot], town.agents[owner].ties[slot]
        if memory.tie.known and (not tie.known or tie.other != memory.tie.other):
            tell_decay(town, plan, out, owner, slot)
            row = next_row(out, event.seq, event.tick, event.kind, memory.owner, memory.tie.other, REMOVED)
            row.reason = reason
            for side in range(3):
                row.before[side], row.adjusted[side] = memory.told[side], -memory.told[side]
            forget(memory)


@kernel
def row_of_change(town, plan, event, out, owner, slot, change):
    """A new row with `before` and `after` of a tie, after the row of its decay. The caller fills in the deltas."""
    memory, tie = out.ledgers[owner].ties[slot], town.agents[owner].ties[slot]
    if memory.tie.known:
        tell_decay(town, plan, out, owner, slot)
    else:
        change = ADDED
    person = town.agents[owner].person
    row = next_row(out, event.seq, event.tick, event.kind, person, tie.other, change)
    write_sides(row.before, memory.told[TRUST], memory.told[FAMILIARITY], memory.told[RIVALRY])
    write_sides(row.after, tie.trust, tie.familiarity, tie.rivalry)
    keep_in_mind(memory, tie, person)
    return row


@kernel
def tell_decays(town, plan, out, owner):
    """Write the row of decay since the last row for each tie of one ledger."""
    for slot in range(TIES):
        tell_decay(town, plan, out, owner, slot)


@kernel
def tell_decay(town, plan, out, owner, slot):
    """Write the row of one tie's decay since its last row, if an hour has passed."""
    memory = out.ledgers[owner].ties[slot]
    if memory.hours > 0:
        fill_decay(plan, town.agents[owner], memory, out.rows[out.count])
        out.count += 1
        memory.hours = memory.hour_seq = memory.hour_tick = 0
        write_sides(memory.told, memory.tie.trust, memory.tie.familiarity, memory.tie.rivalry)


@kernel
def fill_decay(plan, agent, memory, row):
    """Fill in the row of a tie's decay since its last row."""
    begin_row(row, memory.hour_seq, memory.hour_tick, TICK_ENDED, memory.owner, memory.tie.other, DECAYED)
    row.hours = memory.hours
    keep = plan.social.retention
    write_sides(row.retention, keep[TRUST], keep[FAMILIARITY], rivalry_retention(plan, agent))
    write_sides(row.before, memory.told[TRUST], memory.told[FAMILIARITY], memory.told[RIVALRY])
    write_sides(row.after, memory.tie.trust, memory.tie.familiarity, memory.tie.rivalry)
    for side in range(3):
        row.adjusted[side] = row.after[side] - row.before[side]
    balance(row)


@kernel
def next_row(out, seq, tick, kind, owner, other, change):
    """A new row of the buffer. The caller must have checked `has_room` before the event."""
    row = out.rows[out.count]
    out.count += 1
    begin_row(row, seq, tick, kind, owner, other, change)
    return row


@kernel
def begin_row(row, seq, tick, kind, owner, other, change):
    """Fill in a row with no delta."""
    row.seq, row.tick, row.kind = seq, tick, kind
    row.owner, row.other = owner, other
    row.change, row.reason, row.hours = change, NONE, 0
    for side in range(3):
        row.raw[side] = row.before[side] = row.adjusted[side] = row.clamp[side] = row.after[side] = 0.0
        row.retention[side] = 1.0


@kernel
def balance(row):
    """Set `clamp` to after - (before + adjusted): exact, as the two are near, or one of them is 1 or -1."""
    for side in range(3):
        row.clamp[side] = row.after[side] - (row.before[side] + row.adjusted[side])


@kernel
def write_sides(sides, trust, familiarity, rivalry):
    """Write the three dimensions of a tie into an array."""
    sides[TRUST], sides[FAMILIARITY], sides[RIVALRY] = trust, familiarity, rivalry


@kernel
def keep_in_mind(memory, tie, owner):
    """Set the memory to the tie's present value, with no decay to report."""
    seen = memory.tie
    seen.known, seen.other, seen.since = tie.known, tie.other, tie.since
    seen.trust, seen.familiarity, seen.rivalry = tie.trust, tie.familiarity, tie.rivalry
    write_sides(memory.told, tie.trust, tie.familiarity, tie.rivalry)
    memory.owner = owner if tie.known else 0
    memory.hours = memory.hour_seq = memory.hour_tick = 0


@kernel
def forget(memory):
    """Set the memory of an ended tie to zero."""
    seen = memory.tie
    seen.known, seen.other, seen.since = 0, 0, 0
    seen.trust, seen.familiarity, seen.rivalry = 0.0, 0.0, 0.0
    write_sides(memory.told, 0.0, 0.0, 0.0)
    memory.owner = memory.hours = memory.hour_seq = memory.hour_tick = 0
