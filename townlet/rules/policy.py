"""The scripted policy: needs first, then the shift, then errands, then company (docs/town.md, The scripted policy).

Whoever is asked for an option by an outside policy does that instead, as `control` says.
"""

import numpy as np

from eventlog.codes import (
    DEED_HANDOVER,
    DEED_YIELD,
    ITEM_MEAL,
    ITEM_RAW,
    OPTION_COOK,
    OPTION_EAT,
    OPTION_SHOP,
    OPTION_SLEEP,
    OPTION_SOCIALISE,
    OPTION_WAIT,
    OPTION_WASH,
    OPTION_WORK,
    OPTION_YIELD,
    TRAIT_EXTROVERSION,
)
from projections.kernel import entry, kernel
from projections.record.event import NOBODY, NONE, NOTHING
from projections.record.ways import steps
from projections.record.words import ENERGY, HUNGER, HYGIENE
from projections.recorders.choice import record_option_chosen
from townlet.rules import market, queues, work
from townlet.rules.draw import CHRONOTYPE, YIELD, draw, draw_of_life, wish
from townlet.rules.ledger import liking, rivalry, trust
from townlet.rules.needs import could_eat, is_closed, out_of_order
from townlet.rules.restraint import is_held_back

ALL_OPTIONS = np.int64(-1)
"""The bits of all options."""

TOO_LATE = np.int64(-2)
"""No place, since work comes before."""


@kernel
def choose(town, plan, a):
    """An idle agent takes the option of most use. It keeps to it for some ticks, or until a need becomes urgent."""
    if decides(town, plan, a):
        choose_among(town, plan, a, ALL_OPTIONS)


@kernel
def choose_among(town, plan, a, allowed):
    """An agent that may choose now takes the option of most use among those whose bit is set in `allowed`."""
    agent = town.agents[a]
    urgent = is_urgent(plan, agent)
    if is_among(allowed, OPTION_YIELD) and gives_way(town, plan, a):
        record_option_chosen(town, plan, a, agent.holds, OPTION_YIELD, NONE)
        return
    option, target, most = OPTION_WAIT, NOTHING, plan.policy.wait_weight
    for candidate in range(OPTION_EAT, OPTION_YIELD):
        if not is_among(allowed, candidate):
            continue
        use = 0.0 if is_kept_from(town, plan, a, candidate, urgent) else wished_use(town, plan, a, candidate)
        if use > most:
            place = place_for(town, plan, a, candidate, urgent)
            if place != NOTHING:
                option, target, most = candidate, place, use
    if target != queues_for(agent):
        queues.let_go(town, plan, a)
    record_option_chosen(town, plan, a, target, option, NONE)


@kernel
def is_among(allowed, option):
    """Whether the bit of an option is set."""
    return (allowed >> option) & 1 == 1


@kernel
def is_kept_from(town, plan, a, option, urgent):
    """Whether a command holds the agent back from an option, or work leaves no time; an urgent need ignores work."""
    if is_held_back(town, a, option, NOBODY):
        return True
    return not urgent and is_too_late_for(town, plan, a, option)


@kernel
def wished_use(town, plan, a, option):
    """The use of an option for the comparison: chance shifts it, and an option with a place in line weighs more."""
    use = use_of(town, plan, a, option)
    if use > 0.0:
        agent = town.agents[a]
        use = use * (1.0 + plan.policy.jitter * (wish(town, a, option) - 0.5))
        if option == agent.option and (agent.waits_at >= 0 or agent.holds >= 0):
            use = use * plan.policy.line_factor
    return use


@entry
def weigh(towns, plans, index, a, uses, places):
    """What seat `a` would find in each option if it chose now; whether it is in need, and whether it would give way.

    Into `uses`, f8[options], what is compared, and into `places`, i8[options], where it would be done: NOTHING where
    there is no place or no use, TOO_LATE where work comes before.
    """
    town = towns[index]
    plan = plans[town.clock.epoch]
    urgent = is_urgent(plan, town.agents[a])
    uses[:], places[:] = 0.0, NOTHING
    uses[OPTION_WAIT] = plan.policy.wait_weight
    for option in range(OPTION_EAT, OPTION_YIELD):
        if is_kept_from(town, plan, a, option, urgent):
            places[option] = TOO_LATE
        else:
            uses[option] = wished_use(town, plan, a, option)
            if uses[option] > 0.0:
                places[option] = place_for(town, plan, a, option, urgent)
    return urgent, gives_way(town, plan, a)


