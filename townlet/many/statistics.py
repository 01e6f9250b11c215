"""Statistics of a few samples: intervals of means, of differences and of any figure, and p-values of many questions.

They need SciPy, which is not loaded before it is used. References:

- Student, "The probable error of a mean", Biometrika 6 (1908): the paired interval.
- Efron, "Better bootstrap confidence intervals", JASA 82 (1987): the bootstrap's interval (BCa).
- Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
- Benjamini and Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B 57 (1995).
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

CONFIDENCE: Final = 0.95
"""How often an interval covers what it is about."""

RESAMPLES: Final = 999
"""How often the bootstrap draws the samples anew."""

Numbers = npt.NDArray[np.float64]
Figure = Callable[[npt.NDArray[np.int64]], Numbers]
"""Takes indices of samples, shape (..., n), and returns the figure over the samples of each row, shape (...,)."""


class Interval(NamedTuple):
    """Where a figure lies with the confidence asked for, both ends included."""

    low: float
    high: float


class Paired(NamedTuple):
    """The mean of the differences second - first, its interval, and the two-sided p-value of no difference."""

    mean: float
    low: float
    high: float
    p: float


def scipy_stats() -> Any:
    """SciPy's module of statistics, loaded when it is first needed: that takes half a second."""
    from scipy import stats

    return stats


def scipy_special() -> Any:
    """SciPy's module of special functions, which loads in a tenth of the time of that of statistics."""
    from scipy import special

    return special


def student_quantile(freedom: npt.ArrayLike) -> Any:
    """Student's quantile for a two-sided interval of `CONFIDENCE`, by degrees of freedom: one number, or an array."""
    return scipy_special().stdtrit(freedom, (1.0 + CONFIDENCE) / 2.0)


def paired_interval(first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE) -> Paired:
    """Student's interval of the mean difference between two samples whose items belong together, such as one seed's.

    Raises ValueError for samples of different lengths, of fewer than two items, or with what is no finite number.
    """
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(f"two samples of one length, two or more, are needed ({len(first)} and {len(second)} given)")
    _require_confidence(confidence)
    differences = np.asarray(second, float) - np.asarray(first, float)
    if not np.isfinite(differences).all():
        raise ValueError("a paired interval is of finite numbers")
    stats, count = scipy_stats(), len(differences)
    mean, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(count))
    if error == 0.0:
        return Paired(mean, mean, mean, 1.0 if mean == 0.0 else 0.0)
    half = float(stats.t.ppf((1.0 + confidence) / 2.0, count - 1)) * error
    return Paired(mean, mean - half, mean + half, float(2.0 * stats.t.sf(abs(mean) / error, count - 1)))


def variance_ratio(first: Sequence[float], second: Sequence[float]) -> float | None:
    """How many times more samples an interval of this length would need, if the samples were not paired.

    The variance of the difference of two unpaired samples over that of the paired differences; None where these are
    all alike. Raises ValueError as `paired_interval`.
    """
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(f"two samples of one length, two or more, are needed ({len(first)} and {len(second)} given)")
    one, other = np.asarray(first, float), np.asarray(second, float)
    paired = float((other - one).var(ddof=1))
    return float(one.var(ddof=1) + other.var(ddof=1)) / paired if paired > 0.0 else None


def mean_interval(sample: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Student's interval of the mean of a sample. Raises ValueError for fewer than two items."""
    if len(sample) < 2:
        raise ValueError(f"an interval needs two items or more ({len(sample)} given)")
    _require_confidence(confidence)
    values = np.asarray(sample, float)
    half = float(scipy_special().stdtrit(len(values) - 1, (1.0 + confidence) / 2.0))
    half *= float(values.std(ddof=1) / np.sqrt(len(values)))
    return Interval(float(values.mean()) - half, float(values.mean()) + half)


def bootstrap_interval(
    figure: Figure, count: int, seed: int, confidence: float = CONFIDENCE, resamples: int = RESAMPLES
) -> Interval:
    """The bootstrap's interval of a figure over `count` samples, which are drawn anew `resamples` times.

    The samples are named by their indices, so that several things of one sample (both sides of a comparison) are drawn
    together. The same seed gives the same interval. The interval is corrected for bias and skew (BCa); where that has
    no answer, as for a figure that no sample changes, it is the one between percentiles. Raises ValueError for fewer
    than two samples.
    """
    if count < 2:
        raise ValueError(f"the bootstrap needs two samples or more ({count} given)")
    _require_confidence(confidence)
    options: dict[str, Any] = {
        "vectorized": True,
        "n_resamples": resamples,
        "confidence_level": confidence,
        "rng": seed,
        "axis": -1,
    }

    def over(indices: Any, axis: int = -1) -> Numbers:
        return figure(np.moveaxis(np.asarray(indices, np.int64), axis, -1))

    stats = scipy_stats()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a figure without spread has no BCa interval, which is answered below
        found = stats.bootstrap((np.arange(count),), over, method="BCa", **options).confidence_interval
        if not np.isfinite([found.low, found.high]).all():
            draws = stats.bootstrap((np.arange(count),), over, method="percentile", **options).bootstrap_distribution
            tail = (1.0 - confidence) / 2.0
            found = Interval(*np.nanquantile(draws, [tail, 1.0 - tail]))
    return Interval(float(found[0]), float(found[1]))


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p-value as the family of all of them allows it to be read (Holm): below 0.05, few in 100 families err."""
    p, order = _sorted(p_values)
    raised = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    return _unsorted(raised, order)


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Each p-value as a share of false discoveries: of those at or below 0.05, on average at most 5 in 100 err."""
    p, order = _sorted(p_values)
    scaled = p[order] * len(p) / (1.0 + np.arange(len(p)))
    return _unsorted(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _sorted(p_values: Sequence[float]) -> tuple[Numbers, npt.NDArray[np.int64]]:
    p = np.asarray(p_values, float)
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise ValueError("p-values lie between 0 and 1")
    return p, np.argsort(p, kind="stable")


def _unsorted(adjusted: Numbers, order: npt.NDArray[np.int64]) -> list[float]:
    found = np.empty(len(adjusted))
    found[order] = np.minimum(adjusted, 1.0)
    return [float(one) for one in found]


def _require_confidence(confidence: float) -> None:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"a confidence lies between 0 and 1, both excluded ({confidence:g} given)")


__all__ = [
    "CONFIDENCE",
    "RESAMPLES",
    "Interval",
    "Paired",
    "benjamini_hochberg",
    "bootstrap_interval",
    "holm",
    "mean_interval",
    "paired_interval",
    "scipy_special",
    "scipy_stats",
    "variance_ratio",
]
