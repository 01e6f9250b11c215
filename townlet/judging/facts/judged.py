"""Facts judged: the sums of many towns become figures with their intervals, held against their bands."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from townlet.judging.facts.fact import Fact, Unit
from townlet.judging.facts.measuring.samples import Real
from townlet.judging.facts.table import unmeasured
from townlet.many.statistics import bootstrap_interval

MAY_MISS: Final = 0.5
"""A fact that may fail does so by no more than this share of its bound."""

SPREAD: Final = (0.05, 0.95)
"""The quantiles over towns that are told of each figure."""

DRAWN: Final = 1
"""The seed of the intervals' draws: the same towns always have the same intervals."""

State = Literal["holds", "misses", "fails", "told", "not measured"]
"""`misses`: a fact that may fail does, by no more than half the bound."""

TownSums = Mapping[str, Real]
"""The sums of many towns by the fact's name, each of shape (towns, numbers)."""


class Judged(NamedTuple):
    """A fact as it was found. Figures are None where there are none.

    `figure` is that of all towns together; `low` and `high` are the ends of its interval over towns (95 %, None for a
    single town); `towns_low` and `towns_high` are the quantiles SPREAD of single towns' figures. `value`, `interval`,
    and `must` say the same in words. `note` says why it was not measured, or by how much it may miss.
    """

    name: str
    value: str = ""
    interval: str = ""
    must: str = ""
    kind: str = "must"
    state: State = "not measured"
    note: str = ""
    figure: float | None = None
    low: float | None = None
    high: float | None = None
    towns_low: float | None = None
    towns_high: float | None = None
    towns: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing fails here."""
        return self.state != "fails"


def judged(fact: Fact, found: TownSums, people: int, days: int) -> Judged:
    """A fact judged over towns of `people` people that have lived `days` days."""
    row = Judged(name=fact.name, must=bounds(fact), kind=fact.kind)
    why = unmeasured(fact, people, days)
    if why:
        return row._replace(note=why)
    sums = found[fact.name]
    figure = figure_of(fact, sums)
    low, high = interval_of(fact, sums)
    singles = np.array([fact.figure(town) for town in sums])
    singles = singles[np.isfinite(singles)]
    towns_low, towns_high = np.quantile(singles, SPREAD).tolist() if len(singles) else (None, None)
    state, note = state_of(fact, figure)
    return row._replace(
        value=told(fact, figure),
        interval="" if low is None or high is None else f"{words(low, fact.unit)} to {words(high, fact.unit)}",
        state=state,
        note=note,
        figure=figure,
        low=low,
        high=high,
        towns_low=towns_low,
        towns_high=towns_high,
        towns=len(sums),
    )


def figure_of(fact: Fact, sums: Real) -> float | None:
    """The figure of all towns together; None where nothing happened that it could be told from."""
    return finite(fact.figure(sums.sum(axis=0)))


def finite(figure: float) -> float | None:
    """A figure, None for what is no finite number."""
    return float(figure) if np.isfinite(figure) else None


def interval_of(fact: Fact, *sides: Real) -> tuple[float | None, float | None]:
    """The interval over towns of a fact's figure; with two sides, of the figure of the second less that of the first.

    Each side has the shape (towns, numbers), and a town is drawn with both its sides. None for a single town, or where
    the figure cannot be told.
    """
    count = len(sides[0])
    totals = [figure_of(fact, side) for side in sides]
    if count < 2 or None in totals:
        return None, None

    def figure(indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        weights = (indices[..., None] == np.arange(count)).sum(axis=-2)
        rows = weights.reshape(-1, count)
        figures = [np.array([fact.figure(row) for row in rows @ side]) for side in sides]
        answer = figures[0] if len(figures) == 1 else figures[1] - figures[0]
        return answer.reshape(weights.shape[:-1])

    low, high = bootstrap_interval(figure, count, DRAWN)
    return finite(low), finite(high)


def state_of(fact: Fact, figure: float | None) -> tuple[State, str]:
    """How a figure stands to its band, and a note."""
    if fact.kind == "told":
        return "told", ""
    if figure is None:
        return "fails", "nothing happened that it could be told from"
    least, most = fact.least, fact.most
    if (least is None or figure >= least) and (most is None or figure <= most):
        return "holds", ""
    if fact.kind == "must":
        return "fails", ""
    far_least = None if least is None else least * (1.0 - MAY_MISS)
    far_most = None if most is None else most * (1.0 + MAY_MISS)
    near = (far_least is None or figure >= far_least) and (far_most is None or figure <= far_most)
    return ("misses", "it may, by half the bound") if near else ("fails", "by more than half the bound")


def bounds(fact: Fact) -> str:
    """The band in words, empty where there is none."""
    least, most = (None if bound is None else words(bound, fact.unit, bound=True) for bound in (fact.least, fact.most))
    unit = "" if fact.unit in ("share", "time", "") else f" {fact.unit}"
    if least is not None and most is not None:
        return f"{least} to {most}{unit}"
    if least is not None:
        return f">= {least}{unit}"
    return "" if most is None else f"<= {most}{unit}"


def told(fact: Fact, figure: float | None) -> str:
    """A fact's figure in words, with its unit; `none` where there is none."""
    return "none" if figure is None else words(figure, fact.unit, with_unit=True)


def words(figure: float, unit: Unit, *, with_unit: bool = False, bound: bool = False) -> str:
    """A figure in words; a bound is written out as short as it is."""
    if unit == "time":
        minutes = round(60.0 * figure)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    if unit == "share":
        return f"{100.0 * figure:g} %" if bound else f"{100.0 * figure:.1f} %"
    digits = {"minutes": 0, "days": 1}.get(unit, 2)
    number = f"{figure:g}" if bound else f"{figure:.{digits}f}"
    return f"{number} {unit}" if with_unit and unit else number


__all__ = [
    "Judged",
    "State",
    "TownSums",
    "bounds",
    "figure_of",
    "finite",
    "interval_of",
    "judged",
    "state_of",
    "told",
    "words",
]
