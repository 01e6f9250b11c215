"""Differences of arms, by hand."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from townlet.evaluating.figures import Figure
from townlet.experiments.cells import Cell
from townlet.experiments.contrasts import compared, p_of_signs, told

FIGURE = Figure("ties", "", "people", "part", "whole")


def cell(seed: int, *parts: float, whole: float = 1.0) -> Cell:
    texts = dict.fromkeys(("plan", "identity", "arm", "code", "training", "weights", "logs"), "")
    return Cell(seed=seed, towns={"part": list(parts), "whole": [whole] * len(parts)}, **texts)


@pytest.mark.parametrize("margin", [None, 0.3])
@pytest.mark.parametrize("differences", [(1.0, 2.0, -0.5, 0.25, 3.0), (1.0, -1.0), (0.0, 0.0, 0.0), (-2.0, -1.0, -1.5)])
def test_p_is_counted_over_all_assignments_of_signs(differences: Sequence[float], margin: float | None) -> None:
    shifted = np.array(differences) + (margin or 0.0)
    sums = np.array([np.dot(signs, shifted) for signs in product((1, -1), repeat=len(shifted))])
    seen = shifted.sum()
    expected = sums >= seen - 1e-9 if margin is not None else np.abs(sums) >= abs(seen) - 1e-9
    assert p_of_signs(np.array(differences), margin) == pytest.approx(expected.mean())


def test_twenty_pairs_that_all_rise_are_as_rare_as_can_be() -> None:
    assert p_of_signs(np.arange(1.0, 21.0)) == pytest.approx(2.0 / 2**20)


def test_only_seeds_that_both_arms_have_are_compared() -> None:
    first = [cell(1, 3.0, 5.0), cell(2, 4.0, 4.0), cell(3, 100.0, 100.0)]
    second = [cell(2, 1.0, 1.0), cell(1, 2.0, 2.0)]
    found = compared(first, second, FIGURE)
    assert found.seeds == 2
    assert found.difference.value == pytest.approx(2.5)
    assert found.p == pytest.approx(0.5)
    assert found.difference.low is not None and found.difference.high is not None
    assert 1.0 <= found.difference.low <= 2.5 <= found.difference.high <= 3.0


def test_pairs_are_drawn_together() -> None:
    """Seeds and towns that differ by much, alike in both arms, say nothing about the difference."""
    second = [cell(seed, 10.0 * seed, 20.0 * seed) for seed in (1, 2, 3, 4)]
    first = [cell(seed, 10.0 * seed + 1.0, 20.0 * seed + 1.0) for seed in (1, 2, 3, 4)]
    found = compared(first, second, FIGURE).difference
    assert found == pytest.approx((1.0, 1.0, 1.0))


def test_what_cannot_be_told_is_none() -> None:
    assert told([], FIGURE) == (None, None, None)
    assert compared([cell(1, 1.0)], [cell(2, 1.0)], FIGURE).p is None
    one = compared([cell(1, 1.0, 2.0)], [cell(1, 1.0, 1.0)], FIGURE)
    assert one.p is None and one.difference.value == pytest.approx(0.5)
    empty = compared([cell(1, 1.0, whole=0.0), cell(2, 1.0)], [cell(1, 1.0), cell(2, 1.0)], FIGURE)
    assert empty.p is None and empty.difference.value is None
