"""Who has more than enough gives a meal or lends money to a housemate or friend in need; debts are paid back."""

import numpy as np

from eventlog.codes import (
    DEED_GIFT,
    DEED_LOAN,
    DEED_REPAYMENT,
    ITEM_MEAL,
    ITEM_RAW,
    OPTION_COOK,
    OPTION_EAT,
    OPTION_SHOP,
    OPTION_SLEEP,
)
from projections.kernel import kernel
from projections.record.event import NOBODY, seat
from projections.record.ways import tiles_apart
from projections.record.words import A_FRIEND
from projections.recorders.market import record_meal_given, record_money_lent, record_money_returned
from projections.town.ties import tie_with
from townlet.rules.control import BY_ACTION, is_asked
from townlet.rules.draw import GIVE, GIVER, LEND, draw
from townlet.rules.ledger import liking, rivalry, trust
from townlet.rules.restraint import is_held_back

A_MEAL, SOME_MONEY = map(np.int64, range(2))
"""What is given."""


@kernel
def settle(town, plan, a):
    """Whoever owes money and has enough pays it back; whoever is in need may be given a meal or lent money."""
    agent = town.agents[a]
    if agent.owes_to >= 0:
        pay_back(town, plan, a)
    elif lacks_money(town, plan, agent):
        borrow(town, plan, a)
    if lacks_a_meal(plan, agent):
        be_fed(town, plan, a)


@kernel
def lacks_a_meal(plan, agent):
    """Whether the agent is hungry, has no meal, and is not about to have one."""
    if agent.hunger >= plan.giving.hungry_below or agent.items[ITEM_MEAL] > 0:
        return False
    if agent.doing < 0:
        return True
    option = plan.affordances[agent.doing].option
    return option != OPTION_EAT and option != OPTION_COOK and option != OPTION_SHOP


@kernel
def lacks_money(town, plan, agent):
    """Whether the agent cannot pay the rent, what it owes of it, and a meal."""
    return agent.wallet < plan.market.rent + agent.debt + town.clock.prices[ITEM_MEAL]


@kernel
def be_fed(town, plan, a):
    """A hungry person is given a meal: perhaps by who has more than enough, surely when it cannot help itself."""
    if plan.giving.meal_chance == 0.0:
        return
    b = giver_for(town, plan, a, A_MEAL)
    if b == NOBODY:
        return
    chance = plan.giving.meal_chance * (1.0 + trust(town, plan, b, a))
    if is_helpless(town, plan, town.agents[a]) or draw(town, GIVE, b, a) < chance:
        record_meal_given(town, plan, b, a)


@kernel
def borrow(town, plan, a):
    """Somebody without money may be lent what it lacks for a day's rent and meals, up to a share of the lender's."""
    if plan.giving.money_chance == 0.0:
        return
    b = giver_for(town, plan, a, SOME_MONEY)
    if b != NOBODY and draw(town, LEND, b, a) < plan.giving.money_chance * (1.0 + trust(town, plan, b, a)):
        record_money_lent(town, plan, b, a, loan(town, plan, a, b))


@kernel
def pay_back(town, plan, a):
    """A debtor who has enough pays all of its debt when it meets the lender."""
    agent = town.agents[a]
    if agent.wallet - agent.owes < plan.giving.return_above or acts_by_steps(town, a):
        return
    b = seat(town, agent.owes_to)
    if is_held_back(town, a, DEED_REPAYMENT, b):
        return
    if meets(town, plan, a, b) and is_awake(plan, agent) and is_awake(plan, town.agents[b]):
        record_money_returned(town, plan, a, b, agent.owes, agent.owes_seq)


@kernel
def giver_for(town, plan, a, what):
    """Who of the housemates at home and the friends near can give, and likes the agent most; NOBODY if none can."""
    agent, layout, found = town.agents[a], plan.layout, NOBODY
    home = layout.place[agent.home].venue
    if layout.room[agent.tile] == home:
        for i in range(layout.near_count[home, OPTION_SLEEP]):
            b = town.objects[layout.near[home, OPTION_SLEEP, i]].owner - 1
            if b >= 0 and is_at_home(plan, town.agents[b], home) and may_give(town, plan, b, a, what):
                found = preferred(town, plan, a, b, found)
    side, reach = layout.side, plan.giving.reach
    row, column = agent.tile // side, agent.tile % side
    for down in range(-reach, reach + 1):
        across = reach - abs(down)
        for right in range(-across, across + 1):
            r, c = row + down, column + right
            if 0 <= r < side and 0 <= c < side:
                b = np.int64(town.ground[r * side + c]) - 1
                if b >= 0 and is_close(town, plan, b, a) and may_give(town, plan, b, a, what):
                    found = preferred(town, plan, a, b, found)
    return found


