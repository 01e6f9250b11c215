"""A frame: the feed's description of a town at a tick, as plain values. This module uses no clock and no files.

A frame is a function of a `Seen` and of the words for its codes, the same for a living town and a replay. Numbers are
rounded to four decimals.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue import KIND_NAMES
from eventlog.catalogue.registries import SIDES, Item, Option, Trait, Weather
from projections.narration.limiter import Standing
from projections.record.words import ABSENT, LATE, ON_TIME, POST_SHIFT, PRE_SHIFT
from projections.reward_table import CALLED
from projections.riders.rewards import COLUMNS
from projections.riders.tie_changes import Change, Loss
from projections.telemetry.churning import Alarm, Counts
from projections.telemetry.messages import DECIMALS
from projections.telemetry.witness import Seen

HAPPENED: Final = ("tie_changes", "narrations", "warnings")
"""The parts of a difference besides its patch."""

OPTIONS: Final = tuple(option.name.lower() for option in Option)
TRAITS: Final = tuple(trait.name.lower() for trait in Trait)
SHIFTS: Final = {
    int(PRE_SHIFT): "pre_shift",
    int(ON_TIME): "on_time",
    int(LATE): "late",
    int(ABSENT): "absent",
    int(POST_SHIFT): "post_shift",
}
MAY: Final = tuple([OPTIONS[i] for i in range(len(OPTIONS)) if bits >> i & 1] for bits in range(1 << len(OPTIONS)))
"""The names of the options in each set of bits."""

Block = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """The words for a town's codes under the settings of one epoch. `room` has the venue of each tile, -1: none.

    `person` maps a person's number to a name; `shelves` are the places that are restocked; `jobs` has for each job its
    name, its desk, and its start and end in minutes of the day.
    """

    town: str
    ticks_per_day: int
    side: int
    person: Callable[[int], str]
    places: Sequence[str]
    homes: Sequence[str]
    venues: Sequence[str]
    room: np.ndarray
    deeds: Sequence[str]
    jobs: Sequence[tuple[str, int, int, int]]
    shelves: Sequence[int]


class Frame(NamedTuple):
    """A town at the moment before `tick`, and what happened in the tick before.

    `state` is a `messages.State`; `happened` maps each of HAPPENED to its value in a `messages.Difference`. `happened`
    is empty if the frame does not follow a frame of the tick before.
    """

    tick: int
    offset: int
    state: Block
    happened: Mapping[str, Sequence[Block]]


class Story(NamedTuple):
    """The story's entries of the tick, as columns of `narrations`, and the state of the narrator's limiter."""

    entries: Sequence[Mapping[str, Any]]
    standing: Standing


def frame(seen: Seen, words: Words, allowed: Sequence[int], story: Story, kpis: Mapping[str, float]) -> Frame:
    """The frame of a town. `allowed` has for each seat the options that may be asked of it, as bits."""
    state = state_of(seen, words, allowed) | {
        "narration": _narration(story.standing),
        "kpis": {name: printed_number(value) for name, value in kpis.items()},
    }
    told = happened_of(seen, words) | {"narrations": [_entry(entry, words) for entry in story.entries]}
    happened = {name: told[name] for name in HAPPENED}
    return Frame(seen.tick, seen.offset, state, happened)


def state_of(seen: Seen, words: Words, allowed: Sequence[int]) -> Block:
    """All blocks of a `messages.State` except `narration` and `kpis`."""
    scene = _Scene(seen, words)
    return {
        "town": _town(scene),
        "agents": _agents(scene),
        "ties": ties_of(seen, words),
        "rewards": _rewards(scene),
        "queues": _queues(scene),
        "work": _work(scene),
        "market": _market(scene),
        "policy": _policy(scene, allowed),
        "churn": _churn(seen.churn),
    }


def happened_of(seen: Seen, words: Words) -> dict[str, Sequence[Block]]:
    """`tie_changes` and `warnings` since the town was last seen."""
    return {"tie_changes": _tie_changes(seen, words), "warnings": [_warning(alarm) for alarm in seen.alarms]}


def ties_of(seen: Seen, words: Words) -> Block:
    """The block `ties`: the ties of each living person, by owner and other."""
    scene = _Scene(seen, words)
    made: Block = {name: {} for name in scene.names}
    holders, slots = np.nonzero(seen.agents["ties"]["known"])
    ties = seen.agents["ties"][holders, slots]
    sides = (ties[side].tolist() for side in SIDES)
    for holder, other, *felt in zip(
        holders.tolist(), ties["other"].tolist(), *sides, ties["since"].tolist(), strict=True
    ):
        made[scene.names[holder]][words.person(other)] = _tie_block(*felt)
    return made


@lru_cache(maxsize=8192)
def _tie_block(*values: float) -> Block:
    """A tie in a frame: its dimensions, and its first tick. Cached, as most ties do not change from tick to tick."""
    *sides, since = values
    return {side: printed_number(value) for side, value in zip(SIDES, sides, strict=True)} | {"since": since}


def printed_number(value: float) -> float:
    """The number rounded for a frame; never -0.0."""
    return round(value, DECIMALS) + 0.0


class _Scene:
    """A `Seen` with the names of the living, in the order of their seats."""

    def __init__(self, seen: Seen, words: Words) -> None:
        self.seen, self.words = seen, words
        self.names = [words.person(person) for person in seen.agents["person"].tolist()]
        self.by_seat = dict(zip(seen.seats.tolist(), self.names, strict=True))

    def rows(self, *fields: str) -> Any:
        """A tuple for each living person: the name, then these fields of the person's record."""
        return zip(self.names, *(self.seen.agents[field].tolist() for field in fields), strict=True)


