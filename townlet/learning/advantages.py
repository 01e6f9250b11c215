"""Semi-Markov generalised advantage estimation: the time between two decisions of a person is one step.

A decision's reward is R = sum of gamma^i r_i over the k ticks until the same person's next, whose value counts gamma^k.
Lambda counts once a decision, whatever k is (Schulman et al. 2015; Sutton, Precup and Singh 1999 for options).
"""

from typing import NamedTuple

import numpy as np

from projections.kernel import entry
from townlet.env.decisions.rows import DECIDED, DIED


class Estimates(NamedTuple):
    """What is learned from: the numbers of the rows i8 [m], rising; their advantages and returns f8 [m]."""

    rows: np.ndarray
    advantages: np.ndarray
    returns: np.ndarray

    def only(self, which: np.ndarray) -> "Estimates":
        """Those of the rows for which `which`, bool [m], is true."""
        return Estimates(self.rows[which], self.advantages[which], self.returns[which])


def estimates(rows: np.ndarray, lam: float) -> Estimates:
    """Advantages and returns of the decisions among `rows`, an array of ROW; a row's `next` lies behind it.

    A row that is OPEN lends its value to the one before and is learned later; one that is CLOSING is only a last look.
    """
    advantages, learns = np.zeros(len(rows)), np.zeros(len(rows), np.bool_)
    _estimate(rows["ended"], rows["next"], rows["reward"], rows["discount"], rows["value"], lam, advantages, learns)
    chosen = np.flatnonzero(learns)
    return Estimates(chosen, advantages[chosen], advantages[chosen] + rows["value"][chosen])


@entry
def _estimate(
    ended: np.ndarray,
    following: np.ndarray,
    reward: np.ndarray,
    discount: np.ndarray,
    value: np.ndarray,
    lam: float,
    advantages: np.ndarray,
    learns: np.ndarray,
) -> None:
    """Go from the last row to the first, because each needs the advantage of its person's next."""
    for i in range(len(ended) - 1, -1, -1):
        if ended[i] == DIED:
            advantages[i] = reward[i] - value[i]
            learns[i] = True
        elif ended[i] == DECIDED:
            j = following[i]
            surprise = reward[i] + discount[i] * np.float64(value[j]) - np.float64(value[i])
            advantages[i] = surprise + discount[i] * lam * advantages[j]
            learns[i] = True
