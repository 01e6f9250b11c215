"""What off-policy estimates found, for people and for programs."""

from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any, Final, NamedTuple

import numpy as np

from townlet.daytime import time_of
from townlet.many.statistics import Interval
from townlet.notebook import html_of
from townlet.whatif.offpolicy.estimators import NAMES
from townlet.whatif.wording import aligned

WIDTH: Final = 110
DIGITS: Final = 4

FEW: Final = 100
"""Fewer effective episodes than these are too few for an interval that is to be believed."""

SHORTER: Final = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0)
"""The hours for which the effective sample is told, where they are fewer than those of an episode."""

WORDS: Final = {
    "behaviour": "as logged, no weights",
    "importance_sampling": "importance sampling, per decision",
    "weighted": "weighted importance sampling",
    "doubly_robust": "doubly robust",
    "weighted_doubly_robust": "weighted doubly robust",
}


class Truth(NamedTuple):
    """The means of what a person earned in `futures` futures, each with its interval.

    `as_logged`: everybody by the behaviour policy; `one_person`: the person by the target, which the estimates are of;
    `everybody`: all who decide by the target. `one_person_gains` and `everybody_gains`: what these two are above
    `as_logged`, future by future.
    """

    futures: int
    as_logged: tuple[float, Interval]
    one_person: tuple[float, Interval]
    everybody: tuple[float, Interval]
    one_person_gains: tuple[float, Interval]
    everybody_gains: tuple[float, Interval]


