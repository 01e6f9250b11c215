"""Commands to a town from outside. Each is recorded as an event, like everything that the rules do.

Their rows stay in the town's outbox, before the rows of the next tick, until `Town.live` or `Town.take_rows` takes
them.
"""

import numpy as np

from eventlog.catalogue.registries import Dimension
from eventlog.codes import (
    POWER_FAILED,
    POWER_RESTORED,
    SETTINGS_CHANGED,
    TELEPORTED,
    TIE_SET,
    WATER_FAILED,
    WATER_RESTORED,
)
from projections.kernel import entry
from projections.recorders.console import record_settings_changed
from projections.recorders.movement import record_teleported
from projections.recorders.social import record_tie_set
from projections.recorders.time import (
    record_power_failed,
    record_power_restored,
    record_water_failed,
    record_water_restored,
)
from townlet.errors import OutboxFull, TownletError
from townlet.living.town import Town

NONE = -1
MAINS = {"power": (POWER_FAILED, POWER_RESTORED), "water": (WATER_FAILED, WATER_RESTORED)}


@entry
def command(towns, plans, index, kind, a, b, tile, code, value):
    """Record one command under the present settings. It checks nothing; `Driver` does."""
    town = towns[index]
    plan = plans[town.clock.epoch]
    if kind == TELEPORTED:
        record_teleported(town, plan, a, town.agents[a].holds, tile)
    elif kind == POWER_FAILED:
        record_power_failed(town, plan)
    elif kind == POWER_RESTORED:
        record_power_restored(town, plan, town.clock.power_seq)
    elif kind == WATER_FAILED:
        record_water_failed(town, plan)
    elif kind == WATER_RESTORED:
        record_water_restored(town, plan, town.clock.water_seq)
    elif kind == TIE_SET:
        record_tie_set(town, plan, a, b, code, value)
    elif kind == SETTINGS_CHANGED:
        record_settings_changed(town, plan, code)


class Driver:
    """Commands to one living town. Each is checked before it is recorded; an impossible one raises TownletError."""

    def __init__(self, town: Town) -> None:
        self.town = town

    def teleport(self, seat: int, tile: int) -> None:
        """Put the person of `seat` on a free, walkable tile. What the person held, queued for or did ends."""
        self._require_alive(seat)
        if not self.is_free(tile):
            raise TownletError(f"nobody can be put on tile {tile}: it is not a free, walkable tile of the map")
        self._record(TELEPORTED, a=seat, tile=tile)

    def is_free(self, tile: int) -> bool:
        """Whether a tile is walkable and nobody stands on it."""
        walkable = self.town.plans["layout"]["walkable"][self.town.record["clock"]["epoch"]]
        return 0 <= tile < len(walkable) and bool(walkable[tile]) and self.town.record["ground"][tile] == 0

    def switch(self, main: str, works: bool) -> None:
        """Let the `power` or the `water` of the whole town come back (`works`) or fail."""
        if main not in MAINS:
            raise TownletError(f"{main!r} is not one of the town's mains: {', '.join(MAINS)}")
        if bool(self.town.record["clock"][main]) == works:
            raise TownletError(f"the {main} {'works' if works else 'has failed'} already")
        self._record(MAINS[main][works])

    def set_tie(self, owner: int, other: int, dimension: Dimension, value: float) -> None:
        """Set a dimension of the tie from seat `owner` to seat `other` to a value in [-1, 1], kept as float32."""
        if dimension not in Dimension.__members__.values():
            sides = ", ".join(side.name.lower() for side in Dimension)
            raise TownletError(f"{dimension!r} is not a dimension of a tie: there are {sides}")
        self._require_alive(owner)
        self._require_alive(other)
        if owner == other:
            raise TownletError(f"who sits in seat {owner} has no tie to itself")
        if not -1.0 <= value <= 1.0:
            raise TownletError(f"{Dimension(dimension).name.lower()} must lie in [-1, 1], and {value} does not")
        self._record(TIE_SET, a=owner, b=other, code=int(dimension), value=value)

    def change_settings(self, epoch: int) -> None:
        """Let the town live on under the settings of epoch number `epoch`, counted from 0."""
        if not 0 <= epoch < len(self.town.plans):
            raise TownletError(f"there is no epoch {epoch}: the town has {len(self.town.plans)}, counted from 0")
        now = int(self.town.record["clock"]["epoch"])
        before, after = (int(self.town.plans["social"]["capacity"][each]) for each in (now, epoch))
        if after < before:
            raise TownletError(f"relationships.capacity cannot fall from {before} to {after}: ties would have no place")
        self._record(SETTINGS_CHANGED, code=epoch)

    def _require_alive(self, seat: int) -> None:
        agents = self.town.record["agents"]
        if not (0 <= seat < len(agents) and agents["alive"][seat]):
            raise TownletError(f"nobody sits in seat {seat}")

    def _record(
        self, kind: np.int64, a: int = NONE, b: int = NONE, tile: int = NONE, code: int = NONE, value: float = 0.0
    ) -> None:
        town = self.town
        if int(town.record["cursor"]["pending"]) + town.reserve >= town.shape.rows:
            raise OutboxFull(f"too many commands at tick {town.tick}: let the town live on before the next one")
        command(town.towns, town.plans, 0, kind, a, b, tile, code, value)
