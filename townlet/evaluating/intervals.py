"""Intervals of figures over towns, and over trainings where there are several: the bootstrap of ratios of sums.

- Agarwal and others, "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 34 (2021): the
  interquartile mean and the probability of improvement, with intervals by the bootstrap.
- Efron, "Better bootstrap confidence intervals", JASA 82 (1987), as `townlet.many.statistics` uses it.
- Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249 (1983): the bound where nothing
  has happened.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from townlet.many.statistics import CONFIDENCE, RESAMPLES, Interval, bootstrap_interval, scipy_stats
from townlet.rules.draw import word_of

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Figure = Callable[[Indices, Indices], Numbers]
"""Takes indices of trainings, shape (..., f), and of towns, (..., n); returns the figure of each row, shape (...,)."""

DRAWN: Final = 17
"""The seed by which the bootstrap draws."""

QUARTER: Final = 0.25


def ratio(part: Numbers, whole: Numbers) -> Figure:
    """The figure sum of `part` / sum of `whole`; both are [trainings, towns]. NaN where there is no whole."""

    def of(files: Indices, towns: Indices) -> Numbers:
        total, within = (drawn(sums, files, towns).sum(axis=(-2, -1)) for sums in (part, whole))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(within == 0.0, np.nan, total / within))

    return of


def interquartile_mean(scores: Numbers) -> Figure:
    """The figure that is the mean of the middle half of the scores, [trainings, towns], of all towns together."""
    trim: Any = scipy_stats().trim_mean

    def of(files: Indices, towns: Indices) -> Numbers:
        picked = drawn(scores, files, towns)
        return np.asarray(trim(picked.reshape(*picked.shape[:-2], -1), QUARTER, axis=-1))

    return of


def improvement(scores: Numbers, over: Numbers) -> Figure:
    """How likely a town's score is above another town's under the other policy; a tie counts half.

    `scores` and `over` are [trainings, towns]; the two towns are drawn independently of each other (Mann and Whitney).
    """
    flat = over.reshape(-1)
    above = (scores[..., None] > flat).astype(float) + 0.5 * (scores[..., None] == flat)

    def of(files: Indices, towns: Indices) -> Numbers:
        # The other policy's towns are drawn with the same seeds, as pairs.
        weights, pairs = shares_of(towns, len(flat)), np.tensordot(shares_of(files, len(above)), above, axes=(-1, 0))
        return np.asarray(np.einsum("...i,...ij,...j->...", weights, pairs, weights))

    return of


def shares_of(indices: Indices, count: int) -> Numbers:
    """How much of each row of `indices`, [..., n], is each of `count` numbers; f8 [..., count]."""
    rows = indices.reshape(-1, indices.shape[-1])
    places = rows + count * np.arange(len(rows))[:, None]
    found = np.bincount(places.ravel(), minlength=len(rows) * count) / indices.shape[-1]
    return np.asarray(found.reshape(*indices.shape[:-1], count))


def less(first: Figure, second: Figure) -> Figure:
    """The figure first - second, with the same towns on both sides. The second has one training."""
    return lambda files, towns: first(files, towns) - second(np.zeros_like(files[..., :1]), towns)


def drawn(sums: Numbers, files: Indices, towns: Indices) -> Numbers:
    """The sums of the drawn trainings and towns: [..., f, n]."""
    return np.asarray(sums[files[..., :, None], towns[..., None, :]])


def value_of(figure: Figure, files: int, towns: int) -> float | None:
    """The figure over all trainings and towns; None where it cannot be told."""
    return finite(float(figure(np.arange(files), np.arange(towns))))


def interval_of(figure: Figure, files: int, towns: int) -> tuple[float | None, float | None]:
    """The 95 % interval of a figure over `files` trainings and `towns` towns; None twice for a single town.

    With one training, towns are drawn anew, and the interval is corrected for bias and skew (BCa). With several, both
    trainings and towns are drawn, independently, and the interval is that between percentiles.
    """
    if towns < 2 or value_of(figure, files, towns) is None:
        return None, None
    if files == 1:
        found = bootstrap_interval(lambda each: figure(np.zeros((*each.shape[:-1], 1), np.int64), each), towns, DRAWN)
    else:
        tail = (1.0 - CONFIDENCE) / 2.0
        found = Interval(*np.nanquantile(figure(*picked(files, towns)), [tail, 1.0 - tail]).tolist())
    return finite(found.low), finite(found.high)


@cache
def picked(files: int, towns: int) -> tuple[Indices, Indices]:
    """RESAMPLES draws, with repetition, of as many trainings and of as many towns as there are; never written to."""
    words = np.array([word_of(DRAWN, "policy", index) for index in range(RESAMPLES * (files + towns))], np.uint64)
    rows = words.reshape(RESAMPLES, files + towns)
    return (rows[:, :files] % np.uint64(files)).astype(np.int64), (rows[:, files:] % np.uint64(towns)).astype(np.int64)


def none_happened(whole: float) -> float:
    """The bound below which a rate lies with 97.5 % where nothing has happened in `whole` days (Poisson)."""
    return float(-np.log((1.0 - CONFIDENCE) / 2.0) / whole)


def finite(figure: float) -> float | None:
    """A figure, None for what is no finite number."""
    return float(figure) if np.isfinite(figure) else None


__all__ = [
    "Figure",
    "Numbers",
    "finite",
    "improvement",
    "interquartile_mean",
    "interval_of",
    "less",
    "none_happened",
    "picked",
    "ratio",
    "value_of",
]
