"""What a value head says of the rest of an episode: fitted to other episodes, never to the own one."""

import numpy as np
import pytest

from townlet.whatif.offpolicy.values import values_to_the_end

GAMMA = 0.9
HORIZON = 4
THERE = np.ones((6, HORIZON), bool)


def test_a_head_that_tells_the_reward_of_each_tick_gives_the_return_to_the_end() -> None:
    """Every tick of episode i brings i, and the head says 10 i + 5: the fit turns that into i a tick."""
    level = np.arange(6.0)
    rewards = np.repeat(level[:, None], HORIZON, axis=1)
    decided = np.zeros((6, HORIZON), bool)
    decided[:, [0, 2]] = True
    heads = np.where(decided, 10.0 * rewards + 5.0, np.nan)
    found = values_to_the_end(rewards, heads, decided, THERE, GAMMA)
    assert found[:, 0] == pytest.approx(level * (1 + 0.9 + 0.81 + 0.729))
    assert found[:, 2] == pytest.approx(level * (1 + 0.9))
    assert found[:, 3] == pytest.approx(level), "between decisions the last value of the head stays"


def test_an_episode_has_no_part_in_its_own_expectation() -> None:
    rewards, heads = np.arange(24.0).reshape(6, HORIZON) % 5, np.arange(24.0).reshape(6, HORIZON) % 7
    decided = np.ones((6, HORIZON), bool)
    before = values_to_the_end(rewards, heads, decided, THERE, GAMMA)
    rewards[2] += 100.0
    after = values_to_the_end(rewards, heads, decided, THERE, GAMMA)
    assert (after[::2] == before[::2]).all() and (after[1::2] != before[1::2]).all()


def test_nothing_is_expected_of_who_has_left() -> None:
    rewards, heads = np.ones((6, HORIZON)), np.ones((6, HORIZON))
    there = THERE.copy()
    there[4, 2:] = False
    rewards[4, 2:] = 0.0
    decided = np.zeros((6, HORIZON), bool)
    decided[:, 0] = True
    found = values_to_the_end(rewards, heads, decided, there, GAMMA)
    assert (found[4, 2:] == 0.0).all()
    assert (found[4, :2] > 0.0).all() and (found[np.arange(6) != 4] > 0.0).all()
