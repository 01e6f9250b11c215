"""Tellers of buying, cooking and eating, together or alone."""

from collections.abc import Iterator

import numpy as np

from eventlog.catalogue.registries import Item
from projections.narration.entries import Moment
from projections.narration.moments import talk
from projections.narration.scene import Scene, pair
from projections.narration.words import many, nth

HUNGRY = 0.25
"""A person who eats with a hunger value below this is told as hungry."""

SELDOM = 5
"""Of what a person cooks and buys, the first is proposed, and then every fifth."""

ALONE = 8
"""Of a person's meals alone, the first is proposed, and then every eighth."""

QUIET_HOURS = 4
"""Where nothing was told for so many hours, any meal is proposed: quiet days have something to tell, too."""


def purchase(scene: Scene) -> Iterator[Moment]:
    """A person buys groceries, or a meal out; of what happens daily, only some."""
    out = scene.code == Item.MEAL
    count = scene.memory.add(f"bought_{scene.code}", scene.agent)
    record = scene.of(scene.agent)
    facts = {"count": many(scene.code2, "meal" if out else "portion"), "paid": f"{scene.value:.2f}"}
    empty = record is not None and record["items"].tolist() == [scene.code2, 0]
    asides = ["meal.empty_larder"] if empty and not out else []
    if asides or _is_turn(scene, count):
        yield scene.moment("meal.out" if out else "meal.groceries", facts, asides=asides)


def cooking(scene: Scene) -> Iterator[Moment]:
    """A person cooks; of what happens daily, only some."""
    count = scene.memory.add("cooked", scene.agent)
    here = scene.others_at(scene.venue_of(scene.place), scene.agent)
    others = [each for each in scene.housemates(scene.agent) if each in here]
    facts = {"count": many(scene.code, "meal"), "nth": nth(count), "others": scene.names_of(others)}
    asides = ["meal.cooked_smell"] if others and scene.venue_of(scene.place) == scene.home(scene.agent) else []
    if _is_turn(scene, count):
        yield scene.moment("meal.cooked", facts, asides=asides)


def meal(scene: Scene) -> Iterator[Moment]:
    """A very hungry person eats, or a person eats alone."""
    record = scene.of(scene.agent)
    venue = scene.venue_of(scene.place)
    others = scene.others_at(venue, scene.agent)
    count = scene.memory.get("ate_alone", scene.agent) if others else scene.memory.add("ate_alone", scene.agent)
    if record is not None and record["hunger"] < HUNGRY:
        yield scene.moment("meal.hungry")
        return
    if not others:
        lives_alone = venue == scene.home(scene.agent) and not scene.housemates(scene.agent)
        if not _is_turn(scene, count, ALONE):
            return
        asides = (
            ["meal.lives_alone"] if lives_alone else ["meal.alone_again"] if count % ALONE == 1 and count > 1 else []
        )
        yield scene.moment("meal.alone", {"nth": nth(count)}, asides=asides)


def shared_meal(scene: Scene) -> Iterator[Moment]:
    """Two people share a meal; all counts are of these two."""
    a, b, memory = scene.agent, scene.other, scene.memory
    two = pair(a, b)
    count, last = memory.add("meals", *two), memory.get("ate", *two, default=-1)
    here = memory.add(f"meals_in_{scene.venue_of(scene.place)}", *two)
    memory.put(scene.tick, "ate", *two)
    per_day = scene.names.ticks_per_day
    true = {
        **talk.rivalry(scene, "rivals"),
        "after_quarrel": max(memory.get("wronged", *two, default=-1), memory.get("wronged", b, a, -1)) > last,
        "third": bool(_third(scene)),
        "long_ago": last >= 0 and scene.tick - last >= 2 * per_day,
        "usual": here >= 4,
        "daily": last >= 0 and scene.day - last // per_day == 1,
        "first": count == 1 and not memory.get("acquainted", *two),
        "again": count >= 3,
    }
    quarrel = max(memory.get("wronged", a, b, -1), memory.get("wronged", b, a, -1))
    facts = {
        "nth": nth(count),
        "nth_here": nth(here),
        "since": scene.ago(max(last, 0)),
        "quarrel": scene.ago(max(quarrel, 0)),
        "third": scene.names_of(_third(scene)),
    }
    asides = [f"meal.{name}" for name, holds in true.items() if holds]
    are_told = all(memory.get("table_told", each, default=-1) == scene.tick for each in two)
    for each in two:
        memory.put(scene.tick, "table_told", each)
    if are_told and not scene.changes_bonds:  # that both ate at this table in this minute was told
        return
    yield scene.moment("meal.shared", facts, priority=True, asides=asides)


def _is_turn(scene: Scene, count: int, seldom: int = SELDOM) -> bool:
    """Whether the so-manieth of somebody's daily deeds may be told."""
    quiet = scene.tick - scene.memory.get("told", default=0)
    return count % seldom == 1 or quiet * 24 >= QUIET_HOURS * scene.names.ticks_per_day


def _third(scene: Scene) -> list[int]:
    """The numbers of other people who share the present meal of `agent`."""
    record = scene.of(scene.agent)
    if record is None:
        return []
    company = record["company"][: int(record["companions"])]
    return [int(each) for each in np.unique(company) if int(each) not in (scene.agent, scene.other)]
