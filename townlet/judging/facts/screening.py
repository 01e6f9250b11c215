"""The Morris screen of a town: which settings move which fact, from a few towns for each setting."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from townlet import many
from townlet.configuration.load import NONE, Resolved, load
from townlet.errors import TownletError
from townlet.judging.facts.asking import DAYS, Source, Told, gather_cells, seeds_of
from townlet.judging.facts.fact import Fact
from townlet.judging.facts.plans import ranges_of
from townlet.judging.facts.table import ALL, require_facts
from townlet.many.screening import effects, trajectories
from townlet.many.statistics import benjamini_hochberg

DESIGN: Final = 1
"""The seed of the design: the same ranges and number of seeds always give the same points."""

FOUND_BELOW: Final = 0.05
"""A mean effect is found if its p-value, as a share of false discoveries among all rows, is below this."""


class Screened(NamedTuple):
    """What one setting does to one fact when it goes from its least to its most.

    `mu` is the mean effect, `mu_star` the mean of its size, `sigma` its standard deviation, over `effects` of them; all
    are in the fact's unit. `q` is the p-value of no mean effect, adjusted for all rows (Benjamini and Hochberg), None
    where it cannot be told; `found` says that it is below 0.05.
    """

    name: str
    setting: str
    least: float
    most: float
    mu: float
    mu_star: float
    sigma: float
    effects: int
    q: float | None
    found: bool


def screen(
    config: Source,
    ranges: Path | str | Mapping[str, Any] = "screen",
    *,
    seeds: Iterable[int] = range(1, 11),
    days: int = DAYS,
    overrides: Mapping[str, object] | None = None,
    only: Iterable[str] | None = None,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    into: Path | str | None = None,
    progress: Told | None = None,
) -> list[Screened]:
    """Screen the settings of a file by elementary effects: a trajectory for each seed, a town for each of its points.

    So k settings take (k + 1) towns a seed. All towns of a trajectory have its seed. `ranges` is a file, the name of a
    shipped one, or a mapping. Rows are in the order of facts, within a fact those of the largest `mu_star` first; a
    setting without an effect that can be told is left out. The rest is as for `facts`; `overrides` must not name a
    setting that is screened.
    """
    chosen = list(ALL.values()) if only is None else require_facts(only)
    plan, numbers, given = ranges_of(ranges), seeds_of(seeds), overrides or NONE
    if both := sorted(set(plan) & set(given)):
        raise TownletError(f"{', '.join(both)}: screened, and set as well; leave one of them out")
    points = trajectories(len(plan), len(numbers), DESIGN)
    towns = [
        (_at(config, given, plan, point), seed) for seed, path in zip(numbers, points, strict=True) for point in path
    ]
    found = gather_cells(towns, days, jobs=jobs, engine=engine, address=address, into=into, progress=progress)
    return rows(chosen, plan, points, found)


def rows(
    facts: Sequence[Fact], plan: Mapping[str, tuple[float, float]], points: Any, found: Sequence[Mapping[str, Any]]
) -> list[Screened]:
    """The rows of a screen: `found` holds the sums of each town, a trajectory's points after one another."""
    made: list[Screened] = []
    for fact in facts:
        if not all(fact.name in town for town in found):
            continue
        figures = np.array([fact.figure(np.array(town[fact.name])) for town in found]).reshape(points.shape[:2])
        of_fact = [
            Screened(fact.name, key, *ends, one.mu, one.mu_star, one.sigma, one.effects, one.p, False)
            for (key, ends), one in zip(plan.items(), effects(points, figures), strict=True)
            if one.effects
        ]
        made += sorted(of_fact, key=lambda row: -row.mu_star)
    shares = iter(benjamini_hochberg([row.q for row in made if row.q is not None]))
    adjusted = [None if row.q is None else next(shares) for row in made]
    return [row._replace(q=q, found=q is not None and q < FOUND_BELOW) for row, q in zip(made, adjusted, strict=True)]


def _at(
    config: Source, given: Mapping[str, object], plan: Mapping[str, tuple[float, float]], point: Sequence[float]
) -> Resolved:
    """The settings at a point of the design, whose coordinates go from 0 to 1."""
    changes: dict[str, object] = dict(given)
    for (key, (least, most)), share in zip(plan.items(), point, strict=True):
        value = least + float(share) * (most - least)
        changes[key] = round(value) if isinstance(least, int) and isinstance(most, int) else value
    return load(config, changes, founded=True)


__all__ = ["Screened", "rows", "screen"]
