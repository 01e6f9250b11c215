"""Agents begin and finish the use of a place."""

import numpy as np

from eventlog.codes import (
    ITEM_MEAL,
    OPTION_EAT,
    OPTION_SLEEP,
    OPTION_WORK,
    REASON_CLOSED,
    REASON_FINISHED,
    REASON_HELD_BACK,
    REASON_HUNGER,
    REASON_MONEY,
    REASON_NOTHING_TO_USE,
    REASON_POWER,
    REASON_STOCK,
    REASON_WATER,
    REASON_WEATHER,
    WEATHER_RAIN,
)
from projections.kernel import kernel
from projections.record.event import NOBODY, NONE
from projections.recorders.console import record_order_ended
from projections.recorders.market import record_meal_eaten
from projections.recorders.needs import (
    record_affordance_failed,
    record_affordance_finished,
    record_affordance_started,
)
from townlet.rules import market, queues, work
from townlet.rules.queues import AT_THE_END, WITH_MANNERS, WITHOUT_A_WORD
from townlet.rules.restraint import is_held_back


@kernel
def begin(town, plan, a):
    """An agent on its place begins to use it, or finds that it cannot."""
    agent = town.agents[a]
    o = agent.holds
    if o < 0 or agent.doing >= 0 or agent.tile != plan.layout.place[o].tile:
        return
    code = plan.layout.place[o].affordance
    reason = obstacle(town, plan, a, o, code)
    if reason >= 0:
        record_affordance_failed(town, plan, a, o, code, reason, agent.asked_seq)
        queues.leave_place(town, plan, a, o, reason, WITHOUT_A_WORD)
        return
    deed = plan.affordances[code]
    ticks = np.float64(work.ticks_left(town, plan, a) if deed.option == OPTION_WORK else deed.ticks)
    cause = record_affordance_started(town, plan, a, o, code, ticks, deed.fee, agent.asked_seq)
    if deed.option == OPTION_EAT:
        record_meal_eaten(town, plan, a, o, cause)
    elif deed.option == OPTION_WORK:
        work.take_over(town, plan, a, o)


@kernel
def obstacle(town, plan, a, o, code):
    """The reason code why the agent cannot begin here now; -1 if it can."""
    agent, deed = town.agents[a], plan.affordances[code]
    reason = out_of_order(town, deed)
    if reason >= 0:
        return reason
    if is_closed(town, o):
        return REASON_CLOSED
    if deed.takes >= 0 and agent.items[deed.takes] < deed.takes_count:
        return REASON_NOTHING_TO_USE
    if agent.wallet < deed.fee + market.cost(town, plan, code):
        return REASON_MONEY
    if deed.sells and town.objects[o].stock < deed.gives_count:
        return REASON_STOCK
    if deed.option == OPTION_WORK and work.ticks_left(town, plan, a) <= 0:
        return REASON_FINISHED
    if is_held_back(town, a, deed.option, NOBODY) or (deed.option == OPTION_WORK and work.is_kept_from_cover(town, a)):
        return REASON_HELD_BACK
    return NONE


@kernel
def out_of_order(town, deed):
    """The reason code of an outage that stops the affordance; -1 if there is none."""
    if deed.power and not town.clock.power:
        return REASON_POWER
    if deed.water and not town.clock.water:
        return REASON_WATER
    return REASON_WEATHER if deed.open_air and town.clock.weather == WEATHER_RAIN else NONE


@kernel
def is_closed(town, o):
    """Whether a command keeps everybody from beginning to use a place."""
    return town.clock.tick < town.objects[o].closed_until


@kernel
def finish(town, plan, a):
    """Finish what is over or interrupted: give its goods, and pass the place on."""
    agent = town.agents[a]
    if agent.doing < 0:
        return
    code, o, tick = agent.doing, agent.holds, town.clock.tick
    reason = interruption(town, plan, a)
    if reason >= 0:
        record_affordance_failed(town, plan, a, o, code, reason, agent.started_seq)
        if reason == REASON_HUNGER and agent.ordered == plan.affordances[code].option + 1:
            record_order_ended(town, plan, a, plan.affordances[code].option, reason, agent.ordered_seq)
        queues.leave_place(town, plan, a, o, reason, WITHOUT_A_WORD)
    elif tick >= agent.busy_until or is_enough(town, plan, a):
        manners = manners_of(town, plan, a)
        whole = tick >= agent.busy_until
        cause = record_affordance_finished(town, plan, a, o, code, agent.started_seq)
        if whole:
            market.collect(town, plan, a, o, code, cause)
        if agent.ordered == plan.affordances[code].option + 1 and agent.ordered_until == 0:
            record_order_ended(town, plan, a, plan.affordances[code].option, REASON_FINISHED, agent.ordered_seq)
        work.end_cover(town, plan, a)
        queues.leave_place(town, plan, a, o, REASON_FINISHED, manners)


@kernel
def manners_of(town, plan, a):
    """How the agent leaves the place where it is done: simply for whom it stood in for, on time at the end of work."""
    if work.is_relieved(town, plan, a):
        return WITHOUT_A_WORD
    works = plan.affordances[town.agents[a].doing].option == OPTION_WORK
    return AT_THE_END if works and plan.work.blameless else WITH_MANNERS


@kernel
def interruption(town, plan, a):
    """The reason code that interrupts the agent, an urgent need or an outage; -1 for none."""
    agent = town.agents[a]
    deed = plan.affordances[agent.doing]
    reason = out_of_order(town, deed)
    if reason >= 0:
        return reason
    if (deed.option == OPTION_WORK or deed.option == OPTION_SLEEP) and agent.hunger < plan.needs.urgent:
        return REASON_HUNGER if could_eat(town, agent) else NONE
    return NONE


@kernel
def could_eat(town, agent):
    """Whether the agent has a meal, or the money for one."""
    return agent.items[ITEM_MEAL] > 0 or agent.wallet >= town.clock.prices[ITEM_MEAL]


@kernel
def is_enough(town, plan, a):
    """Whether the agent has slept enough or must rise for work, or has no more work at its desk."""
    agent = town.agents[a]
    option = plan.affordances[agent.doing].option
    if option == OPTION_SLEEP:
        return agent.energy >= plan.needs.rested_at or work.has_to_rise(town, plan, a)
    if option == OPTION_WORK:
        return work.ticks_left(town, plan, a) <= 0 or work.is_relieved(town, plan, a)
    return False
