"""A view made by hand: three people, two days, one quarrel; every number in it is known."""

from typing import Any, cast

import numpy as np

from projections.telemetry.frame import Block
from townlet.observing.view import (
    SORTS,
    Churn,
    Entry,
    EventLine,
    EventPage,
    Kpis,
    ShownTown,
    Story,
    Timeline,
    View,
    Wanted,
)
from townlet.world.drawing import TownMap

PER_DAY = 1440
HEAD = 2 * PER_DAY

PEOPLE = ("alice", "bob", "carol")


def tie(trust: float, familiarity: float, rivalry: float) -> Block:
    return {"trust": trust, "familiarity": familiarity, "rivalry": rivalry, "since": 0}


TIES: Block = {
    "alice": {"bob": tie(0.6, 0.9, 0.0), "carol": tie(0.1, 0.1, 0.0)},
    "bob": {"alice": tie(0.5, 0.8, 0.0)},
    "carol": {"bob": tie(-0.4, 0.1, 0.7)},
}
BEFORE: Block = {"alice": {"bob": tie(0.2, 0.9, 0.0)}, "bob": {"carol": tie(0.3, 0.3, 0.0)}}

WINDOWS = tuple(
    {
        "window": number,
        "from_tick": number * 720,
        "to_tick": number * 720 + 720,
        "held": 30 + number,
        "added": 3,
        "evicted": 9 * number,
        "faded": 1,
        "departed": 0,
        "commanded": 0,
        "refused": 2,
        "share": 0.25 * number,
        "warning": number == 2,
    }
    for number in range(3)
)

KPIS = (
    {
        "kpi": "chat_success",
        "value": 0.75,
        "part": 3.0,
        "whole": 4.0,
        "unit": "share of chats",
        "low": 0.0,
        "high": 1.0,
        "meaning": "How many chats succeed.",
    },
    {
        "kpi": "lateness",
        "value": None,
        "part": 0.0,
        "whole": 0.0,
        "unit": "minutes a shift",
        "low": 0.0,
        "high": None,
        "meaning": "How late people are at a shift that they come to.",
    },
)


def timeline(tick: int, head: int = HEAD, upto: int | None = None) -> Timeline:
    """Ten events in each bin of ten ticks; a quarrel at tick 500, help at 1,000, an arrival at 0."""
    bins = -(-(head + 1) // 10)
    sorts = np.zeros((len(SORTS), bins), np.int64)
    for sort, at in (("quarrel", 500), ("help", 1000), ("arrived", 0)):
        if at <= head:
            sorts[SORTS.index(sort), at // 10] = 1
    day_from = tick // PER_DAY * PER_DAY
    of_day = slice(day_from // 10, day_from // 10 + PER_DAY // 10)
    day = np.zeros(PER_DAY // 10, np.int64)
    day_sorts = np.zeros((len(SORTS), PER_DAY // 10), np.int64)
    there = sorts[:, of_day]
    day[: there.shape[1]], day_sorts[:, : there.shape[1]] = 10, there
    told = head if upto is None else upto
    events = np.where(np.arange(bins) * 10 < max(told, 1), 10, 0)
    return Timeline(10, events, sorts, told, day_from, 10, day, day_sorts)


def events(tick: int, at: int = 0, words: str = "") -> EventPage:
    """One event an hour up to the tick, of which each third matches."""
    lines = tuple(
        EventLine(
            number,
            number * 60,
            "chat_succeeded" if number % 3 == 0 else "tick_ended",
            f"alice, bob  at bench {number} (Mill Park)  quality 0.82" if number % 3 == 0 else "",
            ("alice", "bob"),
            None,
            None,
            not words or number % 3 == 0,
        )
        for number in range(tick // 60)
    )
    return EventPage(lines, at if at < len(lines) else -1, False, False, words, "")


def story(tick: int) -> Story:
    """A sentence every five hours; each second matters."""
    long = "Alice had much to say to Bob in Mill Park, and Bob much to answer, though it was raining."
    entries = tuple(
        Entry(number, number * 300, "talk", number % 2 == 1, f"{long} {number}.", number * 5, ("alice", "bob"))
        for number in range(-(-tick // 300))
    )
    return Story(entries, tick)


def view(tick: int = 700, head: int = HEAD, **changed: Any) -> View:
    """The view of a tick; whatever is `changed` is as given."""
    state: Block = {
        "agents": {name: {"person": number} for number, name in enumerate(PEOPLE)},
        "ties": TIES if tick else {name: {} for name in PEOPLE},
        "churn": dict(WINDOWS[1], window=tick // 720),
    }
    made = View(
        wanted=Wanted(tick),
        run="runs/small",
        seed=7,
        ticks_per_day=PER_DAY,
        town_map=cast(TownMap, None),  # none of the panels tested with this has a map
        head=head,
        closed=True,
        town=ShownTown(tick, tick * 2, state, {}, paid=True),
        timeline=timeline(tick, head),
        story=story(tick),
        events=events(tick),
        kpis=Kpis(tick // PER_DAY - 1, KPIS if tick >= PER_DAY else ()),
        churn=Churn(WINDOWS[: tick // 720]),
        card=None,
        ties_at_mark=None,
        trouble=None,
    )
    return made._replace(**changed)


def crowd(people: int) -> View:
    """A view of so many people, each of whom feels something for eight others."""
    names = [f"somebody_{number}" for number in range(people)]
    ties = {
        name: {
            names[(number + step) % people]: tie(step / 10, number / people, 0.3) for step in range(1, min(9, people))
        }
        for number, name in enumerate(names)
    }
    here = view(2000)
    agents = {name: {"person": number} for number, name in enumerate(names)}
    return here._replace(town=here.town._replace(state=here.town.state | {"agents": agents, "ties": ties}))
