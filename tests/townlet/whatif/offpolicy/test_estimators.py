"""Estimates against a problem of two states whose value is known by hand, and against weights of 1."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest

from townlet.whatif.offpolicy.estimators import (
    NAMES,
    Episodes,
    effective_sample,
    estimate,
    intervals,
)

HORIZON = 3
GAMMA = 0.5
STAY, GO = 0, 1
TICKS = {STAY: 1, GO: 2}
"""Going to the other state takes two ticks, so that a return is semi-Markov."""
PAY = {(0, STAY): 1.0, (0, GO): 0.0, (1, STAY): 4.0, (1, GO): -2.0}
"""What each tick of an act brings in each state."""
BEHAVIOUR = {0: (Fraction(1, 2), Fraction(1, 2)), 1: (Fraction(3, 4), Fraction(1, 4))}
TARGET = {0: (Fraction(1, 4), Fraction(3, 4)), 1: (Fraction(1, 2), Fraction(1, 2))}


class Path(NamedTuple):
    """A life: its chance under the behaviour policy, and its ticks: reward, ratio, and state where one decides."""

    chance: Fraction
    rewards: tuple[float, ...]
    ratios: tuple[float, ...]
    states: tuple[int | None, ...]


BEGUN = Path(Fraction(1), (), (), ())


def paths(state: int = 0, so_far: Path = BEGUN) -> Iterator[Path]:
    """Every life from a state on, up to the horizon."""
    if len(so_far.rewards) >= HORIZON:
        yield Path(so_far.chance, so_far.rewards[:HORIZON], so_far.ratios[:HORIZON], so_far.states[:HORIZON])
        return
    for act in (STAY, GO):
        ticks, pay = TICKS[act], PAY[state, act]
        ratio = float(TARGET[state][act] / BEHAVIOUR[state][act])
        longer = Path(
            so_far.chance * BEHAVIOUR[state][act],
            (*so_far.rewards, *[pay] * ticks),
            (*so_far.ratios, ratio, *[1.0] * (ticks - 1)),
            (*so_far.states, state, *[None] * (ticks - 1)),
        )
        yield from paths(state ^ act, longer)


def value(state: int, ticks: int, policy: dict[int, tuple[Fraction, Fraction]]) -> float:
    """The value of a state with so many ticks to go, by going through all that can happen (Bellman)."""
    if ticks <= 0:
        return 0.0
    total = 0.0
    for act in (STAY, GO):
        lived = min(TICKS[act], ticks)
        now = sum(PAY[state, act] * GAMMA**tick for tick in range(lived))
        total += float(policy[state][act]) * (now + GAMMA**lived * value(state ^ act, ticks - lived, policy))
    return total


def all_episodes(valued: bool) -> Episodes:
    """Every life as often as the behaviour policy lives it among so many: its expectation is a plain mean."""
    every = list(paths())
    many = np.lcm.reduce([path.chance.denominator for path in every])
    drawn = [path for path in every for _ in range(int(path.chance * int(many)))]
    rewards, ratios = (np.array([getattr(path, name) for path in drawn]) for name in ("rewards", "ratios"))
    values = np.array(
        [[0.0 if state is None or not valued else value(state, HORIZON - tick, TARGET)
          for tick, state in enumerate(path.states)] for path in drawn]
    )  # fmt: skip
    return Episodes(rewards, ratios, values, GAMMA)


def test_the_value_of_two_states_by_hand() -> None:
    """From state 0 with one tick: stay 1, go 0. With three ticks, by hand from the tables above."""
    assert value(0, 1, TARGET) == pytest.approx(0.25 * 1.0)
    assert value(1, 1, TARGET) == pytest.approx(0.5 * 4.0 + 0.5 * -2.0)
    # 2 ticks in state 0: stay, then one tick; or go for both ticks, which bring 0.
    assert value(0, 2, TARGET) == pytest.approx(0.25 * (1.0 + 0.5 * 0.25))
    # 3 ticks: stay, then two; or go for two ticks, then one tick in state 1, discounted by a quarter.
    assert value(0, 3, TARGET) == pytest.approx(0.25 * (1.0 + 0.5 * 0.28125) + 0.75 * (0.25 * 1.0))


@pytest.mark.parametrize("valued", [False, True])
def test_every_estimate_is_the_true_value_over_all_that_can_happen(valued: bool) -> None:
    found = dict(zip(NAMES, estimate(all_episodes(valued)), strict=True))
    assert found["behaviour"] == pytest.approx(value(0, HORIZON, BEHAVIOUR))
    for name in NAMES[1:]:
        assert found[name] == pytest.approx(value(0, HORIZON, TARGET)), name
    assert abs(found["behaviour"] - found["doubly_robust"]) > 0.1, "the two policies differ"


def test_a_wrong_value_function_leaves_the_doubly_robust_estimate_right() -> None:
    episodes = all_episodes(valued=True)
    wrong = episodes._replace(values=np.where(episodes.values != 0.0, 7.0 - episodes.values, 0.0))
    assert estimate(wrong)[NAMES.index("doubly_robust")] == pytest.approx(value(0, HORIZON, TARGET))


def test_a_value_function_takes_out_what_the_weights_add_to_the_level_of_returns() -> None:
    """Where every tick brings much whatever one does, as a good life does, weights alone make that level vary."""
    plain, robust = (NAMES.index(name) for name in ("importance_sampling", "doubly_robust"))
    episodes = all_episodes(valued=True)
    level = 10.0 * np.array([sum(GAMMA**later for later in range(HORIZON - tick)) for tick in range(HORIZON)])
    raised = episodes._replace(
        rewards=episodes.rewards + 10.0, values=np.where(episodes.ratios != 1.0, episodes.values + level, 0.0)
    )
    assert estimate(raised)[robust] == pytest.approx(value(0, HORIZON, TARGET) + level[0])
    one_by_one = [
        estimate(Episodes(rewards[None], ratios[None], values[None], GAMMA))
        for rewards, ratios, values in zip(*raised[:3], strict=True)
    ]
    spread = np.std(np.array(one_by_one), axis=0)
    assert spread[robust] < 0.5 * spread[plain]


def test_the_target_that_was_logged_has_the_plain_mean_exactly_and_weights_of_one() -> None:
    episodes = all_episodes(valued=True)
    same = episodes._replace(ratios=np.ones_like(episodes.ratios))
    assert (same.weights == 1.0).all()
    assert effective_sample(same.weights).tolist() == [len(same.rewards)] * HORIZON
    found = estimate(same)
    assert set(found.tolist()) == {found[0]}, "all estimates are one number, to the last bit"
    assert found[0] == pytest.approx((same.rewards @ GAMMA ** np.arange(HORIZON)).mean())
    ends, gains = zip(*intervals(same, 1), strict=True)
    assert len(set(ends)) == 1 and ends[0].low < found[0] < ends[0].high
    assert set(gains) == {(0.0, 0.0)}, "no difference, in no sample"


def test_the_effective_sample_by_hand() -> None:
    assert effective_sample(np.array([1.0, 1.0, 2.0])) == pytest.approx(16.0 / 6.0)
    assert effective_sample(np.array([0.0, 0.0, 5.0])) == pytest.approx(1.0)
    assert effective_sample(np.array([0.0, 0.0])) == 0.0


def test_an_interval_covers_the_value_and_the_same_seed_gives_the_same_one() -> None:
    episodes = all_episodes(valued=True)
    for name, (end, gain) in zip(NAMES[1:], intervals(episodes, 3)[1:], strict=True):
        assert end.low <= value(0, HORIZON, TARGET) <= end.high, name
        assert gain.low <= value(0, HORIZON, TARGET) - value(0, HORIZON, BEHAVIOUR) <= gain.high, name
    assert intervals(episodes, 3) == intervals(episodes, 3)


def test_many_episodes_are_drawn_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of groups the intervals are about as long, and of more groups than episodes they are those of single ones."""
    alone = intervals(all_episodes(valued=True), 3)
    every = all_episodes(valued=True)
    shuffled = np.argsort([(7 * number) % len(every.rewards) for number in range(len(every.rewards))], kind="stable")
    mixed = Episodes(*(part[shuffled] for part in every[:3]), GAMMA)
    monkeypatch.setattr("townlet.whatif.offpolicy.estimators.GROUPS_MOST", len(every.rewards) // 2)
    for (one, _), (other, _) in zip(alone, intervals(mixed, 3), strict=True):
        assert other != one
        assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.5)


def test_where_the_target_never_does_what_was_logged_estimates_are_no_nan() -> None:
    found = estimate(Episodes(np.ones((3, 2)), np.zeros((3, 2)), np.zeros((3, 2)), 1.0))
    assert found.tolist() == [2.0, 0.0, 0.0, 0.0, 0.0]
