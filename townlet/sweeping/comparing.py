"""What the towns of a sweep say: means of points, paired differences between them, and Sobol's indices.

- Sobol, "Global sensitivity indices for nonlinear mathematical models", Math. Comput. Simul. 55 (2001).
- Saltelli et al., Comput. Phys. Commun. 181 (2010): the estimators, which are also those of SciPy.
"""

import warnings
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from townlet.errors import QueryError
from townlet.many.statistics import Figure, bootstrap_interval, mean_interval, paired_interval, variance_ratio
from townlet.sweeping.designs import Point

BOOTSTRAP: Final = 1
"""The seed of the bootstrap: the same rows give the same intervals."""

MEANS: Final = pa.schema(
    [("point", pa.int32()), ("settings", pa.string()), ("figure", pa.string()), ("towns", pa.int64())]
    + [(name, pa.float64()) for name in ("mean", "low", "high")]
)
DIFFERENCES: Final = pa.schema(
    [("point", pa.int32()), ("settings", pa.string()), ("figure", pa.string()), ("pairs", pa.int64())]
    + [(name, pa.float64()) for name in ("mean", "low", "high", "p", "variance_ratio")]
)
INDICES: Final = pa.schema(
    [("figure", pa.string()), ("setting", pa.string())]
    + [(name, pa.float64()) for name in ("first", "first_low", "first_high", "total", "total_low", "total_high")]
)


def means(values: dict[str, np.ndarray], points: Sequence[Point]) -> pa.Table:
    """The mean of every figure at every point with its interval (95 %, Student) over seeds.

    `values` are the figures, f8[points, seeds], NaN where there is none.
    """
    rows = []
    for number, point in enumerate(points):
        for figure, found in values.items():
            told = found[number][~np.isnan(found[number])]
            row: dict[str, Any] = {"point": number, "settings": words_of(point), "figure": figure, "towns": len(told)}
            row["mean"] = float(told.mean()) if len(told) else None
            if len(told) > 1:
                row["low"], row["high"] = mean_interval(told.tolist())
            rows.append(row)
    return pa.Table.from_pylist(rows, MEANS)


def differences(values: dict[str, np.ndarray], points: Sequence[Point], versus: int = 0) -> pa.Table:
    """Each point less the point `versus`, figure by figure, paired by seed, with its interval (95 %, Student).

    `variance_ratio` says how many times more towns an interval of this length would need without pairs. Raises
    QueryError for a point that is not there.
    """
    if not 0 <= versus < len(points):
        raise QueryError(f"there is no point {versus}: they are 0 to {len(points) - 1}")
    rows = []
    for number, point in enumerate(points):
        for figure, found in values.items() if number != versus else ():
            both = ~np.isnan(found[number]) & ~np.isnan(found[versus])
            row: dict[str, Any] = {"point": number, "settings": words_of(point), "figure": figure}
            row["pairs"] = int(both.sum())
            first, second = found[versus][both].tolist(), found[number][both].tolist()
            if len(first) > 1:
                row |= paired_interval(first, second)._asdict()
                row["variance_ratio"] = variance_ratio(first, second)
            rows.append(row)
    return pa.Table.from_pylist(rows, DIFFERENCES)


def indices(values: dict[str, np.ndarray], keys: Sequence[str]) -> pa.Table:
    """Sobol's first and total index of each setting for each figure, with the bootstrap's intervals (95 %).

    `values` are as for `means`, of a design that stands in blocks of A, B, and A with one input after another from B.
    The figure at a point is its mean over the seeds, which all points share. A figure that is missing at a point, or
    that no point changes, has no indices.
    """
    rows = []
    for figure, found in values.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a point without towns has no mean
            blocks = np.nanmean(found, axis=1).reshape(-1, len(keys) + 2)
        told = _indices(blocks) if np.isfinite(blocks).all() and np.ptp(blocks) > 0.0 else [{}] * len(keys)
        rows += [{"figure": figure, "setting": key, **each} for key, each in zip(keys, told, strict=True)]
    return pa.Table.from_pylist(rows, INDICES)


def _indices(blocks: np.ndarray) -> list[dict[str, float]]:
    """The indices of each input, from the figure at A, B, and A with one input after another from B."""
    every = np.arange(len(blocks))
    found = []
    for place in range(blocks.shape[1] - 2):
        row: dict[str, float] = {}
        for name, estimate in zip(("first", "total"), estimators(blocks, place), strict=True):
            low, high = bootstrap_interval(estimate, len(blocks), BOOTSTRAP)
            row |= {name: float(estimate(every)), f"{name}_low": low, f"{name}_high": high}
        found.append(row)
    return found


def estimators(blocks: np.ndarray, place: int) -> tuple[Figure, Figure]:
    """Of one input the first and the total index, over those blocks that are asked for (Saltelli et al. 2010)."""
    a, b, mixed = (blocks[:, column] - blocks[:, :2].mean() for column in (0, 1, 2 + place))

    def first(chosen: np.ndarray) -> np.ndarray:
        return _share((b[chosen] * (mixed[chosen] - a[chosen])).mean(axis=-1), chosen)

    def total(chosen: np.ndarray) -> np.ndarray:
        return _share(0.5 * ((a[chosen] - mixed[chosen]) ** 2).mean(axis=-1), chosen)

    def _share(part: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        whole = np.concatenate([a[chosen], b[chosen]], axis=-1).var(axis=-1)
        return np.where(whole > 0.0, part / np.where(whole > 0.0, whole, 1.0), 0.0)

    return first, total


def words_of(point: Point) -> str:
    """The values of a point in words; of the town as it is, "as it is"."""
    return ", ".join(f"{key}={_short(value)}" for key, value in point.items()) or "as it is"


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


__all__ = ["DIFFERENCES", "INDICES", "MEANS", "differences", "estimators", "indices", "means", "words_of"]
