"""Guards: what stops a training that goes wrong. They read its metrics alone, so a resumed training stops alike."""

from collections.abc import Sequence
from typing import Final

from townlet.errors import TownletError
from townlet.learning.metrics import Row
from townlet.learning.settings import GuardSettings

PPO: Final = "ppo"
"""The phase that is guarded; cloning lives by the script."""


class Stopped(TownletError):
    """A guard stopped a training; the message says why. Its checkpoint stays."""


def trouble(rows: Sequence[Row], settings: GuardSettings, exits_most: float) -> str:
    """Why the training has to stop after the last of these updates; an empty text if it can go on.

    `exits_most` is how many exits a person-day the random policy has.
    """
    row = rows[-1]
    if row["phase"] != PPO:
        return ""
    if row["kl"] > settings.kl_most:
        return (
            f"the approximate KL divergence of update {row['update']:,} is {row['kl']:.3g}, above {settings.kl_most:g} "
            "(guards.kl_most). Next: a lower ppo.rate, or fewer ppo.epochs"
        )
    if row["gradient_norm"] > settings.gradient_norm_most:
        return (
            f"the gradient's norm in update {row['update']:,} is {row['gradient_norm']:.3g}, above "
            f"{settings.gradient_norm_most:g} (guards.gradient_norm_most). Next: a lower ppo.rate, or smaller rewards"
        )
    same = _same_stage(rows)
    recent = same[-settings.window :]
    if len(recent) < settings.window:
        return ""
    days = sum(each["person_days"] for each in recent)
    exits = sum(each["exits"] * each["person_days"] for each in recent) / max(days, 1e-9)
    if exits > exits_most:
        return (
            f"in the last {settings.window} updates {exits:.3g} people left a person-day, more than under the random "
            f"policy ({exits_most:.3g}). Next: look at the terminal rewards, or set guards.exits_most"
        )
    return _variance_trouble(same, settings)


def _variance_trouble(same: Sequence[Row], settings: GuardSettings) -> str:
    """Whether the rewards of a stage vary more than in its first window."""
    if len(same) < 2 * settings.window:
        return ""
    baseline = _mean([row["reward_variance"] for row in same[: settings.window]])
    recent = _mean([row["reward_variance"] for row in same[-settings.window :]])
    if recent <= settings.variance_factor * baseline:
        return ""
    return (
        f"the variance of rewards over the last {settings.window} updates is {recent:.3g}, more than "
        f"{settings.variance_factor:g} times that of the first {settings.window} of stage {same[0]['stage']} "
        f"({baseline:.3g}). Next: a lower ppo.rate, or set guards.variance_factor"
    )


def _same_stage(rows: Sequence[Row]) -> list[Row]:
    """The last updates of PPO that have the stage of the last one, without a break."""
    first = len(rows)
    while first and rows[first - 1]["phase"] == PPO and rows[first - 1]["stage"] == rows[-1]["stage"]:
        first -= 1
    return list(rows[first:])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
