"""Recorders of queues: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import (
    COOLDOWN_STARTED,
    QUEUE_CONFLICT,
    QUEUE_HANDOVER,
    QUEUE_JOINED,
    QUEUE_LEFT,
    RESERVATION_GRANTED,
    RESERVATION_RELEASED,
    RESERVATION_TIMED_OUT,
)
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOWHERE, append
from projections.town import queues


@kernel
def record_reservation_granted(town, plan, agent, place, cause):
    """`agent` holds the place until it finishes, fails or takes too long to come."""
    event = append(town, RESERVATION_GRANTED, agent, NOBODY, place, NOWHERE, NONE, NONE, NAN, NAN, cause)
    queues.reservation_granted(town, plan, event)
    return event.seq


@kernel
def record_reservation_released(town, plan, agent, place, reason, cause):
    """`agent` gives up the place, which is free again."""
    event = append(town, RESERVATION_RELEASED, agent, NOBODY, place, NOWHERE, reason, NONE, NAN, NAN, cause)
    queues.reservation_released(town, plan, event)
    return event.seq


@kernel
def record_reservation_timed_out(town, plan, agent, place, cause):
    """`agent` did not come to its place in time."""
    event = append(town, RESERVATION_TIMED_OUT, agent, NOBODY, place, NOWHERE, NONE, NONE, NAN, NAN, cause)
    queues.reservation_timed_out(town, plan, event)
    return event.seq


@kernel
def record_queue_joined(town, plan, agent, place, waiting, cause):
    """`agent` takes the last waiting place of a line."""
    event = append(town, QUEUE_JOINED, agent, NOBODY, place, NOWHERE, waiting, NONE, NAN, NAN, cause)
    queues.queue_joined(town, plan, event)
    return event.seq


@kernel
def record_queue_left(town, plan, agent, place, reason, cause):
    """`agent` leaves a line before its turn."""
    event = append(town, QUEUE_LEFT, agent, NOBODY, place, NOWHERE, reason, NONE, NAN, NAN, cause)
    queues.queue_left(town, plan, event)
    return event.seq


@kernel
def record_queue_handover(town, plan, agent, other, place, cause):
    """`agent` finishes or yields and gives the place to `other`, who has waited."""
    event = append(town, QUEUE_HANDOVER, agent, other, place, NOWHERE, NONE, NONE, NAN, NAN, cause)
    queues.queue_handover(town, plan, event)
    return event.seq


@kernel
def record_queue_conflict(town, plan, agent, other, place, reason, held, intensity, cause):
    """`agent` wrongs `other`: it cuts in, blocks, pushes past, takes the last portion, breaks a promise."""
    event = append(town, QUEUE_CONFLICT, agent, other, place, NOWHERE, reason, held, intensity, NAN, cause)
    queues.queue_conflict(town, plan, event)
    return event.seq


@kernel
def record_cooldown_started(town, plan, agent, place, cause):
    """Others wait, so `agent` may not use this place again for a while."""
    event = append(town, COOLDOWN_STARTED, agent, NOBODY, place, NOWHERE, NONE, NONE, NAN, NAN, cause)
    queues.cooldown_started(town, plan, event)
    return event.seq
