"""The rows of a sweep: one for each town, and what is told of each point from them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from townlet.sweeping.designs import Point

BEFORE: Final = (
    ("point", pa.int32()),
    ("seed", pa.uint64()),
    ("cell", pa.string()),
    ("error", pa.string()),
    ("events", pa.int64()),
    ("people", pa.int32()),
    ("log_digest", pa.string()),
    ("state_digest", pa.string()),
    ("run", pa.string()),
)
"""The columns before those of the parameters and figures: `cell` is the town's digest, `run` its name if it is kept."""


class Town(NamedTuple):
    """What came of one town: `settings` names its settings, `cell` is its digest; `value` is as `town_row` gives it."""

    settings: str
    seed: int
    cell: str
    value: Mapping[str, Any]
    error: str


def town_of(settings: str, seed: int, cell: str, value: Mapping[str, Any] | None, error: str) -> Town:
    """The town of a result; without a value, it failed with an error."""
    return Town(settings, seed, cell, value or {}, error)


def towns_table(
    points: Sequence[tuple[str, Point]], seeds: Sequence[int], towns: Sequence[Town], figures: Sequence[Sequence[str]]
) -> pa.Table:
    """A row for each town that is there, by point and seed; points count from 0, in the order of the design.

    A figure is NULL where the town failed, or where it has nothing to tell it from. A parameter that differs in kind
    from point to point is text. Where a figure is called as a parameter or another column, it stands as `figure.NAME`.
    """
    found = {(town.settings, town.seed): town for town in towns}
    pairs = [
        (number, point, town)
        for number, (name, point) in enumerate(points)
        for seed in seeds
        if (town := found.get((name, seed)))
    ]
    columns: dict[str, pa.Array] = {}
    for name, kind in BEFORE:
        values = [
            number if name == "point" else getattr(town, name) if name in Town._fields else town.value.get(name)
            for number, _, town in pairs
        ]
        columns[name] = pa.array(values, kind)
    for key in keys_of([point for _, point in points]):
        columns[_free(key, "setting", columns)] = _plain([point.get(key) for _, point, _ in pairs])
    for name, *_ in figures:
        values = [town.value.get("figures", {}).get(name) for _, _, town in pairs]
        columns[_free(name, "figure", columns)] = pa.array(values, pa.float64())
    return pa.table(columns)


def keys_of(points: Sequence[Point]) -> list[str]:
    """The keys of all points, in the order in which they first come."""
    return list(dict.fromkeys(key for point in points for key in point))


def figure_column(table: pa.Table, name: str) -> str:
    """The column of a figure in the table of towns."""
    return f"figure.{name}" if f"figure.{name}" in table.column_names else name


def figures_by_point(table: pa.Table, name: str, points: int, seeds: Sequence[int]) -> np.ndarray:
    """A figure of all towns, f8[points, seeds]; NaN where there is none."""
    found = np.full((points, len(seeds)), np.nan)
    place = {seed: number for number, seed in enumerate(seeds)}
    rows = zip(*(table.column(each).to_pylist() for each in ("point", "seed", figure_column(table, name))), strict=True)
    for point, seed, value in rows:
        if value is not None:
            found[point, place[seed]] = value
    return found


def _free(name: str, before: str, columns: Mapping[str, Any]) -> str:
    return f"{before}.{name}" if name in columns else name


def _plain(values: Sequence[Any]) -> pa.Array:
    """A column of a parameter: numbers, truth or text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        return pa.array(
            [None if value is None else value for value in values], pa.float64() if float in kinds else None
        )
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    return pa.array([None if value is None else value if isinstance(value, str) else str(value) for value in values])


__all__ = ["BEFORE", "Town", "figure_column", "figures_by_point", "keys_of", "town_of", "towns_table"]
