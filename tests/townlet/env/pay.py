"""What the script and the random policy are paid, and what their people do, under old rewards and masks and under new.

`python -m tests.townlet.env.pay` prints the two tables of docs/policy/REWARD_ENGINE.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

import townlet
from eventlog.catalogue.registries import Option
from projections.reward_table import CALLED
from projections.riders.rewards import COLUMNS
from tests.townlet.towns import DAY
from townlet.env.contract import any_allowed

OLD_PAY: Final = {
    "rewards.needs.comfort": 1.0,
    "rewards.company.enabled": False,
    "rewards.terminal.unemployment": 0.0,
    "rewards.terminal.neglect": 0.0,
    "rewards.episode_clip": 50.0,
}
OLD_MASKS: Final = {"control.sleep_upto": 1.0, "control.wash_upto": 1.0}
SETTINGS: Final = {"old": OLD_PAY | OLD_MASKS, "old pay, new masks": OLD_PAY, "new": {}}
POLICIES: Final = ("script", "random")
PAID: Final = tuple(CALLED.get(name, name) for name in COLUMNS)
DONE: Final = ("sleep", "sleep at night", "wash", "work", "talk", "exits")
"""Hours a person-day; the share of sleep that is at night; hours; hours; hours; people who left, a person-day."""

NIGHT: Final = (1320, 480)
SCRIPTED: Final = -1
FIRST_SEED: Final = 100


def seat_day(policy: str, overrides: Mapping[str, Any], towns: int, days: int) -> dict[str, float]:
    """The means of a person-day: each of PAID by its name, and each of DONE."""
    with townlet.vector_env(towns=towns, episode_ticks=days * DAY, overrides=overrides, variant="compact") as env:
        observations, infos = env.reset(seed=list(range(FIRST_SEED, FIRST_SEED + towns)))
        sums, done = np.zeros(len(COLUMNS)), dict.fromkeys((*DONE, "night", "lived"), 0.0)
        actions = np.full((towns, env.seats), SCRIPTED)
        for tick in range(days * DAY):
            if policy == "random":
                actions = any_allowed(observations, infos)
            observations, _, terminated, _, infos = env.step(actions)
            sums += env.breakdown.sum((0, 1))
            done["lived"] += infos["alive"].sum()
            done["exits"] += terminated.sum()
            _count(env, tick % DAY, done)
    lived = done["lived"] / DAY
    means = {name: float(total) / lived for name, total in zip(PAID, sums, strict=True)}
    hours = {name: float(done[name]) / lived / (DAY / 24) for name in ("sleep", "wash", "work", "talk")}
    return means | hours | {"sleep at night": float(done["night"] / done["sleep"]), "exits": done["exits"] / lived}


def _count(env: Any, minute: int, done: dict[str, float]) -> None:
    """Add what everybody does in this minute."""
    agents = env.towns.view(np.ndarray)["agents"][:, : env.seats]
    doing = np.where(agents["alive"] == 1, agents["doing"], SCRIPTED)
    options = env._towns.plans["affordances"]["option"][0]
    by_option = np.where(doing >= 0, options[doing], 0)
    for option in (Option.SLEEP, Option.WASH, Option.WORK):
        done[option.name.lower()] += (by_option == option).sum()
    if minute >= NIGHT[0] or minute < NIGHT[1]:
        done["night"] += (by_option == Option.SLEEP).sum()
    done["talk"] += ((agents["alive"] == 1) & (agents["talks_with"] >= 0)).sum()


if __name__ == "__main__":
    for policy in POLICIES:
        for name, overrides in SETTINGS.items():
            found = seat_day(policy, overrides, towns=20, days=5)
            print(policy, name, {key: round(value, 4) for key, value in found.items()}, flush=True)
