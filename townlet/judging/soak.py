"""The soak: many towns live for weeks, and what must be true of them (docs/town.md) is held against what happened."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.format.chain import Chain
from projections.record.tables import tables, towns_from_tables
from townlet.configuration.load import NONE, load
from townlet.configuration.settings import Settings
from townlet.judging.soak_figures import SOCIAL, WORK, SoakFigures, chats_by_trust, soak_figures, tied_share
from townlet.living.town import Town
from townlet.rules.draw import word_of
from townlet.warming import warm

RESUMES = 200
"""How many resumes are tested, over all seeds: a town is saved at a tick and resumed from there."""

RESUMED_FOR = 240
"""How many ticks a resumed town lives before it is compared."""


class Row(NamedTuple):
    """One condition of the acceptance table. `figure` is the value as a number; None for a value such as a digest."""

    name: str
    value: str
    must: str
    passed: bool
    note: str = ""
    figure: float | None = None


class Life(NamedTuple):
    """The result of one town: its figures, its log's digest, and the ticks at which a fold or a resume differed."""

    seed: int
    figures: SoakFigures
    digest: str
    unequal_days: tuple[int, ...]
    unequal_resumes: tuple[int, ...]


def soak(
    config: Path | str | None,
    seeds: Sequence[int],
    days: int,
    progress: Callable[[str], None] | None = None,
    *,
    overrides: Mapping[str, object] = NONE,
    jobs: int | None = None,
) -> list[Row]:
    """Let a town live for each seed; returns the rows of the acceptance table. Nothing is written to disk.

    `overrides` are dotted keys of the configuration. Raises ConfigurationError, MapError.
    """
    settings = load(config, overrides, founded=True).settings
    warm()
    lives: list[Life] = []
    with ThreadPoolExecutor(max_workers=jobs or cpu_count() or 1) as threads:
        for life in threads.map(lambda seed: life_of(settings, seed, days, -(-RESUMES // len(seeds))), seeds):
            lives.append(life)
            if progress:
                progress(f"seed {life.seed}: {len(lives)} of {len(seeds)} towns have lived {days} days")
    again = life_of(settings, seeds[0], days, 0)
    other = life_of(settings, (seeds[0] + 1) % 2**64, days, 0)
    return [*acceptance_rows([life.figures for life in lives], days), *_sameness(lives, again, other)]


def life_of(settings: Settings, seed: int, days: int, resumes: int) -> Life:
    """Let one town live in memory, fold its events day by day, and resume it at drawn ticks; returns the results."""
    per_day = settings.town.ticks_per_day
    town, chain = Town([settings]), Chain()
    marks = {int(tick) for tick in _drawn_ticks(seed, days * per_day - RESUMED_FOR, resumes)}
    chunks = [town.found(seed)]
    digests: dict[int, str] = {}
    kept: dict[int, dict[str, pa.Table]] = {}
    tied = 0.0
    for stop in sorted({*marks, *(mark + RESUMED_FOR for mark in marks), *range(0, days * per_day + 1, per_day)}):
        chunks.extend(town.live(stop - town.tick))
        digests[stop] = town.state_digest()
        if stop in marks:
            kept[stop] = tables(town.record)
        if stop == min(10, days) * per_day:
            tied = tied_share(town)
    rows = np.concatenate(chunks)
    chain.extend(rows)
    chats = chats_by_trust(Town([settings], plans=town.plans), rows)
    return Life(
        seed,
        soak_figures(town, rows, tied, chats),
        chain.digest().hex(),
        tuple(_unequal_days(town, rows, digests)),
        tuple(_unequal_resumes(town, seed, kept, digests)),
    )


def _drawn_ticks(seed: int, below: int, count: int) -> Iterator[int]:
    for i in range(count):
        yield 1 + word_of(seed, "events", i) % max(below - 1, 1)


def _unequal_days(lived: Town, rows: np.ndarray, digests: dict[int, str]) -> Iterator[int]:
    """The ticks at which the folded town differs from the town that lived."""
    town, first = Town(lived.settings, plans=lived.plans), 0
    for tick, digest in sorted(digests.items()):
        if tick == 0:
            continue  # the founding's events have tick 0, too
        last = int(np.searchsorted(rows["tick"], tick))
        town.fold([rows[first:last]])
        first = last
        if town.state_digest() != digest:
            yield tick


def _unequal_resumes(
    lived: Town, seed: int, kept: dict[int, dict[str, pa.Table]], digests: dict[int, str]
) -> Iterator[int]:
    """The ticks from which a resumed town lived differently."""
    for tick, state in kept.items():
        town = Town(lived.settings, towns_from_tables(state, lived.shape), lived.plans)
        town.set_seed(seed)
        for _ in town.live(RESUMED_FOR):
            pass
        if town.state_digest() != digests[tick + RESUMED_FOR]:
            yield tick


def acceptance_rows(found: Sequence[SoakFigures], days: int) -> list[Row]:
    """The rows of the acceptance table that are about events."""
    stay = [1.0 - town.founders_left / town.founders for town in found]
    rows = [
        _row("alive and not evicted", _mean(stay), 0.95, f"lowest seed {min(stay):.0%} of 75 %", min(stay) >= 0.75),
        _row("self-sufficient agent-days", _share(found, "good_days", "agent_days"), 0.70),
        _row("shifts on time", _share(found, "shifts_on_time", "shifts"), 0.85),
    ]
    tenures = [days for town in found for days in town.tenures]
    least = min(3.0, days - 1.0)
    held = _mean(tenures)
    rows.append(Row("mean tenure", f"{held:.1f} days", f">= {least:g} days", held >= least, figure=held))
    rows += [_occurrence(found, name, within=5, least=1.0, days=days) for name in SOCIAL]
    rows += [_occurrence(found, name, within=15, least=0.3, days=days) for name in WORK]
    tied = _mean([town.tied for town in found])
    evicted = _share(found, "evicted", "tie_days")
    wait = max(town.longest_wait for town in found)
    rows += [
        _row(f"agents with a tie above 0.3 after {min(10, days)} days", tied, 0.60),
        Row("ties evicted a day", f"{evicted:.1%}", "<= 20 %", evicted <= 0.20, figure=evicted),
        Row("longest wait in a line", f"{wait} ticks", "<= 180 ticks", wait <= 180, figure=float(wait)),
        *_chats(found),
    ]
    return rows


def _row(name: str, value: float, must: float, note: str = "", also: bool = True) -> Row:
    return Row(name, f"{value:.1%}", f">= {must:.0%}", value >= must and also, note, value)


def _occurrence(found: Sequence[SoakFigures], name: str, *, within: int, least: float, days: int) -> Row:
    """The row for an event that must occur in every seed within some days, and at least so often a day. If the soak is
    shorter than `within`, only the rate counts."""
    per_day = sum(town.counts[name] for town in found) / (len(found) * days)
    late = [town for town in found if town.first[name] < 0 or town.first[name] >= within]
    note = f"missing within {within} days in {len(late)} of {len(found)} seeds" if late else ""
    passed = per_day >= least and (not late or days < within)
    must = f">= {least:g} a day, in every seed within {within} days"
    return Row(name, f"{per_day:.2f} a day", must, passed, note, per_day)


def _chats(found: Sequence[SoakFigures]) -> Iterator[Row]:
    chats = [chat for town in found for chat in town.chats_by_trust]
    rate = _mean([float(success) for _, success in chats])
    middle = float(np.median([trust for trust, _ in chats])) if chats else 0.0
    low = _mean([float(success) for trust, success in chats if trust <= middle])
    high = _mean([float(success) for trust, success in chats if trust > middle])
    rises = f"{low:.1%} to {high:.1%}"
    yield Row("chat success", f"{rate:.1%}", "40 % to 85 %", 0.40 <= rate <= 0.85, figure=rate)
    yield Row("chat success rises with trust", rises, "rising", high > low, f"median {middle:.2f}", high - low)


def _sameness(lives: Sequence[Life], again: Life, other: Life) -> Iterator[Row]:
    same, differs = again.digest == lives[0].digest, other.digest != lives[0].digest
    yield Row("same seed, same log", again.digest[:12], lives[0].digest[:12], same)
    yield Row("another seed, another log", other.digest[:12], f"not {lives[0].digest[:12]}", differs)
    days = [(life.seed, tick) for life in lives for tick in life.unequal_days]
    yield Row("replay = live", f"{len(days)} marks differ", "0", not days, _first(days), len(days))
    resumes = [(life.seed, tick) for life in lives for tick in life.unequal_resumes]
    name = f"resume at {RESUMES} drawn ticks = straight through"
    yield Row(name, f"{len(resumes)} differ", "0", not resumes, _first(resumes), len(resumes))


def _first(found: list[tuple[int, int]]) -> str:
    return f"first: seed {found[0][0]}, tick {found[0][1]}" if found else ""


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _share(found: Sequence[SoakFigures], part: str, whole: str) -> float:
    total = sum(getattr(town, whole) for town in found)
    return sum(getattr(town, part) for town in found) / total if total else 0.0