@kernel
def decides(town, plan, a):
    """Whether the agent may choose now: it is idle, and free of its last option, or a need just became urgent."""
    agent = town.agents[a]
    if agent.doing >= 0 or agent.talks_with >= 0 or agent.lingers_until > 0:
        return False
    return town.clock.tick >= agent.option_until or cries(plan, agent)


@kernel
def is_urgent(plan, agent):
    """Whether a need is so low that everything else can wait."""
    return min(agent.hunger, min(agent.hygiene, agent.energy)) < plan.needs.urgent


@kernel
def cries(plan, agent):
    """Whether a need became urgent in the last tick."""
    urgent, decay = plan.needs.urgent, plan.needs.decay
    return (
        agent.hunger < urgent <= agent.hunger + decay[HUNGER]
        or agent.hygiene < urgent <= agent.hygiene + decay[HYGIENE]
        or agent.energy < urgent <= agent.energy + decay[ENERGY]
    )


@kernel
def queues_for(agent):
    """The place an agent holds or waits for."""
    return agent.holds if agent.holds >= 0 else agent.waits_at


@kernel
def gives_way(town, plan, a):
    """Whether the agent passes an unused place to a friend in line whose needs are lower."""
    agent = town.agents[a]
    if agent.holds < 0 or town.objects[agent.holds].line == 0 or queues.is_own(plan, agent.holds):
        return False
    first = queues.first_in_line(town, plan, agent.holds)
    other = town.agents[first]
    if is_held_back(town, a, DEED_YIELD, NOBODY) or is_held_back(town, a, DEED_HANDOVER, first):
        return False
    worse_off = min(other.hunger, other.hygiene) < min(agent.hunger, agent.hygiene)
    return worse_off and draw(town, YIELD, a, first) < trust(town, plan, a, first)


@kernel
def use_of_work(town, plan, a):
    """The use of work; more for one who has agreed to stand in, until it begins, unless its hunger is urgent."""
    if not work.is_due(town, plan, a):
        return 0.0
    agent = town.agents[a]
    expected = agent.covers >= 0 and agent.cover_worked == 0 and agent.hunger >= plan.needs.urgent
    return plan.policy.work_weight * (plan.policy.promise_factor if expected else 1.0)


@kernel
def use_of(town, plan, a, option):
    """The use of an option, 0 or more. The way to it is not counted."""
    if option == OPTION_EAT:
        return use_of_eating(town, plan, a)
    if option == OPTION_WASH:
        return use_of_washing(town, plan, a)
    if option == OPTION_SLEEP:
        return use_of_sleep(town, plan, a)
    if option == OPTION_WORK:
        return use_of_work(town, plan, a)
    if option == OPTION_SHOP or option == OPTION_COOK:
        return use_of_errand(town, plan, a, option)
    if option == OPTION_SOCIALISE:
        charm = town.agents[a].traits[TRAIT_EXTROVERSION]
        return plan.policy.social_weight * (1.0 + plan.policy.social_extroversion * charm)
    return 0.0


@kernel
def is_too_late_for(town, plan, a, option):
    """Whether the agent must set out for work before an option would be over."""
    if plan.policy.lead[option] == 0 or not work.has_shift_ahead(town, plan, a):
        return False
    spare = work.leaves_at(town, plan, a) - work.minute_of(town, plan)
    return 0 <= spare < plan.policy.lead[option]


