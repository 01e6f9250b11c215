"""`facts`: towns of many seeds live, each in a cell of its own, and every fact is held against what was found."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from projections.record.state import CLASSES, ORDINARY
from townlet import many
from townlet.configuration.load import NONE, Resolved, load
from townlet.configuration.settings import Settings
from townlet.errors import TownletError
from townlet.judging.facts.judged import Judged, TownSums, judged
from townlet.judging.facts.measuring.living import live
from townlet.judging.facts.table import ALL, measured, require_facts
from townlet.judging.soak import SHORT_PERSON_DAYS
from townlet.notebook import Rows
from townlet.warming import warm
from townlet.whole_numbers import require_seed, require_within

DAYS: Final = 60
"""How long a town lives by default: what friendships and wallets do is seen in two months."""

DAYS_MOST: Final = 3650

Source = Path | str | Mapping[str, Any] | Settings | None
Told = Callable[[str], None]


def facts(
    config: Source = None,
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
) -> Rows[Judged]:
    """Let a town live for each seed, `days` days; returns every fact as it was found, in the order of the table.

    `config` and `overrides` are as for `simulate`; `only` names some facts, None: all. `jobs` is the number of
    processes, None: one for each processor; `engine` and `address` are as for `many.run`. With `into`, what is counted
    of each town is kept in that folder, and the same call again counts only what is missing. The towns themselves are
    not kept.

    Raises ConfigurationError, and TownletError for an unknown fact, seeds or days that cannot be, where SciPy is not
    installed, or if a town cannot live on.
    """
    chosen = list(ALL.values()) if only is None else require_facts(only)
    resolved = load(config, overrides or NONE, founded=True)
    (found,) = gather([resolved], seeds, days, jobs=jobs, engine=engine, address=address, into=into, progress=progress)
    people = resolved.settings.town.people
    return Rows(judged(fact, found, people, days) for fact in chosen)


def gather(
    variants: Sequence[Resolved],
    seeds: Iterable[int],
    days: int,
    *,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    into: Path | str | None = None,
    progress: Told | None = None,
) -> list[TownSums]:
    """The sums of each variant of the settings, a town for each seed: arrays of shape (seeds, numbers) by fact."""
    numbers = seeds_of(seeds)
    cells = [(variant, seed) for variant in variants for seed in numbers]
    lived = gather_cells(cells, days, jobs=jobs, engine=engine, address=address, into=into, progress=progress)
    found: list[TownSums] = []
    for first in range(0, len(lived), len(numbers)):
        towns = lived[first : first + len(numbers)]
        found.append({name: np.array([town[name] for town in towns]) for name in towns[0]})
    return found


def gather_cells(
    towns: Sequence[tuple[Resolved, int]],
    days: int,
    *,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    into: Path | str | None = None,
    progress: Told | None = None,
) -> list[dict[str, Any]]:
    """The sums of single towns, each of its own settings and seed: lists of numbers by fact, in the towns' order."""
    require_within(days, "days", 1, DAYS_MOST)
    warm()
    large = {one.text: one for one, _ in towns if CLASSES[one.settings.town.capacity] is not ORDINARY}
    if large and jobs != 1 and len(towns) > 1:
        town_sums(next(iter(large)), 1, 1)  # compiles what a large town needs, before many processes do
    if jobs is None and sum(one.settings.town.people for one, _ in towns) * days < SHORT_PERSON_DAYS:
        jobs = 1
    cells = [{"settings": one.text, "seed": seed, "days": days} for one, seed in towns]

    def tell(done: int, of: int, left_s: float | None) -> None:
        if progress:
            left = "" if left_s is None else f", {left_s:.0f} s left"
            progress(f"{done} of {of} towns have lived {days} days{left}")

    return many.values(many.run(town_sums, cells, jobs=jobs, engine=engine, address=address, into=into, progress=tell))


def town_sums(settings: str, seed: int, days: int) -> dict[str, list[float]]:
    """Let one town live; returns the sums of every fact that is measured in it, by name."""
    lived = live(settings, seed, days)
    return {fact.name: fact.sums(lived).tolist() for fact in measured(lived.settings.town.people, days)}


def seeds_of(seeds: Iterable[int]) -> list[int]:
    """The seeds as numbers. Raises TownletError for none, for one twice, and for what is no seed."""
    try:
        numbers = [require_seed(seed) for seed in seeds]
    except TypeError as error:
        raise TownletError(f"seeds: {seeds!r} given; they are whole numbers, such as range(1, 21)") from error
    if not numbers:
        raise TownletError("seeds: none given; a fact needs one town at least, such as range(1, 21)")
    twice = next((seed for place, seed in enumerate(numbers) if seed in numbers[:place]), None)
    if twice is not None:
        raise TownletError(f"seeds: {twice} is there twice; each town counts once")
    return numbers


__all__ = ["DAYS", "Source", "Told", "facts", "gather", "gather_cells", "seeds_of", "town_sums"]
