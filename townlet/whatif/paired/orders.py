"""Reads the commands of an intervention as a person writes them: `power off`, `set_tie alice bob rivalry 0.5`."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from eventlog.catalogue.registries import SIDES, Deed, Dimension
from projections.spelling import proposal
from townlet.configuration.load import person_name
from townlet.errors import QueryError
from townlet.rules.console import MAINS
from townlet.whatif.paired.holding_back import HoldBack
from townlet.whatif.paired.treatments import NOBODY, Intervention, SetTie, SwitchMain, Teleport, Treatment

if TYPE_CHECKING:
    from townlet.history.history import History
    from townlet.living.town import Town

USAGES: Final = (
    "teleport NAME ROW COLUMN",
    "power off|on",
    "water off|on",
    "set_tie OWNER OTHER SIDE VALUE",
    "restrain NAME DEED TICKS [TOWARDS]",
)
"""How each command is written."""

Order = Callable[["Town", Sequence[str]], tuple[Treatment, tuple[int, int]]]
"""Reads the words of a command; returns it, and the numbers of the people whom it is about (-1: nobody)."""


def commanded(
    run: "History", at: int, orders: Sequence[str], overrides: Mapping[str, object]
) -> Intervention:  # fmt: skip
    """The intervention of these commands and settings at tick `at`. Raises QueryError, TickOutOfRange, LogDamaged."""
    run.require(at)
    town = run.at(at).town
    read = [order(town, text) for text in orders]
    pairs = [pair for _, pair in read if pair[0] != NOBODY]
    settings = [f"{key} = {value}" for key, value in overrides.items()]
    return Intervention(
        at,
        treatments=tuple(treatment for treatment, _ in read),
        overrides=overrides,
        pair=pairs[0] if pairs else (NOBODY, NOBODY),
        words=(*(f"Command: {text.strip()}." for text in orders), *(f"Setting: {each}." for each in settings)),
    )


def order(town: "Town", text: str) -> tuple[Treatment, tuple[int, int]]:
    """The command that a text gives to a town. Raises QueryError, which says how commands are written."""
    name, *words = text.split() or [""]
    if name not in ORDERS:
        raise QueryError(f"there is no command {name!r}; {proposal(name, ORDERS)}\n  Commands: {'; '.join(USAGES)}")
    try:
        return ORDERS[name](town, words if name not in MAINS else [name, *words])
    except ValueError as error:
        usage = next(each for each in USAGES if each.startswith(name))
        raise QueryError(f"{text!r} is not written as: {usage}") from error


def _teleport(town: "Town", words: Sequence[str]) -> tuple[Treatment, tuple[int, int]]:
    name, row, column = words
    seat, person = _person(town, name)
    return Teleport(seat, int(row) * town.shape.side + int(column)), (person, NOBODY)


def _switch(town: "Town", words: Sequence[str]) -> tuple[Treatment, tuple[int, int]]:
    main, state = words
    if state not in ("on", "off"):
        raise ValueError(state)
    return SwitchMain(main, state == "on"), (NOBODY, NOBODY)


def _set_tie(town: "Town", words: Sequence[str]) -> tuple[Treatment, tuple[int, int]]:
    owner, other, side, value = words
    if side not in SIDES:
        raise QueryError(f"there is no side {side!r} of a tie; {proposal(side, SIDES)}")
    (a, one), (b, two) = _person(town, owner), _person(town, other)
    return SetTie(a, b, Dimension[side.upper()], float(value)), (one, two)


def _restrain(town: "Town", words: Sequence[str]) -> tuple[Treatment, tuple[int, int]]:
    name, deed, ticks, *others = words
    if len(others) > 1:
        raise ValueError(others)
    deeds = {each.name.lower(): each for each in Deed}
    if deed not in deeds:
        raise QueryError(f"nobody can be held back from {deed!r}; {proposal(deed, deeds)}")
    seat, person = _person(town, name)
    towards, other = _person(town, others[0]) if others else (NOBODY, NOBODY)
    return HoldBack(seat, deeds[deed], towards, int(ticks)), (person, other)


def _person(town: "Town", name: str) -> tuple[int, int]:
    """The seat and the number of a living person. Raises QueryError with the nearest name."""
    agents = town.record["agents"]
    living = {
        person_name(town.settings[0], int(agents["person"][seat])): int(seat)
        for seat in np.flatnonzero(agents["alive"] == 1)
    }
    if name.lower() not in living:
        raise QueryError(f"nobody called {name!r} lives here at tick {town.tick:,}; {proposal(name, living, 3)}")
    return living[name.lower()], int(agents["person"][living[name.lower()]])


ORDERS: Final[Mapping[str, Order]] = {
    "teleport": _teleport,
    "power": _switch,
    "water": _switch,
    "set_tie": _set_tie,
    "restrain": _restrain,
}
"""The commands, by name."""
