"""The placebo: the same social pay at random moments, so that it rewards nothing in particular."""

import numpy as np
import torch

from townlet.env.decisions.rows import DECIDED, DIED
from townlet.rules.draw import word_of


def paid_at_random(rows: np.ndarray, seed: int, update: int) -> np.ndarray:
    """A copy of `rows`, ROW [n], in which each decision that has ended has the social part of another one.

    The order is a permutation at the address (seed, update): nothing random has to be saved, and the sum of the social
    parts stays what it is. Decisions under way keep theirs until they end. A part may fall to its own decision.
    """
    dealt = rows.copy()
    ended = np.flatnonzero((rows["ended"] == DECIDED) | (rows["ended"] == DIED))
    dice = torch.Generator().manual_seed(word_of(seed, f"placebo {update}", 0))
    social = rows["social"][ended][torch.randperm(len(ended), generator=dice).numpy()]
    dealt["reward"][ended] += social - rows["social"][ended]
    dealt["social"][ended] = social
    return dealt


__all__ = ["paid_at_random"]
