"""Finds events by words such as `quarrel alice`. The words are read once and then matched with whole arrays of events.

A word can name a kind of event, a code that events carry, a person, a place or a venue; there are everyday words, too.
An event must match every word of a set; `|` begins another set. Words that name one thing together, such as `stove 1`,
count as one word.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, Self

import numpy as np

from eventlog.catalogue import KINDS, REGISTRIES, THIRD_PERSON
from eventlog.rows import MISSING
from eventlog.views import KIND_BY_NAME
from projections.spelling import near_names
from townlet.configuration.load import first_names
from townlet.configuration.places import place_names
from townlet.configuration.plans import jobs_of, map_of
from townlet.configuration.settings import Settings
from townlet.errors import QueryError
from townlet.history.everyday import EVERYDAY

if TYPE_CHECKING:
    from townlet.history.history import History

LONGEST: Final = 4
"""The most words that one name can have."""

NAMESAKE: Final = re.compile(r"(?P<name>.+?) (?P<turn>\d+)")


class Columns(Protocol):
    """Columns of events by their names in `ROW`: an array of rows, or a mapping."""

    def __getitem__(self, name: str, /) -> np.ndarray: ...


class Coded(NamedTuple):
    """Means the events of one kind that carry this code in this column."""

    kind: int
    column: str
    code: int


class Meaning(NamedTuple):
    """The meaning of a word. `people` are indices into the list of names; `persons` are persons' numbers."""

    kinds: frozenset[int] = frozenset()
    coded: frozenset[Coded] = frozenset()
    places: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()
    persons: frozenset[int] = frozenset()

    def also(self, other: "Meaning") -> "Meaning":
        """The meaning that covers both: events that match either of the two."""
        return Meaning(
            self.kinds | other.kinds,
            self.coded | other.coded,
            self.places | other.places,
            self.people | other.people,
            self.persons | other.persons,
        )


NOTHING: Final = Meaning()


class Filter:
    """Selects the events that match words. `words` is the text that was given."""

    def __init__(self, words: str, sets: Iterable[Iterable["_Test"]]) -> None:
        self.words = words
        self._sets = [list(tests) for tests in sets]

    @classmethod
    def of(cls, words: str, run: "History") -> Self:
        """The filter for these words, with the names of this run. Empty words match every event. Raises QueryError."""
        return cls.read(words, Vocabulary(run.config))

    @classmethod
    def read(cls, words: str, vocabulary: "Vocabulary") -> Self:
        """The filter for these words. Empty words match every event. Raises QueryError with the nearest word."""
        if not words.strip():
            return cls(words, [[]])
        sets = []
        for part in words.split("|"):
            meanings = list(vocabulary.read(part))
            if not meanings:
                raise QueryError(f"{words!r}: a `|` stands between words, such as: quarrel | help")
            sets.append([_Test(meaning, vocabulary.names, vocabulary.places) for meaning in meanings])
        return cls(words, sets)

    @property
    def is_empty(self) -> bool:
        """Whether every event matches."""
        return self._sets == [[]]

    def mask(self, rows: Columns) -> np.ndarray:
        """Whether each event matches, bool[events]."""
        return reduce(np.logical_or, (self._all(tests, rows) for tests in self._sets))

    def _all(self, tests: list["_Test"], rows: Columns) -> np.ndarray:
        masks = (test.mask(rows) for test in tests)
        return reduce(np.logical_and, masks, np.ones(len(rows["kind"]), bool))


class _Test:
    """A meaning as lookup tables for whole columns. The last element of each table is for -1 and is False."""

    def __init__(self, meaning: Meaning, names: int, places: int) -> None:
        self._meaning = meaning
        self._kinds = _table(meaning.kinds, KINDS[-1].kind + 1)
        self._places = _table(meaning.places, places)
        self._people = _table(meaning.people, names)
        self._persons = np.array(sorted(meaning.persons), np.int64)

    def mask(self, rows: Columns) -> np.ndarray:
        """Whether each event matches the meaning, bool[events]."""
        kinds, meaning = rows["kind"], self._meaning
        found: np.ndarray = self._kinds.take(kinds, mode="clip")
        for kind, column, code in meaning.coded:
            found |= (kinds == kind) & (rows[column] == code)
        if meaning.places:
            found |= self._places[rows["object"]]
        if meaning.people or meaning.persons:
            for column in ("agent", "other"):
                found |= self._somebody(rows[column])
            third = np.isin(kinds, list(THIRD_PERSON))
            if third.any():
                found |= third & self._somebody(np.where(third, rows["tile"], MISSING))
        return found

    def _somebody(self, numbers: np.ndarray) -> np.ndarray:
        found = np.zeros(len(numbers), bool)
        for person in self._persons:
            found |= numbers == person
        if self._meaning.people:
            found |= (numbers >= 0) & self._people[numbers % (len(self._people) - 1)]
        return found


