"""Behaviour cloning: the network learns what the script chooses, and the value of living by it."""

from typing import NamedTuple

import numpy as np
from torch import nn

from townlet.learning.batches import Batch, minibatches
from townlet.learning.optimising import adam, gradient_step, plain
from townlet.learning.settings import PPOSettings


class CloningMeasures(NamedTuple):
    """What an update of cloning measured: means over the gradient steps of its last epoch."""

    policy_loss: float
    value_loss: float
    agreement: float
    gradient_norm: float
    rate: float


class Cloner:
    """The network, and an optimiser of its own: PPO begins with a new one."""

    def __init__(self, network: nn.Module, settings: PPOSettings, *, seed: int) -> None:
        self.network, self.settings, self._seed = network, settings, seed
        self.optimiser = adam(network, settings)

    def learn(self, batch: Batch, update: int) -> CloningMeasures:
        """One update over decisions of the script; without any it changes nothing. Raises Diverged."""
        settings = self.settings
        if not batch.size:
            return CloningMeasures._make([*[0.0] * 4, settings.rate])
        measured: list[tuple[float, ...]] = []
        for epoch in range(settings.epochs):
            measured.clear()
            for part in minibatches(batch.size, settings.minibatch, self._seed, update, epoch):
                log_probs, values = self.network(batch.seen[part], batch.mask[part])
                miss = -log_probs.gather(1, batch.action[part, None]).mean()
                value_loss = 0.5 * (values - batch.returns[part]).square().mean()
                agreement = (log_probs.argmax(-1) == batch.action[part]).float().mean()
                loss = miss + settings.value * value_loss
                where = f"update {update} of cloning"
                norm = gradient_step(self.network, self.optimiser, loss, settings.gradient_norm, where)
                measured.append((*plain((miss, value_loss, agreement)), norm))
        return CloningMeasures._make([*np.mean(measured, axis=0).tolist(), settings.rate])


def is_allowed(rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Which of the rows with these numbers hold a choice of the script that their mask allows, bool [m].

    Where another's act ended an option within the tick, the script chooses what was not asked of it.
    """
    action = rows["action"][numbers]
    allowed: np.ndarray = (action >= 0) & (rows["mask"][numbers, np.maximum(action, 0)] == 1)
    return allowed


__all__ = ["Cloner", "CloningMeasures", "is_allowed"]
