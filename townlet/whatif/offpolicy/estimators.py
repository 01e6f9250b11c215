"""Estimates of a policy's discounted return from episodes that another policy lived.

An episode has H ticks; some of them begin with a decision, and in all others nothing is chosen. So each tick is one
step of a decision process in which most steps have a single action, whose ratio is 1: a semi-Markov return, counted
tick by tick. rho_t is the product of the ratios target / behaviour of all decisions up to tick t, and rho_-1 is 1.

- `importance_sampling`, per decision: the mean over episodes of sum_t gamma^t rho_t r_t. Unbiased. Precup, Sutton and
  Singh, "Eligibility traces for off-policy policy evaluation", ICML 2000.
- `weighted`, per decision: in each tick the rho_t are divided by their sum over all episodes, instead of by their
  number. Biased, but consistent, with far less variance; an episode whose person has left keeps its last weight. Precup
  and others (2000); Thomas and Brunskill (2016), section 3.
- `doubly_robust`: V_DR = V + rho (r + gamma V_DR' - Q). Unbiased whatever V and Q are, with less variance the better
  they are. Jiang and Li, "Doubly robust off-policy value evaluation for reinforcement learning", ICML 2016. A policy's
  file has V and no Q, so Q(s, a) is V(s) here: that takes out what the weights add to the level of returns. Where it
  matters more what is chosen than where one stands, it can also add variance.
- `weighted_doubly_robust`: the same with weights as in `weighted`. Consistent. Thomas and Brunskill, "Data-efficient
  off-policy policy evaluation for reinforcement learning", ICML 2016.
- `behaviour`: no weights: what the behaviour policy itself earned, for comparison.
"""

from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

import numpy as np

from townlet.many.statistics import Interval, bootstrap_interval

NAMES: Final = ("behaviour", "importance_sampling", "weighted", "doubly_robust", "weighted_doubly_robust")
"""The estimates, in the order of `estimates`."""

GROUPS_MOST: Final = 2_000
"""The most groups of episodes that the bootstrap draws: its time grows with their square."""

DRAWN_AT_ONCE: Final = 64
"""Of how many samples of the bootstrap the sums are made at a time."""


class Episodes(NamedTuple):
    """n episodes of H ticks.

    `rewards`, f8[n, H], of each tick; 0 after the person has left. `ratios`, f8[n, H]: the probability of what was
    chosen under the target over that under the behaviour policy, 1 where nothing was chosen. `values`, f8[n, H]: what
    is expected from each tick on to the end of the episode; 0 after the person has left. `gamma` is the discount of a
    tick.
    """

    rewards: np.ndarray
    ratios: np.ndarray
    values: np.ndarray
    gamma: float

    @property
    def weights(self) -> np.ndarray:
        """rho_t of each episode and tick, f8[n, H]."""
        weights: np.ndarray = np.cumprod(self.ratios, axis=1)
        return weights


class Sums(NamedTuple):
    """What every estimate is made of, for each tick; each f8[n, H], and summed over episodes f8[..., H]."""

    plain: np.ndarray
    """r_t"""
    paid: np.ndarray
    """rho_t r_t"""
    weight: np.ndarray
    """rho_t"""
    valued: np.ndarray
    """rho_t V_t"""
    before: np.ndarray
    """rho_(t-1) V_t"""
    corrected: np.ndarray
    """(rho_t - rho_(t-1)) V_t"""


def parts_of(episodes: Episodes) -> Sums:
    """The parts of all sums, one row an episode."""
    weights = episodes.weights
    earlier = np.concatenate([np.ones((len(weights), 1)), weights[:, :-1]], axis=1)
    values = episodes.values
    return Sums(
        episodes.rewards,
        weights * episodes.rewards,
        weights,
        weights * values,
        earlier * values,
        (weights - earlier) * values,
    )


