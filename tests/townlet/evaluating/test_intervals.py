"""Figures and intervals, against values by hand and against distributions that are known."""

from statistics import NormalDist

import numpy as np
import pytest

from townlet.evaluating.intervals import (
    Numbers,
    improvement,
    interquartile_mean,
    interval_of,
    less,
    none_happened,
    picked,
    ratio,
    value_of,
)
from townlet.rules.draw import word_of

TRIALS = 100


def normals(seed: int, *shape: int) -> Numbers:
    """Numbers of the standard normal distribution."""
    words = [word_of(seed, "events", index) for index in range(int(np.prod(shape)))]
    return np.array([NormalDist().inv_cdf((word + 0.5) / 2**64) for word in words]).reshape(shape)


def ones(scores: Numbers) -> Numbers:
    return np.ones_like(scores)


def test_a_ratio_is_of_sums_and_not_the_mean_of_ratios() -> None:
    part, whole = np.array([[1.0, 9.0]]), np.array([[1.0, 3.0]])
    assert value_of(ratio(part, whole), 1, 2) == 10 / 4
    assert value_of(ratio(part, np.zeros((1, 2))), 1, 2) is None
    assert interval_of(ratio(part, np.zeros((1, 2))), 1, 2) == (None, None)
    assert interval_of(ratio(part[:, :1], whole[:, :1]), 1, 1) == (None, None)


def test_the_interquartile_mean_leaves_out_a_quarter_at_each_end() -> None:
    scores = np.array([[-100.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 900.0]])
    assert value_of(interquartile_mean(scores), 2, 4) == (2 + 3 + 4 + 5) / 4


def test_the_probability_of_improvement_counts_pairs_and_half_of_ties() -> None:
    better = improvement(np.array([[1.0, 2.0]]), np.array([[0.0, 2.0]]))
    assert value_of(better, 1, 2) == (1 + 0 + 1 + 0.5) / 4


def test_the_probability_of_improvement_of_two_normals_is_known() -> None:
    scores, over = normals(1, 1, 200) + 1.0, normals(2, 1, 200)
    known = NormalDist().cdf(1.0 / 2**0.5)
    low, high = interval_of(improvement(scores, over), 1, 200)
    assert low is not None and high is not None and low < known < high and high - low < 0.15


def test_a_difference_is_of_pairs() -> None:
    towns = normals(3, 1, 20)
    shifted = towns + 0.5
    low, high = interval_of(less(ratio(shifted, ones(towns)), ratio(towns, ones(towns))), 1, 20)
    assert low == pytest.approx(0.5) and high == pytest.approx(0.5)


def test_the_interval_over_towns_covers_what_is_true() -> None:
    covered = 0
    for trial in range(TRIALS):
        towns = normals(100 + trial, 1, 20) + 3.0
        low, high = interval_of(ratio(towns, ones(towns)), 1, 20)
        assert low is not None and high is not None and low < high
        covered += low <= 3.0 <= high
    assert 0.86 <= covered / TRIALS <= 0.99


def test_the_interval_over_trainings_and_towns_covers_what_is_true() -> None:
    """Trainings differ as much as towns do; an interval over towns alone would be far too narrow."""
    covered, narrow = 0, 0
    for trial in range(TRIALS):
        trainings, towns = normals(500 + trial, 8, 1), normals(900 + trial, 1, 20)
        scores = trainings + towns + 3.0
        low, high = interval_of(ratio(scores, ones(scores)), 8, 20)
        assert low is not None and high is not None
        covered += low <= 3.0 <= high
        mean = scores.mean(axis=0, keepdims=True)
        low, high = interval_of(ratio(mean, ones(mean)), 1, 20)
        assert low is not None and high is not None
        narrow += low <= 3.0 <= high
    assert 0.83 <= covered / TRIALS <= 1.0
    assert narrow < covered


def test_draws_are_as_many_as_there_are_and_every_one_is_drawn() -> None:
    files, towns = picked(3, 5)
    assert files.shape[1] == 3 and towns.shape[1] == 5 and len(files) == len(towns)
    assert set(np.unique(files)) == {0, 1, 2} and np.bincount(towns.ravel()).min() > len(towns) * 0.8


def test_where_nothing_happened_the_bound_is_that_of_poisson() -> None:
    assert none_happened(1000.0) == pytest.approx(3.689 / 1000, rel=1e-3)
    assert np.exp(-none_happened(50.0) * 50.0) == pytest.approx(0.025)
