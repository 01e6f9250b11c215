"""Runs the same soak under two settings and says how far each figure drifts from the first to the second."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from townlet import many
from townlet.configuration.load import NONE, load
from townlet.judging.acceptance import Row
from townlet.judging.soak import soak
from townlet.living.perturbing.profile import Profile

BEYOND_PERCENT = 10.0
"""A drift larger than this is marked."""


class Drift(NamedTuple):
    """One row of the soak, and the same row with changed settings (`versus`).

    `drift_percent` is relative to the first figure. It is None if the row has no figure, or if the first figure is zero
    and the second is not. `beyond` says that the drift is above BEYOND_PERCENT.
    """

    name: str
    value: str
    versus: str
    drift_percent: float | None
    beyond: bool
    must: str
    passed: bool | None
    versus_passed: bool | None
    note: str
    figure: float | None
    versus_figure: float | None


def soak_drifts(
    config: Path | str | None,
    versus: Mapping[str, object],
    seeds: Sequence[int],
    days: int,
    progress: Callable[[str], None] | None = None,
    *,
    overrides: Mapping[str, object] = NONE,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    perturb: Profile | None = None,
) -> list[Drift]:
    """Soak the same seeds twice, as configured and with the dotted keys of `versus` changed; a result for each row.

    `overrides` are dotted keys of both, and city events come by `perturb` in both; the rest is as for `soak`. Raises
    ConfigurationError, MapError before the first town lives.
    """
    changes = {**overrides, **versus}
    load(config, changes, founded=True)
    how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address, "perturb": perturb}
    first = soak(config, seeds, days, progress, overrides=overrides, **how)

    def changed(text: str) -> None:
        if progress:
            progress(f"settings changed, {text}")

    return list(drifts(first, soak(config, seeds, days, changed, overrides=changes, **how)))


def drifts(first: Sequence[Row], second: Sequence[Row]) -> Iterator[Drift]:
    """The drift of each row from the first soak to the second."""
    for row, other in zip(first, second, strict=True):
        percent = drift_percent(row.figure, other.figure)
        yield Drift(
            name=row.name,
            value=row.value,
            versus=other.value,
            drift_percent=percent,
            beyond=row.figure != other.figure if percent is None else abs(percent) > BEYOND_PERCENT,
            must=row.must,
            passed=row.passed,
            versus_passed=other.passed,
            note=row.note,
            figure=row.figure,
            versus_figure=other.figure,
        )


def drift_percent(first: float | None, second: float | None) -> float | None:
    """The change from the first figure to the second, in percent of the first, rounded to two decimals.

    None if a figure is None, or if only the first is zero.
    """
    if first is None or second is None:
        return None
    if first == second:
        return 0.0
    return None if first == 0.0 else round(100.0 * (second - first) / abs(first), 2)


__all__ = ["BEYOND_PERCENT", "Drift", "drift_percent", "drifts", "soak_drifts"]
