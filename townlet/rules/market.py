"""Buying, cooking, eating together, rent, benefits and prices."""

import numpy as np

from eventlog.codes import DEED_PORTION, DEED_SHARED_MEAL, ITEM_MEAL, ITEM_RAW, OPTION_EAT, REASON_PORTION
from projections.kernel import kernel
from projections.record.event import NONE
from projections.record.ways import tiles_apart
from projections.recorders.life import record_eviction_served, record_rent_charged
from projections.recorders.market import (
    record_benefit_paid,
    record_item_bought,
    record_meal_cooked,
    record_shared_meal,
)
from projections.recorders.time import record_price_changed, record_restocked
from townlet.rules import queues
from townlet.rules.draw import NOBODY_ELSE, PRICE, draw
from townlet.rules.queues import AT_ONCE
from townlet.rules.restraint import are_held_apart, is_held_back


@kernel
def cost(town, plan, code):
    """What the goods of an affordance cost now, in basic meals; 0 where nothing is sold."""
    deed = plan.affordances[code]
    return deed.gives_count * deed.markup * town.clock.prices[deed.gives] if deed.sells else 0.0


@kernel
def price_paid(town, plan, a, code):
    """What the agent pays for the goods of an affordance: who has money to spare takes a better and dearer dish."""
    price, agent = cost(town, plan, code), town.agents[a]
    if plan.affordances[code].gives != ITEM_MEAL or agent.wallet <= plan.market.spend_above:
        return price
    rise = min(plan.market.treat_most, plan.market.treat_rise * (agent.wallet - plan.market.spend_above))
    return price if agent.wallet < price else min(agent.wallet, price * (1.0 + rise))


@kernel
def collect(town, plan, a, o, code, cause):
    """Give the agent what a finished affordance brings: goods for money, or meals for raw food."""
    agent, deed = town.agents[a], plan.affordances[code]
    if deed.gives < 0:
        return
    if deed.sells:
        price = price_paid(town, plan, a, code)
        if agent.wallet >= price and town.objects[o].stock >= deed.gives_count:
            cause = record_item_bought(town, plan, a, o, deed.gives, deed.gives_count, price, cause)
            if plan.queues.portion and town.objects[o].stock < deed.gives_count and town.objects[o].line > 0:
                first = queues.first_in_line(town, plan, o)
                if not is_held_back(town, a, DEED_PORTION, first):
                    queues.quarrel(town, plan, a, first, o, REASON_PORTION, AT_ONCE, town.agents[first].waits_seq)
    elif agent.items[ITEM_RAW] >= deed.takes_count:
        record_meal_cooked(town, plan, a, o, deed.gives_count, cause)


@kernel
def share_meals(town, plan, a):
    """Two who have eaten side by side at one venue for long enough share a meal. The later one records it."""
    agent = town.agents[a]
    if agent.doing < 0 or town.clock.tick - agent.busy_since != plan.chat.meal_overlap:
        return
    if plan.affordances[agent.doing].option != OPTION_EAT:
        return
    here = plan.layout.place[agent.holds]
    for i in range(plan.layout.near_count[here.venue, OPTION_EAT]):
        o = plan.layout.near[here.venue, OPTION_EAT, i]
        b, there = town.objects[o].user, plan.layout.place[o]
        if there.venue != here.venue or tiles_apart(plan, there.tile, here.tile) > plan.chat.meal_radius:
            continue
        if b >= 0 and b != a and eats_along(town, plan, a, b):
            record_shared_meal(town, plan, a, b, agent.holds, agent.started_seq)


@kernel
def eats_along(town, plan, a, b):
    """Whether b sat down before a or with a, still eats, and has not shared this meal with a yet."""
    agent, other = town.agents[a], town.agents[b]
    if other.doing < 0 or other.busy_since > agent.busy_since or are_held_apart(town, a, b, DEED_SHARED_MEAL):
        return False
    for i in range(agent.companions):
        if agent.company[i] == other.person:
            return False
    return plan.affordances[other.doing].option == OPTION_EAT


@kernel
def charge_rent(town, plan, a):
    """Charge the rent of the day. Rent that is unpaid for too long means eviction."""
    agent = town.agents[a]
    due = plan.market.rent + agent.debt
    paid = min(agent.wallet, due)
    cause = record_rent_charged(town, plan, a, paid, due - paid)
    if agent.unpaid_days >= plan.life.eviction_days and agent.doom < 0:
        record_eviction_served(town, plan, a, agent.debt, cause)


@kernel
def has_too_few_jobs(town, plan):
    """Whether the town has fewer jobs than people, those counted who will take the place of whoever left."""
    return plan.work.jobs < max(town.clock.people, plan.life.people)


@kernel
def gets_benefit(town, plan, agent):
    """Whether the town keeps the agent: it has no job, and the town has too few."""
    return agent.job < 0 and plan.market.benefit > 0.0 and has_too_few_jobs(town, plan)


@kernel
def pay_benefit(town, plan, a):
    """The town pays somebody without a job for the day, before the rent, while it has too few jobs."""
    if gets_benefit(town, plan, town.agents[a]):
        record_benefit_paid(town, plan, a, plan.market.benefit, town.agents[a].jobless_seq)


@kernel
def restock(town, plan):
    """Fill all shelves in the morning."""
    for o in range(town.clock.objects):
        full = plan.affordances[plan.layout.place[o].affordance].restock
        if full > 0 and town.objects[o].stock < full:
            record_restocked(town, plan, o, full)


@kernel
def set_prices(town, plan):
    """Raw food follows the market as long as every wage is a living wage; the price of a meal follows raw food.

    The market is partly chance and partly what was sold today, against what so many people are expected to need.
    """
    change = plan.market.price_spread * pressure(town, plan)
    raw = plan.market.price[ITEM_RAW] * (1.0 + change)
    if is_living_wage(plan, raw) and raw != town.clock.prices[ITEM_RAW]:
        record_price_changed(town, plan, ITEM_RAW, raw, NONE)
        record_price_changed(town, plan, ITEM_MEAL, plan.market.price[ITEM_MEAL] * (1.0 + change), NONE)


@kernel
def pressure(town, plan):
    """How far prices move, from -1 to 1 of their spread: more sold than expected raises them, less lowers them."""
    luck = 2.0 * draw(town, PRICE, NOBODY_ELSE, NOBODY_ELSE) - 1.0
    expected = plan.market.meals_a_day * town.clock.people
    if plan.market.demand == 0.0 or expected == 0.0:
        return luck
    sold = np.float64(town.clock.sold[ITEM_RAW] + town.clock.sold[ITEM_MEAL])
    pull = plan.market.demand_steepness * (sold / expected - 1.0)
    return (1.0 - plan.market.demand) * luck + plan.market.demand * min(1.0, max(-1.0, pull))


@kernel
def is_living_wage(plan, raw):
    """Whether the week's wage of each job pays a week of rent, meals and sundries with the margin wanted."""
    need = 7.0 * (plan.market.rent + plan.market.meals_a_day * raw + plan.market.sundries)
    for j in range(plan.work.jobs):
        job = plan.jobs[j]
        days = 0
        for day in range(7):
            days += (job.days >> day) & 1
        spare = days * (job.end - job.start) * job.wage / need - 1.0
        if spare < plan.market.spare_least or spare > plan.market.spare_most:
            return False
    return True
