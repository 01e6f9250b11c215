"""The days of a town's people: how long they sleep, when they wake and first eat, and how much they walk."""

from typing import Any, Final, NamedTuple

import numpy as np

from eventlog import codes
from eventlog.catalogue.registries import Option
from townlet.judging.facts.measuring.living import MINUTES, Lived
from townlet.judging.facts.measuring.samples import Real, Truth, Whole

BIN_MINUTES: Final = 5
"""Times are counted in bins of so many minutes; a median is told by interpolation within its bin."""

BINS: Final = MINUTES // BIN_MINUTES

NAP_GAP_MINUTES: Final = 30
"""Sleep that goes on after so short a break is one sleep."""

NIGHT_MINUTES: Final = 180
"""The longest sleep that ends on a day is the night's if it lasted so long; one wakes at its end."""

NOON_MINUTE: Final = 720
"""A shift that begins before this minute of the day is an early one."""


class Mornings(NamedTuple):
    """When people woke, each of shape (persons, days): the minute of the day, NaN where nobody woke.

    `early` says that the person then worked an early shift, and that it was a day of work.
    """

    minute: Real
    early: Truth


def uses(lived: Lived, option: Option) -> tuple[Whole, Whole, Whole]:
    """Every use of a place for an option: the persons, the ticks at which it began, and those at which it was over."""
    ends = (codes.AFFORDANCE_FINISHED, codes.AFFORDANCE_FAILED, codes.AGENT_EXITED, codes.TELEPORTED)
    rows = lived.of_kind(codes.AFFORDANCE_STARTED, *ends)
    rows = rows[np.argsort(rows["agent"], kind="stable")]
    begins = (rows["kind"] == codes.AFFORDANCE_STARTED) & np.isin(rows["code"], lived.deeds(option))
    following = np.append(rows["tick"][1:].astype("i8"), lived.end)
    following[np.append(np.diff(rows["agent"]) != 0, True)] = lived.end
    return rows["agent"][begins].astype("i8"), rows["tick"][begins].astype("i8"), following[begins]


def whole_days(lived: Lived) -> Truth:
    """Whether a person lived in the town through a whole day, shape (persons, days). The first day is left out."""
    since = np.full(lived.persons, lived.end)
    until = np.full(lived.persons, lived.end)
    arrived, left = lived.of_kind(codes.AGENT_ARRIVED), lived.of_kind(codes.AGENT_EXITED)
    since[arrived["agent"]], until[left["agent"]] = arrived["tick"], left["tick"]
    starts = np.arange(lived.days) * lived.per_day
    found: Truth = (since[:, None] <= starts) & (until[:, None] >= starts + lived.per_day) & (starts > 0)
    return found


def asleep_minutes(lived: Lived) -> Real:
    """How many minutes each person slept on each day, shape (persons, days)."""
    slept = np.zeros((lived.persons, lived.days))
    person, begun, over = uses(lived, Option.SLEEP)
    while len(person):
        day = begun // lived.per_day
        midnight = np.minimum((day + 1) * lived.per_day, over)
        np.add.at(slept, (person, np.minimum(day, lived.days - 1)), (midnight - begun) * lived.minutes)
        goes_on = midnight < over
        person, begun, over = person[goes_on], midnight[goes_on], over[goes_on]
    return slept


