"""The size of what an event changed: unbiased, covered by its interval, and seldom certain where there is nothing."""

import numpy as np
import pytest
from scipy import stats

from townlet.many.statistics import benjamini_hochberg
from townlet.whatif.ranking.sizes import TURNS, length, mean_size, turned_signs

PAIRS, TIES, EVENTS = 50, 168, 200


def noise(seed: int, *shape: int) -> np.ndarray:
    """Draws with heavy tails, most of them 0: as differences of ties are."""
    drawn = stats.t.rvs(4, size=shape, random_state=seed) * 0.1
    rare = stats.uniform.rvs(size=shape, random_state=seed + 1) < 0.2
    found: np.ndarray = np.where(rare, drawn, 0.0)
    return found


def test_events_without_an_effect_are_seldom_called_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 rankings of 10 events that did nothing, few name one; without the adjustment most would."""
    monkeypatch.setattr("townlet.whatif.ranking.sizes.TURNS", 1_999)
    changes = noise(1, EVENTS, PAIRS, TIES)
    p = [length(np.zeros((PAIRS, TIES)), each, f"null {number}").p for number, each in enumerate(changes)]
    rankings = np.array(p).reshape(20, 10)
    naming = sum(min(benjamini_hochberg(each.tolist())) <= 0.05 for each in rankings)
    assert naming <= 4
    assert sum(each.min() <= 0.05 for each in rankings) > naming
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_the_adjusted_p_values_are_those_of_scipy() -> None:
    p = stats.uniform.rvs(size=50, random_state=3) ** 3
    assert benjamini_hochberg(p.tolist()) == pytest.approx(stats.false_discovery_control(p))


def test_a_size_is_the_true_length_and_its_interval_covers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("townlet.whatif.ranking.sizes.TURNS", 1)  # the p-values are not looked at
    true = np.zeros(TIES)
    true[:3] = 0.2, -0.1, 0.05
    found = [
        length(np.zeros((PAIRS, TIES)), true + each, f"effect {number}")
        for number, each in enumerate(noise(5, EVENTS, PAIRS, TIES))
    ]
    size = float(np.linalg.norm(true))
    assert np.mean([each.size**2 for each in found]) == pytest.approx(size**2, rel=0.05)
    assert np.mean([each.low <= size <= each.high for each in found]) >= 0.93
    naive = np.mean([np.linalg.norm((true + each).mean(axis=0)) for each in noise(5, EVENTS, PAIRS, TIES)])
    assert naive > 1.05 * size, "the length of the mean vector counts noise as an effect"


def test_one_number_that_changes_alike_in_every_pair_has_its_own_size() -> None:
    control = noise(7, PAIRS, TIES)
    treated = control.copy()
    treated[:, 4] -= 0.25
    found = length(control, treated, "one")
    assert [found.size, found.low, found.high] == pytest.approx([0.25] * 3)
    assert (found.p, found.differ) == (1 / (TURNS + 1), 1.0)


def test_a_tie_that_is_gone_in_one_town_counts_as_none() -> None:
    control = np.full((PAIRS, 2), 0.5)
    treated = control.copy()
    treated[:, 1] = np.nan
    assert length(control, treated, "gone").size == pytest.approx(0.5)


def test_where_nothing_differs_there_is_nothing_and_where_little_does_no_interval() -> None:
    control = noise(9, PAIRS, TIES)
    same = length(control, control, "same")
    assert same == (0.0, 0.0, 0.0, 1.0, 0.0)
    few = control.copy()
    few[:5] += 1.0
    assert np.isnan(length(control, few, "few").low)


def test_signs_are_drawn_by_address() -> None:
    assert np.array_equal(turned_signs("a", 7), turned_signs("a", 7))
    assert not np.array_equal(turned_signs("a", 7), turned_signs("b", 7))
    assert abs(turned_signs("a", 7).mean()) < 0.02
    assert set(np.unique(turned_signs("a", 7))) == {-1.0, 1.0}


def test_the_size_of_one_number_a_town_is_the_paired_difference() -> None:
    control = stats.norm.rvs(size=PAIRS, random_state=11)
    found = mean_size(control, control - 2.0 + noise(12, PAIRS))
    assert found.low < found.size < found.high < 0.0 and found.p < 1e-6
