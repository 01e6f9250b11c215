"""Folds of buying, cooking and eating."""

from eventlog.codes import ITEM_MEAL, ITEM_RAW
from projections.kernel import kernel
from projections.record.state import COMPANY
from projections.town import ties


@kernel
def item_bought(town, plan, event):
    """The agent pays and gets the goods; the place has fewer."""
    agent = town.agents[event.agent]
    agent.wallet = max(0.0, agent.wallet - event.value)
    agent.items[event.code] += event.code2
    town.objects[event.object].stock -= event.code2


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


@kernel
def money_lent(town, plan, event):
    """The money passes from `agent` to `other`, who owes it, and their ties change."""


@kernel
def money_returned(town, plan, event):
    """The money passes from `agent` to `other`, the debt ends, and their ties change."""


@kernel
def benefit_paid(town, plan, event):
    """The agent gets the money."""
