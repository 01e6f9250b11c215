"""A Morris screen: which of many inputs matter to an output, from few runs. It knows nothing of what is run.

A trajectory begins at a drawn point of a grid and changes one input after another, each once, by the same step; every
change gives one *elementary effect*, the change of the output divided by the step. An input whose effects are large in
size (`mu_star`) matters; where they differ (`sigma`) it acts differently at different places, or its effect is noise.

Morris, "Factorial sampling plans for preliminary computational experiments", Technometrics 33 (1991); Campolongo,
Cariboni and Saltelli, "An effective screening design for sensitivity analysis of large models", Environmental Modelling
and Software 22 (2007), which gives `mu_star`.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from townlet.many.statistics import scipy_stats

LEVELS: Final = 4
"""The grid has so many values for each input, evenly from 0 to 1."""

STEP: Final = LEVELS / (2.0 * (LEVELS - 1))
"""How far one change goes, of the input's range: with this step every level is as likely as any other (Morris 1991)."""

Points = npt.NDArray[np.float64]


class Effect(NamedTuple):
    """The elementary effects of one input: mean, mean size and standard deviation over trajectories, and how many.

    They are changes of the output when the input goes once through its whole range. `p` is the two-sided p-value of a
    mean effect of zero (Student); None for fewer than two effects.
    """

    mu: float
    mu_star: float
    sigma: float
    effects: int
    p: float | None


def trajectories(inputs: int, count: int, seed: int) -> Points:
    """The design: `count` trajectories, shape (count, inputs + 1, inputs), every value in [0, 1].

    Where each begins, and in which order its inputs change, is drawn from a Latin hypercube, so that few trajectories
    cover the space. The same seed gives the same design. Raises ValueError for no input or no trajectory.
    """
    if inputs < 1 or count < 1:
        raise ValueError(f"a screen has inputs and trajectories, at least 1 of each ({inputs} and {count} given)")
    drawn = scipy_stats().qmc.LatinHypercube(d=2 * inputs, rng=seed).random(count)
    begin = np.minimum(np.floor(drawn[:, :inputs] * LEVELS), LEVELS - 1) / (LEVELS - 1)
    step = np.where(begin + STEP <= 1.0 + 1e-9, STEP, -STEP)
    order = np.argsort(drawn[:, inputs:], axis=1)
    turn = np.argsort(order, axis=1)  # when each input changes
    changed = np.arange(inputs + 1)[None, :, None] > turn[:, None, :]
    points: Points = begin[:, None, :] + changed * step[:, None, :]
    return points


def effects(points: Points, outputs: Points) -> list[Effect]:
    """The effects of each input. `outputs` are those of the design's points, shape (count, inputs + 1).

    An output that is no number (NaN) leaves out the two effects beside it. An input without any effect has NaN for
    its three figures.
    """
    count, _, inputs = points.shape
    if outputs.shape != points.shape[:2]:
        raise ValueError(f"the outputs have the shape {outputs.shape}, the design's points {points.shape[:2]}")
    steps = np.diff(points, axis=1)
    moved = np.abs(steps).argmax(axis=2)
    size = np.take_along_axis(steps, moved[:, :, None], axis=2)[:, :, 0]
    slopes = np.diff(outputs, axis=1) / size
    found = np.full((count, inputs), np.nan)
    np.put_along_axis(found, moved, slopes, axis=1)
    return [_effect(column[np.isfinite(column)]) for column in found.T]


def _effect(slopes: Points) -> Effect:
    if not len(slopes):
        return Effect(np.nan, np.nan, np.nan, 0, None)
    sigma = float(slopes.std(ddof=1)) if len(slopes) > 1 else 0.0
    mu = float(slopes.mean())
    p: float | None = None
    if len(slopes) > 1:
        error = sigma / np.sqrt(len(slopes))
        p = float(mu == 0.0) if error == 0.0 else float(2.0 * scipy_stats().t.sf(abs(mu) / error, len(slopes) - 1))
    return Effect(mu, float(np.abs(slopes).mean()), sigma, len(slopes), p)


__all__ = ["LEVELS", "STEP", "Effect", "effects", "trajectories"]
