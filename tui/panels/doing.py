"""What each person does, from the state of a scene: a sign of one cell, and words."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from townlet.configuration.places import place_names
from townlet.daytime import time_of
from townlet.observing.view import ShownTown, View
from townlet.world.drawing import Place, TownMap

AT: Final = {
    "bed": ("z", "sleeping"),
    "shower": ("°", "washing"),
    "stove": ("∆", "cooking"),
    "chair": ("ψ", "eating"),
    "till": ("$", "buying"),
    "counter": ("$", "buying"),
    "desk": ("≡", "working"),
    "bench": ("_", "sitting"),
}
"""What people do at each kind of place: its sign, and the word for it."""

TO: Final = {
    "eat": "to eat",
    "wash": "to wash",
    "sleep": "to bed",
    "work": "to work",
    "shop": "to shop",
    "cook": "to cook",
    "socialise": "to company",
}
"""The words for what a person walks to, by the option that they chose."""

TALKING, IDLE, STUCK = '"', "·", "!"
ARROWS: Final = "←→↑↓"
CHATS: Final = ("chat_succeeded", "chat_failed")


class Doing(NamedTuple):
    """What a person does. `place` is where, or where they walk to; `until` the tick at which it ends, if known."""

    glyph: str
    said: str
    place: str | None
    until: int | None


@lru_cache(maxsize=8)
def places_by_name(town_map: TownMap) -> Mapping[str, Place]:
    """A map's places by their names."""
    return dict(zip(place_names(town_map), town_map.places, strict=True))


@lru_cache(maxsize=8)
def names_by_tile(town_map: TownMap) -> Mapping[tuple[int, int], str]:
    """The names of a map's places by their row and column."""
    return {(place.row, place.column): name for name, place in places_by_name(town_map).items()}


def venue_of(place: str) -> str:
    """The venue in a place's name: `The Spring` of `shower 2 (The Spring)`."""
    return place.partition(" (")[2].removesuffix(")") or place


def clock(tick: int, view: View) -> str:
    """A tick as hour and minute; with the day where it is not the view's day."""
    said = time_of(tick, view.ticks_per_day)
    same = tick // view.ticks_per_day == view.tick // view.ticks_per_day
    return said.partition(", ")[2] if same else said


def doings(view: View) -> Mapping[str, Doing]:
    """What each person does, by name, in the order of the state."""
    lines = {
        name: (place, number)
        for place, queue in view.town.state["queues"].items()
        for number, name in enumerate(queue.get("waiting", ()), start=1)
    }
    chats = talks(view.town)
    places, tiles = places_by_name(view.town_map), names_by_tile(view.town_map)
    made = {}
    for name, agent in view.town.state["agents"].items():
        here = tiles.get((agent["row"], agent["col"]))
        if "doing" in agent:
            doing = _in_use(agent, here, places)
        elif name in lines:
            doing = _in_line(*lines[name])
        else:
            doing = _in_mind(agent, view.town.state["policy"].get(name, {}), here, places)
        if name in chats:
            doing = doing._replace(glyph=TALKING, said=f"talking with {chats[name]}, {doing.said}")
        made[name] = doing
    return made


def talks(scene: ShownTown) -> Mapping[str, str]:
    """Whom each person talked with in the tick before, taken from the changes of ties."""
    return {
        change["owner"]: change["other"] for change in scene.happened.get("tie_changes", ()) if change["kind"] in CHATS
    }


def _in_use(agent: Mapping[str, object], here: str | None, places: Mapping[str, Place]) -> Doing:
    said = str(agent["doing"]).replace("_", " ")
    glyph, word = AT[places[here].kind] if here else (IDLE, said)
    until = agent.get("until")
    return Doing(glyph, word, here, until if isinstance(until, int) else None)


def _in_line(place: str, number: int) -> Doing:
    said = "next in line" if number == 1 else f"number {number} in line"
    return Doing(str(number) if number < 10 else "+", said, place, None)


def _in_mind(
    agent: Mapping[str, object], mind: Mapping[str, object], here: str | None, places: Mapping[str, Place]
) -> Doing:
    """What a person does who uses no place: they walk to one, are there already, or have nothing to do."""
    option, target = str(mind.get("option", "")), mind.get("target")
    if not isinstance(target, str) or option not in TO:
        return Doing(IDLE, "giving way" if option == "yield" else "idle", None, None)
    if here == target:
        return Doing(IDLE, f"about {TO[option]}", target, None)
    if isinstance(agent["stalls"], int) and agent["stalls"] > 0:
        return Doing(STUCK, f"stuck on the way {TO[option]}", target, None)
    place = places[target]
    down, across = place.row - _number(agent["row"]), place.column - _number(agent["col"])
    along = (across > 0) if abs(across) >= abs(down) else 2 + (down > 0)
    return Doing(ARROWS[int(along)], f"walking {TO[option]}", target, None)


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value
