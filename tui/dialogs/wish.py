"""Reads the form of a fork: its tick, its name, its seed and settings, and how long it lives."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from eventlog.places import is_uri
from projections.spelling import near_names
from townlet.configuration.keys import setting_keys
from townlet.errors import QueryError
from tui.times import tick_meant, ticks_meant

HOLDS_BACK: Final = {
    ("queue_conflict", "ghost"): "queues.ghost_after=100",
    ("queue_conflict", "barred"): "queues.barred_chance=0",
    ("queue_conflict", "cut"): "queues.cut_chance=0 queues.cut_rivalry=0",
    ("queue_conflict", "block"): "queues.block_chance=0 queues.block_rivalry=0",
    ("queue_conflict", "portion"): "queues.portion_quarrels=false",
    ("queue_conflict", "promise"): "queues.promise_quarrels=false",
}
"""The settings that keep an event from happening, by its kind and its reason."""


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
    """The fork that the user wants. `settings` are pairs of a key and the text of its value."""

    tick: int
    into: str
    seed: int | None
    settings: tuple[tuple[str, str], ...]
    ticks: int

    def arguments(self, run: str) -> list[str]:
        """The arguments of the `townlet` command that makes the same fork."""
        words = ["fork", run, "--at-tick", str(self.tick), "--into", self.into]
        if self.seed is not None:
            words += ["--seed", str(self.seed)]
        for key, value in self.settings:
            words += ["--set", f"{key}={value}"]
        return [*words, "--ticks", str(self.ticks)]


def free_name(run: str, tick: int) -> str:
    """A name for the fork that no folder beside the run has yet."""
    path = Path(run)
    name, number = f"{path.name}-fork-{tick}", 1
    while (path.parent / (name if number == 1 else f"{name}-{number}")).exists():
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
    beside = Path("runs") if is_uri(fields.run) else Path(fields.run).parent
    return Wish(
        tick_meant(text["at"], fields.tick, fields.head, fields.ticks_per_day),
        text["name"] if "/" in text["name"] else str(beside / text["name"]),
        int(text["seed"]) if text["seed"] and int(text["seed"]) != fields.seed else None,
        settings_meant(text["settings"]),
        ticks_meant(text["ticks"], fields.ticks_per_day),
    )
