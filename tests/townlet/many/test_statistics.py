"""Intervals and adjusted p-values: published examples, and what must be true of any sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from townlet.many.statistics import (
    benjamini_hochberg,
    bootstrap_interval,
    holm,
    mean_interval,
    paired_interval,
    variance_ratio,
)

# Student's own example (1908): hours of sleep that ten patients gained by one drug and by another.
ONE = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
OTHER = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

P_VALUES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20)


def sample(seed: int, count: int) -> np.ndarray:
    """So many numbers of a normal distribution around 0."""
    drawn: np.ndarray = stats.norm.rvs(size=count, random_state=seed)
    return drawn


class TestPaired:
    def test_student_s_sleep(self) -> None:
        found = paired_interval(ONE, OTHER)
        assert found == pytest.approx((1.58, 0.7001142, 2.4598858, 0.0028329), abs=1e-6)

    def test_it_covers_as_often_as_it_says(self) -> None:
        found = [paired_interval(sample(n, 12), sample(1000 + n, 12)) for n in range(400)]
        assert 0.92 <= np.mean([one.low <= 0.0 <= one.high for one in found]) <= 0.98
        assert 0.02 <= np.mean([one.p < 0.05 for one in found]) <= 0.08

    def test_equal_differences_have_no_spread(self) -> None:
        assert paired_interval([1.0, 2.0], [1.0, 2.0]) == (0.0, 0.0, 0.0, 1.0)
        assert paired_interval([1.0, 2.0], [2.0, 3.0]) == (1.0, 1.0, 1.0, 0.0)

    @pytest.mark.parametrize(
        ("first", "second", "words"),
        [
            ([1.0], [2.0], "two or more, are needed"),
            ([1.0, 2.0], [1.0], "2 and 1 given"),
            ([1.0, np.nan], [1.0, 2.0], "finite numbers"),
        ],
    )
    def test_what_is_no_pair_of_samples_is_refused(self, first: list[float], second: list[float], words: str) -> None:
        with pytest.raises(ValueError, match=words):
            paired_interval(first, second)


class TestBootstrap:
    def test_the_mean_s_interval_is_near_student_s(self) -> None:
        values = sample(3, 60)
        found = bootstrap_interval(lambda i: values[i].mean(axis=-1), 60, seed=1)
        exact = stats.t.interval(0.95, 59, values.mean(), stats.sem(values))
        assert found == pytest.approx(exact, abs=0.05)

    def test_it_covers_about_as_often_as_it_says(self) -> None:
        samples = [np.exp(sample(n, 25)) for n in range(120)]  # skewed, with the median 1
        found = [bootstrap_interval(lambda i, v=v: np.median(v[i], axis=-1), 25, seed=1) for v in samples]
        assert np.mean([one.low <= 1.0 <= one.high for one in found]) >= 0.88

    def test_the_same_seed_gives_the_same(self) -> None:
        values = sample(5, 20)
        one, same, other = (bootstrap_interval(lambda i: values[i].mean(axis=-1), 20, seed=n) for n in (1, 1, 2))
        assert one == same != other

    def test_a_figure_without_spread_has_an_interval_of_no_width(self) -> None:
        assert bootstrap_interval(lambda i: np.full(i.shape[:-1], 7.0), 5, seed=1) == (7.0, 7.0)

    def test_both_sides_of_a_comparison_are_drawn_together(self) -> None:
        values = sample(5, 20)
        found = bootstrap_interval(lambda i: (values[i] + 1.0).mean(axis=-1) - values[i].mean(axis=-1), 20, seed=1)
        assert found == pytest.approx((1.0, 1.0))

    @pytest.mark.parametrize(("count", "confidence", "words"), [(1, 0.95, "two samples"), (5, 1.0, "between 0 and 1")])
    def test_what_cannot_be_is_refused(self, count: int, confidence: float, words: str) -> None:
        with pytest.raises(ValueError, match=words):
            bootstrap_interval(lambda i: i.mean(axis=-1), count, seed=1, confidence=confidence)


class TestManyQuestions:
    def test_what_r_says(self) -> None:
        """`p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")`, and "BH"."""
        p = [0.01, 0.02, 0.03, 0.04, 0.05]
        assert holm(p) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
        assert benjamini_hochberg(p) == pytest.approx([0.05] * 5)
        assert holm([0.04, 0.01]) == pytest.approx([0.04, 0.02])
        assert benjamini_hochberg([0.04, 0.01]) == pytest.approx([0.04, 0.02])

    @given(P_VALUES)
    def test_the_share_of_false_ones_is_what_scipy_says(self, p: list[float]) -> None:
        assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))

    @given(P_VALUES)
    def test_holm_lies_between_the_others(self, p: list[float]) -> None:
        for raw, share, family in zip(p, benjamini_hochberg(p), holm(p), strict=True):
            assert raw - 1e-12 <= share <= family + 1e-12 <= min(1.0, raw * len(p)) + 1e-9

    @given(P_VALUES.flatmap(lambda p: st.permutations(range(len(p))).map(lambda order: (p, order))))
    def test_the_order_of_the_questions_changes_nothing(self, given_order: tuple[list[float], list[int]]) -> None:
        p, order = given_order
        for adjust in (holm, benjamini_hochberg):
            whole = adjust(p)
            assert adjust([p[n] for n in order]) == pytest.approx([whole[n] for n in order])

    def test_no_question_has_no_answer(self) -> None:
        assert holm([]) == [] == benjamini_hochberg([])

    @pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
    def test_what_is_no_p_value_is_refused(self, wrong: float) -> None:
        with pytest.raises(ValueError, match="between 0 and 1"):
            holm([0.5, wrong])


def test_pairs_are_worth_what_the_variances_say() -> None:
    """By hand: variances 1 and 4 unpaired, 1 of the differences 0, 1, 2."""
    assert variance_ratio([1.0, 2.0, 3.0], [1.0, 3.0, 5.0]) == 5.0
    assert variance_ratio([1.0, 2.0], [2.0, 3.0]) is None  # no difference differs
    with pytest.raises(ValueError, match="two samples of one length"):
        variance_ratio([1.0], [2.0])


def test_the_interval_of_a_mean_is_students() -> None:
    low, high = mean_interval([1.0, 2.0, 3.0])
    assert (low, high) == pytest.approx((2.0 - 4.30265273 / np.sqrt(3.0), 2.0 + 4.30265273 / np.sqrt(3.0)))
    assert mean_interval([2.0, 2.0]) == (2.0, 2.0)
    for wrong in ([1.0], []):
        with pytest.raises(ValueError, match="needs two items or more"):
            mean_interval(wrong)
