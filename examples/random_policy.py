"""A day of eight towns whose people do any of what they may, and what it is worth beside the scripted policy:

python examples/random_policy.py
"""

import sys

import numpy as np

import townlet
from townlet.env.contract import any_allowed

TOWNS, TICKS = 8, 1440


def mean_reward(is_scripted: bool) -> tuple[float, int]:
    """The mean reward of a person and tick, and how many people have left."""
    with townlet.vector_env(towns=TOWNS, episode_ticks=TICKS) as env:
        observations, infos = env.reset(seed=1)
        earned, lived, left = 0.0, 0, 0
        for _ in range(TICKS):
            nobody_asks = np.full((TOWNS, env.seats), -1)
            actions = nobody_asks if is_scripted else any_allowed(observations, infos)
            observations, rewards, terminations, _, infos = env.step(actions)
            earned += float(rewards.sum())
            lived += int(infos["alive"].sum())
            left += int(terminations.sum())
        return earned / lived, left


def main() -> int:
    """Print both."""
    for name, is_scripted in (("any that may be asked", False), ("the scripted policy", True)):
        reward, left = mean_reward(is_scripted)
        print(f"{name:<22} {reward:+.5f} a tick, {left} of {TOWNS * 8} left the town")
    return 0


if __name__ == "__main__":
    sys.exit(main())
