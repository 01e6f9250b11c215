"""Recorders of life: append the row, fold it.

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
    """A person moves in, with no debts and no grudges."""
    event = append(town, AGENT_ARRIVED, agent, NOBODY, home, tile, NONE, NONE, NAN, NAN, cause)
    life.agent_arrived(town, plan, event)
    return event.seq


@kernel
def record_trait_given(town, plan, agent, trait, value, cause):
    """A trait that stays with the person."""
    event = append(town, TRAIT_GIVEN, agent, NOBODY, NOTHING, NOWHERE, trait, NONE, value, NAN, cause)
    life.trait_given(town, plan, event)
    return event.seq


@kernel
def record_agent_fainted(town, plan, agent):
    """`agent` has starved for too long and collapses."""
    event = append(town, AGENT_FAINTED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, NONE)
    life.agent_fainted(town, plan, event)
    return event.seq


@kernel
def record_agent_exited(town, plan, agent, reason, successor_in, cause):
    """`agent` leaves for good; ties to it end; a newcomer may follow after `successor_in` ticks."""
    event = append(town, AGENT_EXITED, agent, NOBODY, NOTHING, NOWHERE, reason, successor_in, NAN, NAN, cause)
    life.agent_exited(town, plan, event)
    return event.seq


@kernel
def record_rent_charged(town, plan, agent, paid, owed):
    """The day's rent: what was paid, and what is still owed after it."""
    event = append(town, RENT_CHARGED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, paid, owed, NONE)
    life.rent_charged(town, plan, event)
    return event.seq


@kernel
def record_eviction_served(town, plan, agent, owed, cause):
    """Rent went unpaid for too long."""
    event = append(town, EVICTION_SERVED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, owed, NAN, cause)
    life.eviction_served(town, plan, event)
    return event.seq


@kernel
def record_seat_reused(town, plan, agent, rested, cause):
    """No never-used and no rested seat was left: the newcomer takes one that rested only `rested` ticks. A warning."""
    event = append(town, SEAT_REUSED, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, rested, NAN, cause)
    life.seat_reused(town, plan, event)
    return event.seq


@kernel
def record_arrival_refused(town, plan, reason, waiting, cause):
    """Nobody could come: `reason` nothing_to_use means no free bed."""
    event = append(town, ARRIVAL_REFUSED, NOBODY, NOBODY, NOTHING, NOWHERE, reason, waiting, NAN, NAN, cause)
    life.arrival_refused(town, plan, event)
    return event.seq
