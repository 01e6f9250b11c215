"""A stage for rules: a real town on which a test calls one rule at a time, in plain Python.

Compiled rules can only be called by rules. Here the same sources are imported once more, uncompiled. A test puts a town
into a state by recorded events only, calls a rule, and reads what was recorded.
"""

import importlib
import inspect
import sys
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

import numba
import numpy as np

from eventlog.catalogue import KINDS
from eventlog.catalogue.registries import Dimension, Option
from tests.townlet.towns import default_settings, town_of
from townlet.configuration.load import load
from townlet.configuration.settings import Settings
from townlet.living.town import Town

KERNELS = ("townlet.rules", "projections.record", "projections.town", "projections.recorders")
NAMES = {int(kind.kind): kind.snake() for kind in KINDS}
SEED = 7


@cache
def plain(name: str) -> Any:
    """A module of kernels, such as `townlet.rules.work`, uncompiled, and so are all those that it calls."""
    return _uncompiled()(name)


@cache
def _uncompiled() -> Any:
    """What imports uncompiled modules, each once."""
    made: dict[str, ModuleType] = {}

    def fetch(name: str) -> ModuleType:
        mine = [each for each in sys.modules if each.startswith(KERNELS)]
        kept = {each: sys.modules.pop(each) for each in mine}
        before = numba.config.DISABLE_JIT  # type: ignore[attr-defined]
        sys.modules.update(made)
        numba.config.DISABLE_JIT = True  # type: ignore[attr-defined]
        try:
            return importlib.import_module(name)
        finally:
            numba.config.DISABLE_JIT = before  # type: ignore[attr-defined]
            made.update({each: sys.modules.pop(each) for each in list(sys.modules) if each.startswith(KERNELS)})
            sys.modules.update(kept)

    return fetch


@cache
def settings_of(overrides: tuple[tuple[str, Any], ...]) -> Settings:
    """The default town's settings with some keys changed."""
    return load(None, dict(overrides)).settings if overrides else default_settings()


class Stage:
    """A founded town after so many ticks of its own life. Attributes of a seat are read and never written."""

    def __init__(self, overrides: Mapping[str, Any] | None = None, ticks: int = 0) -> None:
        pairs = tuple((key, _hashable(value)) for key, value in (overrides or {}).items())
        self.life: Town = town_of(settings_of(pairs))
        self.life.found(SEED)
        for _ in self.life.live(ticks):
            pass
        self.town: Any = self.life.towns[0]
        self.plan: Any = self.life.plans[0]

    def agent(self, seat: int) -> Any:
        """Who sits in a seat."""
        return self.town.agents[seat]

    def call(self, module: str, rule: str, *arguments: Any) -> Any:
        """Let one rule decide, with town and plan where it takes them; whole numbers go in as kernels have them."""
        function = getattr(plain(f"townlet.rules.{module}"), rule)
        given = {"town": self.town, "plan": self.plan}
        before = [given[name] for name in inspect.signature(function).parameters if name in given]
        numbers = [np.int64(each) if isinstance(each, int) else each for each in arguments]
        return function(*before, *numbers)

    def record(self, word: str, kind: str, *arguments: Any) -> int:
        """Record one event by hand; gives its number. Without its last argument, the cause, it has none."""
        recorder = getattr(plain(f"projections.recorders.{word}"), f"record_{kind}")
        numbers = [np.int64(each) if isinstance(each, int) else each for each in arguments]
        if len(numbers) + len(("town", "plan", "cause")) == len(inspect.signature(recorder).parameters):
            numbers.append(np.int64(-1))  # the last of a recorder's arguments is the cause, which may be none
        return int(recorder(self.town, self.plan, *numbers))

    def rows(self) -> np.ndarray:
        """What was recorded since the last time."""
        return self.life.take_rows()

    def kinds(self) -> list[str]:
        """The kinds of what was recorded since the last time."""
        return [NAMES[int(kind)] for kind in self.rows()["kind"]]

    def at(self, minute: int, day: int = 0) -> "Stage":
        """The same town at a minute of a day. Only the clock is set, and it is all that is set by hand."""
        self.town.clock.tick = day * int(self.plan.life.ticks_per_day) + minute
        return self

    def pass_ticks(self, ticks: int) -> None:
        """Minutes in which nobody does anything else than they do."""
        for _ in range(ticks):
            self.record("time", "tick_ended")

    def put(self, seat: int, tile: int) -> None:
        """Somebody stands on another tile, by a teleport; what it held or did is over."""
        self.record("movement", "teleported", seat, int(self.agent(seat).holds), tile)

    def seat_at(self, seat: int, place: int) -> None:
        """Somebody holds a place and stands on it."""
        self.put(seat, int(self.plan.layout.place[place].tile))
        self.record("queues", "reservation_granted", seat, place, -1)

    def busy(self, seat: int, place: int, ticks: int = 60) -> None:
        """Somebody uses a place from now on."""
        self.seat_at(seat, place)
        code = int(self.plan.layout.place[place].affordance)
        self.record("needs", "affordance_started", seat, place, code, float(ticks), 0.0, -1)

    def tie(self, owner: int, other: int, **sides: float) -> None:
        """What one feels for another."""
        for name, value in sides.items():
            self.record("social", "tie_set", owner, other, int(Dimension[name.upper()]), float(value))

    def places(self, option: Option, venue: str = "") -> list[int]:
        """The places that serve an option, in a venue of this kind where one is named."""
        names = [each["kind"] for each in self.life.settings[0].map_content["venues"]]
        found = []
        for o in range(int(self.town.clock.objects)):
            place = self.plan.layout.place[o]
            serves = self.plan.affordances[place.affordance].option == int(option)
            if serves and (not venue or names[int(place.venue)] == venue):
                found.append(o)
        return found

    def free_tiles(self) -> list[int]:
        """Tiles on which anybody could be put: walkable, out of doors, nobody's place."""
        layout, tiles = self.plan.layout, range(len(self.plan.layout.walkable))
        outside = [tile for tile in tiles if layout.walkable[tile] and layout.room[tile] < 0]
        return [tile for tile in outside if not layout.seated[tile] and self.town.ground[tile] == 0]

    def worker(self, minute: int | None = None) -> int:
        """Somebody with a job; with the shift that begins at `minute` where one is given."""
        for seat in range(int(self.town.clock.seats)):
            job = int(self.agent(seat).job)
            if job >= 0 and (minute is None or int(self.plan.jobs[job].start) == minute):
                return seat
        raise AssertionError("nobody has such a job")


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def columns(rows: np.ndarray, kind: str) -> np.ndarray:
    """The rows of one kind."""
    return rows[[NAMES[int(each)] == kind for each in rows["kind"]]]
