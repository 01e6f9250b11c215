"""Tellers of lines: waits, conflicts, courtesies, and people who give up."""

from collections.abc import Iterator, Mapping
from typing import Final

from eventlog.catalogue.registries import Option, Reason
from eventlog.rows import MISSING
from projections.narration.bond_rule import FRIEND, RIVAL
from projections.narration.entries import Moment
from projections.narration.scene import Scene, pair
from projections.narration.words import duration, nth
from projections.riders.tie_changes import Change

LONG_WAIT = 8
"""The shortest wait, in ticks, that is told."""

HELD_LEAST = 3
"""The shortest time, in ticks, that somebody keeps a place from the next in line so that it is told."""

WRONGS: Mapping[int, str] = {
    Reason.CUT: "conflict.cut",
    Reason.GHOST: "conflict.ghost",
    Reason.BARRED: "conflict.barred",
    Reason.PORTION: "conflict.portion",
}
"""The situation of a conflict, by its reason; any other reason is `conflict.kept` or `conflict.block`."""

IN_LINE: Final = (Reason.CUT, Reason.BLOCK, Reason.PORTION)
"""The reasons for which somebody in line is wronged, at the place itself."""

ON_THE_WAY: Final = (Reason.GHOST, Reason.BARRED)
"""The reasons for which somebody is wronged on the way to a place, wherever the two are."""

DESK: Final = "desk"
"""The kind of place that is handed over at the end of a shift, which is no kindness."""

AT_A_DESK: Final = ("waited", "strangers")
"""The asides of a handover that may follow one at a desk."""

DEED_DAYS: Final = 14
"""For so many days it is remembered whom a deed was done to."""


def wait_begun(scene: Scene) -> Iterator[Moment]:
    """Tells nothing; remembers the tick at which the person began to wait."""
    scene.memory.put(scene.tick, "joined", scene.agent)
    yield from ()


def conflict(scene: Scene) -> Iterator[Moment]:
    """A person wrongs another in line, or breaks a promise, which is no quarrel; always a priority entry."""
    if scene.code == Reason.PROMISE:
        yield _let_down(scene)
        return
    rude, wronged, memory = scene.agent, scene.other, scene.memory
    in_town, between = memory.add("quarrels_in_town"), memory.add("quarrels", *pair(rude, wronged))
    here = both_here = 0
    if scene.code in IN_LINE and scene.place >= 0:
        here = memory.add("quarrels_here", scene.place)
        both_here = memory.add(f"quarrels_at_{scene.place}", *pair(rude, wronged))
    before, after = memory.get("wronged", wronged, rude, -1), memory.get("wronged", rude, wronged, -1)
    memory.put(scene.tick, "wronged", rude, wronged)
    remember_deed(scene, wronged)
    waited = _wait_ticks(scene, wronged) if scene.code in IN_LINE else 0
    felt = scene.tie(wronged, rude)
    true = {
        "first_in_town": in_town == 1,
        "revenge": before > after,
        "friends": scene.stays(wronged, rude, FRIEND) and felt is not None and felt.held,
        "no_room": felt is not None and felt.change == Change.REFUSED,
        "same_place": both_here >= 2,
        "again": between >= 2,
        "place_known": here >= 3 and here > both_here,
        "needier": scene.code == Reason.CUT and _is_dirtier(scene, wronged, rude),
        "housemates": between == 1 and wronged in scene.housemates(rude),
        "waited": waited >= LONG_WAIT,
    }
    facts = {
        "nth": nth(between),
        "nth_here": nth(both_here),
        "here": scene.number(here),
        "since": scene.ago(max(before, 0)),
        "waited": duration(waited, scene.names.ticks_per_day),
        "capacity": scene.number(scene.capacity),
        "home": scene.names.where(scene.home(rude)),
        "goal": _goal(scene),
    }
    if scene.code in ON_THE_WAY:
        facts["where"] = scene.names.where(scene.stands(rude))
    asides = [f"conflict.{name}" for name, holds in true.items() if holds]
    block = "conflict.kept" if scene.code == Reason.BLOCK and scene.code2 >= HELD_LEAST else "conflict.block"
    yield scene.moment(WRONGS.get(scene.code, block), facts, priority=True, asides=asides)


def _let_down(scene: Scene) -> Moment:
    """A person had agreed to do another's shift and did not come in time."""
    agent, owner, memory = scene.agent, scene.other, scene.memory
    memory.add("promises", *pair(agent, owner))
    count = memory.add("let_down", agent, owner)
    memory.put(scene.day, "promised_on", agent, owner)
    remember_deed(scene, owner)
    felt = scene.tie(owner, agent)
    true = {
        "let_down_again": count >= 2,
        "friends": scene.stays(owner, agent, FRIEND) and felt is not None and felt.held,
        "no_room": felt is not None and felt.change == Change.REFUSED,
    }
    facts = {"nth": nth(count), "capacity": scene.number(scene.capacity)}
    asides = [f"conflict.{name}" for name, holds in true.items() if holds]
    return scene.moment("conflict.promise", facts, priority=True, asides=asides)


def _goal(scene: Scene) -> str:
    """The place that the person is on the way to: with its venue, if the person is not there yet."""
    if scene.place < 0:
        return "the place"
    spot, venue = scene.names.spot(scene.place), scene.venue_of(scene.place)
    return spot if venue == scene.stands(scene.agent) else f"{spot} {scene.names.where(venue)}"


