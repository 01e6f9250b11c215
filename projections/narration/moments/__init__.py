"""Tellers: functions that take the scene of an event of one kind, write to the memory, and yield moments."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from eventlog import codes
from projections.narration.entries import Moment
from projections.narration.moments import commands, gifts, life, meals, queues, talk, time, work
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
        (codes.AGENT_ARRIVED, life.arrival),
        (codes.TRAIT_GIVEN, life.trait),
        (codes.AGENT_FAINTED, life.faint),
        (codes.AGENT_EXITED, life.departure),
        (codes.RENT_CHARGED, life.rent),
        (codes.EVICTION_SERVED, life.eviction),
        (codes.QUEUE_JOINED, queues.wait_begun),
        (codes.QUEUE_LEFT, queues.lost_patience),
        (codes.QUEUE_HANDOVER, queues.handover),
        (codes.QUEUE_CONFLICT, queues.conflict),
        (codes.GHOST_STEPPED, queues.squeeze),
        (codes.AFFORDANCE_FAILED, time.interruption),
        (codes.ITEM_BOUGHT, meals.purchase),
        (codes.MEAL_COOKED, meals.cooking),
        (codes.MEAL_EATEN, meals.meal),
        (codes.SHARED_MEAL, meals.shared_meal),
        (codes.MEAL_GIVEN, gifts.meal_given),
        (codes.MONEY_LENT, gifts.money_lent),
        (codes.MONEY_RETURNED, gifts.money_returned),
        (codes.BENEFIT_PAID, life.benefit),
        (codes.SHIFT_STARTED, work.shift_start),
        (codes.SHIFT_ENDED, work.shift_end),
        (codes.ARRIVED_LATE, work.late_arrival),
        (codes.SHIFT_MISSED, work.absence),
        (codes.SHIFT_TAKEOVER, work.takeover),
        (codes.LATE_HELP, work.late_help),
        (codes.WAGE_PAID, work.wage),
        (codes.WAGE_WITHHELD, work.withheld_wage),
        (codes.HIRED, work.new_job),
        (codes.JOB_LOST, work.lost_job),
        (codes.COVER_ENDED, work.broken_promise),
        (codes.CHAT_STARTED, talk.talk_begun),
        (codes.CHAT_SUCCEEDED, talk.good_talk),
        (codes.CHAT_FAILED, talk.bad_talk),
        (codes.CHAT_BROKEN_OFF, talk.talk_broken_off),
        (codes.NEWS_TOLD, talk.news),
        (codes.TIE_SET, commands.tie),
        (codes.TELEPORTED, commands.teleport),
        (codes.RESTRAINED, commands.restraint),
        (codes.COMMAND_ACCEPTED, commands.accepted),
        (codes.NEED_SET, commands.need),
        (codes.OPTION_ORDERED, commands.order),
        (codes.MEETING_ARRANGED, commands.meeting),
        (codes.ORDER_ENDED, commands.order_end),
        (codes.POSSESSION_BEGAN, commands.possession),
        (codes.POSSESSION_ENDED, commands.release),
        (codes.NEWCOMER_CALLED, commands.newcomer_called),
        (codes.PLACE_CLOSED, commands.closure),
        (codes.ILLNESS_BEGAN, commands.illness),
        (codes.OUTCOME_FORCED, commands.outcome),
        (codes.LIMIT_SET, commands.limit),
    )
}
"""The teller of each kind of event; other kinds are not told."""
