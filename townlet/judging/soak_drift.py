"""The same soak under two settings: how far each row's figure drifts from the first to the second."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from townlet.configuration.load import load
from townlet.judging.soak import Row, soak

BEYOND_PERCENT = 10.0
"""A drift larger than this is marked."""


class Drift(NamedTuple):
    """One row of the soak as configured, and beside it the same row with some settings changed.

    `drift_percent` is relative to the first figure; None where a row has no figure, or where the first is zero and the
    second is not, which is beyond any share of it.
    """

    name: str
    value: str
    versus: str
    drift_percent: float | None
    beyond: bool
    must: str
    passed: bool
    versus_passed: bool
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
    jobs: int | None = None,
) -> list[Drift]:
    """Soak the same seeds as configured and with `versus`, dotted keys, changed; a row for each row of the soak.

    Raises ConfigurationError, MapError before anybody lives.
    """
    load(config, versus)
    first = soak(config, seeds, days, progress, jobs=jobs)

    def changed(text: str) -> None:
        if progress:
            progress(f"settings changed, {text}")

    return list(drifts(first, soak(config, seeds, days, changed, overrides=versus, jobs=jobs)))


def drifts(first: Sequence[Row], second: Sequence[Row]) -> Iterator[Drift]:
    """The rows of two soaks side by side."""
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
    """How much larger the second figure is, in per cent of the first (two digits); None for what is no share of it."""
    if first is None or second is None:
        return None
    if first == second:
        return 0.0
    return None if first == 0.0 else round(100.0 * (second - first) / abs(first), 2)


__all__ = ["BEYOND_PERCENT", "Drift", "drift_percent", "drifts", "soak_drifts"]