@dataclass(frozen=True, eq=False)
class OffPolicy:
    """Estimates of the discounted return of `target` over `ticks` ticks, from the decisions of `behaviours`.

    - `estimates`, `intervals` and `differences`: of `estimators.NAMES`, in that order; the last are the intervals of
      what an estimate is above the plain mean of what was logged
    - `weights`, f8[n]: of each episode at its end; `effective`, f8[ticks]: the effective sample after each tick
    - `decisions`: how many were weighed; `left_out`: episodes that could not be made again
    - `from_tick`, `to_tick`: where the first episode begins and the last one ends
    """

    place: str
    target: str
    behaviours: tuple[str, ...]
    ticks: int
    ticks_per_day: int
    horizon_days: float
    from_tick: int
    to_tick: int
    left_out: int
    decisions: int
    estimates: tuple[float, ...]
    intervals: tuple[Interval, ...]
    differences: tuple[Interval, ...]
    weights: np.ndarray = field(repr=False)
    effective: np.ndarray = field(repr=False)
    truth: Truth | None

    _repr_html_ = html_of

    @property
    def episodes(self) -> int:
        """How many person-episodes the estimates are made of."""
        return len(self.weights)

    @property
    def effective_episodes(self) -> float:
        """The effective sample at the end of an episode: as many equally weighted episodes would say as much."""
        return float(self.effective[-1])

    @property
    def is_thin(self) -> bool:
        """Whether the effective sample is too small for any estimate to be believed."""
        return self.effective_episodes < FEW

    @property
    def hours(self) -> float:
        """The hours of an episode."""
        return 24.0 * self.ticks / self.ticks_per_day

    def effective_after(self) -> dict[float, float]:
        """The effective sample that the same episodes would have if they ended after fewer hours."""
        places = {hours: round(hours * self.ticks_per_day / 24) for hours in SHORTER if hours < self.hours}
        return {hours: float(self.effective[place - 1]) for hours, place in places.items() if place >= 1}

    def rows(self) -> list[dict[str, Any]]:
        """A row for each estimate, then for each truth.

        `estimate, value, low, high`, then `difference, difference_low, difference_high` to what was logged: None for
        that itself.
        """
        logged, *others = zip(NAMES, self.estimates, self.intervals, self.differences, strict=True)
        rows = [_row(logged[0], logged[1:3], None)]
        rows += [_row(name, (value, end), (value - logged[1], gain)) for name, value, end, gain in others]
        if (truth := self.truth) is not None:
            rows.append(_row("truth.as_logged", truth.as_logged, None))
            rows.append(_row("truth.one_person", truth.one_person, truth.one_person_gains))
            rows.append(_row("truth.everybody", truth.everybody, truth.everybody_gains))
        return rows

    def lines(self) -> list[str]:
        """The estimates, how far they bear, and the truth, for people."""
        head = (
            f"What one person would earn in {_hours(self.hours)} by {self.target}, from {self.episodes:,} "
            f"person-episodes by {' and '.join(self.behaviours)} "
            f"({time_of(self.from_tick, self.ticks_per_day)} to {time_of(self.to_tick, self.ticks_per_day)})."
        )
        return [*wrap(head, WIDTH, subsequent_indent="  "), "", *self._table(), "", *self._notes()]

    def _table(self) -> list[str]:
        rows = [(WORDS.get(row["estimate"], row["estimate"]), row) for row in self.rows()]
        if self.truth is not None:
            many = f"in {self.truth.futures} futures"
            told = {
                "truth.as_logged": f"truth: as logged, {many}",
                "truth.one_person": f"truth: one person by {self.target.split()[0]}",
                "truth.everybody": f"truth: everybody by {self.target.split()[0]}",
            }
            rows = [(told.get(words, words), row) for words, row in rows]
        cells = [["discounted return", "value", "low", "high", "less logged", "low", "high"]]
        cells += [[words, *map(_signed, list(row.values())[1:])] for words, row in rows]
        return aligned(cells)

    def _notes(self) -> list[str]:
        share = self.effective_episodes / self.episodes
        shorter = ", ".join(f"{count:.0f} after {_hours(hours)}" for hours, count in self.effective_after().items())
        notes = [
            f"Effective sample: {self.effective_episodes:.1f} of {self.episodes:,} episodes ({share:.0%}), which have "
            f"{self.decisions / self.episodes:.1f} decisions each"
            + (f"; it is {shorter}." if shorter else ".")
            + f" The mean weight is {self.weights.mean():.2f} (1 on average), the largest {self.weights.max():.1f}.",
        ]
        if self.is_thin:
            notes.append(
                f"Warning: the effective sample is small. Fewer than {FEW} episodes carry the estimates, so neither "
                "they nor their intervals are to be believed. Weights multiply with every decision: ask for a "
                "shorter --horizon, for a policy nearer to the logged one, or log a longer run."
            )
        if self.left_out:
            notes.append(
                f"{self.left_out:,} episodes are left out: a decision in them is not made again from the log, as where "
                "a command came in the same tick."
            )
        notes.append(
            f"A return is what a person earns in {_hours(self.hours)} from a decision on, discounted with a horizon of "
            f"{self.horizon_days:g} days. Only the person's own decisions are weighed: all others live on as logged. "
            "low, high: 95 % interval over person-episodes (bootstrap), of truths over futures (Student). less logged: "
            "the difference to what was logged, of the same episodes or futures."
        )
        return [line for note in notes for line in wrap(note, WIDTH)]

    def as_json(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "run": self.place,
            "target": self.target,
            "behaviours": list(self.behaviours),
            "hours": self.hours,
            "ticks": self.ticks,
            "horizon_days": self.horizon_days,
            "from_tick": self.from_tick,
            "to_tick": self.to_tick,
            "episodes": self.episodes,
            "left_out": self.left_out,
            "decisions": self.decisions,
            "effective_episodes": self.effective_episodes,
            "effective_after_hours": {f"{hours:g}": count for hours, count in self.effective_after().items()},
            "is_thin": self.is_thin,
            "weight_mean": float(self.weights.mean()),
            "weight_most": float(self.weights.max()),
            "futures": 0 if self.truth is None else self.truth.futures,
            "estimates": self.rows(),
        }


def _hours(hours: float) -> str:
    return "1 hour" if hours == 1.0 else f"{hours:g} hours"


def _row(name: str, found: tuple[float, Interval], gain: tuple[float, Interval] | None) -> dict[str, Any]:
    """A row of `OffPolicy.rows`."""
    (value, end), names = found, ("difference", "difference_low", "difference_high")
    numbers = (None, None, None) if gain is None else (gain[0], *gain[1])
    return {"estimate": name, "value": value, **end._asdict(), **dict(zip(names, numbers, strict=True))}


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.{DIGITS}f}"
