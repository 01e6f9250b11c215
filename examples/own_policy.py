"""A policy of your own decides what people do in eight towns, beside the script and beside chance.

Run: python examples/own_policy.py [TICKS]
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import townlet
from townlet.env.contract import any_allowed

TOWNS = 8
SCRIPT = -1
"""Whoever is asked for this lives by the script."""

EAT, WASH, SLEEP = 1, 2, 3
"""Options by number, one for each need: hunger, hygiene, energy (docs/policy/ENVIRONMENT.md lists all)."""


def lowest_need(observations: dict[str, Any], infos: dict[str, Any]) -> np.ndarray:
    """Whoever is in need looks after the lowest need, where the mask allows it; all others follow the script."""
    needs = observations["scalars"][..., :3]
    option = np.array([EAT, WASH, SLEEP])[needs.argmin(-1)]
    allowed = np.take_along_axis(observations["action_mask"], option[..., None], -1)[..., 0] == 1
    return np.where((needs.min(-1) < 0.6) & allowed, option, SCRIPT)


def script(observations: dict[str, Any], infos: dict[str, Any]) -> np.ndarray:
    """Everybody follows the script."""
    return np.full(infos["alive"].shape, SCRIPT)


def mean_reward(policy: Callable[..., np.ndarray], ticks: int) -> tuple[float, int]:
    """The mean reward of a person and tick under a policy, and how many people left."""
    with townlet.vector_env(towns=TOWNS, episode_ticks=ticks) as env:
        observations, infos = env.reset(seed=1)
        earned, lived, left = 0.0, 0, 0
        for _ in range(ticks):
            observations, rewards, terminations, _, infos = env.step(policy(observations, infos))
            earned, lived = earned + float(rewards.sum()), lived + int(infos["alive"].sum())
            left += int(terminations.sum())
        return earned / lived, left


def main(ticks: str = "1440") -> None:
    """Print the three policies."""
    for policy in (any_allowed, lowest_need, script):
        reward, left = mean_reward(policy, int(ticks))
        print(f"{policy.__name__:12} {reward:+.5f} a tick, {left} of {TOWNS * 8} left the town")


if __name__ == "__main__":
    main(*sys.argv[1:])
