"""The limiter: a plain reference, in any order of anything, and a burst."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from projections.narration.limiter import (
    CATEGORIES,
    CATEGORY_COOLDOWN,
    COOLDOWN,
    OFF,
    REASONS,
    REPEATED,
    WINDOW_FULL,
    Limiter,
)
from projections.settings import Narration

TOLD = ("conflict", "chat", "meal")
KEYS = ("a", "b", "c", "d")
RULES: dict[str, Any] = {
    "global_cooldown_minutes": 5,
    "dedupe_minutes": 12,
    "window_minutes": 60,
    "window_most": 4,
    "priority_most": 2,
    "categories": {"chat": {"cooldown_minutes": 20}, "meal": {"enabled": False}, "conflict": {"cooldown_minutes": 5}},
}

Entry = tuple[int, str, str, bool]
"""Tick, category, key, and whether it passed by its priority."""


class Reference:
    """The same rules, asked of everything that was ever told, and nothing remembered but that."""

    def __init__(self, rules: Narration) -> None:
        self.rules, self.told, self.held_back = rules, list[Entry](), Counter[tuple[str, str]]()

    def judge(self, tick: int, category: str, key: str, priority: bool) -> str | None:
        """The reason why an entry is not told, or None."""
        rules, of = self.rules, getattr(self.rules.categories, category)
        ordinary = [entry for entry in self.told if not entry[3]]
        recent = [entry for entry in self.told if tick - entry[0] < rules.window_minutes]
        passed = sum(entry[3] and entry[1] == category for entry in recent)
        by_priority = priority and passed < rules.priority_most
        broken = {
            OFF: not of.enabled,
            REPEATED: any(entry[2] == key and tick - entry[0] < rules.dedupe_minutes for entry in self.told),
            COOLDOWN: any(tick - entry[0] < rules.global_cooldown_minutes for entry in ordinary),
            CATEGORY_COOLDOWN: any(e[1] == category and tick - e[0] < of.cooldown_minutes for e in ordinary),
            WINDOW_FULL: sum(not entry[3] for entry in recent) >= rules.window_most,
        }
        asked = REASONS[:2] if by_priority else REASONS
        reason = next((each for each in asked if broken[each]), None)
        if reason is None:
            self.told.append((tick, category, key, by_priority))
        else:
            self.held_back[reason, category] += 1
        return reason


def require_rules(told: list[Entry], rules: Narration) -> None:
    """Every rule, of everything that was told, in any stretch of ticks."""
    ordinary = [entry for entry in told if not entry[3]]
    for first, second in pairwise(ordinary):
        assert second[0] - first[0] >= rules.global_cooldown_minutes
    for category in CATEGORIES:
        of = getattr(rules.categories, category)
        same = [entry[0] for entry in ordinary if entry[1] == category]
        assert all(b - a >= of.cooldown_minutes for a, b in pairwise(same)), category
        passed = [entry[0] for entry in told if entry[3] and entry[1] == category]
        most = rules.priority_most
        assert all(b - a >= rules.window_minutes for a, b in zip(passed, passed[most:], strict=False)), category
        assert of.enabled or not any(entry[1] == category for entry in told)
    ticks = [entry[0] for entry in ordinary]
    assert all(b - a >= rules.window_minutes for a, b in zip(ticks, ticks[rules.window_most :], strict=False))
    for key in {entry[2] for entry in told}:
        same = [entry[0] for entry in told if entry[2] == key]
        assert all(b - a >= rules.dedupe_minutes for a, b in pairwise(same)), key


class Newsroom(RuleBasedStateMachine):
    """Anything may happen at any time; the state may be kept and taken up again between any two entries."""

    @initialize()
    def open(self) -> None:
        self.rules = Narration.model_validate(RULES)
        self.limiter, self.reference, self.tick = Limiter(self.rules), Reference(self.rules), 0

    @rule(ticks=st.sampled_from([0, 1, 3, 7, 25, 59, 60, 200]))
    def wait(self, ticks: int) -> None:
        """Time passes."""
        self.tick += ticks

    @rule(category=st.sampled_from(TOLD), key=st.sampled_from(KEYS), priority=st.booleans())
    def happen(self, category: str, key: str, priority: bool) -> None:
        """Something happens."""
        verdict = self.limiter.judge(self.tick, category, key, priority)
        reason = self.reference.judge(self.tick, category, key, priority)
        assert verdict.reason == reason
        assert verdict.told == (reason is None)
        assert not verdict.told or verdict.priority == self.reference.told[-1][3]

    @rule()
    def resume(self) -> None:
        """Another limiter goes on from the state of this one."""
        kept = self.limiter.table()
        self.limiter = Limiter(self.rules)
        self.limiter.restore(kept)
        assert self.limiter.table().equals(kept)

    @invariant()
    def rules_hold(self) -> None:
        """No rule is ever broken, everything is counted, and the standing says what is so."""
        if not hasattr(self, "reference"):
            return
        told = self.reference.told
        require_rules(told, self.rules)
        assert self.limiter.told == Counter(entry[1] for entry in told)
        assert self.limiter.suppressed == self.reference.held_back
        standing, window = self.limiter.standing(self.tick), self.rules.window_minutes
        recent = [entry for entry in told if self.tick - entry[0] < window]
        assert standing.in_window == sum(not entry[3] for entry in recent)
        for category in TOLD:
            passed = sum(entry[3] and entry[1] == category for entry in recent)
            assert standing.priority_in_window[category] == passed


TestNewsroom = Newsroom.TestCase
TestNewsroom.settings = settings(max_examples=60, stateful_step_count=40)


def test_a_burst_of_quarrels_breaks_no_rule_and_hides_nothing_that_matters() -> None:
    """500 quarrels in 100 ticks, a departure, an arrival and some talk among them."""
    rules = Narration()
    limiter, told = Limiter(rules), list[Entry]()

    def happen(tick: int, category: str, key: str, priority: bool) -> None:
        verdict = limiter.judge(tick, category, key, priority)
        if verdict.told:
            told.append((tick, category, key, verdict.priority))

    for number in range(500):
        tick = 1000 + number // 5
        happen(tick, "conflict", f"conflict.cut/{number % 7}/{number % 5}/3", True)
        if number % 50 == 0:
            happen(tick, "chat", f"chat.good/{number}", False)
        if number == 300:
            happen(tick, "departure", "departure.evicted/4", True)
        if number == 450:
            happen(tick, "arrival", "arrival.newcomer/9", True)
    require_rules(told, rules)
    by_priority = Counter(entry[1] for entry in told if entry[3])
    assert by_priority == {"conflict": rules.priority_most, "departure": 1, "arrival": 1}
    assert sum(not entry[3] for entry in told) <= 4, "ordinary entries keep 30 ticks apart in 100"
    assert len(told) + sum(limiter.suppressed.values()) == 500 + 10 + 2
    happen(1000 + rules.window_minutes, "conflict", "conflict.cut/1/2/3", True)
    assert told[-1][0] == 1000 + rules.window_minutes
    assert told[-1][3], "the allowance is back after a window"


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_that_is_off_tells_nothing_whatever_it_is(category: str) -> None:
    limiter = Limiter(Narration.model_validate({"categories": {category: {"enabled": False}}}))
    assert not limiter.judge(10, category, "any", True).told
    assert limiter.suppressed == {(OFF, category): 1}
    assert limiter.judge(10, next(each for each in CATEGORIES if each != category), "other", False).told


def test_a_standing_counts_down_to_the_next_turn() -> None:
    limiter = Limiter(Narration())
    assert limiter.judge(100, "chat", "x", False).told
    standing = limiter.standing(110)
    assert (standing.wait, standing.category_wait["chat"], standing.category_wait["meal"]) == (20, 80, 0)
    assert (standing.in_window, standing.window_most) == (1, 10)
    assert limiter.standing(700).in_window == 0
