"""Tellers of the end of a day, weather, prices, outages and interrupted uses."""

from collections.abc import Iterator, Mapping

from eventlog.catalogue.registries import Item, Reason, Trait, Weather
from eventlog.rows import MISSING
from projections.narration.entries import Moment
from projections.narration.moments import queues
from projections.narration.moments.commands import ITEMS
from projections.narration.moments.life import MARKED
from projections.narration.scene import Scene
from projections.narration.words import many, span

DEAR = 0.04
"""The smallest change of a price, as a share of it, that is told."""

CAUGHT: Mapping[int, str] = {
    Reason.POWER: "outage.dark",
    Reason.WATER: "outage.dry_shower",
    Reason.STOCK: "outage.sold_out",
}
"""The situations of uses that an outage or an empty shelf kept from their beginning, by reason."""

STOPPED: Mapping[int, str] = {Reason.POWER: "outage.dark_stopped", Reason.WATER: "outage.dry_stopped"}
"""The situations of uses that had begun before, by reason."""

TODAY = ("faults_today", "shifts_today", "talked_today")
"""The names of the counts of a day in the memory."""


def day_ended(scene: Scene) -> Iterator[Moment]:
    """The day's records: everybody in time for work, and the person who talked most."""
    memory = scene.memory
    talks = {person: count for (person, _), count in memory.all("talked_today").items()}
    shifts = memory.get("shifts_today")
    if shifts >= 4 and not memory.get("faults_today"):
        yield scene.moment("work.all_on_time", {"shifts": scene.number(shifts)})
    if talks and sum(talks.values()) >= 6:
        top = sorted(talks, key=lambda person: (-talks[person], person))[0]
        if list(talks.values()).count(talks[top]) == 1 and talks[top] >= 3 and top in scene.living:
            yield from _talker(scene, top, talks[top], sum(talks.values()))
    for name in TODAY:
        memory.clear(name)
    queues.forget_deeds(scene)


def _talker(scene: Scene, top: int, began: int, all_of_them: int) -> Iterator[Moment]:
    """The person who began most talks of the day, and whether that fits its extroversion."""
    charm = {person: float(scene.of(person)["traits"][Trait.EXTROVERSION]) for person in scene.living}
    name = "talker"
    if max(charm, key=lambda person: charm[person]) == top:
        name = "talker_outgoing"
    elif charm[top] <= -MARKED:
        name = "talker_shy"
    facts = {"count": scene.number(began), "all": scene.number(all_of_them)}
    yield scene.moment(f"personality.{name}", facts, who=(top, MISSING))


def weather(scene: Scene) -> Iterator[Moment]:
    """The weather changes: rain makes the benches wet, clear weather dries them."""
    parks = [name for name, kind in zip(scene.names.venues, scene.names.venue_kinds, strict=True) if kind == "park"]
    if parks and (scene.tick or scene.code == Weather.RAIN):
        name = "outage.rain" if scene.code == Weather.RAIN else "outage.dry"
        yield _of_command(scene, name, {"park": parks[0]})


def price(scene: Scene) -> Iterator[Moment]:
    """The price of raw food changes much, or a command sets a price. The memory has prices in hundredths."""
    before, earlier = scene.memory.get("price", scene.code), scene.memory.get("price_before", scene.code)
    now = round(scene.value * 100)
    scene.memory.put(now, "price", scene.code)
    scene.memory.put(before, "price_before", scene.code)
    if scene.by:
        yield from _set_price(scene, earlier, before, now)
    elif before and abs(now - before) >= DEAR * before and scene.code == Item.RAW:
        name = "outage.dearer" if now > before else "outage.cheaper"
        yield scene.moment(name, {"price": f"{now / 100:.2f}", "before": f"{before / 100:.2f}"})


def _set_price(scene: Scene, earlier: int, before: int, now: int) -> Iterator[Moment]:
    """A command sets a price; `earlier` is the one before the last. Of two that move alike in one tick, one is told."""
    memory, sign = scene.memory, (now > before) - (now < before)
    told = memory.get("price_set_at", default=MISSING) == scene.tick and memory.get("price_moved") == sign
    memory.put(scene.tick, "price_set_at")
    memory.put(sign, "price_moved")
    if told or not sign or not before:
        return
    facts = {"by": scene.by, "item": ITEMS[scene.code], "price": f"{now / 100:.2f}", "before": f"{before / 100:.2f}"}
    name = "price_back" if now == earlier else "price_raised" if sign > 0 else "price_lowered"
    yield scene.moment(f"outage.{name}", facts, priority=True)


def power_failed(scene: Scene) -> Iterator[Moment]:
    """Power fails."""
    scene.memory.put(scene.tick, "power_failed")
    scene.memory.clear(f"caught_by_{int(Reason.POWER)}")
    yield _of_command(scene, "outage.power", {})


def power_restored(scene: Scene) -> Iterator[Moment]:
    """Power works again, with the length of the outage."""
    yield _outage_over(scene, "power", Reason.POWER)


def water_failed(scene: Scene) -> Iterator[Moment]:
    """Water fails."""
    scene.memory.put(scene.tick, "water_failed")
    scene.memory.clear(f"caught_by_{int(Reason.WATER)}")
    yield _of_command(scene, "outage.water", {})


def water_restored(scene: Scene) -> Iterator[Moment]:
    """Water works again, with the length of the outage."""
    yield _outage_over(scene, "water", Reason.WATER)


def interruption(scene: Scene) -> Iterator[Moment]:
    """An outage or an empty shelf stops a person, or keeps it from what it wants to do."""
    if scene.code2 in CAUGHT:
        scene.memory.add(f"caught_by_{scene.code2}", scene.agent)
        record = scene.of(scene.agent)
        had_begun = record is not None and record["last_ticks"] > 0
        yield scene.moment((STOPPED if had_begun else CAUGHT).get(scene.code2, CAUGHT[scene.code2]))


def _of_command(scene: Scene, name: str, facts: Mapping[str, str]) -> Moment:
    """The moment of something that happens to the whole town; `<name>_by` says who brought it about, if a command."""
    if scene.by:
        return scene.moment(f"{name}_by", {**facts, "by": scene.by}, priority=True)
    return scene.moment(name, facts, priority=True)


def _outage_over(scene: Scene, what: str, reason: Reason) -> Moment:
    """The moment of an outage's end: how long it lasted, and how many people it stopped."""
    ticks = scene.tick - scene.memory.get(f"{what}_failed", default=scene.tick)
    caught = len(scene.memory.all(f"caught_by_{int(reason)}"))
    facts = {"lasted": span(ticks, scene.names.ticks_per_day), "caught": many(caught, "person", "people")}
    return scene.moment(f"outage.{what}_back{'' if caught else '_unnoticed'}", facts, priority=True)
