"""Folds of talk and of ties that are set."""

from projections.kernel import kernel
from projections.record.event import NOBODY
from projections.town import news, ties


@kernel
def chat_started(town, plan, event):
    """Both are busy with each other until the talk's end, and may not chat again before a cooldown after it."""
    talk(town, plan, event, event.agent, event.other)
    talk(town, plan, event, event.other, event.agent)
    town.agents[event.agent].speaks = 1


@kernel
def talk(town, plan, event, a, b):
    """One of the two talks with the other."""
    agent = town.agents[a]
    agent.chat_ready = event.tick + event.code + plan.chat.cooldown
    agent.talks_with, agent.talk_until, agent.talk_seq = b, event.tick + event.code, event.seq


@kernel
def chat_succeeded(town, plan, event):
    """The ties of both change, times what each thinks of the chat; both are free."""
    end_talk(town, event.agent)
    ties.remember(town, plan, event)


@kernel
def chat_failed(town, plan, event):
    """The ties of both change; both are free."""
    end_talk(town, event.agent)
    ties.remember(town, plan, event)


@kernel
def end_talk(town, a):
    """The agent, and whom it talks with, are free."""
    b = town.agents[a].talks_with
    if b >= 0:
        fall_silent(town.agents[b])
    fall_silent(town.agents[a])


@kernel
def fall_silent(agent):
    """The agent talks no more."""
    agent.talks_with = NOBODY
    agent.speaks = agent.talk_until = agent.talk_seq = agent.talk_ends = 0


@kernel
def tie_set(town, plan, event):
    """Set one dimension of a tie."""
    agent = town.agents[event.agent]
    ties.set_side(plan, agent, event.other_person, event.code, event.value, event.tick)


@kernel
def chat_broken_off(town, plan, event):
    """Both are free, and may chat again after a cooldown from now; no tie changes."""
    end_talk(town, event.agent)
    town.agents[event.agent].chat_ready = event.tick + plan.chat.cooldown
    town.agents[event.other].chat_ready = event.tick + plan.chat.cooldown


@kernel
def news_told(town, plan, event):
    """The listener knows the news, and its tie to the one it is about changes."""
    news.hear(town, plan, event)
