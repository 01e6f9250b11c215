"""Commands by chance, of every kind: what a session gives a town that is to bear anything that an operator may do.

Each command is a pure function of a seed, its number, and the town to which it is given.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue.registries import Issuer
from townlet.configuration.load import person_name
from townlet.configuration.plans import map_of
from townlet.living.commands.effects import Refused, effects_of
from townlet.living.commands.session import CommandSource, Order, Session
from townlet.living.commands.typed import NAMES, Command, read_command
from townlet.living.commands.written import FIELDS, TYPES, choices, names_person
from townlet.living.town import Town
from townlet.rules.draw import word_of

AS_IT_COMES: Final = 5
"""Of so many commands, one is given as it was drawn; the others are drawn anew if the town cannot follow them."""

TRIES: Final = 40
"""How often a command is drawn anew at most, with other people, places and numbers."""

TICKS_MOST: Final = 720
"""The longest time that a command says, in ticks."""

EXITS_MOST: Final = 3
"""The highest limit of departures a day that is drawn."""

ISSUERS: Final = (*[Issuer.OPERATOR] * 5, Issuer.LOCAL, Issuer.ADMIN, Issuer.TRIAL, Issuer.VIEWER)
"""Who gives the commands; each place is as likely as another."""

NUMBERS: Final[Mapping[str, tuple[float, float]]] = {"value": (-0.1, 1.0), "price": (-0.1, 6.0)}
"""By field, the least and the most of the numbers that are drawn: a few are out of range."""


class DrawnSession(Session):
    """A session in which `count` drawn commands are given in the first `ticks` ticks of a town's life.

    A town that is past some of them gets the later ones only, so it may be saved and resumed at any tick. `events` are
    given first.
    """

    def __init__(self, town: Town, seed: int, count: int, ticks: int, events: CommandSource | None = None) -> None:
        super().__init__(town, ())
        self.events = events
        self._seed = seed
        self._coming = [each for each in drawn_ticks(seed, count, ticks) if each[0] >= town.tick]

    def give_due(self) -> None:
        """Give the city events of this tick, then every drawn command whose tick has come. Raises OutboxFull."""
        super().give_due()
        while self._coming and self._coming[0][0] <= self._town.tick:
            self.give(drawn_order(self._seed, self._coming[0][1], self._town))
            del self._coming[0]

    def next_stop(self, until: int) -> int:
        """The tick of the next command or event, if it is before `until`; else `until`."""
        stop = super().next_stop(until)
        return min(stop, self._coming[0][0]) if self._coming else stop


def drawn_ticks(seed: int, count: int, ticks: int) -> list[tuple[int, int]]:
    """The ticks of `count` commands, each as likely from 0 to `ticks` - 1, with the commands' numbers; in order."""
    return sorted((word_of(seed, "commands", number) % ticks, number) for number in range(count))


def drawn_order(seed: int, number: int, town: Town) -> Order:
    """Command `number` for a town now, of any kind, each as likely. Most are such that the town can follow them."""
    words = _Words(seed, number)
    name, issuer, scene = words.one_of(NAMES), words.one_of(ISSUERS), _scene_of(town)
    tries = 1 if words.below(AS_IT_COMES) == 0 else TRIES
    command = _drawn(words, name, number, scene)
    for _ in range(tries - 1):
        if _can_follow(town, command, issuer):
            break
        command = _drawn(words, name, number, scene)
    return Order(town.tick, command, issuer)


def living_names(town: Town) -> list[str]:
    """The names of those who live in the town, in the order of seats."""
    agents = town.record["agents"]
    return [person_name(town.settings[0], int(person)) for person in agents["person"][np.flatnonzero(agents["alive"])]]


class _Scene(NamedTuple):
    """What a command can name: people, venues and kinds of venues, and rows and columns of the map below `side`."""

    people: Sequence[str]
    venues: Sequence[str]
    side: int


def _scene_of(town: Town) -> _Scene:
    venues = dict.fromkeys(word for venue in map_of(town.settings[0]).venues for word in (venue.name, venue.kind))
    return _Scene([*living_names(town), "nobody"], list(venues), town.shape.side)


def _can_follow(town: Town, command: Command, issuer: Issuer) -> bool:
    try:
        return bool(effects_of(town, command, issuer))
    except Refused:
        return False


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


def _drawn(words: _Words, name: str, number: int, scene: _Scene) -> Command:
    """A command of this name; every field that may be left out is left out half of the time."""
    fields = [field for field in FIELDS[name] if TYPES[name].model_fields[field].is_required() or words.below(2)]
    values = {field: _value(words, name, field, scene) for field in fields}
    return read_command({"command": name, "cmd_id": f"drawn-{number}", **values})


def _value(words: _Words, name: str, field: str, scene: _Scene) -> Any:
    """A value for a field of a command."""
    if names_person(name, field):
        return words.one_of(scene.people)
    if known := choices(name, field):
        return words.one_of((True, False) if known == ("true", "false") else known)
    if field in NUMBERS:
        least, most = NUMBERS[field]
        return words.between(-1.1 if name == "set_rel" else least, most)
    if field == "venue":
        return words.one_of(scene.venues)
    if field == "text":
        return f"drawn words {words.below(1000)}"
    least = -1 if field in ("ticks", "exits") else 0
    most = {"row": scene.side, "column": scene.side, "exits": EXITS_MOST}.get(field, TICKS_MOST)
    return least + words.below(most - least + 1)
