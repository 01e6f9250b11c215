"""One person of a town as Gymnasium sees it: its own check, an episode's ends, pictures."""

import warnings

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import townlet
from tests.townlet.env.test_contract import KITCHEN
from tests.townlet.towns import DAY
from townlet.errors import TownletError


def test_gymnasiums_check() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*not within the observation space", category=UserWarning)
        check_env(townlet.gym_env(KITCHEN, render_mode="rgb_array"), skip_render_check=True)


def test_the_others_live_by_the_script() -> None:
    env = townlet.gym_env(seat=3)
    env.reset(seed=1)
    alone = townlet.vector_env(towns=1, autoreset="disabled")
    alone.reset(seed=1)
    actions = np.full((1, 8), -1)
    actions[0, 3] = 0
    for _ in range(200):
        seen, reward, *_ = env.step(0)
        shown, rewards, *_ = alone.step(actions)
        assert reward == rewards[0, 3] and (seen["map"] == shown["map"][0, 3]).all()


def test_an_episode_ends_with_the_stay_or_with_its_ticks() -> None:
    env = townlet.gym_env(episode_ticks=2 * DAY)
    env.reset(seed=2)
    ticks, ended = 0, False
    while not ended:
        _, reward, terminated, truncated, _ = env.step(0)
        ticks, ended = ticks + 1, terminated or truncated
    assert terminated and ticks < 2 * DAY and reward < 0, "who only waits starves"

    env = townlet.gym_env(episode_ticks=20)
    env.reset(seed=2)
    ends = [env.step(0)[2:4] for _ in range(20)]
    assert ends == [(False, False)] * 19 + [(False, True)]
    with pytest.raises(TownletError, match="call reset before step"):
        env.step(0)


def test_a_seat_that_is_none_is_refused() -> None:
    with pytest.raises(TownletError, match="seat 4 is not between 0 and 3"):
        townlet.gym_env(KITCHEN, seat=4)
