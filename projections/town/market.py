"""Folds of buying, cooking, eating, giving and lending."""

from eventlog.codes import ITEM_MEAL, ITEM_RAW
from projections.kernel import kernel
from projections.record.event import NOBODY
from projections.record.state import COMPANY
from projections.town import ties


@kernel
def item_bought(town, plan, event):
    """The agent pays and gets the goods; the place has fewer, and the town has sold more today."""
    agent = town.agents[event.agent]
    agent.wallet = max(0.0, agent.wallet - event.value)
    agent.items[event.code] += event.code2
    town.objects[event.object].stock -= event.code2
    town.clock.sold[event.code] += event.code2


@kernel
def meal_cooked(town, plan, event):
    """The agent turns raw food into meals."""
    agent = town.agents[event.agent]
    agent.items[ITEM_RAW] -= event.code
    agent.items[ITEM_MEAL] += event.code


@kernel
def meal_eaten(town, plan, event):
    """The agent takes a meal from its inventory."""
    town.agents[event.agent].items[ITEM_MEAL] -= 1


@kernel
def shared_meal(town, plan, event):
    """Both remember each other as companions of this meal, and their ties change."""
    keep_company(town.agents[event.agent], event.other_person)
    keep_company(town.agents[event.other], event.person)
    ties.remember(town, plan, event)


@kernel
def keep_company(agent, person):
    """Add a companion of this meal; if the list is full, drop the first."""
    if agent.companions == COMPANY:
        for i in range(COMPANY - 1):
            agent.company[i] = agent.company[i + 1]
        agent.companions -= 1
    agent.company[agent.companions] = person
    agent.companions += 1


@kernel
def meal_given(town, plan, event):
    """The meal passes from `agent` to `other`, and their ties change."""
    giver = town.agents[event.agent]
    giver.items[ITEM_MEAL] -= 1
    town.agents[event.other].items[ITEM_MEAL] += 1
    giver.gave = event.tick + 1
    ties.remember(town, plan, event)


@kernel
def money_lent(town, plan, event):
    """The money passes from `agent` to `other`, who owes it, and their ties change."""
    lender, debtor = town.agents[event.agent], town.agents[event.other]
    pass_money(lender, debtor, event.value)
    debtor.owes_to, debtor.owes, debtor.owes_seq = event.person, event.value, event.seq
    lender.gave = event.tick + 1
    ties.remember(town, plan, event)


@kernel
def money_returned(town, plan, event):
    """The money passes from `agent` to `other`, the debt ends, and their ties change."""
    debtor = town.agents[event.agent]
    pass_money(debtor, town.agents[event.other], event.value)
    end_debt(debtor)
    ties.remember(town, plan, event)


@kernel
def benefit_paid(town, plan, event):
    """The agent gets the money."""
    town.agents[event.agent].wallet += event.value


@kernel
def pass_money(giver, receiver, amount):
    """Move money from one wallet to the other."""
    giver.wallet = max(0.0, giver.wallet - amount)
    receiver.wallet += amount


@kernel
def end_debt(agent):
    """The agent owes nobody anything."""
    agent.owes_to = NOBODY
    agent.owes, agent.owes_seq = 0.0, 0


@kernel
def forgive_debts(town, person):
    """Nobody owes anything to a person who has left."""
    for a in range(town.clock.seats):
        if town.agents[a].alive and town.agents[a].owes_to == person:
            end_debt(town.agents[a])
