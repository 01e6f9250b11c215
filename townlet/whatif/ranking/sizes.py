"""How much an event changed, as one number with an interval and a p-value.

An outcome of the whole town has one number in each town: its size is the paired mean difference, as in `effects`.

An outcome of many people, such as all ties, has many numbers: the k-th pair of futures gives a vector d_k of
differences (treated less control). The size is the length of their true mean vector. Its square is estimated by the
mean of d_j · d_k over all pairs j, k that differ from each other. The square of the mean vector itself would be too
large by the noise of each pair, and would rank an event without effect above others only because its town is lively.
A length is read as: as much as if one single number, such as one side of one tie, had changed by it.

The interval comes from the variance of this mean (a U-statistic). The p-value comes from turning the signs of whole
vectors: without an effect, treated and control are exchangeable.

References:

- Hoeffding, "A class of statistics with asymptotically normal distribution", Ann. Math. Statist. 19 (1948).
- Bai and Saranadasa, "Effect of high dimension: by an example of a two sample problem", Statistica Sinica 6 (1996).
- Fisher, "The Design of Experiments" (1935), section 21: the test by turning signs.
"""

import hashlib
from typing import Final, NamedTuple

import numpy as np

from townlet.many.statistics import student_quantile
from townlet.whatif.paired.effects import DIFFERING_LEAST, effects

TURNS: Final = 9_999
"""How often the signs are turned; the smallest p-value is 1 / (`TURNS` + 1)."""

ROUNDING: Final = 1e-9
"""Two sums of squares that differ by less than this share of themselves are the same."""


class Size(NamedTuple):
    """What an event changed: `size` from `low` to `high`, the p-value of no change, and the share of differing pairs.

    A length is 0 or more; a mean difference has a sign. NaN: nothing can be said.
    """

    size: float
    low: float
    high: float
    p: float
    differ: float


def mean_size(without: np.ndarray, with_it: np.ndarray) -> Size:
    """The size of an outcome with one number a town, f8[pairs] in both arms."""
    found = effects(without[:, None], with_it[:, None])
    size, low, high, p, differ = (float(each[0]) for each in (found.mean, found.low, found.high, found.p, found.differ))
    return Size(size, low, high, p, differ)


def length(without: np.ndarray, with_it: np.ndarray, address: str) -> Size:
    """The size of an outcome with many numbers a town, f8[pairs, numbers] in both arms, two pairs at least.

    What somebody has not, because he or she has left, is 0: a tie that is gone is no tie. `address` names the draws of
    signs.
    """
    change = np.nan_to_num(with_it) - np.nan_to_num(without)
    n, products = len(change), change @ change.T
    alone = np.trace(products)
    square = (products.sum() - alone) / (n * (n - 1))
    differing = int((change != 0.0).any(axis=1).sum())
    half = float(student_quantile(n - 1)) * _error(products)
    told = differing >= DIFFERING_LEAST or differing == 0
    low, high = (_root(end) if told else np.nan for end in (square - half, square + half))
    signs = turned_signs(address, n)
    others = (((signs @ products) * signs).sum(axis=1) - alone) / (n * (n - 1))
    above = int((others >= square - ROUNDING * alone / n).sum())
    return Size(_root(square), low, high, (above + 1) / (TURNS + 1) if told else np.nan, differing / n)


def turned_signs(address: str, n: int) -> np.ndarray:
    """`TURNS` draws of `n` signs, f8[TURNS, n], each 1 or -1: the same for the same address."""
    taken = hashlib.shake_256(address.encode()).digest(-(-TURNS * n // 8))
    bits = np.unpackbits(np.frombuffer(taken, np.uint8), count=TURNS * n)
    return 1.0 - 2.0 * bits.reshape(TURNS, n)


def _error(products: np.ndarray) -> float:
    """The standard error of the mean product of two different pairs' vectors."""
    n = len(products)
    others = products[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    by_pair, by_two = others.mean(axis=1).var(ddof=1), others.var()
    return float(np.sqrt((4.0 * max(n - 2, 0) * by_pair + 2.0 * by_two) / (n * (n - 1))))


def _root(square: float) -> float:
    return float(np.sqrt(max(square, 0.0)))
