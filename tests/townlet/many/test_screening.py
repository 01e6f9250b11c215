"""The Morris screen, on functions whose effects are known."""

import numpy as np
import pytest

from townlet.many.screening import LEVELS, STEP, effects, trajectories


def test_each_input_changes_once_in_each_trajectory() -> None:
    points = trajectories(7, 12, seed=1)
    assert points.shape == (12, 8, 7)
    steps = np.diff(points, axis=1)
    assert ((np.abs(steps) > 1e-9).sum(axis=2) == 1).all(), "one input at a time"
    assert ((np.abs(steps) > 1e-9).sum(axis=1) == 1).all(), "every input once"
    assert np.allclose(np.abs(steps).max(axis=2), STEP)
    levels = points * (LEVELS - 1)
    assert np.allclose(levels, np.round(levels)) and points.min() >= 0.0 and points.max() <= 1.0 + 1e-12


def test_the_design_covers_every_level_of_every_input() -> None:
    first = np.round(trajectories(5, 12, seed=3)[:, 0] * (LEVELS - 1)).astype(int)
    assert all((np.bincount(column, minlength=LEVELS) == 3).all() for column in first.T)
    orders = {tuple(np.abs(np.diff(path, axis=0)).argmax(axis=1)) for path in trajectories(5, 12, seed=3)}
    assert len(orders) > 6


def test_the_same_seed_gives_the_same_design() -> None:
    assert (trajectories(4, 5, 9) == trajectories(4, 5, 9)).all()
    assert (trajectories(4, 5, 9) != trajectories(4, 5, 10)).any()


def test_a_plane_has_its_slopes_and_no_spread() -> None:
    points = trajectories(3, 6, seed=1)
    found = effects(points, points @ [2.0, -5.0, 0.0])
    assert [one.mu for one in found] == pytest.approx([2.0, -5.0, 0.0])
    assert [one.mu_star for one in found] == pytest.approx([2.0, 5.0, 0.0])
    assert [one.sigma for one in found] == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert [one.effects for one in found] == [6, 6, 6]


def test_the_g_function_has_its_inputs_in_their_order() -> None:
    """Sobol's g-function: the smaller its coefficient, the more an input matters (Campolongo and others 2007)."""
    coefficients = np.array([0.001, 9.9, 0.5, 99.0, 2.0])
    points = trajectories(5, 40, seed=1)
    outputs = ((np.abs(4 * points - 2) + coefficients) / (1 + coefficients)).prod(axis=2)
    size = [one.mu_star for one in effects(points, outputs)]
    assert list(np.argsort(size)) == [3, 1, 4, 2, 0]


def test_what_goes_up_and_down_has_size_but_no_direction() -> None:
    points = trajectories(2, 40, seed=2)
    turning, still = effects(points, np.cos(2 * np.pi * points[..., 0] * 0.75 + np.pi / 8))
    assert turning.mu_star > 0.5 and abs(turning.mu) < turning.mu_star and turning.sigma > 0.5
    assert (still.mu, still.mu_star, still.sigma, still.p) == (0.0, 0.0, 0.0, 1.0)


def test_inputs_that_act_together_have_a_spread() -> None:
    points = trajectories(2, 30, seed=2)
    for one in effects(points, points[..., 0] * points[..., 1]):
        assert one.mu_star > 0.3 and one.sigma > 0.2 and one.p is not None and one.p < 0.01


def test_an_output_that_is_missing_leaves_out_the_effects_beside_it() -> None:
    points = trajectories(3, 4, seed=1)
    outputs = points @ [1.0, 2.0, 3.0]
    outputs[0, 1] = np.nan
    found = effects(points, outputs)
    assert sum(one.effects for one in found) == 4 * 3 - 2
    assert [one.mu for one in found] == pytest.approx([1.0, 2.0, 3.0])
    (none,) = effects(trajectories(1, 1, 1), np.full((1, 2), np.nan))
    assert none.effects == 0 and none.p is None and np.isnan(none.mu_star)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 of each"):
        trajectories(0, 4, 1)
    with pytest.raises(ValueError, match="the outputs have the shape"):
        effects(trajectories(3, 4, 1), np.zeros((4, 3)))