def mornings(lived: Lived) -> Mornings:
    """When everybody woke from the night on each day."""
    person, begun, over = _nights(lived)
    minute = np.full((lived.persons, lived.days), np.nan)
    ended = over < lived.end
    person, begun, over = person[ended], begun[ended], over[ended]
    order = np.argsort(over - begun, kind="stable")  # the longest last, which is the one that stays
    minute[person[order], over[order] // lived.per_day] = over[order] % lived.per_day * lived.minutes
    minute[~whole_days(lived)] = np.nan
    return Mornings(minute, _early(lived))


def _nights(lived: Lived) -> tuple[Whole, Whole, Whole]:
    """Every sleep of a night's length; what a short break parts is one sleep."""
    person, begun, over = uses(lived, Option.SLEEP)
    gap = NAP_GAP_MINUTES / lived.minutes
    new = np.ones(len(person), bool)
    new[1:] = (person[1:] != person[:-1]) | (begun[1:] - over[:-1] > gap)
    first = np.flatnonzero(new)
    last = np.append(first[1:] - 1, len(person) - 1) if len(first) else first
    long = (over[last] - begun[first]) * lived.minutes >= NIGHT_MINUTES
    return person[first][long], begun[first][long], over[last][long]


def _early(lived: Lived) -> Truth:
    early = np.zeros((lived.persons, lived.days), bool)
    for day, sample in enumerate(lived.ends):
        works = (sample.works >> (day % 7)) & 1 > 0
        early[sample.persons, day] = works & (sample.starts * lived.minutes < NOON_MINUTE)
    return early


def first_meal_minutes(lived: Lived) -> Real:
    """For each morning, the minutes until the first meal; a day where none followed within one."""
    woke = mornings(lived).minute
    person, day = np.nonzero(np.isfinite(woke))
    at = day * MINUTES + woke[person, day]
    meals = lived.of_kind(codes.MEAL_EATEN)
    eaten = np.sort(meals["agent"].astype("f8") * lived.days * 2 * MINUTES + meals["tick"] * lived.minutes)
    asked = person * lived.days * 2.0 * MINUTES + at
    following = np.append(eaten, np.inf)[np.searchsorted(eaten, asked)]
    waited: Real = np.minimum(following - asked, MINUTES)
    return waited


def histogram(minutes: Any) -> Real:
    """How many of these times fall into each bin of BIN_MINUTES; the last bin takes all that are longer. NaN is not
    counted."""
    times = np.asarray(minutes, float)
    bins = np.minimum(times[np.isfinite(times)] // BIN_MINUTES, BINS).astype("i8")
    return np.bincount(bins, minlength=BINS + 1).astype("f8")


def quantile_minutes(counts: Real, share: float = 0.5) -> float:
    """The time below which lies this share of a histogram's times, in minutes; NaN for an empty one."""
    total = counts.sum()
    if not total:
        return float("nan")
    reached = np.cumsum(counts)
    place = int(np.searchsorted(reached, share * total))
    within = (share * total - (reached[place] - counts[place])) / counts[place]
    return float(BIN_MINUTES * (place + within))


def sleep_sums(lived: Lived) -> Real:
    """The histogram of minutes asleep over whole person-days."""
    return histogram(asleep_minutes(lived)[whole_days(lived)])


def early_waking_sums(lived: Lived) -> Real:
    """The histogram of waking times before early shifts."""
    woke = mornings(lived)
    return histogram(woke.minute[woke.early])


def waking_sums(lived: Lived) -> Real:
    """Of all waking times in hours: how many, their sum, the sum of their squares."""
    hours = mornings(lived).minute / 60.0
    hours = hours[np.isfinite(hours)]
    return np.array([len(hours), hours.sum(), (hours**2).sum()])


def spread(sums: Real) -> float:
    """The standard deviation, of a count, a sum and a sum of squares; NaN for fewer than two."""
    count, total, squares = sums
    return float(np.sqrt(max(squares - total**2 / count, 0.0) / (count - 1))) if count > 1 else float("nan")


def first_meal_sums(lived: Lived) -> Real:
    """The histogram of the minutes from waking to the first meal."""
    return histogram(first_meal_minutes(lived))


def walking_sums(lived: Lived) -> Real:
    """Hours on foot, and person-days."""
    return np.array([lived.steps * lived.minutes / 60.0, lived.agent_days])


__all__ = [
    "Mornings",
    "asleep_minutes",
    "early_waking_sums",
    "first_meal_minutes",
    "first_meal_sums",
    "histogram",
    "mornings",
    "quantile_minutes",
    "sleep_sums",
    "spread",
    "uses",
    "waking_sums",
    "walking_sums",
    "whole_days",
]
