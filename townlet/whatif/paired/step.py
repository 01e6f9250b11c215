"""`live_pairs`: pairs of towns live side by side in memory. Compiled at first use only, never by `townlet warm`.

The two towns of a pair draw the same luck, or each its own. Nothing is written: the rows of a tick are counted,
compared with those of the other town, and overwritten by the next tick.
"""

import numpy as np

from projections.kernel import entry, kernel
from townlet.living.day import tick

CONTROL, TREATED = np.int64(0), np.int64(1)
"""The two towns of a pair, as indices."""

PARTED = np.dtype(
    [
        ("tick", "i8"),  # the first tick in which the events of the two towns differ, -1: none yet
        # the first event that differs, of each town: kind (0: the town has no event there), persons, place, code
        ("kinds", "i8", (2,)),
        ("persons", "i8", (2,)),
        ("others", "i8", (2,)),
        ("objects", "i8", (2,)),
        ("codes", "i8", (2,)),
    ]
)
"""Where the two towns of a pair part."""


@kernel
def is_same_number(one, other):
    """Whether two floats are equal, or both no number."""
    return one == other or (one != one and other != other)


@kernel
def says_the_same(row, other):
    """Whether two rows tell of the same event; their own numbers, and those of their causes, are left aside."""
    if row.kind != other.kind or row.agent != other.agent or row.other != other.other or row.object != other.object:
        return False
    if row.tile != other.tile or row.code != other.code or row.code2 != other.code2:
        return False
    return is_same_number(row.value, other.value) and is_same_number(row.value2, other.value2)


@kernel
def note_part(parted, side, town, i):
    """Note the event number `i` of this tick as that by which the pair parts."""
    if i < town.cursor.pending:
        row = town.outbox[i]
        parted.kinds[side], parted.persons[side], parted.others[side] = row.kind, row.agent, row.other
        parted.objects[side], parted.codes[side] = row.object, row.code


@kernel
def part(one, two, parted):
    """Note the first event of this tick that differs, if one does."""
    for i in range(max(one.cursor.pending, two.cursor.pending)):
        if i < one.cursor.pending and i < two.cursor.pending and says_the_same(one.outbox[i], two.outbox[i]):
            continue
        parted.tick = one.clock.tick - 1
        note_part(parted, CONTROL, one, i)
        note_part(parted, TREATED, two, i)
        return


@kernel
def count(town, persons, pair, counts, between):
    """Add the events of this tick: by the seat of the person who acted, over the town, and between two people."""
    last = len(counts) - 1
    for i in range(town.cursor.pending):
        row = town.outbox[i]
        counts[last, row.kind] += 1
        a = np.int64(row.agent) & np.int64(len(town.agents) - 1)
        if row.agent >= 0 and a < last and persons[a] == row.agent:
            counts[a, row.kind] += 1
        if (row.agent == pair[0] and row.other == pair[1]) or (row.agent == pair[1] and row.other == pair[0]):
            between[row.kind] += 1


@entry
def live_pairs(towns, plans, others, ticks, persons, pair, counts, between, parted):
    """Let the towns 2k and 2k + 1 live `ticks` ticks side by side, for each k.

    `plans` are those of the first town of each pair, `others` those of the second. `persons`, i8[seats]: who sat where
    at the beginning; `pair`, i8[2]: two of them. counts, i4[towns, seats + 1, kinds], and between, i4[towns, kinds],
    are added to. parted: `PARTED` a pair.
    """
    for k in range(len(towns) // 2):
        one, two = towns[2 * k], towns[2 * k + 1]
        for _ in range(ticks):
            one.cursor.pending = 0
            two.cursor.pending = 0
            tick(one, plans[one.clock.epoch])
            tick(two, others[two.clock.epoch])
            count(one, persons, pair, counts[2 * k], between[2 * k])
            count(two, persons, pair, counts[2 * k + 1], between[2 * k + 1])
            if parted[k].tick < 0:
                part(one, two, parted[k])
