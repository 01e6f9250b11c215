"""The form of a fork: its fields, how they are read, and what is said of the fork that they describe."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from eventlog.places import is_uri
from projections.spelling import near_names
from townlet.configuration.keys import setting_keys
from townlet.daytime import time_of
from townlet.errors import QueryError
from townlet.serving.replicas import is_replica
from tui.times import tick_meant, ticks_meant

if TYPE_CHECKING:
    from tui.asking import Holding, Origin

FIELDS: Final = {"at": "At", "name": "Name", "seed": "Seed", "settings": "Settings", "ticks": "Live on"}
HINTS: Final = {
    "name": "a folder's name, beside this run",
    "seed": "another seed, another future; empty: the same as it was",
    "settings": "key=value key=value ..., such as needs.faint_at=0.02",
    "ticks": "ticks, or 12h, or 3d",
}
SAME: Final = "Same seed, no settings: it will live exactly as this run did."
OTHER: Final = "The same up to there; then another future."

CAN_BE: Final = "It can be held back: "


class FieldsOfFork(NamedTuple):
    """What the form begins with. `event` is the event that the fork comes before (None: none), `head` the run's last
    tick."""

    run: str
    tick: int
    event: int | None
    seed: int
    head: int
    ticks_per_day: int


class Wish(NamedTuple):
    """The fork that the user wants. `settings` are pairs of a key and the text of its value.

    `without` is the number of the event that is held back (None: none), `held` for how many ticks (None: for as long as
    its kind says).
    """

    tick: int
    into: str
    seed: int | None
    settings: tuple[tuple[str, str], ...]
    ticks: int
    without: int | None = None
    held: int | None = None

    def arguments(self, run: str) -> list[str]:
        """The arguments of the `townlet` command that makes the same fork."""
        words = ["fork", run, "--at-tick", str(self.tick), "--into", self.into]
        if self.seed is not None:
            words += ["--seed", str(self.seed)]
        for key, value in self.settings:
            words += ["--set", f"{key}={value}"]
        if self.without is not None:
            words += ["--without", str(self.without)]
        if self.held is not None:
            words += ["--for", str(self.held)]
        return [*words, "--ticks", str(self.ticks)]


def free_name(run: str, tick: int) -> str:
    """A name for the fork that no folder beside the run has yet."""
    beside, name, number = folder_beside(run), f"{Path(run).name}-fork-{tick}", 1
    while (beside / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return name if number == 1 else f"{name}-{number}"


def settings_meant(written: str) -> tuple[tuple[str, str], ...]:
    """The pairs of `key=value key=value`; a value with a space in it stands in quotes. Raises QueryError."""
    try:
        pairs = shlex.split(written)
    except ValueError:
        raise QueryError(f"Settings: a quote is not closed in {written!r}") from None
    found = []
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key or not value:
            near = near_names(key, setting_keys(), 1)
            meant = f"; did you mean {near[0]}=...?" if near else ""
            raise QueryError(f"Settings: {pair!r} is not key=value, such as needs.faint_at=0.02{meant}")
        found.append((key, value))
    return tuple(found)


def read_wish(fields: FieldsOfFork, text: Mapping[str, str]) -> Wish:
    """The fork that a filled form describes. `text` has the fields `at`, `name`, `seed`, `settings` and `ticks`.

    An empty seed and the run's own seed both mean: no other seed. Raises QueryError for a field that cannot be used.
    """
    if text["seed"] and not (text["seed"].isdecimal() and int(text["seed"]) < 2**64):
        raise QueryError(f"Seed: {text['seed']!r} is none; it is a whole number from 0 to 2**64 - 1")
    if not text["name"]:
        raise QueryError("Name: it is empty; name the new run")
    beside = folder_beside(fields.run)
    return Wish(
        tick_meant(text["at"], fields.tick, fields.head, fields.ticks_per_day),
        text["name"] if "/" in text["name"] else str(beside / text["name"]),
        int(text["seed"]) if text["seed"] and int(text["seed"]) != fields.seed else None,
        settings_meant(text["settings"]),
        ticks_meant(text["ticks"], fields.ticks_per_day),
    )


def folder_beside(run: str) -> Path:
    """The folder for new runs of a run's town: beside it, or `runs` where it is elsewhere."""
    return Path("runs") if is_uri(run) or is_replica(run) else Path(run).parent


def where_words(fields: FieldsOfFork, tick: int, origin: "Origin | None") -> str:
    """From which moment a fork at a tick begins, and where the event comes from that it is before (None: not known)."""
    said = f"From the moment before {time_of(tick, fields.ticks_per_day)}, tick {tick:,}."
    if origin is None:
        return said
    said = f"{said}\nBefore: {origin.line.said}"
    if (first := origin.first) is not None and tick > first.tick:
        began = f"{time_of(first.tick, fields.ticks_per_day)}, tick {first.tick:,}"
        said += f"\nIts cause is older, and may lead to it again: {first.kind.replace('_', ' ')} of {began}."
    return said


def wish_words(wish: Wish, run: str, holding: "Holding | None", held: str) -> Iterator[str]:
    """What a wished fork will be, and the command that makes it. `held` says what is held back in it.

    `holding` says whether the event can be held back that the fork comes before (None: there is none).
    """
    if wish.without is not None:
        yield held
    elif holding is not None:
        yield holding.words if holding.tick is None else CAN_BE + holding.words
    is_same = wish.seed is None and not wish.settings and wish.without is None
    yield SAME if is_same else OTHER
    yield "$ " + shlex.join(["townlet", *wish.arguments(run)])
