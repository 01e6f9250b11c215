"""Commands from outside the town: whether a command is possible now, and the event that it records."""

from typing import Any

import numpy as np

from eventlog.catalogue.registries import Deed, Dimension, Reason
from eventlog.codes import (
    AGENT_EXITED,
    ANNOUNCED,
    CHAT_STARTED,
    COMMAND_ACCEPTED,
    COMMAND_REJECTED,
    ILLNESS_BEGAN,
    LIMIT_SET,
    MEETING_ARRANGED,
    NEED_SET,
    NEWCOMER_CALLED,
    OPTION_ORDERED,
    OPTION_SLEEP,
    OPTION_SOCIALISE,
    OUTCOME_FORCED,
    PLACE_CLOSED,
    POSSESSION_BEGAN,
    POSSESSION_ENDED,
    POWER_FAILED,
    POWER_RESTORED,
    PRICE_CHANGED,
    REASON_BY_COMMAND,
    RESTRAINED,
    SETTINGS_CHANGED,
    TELEPORTED,
    TIE_SET,
    WATER_FAILED,
    WATER_RESTORED,
    WEATHER_CHANGED,
)
from projections.kernel import entry, kernel
from projections.record.state import PENDING
from projections.recorders.console import (
    record_announced,
    record_command_accepted,
    record_command_rejected,
    record_illness_began,
    record_limit_set,
    record_meeting_arranged,
    record_need_set,
    record_newcomer_called,
    record_option_ordered,
    record_outcome_forced,
    record_place_closed,
    record_possession_began,
    record_possession_ended,
    record_restrained,
    record_settings_changed,
)
from projections.recorders.movement import record_teleported
from projections.recorders.social import record_tie_set
from projections.recorders.time import (
    record_power_failed,
    record_power_restored,
    record_price_changed,
    record_water_failed,
    record_water_restored,
    record_weather_changed,
)
from townlet.rules import control, life
from townlet.rules.company import talk

MAINS = {"power": (POWER_FAILED, POWER_RESTORED), "water": (WATER_FAILED, WATER_RESTORED)}
"""By name, the kinds of the events by which a main fails and comes back."""

TICKS_MOST = 1 << (np.finfo(np.float32).nmant + 1)
"""The most ticks that a command can ask for, 16,777,216: up to it a row's number counts by ones."""

NOT_NOW = {
    int(Reason.BUSY): "it is busy",
    int(Reason.HELD_BACK): "a command holds it back from that",
    int(Reason.NOBODY_WAITS): "it holds no place that somebody waits for",
    int(Reason.NOT_DUE): "there is no need for it now: no work is due, it is not night, or it is clean",
    int(Reason.NO_PLACE): "there is no place for it now that is open, affordable and has room",
}
"""Why a person cannot be made to do an option now, by the reason's code."""

TOWARDS_NOBODY = frozenset(deed for deed in Deed if deed <= Deed.YIELD) | {Deed.LEAVE}
"""The deeds that nobody does towards anybody: options, and leaving town."""


@entry
def command(towns, plans, index, kind, a, b, o, tile, code, code2, value, cause):
    """Record an event that was commanded, under the present settings; `cause` is the seq of the command's event or -1.

    This function checks nothing.
    """
    town = towns[index]
    plan = plans[town.clock.epoch]
    if kind == COMMAND_ACCEPTED:
        record_command_accepted(town, plan, code, code2)
    elif kind == COMMAND_REJECTED:
        record_command_rejected(town, plan, code, code2)
    elif kind == SETTINGS_CHANGED:
        record_settings_changed(town, plan, code)
    elif kind == ANNOUNCED:
        record_announced(town, plan, cause)
    elif kind == PLACE_CLOSED:
        record_place_closed(town, plan, o, value, cause)
    elif kind == MEETING_ARRANGED:
        record_meeting_arranged(town, plan, a, b, o, value, cause)
    elif a < 0:
        change_town(town, plan, kind, code, value, cause)
    elif kind in (OPTION_ORDERED, POSSESSION_BEGAN, POSSESSION_ENDED, ILLNESS_BEGAN, OUTCOME_FORCED):
        direct_person(town, plan, kind, a, b, code, value, cause)
    else:
        change_person(town, plan, kind, a, b, tile, code, value, cause)


@kernel
def change_town(town, plan, kind, code, value, cause):
    """Record a commanded event that is about the whole town."""
    if kind == POWER_FAILED:
        record_power_failed(town, plan, cause)
    elif kind == POWER_RESTORED:
        record_power_restored(town, plan, cause if cause >= 0 else town.clock.power_seq)
    elif kind == WATER_FAILED:
        record_water_failed(town, plan, cause)
    elif kind == WATER_RESTORED:
        record_water_restored(town, plan, cause if cause >= 0 else town.clock.water_seq)
    elif kind == WEATHER_CHANGED:
        record_weather_changed(town, plan, code, cause)
    elif kind == PRICE_CHANGED:
        record_price_changed(town, plan, code, value, cause)
    elif kind == NEWCOMER_CALLED:
        record_newcomer_called(town, plan, cause)
    elif kind == LIMIT_SET:
        record_limit_set(town, plan, code, value, cause)


