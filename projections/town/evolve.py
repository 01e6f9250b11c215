"""`evolve` calls the fold for the kind of an event. Nothing else writes the state.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import (
    ACTION_REJECTED,
    ACTION_TAKEN,
    AFFORDANCE_FAILED,
    AFFORDANCE_FINISHED,
    AFFORDANCE_STARTED,
    AGENT_ARRIVED,
    AGENT_EXITED,
    AGENT_FAINTED,
    AGENT_MOVED,
    ANNOUNCED,
    ARRIVAL_REFUSED,
    ARRIVED_LATE,
    BENEFIT_PAID,
    CHAT_BROKEN_OFF,
    CHAT_FAILED,
    CHAT_STARTED,
    CHAT_SUCCEEDED,
    COMMAND_ACCEPTED,
    COMMAND_REJECTED,
    COOLDOWN_STARTED,
    COVER_AGREED,
    COVER_ENDED,
    DAY_ENDED,
    EPISODE_ENDED,
    EVICTION_SERVED,
    GHOST_STEPPED,
    HIRED,
    ILLNESS_BEGAN,
    ITEM_BOUGHT,
    JOB_LOST,
    LATE_HELP,
    LIMIT_SET,
    MEAL_COOKED,
    MEAL_EATEN,
    MEAL_GIVEN,
    MEETING_ARRANGED,
    MONEY_LENT,
    MONEY_RETURNED,
    MOVE_BLOCKED,
    NEED_SET,
    NEWCOMER_CALLED,
    NEWS_TOLD,
    OPTION_CHOSEN,
    OPTION_ORDERED,
    ORDER_ENDED,
    OUTCOME_FORCED,
    PLACE_CLOSED,
    POSSESSION_BEGAN,
    POSSESSION_ENDED,
    POWER_FAILED,
    POWER_RESTORED,
    PRICE_CHANGED,
    QUEUE_CONFLICT,
    QUEUE_HANDOVER,
    QUEUE_JOINED,
    QUEUE_LEFT,
    RENT_CHARGED,
    RESERVATION_GRANTED,
    RESERVATION_RELEASED,
    RESERVATION_TIMED_OUT,
    RESTOCKED,
    RESTRAINED,
    SEAT_REUSED,
    SETTINGS_CHANGED,
    SHARED_MEAL,
    SHIFT_ENDED,
    SHIFT_MISSED,
    SHIFT_STARTED,
    SHIFT_TAKEOVER,
    TELEPORTED,
    TICK_ENDED,
    TIE_SET,
    TOWN_FOUNDED,
    TRAIT_GIVEN,
    WAGE_PAID,
    WAGE_WITHHELD,
    WATER_FAILED,
    WATER_RESTORED,
    WEATHER_CHANGED,
)
from projections.kernel import kernel
from projections.town import choice, console, life, market, movement, needs, queues, social, time, work


@kernel
def evolve(town, plan, event):
    """Fold one event."""
    kind = event.kind
    town.clock.seq = event.seq + 1
    if kind == TOWN_FOUNDED:
        time.town_founded(town, plan, event)
    elif kind == TICK_ENDED:
        time.tick_ended(town, plan, event)
    elif kind == DAY_ENDED:
        time.day_ended(town, plan, event)
    elif kind == WEATHER_CHANGED:
        time.weather_changed(town, plan, event)
    elif kind == PRICE_CHANGED:
        time.price_changed(town, plan, event)
    elif kind == RESTOCKED:
        time.restocked(town, plan, event)
    elif kind == POWER_FAILED:
        time.power_failed(town, plan, event)
    elif kind == POWER_RESTORED:
        time.power_restored(town, plan, event)
    elif kind == WATER_FAILED:
        time.water_failed(town, plan, event)
    elif kind == WATER_RESTORED:
        time.water_restored(town, plan, event)
    elif kind == AGENT_ARRIVED:
        life.agent_arrived(town, plan, event)
    elif kind == TRAIT_GIVEN:
        life.trait_given(town, plan, event)
    elif kind == AGENT_FAINTED:
        life.agent_fainted(town, plan, event)
    elif kind == AGENT_EXITED:
        life.agent_exited(town, plan, event)
    elif kind == RENT_CHARGED:
        life.rent_charged(town, plan, event)
    elif kind == EVICTION_SERVED:
        life.eviction_served(town, plan, event)
    elif kind == SEAT_REUSED:
        life.seat_reused(town, plan, event)
    elif kind == ARRIVAL_REFUSED:
        life.arrival_refused(town, plan, event)
    elif kind == OPTION_CHOSEN:
        choice.option_chosen(town, plan, event)
    elif kind == ACTION_TAKEN:
        choice.action_taken(town, plan, event)
    elif kind == ACTION_REJECTED:
        choice.action_rejected(town, plan, event)
    elif kind == EPISODE_ENDED:
        choice.episode_ended(town, plan, event)
    elif kind == AGENT_MOVED:
        movement.agent_moved(town, plan, event)
    elif kind == MOVE_BLOCKED:
        movement.move_blocked(town, plan, event)
    elif kind == GHOST_STEPPED:
        movement.ghost_stepped(town, plan, event)
    elif kind == TELEPORTED:
        movement.teleported(town, plan, event)
    elif kind == RESERVATION_GRANTED:
        queues.reservation_granted(town, plan, event)
    elif kind == RESERVATION_RELEASED:
        queues.reservation_released(town, plan, event)
    elif kind == RESERVATION_TIMED_OUT:
        queues.reservation_timed_out(town, plan, event)
    elif kind == QUEUE_JOINED:
        queues.queue_joined(town, plan, event)
    elif kind == QUEUE_LEFT:
        queues.queue_left(town, plan, event)
    elif kind == QUEUE_HANDOVER:
        queues.queue_handover(town, plan, event)
    elif kind == QUEUE_CONFLICT:
        queues.queue_conflict(town, plan, event)
    elif kind == COOLDOWN_STARTED:
        queues.cooldown_started(town, plan, event)
    elif kind == AFFORDANCE_STARTED:
        needs.affordance_started(town, plan, event)
    elif kind == AFFORDANCE_FINISHED:
        needs.affordance_finished(town, plan, event)
    elif kind == AFFORDANCE_FAILED:
        needs.affordance_failed(town, plan, event)
    elif kind == ITEM_BOUGHT:
        market.item_bought(town, plan, event)
    elif kind == MEAL_COOKED:
        market.meal_cooked(town, plan, event)
    elif kind == MEAL_EATEN:
        market.meal_eaten(town, plan, event)
    elif kind == SHARED_MEAL:
        market.shared_meal(town, plan, event)
    elif kind == MEAL_GIVEN:
        market.meal_given(town, plan, event)
    elif kind == MONEY_LENT:
        market.money_lent(town, plan, event)
    elif kind == MONEY_RETURNED:
        market.money_returned(town, plan, event)
    elif kind == BENEFIT_PAID:
        market.benefit_paid(town, plan, event)
    elif kind == SHIFT_STARTED:
        work.shift_started(town, plan, event)
    elif kind == SHIFT_ENDED:
        work.shift_ended(town, plan, event)
    elif kind == ARRIVED_LATE:
        work.arrived_late(town, plan, event)
    elif kind == SHIFT_MISSED:
        work.shift_missed(town, plan, event)
    elif kind == SHIFT_TAKEOVER:
        work.shift_takeover(town, plan, event)
    elif kind == LATE_HELP:
        work.late_help(town, plan, event)
    elif kind == WAGE_PAID:
        work.wage_paid(town, plan, event)
    elif kind == WAGE_WITHHELD:
        work.wage_withheld(town, plan, event)
    elif kind == HIRED:
        work.hired(town, plan, event)
    elif kind == JOB_LOST:
        work.job_lost(town, plan, event)
    elif kind == COVER_AGREED:
        work.cover_agreed(town, plan, event)
    elif kind == COVER_ENDED:
        work.cover_ended(town, plan, event)
    elif kind == CHAT_STARTED:
        social.chat_started(town, plan, event)
    elif kind == CHAT_SUCCEEDED:
        social.chat_succeeded(town, plan, event)
    elif kind == CHAT_FAILED:
        social.chat_failed(town, plan, event)
    elif kind == TIE_SET:
        social.tie_set(town, plan, event)
    elif kind == CHAT_BROKEN_OFF:
        social.chat_broken_off(town, plan, event)
    elif kind == NEWS_TOLD:
        social.news_told(town, plan, event)
    elif kind == SETTINGS_CHANGED:
        console.settings_changed(town, plan, event)
    elif kind == RESTRAINED:
        console.restrained(town, plan, event)
    elif kind == COMMAND_ACCEPTED:
        console.command_accepted(town, plan, event)
    elif kind == COMMAND_REJECTED:
        console.command_rejected(town, plan, event)
    elif kind == NEED_SET:
        console.need_set(town, plan, event)
    elif kind == ANNOUNCED:
        console.announced(town, plan, event)
    elif kind == OPTION_ORDERED:
        console.option_ordered(town, plan, event)
    elif kind == MEETING_ARRANGED:
        console.meeting_arranged(town, plan, event)
    elif kind == ORDER_ENDED:
        console.order_ended(town, plan, event)
    elif kind == POSSESSION_BEGAN:
        console.possession_began(town, plan, event)
    elif kind == POSSESSION_ENDED:
        console.possession_ended(town, plan, event)
    elif kind == NEWCOMER_CALLED:
        console.newcomer_called(town, plan, event)
    elif kind == PLACE_CLOSED:
        console.place_closed(town, plan, event)
    elif kind == ILLNESS_BEGAN:
        console.illness_began(town, plan, event)
    elif kind == OUTCOME_FORCED:
        console.outcome_forced(town, plan, event)
    elif kind == LIMIT_SET:
        console.limit_set(town, plan, event)
