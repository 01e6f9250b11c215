"""Semi-Markov advantages: by hand, by a plain reference, and what must not touch them."""

import numpy as np
import pytest

from tests.townlet.learning.decisions import many, rows_of
from townlet.env.decisions.rows import CLOSING, DECIDED, DIED, OPEN
from townlet.learning.advantages import estimates

GAMMA = 0.9


def test_two_options_by_hand() -> None:
    """The first option takes 3 ticks and earns 1 at once, the second takes 2 and earns 4; then the person dies.

    delta_2 = 4 - 2 = 2, delta_1 = 1 + 0.9^3 x 2 - 0.5 = 1.958; A_1 = 1.958 + 0.9^3 x 0.5 x 2 = 2.687.
    """
    rows = rows_of([1.0, 4.0], [3, 2], GAMMA, values=[0.5, 2.0])
    found = estimates(rows, 0.5)
    assert found.rows.tolist() == [0, 1]
    assert found.advantages == pytest.approx([2.687, 2.0], abs=1e-12)
    assert found.returns == pytest.approx([3.187, 4.0], abs=1e-12)
    discounted_by_decision = 1 + 0.9 * 2 - 0.5 + 0.9 * 0.5 * 2
    lambda_by_tick = 1.958 + (0.9 * 0.5) ** 3 * 2
    assert abs(found.advantages[0] - discounted_by_decision) > 0.1 < abs(found.advantages[0] - lambda_by_tick)


def test_which_of_two_options_is_better_depends_on_how_long_they_take() -> None:
    """A wait of 1 tick for 1, or of 10 ticks for 2: for gamma 0.9 the first, over and over, is worth more.

    V_1 = 0.9 / (1 - 0.9) = 9 where the reward comes with the last tick; V_2 = 2 x 0.9^10 / (1 - 0.9^10) = 1.07.
    """
    values = []
    for reward, ticks in ((1.0, 1), (2.0, 10)):
        value = reward * GAMMA**ticks / (1.0 - GAMMA**ticks)
        rows = rows_of([reward * GAMMA**ticks] * 5, [ticks] * 5, GAMMA, ended=OPEN, values=[value] * 5)
        found = estimates(rows, 0.95)
        assert found.advantages == pytest.approx(np.zeros(4), abs=1e-6)  # this value is the fixed point
        values.append(value)
    assert values == pytest.approx([9.0, 1.0707], abs=1e-4)


@pytest.mark.parametrize("ended", [OPEN, CLOSING])
@pytest.mark.parametrize("decisions", [2, 7, 40])
def test_a_constant_reward_is_worth_r_over_1_minus_gamma_however_long_it_lasted(decisions: int, ended: int) -> None:
    """Cutting off is no death: with the right value at the cut, every return is the endless sum."""
    gamma, endless = 0.99, 0.3 / (1.0 - 0.99)
    ticks = [3 + i % 5 for i in range(decisions)]
    rewards = [0.3 * (1 - gamma**k) / (1 - gamma) for k in ticks]
    values = np.zeros(decisions)
    values[-1] = endless
    rows = rows_of(rewards, ticks, gamma, ended=ended, values=list(values))
    assert estimates(rows, 1.0).returns == pytest.approx(np.full(decisions - 1, endless), rel=1e-6)


def test_death_is_no_cut() -> None:
    rows = rows_of([1.0, 1.0], [10, 10], GAMMA, values=[0.0, 0.0])
    rows["value"] = [5.0, 7.0]
    assert estimates(rows, 1.0).returns == pytest.approx([1.0 + GAMMA**10, 1.0])


def test_an_option_under_way_lends_its_value_and_is_not_learned() -> None:
    rows = rows_of([1.0, 2.0], [4, 4], GAMMA, ended=OPEN, values=[0.0, 6.0])
    found = estimates(rows, 0.95)
    assert found.rows.tolist() == [0]
    assert found.returns == pytest.approx([1.0 + GAMMA**4 * 6.0])


def reference(rows: np.ndarray, lam: float) -> dict[int, float]:
    """Advantages as the sum over all that follows, each person's decisions one after another: another way to them."""
    found = {}
    for first, row in enumerate(rows):
        if row["ended"] not in (DECIDED, DIED):
            continue
        total, weight, i = 0.0, 1.0, first
        while i >= 0 and rows[i]["ended"] in (DECIDED, DIED):
            j = rows[i]["next"]
            after = float(rows[j]["value"]) * float(rows[i]["discount"]) if rows[i]["ended"] == DECIDED else 0.0
            total += weight * (float(rows[i]["reward"]) + after - float(rows[i]["value"]))
            weight *= float(rows[i]["discount"]) * lam
            i = j
        found[first] = total
    return found


@pytest.mark.parametrize("lam", [0.0, 0.95, 1.0])
def test_it_agrees_with_plain_sums(lam: float) -> None:
    rows, _ = many(400)
    found, wanted = estimates(rows, lam), reference(rows, lam)
    assert found.rows.tolist() == sorted(wanted)
    assert found.advantages == pytest.approx([wanted[i] for i in found.rows.tolist()], abs=1e-9)


def test_a_newcomers_rewards_leave_a_leavers_advantages_alone() -> None:
    """Person 0 leaves, and person 8 takes the seat: what 8 earns is no matter of 0's."""
    rows = np.concatenate([rows_of([1.0, 2.0], [5, 5], GAMMA), rows_of([3.0, 4.0], [5, 5], GAMMA, ended=OPEN)])
    rows["person"], rows["seat"], rows["next"] = [0, 0, 8, 8], 3, [1, -1, 3, -1]
    before = estimates(rows, 0.95)
    rows["reward"][2:] = 1e6
    rows["value"][2:] = -1e6
    after = estimates(rows, 0.95)
    assert before.rows.tolist() == after.rows.tolist() == [0, 1, 2]
    assert before.advantages[:2].tobytes() == after.advantages[:2].tobytes()
    assert before.advantages[2] != after.advantages[2]


def test_garbage_in_a_last_look_changes_nothing_but_its_value() -> None:
    rows = rows_of([1.0, 0.0], [4, 0], GAMMA, ended=CLOSING, values=[0.5, 2.0])
    before = estimates(rows, 0.95)
    for name in ("reward", "log_prob", "discount"):
        rows[name][1] = np.nan
    rows["action"][1] = -7
    assert estimates(rows, 0.95).advantages.tobytes() == before.advantages.tobytes()
