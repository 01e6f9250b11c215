"""Commands from outside the town: whether a command is possible now, and the event that it records."""

from typing import Any

import numpy as np

from eventlog.catalogue.registries import Deed, Dimension
from eventlog.codes import (
    POWER_FAILED,
    POWER_RESTORED,
    RESTRAINED,
    SETTINGS_CHANGED,
    TELEPORTED,
    TIE_SET,
    WATER_FAILED,
    WATER_RESTORED,
)
from projections.kernel import entry
from projections.recorders.console import record_restrained, record_settings_changed
from projections.recorders.movement import record_teleported
from projections.recorders.social import record_tie_set
from projections.recorders.time import (
    record_power_failed,
    record_power_restored,
    record_water_failed,
    record_water_restored,
)

MAINS = {"power": (POWER_FAILED, POWER_RESTORED), "water": (WATER_FAILED, WATER_RESTORED)}
"""By name, the kinds of the events by which a main fails and comes back."""

TICKS_MOST = 1 << (np.finfo(np.float32).nmant + 1)
"""The most ticks of a restraint, 16,777,216: the greatest number up to which a row's number counts by ones."""

TOWARDS_NOBODY = frozenset(deed for deed in Deed if deed <= Deed.YIELD) | {Deed.LEAVE}
"""The deeds that nobody does towards anybody: options, and leaving town."""


@entry
def command(towns, plans, index, kind, a, b, tile, code, value):
    """Record one command under the present settings. This function checks nothing."""
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
    elif kind == RESTRAINED:
        record_restrained(town, plan, a, b, code, value)


# These functions say in words why a command is impossible now; "" if it is possible. `town` is the record of a town.


def against_teleport(town: Any, plans: Any, a: int, tile: int) -> str:
    """Why a person cannot be put on a tile, in words; "" if it is possible."""
    if not is_alive(town, a):
        return f"nobody sits in seat {a}"
    if not is_free(town, plans, tile):
        return f"nobody can be put on tile {tile}: it is not a free, walkable tile of the map"
    return ""


def against_switch(town: Any, main: str, works: bool) -> str:
    """A main that works can fail, and one that has failed can come back."""
    if main not in MAINS:
        return f"{main!r} is not one of the town's mains: {', '.join(MAINS)}"
    if bool(town["clock"][main]) == works:
        return f"the {main} {'works' if works else 'has failed'} already"
    return ""


def against_tie(town: Any, a: int, b: int, dimension: Dimension, value: float) -> str:
    """A side of a tie between two who are alive can be given a value in [-1, 1]."""
    if dimension not in Dimension.__members__.values():
        sides = ", ".join(side.name.lower() for side in Dimension)
        return f"{dimension!r} is not a dimension of a tie: there are {sides}"
    for seat in (a, b):
        if not is_alive(town, seat):
            return f"nobody sits in seat {seat}"
    if a == b:
        return f"who sits in seat {a} has no tie to itself"
    if not -1.0 <= value <= 1.0:
        return f"{Dimension(dimension).name.lower()} lies in [-1, 1], and {value} does not"
    return ""


def against_restraint(town: Any, a: int, deed: Deed, b: int, ticks: int) -> str:
    """A person can be held back from a deed, towards another one or everybody (`b` is -1), for some ticks or none."""
    if deed not in Deed.__members__.values():
        return f"{deed!r} is not a deed: there are {', '.join(each.name.lower() for each in Deed)}"
    for seat in (a,) if b < 0 else (a, b):
        if not is_alive(town, seat):
            return f"nobody sits in seat {seat}"
    if a == b:
        return f"who sits in seat {a} does nothing towards itself"
    if b >= 0 and deed in TOWARDS_NOBODY:
        return f"{Deed(deed).name.lower()} is done towards nobody: leave `towards` out"
    if not 0 <= ticks <= TICKS_MOST:
        return f"a restraint lasts from 0 to {TICKS_MOST:,} ticks, and {ticks:,} is not such a number"
    return ""


def against_settings(town: Any, plans: Any, epoch: int) -> str:
    """A town can live on under the settings of an epoch in which every tie has a place."""
    if not 0 <= epoch < len(plans):
        return f"there is no epoch {epoch}: the town has {len(plans)}, counted from 0"
    now = int(town["clock"]["epoch"])
    before, after = (int(plans["social"]["capacity"][each]) for each in (now, epoch))
    if after < before:
        return f"relationships.capacity cannot fall from {before} to {after}: ties would have no place"
    return ""


def is_alive(town: Any, a: int) -> bool:
    """Whether somebody sits in a seat."""
    return 0 <= a < len(town["agents"]) and bool(town["agents"]["alive"][a])


def is_free(town: Any, plans: Any, tile: int) -> bool:
    """Whether a tile is walkable and nobody stands on it."""
    walkable = plans["layout"]["walkable"][town["clock"]["epoch"]]
    return 0 <= tile < len(walkable) and bool(walkable[tile]) and town["ground"][tile] == 0