def _town(scene: _Scene) -> Block:
    clock = scene.seen.clock
    return {
        "name": scene.words.town,
        "ticks_per_day": scene.words.ticks_per_day,
        "people": int(clock["people"]),
        "weather": Weather(int(clock["weather"])).name.lower(),
        "power": bool(clock["power"]),
        "water": bool(clock["water"]),
    }


def _agents(scene: _Scene) -> Block:
    words, made = scene.words, {}
    fields = ("person", "home", "tile", "hunger", "hygiene", "energy", "wallet", "debt", "items", "stalls", "traits")
    for name, person, home, tile, hunger, hygiene, energy, wallet, debt, items, stalls, traits in scene.rows(*fields):
        made[name] = {
            "person": person,
            "home": words.homes[home],
            "row": tile // words.side,
            "col": tile % words.side,
            "hunger": printed_number(hunger),
            "hygiene": printed_number(hygiene),
            "energy": printed_number(energy),
            "wallet": printed_number(wallet),
            "debt": printed_number(debt),
            "raw": items[Item.RAW],
            "meals": items[Item.MEAL],
            "stalls": stalls,
            "traits": {trait: printed_number(value) for trait, value in zip(TRAITS, traits, strict=True)},
        }
    for name, tile, doing, until in scene.rows("tile", "doing", "busy_until"):
        venue = int(words.room[tile])
        if venue >= 0:
            made[name]["venue"] = words.venues[venue]
        if doing >= 0:
            made[name]["doing"], made[name]["until"] = words.deeds[doing], until
    return made


def _rewards(scene: _Scene) -> Block:
    rows = scene.seen.earnings
    rows = rows[rows["present"] == 1]
    names = (*COLUMNS, "episode")
    told = [CALLED.get(name, name) for name in names]
    columns = [rows[name].tolist() for name in names]
    return {
        scene.words.person(person): {name: printed_number(value) for name, value in zip(told, values, strict=True)}
        for person, *values in zip(rows["person"].tolist(), *columns, strict=True)
    }


def _queues(scene: _Scene) -> Block:
    objects = scene.seen.objects
    made: Block = {}
    for place in np.flatnonzero((objects["user"] >= 0) | (objects["line"] > 0)).tolist():
        about: Block = {}
        user, line = int(objects["user"][place]), int(objects["line"][place])
        if user >= 0:
            about["holder"] = scene.by_seat[user]
        if line:
            about["waiting"] = [scene.by_seat[seat] for seat in objects["waiting"][place][:line].tolist()]
        made[scene.words.places[place]] = about
    return made


