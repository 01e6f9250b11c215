"""What each mechanism of the town is good for: which facts fall when it is taken out."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from townlet import many
from townlet.configuration.load import NONE, load
from townlet.judging.facts.asking import DAYS, Source, Told, gather
from townlet.judging.facts.fact import Fact
from townlet.judging.facts.judged import Judged, figure_of, judged, state_of, told
from townlet.judging.facts.plans import Ablation, ablations_of
from townlet.judging.facts.table import ALL, measured, require_facts


class Ablated(NamedTuple):
    """A fact in the town as configured and with one thing taken out. Figures are None where there are none.

    `state` and `without_state` say how they stand to the band; `falls` says that the fact did not fail and now does,
    `rises` the opposite.
    """

    ablation: str
    what: str
    name: str
    value: str
    without: str
    state: str
    without_state: str
    falls: bool
    rises: bool
    figure: float | None
    without_figure: float | None


def ablate(
    config: Source,
    ablations: Path | str | Mapping[str, Any] = "ablations",
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
) -> tuple[list[Judged], list[Ablated]]:
    """Let the same seeds live as configured, and once for each ablation of a file; returns the facts of the first, and
    a row for each ablation and fact that is measured.

    `ablations` is a file, the name of a shipped one, or a mapping. The rest is as for `facts`.
    """
    chosen = list(ALL.values()) if only is None else require_facts(only)
    plans = ablations_of(ablations)
    given = overrides or NONE
    variants = [load(config, given, founded=True)]
    variants += [load(config, {**given, **plan.set}, founded=True) for plan in plans.values()]
    whole, *without = gather(
        variants, list(seeds), days, jobs=jobs, engine=engine, address=address, into=into, progress=progress
    )
    people = variants[0].settings.town.people
    rows = []
    for (name, plan), sums in zip(plans.items(), without, strict=True):
        for fact in measured(people, days):
            if fact not in chosen or fact.name not in sums:
                continue
            rows.append(_ablated(name, plan, fact, figure_of(fact, whole[fact.name]), figure_of(fact, sums[fact.name])))
    return [judged(fact, whole, people, days) for fact in chosen], rows


def _ablated(name: str, plan: Ablation, fact: Fact, first: float | None, second: float | None) -> Ablated:
    state, without_state = state_of(fact, first)[0], state_of(fact, second)[0]
    return Ablated(
        ablation=name,
        what=plan.what,
        name=fact.name,
        value=told(fact, first),
        without=told(fact, second),
        state=state,
        without_state=without_state,
        falls=state != "fails" and without_state == "fails",
        rises=state == "fails" and without_state != "fails",
        figure=first,
        without_figure=second,
    )


def fallen(rows: Iterable[Ablated]) -> dict[str, list[str]]:
    """For each ablation the facts that fall under it."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.ablation, [])
        if row.falls:
            found[row.ablation].append(row.name)
    return found


__all__ = ["Ablated", "ablate", "fallen"]
