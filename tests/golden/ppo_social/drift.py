"""A tiny training of the social stage C1, its golden figures, and how far a training may be from them.

Bits differ between machines, and after some updates so does all that follows from them. How far such trainings part is
measured when the figures are made: the same training is made again and again, its first weights changed by a millionth.
A figure's golden value is the mean of those, its tolerance `DEVIATIONS` times their standard deviation, with a floor.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch

from townlet.configuration.load import load
from townlet.learning.kept.metrics import Row
from townlet.learning.settings import Training, training_of
from townlet.learning.trainer import Trainer

FILE: Final = Path(__file__).parent / "metrics.json"
COMMAND: Final = "python -m tests.golden.ppo_social"

TINY: Final[dict[str, Any]] = {
    "config": "town4",
    "towns": 16,
    "rollout_ticks": 360,
    "life_days": 4,
    "horizon_days": 1.0,
    "updates": 60,
    "network": {"hidden": 32},
    "training": {"social_reward_stage": "C1"},
    "ppo": {"rate": 0.002, "minibatch": 256, "gradient_norm": 0.1},
    "tensorboard": False,
}

LAST: Final = 20
"""The figures called `last` are means over so many updates at the end; those called `first` are of the first update."""

BOTH: Final = (
    "return",
    "return.social",
    "decisions_a_person_day",
    "self_sufficiency",
    "chats",
    "reward_variance",
    "policy_loss",
    "value_loss",
    "entropy",
    "kl",
    "gradient_norm",
    "explained_variance",
)
ONLY_LAST: Final = ("exits", "shared_meals", "clip_fraction", "rate")

VARIANTS: Final = 16
CHANGE: Final = 1e-6
DEVIATIONS: Final = 8.0
FLOOR: Final = 1e-3
"""A tolerance is this share of the golden value at least."""


class Golden(NamedTuple):
    """A figure as it was kept: its value, and how far from it is no drift."""

    value: float
    tolerance: float


def tiny() -> Training:
    """The training."""
    return training_of(TINY)


def rows_of(updates: int | None = None, variant: int = 0) -> list[Row]:
    """The metrics of the first `updates` updates (None: of all). A variant above 0 has slightly other first weights."""
    training = tiny()
    trainer = Trainer(training, load(training.config, training.overrides, founded=True)).begin()
    try:
        if variant:
            dice = torch.Generator().manual_seed(variant)
            with torch.no_grad():
                for weights in trainer.network.parameters():
                    weights.mul_(1.0 + CHANGE * torch.randn(weights.shape, generator=dice))
        while trainer.update < (training.steps if updates is None else updates):
            trainer.step()
        return trainer.rows
    finally:
        trainer.close()


def figures_of(rows: Sequence[Row]) -> dict[str, float]:
    """The figures of a training's metrics; those of the last updates only if all updates are there."""
    found = {f"first.{name}": float(rows[0][name]) for name in BOTH}
    if len(rows) == TINY["updates"]:
        found |= {f"last.{name}": float(np.mean([row[name] for row in rows[-LAST:]])) for name in (*BOTH, *ONLY_LAST)}
    return found


def golden() -> dict[str, Golden]:
    """The golden figures."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: Golden(each["value"], each["tolerance"]) for name, each in kept["figures"].items()}


def drift(figures: Mapping[str, float], kept: Mapping[str, Golden]) -> list[str]:
    """A sentence for each figure that is farther from its golden value than its tolerance, or that is not a number."""
    return [
        f"{name} is {seen:.6g}, and its golden value is {kept[name].value:.6g} with a tolerance of "
        f"{kept[name].tolerance:.3g}"
        for name, seen in figures.items()
        if not abs(seen - kept[name].value) <= kept[name].tolerance
    ]


def measured() -> dict[str, Golden]:
    """The figures as they are now, with their tolerances: some half a minute of one thread."""
    variants = [figures_of(rows_of(variant=variant)) for variant in range(VARIANTS)]
    found = {}
    for name in variants[0]:
        values = np.array([figures[name] for figures in variants])
        tolerance = max(DEVIATIONS * float(values.std(ddof=1)), FLOOR * abs(float(values.mean())))
        found[name] = Golden(float(values.mean()), tolerance)
    return found


def main() -> None:
    """Write the golden figures."""
    figures = {
        name: {key: float(f"{number:.6g}") for key, number in kept._asdict().items()}
        for name, kept in measured().items()
    }
    FILE.write_text(json.dumps({"training": TINY, "figures": figures}, indent=2) + "\n", encoding="utf-8")
