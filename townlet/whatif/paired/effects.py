"""The effects of an intervention: paired mean differences with 95 % intervals, for each outcome and day.

References:

- Student, "The probable error of a mean", Biometrika 6 (1908).
- Common random numbers, of which pairs with the same luck are one sort: Glasserman and Yao, "Some guidelines and
  guarantees for common random numbers", Management Science 38 (1992).
"""

from typing import Any, Final, NamedTuple

import numpy as np

from townlet.many.statistics import scipy_special, student_quantile

DIFFERING_LEAST: Final = 10
"""The fewest differing pairs from which an interval is made."""


class Effects(NamedTuple):
    """What the intervention changed (with it, less without it), each an array of the outcomes' shape.

    `mean` from `low` to `high`; these are NaN where fewer than `DIFFERING_LEAST` pairs differ, unless none does: then
    they are 0. `p` is the two-sided p-value of no change. `differ` is the share of pairs that differ. `pairs` is how
    many pairs have the outcome in both towns. `gain` is how many times more unpaired towns an interval of this length
    would need: the variance of unpaired differences over that of the paired ones.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    differ: np.ndarray
    pairs: np.ndarray
    gain: np.ndarray


def effects(without: np.ndarray, with_it: np.ndarray) -> Effects:
    """The effects on outcomes f8[pairs, ...] of both arms.

    An interval counts one pair more than there are, which differs as two strangers do: the unpaired variance / n is
    added to the paired one. Where few pairs differ, the spread of those seen is too small a sample, and Student's
    interval alone covers the truth in about half of all cases.
    """
    has = ~(np.isnan(without) | np.isnan(with_it))
    n = has.sum(axis=0)
    change = np.where(has, with_it - without, 0.0)
    mean = _ratio(change.sum(axis=0), n)
    paired = _variance(with_it - without, has, n)
    unpaired = _variance(without, has, n) + _variance(with_it, has, n)
    error = np.sqrt(_ratio(paired + _ratio(unpaired, n), n))
    differing = (change != 0.0).sum(axis=0)
    half = _quantile(np.maximum(n - 1, 1)) * error
    enough = differing >= DIFFERING_LEAST
    none = (differing == 0) & (n > 0)
    half, p = np.where(none, 0.0, half), _p_value(mean, error, n)
    told = enough | none
    return Effects(
        mean=np.where(n > 0, mean, np.nan),
        low=np.where(told, mean - half, np.nan),
        high=np.where(told, mean + half, np.nan),
        p=np.where(none, 1.0, np.where(enough, p, np.nan)),
        differ=np.where(n > 0, _ratio(differing, n), np.nan),
        pairs=n,
        gain=np.where(paired > 0, _ratio(unpaired, paired), np.nan),
    )


def _quantile(freedom: np.ndarray) -> Any:
    """Student's quantile for an interval of `CONFIDENCE`; one look-up for each number of pairs that occurs."""
    numbers, places = np.unique(freedom, return_inverse=True)
    return student_quantile(numbers)[places].reshape(freedom.shape)


def _p_value(mean: np.ndarray, error: np.ndarray, n: np.ndarray) -> Any:
    """The two-sided p-value of a mean with this standard error; 0 for a mean without any."""
    sure = (error == 0.0) & (mean != 0.0)
    p = 2.0 * scipy_special().stdtr(np.maximum(n - 1, 1), -np.abs(_ratio(mean, error)))
    return np.where(sure, 0.0, p)


def _variance(values: np.ndarray, has: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The sample variance of those values that both arms have."""
    mean = _ratio(np.where(has, values, 0.0).sum(axis=0), n)
    return _ratio((np.where(has, values - mean, 0.0) ** 2).sum(axis=0), n - 1)


def _ratio(above: Any, below: Any) -> np.ndarray:
    """The quotient; 0 where the divisor is not above 0."""
    below = np.asarray(below, float)
    found: np.ndarray = np.divide(above, below, out=np.zeros(np.broadcast(above, below).shape), where=below > 0)
    return found
