"""Guards: what stops a training that goes wrong. They read its metrics alone, so a resumed training stops alike."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from townlet.errors import TownletError
from townlet.learning.kept.metrics import Row
from townlet.learning.settings import GuardSettings

PPO: Final = "ppo"
"""The phase that is guarded; cloning lives by the script."""


class Stopped(TownletError):
    """A guard stopped a training; the message says why. Its checkpoint stays."""


class Baseline(NamedTuple):
    """What the random policy does in the same town and stage: exits a person-day, and the variance of rewards."""

    exits: float
    variance: float


def trouble(rows: Sequence[Row], settings: GuardSettings, baselines: Mapping[str, Baseline]) -> str:
    """Why the training has to stop after the last of these updates; an empty text if it can go on.

    `baselines` has each stage of the training.
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
    learned = [each for each in rows if each["phase"] == PPO]
    recent = [each for each in learned[settings.grace :] if each["stage"] == row["stage"]][-settings.window :]
    return _drift(recent, settings, baselines[row["stage"]]) if len(recent) == settings.window else ""


def _drift(recent: Sequence[Row], settings: GuardSettings, baseline: Baseline) -> str:
    """What the means over some updates of one stage say."""
    window, stage = len(recent), recent[0]["stage"]
    days = sum(row["person_days"] for row in recent)
    exits = sum(row["exits"] * row["person_days"] for row in recent) / max(days, 1e-9)
    if exits > settings.exits_factor * baseline.exits:
        return (
            f"in the last {window} updates {exits:.3g} people left a person-day, under the random policy "
            f"{baseline.exits:.3g}. Next: look at what leaving costs (rewards.terminal), or set guards.exits_factor"
        )
    variance = sum(row["reward_variance"] for row in recent) / window
    if variance > settings.variance_factor * baseline.variance:
        return (
            f"the variance of rewards over the last {window} updates is {variance:.3g}, more than "
            f"{settings.variance_factor:g} times that of the random policy in stage {stage} ({baseline.variance:.3g}). "
            "Next: a lower ppo.rate, or set guards.variance_factor"
        )
    return ""
