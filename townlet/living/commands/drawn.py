"""Commands by chance, of every kind: what a session gives a town that is to bear anything that an operator may do.

Each command is a pure function of a seed, its number, and the people who live in the town when it is given.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from eventlog.catalogue.registries import Issuer
from townlet.configuration.load import person_name
from townlet.configuration.plans import map_of
from townlet.living.commands.session import Giver, Order, Session
from townlet.living.commands.typed import NAMES, Command, read_command
from townlet.living.commands.written import FIELDS, TYPES, choices, names_person
from townlet.living.town import Town
from townlet.rules.draw import word_of

FAULTY: Final = 20
"""One value in so many is one that no town can follow: a stranger, a place off the map, a number out of range."""

TICKS_MOST: Final = 720
"""The longest time that a command says, in ticks."""

EXITS_MOST: Final = 3
"""The highest limit of departures a day that is drawn."""

ISSUERS: Final = (*[Issuer.OPERATOR] * 5, Issuer.LOCAL, Issuer.ADMIN, Issuer.TRIAL, Issuer.VIEWER)
"""Who gives the commands; each place is as likely as another."""

NUMBERS: Final[Mapping[str, tuple[float, float]]] = {"value": (0.0, 1.0), "price": (0.2, 6.0)}
"""By field, the least and the most of the numbers that are drawn."""

WRONG: Final[Mapping[str, Any]] = {
    "value": 1.5,
    "price": -1.0,
    "venue": "nowhere",
    "row": -1,
    "column": -1,
    "ticks": -1,
    "exits": -1,
}
"""By field, a value that is rejected."""


class DrawnSession(Session):
    """A session in which `count` drawn commands are given in the first `ticks` ticks of a town's life.

    A town that is past some of them gets the later ones only, so it may be saved and resumed at any tick. `events` are
    given first.
    """

    def __init__(self, town: Town, seed: int, count: int, ticks: int, events: Giver | None = None) -> None:
        super().__init__(town, ())
        self.events = events
        self._seed = seed
        self._coming = [each for each in drawn_ticks(seed, count, ticks) if each[0] >= town.tick]
        self._venues = tuple(dict.fromkeys(name for each in map_of(town.settings[0]).venues for name in each[:2]))

    def give_due(self) -> None:
        """Give the city events of this tick, then every drawn command whose tick has come. Raises OutboxFull."""
        super().give_due()
        while self._coming and self._coming[0][0] <= self._town.tick:
            tick, number = self._coming.pop(0)
            people = living_names(self._town)
            command = drawn_command(self._seed, number, people, self._venues, self._town.shape.side)
            issuer = ISSUERS[word_of(self._seed, f"command {number}", 0) % len(ISSUERS)]
            self.give(Order(tick, command, issuer))

    def next_stop(self, until: int) -> int:
        """The tick of the next command or event, if it is before `until`; else `until`."""
        stop = super().next_stop(until)
        return min(stop, self._coming[0][0]) if self._coming else stop


def drawn_ticks(seed: int, count: int, ticks: int) -> list[tuple[int, int]]:
    """The ticks of `count` commands, each as likely from 0 to `ticks` - 1, with the commands' numbers; in order."""
    return sorted((word_of(seed, "commands", number) % ticks, number) for number in range(count))


def drawn_command(seed: int, number: int, people: Sequence[str], venues: Sequence[str], side: int) -> Command:
    """A command of any kind; each kind is as likely. `people` live in the town, `side` is the length of the map's."""
    words = _Words(seed, number)
    name = words.one_of(NAMES)
    content: dict[str, Any] = {"command": name, "cmd_id": f"drawn-{number}"}
    for field in FIELDS[name]:
        if TYPES[name].model_fields[field].is_required() or words.below(2):
            content[field] = _value(words, name, field, people, venues, side)
    return read_command(content)


def living_names(town: Town) -> list[str]:
    """The names of those who live in the town, in the order of seats."""
    agents = town.record["agents"]
    return [person_name(town.settings[0], int(person)) for person in agents["person"][np.flatnonzero(agents["alive"])]]


class _Words:
    """The words of one command, one after another."""

    def __init__(self, seed: int, number: int) -> None:
        self._seed, self._stream, self._index = seed, f"command {number}", 0

    def below(self, most: int) -> int:
        self._index += 1
        return word_of(self._seed, self._stream, self._index) % most

    def one_of(self, values: Sequence[Any]) -> Any:
        return values[self.below(len(values))]

    def between(self, least: float, most: float) -> float:
        return round(least + self.below(1001) / 1000 * (most - least), 4)


def _value(words: _Words, name: str, field: str, people: Sequence[str], venues: Sequence[str], side: int) -> Any:
    """A value for a field of a command."""
    if words.below(FAULTY) == 0 and field in WRONG:
        return WRONG[field]
    if names_person(name, field):
        return words.one_of(people) if people and words.below(FAULTY) else "nobody"
    if known := choices(name, field):
        word = words.one_of(known)
        return word == "true" if known == ("true", "false") else word
    if field in NUMBERS:
        least = -1.0 if name == "set_rel" else NUMBERS[field][0]
        return words.between(least, NUMBERS[field][1])
    if field == "venue":
        return words.one_of(venues)
    if field == "text":
        return f"drawn words {words.below(1000)}"
    return words.below({"row": side, "column": side, "exits": EXITS_MOST + 1}.get(field, TICKS_MOST + 1))
