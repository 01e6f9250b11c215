"""Answers of a network by torch, in blocks of one size, so that no answer depends on who decides at the same time.

Torch's products of matrices give other last bits for other numbers of rows. Filled up to whole blocks, a row has the
same bits alone, among many rows and in a town that runs by itself, on one kind of processor and one version of torch.
"""

from typing import Final, NamedTuple

import numpy as np
import torch

from townlet.policies.networks import MemoryNetwork, Network

BLOCK: Final = 32
"""The rows of a block."""


class Answers(NamedTuple):
    """Log-probabilities f4 [n, options], minus infinity where masked; values f4 [n]; memories f4 [n, memory_size]."""

    log_probs: np.ndarray
    values: np.ndarray
    memories: np.ndarray


class Answerer:
    """A network that answers rows of observations."""

    def __init__(self, network: Network) -> None:
        """The network's weights may change between two answers."""
        self.network = network
        self.memory_size = int(network.memory_size)

    def answer(self, seen: np.ndarray, masks: np.ndarray, before: np.ndarray | None = None) -> Answers:
        """Answer rows: seen f4 [n, inputs], masks i1 [n, options], each with at least one option allowed.

        `before` f4 [n, memory_size] is what each person remembers; None where the network remembers nothing.
        """
        count, options = masks.shape
        if before is None:
            before = np.zeros((count, self.memory_size), "f4")
        found = Answers(np.empty((count, options), "f4"), np.empty(count, "f4"), np.empty_like(before))
        with torch.inference_mode():
            for first in range(0, count, BLOCK):
                rows = slice(first, min(first + BLOCK, count))
                given = (_whole(seen[rows], 0), _whole(masks[rows], 1), _whole(before[rows], 0))
                for whole, part in zip(found, self._block(*given), strict=True):
                    whole[rows] = part.numpy()[: rows.stop - first]
        found.log_probs[masks == 0] = -np.inf
        return found

    def _block(
        self, seen: torch.Tensor, masks: torch.Tensor, before: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        if isinstance(self.network, MemoryNetwork):
            log_probs, values, after = self.network(seen[None], masks[None], before)
            return log_probs[0], values[0], after
        return *self.network(seen, masks), before


def _whole(rows: np.ndarray, rest: int) -> torch.Tensor:
    """A tensor of BLOCK rows: these, then rows that are filled with `rest`."""
    whole = np.full((BLOCK, *rows.shape[1:]), rest, rows.dtype)
    whole[: len(rows)] = rows
    return torch.from_numpy(whole)
