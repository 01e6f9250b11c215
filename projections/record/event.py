"""The event in the form that folds take: a row with 64-bit fields, and seats in place of persons."""

from typing import NamedTuple

import numpy as np

from projections.kernel import kernel

NOBODY = NOTHING = NOWHERE = NONE = np.int64(-1)
NAN = np.float64("nan")


class Happening(NamedTuple):
    """A row with 64-bit fields; `agent` and `other` are seats, `person` and `other_person` the numbers of persons.

    `cause` is the seq of the event that led to this one, its own seq: none.
    """

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
    cause: int


@kernel
def seat(town, person):
    """The seat of a person, -1 for nobody: a person's number is life x capacity + seat."""
    return person & np.int64(len(town.agents) - 1) if person >= 0 else NOBODY


@kernel
def person_of(town, a):
    """The number of the person who sits in seat `a`, or will sit there next; -1 for no seat."""
    return town.seats[a].lives * np.int64(len(town.agents)) + a if a >= 0 else NOBODY


@kernel
def event_of(town, row):
    """The row in the form that folds take."""
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
        np.int64(row.seq) - np.int64(row.cause),
    )


@kernel
def append(town, kind, agent, other, object, tile, code, code2, value, value2, cause):
    """Append one row to the outbox; returns the event as read back from it, so folds get the same as in a replay.

    `cause` is the seq of the event that led to this one, -1: none. If the outbox is full, sets `cursor.overflow`, and
    the loop stops.
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
