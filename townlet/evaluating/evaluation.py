"""`evaluate`: towns of the same seeds live under each policy, and every figure is told with its interval."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from townlet import many
from townlet.configuration.load import NONE, Source, load
from townlet.errors import ConfigurationError, TownletError
from townlet.evaluating.entrants import (
    EVERYBODY,
    RANDOM,
    SCRIPTED,
    Entrant,
    entrants_of,
    require_shares,
)
from townlet.evaluating.living import Sums, mind_of, town_sums
from townlet.evaluating.rows import Row, TownsSums, alarms, others_rows, rows_of, summed
from townlet.many.cells import canonical
from townlet.notebook import html_of
from townlet.policies.seats import learned_seats
from townlet.warming import warm
from townlet.whole_numbers import require_seed, require_within

DAYS: Final = 28
"""How long a town lives by default: what a policy does to wallets and ties is seen in four weeks."""

DAYS_MOST: Final = 3650

SHORT_PERSON_DAYS: Final = 10_000
"""An evaluation of fewer days, over all people and towns, is over in one process before others have begun."""

REWARDS: Final = "rewards."


class Evaluation(NamedTuple):
    """What was found. `rows` are the figures; `digest`, 64 hex digits, is over every town's log and sums, so that it is
    the same for the same towns, seeds, days and policies; `alarms` are sentences about policies that drive people away.
    """

    rows: list[Row]
    digest: str
    alarms: list[str]

    def _repr_html_(self) -> str:
        return html_of(self)


class Lot(NamedTuple):
    """The towns of a policy at one share: `people` of a town's people are learned."""

    entrant: Entrant
    share: str
    people: int


