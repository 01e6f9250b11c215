"""Compares two arms, seed by seed: trainings of one seed begin with the same weights and live in the same towns.

- Fisher, "The Design of Experiments" (1935): the test by permutation of the signs of paired differences.
- Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from townlet.evaluating.figures import Figure
from townlet.evaluating.intervals import Numbers, interval_of, ratio, value_of
from townlet.experiments.cells import Cell

ROUNDING: Final = 1e-12
"""Sums that differ by less than this part of all differences are equal."""


class Told(NamedTuple):
    """A figure of an arm, or the difference of two: its value and the ends of its 95 % interval; None: unknown."""

    value: float | None
    low: float | None
    high: float | None


class Compared(NamedTuple):
    """The first arm less the second: the mean of `each`, the pairs' differences by their seeds, and its interval.

    `p` is None with fewer than two pairs. A pair's difference is NaN where it cannot be told.
    """

    difference: Told
    each: Mapping[int, float]
    p: float | None

    @property
    def seeds(self) -> int:
        """How many pairs there are."""
        return len(self.each)


def told(cells: Sequence[Cell], figure: Figure) -> Told:
    """A figure of an arm over all its trainings and towns; both are drawn anew for the interval."""
    if not cells:
        return Told(None, None, None)
    part, whole = _sums(cells, figure)
    of = ratio(part, whole)
    return Told(value_of(of, *part.shape), *interval_of(of, *part.shape))


def compared(first: Sequence[Cell], second: Sequence[Cell], figure: Figure, margin: float | None = None) -> Compared:
    """Compare two arms in the seeds that both have; towns and trainings are drawn as pairs for the interval.

    The difference is the mean over seeds of that of the two trainings, each over all its towns. Without a margin, `p`
    is that of no difference, two-sided; with one, that of the first being worse by the margin or more, one-sided.
    """
    others = {cell.seed: cell for cell in second}
    pairs = [(cell, others[cell.seed]) for cell in first if cell.seed in others]
    if not pairs:
        return Compared(Told(None, None, None), {}, None)
    sides = [_sums(side, figure) for side in zip(*pairs, strict=True)]

    def mean_of(files: np.ndarray, towns: np.ndarray) -> Numbers:
        return np.asarray(np.subtract(*(_by_training(*side, files, towns) for side in sides)).mean(axis=-1))

    count, width = sides[0][0].shape
    each = np.subtract(*(_by_training(*side, np.arange(count), np.arange(width)) for side in sides))
    difference = Told(value_of(mean_of, count, width), *interval_of(mean_of, count, width))
    known = count > 1 and bool(np.isfinite(each).all())
    by_seed = {cell.seed: float(apart) for (cell, _), apart in zip(pairs, each, strict=True)}
    return Compared(difference, by_seed, p_of_signs(each, margin) if known else None)


def p_of_signs(differences: Numbers, margin: float | None = None) -> float:
    """The p-value of paired differences, f8 [n], n at most 40, by all 2^n assignments of signs.

    It is the share of assignments whose sum is at least as far from 0 as the one that was seen; with a margin, which is
    added to each difference, the share whose sum is at least as high.
    """
    shifted = differences + (margin or 0.0)
    seen = float(shifted.sum())
    reached = (seen if margin is not None else abs(seen)) - ROUNDING * max(1.0, float(np.abs(shifted).sum()))
    if margin is None and reached <= 0.0:
        return 1.0
    half = len(shifted) // 2
    first, second = _all_sums(shifted[:half]), np.sort(_all_sums(shifted[half:]))
    above = int((len(second) - np.searchsorted(second, reached - first)).sum())
    return float((above if margin is not None else 2 * above) / 2 ** len(shifted))


def _all_sums(differences: Numbers) -> Numbers:
    """The sums of the differences under every assignment of signs, f8 [2^n]."""
    sums = np.zeros(1)
    for each in differences.tolist():
        sums = np.concatenate([sums + each, sums - each])
    return sums


def _by_training(part: Numbers, whole: Numbers, files: np.ndarray, towns: np.ndarray) -> Numbers:
    """The figure of each drawn training over the drawn towns: [..., f]."""
    picked = files[..., :, None], towns[..., None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(part[picked].sum(axis=-1) / whole[picked].sum(axis=-1))


def _sums(cells: Sequence[Cell], figure: Figure) -> tuple[Numbers, Numbers]:
    """The two sums of a figure, each f8 [trainings, towns]."""
    part, whole = (np.array([cell.towns[name] for cell in cells], float) for name in (figure.part, figure.whole))
    return part, whole


__all__ = ["Compared", "Told", "compared", "p_of_signs", "told"]
