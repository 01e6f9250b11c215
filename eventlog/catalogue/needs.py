"""Using what a place affords."""

from eventlog.catalogue.event import AffordanceCode, Agent, Amount, Event, Object, ReasonCode, column


class AffordanceStarted(Event, kind=80, cause="option_chosen or action_taken"):
    """`agent` begins; effects come tick by tick until it ends."""

    agent: Agent
    place: Object
    affordance: AffordanceCode
    ticks: Amount = column(unit="ticks", meaning="how long it takes at most")
    fee: Amount = column("value2", unit="basic meals", meaning="what was paid for the use")


class AffordanceFinished(Event, kind=81, cause="affordance_started"):
    """`agent` is done."""

    agent: Agent
    place: Object
    affordance: AffordanceCode


class AffordanceFailed(Event, kind=82, cause="affordance_started"):
    """`agent` was interrupted, or found that it could not begin; what was done is kept."""

    agent: Agent
    place: Object
    affordance: AffordanceCode
    reason: ReasonCode = column("code2")
