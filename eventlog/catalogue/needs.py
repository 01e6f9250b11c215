"""People use places."""

from eventlog.catalogue.event import AffordanceCode, Agent, Amount, Event, Object, ReasonCode, column


class AffordanceStarted(Event, kind=80, cause="option_chosen or action_taken"):
    """`agent` begins to use a place; each tick has its effects until the use ends."""

    agent: Agent
    place: Object
    affordance: AffordanceCode
    ticks: Amount = column(unit="ticks", meaning="the longest time that it takes")
    fee: Amount = column("value2", unit="basic meals", meaning="the price paid for the use")


class AffordanceFinished(Event, kind=81, cause="affordance_started"):
    """`agent` finishes using a place."""

    agent: Agent
    place: Object
    affordance: AffordanceCode


class AffordanceFailed(Event, kind=82, cause="affordance_started, or option_chosen or action_taken if it never began"):
    """`agent` is interrupted or cannot begin; it keeps the effects so far."""

    agent: Agent
    place: Object
    affordance: AffordanceCode
    reason: ReasonCode = column("code2")
