"""Whether a recorded event can have happened in a town: asked before an event of a log is folded.

A checksum proves that bytes are what somebody wrote, not that a town wrote them. Folds index by what an event says, so
a log's event is folded only if its numbers are within the town, its people have come, and it follows the one before.
"""

import numpy as np

from eventlog.codes import AGENT_ARRIVED, AGENT_EXITED, QUEUE_JOINED, SEAT_REUSED, SETTINGS_CHANGED
from projections.kernel import kernel
from projections.record.event import person_of, seat
from projections.record.plan import KINDS
from projections.record.state import LINE

AMOUNT_MOST = 1e15
"""The greatest size of a number in an event: float64 still counts by ones there."""


JUST_LIVED = -1
SKIPPED_MOST = 1440
"""Ticks between two events. A town records each minute; a log that is made by hand may leave some out."""


@kernel
def is_possible(town, plan, epochs, row):
    """Whether this town, in an epoch with this plan, can have recorded the row next; `epochs`: how many there are."""
    kind = np.int64(row.kind)
    if kind >= KINDS:
        return False
    bound = plan.bounds[kind]
    return (
        bound.exists == 1
        and follows(town, row)
        and is_within(town, plan, bound, row)
        and is_amount(np.float64(row.value), bound.value)
        and is_amount(np.float64(row.value2), bound.value2)
        and has_people(town, kind, bound, row)
        and (kind != SETTINGS_CHANGED or 0 <= np.int64(row.code) < epochs)
        and (kind != QUEUE_JOINED or town.objects[row.object].line < LINE)
    )


@kernel
def follows(town, row):
    """Whether the row has the next number, and a tick that is not long before or after the present one."""
    ahead = np.int64(row.tick) - town.clock.tick
    return np.int64(row.seq) == town.clock.seq and JUST_LIVED <= ahead <= SKIPPED_MOST


@kernel
def is_within(town, plan, bound, row):
    """Whether place, tile and codes are some that the town has; a third person in place of a tile lives in it."""
    return (
        bound.object <= np.int64(row.object) < plan.layout.places
        and bound.tile <= np.int64(row.tile)
        and (lives(town, np.int64(row.tile)) if bound.third else np.int64(row.tile) < len(town.ground))
        and bound.code <= np.int64(row.code) <= bound.code_most
        and bound.code2 <= np.int64(row.code2) <= bound.code2_most
    )


@kernel
def is_amount(value, given):
    """Whether the number is of a size that counts, or is missing where it may be."""
    return abs(value) <= AMOUNT_MOST or (value != value and given == 0)


@kernel
def has_people(town, kind, bound, row):
    """Whether both persons have come to the town, or are missing where they may be; who arrives must not have come."""
    agent, other = np.int64(row.agent), np.int64(row.other)
    if other >= 0:
        if not has_come(town, other):
            return False
    elif other < bound.other:
        return False
    if agent < 0:
        return agent >= bound.agent
    if kind in (AGENT_ARRIVED, SEAT_REUSED):
        return agent == person_of(town, seat(town, agent)) and not lives(town, agent)
    return lives(town, agent) if kind == AGENT_EXITED else has_come(town, agent)


@kernel
def has_come(town, person):
    """Whether the person lives in the town, or has left it."""
    return person < person_of(town, seat(town, person)) or lives(town, person)


@kernel
def lives(town, person):
    """Whether the person lives in the town."""
    agent = town.agents[seat(town, person)]
    return agent.alive == 1 and agent.person == person


@kernel
def impossible(index):
    """What a fold returns that stops at row `index` because it cannot have happened."""
    return -np.int64(1) - index
