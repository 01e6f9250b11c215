"""The points of a design: which values of the parameters towns live under. The same file gives the same points.

- Owen, "Scrambling Sobol' and Niederreiter-Xing points", Journal of Complexity 14 (1998): the Sobol sequence.
- McKay, Beckman and Conover, Technometrics 21 (1979): the Latin hypercube.
- Saltelli et al., "Variance based sensitivity analysis of model output", Comput. Phys. Commun. 181 (2010): the points
  from which indices are estimated.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from townlet.errors import ConfigurationError
from townlet.many.statistics import scipy_stats
from townlet.sweeping.settings import POINTS_MOST, Grid, Hypercube, Listed, Range, Sobol, Sweep

Point = dict[str, Any]
"""The values of a point by their dotted keys."""

Units = npt.NDArray[np.float64]

DIGITS = 12
"""The significant digits of a drawn value, so that every machine draws the same."""


def points_of(plan: Sweep) -> list[Point]:
    """The points of a sweep, in the order of its design.

    More points of a Sobol sequence begin with the same ones. Raises ConfigurationError for too many, and TownletError
    where a drawn design needs SciPy and it is not installed.
    """
    design, keys = plan.design, list(plan.parameters)
    if isinstance(design, Listed):
        return [dict(point) for point in design.points]
    if isinstance(design, Grid):
        values = [_levels(one) if isinstance(one, Range) else list(one) for one in plan.parameters.values()]
        _require_few(int(np.prod([len(each) for each in values], dtype=object)))
        return [dict(zip(keys, point, strict=True)) for point in itertools.product(*values)]
    units = _units(design, len(keys))
    _require_few(len(units))
    return [
        {key: _value(one, float(unit)) for (key, one), unit in zip(plan.parameters.items(), row, strict=True)}
        for row in units
    ]


def _units(design: Hypercube | Sobol, inputs: int) -> Units:
    """The points in the unit cube, f8[points, inputs].

    For indices they stand in blocks of `inputs + 2`: A, B, and A with one input after another from B.
    """
    qmc = scipy_stats().qmc
    if isinstance(design, Hypercube):
        drawn: Units = qmc.LatinHypercube(d=inputs, rng=design.seed).random(design.points)
        return drawn
    if not design.indices:
        drawn = qmc.Sobol(d=inputs, rng=design.seed).random(design.points)
        return drawn
    pairs = qmc.Sobol(d=2 * inputs, rng=design.seed).random(design.points)
    a, b = pairs[:, :inputs], pairs[:, inputs:]
    mixed = np.where(np.eye(inputs, dtype=bool), b[:, None, :], a[:, None, :])
    blocks: Units = np.concatenate([a[:, None, :], b[:, None, :], mixed], axis=1)
    return blocks.reshape(-1, inputs)


def _value(parameter: Range | Sequence[Any], unit: float) -> Any:
    """The value of a parameter at a place from 0 to 1 of its range, or among its values."""
    if not isinstance(parameter, Range):
        return parameter[min(int(unit * len(parameter)), len(parameter) - 1)]
    least, most = parameter.least, parameter.most
    if parameter.kind == "int":
        return min(int(least) + int(unit * (most - least + 1)), int(most))
    if parameter.kind == "log":
        return float(f"{least * (most / least) ** unit:.{DIGITS}g}")
    return float(f"{least + unit * (most - least):.{DIGITS}g}")


def _levels(parameter: Range) -> list[Any]:
    """The values of a range in a grid, each once."""
    shares = np.linspace(0.0, 1.0, parameter.levels or 2)
    least, most = parameter.least, parameter.most
    if parameter.kind == "int":
        return list(dict.fromkeys(round(least + float(share) * (most - least)) for share in shares))
    return [_value(parameter, float(share)) for share in shares]


def _require_few(count: int) -> None:
    if count > POINTS_MOST:
        raise ConfigurationError(f"the design has {count:,} points; {POINTS_MOST:,} are the most. Next: fewer values")


__all__ = ["Point", "points_of"]
