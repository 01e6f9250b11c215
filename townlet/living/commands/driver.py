"""A hand in one living town: whatever it changes is recorded as an event, like everything that the rules do.

What can be changed is decided in `townlet/rules/console.py`. Rows stay in the town's outbox, before those of the next
tick, until the town lives on or is drained. `door.py` takes commands that are themselves recorded.
"""

from typing import NamedTuple

import numpy as np

from eventlog.catalogue.registries import Deed, Dimension
from eventlog.codes import RESTRAINED, SETTINGS_CHANGED, TELEPORTED, TIE_SET
from townlet.errors import OutboxFull, TownletError
from townlet.living.town import Town
from townlet.rules import console

NONE = -1


class Driver:
    """Commands to one living town. Each is checked before it is recorded; an impossible one raises TownletError."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def teleport(self, seat: int, tile: int) -> None:
        """Put the person of `seat` on a free, walkable tile. What the person held, queued for or did ends."""
        _require(console.against_teleport(self.town.record, self.town.plans, seat, tile))
        self._record(TELEPORTED, a=seat, tile=tile)

    def is_free(self, tile: int) -> bool:
        """Whether a tile is walkable and nobody stands on it."""
        return console.is_free(self.town.record, self.town.plans, tile)

    def switch(self, main: str, works: bool) -> None:
        """Let the `power` or the `water` of the whole town come back (`works`) or fail."""
        _require(console.against_switch(self.town.record, main, works))
        self._record(console.MAINS[main][works])

    def set_tie(self, owner: int, other: int, dimension: Dimension, value: float) -> None:
        """Give one side of the directed tie from seat `owner` to seat `other` a value in [-1, 1], kept as float32."""
        _require(console.against_tie(self.town.record, owner, other, dimension, value))
        self._record(TIE_SET, a=owner, b=other, code=int(dimension), value=value)

    def restrain(self, seat: int, deed: Deed, towards: int, ticks: int) -> None:
        """Hold a person back from a deed for `ticks` ticks, the present one included; 0 ends this restraint.

        `towards` is the seat of the person towards whom it holds; -1: everybody. A chat and a shared meal are held back
        for both of the two. A person has 8 restraints at most: one more takes the place of the one that ends first.
        """
        _require(console.against_restraint(self.town.record, seat, deed, towards, ticks))
        self._record(RESTRAINED, a=seat, b=towards, code=int(deed), value=float(ticks))

    def change_settings(self, epoch: int) -> None:
        """Let the town live on under the settings of another epoch."""
        _require(console.against_settings(self.town.record, self.town.plans, epoch))
        self._record(SETTINGS_CHANGED, code=epoch)

    def _record(
        self, kind: np.int64, a: int = NONE, b: int = NONE, tile: int = NONE, code: int = NONE, value: float = 0.0
    ) -> None:
        record_effect(self.town, Effect(kind, a, b, tile, code, value=value), NONE)


class Effect(NamedTuple):
    """An event that a command leads to: its kind and columns, and its note. `a` and `b` are seats."""

    kind: np.int64
    a: int = NONE
    b: int = NONE
    tile: int = NONE
    code: int = NONE
    code2: int = NONE
    value: float = 0.0
    note: str = ""
    object: int = NONE


def record_effect(town: Town, effect: Effect, cause: int) -> int:
    """Record an event before those of the next tick; returns its seq. `cause` is the seq of the command's event, or -1.

    Raises OutboxFull, and then nothing is recorded.
    """
    require_room(town)
    seq = town.seq
    columns = (effect.a, effect.b, effect.object, effect.tile, effect.code, effect.code2, effect.value)
    console.command(town.towns, town.plans, 0, effect.kind, *columns, cause)
    if effect.note:
        town.notes[seq] = effect.note
    return seq


def require_room(town: Town, rows: int = 1) -> None:
    """Raises OutboxFull unless so many events can be recorded before those of the next tick."""
    if int(town.record["cursor"]["pending"]) + rows - 1 + town.reserve >= town.shape.rows:
        raise OutboxFull(f"too many commands at tick {town.tick}: let the town live on before the next one")


def _require(objection: str) -> None:
    """Raises TownletError where there is an objection."""
    if objection:
        raise TownletError(objection)
