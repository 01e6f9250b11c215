"""Intervals of paired differences: they hold the truth as often as they say, for rare effects too."""

import numpy as np
import pytest
from scipy import stats

from townlet.many.statistics import paired_interval
from townlet.whatif.paired.effects import DIFFERING_LEAST, effects

PAIRS, NULLS = 200, 1000
COVERED_LEAST = 0.93


def share_covered(control: np.ndarray, treated: np.ndarray, truth: float) -> tuple[float, int]:
    """How many of the intervals hold the truth, as a share; and how many intervals there are."""
    found = effects(control, treated)
    told = ~np.isnan(found.low)
    return float(((found.low <= truth) & (truth <= found.high))[told].mean()), int(told.sum())


def normal(seed: int, *shape: int) -> np.ndarray:
    """Standard normal numbers."""
    drawn: np.ndarray = stats.norm.rvs(size=shape, random_state=seed)
    return drawn


def rarely_other(numbers: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """The first numbers, of which a share gives way to the second."""
    return np.where(stats.uniform.rvs(size=numbers.shape, random_state=11) < share, other, numbers)


@pytest.mark.parametrize("share", [0.06, 0.1, 0.3, 1.0])
def test_intervals_of_nulls_hold_zero_where_few_pairs_differ(share: float) -> None:
    control, other = normal(7, 2, PAIRS, NULLS)
    covered, told = share_covered(control, rarely_other(control, other, share), 0.0)
    assert told > NULLS / 2
    assert covered >= COVERED_LEAST


@pytest.mark.parametrize("rate", [0.05, 0.2, 2.0])
def test_intervals_of_nulls_of_counts_hold_zero(rate: float) -> None:
    control, other = stats.poisson.rvs(rate, size=(2, PAIRS, NULLS), random_state=8).astype(float)
    covered, told = share_covered(control, rarely_other(control, other, 0.5), 0.0)
    assert told > NULLS / 10
    assert covered >= COVERED_LEAST


def test_intervals_of_a_rare_effect_on_one_side_hold_it() -> None:
    """Only one of eight pairs is changed, always in the same direction, by about 1."""
    control = normal(9, PAIRS, NULLS)
    added = 1.0 + 0.3 * normal(10, PAIRS, NULLS)
    covered, told = share_covered(control, control + rarely_other(np.zeros_like(added), added, 0.125), 0.125)
    assert told > NULLS / 2
    assert covered >= COVERED_LEAST


def test_below_ten_differing_pairs_there_is_a_count_and_no_interval() -> None:
    control = np.zeros((PAIRS, 2))
    treated = control.copy()
    treated[: DIFFERING_LEAST - 1, 0] = treated[:DIFFERING_LEAST, 1] = 1.0
    found = effects(control, treated)
    assert np.isnan(found.low).tolist() == np.isnan(found.p).tolist() == [True, False]
    assert (found.differ * found.pairs).round().tolist() == [DIFFERING_LEAST - 1, DIFFERING_LEAST]


def test_where_no_pair_differs_the_effect_is_exactly_zero() -> None:
    same = normal(1, PAIRS, 3)
    found = effects(same, same)
    assert not found.mean.any() and not found.low.any() and not found.high.any() and not found.differ.any()
    assert (found.p == 1.0).all() and np.isnan(found.gain).all()


def test_an_interval_is_students_and_a_little_wider() -> None:
    control = normal(3, PAIRS)
    treated = control + 0.3 + 0.2 * normal(4, PAIRS)
    found, plain = effects(control[:, None], treated[:, None]), paired_interval(list(control), list(treated))
    assert found.mean[0] == pytest.approx(plain.mean)
    assert found.low[0] < plain.low and plain.high < found.high
    assert found.high[0] - found.low[0] == pytest.approx(plain.high - plain.low, rel=0.5)
    apart = control.var(ddof=1) + treated.var(ddof=1)
    assert found.gain[0] == pytest.approx(apart / (treated - control).var(ddof=1))


def test_an_effect_that_is_the_same_in_every_pair_is_certain() -> None:
    found = effects(np.ones(PAIRS), np.zeros(PAIRS))
    assert (found.mean, found.low, found.high, found.p, found.differ) == (-1.0, -1.0, -1.0, 0.0, 1.0)


def test_pairs_in_which_somebody_has_left_are_left_aside() -> None:
    control, treated = np.arange(20.0)[:, None], np.arange(20.0)[:, None] + 2.0
    control[3] = treated[5] = np.nan
    found = effects(control, treated)
    assert found.pairs.tolist() == [18]
    assert found.mean[0] == pytest.approx(2.0)
    nobody = effects(np.full((20, 1), np.nan), treated)
    assert np.isnan(nobody.mean[0]) and nobody.pairs.tolist() == [0]
