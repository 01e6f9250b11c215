"""Asks Optuna's TPE sampler (Bergstra et al. 2011) for the values of each trial, and tells it what came of them.

What is asked for trial n follows from the seed, n, and what was told before. So nothing random has to be saved: a study
that goes on is asked again from its first trial.
"""

from collections.abc import Mapping
from typing import Final

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import TPESampler
from optuna.trial import Trial, TrialState

from townlet.rules.draw import word_of
from townlet.tuning.settings import Dimension, Search, Value, is_whole

SEEDS: Final = 2**32
"""Optuna's samplers take seeds below this."""


class Asker:
    """A study of Optuna in memory. Trials are asked for in the order of their numbers, from 0."""

    def __init__(self, search: Search, seed: int, own: Mapping[str, Value]) -> None:
        """`own` are the values of trial 0; where they are outside of the ranges, trial 0 is drawn as the others."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._search, self._seed = search, seed
        self._dimensions = {key: distribution(key, each) for key, each in search.search.items()}
        self._study = optuna.create_study(direction="maximize")
        self._asked: list[Trial] = []
        if is_within(search, own):
            self._study.enqueue_trial(dict(own))

    def ask(self) -> dict[str, Value]:
        """The values of the next trial, by their keys, in the order of the keys."""
        number = len(self._asked)
        seed = word_of(self._seed, "trial", number) % SEEDS
        self._study.sampler = TPESampler(seed=seed, n_startup_trials=self._search.startup)
        trial = self._study.ask(self._dimensions)
        self._asked.append(trial)
        return {key: trial.params[key] for key in sorted(self._dimensions)}

    def tell(self, number: int, value: float | None) -> None:
        """Tell what a trial came to; None for one that was stopped, which then counts as one of the worst."""
        if value is None:
            self._study.tell(self._asked[number], state=TrialState.PRUNED)
        else:
            self._study.tell(self._asked[number], value)


def distribution(key: str, dimension: Dimension) -> BaseDistribution:
    """The distribution of a key's values, as Optuna knows it."""
    if dimension.low is None or dimension.high is None:
        return CategoricalDistribution(dimension.choices)
    if is_whole(key):
        step = int(dimension.step or 1)
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log, step=step)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log, step=dimension.step)


def is_within(search: Search, values: Mapping[str, Value]) -> bool:
    """Whether a trial could be asked for these values."""
    known = {key: distribution(key, each) for key, each in search.search.items()}
    return all(_has(each, values[key]) for key, each in known.items())


def _has(known: BaseDistribution, value: Value) -> bool:
    if isinstance(known, CategoricalDistribution):
        return value in known.choices
    if isinstance(known, IntDistribution | FloatDistribution):
        steps = (float(value) - known.low) / known.step if known.step else 0.0
        return known.low <= float(value) <= known.high and abs(steps - round(steps)) < 1e-9
    return False


__all__ = ["Asker", "distribution", "is_within"]
