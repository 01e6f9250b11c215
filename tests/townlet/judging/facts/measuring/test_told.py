"""Plain counts of a town: how much people talk, tell and give."""

import numpy as np

from tests.townlet.judging.facts.made import DAY, event, sample, town
from townlet.judging.facts.measuring import told


def test_a_talk_counts_for_both_until_it_ends_or_either_leaves() -> None:
    rows = [
        event("chat_started", 100, 0, 1),
        event("chat_succeeded", 115, 0, 1),
        event("chat_started", 200, 1, 0),
        event("chat_broken_off", 206, 0, 1),  # the one who was spoken to leaves
        event("chat_started", 300, 1, 2),
        event("chat_failed", 309, 1, 2),
        event("chat_started", 400, 0, 1),  # still open at the end
    ]
    assert told.talk_sums(town(rows, days=1, people=3)).tolist() == [2 * (15 + 6 + 9) / 60, 3]
    assert told.chat_sums(town(rows, days=1, people=3)).tolist() == [4, 3]
    assert told.success_sums(town(rows, days=1, people=3)).tolist() == [2, 1]


def test_gifts_are_meals_and_loans() -> None:
    rows = [event("meal_given", 5, 0, 1), event("money_lent", 9, 1, 0), event("news_told", 9, 1, 0)]
    lived = town(rows, days=2)
    assert told.gift_sums(lived).tolist() == [2, 4] and told.news_sums(lived).tolist() == [1, 4]


def test_events_of_a_kind_are_counted_a_person_day() -> None:
    rows = [event("shared_meal", 5, 0, 1), event("queue_handover", 6, 0, 1), event("queue_handover", DAY, 1, 0)]
    lived = town([*rows, event("late_help", 7, 0, 1), event("shift_takeover", 8, 0, 1)], days=2)
    assert told.meal_sums(lived).tolist() == told.help_sums(lived).tolist() == told.takeover_sums(lived).tolist()
    assert told.meal_sums(lived).tolist() == [1, 4] and told.handover_sums(lived).tolist() == [2, 4]
    assert told.quarrel_sums(lived).tolist() == [0, 4]


def test_ties_and_money_are_those_of_the_ends_of_days() -> None:
    ends = [sample(2), sample(2, [(0, 1, 0.5)], wallets=np.array([3.0, 4.0]))]
    lived = town([], days=2, ends=ends)
    assert told.tie_sums(lived).tolist() == [1, 2] and told.money_sums(lived).tolist() == [7, 2]
