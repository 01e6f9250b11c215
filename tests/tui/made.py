"""Views made for tests of the panels: the state from the telemetry feed, the rest small and by hand."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from projections.telemetry.frame import Block
from townlet.configuration.plans import map_of
from townlet.observing.view import (
    SORTS,
    Card,
    Choice,
    Churn,
    EventLine,
    EventPage,
    Kpis,
    ShownTown,
    Story,
    Timeline,
    Use,
    View,
    Wanted,
)
from townlet.run import Run
from townlet.serving.feed import frames

APART = ("narration", "kpis")
"""The blocks of a telemetry state that a scene has not."""


def scenes(run: Run, ticks: Iterable[int]) -> Iterator[ShownTown]:
    """The scenes of a run at some ticks, in order."""
    wanted = sorted(set(ticks))
    if not wanted:
        return
    begin = max(wanted[0] - 1, 0)
    for frame in frames(run, begin, wanted[-1]):
        if frame.tick in wanted:
            state = {name: block for name, block in frame.state.items() if name not in APART}
            happened = {name: frame.happened[name] for name in ("tie_changes", "warnings")}
            yield ShownTown(frame.tick, frame.offset, state, happened, True, waits_since(run, frame.tick))


def waits_since(run: Run, tick: int) -> Mapping[str, int]:
    """Since when who waits has been waiting."""
    lines = run.at(tick).table("queues")
    return dict(zip(lines["agent"].to_pylist(), lines["since"].to_pylist(), strict=True))


@cache
def map_by_run(run: Run) -> Any:
    """The map of a run, the same object each time, as an engine has it."""
    return map_of(run.config)


def view(run: Run, scene: ShownTown, person: str | None = None, **changed: Any) -> View:
    """A view of a scene; whatever is `changed` is as given, as `card=None`."""
    made = View(
        wanted=Wanted(scene.tick, person=person),
        run=run.place,
        seed=7,
        ticks_per_day=run.config.town.ticks_per_day,
        town_map=map_by_run(run),
        head=run.head.tick,
        closed=True,
        town=scene,
        timeline=timeline(scene.tick),
        story=Story((), scene.tick),
        events=EventPage((), -1, False, False, "", ""),
        kpis=Kpis(0, None),
        churn=Churn(()),
        card=card(scene, person) if person in scene.state["agents"] else None,
        ties_at_mark=None,
        trouble=None,
    )
    return made._replace(**changed)


def timeline(tick: int, bins: int = 24) -> Timeline:
    """A timeline with as many events in a bin as its number says."""
    counts = np.arange(bins)
    sorts = np.zeros((len(SORTS), bins), np.int64)
    return Timeline(60, counts, sorts, tick, tick // 1440 * 1440, 60, counts, sorts)


def card(scene: ShownTown, person: str, samples: int = 24) -> Card:
    """A card of somebody: needs that go down to what they are, the ties of now a day ago a little less."""
    agent = scene.state["agents"][person]
    ahead = np.linspace(0.4, 0.0, samples)
    needs = {need: tuple(np.clip(agent[need] + ahead, 0.0, 1.0).tolist()) for need in ("hunger", "hygiene", "energy")}
    return Card(person, needs, 60, ties_before(scene.state, 0.1), choice(scene, person), recent(scene, person))


def ties_before(state: Mapping[str, Any], less: float) -> Block:
    """The ties of a state with less trust; the youngest of each person is not there yet."""
    made: Block = {}
    for owner, ties in state["ties"].items():
        old = sorted(ties, key=lambda other: ties[other]["since"])[: max(len(ties) - 1, 1)]
        made[owner] = {other: ties[other] | {"trust": round(ties[other]["trust"] - less, 4)} for other in old}
    return made


def choice(scene: ShownTown, person: str) -> Choice:
    """A choice of what somebody has in mind, against all the others."""
    mind = scene.state["policy"][person]
    chosen = mind.get("option", "wait")
    uses = (
        Use(chosen, 1.9, mind.get("target"), ""),
        *(
            use
            for use in (
                Use("eat", 0.82, "chair 1 (The Kettle)", ""),
                Use("wash", 0.4, "shower 1 (The Spring)", ""),
                Use("cook", 0.3, None, "no place"),
                Use("sleep", 0.2, None, "too late"),
                Use("work", 0.0, None, "no use"),
                Use("shop", 0.0, None, "no use"),
                Use("socialise", 0.06, "bench 1 (Mill Park)", ""),
            )
            if use.option != chosen
        ),
    )
    tick = max(scene.tick - 4, 0)
    return Choice(7, tick, chosen, mind.get("target"), False, False, True, uses)


def recent(scene: ShownTown, person: str) -> tuple[EventLine, ...]:
    """Two events of somebody's."""
    place = "chair 1 (The Kettle)"
    return (
        EventLine(5, max(scene.tick - 9, 0), "agent_moved", f"{person}  to tile 12, 14", (person,), None, None),
        EventLine(6, max(scene.tick - 4, 0), "option_chosen", f"{person}  at {place}", (person,), place, None),
    )


def crowd(state: Block, people: int, tiles: Iterable[tuple[int, int]]) -> Block:
    """A state with copies of its people, up to so many, on these tiles, each with all that the first has."""
    names = list(state["agents"])
    many = {block: dict(state[block]) for block in ("agents", "ties", "rewards", "work", "policy")}
    free = iter(tiles)
    for number in range(len(names), people):
        first = names[number % len(names)]
        name = f"{first}_{number // len(names) + 1}"
        row, col = next(free)
        for block, rows in many.items():
            if first in rows and block != "agents":
                rows[name] = rows[first]
        many["agents"][name] = many["agents"][first] | {"person": number, "row": row, "col": col}
    return state | many | {"town": state["town"] | {"people": people}}