@kernel
def direct_person(town, plan, kind, a, b, code, value, cause):
    """Record a commanded event by which somebody else decides for a person, or chance does not."""
    if kind == OPTION_ORDERED:
        record_option_ordered(town, plan, a, code, value, cause)
    elif kind == POSSESSION_BEGAN:
        record_possession_began(town, plan, a, code, cause)
    elif kind == POSSESSION_ENDED:
        record_possession_ended(town, plan, a, code, cause)
    elif kind == ILLNESS_BEGAN:
        record_illness_began(town, plan, a, value, cause)
    elif kind == OUTCOME_FORCED:
        record_outcome_forced(town, plan, a, b, code, cause)


@kernel
def change_person(town, plan, kind, a, b, tile, code, value, cause):
    """Record a commanded event that is about one person, or about two."""
    if kind == TELEPORTED:
        record_teleported(town, plan, a, town.agents[a].holds, tile, cause)
    elif kind == TIE_SET:
        record_tie_set(town, plan, a, b, code, value, cause)
    elif kind == RESTRAINED:
        record_restrained(town, plan, a, b, code, value, cause)
    elif kind == NEED_SET:
        record_need_set(town, plan, a, code, value, cause)
    elif kind == CHAT_STARTED:
        talk.begin(town, plan, a, b, cause)
    elif kind == AGENT_EXITED:
        life.leave(town, plan, a, REASON_BY_COMMAND, cause)


@entry
def may_talk(towns, plans, index, a, b):
    """Whether two are free to begin a talk now, and within hearing, whatever their rivalry."""
    return control.can_talk(towns[index], plans[towns[index].clock.epoch], a, b)


@entry
def can_meet(towns, plans, index, a, b, venue):
    """Whether a venue has a place for company for each of two people that they could use now."""
    town = towns[index]
    plan = plans[town.clock.epoch]
    mine = theirs = places = 0
    for o in range(town.clock.objects):
        if control.is_for_company(plan, o, venue):
            one, other = control.can_sit(town, plan, a, o), control.can_sit(town, plan, b, o)
            mine, theirs, places = mine + one, theirs + other, places + (one or other)
    return mine > 0 and theirs > 0 and places > 1


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
    return against_ticks(ticks)


def against_leaving(town: Any) -> str:
    """Somebody can leave at once while there is room for one more newcomer on the way."""
    if int(town["clock"]["newcomers"]) >= PENDING:
        return f"{PENDING} newcomers are on their way already, and no more can be: wait until one has come"
    return ""


def against_order(towns: Any, plans: Any, a: int, option: int) -> str:
    """A person who is neither busy nor held back can be made to do what could be asked of it now (`control.allow`)."""
    reason = int(control.against_order(towns, plans, 0, a, option))
    return "" if reason < 0 else NOT_NOW[reason]


def against_ticks(ticks: int, least: int = 0) -> str:
    """Something lasts for a number of ticks that a row's number can count."""
    if least <= ticks <= TICKS_MOST:
        return ""
    return f"this lasts from {least} to {TICKS_MOST:,} ticks, and {ticks:,} is not such a number"


def against_newcomer(town: Any, plans: Any) -> str:
    """A newcomer on the way can come at once if a bed is free."""
    clock = town["clock"]
    due = clock["newcomer_due"][: int(clock["newcomers"])]
    called = int((due <= clock["tick"]).sum())
    if called == len(due):
        return "no newcomer is on the way: everybody for whom the town was made lives here, or comes now"
    places = plans["layout"]["place"][int(clock["epoch"])][: int(clock["objects"])]
    is_bed = plans["affordances"]["option"][int(clock["epoch"])][places["affordance"]] == OPTION_SLEEP
    free = is_bed & (town["objects"]["owner"][: len(places)] == 0) & (town["ground"][places["tile"]] == 0)
    return "" if int(free.sum()) > called else "no bed is free: somebody stands there"


def seats_for_two(plans: Any, epoch: int, objects: int, venue: int) -> int:
    """Of the two nearest places for company in a venue, the first; -1 if there are no two within hearing."""
    places = plans["layout"]["place"][epoch][:objects]
    option = plans["affordances"]["option"][epoch][places["affordance"]]
    side, radius = int(plans["layout"]["side"][epoch]), int(plans["chat"]["radius"][epoch])
    found = np.flatnonzero((places["venue"] == venue) & (option == OPTION_SOCIALISE))
    rows, columns = np.divmod(places["tile"][found], side)
    apart = np.abs(rows[:, None] - rows) + np.abs(columns[:, None] - columns)
    np.fill_diagonal(apart, side * side)
    if not len(found) or int(apart.min()) > radius:
        return -1
    return int(found[np.unravel_index(apart.argmin(), apart.shape)[0]])


def places_of_all(plans: Any, epoch: int, objects: int, venues: list[int]) -> Any:
    """The places of these venues that belong to nobody: all but desks and beds; i8."""
    places = plans["layout"]["place"][epoch][:objects]
    own = plans["affordances"]["own"][epoch][places["affordance"]]
    return np.flatnonzero(np.isin(places["venue"], venues) & (own == 0))


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
