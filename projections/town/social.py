"""Folds of talk and of ties that are set."""

from projections.kernel import kernel
from projections.town import news, ties


@kernel
def chat_started(town, plan, event):
    """Neither of the two may chat again before a cooldown."""
    ready = event.tick + plan.chat.cooldown
    town.agents[event.agent].chat_ready = ready
    town.agents[event.other].chat_ready = ready


@kernel
def chat_succeeded(town, plan, event):
    """The ties of both change, times the chat's quality."""
    ties.remember(town, plan, event)


@kernel
def chat_failed(town, plan, event):
    """The ties of both change."""
    ties.remember(town, plan, event)


@kernel
def tie_set(town, plan, event):
    """Set one dimension of a tie."""
    agent = town.agents[event.agent]
    ties.set_side(plan, agent, event.other_person, event.code, event.value, event.tick)


@kernel
def chat_broken_off(town, plan, event):
    """Both are free of each other; no tie changes."""


@kernel
def news_told(town, plan, event):
    """The listener knows the news, and its tie to the one it is about changes."""
    news.hear(town, plan, event)
