"""What must be measured in a training: the time that the social snippet takes, and how rewards vary under C1."""

from importlib.util import find_spec
from typing import Final

import numpy as np

from townlet.accepting.criterion import Found
from townlet.bench import measure
from townlet.configuration.load import load
from townlet.errors import TownletError
from townlet.learning.settings import training_of

STEP_TIME_MOST: Final = 1.15
"""An update of PPO may take so many times as long with the snippet."""

VARIANCE_MOST: Final = 2.0
"""Rewards may vary so many times as much under stage C1 as under none."""

TRAINING: Final = "smoke"
"""The shipped training that is run under both stages."""

LAST: Final = 20
"""The variance is the mean over so many updates at the end."""

NO_TORCH: Final = "training needs torch: pip install 'townlet[train]'"


def of_trainings() -> dict[str, Found]:
    """What the trainings say of two risks, by their names. Raises TownletError where one goes wrong."""
    if find_spec("torch") is None:
        return {name: Found("", None, NO_TORCH) for name in ("4.2-R1", "4.3-R1")}
    unpaid, paid = (_variance(stage) for stage in ("OFF", "C1"))
    value = f"{paid / unpaid:.2f} times as much ({paid:.3g} beside {unpaid:.3g})"
    return {"4.2-R1": _step_time(), "4.3-R1": Found(value, paid <= VARIANCE_MOST * unpaid)}


def _variance(stage: str) -> float:
    """The variance of rewards in the last updates of a training under this stage."""
    from townlet.learning.trainer import Trainer

    training = training_of(TRAINING, {"training.social_reward_stage": stage, "tensorboard": False})
    trainer = Trainer(training, load(training.config, training.overrides, founded=True)).begin()
    try:
        while trainer.update < training.steps:
            trainer.step()
        return float(np.mean([row["reward_variance"] for row in trainer.rows[-LAST:]]))
    finally:
        trainer.close()


def _step_time() -> Found:
    """How much longer an update of PPO takes with the social snippet."""
    found = next((row for row in measure("snippet") if row.figure.startswith("an update of PPO")), None)
    if found is None:
        raise TownletError("the bench of the snippet has no row of PPO. Next: townlet bench --only snippet")
    return Found(f"{found.value:.3f} times as long", found.value <= STEP_TIME_MOST)
