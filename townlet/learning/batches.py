"""What a learner sees of a rollout: the decisions that are learned from, as tensors, and the order it takes them in."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from townlet.learning.advantages import Estimates
from townlet.learning.sequences import Sequences
from townlet.rules.draw import word_of


class Batch(NamedTuple):
    """m decisions.

    Observations f4 [m, inputs], masks i1 [m, actions], actions i8 [m], advantages and returns f4 [m]. For a network
    that remembers, `sequences` are those of the decisions.
    """

    seen: torch.Tensor
    mask: torch.Tensor
    action: torch.Tensor
    advantage: torch.Tensor
    returns: torch.Tensor
    sequences: Sequences | None = None

    @property
    def size(self) -> int:
        """m."""
        return len(self.action)


def batch_of(rows: np.ndarray, seen: np.ndarray, found: Estimates) -> Batch:
    """The decisions among `rows` that can be learned, copied: no later rollout changes them. Other rows are in nothing.

    `seen` f4 [n, inputs] has the observation of each row.
    """
    return Batch(
        torch.from_numpy(seen[found.rows]),
        torch.from_numpy(rows["mask"][found.rows]),
        torch.from_numpy(rows["action"][found.rows].astype("i8")),
        torch.from_numpy(found.advantages.astype("f4")),
        torch.from_numpy(found.returns.astype("f4")),
    )


def normalised(advantage: torch.Tensor) -> torch.Tensor:
    """Advantages with mean 0 and standard deviation 1, over the decisions that are learned; one alone becomes 0."""
    if len(advantage) < 2:
        return torch.zeros_like(advantage)
    return (advantage - advantage.mean()) / (advantage.std() + 1e-8)


def minibatches(n: int, size: int, seed: int, update: int, epoch: int) -> Iterator[torch.Tensor]:
    """The numbers 0 to n - 1 in a shuffled order, in parts of about `size`, which differ by one at most.

    The order is a function of (seed, update, epoch): nothing random has to be saved.
    """
    dice = torch.Generator().manual_seed(word_of(seed, f"minibatches {update}", epoch))
    yield from torch.randperm(n, generator=dice).tensor_split(max(1, round(n / size)))


def parts_of(batch: Batch, size: int, seed: int, update: int, epoch: int) -> Iterator[torch.Tensor]:
    """The minibatches of a batch, of about `size` decisions, i8 each: of single decisions, or of whole sequences."""
    sequences = batch.sequences
    if sequences is None:
        yield from minibatches(batch.size, size, seed, update, epoch)
        return
    whole = max(1, round(size * len(sequences.before) / batch.size))
    for numbers in minibatches(len(sequences.before), whole, seed, update, epoch):
        yield sequences.decisions_of(numbers)