class Vocabulary:
    """The words that a run with these settings knows, and their meanings."""

    def __init__(self, settings: Settings) -> None:
        self._known: dict[str, Meaning] = defaultdict(Meaning)
        self._people = {_plain(name): number for number, name in enumerate(first_names(settings))}
        self._learn_kinds()
        self._learn_codes(settings)
        self._learn_places(settings)
        for name, number in self._people.items():
            self._learn(name, Meaning(people=frozenset([number])))
        self.names, self.places = len(self._people), len(map_of(settings).places)

    def read(self, words: str) -> Iterator[Meaning]:
        """The meaning of each word; the longest group of words that names something is one. Raises QueryError."""
        left = _plain(words).split()
        while left:
            for count in range(min(LONGEST, len(left)), 0, -1):
                meaning = self._meaning(" ".join(left[:count]))
                if meaning != NOTHING:
                    yield meaning
                    left = left[count:]
                    break
            else:
                raise self._unknown(left[0])

    def _meaning(self, phrase: str) -> Meaning:
        """The meaning of a phrase: of the name itself, else of names that contain it as a word, else of names with a
        word that begins with it, else of its singular."""
        if phrase in self._people:
            return self._known[phrase]._replace(people=frozenset(), persons=frozenset([self._people[phrase]]))
        namesake = NAMESAKE.fullmatch(phrase)
        if namesake and namesake["name"] in self._people and int(namesake["turn"]) > 1:
            turn, place = int(namesake["turn"]) - 1, self._people[namesake["name"]]
            return Meaning(persons=frozenset([turn * self.names + place]))
        if phrase in self._known:
            return self._known[phrase]
        found = self._all(name for name in self._known if f" {phrase} " in f" {name} ")
        if found == NOTHING:
            found = self._all(name for name in self._known if f" {phrase}" in f" {name}")
        if found == NOTHING and phrase.endswith("s") and len(phrase) > 2:
            return self._meaning(phrase[:-1])
        return found

    def _all(self, names: Iterable[str]) -> Meaning:
        return reduce(Meaning.also, (self._known[name] for name in names), NOTHING)

    def _unknown(self, word: str) -> QueryError:
        single = {part.strip("()") for name in self._known for part in name.split()}
        near = near_names(word, {*self._known, *single})
        meant = f"did you mean {' or '.join(near)}?" if near else "try a person, a place, or: quarrel, help, talk, meal"
        return QueryError(f"no event is about {word!r}; {meant}")

    def _learn(self, word: str, meaning: Meaning) -> None:
        self._known[word] = self._known[word].also(meaning)

    def _learn_kinds(self) -> None:
        """Learn the kinds of events by name, by family, and by everyday words."""
        for name, kind in KIND_BY_NAME.items():
            for word in (_plain(name), kind.family):
                self._learn(word, Meaning(kinds=frozenset([kind.kind])))
        for word, kinds in EVERYDAY.items():
            self._learn(word, Meaning(kinds=frozenset(KIND_BY_NAME[name].kind for name in kinds)))

    def _learn_codes(self, settings: Settings) -> None:
        """Learn the codes that events carry: options, reasons, items, affordances (also by option), jobs."""
        jobs = [job.name for _, job, _, _ in jobs_of(settings.work, map_of(settings))]
        listed: dict[str, list[tuple[str, int]]] = {
            **{name: [(code.name, int(code)) for code in codes] for name, codes in REGISTRIES.items()},
            "job": [(name, number) for number, name in enumerate(jobs)],
            "affordance": [
                (word, number)
                for number, (name, row) in enumerate(settings.affordances.items())
                for word in (name, row.option)
            ],
        }
        for kind in KINDS:
            for field in kind.slots():
                # a quarrel is no news of one, and who is held back from a deed does not do it
                before = f"{field.what} " if field.what in ("news", "deed") else ""
                for word, code in listed.get(field.what, ()):
                    carries = Coded(kind.kind, field.column, code)
                    self._learn(before + _plain(word), Meaning(coded=frozenset([carries])))

    def _learn_places(self, settings: Settings) -> None:
        """Learn places and venues, each by name and by kind."""
        town_map = map_of(settings)
        for number, (name, place) in enumerate(zip(place_names(town_map), town_map.places, strict=True)):
            venue = town_map.venues[place.venue]
            for word in (name, place.kind, venue.name, venue.kind):
                self._learn(_plain(word), Meaning(places=frozenset([number])))


def _plain(words: str) -> str:
    """Words in the form that is compared: lower case, single spaces, no brackets, commas or underscores."""
    return " ".join(re.sub(r"[_(),]", " ", words.lower()).split())


def _table(numbers: frozenset[int], size: int) -> np.ndarray:
    """bool[size + 1]: True at these numbers; the last element is always False."""
    table = np.zeros(size + 1, bool)
    table[list(numbers)] = True
    return table
