"""Arriving, being somebody, falling, paying for a roof, moving away."""

from eventlog.catalogue.event import Agent, Amount, Count, Event, Object, ReasonCode, Tile, TraitCode, column


class AgentArrived(Event, kind=16, cause="agent_exited"):
    """A person moves in, with no debts and no grudges."""

    agent: Agent
    home: Object = column(meaning="the bed that is theirs")
    tile: Tile


class TraitGiven(Event, kind=17, cause="agent_arrived"):
    """A trait that stays with the person."""

    agent: Agent
    trait: TraitCode
    value: Amount = column(meaning="from -1 to 1")


class AgentFainted(Event, kind=18):
    """`agent` has starved for too long and collapses."""

    agent: Agent


class AgentExited(Event, kind=19, cause="what drove the person away: agent_fainted, eviction_served, job_lost or none"):
    """`agent` leaves for good; ties to it end; a newcomer may follow after `successor_in` ticks."""

    agent: Agent
    reason: ReasonCode
    successor_in: Count = column("code2", unit="ticks")


class RentCharged(Event, kind=20):
    """The day's rent: what was paid, and what is still owed after it."""

    agent: Agent
    paid: Amount = column(unit="basic meals")
    owed: Amount = column("value2", unit="basic meals")


class EvictionServed(Event, kind=21, cause="rent_charged"):
    """Rent went unpaid for too long."""

    agent: Agent
    owed: Amount = column(unit="basic meals")


class SeatReused(Event, kind=22, cause="agent_exited"):
    """No never-used and no rested seat was left: the newcomer takes one that rested only `rested` ticks. A warning."""

    agent: Agent
    rested: Amount = column(unit="ticks")


class ArrivalRefused(Event, kind=23, cause="agent_exited"):
    """Nobody could come: `reason` nothing_to_use means no free bed."""

    reason: ReasonCode
    waiting: Count = column("code2", meaning="how many newcomers still wait outside")