def _work(scene: _Scene) -> Block:
    words, made = scene.words, {}
    fields = ("job", "shift_state", "worked", "earned", "covers", "covered_by", "shifts", "shifts_on_time")
    for name, job, shift, worked, earned, covers, covered_by, shifts, on_time in scene.rows(*fields):
        about: Block = {}
        if job >= 0:
            called, desk, starts, ends = words.jobs[job]
            about |= {"job": called, "workplace": words.places[desk], "starts": starts, "ends": ends}
            about |= {"shift": SHIFTS[shift], "worked": worked, "earned": printed_number(earned)}
            about |= {"shifts": shifts, "on_time": on_time}
        if covers >= 0:
            about["covers"] = scene.by_seat[covers]
        if covered_by >= 0:
            about["covered_by"] = scene.by_seat[covered_by]
        if about:
            made[name] = about
    return made


def _market(scene: _Scene) -> Block:
    prices = scene.seen.clock["prices"].tolist()
    stock = scene.seen.objects["stock"].tolist()
    return {
        "prices": {item.name.lower(): printed_number(prices[item]) for item in Item},
        "stock": {scene.words.places[place]: stock[place] for place in scene.words.shelves if place < len(stock)},
    }


def _policy(scene: _Scene, allowed: Sequence[int]) -> Block:
    made: Block = {}
    seats = scene.seen.seats.tolist()
    for seat, (name, asked, option, target, until) in zip(
        seats, scene.rows("asked_seq", "option", "target", "option_until"), strict=True
    ):
        about: Block = {}
        if asked >= 0:
            about |= {"option": OPTIONS[option], "until": until}
        if target >= 0:
            about["target"] = scene.words.places[target]
        made[name] = about | {"may": MAY[allowed[seat]]}
    return made


def _churn(churn: Counts) -> Block:
    return {"window": churn.window, "held": churn.held, **churn.named(), "share": printed_number(churn.share)}


def _narration(standing: Standing) -> Block:
    suppressed: dict[str, dict[str, int]] = {}
    for (reason, category), count in standing.suppressed.items():
        suppressed.setdefault(category, {})[reason] = count
    about = {
        "told": standing.told,
        "suppressed": suppressed,
        "in_window": standing.in_window,
        "window_most": standing.window_most,
        "priority_in_window": {category: count for category, count in standing.priority_in_window.items() if count},
        "priority_most": standing.priority_most,
        "category_ready_at": {
            category: standing.tick + wait for category, wait in standing.category_wait.items() if wait
        },
    }
    return about | ({"ready_at": standing.tick + standing.wait} if standing.wait else {})


def _entry(entry: Mapping[str, Any], words: Words) -> Block:
    about: Block = {name: entry[name] for name in ("text", "category", "priority", "cause", "template")}
    for field in ("agent", "other"):
        if entry[field] is not None:
            about[field] = words.person(entry[field])
    if entry["place"] is not None:
        about["place"] = words.places[entry["place"]]
    return about


def _tie_changes(seen: Seen, words: Words) -> list[Block]:
    made = []
    for row in seen.changes:
        change = Change(int(row["change"]))
        moved = row["adjusted"] if change == Change.REFUSED else row["after"] - row["before"]
        delta = {side: printed_number(value) for side, value in zip(SIDES, moved.tolist(), strict=True)}
        about: Block = {
            "owner": words.person(int(row["owner"])),
            "other": words.person(int(row["other"])),
            "change": change.name.lower(),
            "delta": {side: value for side, value in delta.items() if value},
            "kind": KIND_NAMES[int(row["kind"])],
            "cause": int(row["seq"]),
        }
        if row["reason"] >= 0:
            about["reason"] = Loss(int(row["reason"])).name.lower()
        if row["hours"]:
            about["hours"] = int(row["hours"])
        made.append(about)
    return made


def _warning(alarm: Alarm) -> Block:
    return {
        "what": "churn",
        "window": alarm.window,
        "share": printed_number(alarm.share),
        "above": printed_number(alarm.above),
        "cause": alarm.cause,
    }
