"""Plain counts of a town, which become rates: a sum, and what it is divided by or a part of."""

import numpy as np

from eventlog import codes
from townlet.judging.facts.measuring.living import Lived
from townlet.judging.facts.measuring.samples import Real


def _a_person_day(lived: Lived, kind: np.int64) -> Real:
    """How many events of a kind there were, and person-days."""
    return np.array([len(lived.of_kind(kind)), lived.agent_days], float)


def chat_sums(lived: Lived) -> Real:
    """Chats begun, and person-days."""
    return _a_person_day(lived, codes.CHAT_STARTED)


def talk_sums(lived: Lived) -> Real:
    """Hours in which somebody talked, counted for both of the two, and person-days."""
    since: dict[int, int] = {}
    ticks = 0
    rows = lived.of_kind(codes.CHAT_STARTED, codes.CHAT_SUCCEEDED, codes.CHAT_FAILED, codes.CHAT_BROKEN_OFF)
    for kind, tick, agent, other in rows[["kind", "tick", "agent", "other"]].tolist():
        if kind == codes.CHAT_STARTED:
            since[agent] = tick
        else:  # whoever leaves a talk may be the one who was spoken to
            began = since.pop(agent if agent in since else other, tick)
            ticks += 2 * (tick - began)
    return np.array([ticks * lived.minutes / 60.0, lived.agent_days])


def news_sums(lived: Lived) -> Real:
    """Pieces of news told, and person-days."""
    return _a_person_day(lived, codes.NEWS_TOLD)


def gift_sums(lived: Lived) -> Real:
    """Meals given and loans, and person-days."""
    return np.array([len(lived.of_kind(codes.MEAL_GIVEN, codes.MONEY_LENT)), lived.agent_days], float)


def meal_sums(lived: Lived) -> Real:
    """Shared meals, and person-days."""
    return _a_person_day(lived, codes.SHARED_MEAL)


def handover_sums(lived: Lived) -> Real:
    """Handovers, and person-days."""
    return _a_person_day(lived, codes.QUEUE_HANDOVER)


def quarrel_sums(lived: Lived) -> Real:
    """Quarrels, and person-days."""
    return _a_person_day(lived, codes.QUEUE_CONFLICT)


def help_sums(lived: Lived) -> Real:
    """Late ones who were helped, and person-days."""
    return _a_person_day(lived, codes.LATE_HELP)


def takeover_sums(lived: Lived) -> Real:
    """Shifts taken over, and person-days."""
    return _a_person_day(lived, codes.SHIFT_TAKEOVER)


def success_sums(lived: Lived) -> Real:
    """Chats that succeeded or failed, and how many of them succeeded."""
    good, bad = (len(lived.of_kind(kind)) for kind in (codes.CHAT_SUCCEEDED, codes.CHAT_FAILED))
    return np.array([good + bad, good], float)


def on_time_sums(lived: Lived) -> Real:
    """Shifts, and how many of them began on time."""
    return np.array([lived.shifts, lived.shifts_on_time], float)


def good_sums(lived: Lived) -> Real:
    """Person-days, and how many of them were good."""
    return np.array([lived.agent_days, lived.good_days], float)


def tie_sums(lived: Lived) -> Real:
    """Ties at the ends of the second half's days, and the people who lived there."""
    samples = lived.second_half()
    return np.array([sum(len(one.owner) for one in samples), sum(len(one.persons) for one in samples)], float)


def money_sums(lived: Lived) -> Real:
    """The money of everybody at the last day's end, and the people."""
    last = lived.ends[-1]
    return np.array([last.wallets.sum(), len(last.persons)])


__all__ = [
    "chat_sums",
    "gift_sums",
    "good_sums",
    "handover_sums",
    "help_sums",
    "meal_sums",
    "money_sums",
    "news_sums",
    "on_time_sums",
    "quarrel_sums",
    "success_sums",
    "takeover_sums",
    "talk_sums",
    "tie_sums",
]
