"""Talk, and ties that are given: what they change."""

from projections.kernel import kernel
from projections.town import ties


@kernel
def chat_started(town, plan, event):
    """Both have talked enough for a while."""
    ready = event.tick + plan.chat.cooldown
    town.agents[event.agent].chat_ready = ready
    town.agents[event.other].chat_ready = ready


@kernel
def chat_succeeded(town, plan, event):
    """Both remember a chat by its quality."""
    ties.remember(town, plan, event)


@kernel
def chat_failed(town, plan, event):
    """Both remember that it went nowhere."""
    ties.remember(town, plan, event)


@kernel
def tie_set(town, plan, event):
    """One side of a tie is what it is said to be."""
    agent = town.agents[event.agent]
    ties.set_side(plan, agent, event.other_person, event.code, event.value, event.tick)
