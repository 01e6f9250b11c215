"""Goods and meals: what they change."""

from eventlog.codes import ITEM_MEAL, ITEM_RAW
from projections.kernel import kernel
from projections.record.state import COMPANY
from projections.town import ties


@kernel
def item_bought(town, plan, event):
    """Money for goods; the shelf is emptier."""
    agent = town.agents[event.agent]
    agent.wallet = max(0.0, agent.wallet - event.value)
    agent.items[event.code] += event.code2
    town.objects[event.object].stock -= event.code2


@kernel
def meal_cooked(town, plan, event):
    """Raw food becomes meals."""
    agent = town.agents[event.agent]
    agent.items[ITEM_RAW] -= event.code
    agent.items[ITEM_MEAL] += event.code


@kernel
def meal_eaten(town, plan, event):
    """A meal is on the table."""
    town.agents[event.agent].items[ITEM_MEAL] -= 1


@kernel
def shared_meal(town, plan, event):
    """Both know each other better, once a meal."""
    keep_company(town.agents[event.agent], event.other_person)
    keep_company(town.agents[event.other], event.person)
    ties.remember(town, plan, event)


@kernel
def keep_company(agent, person):
    """Note a companion of this meal; at a full table the first is forgotten."""
    if agent.companions == COMPANY:
        for i in range(COMPANY - 1):
            agent.company[i] = agent.company[i + 1]
        agent.companions -= 1
    agent.company[agent.companions] = person
    agent.companions += 1
