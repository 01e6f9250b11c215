"""The same seeds under two settings: how far each fact's figure moves, and how sure that is."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from townlet import many
from townlet.configuration.load import NONE, load
from townlet.judging.facts.asking import DAYS, Source, Told, gather
from townlet.judging.facts.fact import Fact
from townlet.judging.facts.judged import TownSums, figure_of, interval_of, state_of, told
from townlet.judging.facts.table import ALL, measured, require_facts
from townlet.judging.soak_drift import BEYOND_PERCENT, drift_percent
from townlet.many.statistics import holm, paired_interval

SURE_BELOW: Final = 0.05
"""A change is sure if its p-value, adjusted for all facts compared (Holm), is below this."""


class Change(NamedTuple):
    """One fact under two settings. Figures are None where there are none.

    `change_percent` is that of all towns' figure, in percent of the first; `beyond` says that it is above 10 percent.
    `difference`, `low` and `high` are the second figure less the first, and the ends of its paired interval over towns
    (95 %). `p` is the p-value of no mean difference between the two towns of a seed, adjusted for all facts compared;
    `sure` says that it is below 0.05. `state` and `versus_state` say how both figures stand to the band.
    """

    name: str
    value: str
    versus: str
    change_percent: float | None
    beyond: bool
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    sure: bool
    state: str
    versus_state: str
    figure: float | None
    versus_figure: float | None

    @property
    def passed(self) -> bool:
        """Whether the fact does not fail under the first settings."""
        return self.state != "fails"


def compare(
    config: Source,
    versus: Mapping[str, object],
    *,
    seeds: Iterable[int] = range(1, 21),
    days: int = DAYS,
    overrides: Mapping[str, object] | None = None,
    only: Iterable[str] | None = None,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    into: Path | str | None = None,
    progress: Told | None = None,
) -> list[Change]:
    """Let the same seeds live as configured and with the dotted keys of `versus` changed; a row for each fact measured.

    The rest is as for `facts`. Facts that are not measured in such a town are left out.
    """
    chosen = list(ALL.values()) if only is None else require_facts(only)
    first = load(config, overrides or NONE, founded=True)
    second = load(config, {**(overrides or NONE), **versus}, founded=True)
    one, two = gather(
        [first, second], list(seeds), days, jobs=jobs, engine=engine, address=address, into=into, progress=progress
    )
    people = min(first.settings.town.people, second.settings.town.people), days
    both = [fact for fact in measured(*people) if fact in chosen and fact.name in one and fact.name in two]
    return changes(both, one, two)


def changes(facts: Sequence[Fact], one: TownSums, two: TownSums) -> list[Change]:
    """The change of each fact between the sums of the same seeds' towns."""
    raw = [_p_value(fact, one, two) for fact in facts]
    known = [p for p in raw if p is not None]
    adjusted = iter(holm(known))
    return [_change(fact, one, two, None if p is None else next(adjusted)) for fact, p in zip(facts, raw, strict=True)]


def _change(fact: Fact, one: TownSums, two: TownSums, p: float | None) -> Change:
    first, second = figure_of(fact, one[fact.name]), figure_of(fact, two[fact.name])
    low, high = interval_of(fact, one[fact.name], two[fact.name])
    percent = drift_percent(first, second)
    return Change(
        name=fact.name,
        value=told(fact, first),
        versus=told(fact, second),
        change_percent=percent,
        beyond=first != second if percent is None else abs(percent) > BEYOND_PERCENT,
        difference=None if first is None or second is None else second - first,
        low=low,
        high=high,
        p=p,
        sure=p is not None and p < SURE_BELOW,
        state=state_of(fact, first)[0],
        versus_state=state_of(fact, second)[0],
        figure=first,
        versus_figure=second,
    )


def _p_value(fact: Fact, one: TownSums, two: TownSums) -> float | None:
    """The p-value of no mean difference between the towns of a seed; None where fewer than two seeds have both."""
    sides = np.array([[fact.figure(town) for town in side[fact.name]] for side in (one, two)])
    sides = sides[:, np.isfinite(sides).all(axis=0)]
    return paired_interval(*sides.tolist()).p if sides.shape[1] > 1 else None


__all__ = ["SURE_BELOW", "Change", "changes", "compare"]
