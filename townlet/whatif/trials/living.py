"""Lets the arms of a trial live: each future once, but for those of the control beside a second placebo."""

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from townlet.configuration.load import names_table, person_number
from townlet.configuration.settings import Settings
from townlet.errors import QueryError
from townlet.history.history import History
from townlet.whatif.asked.measuring import BOTH_TREATED, CONTROL_AND_TREATED, measured
from townlet.whatif.paired.arms import both_arms
from townlet.whatif.paired.futures import Lived, Wish, live
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

    def live(self, interventions: Mapping[str, Intervention]) -> dict[str, Ended]:
        """What became of every arm, the control first.

        The control lives beside the placebo, which is held against it event by event, or beside the first other arm. Of
        the arms that are left, two futures live side by side. Raises QueryError, and what `both_arms` raises.
        """
        control, treated = self._settings.control, self._settings.treated
        beside = [name for name in interventions if treated[name].placebo] or list(interventions)[:1]
        ended: dict[str, Ended] = {}
        for name in beside:
            first, second = self._beside_control(name, interventions[name])
            ended.setdefault(control, first)
            ended[name] = second
        for name in interventions:
            if name not in ended:
                ended[name] = self._alone(name, interventions[name])
        return ended

    def _beside_control(self, name: str, intervention: Intervention) -> tuple[Ended, Ended]:
        """The control and another arm, in pairs."""
        pairs = tuple(zip(self._seeds[self._settings.control], self._seeds[name], strict=True))
        lived, values = self._lived(name, intervention, pairs, alone=False)
        placebo = Placebo(len(lived.untouched), int(lived.untouched.sum()), int((lived.parted["tick"] >= 0).sum()))
        ends = list(zip(*lived.digests, strict=True))
        first, second = (
            Ended(values[:, side], list(ends[side]), lived.rejected[:, side], placebo if side else None)
            for side in (0, 1)
        )
        return first, second

    def _alone(self, name: str, intervention: Intervention) -> Ended:
        """An arm without the control: its futures live by twos, the last one of an odd number beside itself."""
        seeds = self._seeds[name]
        pairs = tuple(zip_longest(seeds[::2], seeds[1::2], fillvalue=seeds[-1]))
        lived, values = self._lived(name, intervention, pairs, alone=True)
        digests = [digest for pair in lived.digests for digest in pair]
        values, rejected = (each.reshape(2 * len(pairs), *each.shape[2:]) for each in (values, lived.rejected))
        return Ended(values[: len(seeds)], digests[: len(seeds)], rejected[: len(seeds)], None)

    def _lived(
        self, name: str, intervention: Intervention, pairs: tuple[tuple[int, int], ...], *, alone: bool
    ) -> tuple[Lived, np.ndarray]:
        """How pairs of towns lived, and their outcomes, f8[pairs, 2, days, outcomes]."""
        settings = self._settings
        arms = both_arms(self._run, intervention)
        watched = Watched(arms.towns.view(np.ndarray)[0], arms.persons, _named(self._run.config, self._outcomes))
        _require_all_watched(watched, arms.persons, self._outcomes)
        wish = Wish(len(pairs), settings.days, settings.first_seed, settings.luck == "same", self._threads, pairs)
        see = self._seen(name, 2 if alone else 1)
        lived = live(arms.both_treated() if alone else arms, watched, wish, self._per_day, see)
        names = [str(each) for each in names_table(self._run.config, watched.persons)]
        values = np.full((*lived.values.shape[:3], len(self._outcomes)), np.nan)
        for number, outcome in enumerate(self._outcomes):
            if outcome.question is None:
                values[..., number] = outcome.values(watched, names, lived.values)
        if self._questions:
            asked = [number for number, outcome in enumerate(self._outcomes) if outcome.question is not None]
            towns = BOTH_TREATED if alone else CONTROL_AND_TREATED
            values[..., asked] = measured(
                self._run, intervention, wish, self._questions, lived.digests, see, towns=towns
            )
        return lived, values

    def _seen(self, name: str, futures: int) -> Callable[[int], None] | None:
        """Tells of the progress of an arm, of which each pair has so many futures."""
        progress, every = self._progress, self._settings.futures
        if progress is None:
            return None
        return lambda pairs: progress(name, min(pairs * futures, every), every)


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