@kernel
def use_of_eating(town, plan, a):
    """More with hunger. Eating begins earlier before the night, before a shift, and at meal hours."""
    agent, policy = town.agents[a], plan.policy
    if agent.items[ITEM_MEAL] == 0:
        return 0.0
    below = policy.eat_below
    minute = work.minute_of(town, plan)
    if own_minute(town, plan, a) >= policy.night_from:
        below = policy.supper_below + policy.supper_margin
    if work.has_shift_ahead(town, plan, a):
        if 0 <= work.leaves_at(town, plan, a) - minute < policy.meal_span:
            below = policy.meal_below
    for i in range(3):
        if policy.meal_hours[i] <= minute < policy.meal_hours[i] + policy.meal_span:
            below = policy.meal_below
    return policy.eat_weight * (1.0 - agent.hunger) if agent.hunger < below else 0.0


@kernel
def use_of_washing(town, plan, a):
    """More with low hygiene; 0 above `policy.wash_below`."""
    agent, policy = town.agents[a], plan.policy
    if agent.hygiene >= policy.wash_below:
        return 0.0
    return policy.wash_weight * (1.0 - agent.hygiene)


@kernel
def use_of_sleep(town, plan, a):
    """At night, more with tiredness; by day only an exhausted agent sleeps."""
    agent, policy = town.agents[a], plan.policy
    if agent.hunger < plan.needs.urgent and could_eat(town, agent):
        return 0.0
    minute = own_minute(town, plan, a)
    if minute >= policy.night_from or minute < policy.night_to:
        if work.has_to_rise(town, plan, a):
            return 0.0
        weight = policy.night_weight
        if agent.hunger < policy.supper_below and agent.items[ITEM_MEAL] > 0 and minute >= policy.night_from:
            weight = policy.hungry_sleep_share * weight
        return weight * (1.0 - agent.energy)
    return policy.nap_weight * (1.0 - agent.energy) if agent.energy < policy.nap_below else 0.0


@kernel
def own_minute(town, plan, a):
    """The minute of the day by the agent's own clock: larks are ahead of others, owls behind (Roenneberg 2003)."""
    most = plan.policy.chronotype
    lag = np.int64((2.0 * draw_of_life(town, CHRONOTYPE, town.agents[a].person) - 1.0) * most)
    return (work.minute_of(town, plan) - lag) % plan.life.ticks_per_day


@kernel
def use_of_errand(town, plan, a, option):
    """More with hunger and an empty larder: cooking or shopping."""
    agent, policy = town.agents[a], plan.policy
    meals, raw = agent.items[ITEM_MEAL], agent.items[ITEM_RAW]
    if option == OPTION_COOK:
        wanted = meals < policy.cook_below_meals and raw > 0
    else:
        wanted = meals + raw < policy.stock_wanted or (meals == 0 and agent.hunger < policy.meal_out_below)
    if not wanted:
        return 0.0
    pressing = policy.eat_weight * (1.0 - agent.hunger) if meals == 0 and agent.hunger < policy.eat_below else 0.0
    return max(policy.errand_weight, policy.errand_hunger_share * pressing)


@kernel
def place_for(town, plan, a, option, urgent):
    """The place for an option: the own bed, the own desk, or the place near home of least trouble; NOTHING if none."""
    agent = town.agents[a]
    if option == OPTION_SLEEP:
        return agent.home
    if option == OPTION_WORK:
        return work.desk_of(town, plan, a)
    home = plan.layout.place[agent.home].venue
    found, least = NOTHING, 1.0e9
    for i in range(plan.layout.near_count[home, option]):
        o = plan.layout.near[home, option, i]
        if is_of_use(town, plan, a, o):
            trouble = trouble_of(town, plan, a, o, option, urgent)
            if trouble < least:
                found, least = o, trouble
    return found


@kernel
def has_place(town, plan, a, option):
    """Whether `place_for` finds a place for an option. How much trouble each place is does not matter, only its use."""
    agent = town.agents[a]
    if option == OPTION_SLEEP:
        return agent.home != NOTHING
    if option == OPTION_WORK:
        return work.desk_of(town, plan, a) != NOTHING
    home = plan.layout.place[agent.home].venue
    for i in range(plan.layout.near_count[home, option]):
        if is_of_use(town, plan, a, plan.layout.near[home, option, i]):
            return True
    return False