@kernel
def is_at_home(plan, agent, home):
    """Whether the agent lives in this venue and is there."""
    return plan.layout.place[agent.home].venue == home and plan.layout.room[agent.tile] == home


@kernel
def is_close(town, plan, b, a):
    """Whether a is a housemate of b or its friend, or b likes it well enough; or cannot help itself and is no rival."""
    giver, agent = town.agents[b], town.agents[a]
    if plan.layout.place[giver.home].venue == plan.layout.place[agent.home].venue:
        return True
    slot = tie_with(plan, giver, agent.person)
    if slot >= 0 and giver.ties[slot].bond == A_FRIEND:
        return True
    if lacks_a_meal(plan, agent) and is_helpless(town, plan, agent):
        return rivalry(town, plan, b, a) < plan.chat.avoid_rivalry
    return liking(town, plan, b, a) >= plan.giving.liking_above


@kernel
def preferred(town, plan, a, b, found):
    """Whoever of the two givers likes the agent more, by liking and chance."""
    if found == NOBODY or found == b:
        return b
    likes = liking(town, plan, b, a) + draw(town, GIVER, b, a)
    return b if likes > liking(town, plan, found, a) + draw(town, GIVER, found, a) else found


@kernel
def may_give(town, plan, b, a, what):
    """Whether b can give a what it needs: it has more than enough. Who cannot help itself is given also a last meal."""
    giver, agent = town.agents[b], town.agents[a]
    if b == a or giver.doom >= 0 or acts_by_steps(town, b):
        return False
    if is_held_back(town, b, DEED_GIFT if what == A_MEAL else DEED_LOAN, a):
        return False
    if what == A_MEAL and is_helpless(town, plan, agent):
        return giver.items[ITEM_MEAL] > (1 if giver.hunger < plan.giving.hungry_below else 0)
    if not is_awake(plan, giver) or not is_awake(plan, agent) or rests(town, plan, giver):
        return False
    if rivalry(town, plan, b, a) >= plan.chat.avoid_rivalry:
        return False
    if what == A_MEAL:
        return giver.items[ITEM_MEAL] > plan.giving.meals_kept
    amount = loan(town, plan, a, b)
    return amount >= town.clock.prices[ITEM_MEAL] and giver.wallet - amount >= day_cost(town, plan, giver)


@kernel
def loan(town, plan, a, b):
    """What b would lend a, in basic meals: what a lacks for a day, but no more than a share of what b has."""
    agent = town.agents[a]
    return min(day_cost(town, plan, agent) - agent.wallet, plan.giving.lend_share * town.agents[b].wallet)


@kernel
def day_cost(town, plan, agent):
    """What a day costs the agent, in basic meals: the rent, with what it owes of it, and meals."""
    return plan.market.rent + agent.debt + plan.market.meals_a_day * town.clock.prices[ITEM_RAW]


@kernel
def rests(town, plan, giver):
    """Whether the last gift or loan of this person is not long ago."""
    return giver.gave > 0 and town.clock.tick + 1 - giver.gave < plan.giving.rest


@kernel
def is_helpless(town, plan, agent):
    """Whether a hungry agent without a meal starves, or has neither raw food nor the money for a meal."""
    if agent.hunger < plan.needs.urgent:
        return True
    return agent.items[ITEM_RAW] == 0 and agent.wallet < town.clock.prices[ITEM_MEAL]


@kernel
def is_awake(plan, agent):
    """Whether the agent does not sleep."""
    return agent.doing < 0 or plan.affordances[agent.doing].option != OPTION_SLEEP


@kernel
def meets(town, plan, a, b):
    """Whether two are near each other, or housemates who are both at home."""
    agent, other = town.agents[a], town.agents[b]
    home = plan.layout.place[agent.home].venue
    if is_at_home(plan, agent, home) and is_at_home(plan, other, home):
        return True
    return tiles_apart(plan, agent.tile, other.tile) <= plan.giving.reach


@kernel
def acts_by_steps(town, a):
    """Whether an outside policy decides on every single step of the agent, who then gives nothing unasked."""
    return town.cursor.control == BY_ACTION and is_asked(town, a)
