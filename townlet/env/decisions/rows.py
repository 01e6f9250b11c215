"""The records of experience: a row for each decision, and a book of what was earned and done in each town."""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

import numpy as np

from projections.riders.rewards import COLUMNS, EARNING
from townlet.rules.control import ASKABLE

OPTIONS = int(ASKABLE)
KINDS = 256
"""The length of counts by kind of event; every kind is smaller."""

HOURS = 24

WORD = 8
assert EARNING.fields is not None
FIRST_TERM = EARNING.fields[COLUMNS[0]][1] // WORD
SEAT_WORDS = EARNING.itemsize // WORD
"""Where the terms of a seat's reward stand in its record, which is all words of eight bytes: they follow each other."""

OPEN, DECIDED, DIED, CLOSING = map(np.int64, range(4))
"""How a row ended: not yet; by the same person's next row; by the person's leaving the town. CLOSING is no decision: it
is a last look at somebody whose town's life is cut off, for its value."""

POLICY, COMPILED, SCRIPT, SCRIPT_TOLD = map(np.int64, range(4))
"""Who chooses: a policy outside; an MLP inside the compiled call; the script, without rows; the script, with rows."""

ROW = np.dtype(
    [
        ("town", "i8"),
        ("seat", "i8"),
        ("person", "i8"),
        ("tick", "i8"),
        ("action", "i8"),  # the chosen option; -1: none yet, or none at all (CLOSING)
        ("next", "i8"),  # the row of the same person's next decision or last look, -1: none
        ("ended", "i8"),  # OPEN, DECIDED, DIED, CLOSING
        ("ticks", "i8"),  # k: the ticks until then
        ("reward", "f8"),  # the sum of gamma^i r_i over those ticks
        ("discount", "f8"),  # gamma^k; 0 after a death
        ("social", "f8"),  # the same sum of the term `social` alone, before guard and clip
        ("log_prob", "f4"),  # of the action
        ("value", "f4"),  # as the acting policy sees it
        ("mask", "i1", (OPTIONS,)),  # 1: allowed
        ("pad", "u1", (7,)),  # fills the record to whole words
    ]
)
"""A decision: who decided when, what was chosen, and what came of it until the same person's next decision."""

BOOK = np.dtype(
    [
        ("terms", "f8", (len(COLUMNS),)),  # what was earned, by the terms of COLUMNS
        ("lived", "i8"),  # person-ticks
        ("decisions", "i8"),
        ("events", "i8", (KINDS,)),  # by kind
        ("use", "i8", (HOURS, OPTIONS)),  # person-ticks, by the hour of the day and the option
        ("chosen", "i8", (HOURS, OPTIONS)),  # chosen options likewise
        ("days", "i8"),  # whole days of a person
        ("good_days", "i8"),  # those on which no need fell to needs.good_day_above
    ]
)
"""Sums over a rollout, for the seats of one group in one town."""
