"""Keeps the seeds of a study apart: its trainings, its tuning towns, and everything that is judged later share none."""

from collections.abc import Mapping
from itertools import combinations
from typing import Final

from townlet.errors import ConfigurationError
from townlet.learning.settings import DAY, Training
from townlet.tuning.settings import Search

HELD_OUT: Final = range(1_000_001, 1_000_021)
"""The towns of evaluations and experiments, where nobody says others."""


def town_seeds(training: Training) -> range:
    """The seeds of all towns that a training can found: those it begins with, and the new ones of each later life."""
    lives = 2 + training.steps * training.rollout_ticks // (training.life_days * DAY)
    return range(training.first_seed, training.first_seed + training.towns * lives)


def require_apart(training: Training, trials: Mapping[str, Training], search: Search) -> None:
    """Raise ConfigurationError if two of these share a town: a trial, the tuning towns, held-out ones, the training.

    `training` is the one that is tuned, with its own seed; `trials` are trainings of a trial by what they are called.
    """
    own = {"the training that is tuned": town_seeds(training)}
    study = {name: town_seeds(each) for name, each in trials.items()}
    towns = {"the tuning towns": search.towns.seeds, "the held-out towns": HELD_OUT}
    for (one, first), (other, second) in combinations({**own, **towns, **study}.items(), 2):
        if (one in study and other in study) or not _meet(first, second):
            continue
        raise ConfigurationError(
            f"{one} and {other} share towns: they have the seeds {_told(first)} and {_told(second)}.\n"
            "  Next: another seed of the training (seed, first_town_seed), or other seeds of the search "
            "(first_training_seed, towns.first_seed)"
        )


def _meet(first: range, second: range) -> bool:
    return first.start < second.stop and second.start < first.stop


def _told(seeds: range) -> str:
    return f"{seeds.start:,} to {seeds.stop - 1:,}"


__all__ = ["HELD_OUT", "require_apart", "town_seeds"]
