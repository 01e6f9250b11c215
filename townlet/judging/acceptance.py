"""What must be true of a town, as one table: bounds, windows, in how many seeds, and what grows with people.

The table is written for a town of 8 people. In a town of n people an event that the whole town shares is n / 8 times as
frequent, and where n is below 8 it may take 8 / n times as long.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

USUAL_PEOPLE: Final = 8
"""The size of town that the table is written for."""

SEEDS_SHARE: Final = 0.9
"""Towns of another size may miss what holds in every seed in a tenth of the seeds: 2 of 20."""

NOT_JUDGED: Final = "not judged: needs"
"""How the note of a row begins that a soak is too short for; the days that it needs follow."""

Unit = Literal["share", "a day", "a person-day", "days", "minutes"]


@dataclass(frozen=True)
class Band:
    """One row of the table, for the mean over all seeds: `least` and `most` are its bounds, None where there is none.

    `aim_least` and `aim_most` are what the town is made for; missing them fails nothing. `within_days` is the window:
    by its end a thing has happened, or is measured. `seed_least` bounds the figure of each single seed. `every_seed`
    says that each seed has the event within the window. `grows` marks what is n / 8 times as much among n people.
    """

    name: str
    unit: Unit
    least: float | None = None
    most: float | None = None
    aim_least: float | None = None
    aim_most: float | None = None
    within_days: float | None = None
    seed_least: float | None = None
    every_seed: bool = False
    grows: bool = False


def _event(
    name: str,
    within_days: float,
    least: float,
    most: float | None = None,
    aim: tuple[float | None, float | None] = (None, None),
) -> Band:
    """An event that happens in every seed within some days, and so often a day on average."""
    return Band(name, "a day", least, most, *aim, within_days=within_days, every_seed=True, grows=True)


ALIVE: Final = Band("alive and not evicted", "share", least=0.95, seed_least=0.75)
TIED: Final = Band("agents with a tie above 0.3", "share", least=0.60, within_days=10)
TENURE: Final = Band("mean tenure", "days", least=3)
LONGEST_WAIT: Final = Band("longest wait in a line", "minutes", most=180)

EVENTS: Final = (
    _event("shared_meal", 5, 1),
    _event("queue_handover", 5, 1),
    _event("queue_conflict", 5, 0.4, 1.5, aim=(0.8, 1.3)),
    _event("chat_succeeded", 5, 1),
    _event("chat_failed", 5, 1),
    _event("late_help", 15, 0.3),
    _event("shift_takeover", 15, 0.3),
)
"""The rows of single kinds of events, each under the name of its kind."""

ACCEPTANCE: Final = (
    ALIVE,
    Band("self-sufficient agent-days", "share", least=0.80),
    Band("shifts on time", "share", least=0.85),
    TENURE,
    *EVENTS,
    Band("chats begun", "a person-day", least=3),
    TIED,
    Band("ties evicted a day", "share", most=0.20),
    LONGEST_WAIT,
    Band("chat success", "share", least=0.40, most=0.90),
)
"""The whole table. What is no band, such as equal digests, the soak adds."""


class Row(NamedTuple):
    """A row of the table. `passed` is None if it is not judged, because the towns lived too short for it.

    `figure` is the value as a number; None for a value such as a digest.
    """

    name: str
    value: str
    must: str
    passed: bool | None
    note: str = ""
    figure: float | None = None


class Measured(NamedTuple):
    """What was found for a band: the figure over all seeds, of each seed where the band asks for it, and when.

    `first_days` is when an event happened first in each seed, in days from the founding; None where it never did.
    """

    figure: float
    seeds: Sequence[float] = ()
    first_days: Sequence[float | None] = ()


def scaled(band: Band, people: int) -> Band:
    """The band for a town of so many people."""
    rate = people / USUAL_PEOPLE if band.grows else 1.0
    bounds = {name: getattr(band, name) for name in ("least", "most", "aim_least", "aim_most")}
    sized: dict[str, Any] = {name: None if bound is None else bound * rate for name, bound in bounds.items()}
    if band.within_days is not None:
        sized["within_days"] = band.within_days * max(1.0, USUAL_PEOPLE / people)
    return replace(band, **sized)


def window_days(band: Band, people: int, days: int) -> float:
    """The window of a band among so many people, in days; no longer than the towns live."""
    within = scaled(band, people).within_days
    return days if within is None else min(within, days)


def seeds_needed(seeds: int, people: int) -> int:
    """In how many of the seeds must hold what holds in every seed."""
    return seeds if people == USUAL_PEOPLE else math.ceil(round(SEEDS_SHARE * seeds, 9))


def judged(band: Band, measured: Measured, *, seeds: int, people: int, days: int) -> Row:
    """The row of a band of the table: `seeds` towns of `people` people have lived for `days` days.

    It is not judged if that is less than the band's window, unless the figure is above its upper bound.
    """
    sized = scaled(band, people)
    if band is TENURE:
        sized = replace(sized, least=min(3.0, days - 1.0))  # nobody holds a job longer than the town lives
    needed = seeds_needed(seeds, people)
    notes, passed = [], _within(measured.figure, sized.least, sized.most)
    if band.seed_least is not None:
        held = sum(figure >= band.seed_least for figure in measured.seeds)
        passed &= held >= needed
        notes.append(f"lowest seed {min(measured.seeds):.0%} of {_number(band.seed_least, 'share')}")
    if band.every_seed and sized.within_days is not None:
        late = sum(first is None or first >= sized.within_days for first in measured.first_days)
        passed &= seeds - late >= needed
        if late:
            notes.append(f"missing within {sized.within_days:g} days in {late} of {seeds} seeds")
    if not _within(measured.figure, sized.aim_least, sized.aim_most):
        notes.append(f"not the {_bounds(sized.aim_least, sized.aim_most, band.unit)} that is aimed at")
    name = band.name
    if band is TIED:
        after = window_days(band, people, days)
        name = f"{name} after {after:g} {'day' if after == 1 else 'days'}"
    value, must = _value(measured.figure, band.unit), _must(sized, needed, seeds)
    is_bounded = _within(measured.figure, None, sized.most)
    if sized.within_days is not None and days < sized.within_days and is_bounded:
        return Row(name, value, must, None, f"{NOT_JUDGED} {sized.within_days:g} days", measured.figure)
    return Row(name, value, must, passed, ", ".join(notes), measured.figure)


def _must(band: Band, needed: int, seeds: int) -> str:
    """What must hold, in words."""
    words = _bounds(band.least, band.most, band.unit)
    if band.unit != "share":
        words += f" {band.unit}"
    which = "every seed" if needed == seeds else f"{needed} of {seeds} seeds"
    if band.every_seed and band.within_days is not None:
        words += f", in {which} within {band.within_days:g} days"
    if band.seed_least is not None:
        words += f", in {which} {_bounds(band.seed_least, None, band.unit)}"
    return words


def _within(figure: float, least: float | None, most: float | None) -> bool:
    return (least is None or figure >= least) and (most is None or figure <= most)


def _bounds(least: float | None, most: float | None, unit: Unit) -> str:
    if least is not None and most is not None:
        return f"{_number(least, unit)} to {_number(most, unit)}"
    if least is not None:
        return f">= {_number(least, unit)}"
    return "" if most is None else f"<= {_number(most, unit)}"


def _number(bound: float, unit: Unit) -> str:
    return f"{100 * bound:g} %" if unit == "share" else f"{bound:g}"


def _value(figure: float, unit: Unit) -> str:
    if unit == "share":
        return f"{figure:.1%}"
    digits = {"a day": 2, "a person-day": 2, "days": 1, "minutes": 0}[unit]
    return f"{figure:.{digits}f} {unit}"


__all__ = [
    "ACCEPTANCE",
    "EVENTS",
    "NOT_JUDGED",
    "TIED",
    "USUAL_PEOPLE",
    "Band",
    "Measured",
    "Row",
    "judged",
    "scaled",
    "seeds_needed",
    "window_days",
]
