"""People arrive, have traits, faint, pay rent and move away."""

from eventlog.catalogue.event import Agent, Amount, Count, Event, Object, ReasonCode, Tile, TraitCode, column

LEFT_FOR = (
    "the reason to leave: agent_fainted, eviction_served, job_lost, agent_arrived of one who never had work, "
    "command_accepted, or none"
)


class AgentArrived(Event, kind=16, cause="agent_exited"):
    """`agent` moves into `home`, without debts and ties."""

    agent: Agent
    home: Object = column(meaning="the bed that is theirs")
    tile: Tile


class TraitGiven(Event, kind=17, cause="agent_arrived"):
    """`agent` has this value of a trait for as long as it lives in the town."""

    agent: Agent
    trait: TraitCode
    value: Amount = column(meaning="from -1 to 1")


class AgentFainted(Event, kind=18):
    """`agent` has starved for too long and faints."""

    agent: Agent


class AgentExited(Event, kind=19, cause=LEFT_FOR):
    """`agent` leaves the town for ever; ties to it end; a newcomer may come after `successor_in` ticks."""

    agent: Agent
    reason: ReasonCode
    successor_in: Count = column("code2", unit="ticks")


class RentCharged(Event, kind=20):
    """`agent` pays `paid` of its rent for the day and owes `owed` afterwards."""

    agent: Agent
    paid: Amount = column(unit="basic meals")
    owed: Amount = column("value2", unit="basic meals")


class EvictionServed(Event, kind=21, cause="rent_charged"):
    """`agent` has not paid its rent for too long and has to leave."""

    agent: Agent
    owed: Amount = column(unit="basic meals")


class SeatReused(Event, kind=22, cause="agent_exited"):
    """A warning: no unused and no rested seat is left, so the newcomer takes a seat that rested only `rested` ticks."""

    agent: Agent
    rested: Amount = column(unit="ticks")


class ArrivalRefused(Event, kind=23, cause="agent_exited"):
    """A newcomer cannot move in; the `reason` nothing_to_use means that no bed is free."""

    reason: ReasonCode
    waiting: Count = column("code2", meaning="how many newcomers still wait outside")
