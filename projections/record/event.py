"""The event as folds see it: a row widened to 64 bits, its persons turned into seats."""

from typing import NamedTuple

import numpy as np

from projections.kernel import kernel

NOBODY = NOTHING = NOWHERE = NONE = np.int64(-1)
NAN = np.float64("nan")


class Happening(NamedTuple):
    """One row, every field 64 bits wide; `agent` and `other` are seats, `person` and `other_person` numbers."""

    seq: int
    tick: int
    kind: int
    agent: int
    other: int
    object: int
    tile: int
    code: int
    code2: int
    value: float
    value2: float
    person: int
    other_person: int


@kernel
def seat(town, person):
    """The seat a person sits in: person numbers are life x capacity + seat."""
    return person & np.int64(len(town.agents) - 1) if person >= 0 else NOBODY


@kernel
def person_of(town, a):
    """The number of who sits, or will sit next, in seat `a`."""
    return town.seats[a].lives * np.int64(len(town.agents)) + a if a >= 0 else NOBODY


@kernel
def event_of(town, row):
    """A row as folds see it."""
    person, other = np.int64(row.agent), np.int64(row.other)
    return Happening(
        np.int64(row.seq),
        np.int64(row.tick),
        np.int64(row.kind),
        seat(town, person),
        seat(town, other),
        np.int64(row.object),
        np.int64(row.tile),
        np.int64(row.code),
        np.int64(row.code2),
        np.float64(row.value),
        np.float64(row.value2),
        person,
        other,
    )


@kernel
def append(town, kind, agent, other, object, tile, code, code2, value, value2, cause):
    """Append one row to the outbox and read it back, so that live sees what replay will see.

    `cause` is the seq of the event that led to this one, -1 for none. A full outbox is never written past:
    `cursor.overflow` is set, and the loop refuses to go on.
    """
    cursor = town.cursor
    last = np.int64(len(town.outbox) - 1)
    row = town.outbox[min(cursor.pending, last)]
    seq = town.clock.seq
    row.seq, row.tick, row.kind = seq, town.clock.tick, kind
    row.cause = seq - cause if cause >= 0 else 0
    row.agent, row.other = person_of(town, agent), person_of(town, other)
    row.object, row.tile, row.code, row.code2 = object, tile, code, code2
    row.value, row.value2 = value, value2
    if cursor.pending > last:
        cursor.overflow = 1
    else:
        cursor.pending += 1
    town.clock.seq = seq + 1
    return event_of(town, row)
