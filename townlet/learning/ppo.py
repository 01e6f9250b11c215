"""Proximal policy optimisation (Schulman et al. 2017) over decisions, with masks, in CleanRL's conventions.

What is not a decision is in no loss, no advantage and no normalisation: a `Batch` holds decisions alone.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from townlet.learning.batches import Batch, normalised, parts_of
from townlet.learning.network import entropy_of
from townlet.learning.optimising import adam, gradient_step, plain
from townlet.learning.settings import PPOSettings


class Measures(NamedTuple):
    """What an update measured: means over the gradient steps of its last epoch, but for the last two."""

    policy_loss: float
    value_loss: float
    entropy: float
    kl: float
    clip_fraction: float
    gradient_norm: float
    rate: float
    explained_variance: float


class Learner:
    """The network, its optimiser, and what changes them."""

    def __init__(self, network: nn.Module, settings: PPOSettings, *, seed: int, updates: int) -> None:
        """`updates` is how many PPO will make: the learning rate reaches 0 after the last."""
        self.network, self.settings = network, settings
        self._seed, self._updates = seed, updates
        self.optimiser = adam(network, settings)

    def rate(self, update: int) -> float:
        """The learning rate of an update, from 0."""
        left = 1.0 - update / self._updates if self.settings.anneal else 1.0
        return self.settings.rate * left

    def log_probs_before(self, batch: Batch, update: int) -> torch.Tensor:
        """The log probability of each action under the weights as they are, f4 [m].

        They are computed in the minibatches of the first epoch: another shape would give other last bits, and there
        the probability ratio is exactly 1 before the first gradient step. Torch's LSTM gives other last bits without
        gradients, too, so sequences are computed with them.
        """
        old = torch.empty(batch.size)
        with torch.set_grad_enabled(batch.sequences is not None):
            for part in self._parts(batch, update, epoch=0):
                old[part] = self._chosen(batch, part)[0].detach()
        return old

    def learn(self, batch: Batch, update: int) -> Measures:
        """One update; without decisions it changes nothing. Raises Diverged before a step that is not finite."""
        settings, rate = self.settings, self.rate(update)
        if not batch.size:
            return Measures._make([*[0.0] * 6, rate, 0.0])
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        old, gain = self.log_probs_before(batch, update), normalised(batch.advantage)
        measured: list[tuple[float, ...]] = []
        for epoch in range(settings.epochs):
            measured.clear()
            for part in self._parts(batch, update, epoch):
                chosen, log_probs, values = self._chosen(batch, part)
                log_ratio = chosen - old[part]
                ratio = log_ratio.exp()
                clipped = ratio.clamp(1.0 - settings.clip, 1.0 + settings.clip)
                policy_loss = -torch.min(ratio * gain[part], clipped * gain[part]).mean()
                value_loss = 0.5 * (values - batch.returns[part]).square().mean()
                entropy = entropy_of(log_probs).mean()
                loss = policy_loss + settings.value * value_loss - settings.entropy * entropy
                norm = gradient_step(self.network, self.optimiser, loss, settings.gradient_norm, f"update {update}")
                with torch.no_grad():
                    kl = (ratio - 1.0 - log_ratio).mean()
                    beyond = ((ratio - 1.0).abs() > settings.clip).float().mean()
                measured.append((*plain((policy_loss, value_loss, entropy, kl, beyond)), norm))
        return Measures._make([*np.mean(measured, axis=0).tolist(), rate, explained_variance(batch)])

    def _parts(self, batch: Batch, update: int, epoch: int) -> list[torch.Tensor]:
        return list(parts_of(batch, self.settings.minibatch, self._seed, update, epoch))

    def _chosen(self, batch: Batch, part: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Log probabilities of what was chosen [p], of everything [p, actions], and values [p]."""
        log_probs, values = answers_to(self.network, batch, part)
        return log_probs.gather(1, batch.action[part, None]).squeeze(1), log_probs, values


def answers_to(network: nn.Module, batch: Batch, part: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Log probabilities f4 [p, actions] and values f4 [p] of decisions `part`, i8 [p].

    A network that remembers goes through their sequences in order, side by side; what fills up the shorter ones is
    answered and dropped.
    """
    if batch.sequences is None:
        log_probs, values = network(batch.seen[part], batch.mask[part])
        return log_probs, values
    step, column, before = batch.sequences.padded(part)
    shape = int(step.max()) + 1, len(before)
    seen = torch.zeros(*shape, batch.seen.shape[1])
    mask = torch.ones(*shape, batch.mask.shape[1], dtype=batch.mask.dtype)
    seen[step, column], mask[step, column] = batch.seen[part], batch.mask[part]
    log_probs, values, _ = network(seen, mask, before)
    return log_probs[step, column], values[step, column]


def explained_variance(batch: Batch) -> float:
    """The share of the returns' variance that the values foresaw, at most 1; 0 where returns do not vary."""
    variance = float(batch.returns.double().var(unbiased=False))
    return 1.0 - float(batch.advantage.double().var(unbiased=False)) / variance if variance > 0.0 else 0.0
