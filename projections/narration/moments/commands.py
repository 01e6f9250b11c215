"""Tellers of what somebody outside the town brings about: commands of operators, of city events and of trials.

An event that a command leads to has the command's acceptance as its cause, so it is told with who gave the command.
What ends by itself, such as an illness, is told by `ended`, at the first event of the tick at which it is over.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from eventlog.catalogue.registries import Deed, Dimension, Issuer, Item, Limit, Need, Option, Outcome, Reason
from eventlog.rows import MISSING
from projections.narration.entries import Moment
from projections.narration.memory import Memory
from projections.narration.scene import Scene, pair
from projections.narration.words import span, until

DEEDS: Final[Mapping[int, str]] = {
    Deed.EAT: "eating",
    Deed.WASH: "washing",
    Deed.SLEEP: "sleeping",
    Deed.WORK: "working",
    Deed.SHOP: "shopping",
    Deed.COOK: "cooking",
    Deed.SOCIALISE: "looking for company",
    Deed.YIELD: "letting others go first",
    Deed.CHAT: "talking",
    Deed.NEWS: "telling news",
    Deed.CUT: "pushing in",
    Deed.BLOCK: "keeping a place after use",
    Deed.GHOST: "pushing past people",
    Deed.BARRED: "being rude to people in the way",
    Deed.PORTION: "taking the last portion",
    Deed.PROMISE: "breaking a promise",
    Deed.COVER: "agreeing to stand in at work",
    Deed.HELP: "helping out at work",
    Deed.TAKEOVER: "taking over shifts",
    Deed.SHARED_MEAL: "eating in company",
    Deed.HANDOVER: "making way in line",
    Deed.GIFT: "giving meals away",
    Deed.LOAN: "lending money",
    Deed.REPAYMENT: "paying money back",
    Deed.LEAVE: "leaving town",
}
"""What somebody is kept from, in words."""

ORDERS: Final[Mapping[int, str]] = {
    Option.WAIT: "wait",
    Option.EAT: "eat",
    Option.WASH: "wash",
    Option.SLEEP: "sleep",
    Option.WORK: "work",
    Option.SHOP: "go shopping",
    Option.COOK: "cook",
    Option.SOCIALISE: "look for company",
    Option.YIELD: "let another go first",
}
"""What somebody is told to do, in words."""

FELT: Final[Mapping[int, str]] = {Need.HUNGER: "hungry", Need.HYGIENE: "clean", Need.ENERGY: "tired"}
"""What a need makes of somebody, more or less of it."""

ITEMS: Final[Mapping[int, str]] = {Item.RAW: "raw food", Item.MEAL: "a meal"}

NOT_MET: Final[Mapping[int, str]] = {
    Reason.TIMED_OUT: "chat.too_late",
    Reason.DEPARTED: "chat.gone",
}
"""The asides of a meeting that came to nothing, by reason; `_why_no_seat` finds those of NO_PLACE."""

DECIDED: Final[Mapping[int, str]] = {
    Outcome.CHAT_SUCCEEDS: "chat.will_succeed",
    Outcome.CHAT_FAILS: "chat.will_fail",
}
"""The asides of a talk whose end a command decides."""


def accepted(scene: Scene) -> Iterator[Moment]:
    """Tells nothing; remembers who gave the command, for the events that it leads to."""
    scene.memory.put(scene.seq, "command")
    scene.memory.put(scene.code2, "issuer")
    yield from ()


def closure(scene: Scene) -> Iterator[Moment]:
    """A venue is closed, or opened before its time. A command closes all its places; the first of them is told."""
    memory, venue = scene.memory, scene.venue_of(scene.place)
    if not scene.by or memory.get("closed_by", venue, default=MISSING) == scene.cause:
        return
    memory.put(scene.cause, "closed_by", venue)
    if scene.value > 0:
        memory.put(scene.tick + int(scene.value), "closed_until", scene.place)
        yield scene.moment("outage.closed", _until(scene), priority=True)
    elif memory.get("closed_until", scene.place):
        memory.drop("closed_until", scene.place)
        yield scene.moment("outage.opened", {"by": scene.by}, priority=True)


def illness(scene: Scene) -> Iterator[Moment]:
    """A person is unwell, or well again before its time."""
    if not scene.by:
        return
    if scene.value > 0:
        scene.memory.put(scene.tick + int(scene.value), "ill_until", scene.agent)
        yield scene.moment("work.ill", _until(scene), priority=True)
    elif scene.memory.get("ill_until", scene.agent):
        scene.memory.drop("ill_until", scene.agent)
        yield scene.moment("work.healed", {"by": scene.by}, priority=True)


def next_end(memory: Memory) -> int | None:
    """The tick at which the next closure or illness is over; None if there is none."""
    return min((end for name in ENDING for end in memory.all(name).values()), default=None)


def ended(scene: Scene) -> Iterator[Moment]:
    """The closures and illnesses that are over by now, without a command."""
    for name, template in ENDING.items():
        for (which, _), end in list(scene.memory.all(name).items()):
            if end <= scene.tick:
                scene.memory.drop(name, which)
                who, place = ((MISSING, MISSING), which) if name == "closed_until" else ((which, MISSING), MISSING)
                yield scene.moment(template, who=who, place=place, priority=True)


ENDING: Final[Mapping[str, str]] = {"closed_until": "outage.open_again", "ill_until": "work.well"}
"""The names in the memory of what ends by itself, each with the situation of its end."""


def meeting(scene: Scene) -> Iterator[Moment]:
    """Two are sent to meet; the first of their two events is told."""
    memory, two = scene.memory, pair(scene.agent, scene.other)
    memory.put(scene.seq, "sent", scene.agent)
    memory.put(scene.other, "sent_to", scene.agent)
    memory.put(scene.place, "sent_where", scene.agent)
    if scene.by and memory.get("meeting", *two, default=MISSING) != scene.cause:
        memory.put(scene.cause, "meeting", *two)
        yield scene.moment("chat.meeting", _until(scene), priority=True)


def order_end(scene: Scene) -> Iterator[Moment]:
    """An order ends; of a meeting it is told once whether it came about."""
    memory, agent = scene.memory, scene.agent
    if scene.cause == MISSING or memory.get("sent", agent, default=MISSING) != scene.cause:
        return
    other, place = memory.get("sent_to", agent), memory.get("sent_where", agent)
    two = pair(agent, other)
    for name in ("sent", "sent_to", "sent_where"):
        memory.drop(name, agent)
    if memory.get("meeting", *two, default=MISSING) == MISSING:
        return
    memory.drop("meeting", *two)
    who = agent, other
    if scene.code2 == Reason.FINISHED:
        yield scene.moment("chat.met", who=who, place=place, priority=True)
    else:
        asides = [NOT_MET[scene.code2]] if scene.code2 in NOT_MET else []
        if scene.code2 == Reason.NO_PLACE:
            asides = [f"chat.{_why_no_seat(scene, scene.venue_of(place))}"]
        yield scene.moment("chat.not_met", who=who, place=place, priority=True, asides=asides)


def _why_no_seat(scene: Scene, venue: int) -> str:
    """The aside that says why no place for company of a venue was of use: the first reason that holds for all."""
    seats, record = scene.seats_for_company(venue, scene.agent), scene.of(scene.agent)
    money = 0.0 if record is None else float(record["wallet"])
    if not seats or all(seat.is_shut or seat.is_taken for seat in seats):
        return "no_seat"
    if all(seat.is_wet for seat in seats):
        return "wet"
    if all(seat.fee > money for seat in seats):
        return "no_money"
    if all(0 < seat.fee <= money < seat.fee + scene.spend_above for seat in seats):
        return "too_dear"
    return "no_seat"


def order(scene: Scene) -> Iterator[Moment]:
    """A person is told to do something."""
    if scene.by and scene.code in ORDERS:
        yield scene.moment("personality.ordered", {"by": scene.by, "order": ORDERS[scene.code]})


def possession(scene: Scene) -> Iterator[Moment]:
    """Somebody outside the town begins to decide for a person."""
    if scene.by:
        yield scene.moment("personality.possessed", {"by": scene.by}, priority=True)


def release(scene: Scene) -> Iterator[Moment]:
    """A person decides again."""
    if scene.by:
        yield scene.moment("personality.released", {"by": scene.by}, priority=True)


def newcomer_called(scene: Scene) -> Iterator[Moment]:
    """The next newcomer is called at once."""
    if scene.by:
        yield scene.moment("arrival.called", {"by": scene.by}, priority=True)


def teleport(scene: Scene) -> Iterator[Moment]:
    """A person is put somewhere else."""
    if scene.by:
        yield scene.moment("personality.moved", {"by": scene.by}, place=MISSING, priority=True)


def restraint(scene: Scene) -> Iterator[Moment]:
    """A person is kept from a deed, towards everybody or towards one person, or may do it again."""
    if not scene.by or scene.code not in DEEDS:
        return
    towards = scene.other != MISSING
    held = scene.memory.get(f"kept_from_{scene.code}", scene.agent, scene.other)
    facts = _until(scene) | {"deed": DEEDS[scene.code]}
    if scene.value > 0:
        scene.memory.put(scene.tick + int(scene.value), f"kept_from_{scene.code}", scene.agent, scene.other)
        yield scene.moment("personality.kept_from_one" if towards else "personality.kept", facts, priority=True)
    elif held:
        scene.memory.drop(f"kept_from_{scene.code}", scene.agent, scene.other)
        if held > scene.tick:
            yield scene.moment("personality.free_towards" if towards else "personality.free", facts, priority=True)


def need(scene: Scene) -> Iterator[Moment]:
    """A need of a person is set."""
    if scene.by and scene.code in FELT:
        yield scene.moment("personality.need", {"by": scene.by, "felt": FELT[scene.code]})


def tie(scene: Scene) -> Iterator[Moment]:
    """One side of a tie is set."""
    if scene.by:
        facts = {"by": scene.by, "side": Dimension(scene.code).name.lower(), "level": f"{scene.value:.2f}"}
        yield scene.moment("friendship.set", facts)


def outcome(scene: Scene) -> Iterator[Moment]:
    """It is decided how a talk ends, which is told with the talk, or when somebody rises for work."""
    if not scene.by:
        return
    scene.memory.put(scene.code, "decided")
    scene.memory.put(scene.cause, "decided_by")
    if scene.code == Outcome.OVERSLEEPS:
        yield scene.moment("work.oversleeps", {"by": scene.by})
    elif scene.code == Outcome.RISES_IN_TIME:
        yield scene.moment("work.rises", {"by": scene.by})


def forced_talk(scene: Scene) -> Iterator[Moment]:
    """Two are made to talk."""
    if scene.by:
        known = scene.memory.get("decided_by", default=MISSING) == scene.cause
        aside = DECIDED.get(scene.memory.get("decided")) if known else None
        where = scene.names.near(scene.stands(scene.agent), scene.stands(scene.other))
        yield scene.moment(
            "chat.forced", {"by": scene.by, "where": where}, priority=True, asides=[aside] if aside else []
        )


def limit(scene: Scene) -> Iterator[Moment]:
    """Who may leave and when newcomers come is limited. What belongs to a city event is not told."""
    if not scene.by or scene.issuer == Issuer.PERTURBATION:
        return
    value, per_day = int(scene.value), scene.names.ticks_per_day
    facts = {"by": scene.by}
    if scene.code == Limit.MORTALITY:
        yield scene.moment("departure.allowed" if value else "departure.stopped", facts, priority=True)
    elif scene.code == Limit.EXIT_CAP:
        if value > 0:
            facts["exits"] = scene.number(value)
        name = "stopped" if value == 0 else "capped" if value > 0 else "uncapped"
        yield scene.moment(f"departure.{name}", facts, priority=True)
    elif value >= 0:
        delay = f"{span(value, per_day)} after" if value else "at once after"
        yield scene.moment("arrival.delay", facts | {"delay": delay}, priority=True)
    else:
        yield scene.moment("arrival.usual", facts, priority=True)


def _until(scene: Scene) -> dict[str, str]:
    """Who brought the event about, and until when it lasts."""
    end = scene.tick + int(scene.value)
    return {"by": scene.by, "until": until(end, scene.tick, scene.names.ticks_per_day)}
