"""`live_pairs`: pairs of towns live side by side in memory. Compiled at first use only, never by `townlet warm`.

The two towns of a pair draw the same luck, or each its own. Nothing is written: the rows of a tick are counted,
compared with those of the other town, and overwritten by the next tick.
"""

import numpy as np

from projections.kernel import entry, kernel
from townlet.living.day import tick
from townlet.living.outbox import ROWS_A_PERSON, ROWS_BESIDE

CONTROL, TREATED = np.int64(0), np.int64(1)
"""The two towns of a pair, as indices."""

PARTED = np.dtype(
    [
        ("tick", "i8"),  # the first tick in which the events of the two towns differ, -1: none yet
        # the first event that differs, of each town: kind (0: none yet), persons, place, code
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
def note_part(parted, side, row):
    """Note the event by which the pair parts, of one of its towns."""
    parted.kinds[side], parted.persons[side], parted.others[side] = row.kind, row.agent, row.other
    parted.objects[side], parted.codes[side] = row.object, row.code


@kernel
def part(one, two, parted):
    """Note the first of these events that differs, if one does. Every tick ends with an event of its own, so the two
    towns' events stand side by side up to there."""
    for i in range(min(one.cursor.pending, two.cursor.pending)):
        if not says_the_same(one.outbox[i], two.outbox[i]):
            parted.tick = one.outbox[i].tick
            note_part(parted, CONTROL, one.outbox[i])
            note_part(parted, TREATED, two.outbox[i])
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


@kernel
def ticks_that_fit(town, plan):
    """How many ticks a town can live before its outbox could be full, one at least."""
    rows = ROWS_A_PERSON * town.clock.people + plan.layout.places + ROWS_BESIDE
    return max(np.int64(1), np.int64(len(town.outbox)) // rows)


@entry
def live_pairs(towns, plans, others, ticks, persons, pair, counts, between, parted):
    """Let the towns 2k and 2k + 1 live `ticks` ticks side by side, for each k.

    `plans` are those of the first town of each pair, `others` those of the second. `persons`, i8[seats]: who sat where
    at the beginning; `pair`, i8[2]: two of them. counts, i4[towns, seats + 1, kinds], and between, i4[towns, kinds],
    are added to. parted: `PARTED` a pair.

    A town lives some ticks before the other one does: one fits into the processor's first cache, and two do not.
    """
    for k in range(len(towns) // 2):
        one, two, lived = towns[2 * k], towns[2 * k + 1], np.int64(0)
        while lived < ticks:
            stretch = min(ticks - lived, ticks_that_fit(one, plans[one.clock.epoch]))
            stretch = min(stretch, ticks_that_fit(two, others[two.clock.epoch]))
            for side in range(2):
                e, own = 2 * k + side, plans if side == CONTROL else others
                town = towns[e]
                town.cursor.pending = 0
                for _ in range(stretch):
                    tick(town, own[town.clock.epoch])
                count(town, persons, pair, counts[e], between[e])
            if parted[k].tick < 0:
                part(one, two, parted[k])
            lived += stretch