def evaluate(
    policies: str | Path | Iterable[str | Path],
    config: Source = None,
    *,
    seeds: Iterable[int] = range(1, 21),
    days: int = DAYS,
    shares: Sequence[str] = (EVERYBODY,),
    overrides: Mapping[str, object] = NONE,
    also: Mapping[str, object] = NONE,
    by_hour: bool = False,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    into: Path | str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """Let a town live `days` days from its founding for each policy, share and seed; returns what people did.

    `policies` are as for `entrants_of`: `scripted`, `random`, shipped names, files. `shares` say how many of a town's
    people a file decides for; the others, and everybody under `scripted`, follow the script. `overrides` are dotted
    keys of the configuration; `also`, keys that begin with `rewards.`, make a second reward that the same towns are
    paid by. `by_hour` adds the time by option and hour. `jobs` is the number of processes (None: one for each
    processor), `engine` and `address` are as for `many.run`; no figure depends on them. With `into`, the sums of each
    town are kept in that folder and not made again.

    Raises TownletError for policies, seeds, shares or days that cannot be, or without SciPy; ConfigurationError; and
    NotImplementedError for a policy that cannot run in this town.
    """
    entrants, numbers = entrants_of([policies] if isinstance(policies, str | Path) else policies), _seeds_of(seeds)
    require_within(days, "days", 1, DAYS_MOST)
    resolved = load(config, overrides, founded=True)
    paid = _also_paid(config, overrides, also)
    lots = _lots(entrants, shares, resolved.settings.town.people)
    for entrant in entrants:
        for source in entrant.sources:
            mind_of(source, resolved.settings)
    cells = [
        {
            "settings": resolved.text,
            "also": paid,
            "seed": seed,
            "days": days,
            "policy": source,
            "learned": learned_seats(seed, resolved.settings.town.people, lot.people),
            "weights": weights,  # so that a file which was written anew is another cell
        }
        for lot in lots
        for source, weights in zip(lot.entrant.sources, lot.entrant.weights or ("",), strict=True)
        for seed in numbers
    ]
    how = {"jobs": jobs, "engine": engine, "address": address}
    towns = _live(cells, resolved.settings.town.people * days, how, into, progress)
    found = _by_lot(lots, towns, len(numbers))
    rows = _all_rows(found, numbers, resolved.settings.town.people, also=bool(also), by_hour=by_hour)
    return Evaluation(rows, _digest(found, numbers, days), alarms(rows, RANDOM))


def _seeds_of(seeds: Iterable[int]) -> list[int]:
    numbers = [require_seed(seed) for seed in seeds]
    if not numbers:
        raise TownletError("seeds: none given. Next: give one town's at least, such as range(1, 21)")
    if len(set(numbers)) < len(numbers):
        raise TownletError("seeds: one is there twice; each town counts once")
    return numbers


def _also_paid(config: Source, overrides: Mapping[str, object], also: Mapping[str, object]) -> str:
    """The text of the settings whose reward is paid beside; empty for none. Raises ConfigurationError."""
    others = [key for key in also if not key.startswith(REWARDS)]
    if others:
        raise ConfigurationError(
            f"{', '.join(others)}: a second reward has keys that begin with {REWARDS}, since the towns stay the same"
        )
    return load(config, {**overrides, **also}, founded=True).text if also else ""


def _lots(entrants: Sequence[Entrant], shares: Sequence[str], people: int) -> list[Lot]:
    counts = require_shares(shares, people)
    lots = []
    for entrant in entrants:
        if entrant.files:
            lots += [Lot(entrant, share, count) for share, count in counts.items()]
        else:
            lots.append(Lot(entrant, EVERYBODY, people if entrant.name == RANDOM else 0))
    return lots


def _live(
    cells: Sequence[many.Cell],
    person_days: int,
    how: Mapping[str, Any],
    into: Path | str | None,
    progress: Callable[[str], None] | None,
) -> list[Sums]:
    """The sums of every cell's town, in their order."""
    warm()
    if how["jobs"] is None and len(cells) * person_days < SHORT_PERSON_DAYS:
        how = {**how, "jobs": 1}
    if how["jobs"] != 1 and len(cells) > 1:
        town_sums(**{**cells[0], "days": 1})  # compiles what is compiled at first use, before many processes do

    def tell(done: int, of: int, left_s: float | None) -> None:
        if progress:
            left = "" if left_s is None else f", {left_s:.0f} s left"
            progress(f"{done} of {of} towns have lived {cells[0]['days']} days{left}")

    return many.values(many.run(town_sums, cells, **how, into=into, progress=tell))


def _by_lot(lots: Sequence[Lot], towns: Sequence[Sums], seeds: int) -> dict[Lot, list[list[Sums]]]:
    """The towns of each lot: a list for each training, with a town for each seed."""
    found, first = {}, 0
    for lot in lots:
        files = []
        for _ in lot.entrant.sources:
            files.append(list(towns[first : first + seeds]))
            first += seeds
        found[lot] = files
    return found


def _all_rows(
    found: Mapping[Lot, list[list[Sums]]], seeds: Sequence[int], people: int, *, also: bool, by_hour: bool
) -> list[Row]:
    script = next((towns for lot, towns in found.items() if lot.entrant.name == SCRIPTED), None)
    rows: list[Row] = []
    for lot, towns in found.items():
        own = [learned_seats(seed, people, lot.people or people) for seed in seeds]
        is_script = lot.entrant.name == SCRIPTED
        versus: TownsSums | None = None if script is None or is_script else summed(script, own)
        name, share = lot.entrant.name, lot.share
        rows += rows_of(name, share, summed(towns, own), versus, also=also, by_hour=by_hour)
        if 0 < lot.people < people:
            rest = [[seat for seat in range(people) if seat not in seats] for seats in own]
            versus = None if script is None else summed(script, rest)
            rows += others_rows(name, share, summed(towns, rest), versus)
    return rows


def _digest(found: Mapping[Lot, list[list[Sums]]], seeds: Sequence[int], days: int) -> str:
    """sha256 over what was evaluated and every town's log and sums. A policy is named by its weights, not its path."""
    told: list[Any] = [list(seeds), days]
    for lot, files in found.items():
        told += [[lot.entrant.weights or lot.entrant.name, lot.people, files]]
    return sha256(canonical(told).encode()).hexdigest()


__all__ = ["DAYS", "Evaluation", "evaluate"]
