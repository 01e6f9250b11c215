"""Recorders of life: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import (
    AGENT_ARRIVED,
    AGENT_EXITED,
    AGENT_FAINTED,
    ARRIVAL_REFUSED,
    EVICTION_SERVED,
    RENT_CHARGED,
    SEAT_REUSED,
    TRAIT_GIVEN,
)
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOTHING, NOWHERE, append
from projections.town import life


@kernel
def record_agent_arrived(town, plan, agent, home, tile, cause):
    """`agent` moves into `home`, without debts and ties."""
    event = append(town, AGENT_ARRIVED, agent, NOBODY, home, tile, NONE, NONE, NAN, NAN, cause)
    life.agent_arrived(town, plan, event)
    return event.seq


@kernel
def record_trait_given(town, plan, agent, trait, value, cause):
    """`agent` has this value of a trait for as long as it lives in the town."""
    event = append(town, TRAIT_GIVEN, agent, NOBODY, NOTHING, NOWHERE, trait, NONE, value, NAN, cause)
    life.trait_given(town, plan, event)
    return event.seq


@kernel
def record_agent_fainted(town, plan, agent):
    """`agent` has starved for too long and faints."""
    event = append(town, AGENT_FAINTED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, NONE)
    life.agent_fainted(town, plan, event)
    return event.seq


@kernel
def record_agent_exited(town, plan, agent, reason, successor_in, cause):
    """`agent` leaves the town for ever; ties to it end; a newcomer may come after `successor_in` ticks."""
    event = append(town, AGENT_EXITED, agent, NOBODY, NOTHING, NOWHERE, reason, successor_in, NAN, NAN, cause)
    life.agent_exited(town, plan, event)
    return event.seq


@kernel
def record_rent_charged(town, plan, agent, paid, owed):
    """`agent` pays `paid` of its rent for the day and owes `owed` afterwards."""
    event = append(town, RENT_CHARGED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, paid, owed, NONE)
    life.rent_charged(town, plan, event)
    return event.seq


@kernel
def record_eviction_served(town, plan, agent, owed, cause):
    """`agent` has not paid its rent for too long and has to leave."""
    event = append(town, EVICTION_SERVED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, owed, NAN, cause)
    life.eviction_served(town, plan, event)
    return event.seq


@kernel
def record_seat_reused(town, plan, agent, rested, cause):
    """A warning: no unused and no rested seat is left, so the newcomer takes a seat that rested only `rested` ticks."""
    event = append(town, SEAT_REUSED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, rested, NAN, cause)
    life.seat_reused(town, plan, event)
    return event.seq


@kernel
def record_arrival_refused(town, plan, reason, waiting, cause):
    """A newcomer cannot move in; the `reason` nothing_to_use means that no bed is free."""
    event = append(town, ARRIVAL_REFUSED, NOBODY, NOBODY, NOTHING, NOWHERE, reason, waiting, NAN, NAN, cause)
    life.arrival_refused(town, plan, event)
    return event.seq
