"""Places that one can use at a time, and their lines."""

from eventlog.catalogue.event import Agent, Amount, Count, Event, Object, ReasonCode, column


class ReservationGranted(Event, kind=64, cause="option_chosen or action_taken"):
    """The place is `agent`'s until it finishes, fails or takes too long to come."""

    agent: Agent
    place: Object


class ReservationReleased(Event, kind=65, cause="reservation_granted"):
    """The place is free again."""

    agent: Agent
    place: Object
    reason: ReasonCode


class ReservationTimedOut(Event, kind=66, cause="reservation_granted"):
    """`agent` did not come to its place in time."""

    agent: Agent
    place: Object


class QueueJoined(Event, kind=67, cause="option_chosen or action_taken"):
    """`agent` takes the last waiting place of a line."""

    agent: Agent
    place: Object
    waiting: Count = column(meaning="how many wait now, the newcomer included")


class QueueLeft(Event, kind=68, cause="queue_joined"):
    """`agent` leaves a line unserved."""

    agent: Agent
    place: Object
    reason: ReasonCode


class QueueHandover(Event, kind=69, cause="queue_joined of the one who waited"):
    """`agent`, who finishes or yields, passes the place to `other`, who has waited."""

    agent: Agent
    other: Agent = column("other")
    place: Object


class QueueConflict(Event, kind=70, cause="queue_joined of the one who was wronged, or option_chosen"):
    """`agent` wrongs `other` at a place: a cut, a block, or a ghost step."""

    agent: Agent
    other: Agent = column("other")
    place: Object
    reason: ReasonCode
    intensity: Amount = column(meaning="1 + 0.25 x (waiting - 1), within [0.1, 5]")


class CooldownStarted(Event, kind=71, cause="affordance_finished"):
    """Others wait: `agent` may not come back to this place for a while."""

    agent: Agent
    place: Object
