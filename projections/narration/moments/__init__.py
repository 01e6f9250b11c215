"""What is worth telling of each kind of event. A teller remembers what it has seen, and puts moments forward."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from eventlog import codes
from projections.narration.entries import Moment
from projections.narration.moments import life, meals, queues, talk, time, work
from projections.narration.scene import Scene

Teller = Callable[[Scene], Iterator[Moment]]

TELLERS: Final[Mapping[int, Teller]] = {
    int(kind): teller
    for kind, teller in (
        (codes.DAY_ENDED, time.day_ended),
        (codes.WEATHER_CHANGED, time.weather),
        (codes.PRICE_CHANGED, time.price),
        (codes.POWER_FAILED, time.power_failed),
        (codes.POWER_RESTORED, time.power_restored),
        (codes.WATER_FAILED, time.water_failed),
        (codes.WATER_RESTORED, time.water_restored),
        (codes.AGENT_ARRIVED, life.arrived),
        (codes.TRAIT_GIVEN, life.trait),
        (codes.AGENT_FAINTED, life.fainted),
        (codes.AGENT_EXITED, life.exited),
        (codes.RENT_CHARGED, life.rent),
        (codes.EVICTION_SERVED, life.evicted),
        (codes.QUEUE_JOINED, queues.joined),
        (codes.QUEUE_LEFT, queues.left),
        (codes.QUEUE_HANDOVER, queues.handover),
        (codes.QUEUE_CONFLICT, queues.conflict),
        (codes.GHOST_STEPPED, queues.squeezed),
        (codes.AFFORDANCE_FAILED, time.interrupted),
        (codes.ITEM_BOUGHT, meals.bought),
        (codes.MEAL_COOKED, meals.cooked),
        (codes.MEAL_EATEN, meals.eaten),
        (codes.SHARED_MEAL, meals.shared),
        (codes.SHIFT_STARTED, work.started),
        (codes.SHIFT_ENDED, work.ended),
        (codes.ARRIVED_LATE, work.late),
        (codes.SHIFT_MISSED, work.missed),
        (codes.SHIFT_TAKEOVER, work.takeover),
        (codes.LATE_HELP, work.helped),
        (codes.WAGE_PAID, work.paid),
        (codes.WAGE_WITHHELD, work.withheld),
        (codes.HIRED, work.hired),
        (codes.JOB_LOST, work.lost),
        (codes.COVER_ENDED, work.cover_ended),
        (codes.CHAT_SUCCEEDED, talk.succeeded),
        (codes.CHAT_FAILED, talk.failed),
    )
}
"""Who tells of which kind of event."""
