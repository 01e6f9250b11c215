"""The soak: many towns live for weeks, and what must be true of them (docs/soak.md) is held against what happened."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from projections.record.state import CLASSES, ORDINARY
from townlet import many
from townlet.configuration.load import NONE, Source, load
from townlet.configuration.settings import Settings
from townlet.judging.acceptance import ACCEPTANCE, EVENTS, LONGEST_WAIT, USUAL_PEOPLE, Measured, Row, judged
from townlet.judging.soak_figures import SoakFigures
from townlet.judging.soak_lives import Life, from_json, life, prepare
from townlet.living.perturbing.profile import Profile
from townlet.notebook import Rows
from townlet.warming import warm

RESUMES = 200
"""How many resumes are tested, over all seeds: a town is saved at a tick and resumed from there."""

REPORTED = "reported: commands were given by chance"
"""The note of a row that is not judged, because drawn commands may let it fail."""

SLACK_MINUTES = 1
"""A place that is not taken in time is let go in the first minute after that."""

SHORT_PERSON_DAYS = 2_000
"""A soak of fewer days, over all people and seeds, is over in one process before others have begun: about 2 s."""


def soak(
    config: Source,
    seeds: Sequence[int],
    days: int,
    progress: Callable[[str], None] | None = None,
    *,
    overrides: Mapping[str, object] = NONE,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    perturb: Profile | None = None,
    commands: int = 0,
) -> Rows[Row]:
    """Let a town live for each seed; returns the rows of the acceptance table. Nothing is written to disk.

    `overrides` are dotted keys of the configuration. `jobs` is the number of processes; None: one for each processor,
    and one for a short soak, which would be over before more have begun; `engine` and `address` as for `many.run`. City
    events come by `perturb`. With `commands` every town is given so many drawn commands of all kinds; how it fares
    under them is only reported, and rows of what must hold then are added. Raises ConfigurationError, MapError, and
    TownletError if a town cannot live on.
    """
    resolved = load(config, overrides, founded=True)
    warm()
    if CLASSES[resolved.settings.town.capacity] is not ORDINARY:
        prepare(resolved.text)
    cells = [_cell(resolved.text, seed, days, -(-RESUMES // len(seeds)), perturb, commands) for seed in seeds]
    extra = [_cell(resolved.text, seeds[0], days, 0, perturb, commands)]
    if len(seeds) == 1:
        extra.append(_cell(resolved.text, (seeds[0] + 1) % 2**64, days, 0, perturb, commands))
    if jobs is None and len(cells) * days * resolved.settings.town.people < SHORT_PERSON_DAYS:
        jobs = 1

    def tell(done: int, of: int, left_s: float | None) -> None:
        if progress:
            left = "" if left_s is None else f", {left_s:.0f} s left"
            progress(f"{done} of {of} towns have lived {days} days{left}")

    lives = [
        from_json(value)
        for value in many.values(
            many.run(life, [*cells, *extra], jobs=jobs, engine=engine, address=address, progress=tell)
        )
    ]
    lived, again, other = lives[: len(seeds)], lives[len(seeds)], lives[-1] if len(seeds) == 1 else lives[1]
    rows = acceptance_rows([each.figures for each in lived], days, resolved.settings.town.people)
    if commands:
        rows = [*map(_reported, rows), *_under_commands(lived, resolved.settings)]
    return Rows([*rows, *_sameness(lived, again, other)])


def _cell(settings: str, seed: int, days: int, resumes: int, perturb: Profile | None, commands: int) -> many.Cell:
    more: dict[str, Any] = {} if perturb is None else {"perturb": perturb.text}
    if commands:
        more["commands"] = commands
    return {"settings": settings, "seed": seed, "days": days, "resumes": resumes, **more}


def _reported(row: Row) -> Row:
    """A row of a soak with drawn commands: only the longest wait must hold, whatever was commanded."""
    return row if row.name == LONGEST_WAIT.name else row._replace(passed=None, note=REPORTED)


def _under_commands(lives: Sequence[Life], settings: Settings) -> Iterator[Row]:
    """What must hold in towns that are given drawn commands, beside equal digests and the longest wait."""
    given, rejected = (sum(getattr(life.accounts, name) for life in lives) for name in ("commands", "rejected"))
    yield Row("commands given", f"{given:,}, {rejected / given:.0%} rejected", "", None, REPORTED, given)
    held, most = max(life.accounts.idle_hold_minutes for life in lives), settings.queues.timeout_minutes + SLACK_MINUTES
    yield Row("longest hold of a place without use", f"{held:.0f} minutes", f"<= {most:g}", held <= most, "", held)
    wrong, people = (sum(getattr(life.accounts, name) for life in lives) for name in ("miscounted", "people"))
    yield Row("people with other money or food than logged", f"{wrong} of {people}", "0", not wrong, "", wrong)


def acceptance_rows(found: Sequence[SoakFigures], days: int, people: int = USUAL_PEOPLE) -> list[Row]:
    """The rows of the acceptance table that are about events, for towns that have lived so many days."""
    measured = measures(found, days)
    rows = [judged(band, measured[band.name], seeds=len(found), people=people, days=days) for band in ACCEPTANCE]
    return [*rows, _rising(found)]


def measures(found: Sequence[SoakFigures], days: int) -> dict[str, Measured]:
    """What was found for each band, by its name."""
    stay = [1.0 - town.founders_left / town.founders for town in found]
    events = {
        band.name: Measured(
            sum(town.counts[band.name] for town in found) / (len(found) * days),
            first_days=[town.first_days[band.name] for town in found],
        )
        for band in EVENTS
    }
    chats = [success for town in found for _, success in town.chats_by_trust]
    return events | {
        "alive and not evicted": Measured(_mean(stay), stay),
        "self-sufficient agent-days": Measured(_share(found, "good_days", "agent_days")),
        "shifts on time": Measured(_share(found, "shifts_on_time", "shifts")),
        "mean tenure": Measured(_mean([days for town in found for days in town.tenures])),
        "chats begun": Measured(_share(found, "chats_begun", "agent_days")),
        "agents with a tie above 0.3": Measured(_mean([town.tied for town in found])),
        "ties evicted a day": Measured(_share(found, "evicted", "tie_days")),
        "longest wait in a line": Measured(max(town.longest_wait_minutes for town in found)),
        "chat success": Measured(_mean(chats)),
    }


def _rising(found: Sequence[SoakFigures]) -> Row:
    """The row that says whether chats succeed more often where the speaker trusts the listener more than the median."""
    chats = [chat for town in found for chat in town.chats_by_trust]
    middle = float(np.median([trust for trust, _ in chats])) if chats else 0.0
    low = _mean([success for trust, success in chats if trust <= middle])
    high = _mean([success for trust, success in chats if trust > middle])
    rises = f"{low:.1%} to {high:.1%}"
    return Row("chat success rises with trust", rises, "rising", high > low, f"median {middle:.2f}", high - low)


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


__all__ = ["RESUMES", "Row", "acceptance_rows", "measures", "soak"]
