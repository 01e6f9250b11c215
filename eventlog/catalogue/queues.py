"""People reserve places and wait in line for them; one person uses a place at a time."""

from eventlog.catalogue.event import Agent, Amount, Count, Event, Object, ReasonCode, column


class ReservationGranted(Event, kind=64, cause="option_chosen or action_taken"):
    """`agent` holds the place until it finishes, fails or takes too long to come."""

    agent: Agent
    place: Object


class ReservationReleased(Event, kind=65, cause="reservation_granted or queue_handover"):
    """`agent` gives up the place, which is free again."""

    agent: Agent
    place: Object
    reason: ReasonCode


class ReservationTimedOut(Event, kind=66, cause="reservation_granted or queue_handover"):
    """`agent` did not come to its place in time."""

    agent: Agent
    place: Object


class QueueJoined(Event, kind=67, cause="option_chosen or action_taken"):
    """`agent` takes the last waiting place of a line."""

    agent: Agent
    place: Object
    waiting: Count = column(meaning="how many people wait now, `agent` included")


class QueueLeft(Event, kind=68, cause="queue_joined"):
    """`agent` leaves a line before its turn."""

    agent: Agent
    place: Object
    reason: ReasonCode


class QueueHandover(Event, kind=69, cause="queue_joined of `other`"):
    """`agent` finishes or yields and gives the place to `other`, who has waited."""

    agent: Agent
    other: Agent = column("other")
    place: Object


class QueueConflict(Event, kind=70, version=2, cause="queue_joined of `other`, ghost_stepped, or cover_agreed"):
    """`agent` wrongs `other`: it cuts in, blocks, pushes past, takes the last portion, breaks a promise."""

    agent: Agent
    other: Agent = column("other")
    place: Object
    reason: ReasonCode
    held: Count = column("code2", "how long a block keeps the place from `other`, else 0", "ticks")
    intensity: Amount = column(meaning="1 + 0.25 x (waiting - 1), within [0.1, 5]")


class CooldownStarted(Event, kind=71, cause="affordance_started"):
    """Others wait, so `agent` may not use this place again for a while."""

    agent: Agent
    place: Object
