"""The outcomes of a trial, which its file names beforehand: of people, of ties, of the town, or in SQL."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from eventlog.catalogue.registries import SIDES
from projections.spelling import proposal
from townlet.asking.key_figures import shipped
from townlet.configuration.load import person_number
from townlet.configuration.settings import Settings
from townlet.errors import QueryError
from townlet.whatif.asked.question import SUFFIX, Question, question_of
from townlet.whatif.paired.outcomes import FIGURES, NAMES, OF_PEOPLE, SOCIAL, Watched

OF_ALL: Final = (*OF_PEOPLE, *SIDES)
"""Outcomes that are a mean over people or over ties where nobody is named."""


class Outcome(NamedTuple):
    """An outcome: its text in the plan, its name, and the people whom it is about; or a question in SQL.

    Without people, a need, `wallet` or `departed` is the mean over all who lived there at the moment and are still
    there (`departed`: over all), and a side of ties is the mean over all ties that two people could have, 0 for none.
    """

    text: str
    name: str
    people: tuple[str, ...] = ()
    question: Question | None = None

    def values(self, watched: Watched, names: Sequence[str], values: np.ndarray) -> np.ndarray:
        """The outcome of all futures, f8[pairs, 2, days]; values, f8[pairs, 2, days, keys], as `Watched.look` gives.

        `names` are those of the watched people. Raises QueryError for somebody who is not among them.
        """
        places = [list(names).index(_require_watched(person, names)) for person in self.people]
        wanted = []
        for number, key in enumerate(watched.keys):
            if key.outcome != self.name or (places and [key.person, key.other][: len(places)] != places):
                continue
            if self.name in SOCIAL and not places and key.person >= 0:
                continue
            wanted.append(number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a future in which everybody has left has no mean
            found: np.ndarray = np.nanmean(values[..., wanted], axis=-1)
        return found


def outcome_of(text: str, config: Settings, folder: Path) -> Outcome:
    """The outcome that a text names, such as `hunger`, `trust alice bob`, `exits` or `quarrels.sql`.

    Raises QueryError with the nearest name.
    """
    name, *people = text.split()
    if text.endswith(SUFFIX) or name in shipped():
        if name in shipped() and people:
            raise QueryError(f"outcomes: {text!r}: a key figure is of the whole town: write {name}")
        question = question_of(text, folder)
        return Outcome(text, question.name, question=question)
    if name not in NAMES:
        raise QueryError(f"outcomes: there is none called {name!r}; {proposal(name, [*NAMES, *shipped()])}")
    most = 2 if name in SIDES else 0 if name in FIGURES else 1
    if len(people) not in (0, most):
        raise QueryError(f"outcomes: {text!r} names {len(people)} people, and {name} is of {most or 'the whole town'}")
    for person in people:
        if person_number(config, person) is None:
            raise QueryError(f"outcomes: {text!r}: nobody is called {person!r} in this town")
    return Outcome(text, name, tuple(people))


def _require_watched(person: str, names: Sequence[str]) -> str:
    if person not in names:
        raise QueryError(f"outcomes: {person!r} does not live there at the moment; {proposal(person, list(names))}")
    return person