def estimates(sums: Sums, count: Any, gamma: float) -> np.ndarray:
    """The estimates in the order of `NAMES`, f8[..., 5], from sums over `count` episodes, [...].

    Where all weights are 1, all of them are the same number to the last bit.
    """
    horizon = sums.plain.shape[-1]
    discount = gamma ** np.arange(horizon)
    weight, count = sums.weight, np.asarray(count, float)[..., None]
    earlier = np.concatenate([np.broadcast_to(count, (*weight.shape[:-1], 1)), weight[..., :-1]], axis=-1)
    paid = sums.paid / count
    shared = _share(sums.paid, weight)
    baseline = _share(sums.valued, weight) - _share(sums.before, earlier)
    by_tick = (sums.plain / count, paid, shared, paid - sums.corrected / count, shared - baseline)
    return np.stack([(each * discount).sum(axis=-1) for each in by_tick], axis=-1)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The quotient; 0 where all weights are 0, because the target never does what was logged."""
    found: np.ndarray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return found


def estimate(episodes: Episodes) -> np.ndarray:
    """The estimates in the order of `NAMES`, f8[5]."""
    parts = parts_of(episodes)
    return estimates(Sums(*(part.sum(axis=0) for part in parts)), len(episodes.rewards), episodes.gamma)


def intervals(episodes: Episodes, seed: int) -> list[tuple[Interval, Interval]]:
    """The 95 % intervals of each estimate, and of its difference to `behaviour` over the same episodes.

    Episodes are drawn anew (bootstrap, BCa; `bootstrap_interval`); of more than `GROUPS_MOST`, neighbours are drawn
    together. Raises ValueError for fewer than two episodes.
    """
    firsts = np.arange(0, len(episodes.rewards), -(-len(episodes.rewards) // GROUPS_MOST))
    parts = Sums(*(np.add.reduceat(part, firsts, axis=0) for part in parts_of(episodes)))
    sizes = np.diff(firsts, append=len(episodes.rewards)).astype(float)
    known: dict[bytes, np.ndarray] = {}

    def drawn(place: int, less: int | None, indices: np.ndarray) -> np.ndarray:
        """One estimate of each row of indices, f8[...]; or how much it is above another one."""
        rows = indices.reshape(-1, indices.shape[-1])
        key = sha256(rows.tobytes()).digest()
        if key not in known:
            blocks = [rows[first : first + DRAWN_AT_ONCE] for first in range(0, len(rows), DRAWN_AT_ONCE)]
            known[key] = np.concatenate([_estimates_of(parts, sizes, block, episodes.gamma) for block in blocks])
        found: np.ndarray = known[key][:, place] - (0.0 if less is None else known[key][:, less])
        return found.reshape(indices.shape[:-1])

    logged = NAMES.index("behaviour")
    return [
        (
            bootstrap_interval(partial(drawn, place, None), len(sizes), seed),
            bootstrap_interval(partial(drawn, place, logged), len(sizes), seed),
        )
        for place in range(len(NAMES))
    ]


def _estimates_of(parts: Sums, sizes: np.ndarray, rows: np.ndarray, gamma: float) -> np.ndarray:
    """The estimates of samples of groups of episodes, f8[samples, 5].

    `parts` are sums over each group, `sizes`, f8[groups], how many episodes each has; rows, i8[samples, drawn], are the
    numbers of groups.
    """
    times = np.stack([np.bincount(row, minlength=len(sizes)) for row in rows]).astype(float)
    return estimates(Sums(*(times @ part for part in parts)), times @ sizes, gamma)


def effective_sample(weights: np.ndarray) -> np.ndarray:
    """How many equally weighted episodes would say as much, f8[...]: (sum w)^2 / sum w^2 of weights f8[n, ...].

    Kish, "Survey Sampling" (1965). It is n where all weights are equal, and 1 where one episode has all the weight.
    """
    squares = (weights**2).sum(axis=0)
    found: np.ndarray = np.divide(weights.sum(axis=0) ** 2, squares, out=np.zeros_like(squares), where=squares > 0)
    return found
