"""The learning libraries that people bring, each on its own path through an environment (tests/peers.txt)."""

from typing import Any

import numpy as np
import pytest
import supersuit

import townlet
from tests.townlet.towns import KITCHEN

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

HOW = "{} is not installed: pip install -r tests/peers.txt"


def library(name: str) -> Any:
    """A library, or a skip that says how to get it."""
    return pytest.importorskip(name, reason=HOW.format(name))


def test_d2_stable_baselines_learns_in_stacked_copies() -> None:
    sb3 = library("stable_baselines3")
    town = townlet.parallel_env(KITCHEN, arrivals=False, flat=True, variant="compact", max_cycles=20)
    one = supersuit.pettingzoo_env_to_vec_env_v1(town)
    env = supersuit.concat_vec_envs_v1(one, 2, num_cpus=0, base_class="stable_baselines3")
    model = sb3.PPO("MlpPolicy", env, n_steps=16, batch_size=64, n_epochs=1, device="cpu").learn(256)
    assert env.num_envs == 8 and model.num_timesteps == 256


def test_d2_copies_step_in_other_processes() -> None:
    one = supersuit.pettingzoo_env_to_vec_env_v1(townlet.parallel_env(KITCHEN, arrivals=False, max_cycles=10))
    env = supersuit.concat_vec_envs_v1(one, 2, num_cpus=2, base_class="gymnasium")
    env.reset(seed=1)
    for tick in range(1, 21):
        *_, truncations, _ = env.step(np.zeros(8, np.int64))
        assert truncations.all() == (tick % 10 == 0)
    env.close()


def test_d10_d11_stable_baselines_learns_for_one_person() -> None:
    """Its actions are arrays without an axis; sb3-contrib asks for `action_masks`."""
    sb3, contrib = library("stable_baselines3"), library("sb3_contrib")
    env = townlet.gym_env(KITCHEN, episode_ticks=20)
    shape = {"n_steps": 16, "batch_size": 16, "n_epochs": 1, "device": "cpu", "seed": 1}
    assert sb3.PPO("MultiInputPolicy", env, **shape).learn(64).num_timesteps == 64
    masked = contrib.MaskablePPO("MultiInputPolicy", env, **shape).learn(64)
    seen, _ = env.reset(seed=1)
    for _ in range(20):
        action, _ = masked.predict(seen, action_masks=env.action_masks())
        assert seen["action_mask"][action] == 1
        seen, *_ = env.step(action)


def test_d6_torchrl_asks_those_who_have_left() -> None:
    """With `done_on_any=False` a rollout goes on when one agent is done, and its action is still sent."""
    import torch
    from torchrl.envs import MarlGroupMapType, PettingZooWrapper

    town = townlet.parallel_env({"town": {"people": 2}}, arrivals=False, variant="compact", max_cycles=960)
    group = MarlGroupMapType.ALL_IN_ONE_GROUP
    env = PettingZooWrapper(town, use_mask=True, categorical_actions=True, group_map=group, seed=1, done_on_any=False)
    waits = torch.zeros(env.full_action_spec["agents", "action"].shape, dtype=torch.int64)
    rollout = env.rollout(955, lambda seen: seen.set(("agents", "action"), waits), break_when_any_done=False)
    here = rollout["agents", "mask"].sum(-1)
    assert len(rollout) == 955 and (int(here[0]), int(here[-1])) == (2, 1), "nobody has left"
