"""Lets the arms of a trial live: each future once, but for those of the control beside a second placebo."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from townlet.configuration.load import names_table, person_number
from townlet.configuration.settings import Settings
from townlet.errors import QueryError
from townlet.history.history import History
from townlet.whatif.asked.measuring import BOTH_TREATED, CONTROL_AND_TREATED, measured
from townlet.whatif.paired.arms import Arms, both_arms
from townlet.whatif.paired.futures import Wish, live
from townlet.whatif.paired.outcomes import PEOPLE_MOST, Watched
from townlet.whatif.paired.treatments import Intervention
from townlet.whatif.trials.outcome import OF_ALL, Outcome
from townlet.whatif.trials.plan import Trial
from townlet.whatif.trials.result import Placebo

Progress = Callable[[str, int, int], None]
"""Is called with an arm, how many of its futures have lived or been asked, and of how many."""


class Ended(NamedTuple):
    """What became of the futures of one arm. `values`, f8[futures, days, outcomes]; `digests`: of states at the end.

    `rejected`, ?[futures, later commands]: whether a town rejected a later command, in the order of their ticks.
    `placebo`: how the futures differ from those of the control; None for an arm that did not live beside it.
    """

    values: np.ndarray
    digests: list[str]
    rejected: np.ndarray
    placebo: Placebo | None


class Part(NamedTuple):
    """How some pairs of futures lived. `values`, f8[pairs, 2, days, outcomes]; `rejected`, ?[pairs, 2, later commands].

    `untouched` and `parted`, ?[pairs]: whether both towns came to the same state but for where events stand in the log,
    and whether any event differed. `digests`: of both towns' states at the end.
    """

    values: np.ndarray
    rejected: np.ndarray
    untouched: np.ndarray
    parted: np.ndarray
    digests: list[tuple[str, str]]


class Asked(NamedTuple):
    """Pairs of an arm, by the seeds of both towns: with the control, or `alone`, two futures of its own a pair."""

    arm: str
    alone: bool
    pairs: tuple[tuple[int, int], ...]


Elsewhere = Callable[[Sequence[Asked]], Iterable[Part]]
"""Lets pairs live in other processes; returns how, in the order in which they were asked."""


class TrialArms:
    """The arms of a trial, whose futures have the given `seeds`."""

    def __init__(
        self,
        run: History,
        settings: Trial,
        seeds: Mapping[str, Sequence[int]],
        outcomes: Sequence[Outcome],
        threads: int,
        progress: Progress | None,
    ) -> None:
        self._run, self._settings, self._seeds, self._outcomes = run, settings, seeds, outcomes
        self._threads, self._progress = threads, progress
        self._per_day = run.config.town.ticks_per_day
        self._questions = [question for outcome in outcomes if (question := outcome.question) is not None]

    def live(self, interventions: Mapping[str, Intervention], elsewhere: Elsewhere | None = None) -> dict[str, Ended]:
        """What became of every arm, the control first.

        The control lives beside the placebo, which is held against it event by event, or beside the first other arm. Of
        the arms that are left, two futures live side by side. All live in threads of this process, or `elsewhere`.
        Raises QueryError, and what `both_arms` raises.
        """
        control, treated = self._settings.control, self._settings.treated
        beside = [name for name in interventions if treated[name].placebo] or list(interventions)[:1]
        asked = [self._asked(name, alone=False) for name in beside]
        asked += [self._asked(name, alone=True) for name in interventions if name not in beside]
        if elsewhere is None:
            lived: Iterable[Part] = (self.lived(each, interventions[each.arm]) for each in asked)
        else:
            for intervention in interventions.values():
                self._arms(intervention)  # so that what cannot be asked is refused here
            lived = elsewhere(asked)
        ended: dict[str, Ended] = {}
        for each, part in zip(asked, lived, strict=True):
            if each.alone:
                ended[each.arm] = _alone(part, len(self._seeds[each.arm]))
            else:
                first, ended[each.arm] = _beside_control(part)
                ended.setdefault(control, first)
        return {name: ended[name] for name in (control, *interventions)}

    def _asked(self, name: str, *, alone: bool) -> Asked:
        """All pairs of an arm. Alone its futures live by twos, the last one of an odd number beside itself."""
        seeds = self._seeds[name]
        if alone:
            return Asked(name, alone, tuple(zip_longest(seeds[::2], seeds[1::2], fillvalue=seeds[-1])))
        return Asked(name, alone, tuple(zip(self._seeds[self._settings.control], seeds, strict=True)))

    def lived(self, asked: Asked, intervention: Intervention) -> Part:
        """How pairs of towns of an arm lived."""
        settings = self._settings
        arms, watched = self._arms(intervention)
        pairs, alone = asked.pairs, asked.alone
        wish = Wish(len(pairs), settings.days, settings.first_seed, settings.luck == "same", self._threads, pairs)
        see = self._seen(asked.arm, 2 if alone else 1)
        lived = live(arms.both_treated() if alone else arms, watched, wish, self._per_day, see)
        names = [str(each) for each in names_table(self._run.config, watched.persons)]
        values = np.full((*lived.values.shape[:3], len(self._outcomes)), np.nan)
        for number, outcome in enumerate(self._outcomes):
            if outcome.question is None:
                values[..., number] = outcome.values(watched, names, lived.values)
        if self._questions:
            questioned = [number for number, outcome in enumerate(self._outcomes) if outcome.question is not None]
            towns = BOTH_TREATED if alone else CONTROL_AND_TREATED
            values[..., questioned] = measured(
                self._run, intervention, wish, self._questions, lived.digests, see, towns=towns
            )
        return Part(values, lived.rejected, lived.untouched, lived.parted["tick"] >= 0, lived.digests)

    def _arms(self, intervention: Intervention) -> tuple[Arms, Watched]:
        """Both arms of an intervention, and who is watched. Raises QueryError for outcomes that cannot be measured."""
        arms = both_arms(self._run, intervention)
        watched = Watched(arms.towns.view(np.ndarray)[0], arms.persons, _named(self._run.config, self._outcomes))
        _require_all_watched(watched, arms.persons, self._outcomes)
        return arms, watched

    def _seen(self, name: str, futures: int) -> Callable[[int], None] | None:
        """Tells of the progress of an arm, of which each pair has so many futures."""
        progress, every = self._progress, self._settings.futures
        if progress is None:
            return None
        return lambda pairs: progress(name, min(pairs * futures, every), every)


def _beside_control(part: Part) -> tuple[Ended, Ended]:
    """The control and another arm, of pairs of both."""
    placebo = Placebo(len(part.untouched), int(part.untouched.sum()), int(part.parted.sum()))
    ends = list(zip(*part.digests, strict=True))
    first, second = (
        Ended(part.values[:, side], list(ends[side]), part.rejected[:, side], placebo if side else None)
        for side in (0, 1)
    )
    return first, second


def _alone(part: Part, futures: int) -> Ended:
    """An arm that lived without the control, of pairs of its own futures."""
    digests = [digest for pair in part.digests for digest in pair]
    values, rejected = (each.reshape(2 * len(each), *each.shape[2:]) for each in (part.values, part.rejected))
    return Ended(values[:futures], digests[:futures], rejected[:futures], None)


def _named(config: Settings, outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    """The numbers of the people whom outcomes name, the same for every arm."""
    named = (person_number(config, person) for outcome in outcomes for person in outcome.people)
    return tuple(number for number in named if number is not None)


def _require_all_watched(watched: Watched, persons: np.ndarray, outcomes: Sequence[Outcome]) -> None:
    """Raise QueryError for a mean over people of whom not all are watched."""
    if len(watched.persons) == int((persons >= 0).sum()):
        return
    for outcome in outcomes:
        if outcome.name in OF_ALL and not outcome.people:
            raise QueryError(
                f"outcomes: {outcome.text}: a mean over all people is of towns of {PEOPLE_MOST} people at most. "
                "Next: name people, or a figure of the town"
            )