def remember_deed(scene: Scene, victim: int) -> None:
    """Remember whom this event's deed was done to, for those who tell of it later."""
    scene.memory.put(victim, "deed", scene.seq, scene.day)


def deed_victim(scene: Scene, cause: int) -> int:
    """The person to whom the deed with this seq was done, or -1."""
    return remembered(scene, "deed", cause)


def remembered(scene: Scene, what: str, seq: int) -> int:
    """The person who is remembered under this name for the event with this seq, or -1."""
    days = range(scene.day, max(scene.day - DEED_DAYS, 0) - 1, -1)
    return next((who for day in days if (who := scene.memory.get(what, seq, day, MISSING)) != MISSING), MISSING)


def forget_deeds(scene: Scene) -> None:
    """Forget the deeds that are too old to be told of, and who told of them."""
    for what in ("deed", "teller"):
        for seq, day in list(scene.memory.all(what)):
            if day < scene.day - DEED_DAYS:
                scene.memory.drop(what, seq, day)


def squeeze(scene: Scene) -> Iterator[Moment]:
    """A person squeezes past another: once a day for a pair, and never on the way to a place."""
    where = scene.stands(scene.agent)
    count = scene.memory.add("squeezed", *pair(scene.agent, scene.other))
    day = scene.memory.get("squeezed_on", *pair(scene.agent, scene.other), default=-1)
    scene.memory.put(scene.day, "squeezed_on", *pair(scene.agent, scene.other))
    if day != scene.day and not _is_bound_for_a_place(scene):
        facts = {"where": scene.names.where(where), "nth": nth(count)}
        asides = ["conflict.squeezed_again"] if count >= 3 else []
        yield scene.moment("conflict.squeezed", facts, place=MISSING, asides=asides)


def handover(scene: Scene) -> Iterator[Moment]:
    """A person gives its place to the next in line, after its use or by yielding.

    At a desk one shift follows another, which is no kindness: these are counted for themselves.
    """
    giver, given, memory = scene.agent, scene.other, scene.memory
    is_desk = scene.names.spots[scene.place].kind == DESK
    counted, handed = ("desks", "desk_left") if is_desk else ("handovers", "handed")
    count, back = memory.add(counted, giver, given), memory.get(handed, given, giver, -1)
    before = sum(memory.get(name, *two) for name in ("desks", "handovers") for two in ((giver, given), (given, giver)))
    memory.put(scene.tick, handed, giver, given)
    waited, rude = _wait_ticks(scene, given), memory.get("wronged", giver, given, -1)
    agent = scene.of(giver)
    yielded = agent is not None and agent["option"] == Option.YIELD
    true = {
        "needier": yielded and _is_worse_off(scene, given, giver),
        "rivals": scene.stays(given, giver, RIVAL),
        "quarrelled": rude > memory.get("wronged", given, giver, -1) and not scene.is_rival(given, giver),
        "returned": back >= 0 and back > memory.get(f"{handed}_before", giver, given, -1),
        "waited": waited >= LONG_WAIT,
        "often": count >= 3,
        "strangers": before == 1 and scene.are_strangers(giver, given),
    }
    memory.put(scene.tick, f"{handed}_before", giver, given)
    facts = {
        "waited": duration(waited, scene.names.ticks_per_day),
        "since": scene.ago(max(back, 0)),
        "rude": scene.ago(max(rude, 0)),
        "nth": nth(count),
    }
    at_desk = is_desk and not yielded
    asides = [f"help.{name}" for name, holds in true.items() if holds and (name in AT_A_DESK or not at_desk)]
    name = "desk" if at_desk else "yielded" if yielded else "handover"
    yield scene.moment(f"help.{name}", facts, priority=not at_desk, asides=asides)


def lost_patience(scene: Scene) -> Iterator[Moment]:
    """A person leaves a line out of impatience."""
    if scene.code != Reason.IMPATIENT:
        return
    count, waited = scene.memory.add("gave_up", scene.agent), _wait_ticks(scene, scene.agent)
    facts = {"waited": duration(waited, scene.names.ticks_per_day), "nth": nth(count)}
    asides = ["personality.impatient_again"] if count >= 2 else []
    yield scene.moment("personality.impatient", facts, asides=asides)


def _is_bound_for_a_place(scene: Scene) -> bool:
    """Whether the person holds a place, waits for one or walks to one."""
    one = scene.of(scene.agent)
    return one is not None and max(one[field] for field in ("holds", "waits_at", "target")) >= 0


def _wait_ticks(scene: Scene, person: int) -> int:
    """The ticks since a person joined the line."""
    return scene.tick - scene.memory.get("joined", person, default=scene.tick)


def _is_worse_off(scene: Scene, one: int, other: int) -> bool:
    """Whether the lower of hunger and hygiene is lower for `one` than for `other`."""
    a, b = scene.of(one), scene.of(other)
    if a is None or b is None:
        return False
    return bool(min(a["hunger"], a["hygiene"]) < min(b["hunger"], b["hygiene"]))


def _is_dirtier(scene: Scene, one: int, other: int) -> bool:
    """Whether the place is a shower and `one` has less hygiene than `other`."""
    a, b = scene.of(one), scene.of(other)
    washes = scene.names.spots[scene.place].kind == "shower"
    return washes and a is not None and b is not None and a["hygiene"] < b["hygiene"]