@kernel
def is_of_use(town, plan, a, o):
    """Whether an agent would go to a place: it is usable, and company that costs money only for who has it to spare."""
    agent = town.agents[a]
    deed = plan.affordances[plan.layout.place[o].affordance]
    if is_paid_leisure(deed) and agent.wallet < deed.fee + plan.market.spend_above:
        return False
    return is_usable(town, plan, a, o)


@kernel
def is_usable(town, plan, a, o):
    """Whether a place works, has stock, is affordable, has room in its line, and is not resting from this agent."""
    agent = town.agents[a]
    code = plan.layout.place[o].affordance
    deed = plan.affordances[code]
    place = town.objects[o]
    if out_of_order(town, deed) >= 0 or is_closed(town, o) or queues.rests_from(town, a, o):
        return False
    if deed.takes >= 0 and agent.items[deed.takes] < deed.takes_count:
        return False
    if agent.wallet < deed.fee + market.cost(town, plan, code) or (deed.sells and place.stock < deed.gives_count):
        return False
    if deed.sells and not leaves_the_rent(town, plan, agent, code):
        return False
    taken = place.user != NOBODY and place.user != a
    return not taken or place.line < plan.layout.place[o].line or agent.waits_at == o


@kernel
def leaves_the_rent(town, plan, agent, code):
    """Whether who buys this keeps the rent. Who is very hungry does not think of that, nor who lives on benefits."""
    if agent.hunger < plan.policy.meal_out_below or market.gets_benefit(town, plan, agent):
        return True
    kept = plan.policy.rent_kept * (plan.market.rent + agent.debt)
    return agent.wallet - market.cost(town, plan, code) >= kept


@kernel
def is_paid_leisure(deed):
    """Whether an affordance is company that costs money."""
    return deed.option == OPTION_SOCIALISE and deed.fee > 0.0


@kernel
def spending(plan, agent):
    """How far one goes to spend money, in steps: more, the more money one has to spare; 0 for who has none."""
    spare = max(0.0, agent.wallet - plan.market.spend_above)
    return min(plan.policy.leisure_most, plan.policy.leisure_gain * spare)


@kernel
def trouble_of(town, plan, a, o, option, urgent):
    """How much trouble a place is, in steps: the way, the line and rivals; less where friends sit."""
    agent, place, policy = town.agents[a], town.objects[o], plan.policy
    trouble = np.float64(steps(plan, agent.tile, o))
    if agent.holds == o or agent.waits_at == o:
        return trouble - policy.keep_gain
    ahead = place.line + (1 if place.user >= 0 else 0)
    trouble += policy.crowd_cost * ahead
    if place.user >= 0 and not urgent and rivalry(town, plan, a, place.user) >= plan.chat.avoid_rivalry:
        trouble += policy.rival_cost
    deed = plan.affordances[plan.layout.place[o].affordance]
    if deed.sells and deed.gives == ITEM_MEAL:
        charm = agent.traits[TRAIT_EXTROVERSION]
        trouble += policy.cafe_cost - policy.cafe_extroversion * charm - spending(plan, agent)
        if agent.wallet < policy.thrift_below:
            trouble += policy.thrift_factor * policy.cafe_cost
    elif deed.sells and agent.items[ITEM_MEAL] == 0 and agent.hunger < policy.meal_out_below:
        trouble += policy.raw_cost
    elif is_paid_leisure(deed):
        trouble -= spending(plan, agent)
    if option == OPTION_EAT or option == OPTION_SOCIALISE:
        trouble -= company_at(town, plan, a, o, option)
    return trouble


@kernel
def company_at(town, plan, a, o, option):
    """What the people who sit at a venue are worth, in steps: a little for anybody, more for friends."""
    home = plan.layout.place[town.agents[a].home].venue
    venue = plan.layout.place[o].venue
    worth = 0.0
    for i in range(plan.layout.near_count[home, option]):
        p = plan.layout.near[home, option, i]
        b = town.objects[p].user
        if b >= 0 and b != a and plan.layout.place[p].venue == venue and town.agents[b].doing >= 0:
            worth += plan.policy.company_gain + plan.policy.friend_gain * liking(town, plan, a, b)
    return worth
