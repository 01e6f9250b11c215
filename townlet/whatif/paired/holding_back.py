"""What "without this event" means: who is held back from which deed, towards whom, and for how long.

People do a thing a minute later, or another does it, so what is held back differs by the kind of event. An event that
nobody decides cannot be held back: then a message says through which cause or command it can be changed.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np

from eventlog.catalogue import KIND_NAMES
from eventlog.catalogue.registries import Deed, Reason
from projections.narration.words import with_capital
from townlet.configuration.load import person_name
from townlet.errors import QueryError, TownletError
from townlet.living.commands.door import ANSWERS
from townlet.living.commands.typed import Restrain
from townlet.whatif.paired.treatments import Intervention, command_id

if TYPE_CHECKING:
    from townlet.history.history import History
    from townlet.living.town import Town

Who = Literal["pair", "person", "anybody"]

TALK_TICKS: Final = 60
"""For how long two people are kept from talking, or from telling news."""

CAUSES_MOST: Final = 20
"""How far back a message looks for a cause that can be held back."""


class Held(NamedTuple):
    """What is held back for one event: a deed of `who`, for `ticks`. `until` says in words how long that is."""

    deed: Deed
    who: Who
    ticks: int
    until: str


Rule = Callable[["Town", Any], Held]
"""Says what is held back, from the town before the event and the event's row."""


def _at_once(deed: Deed) -> Rule:
    return lambda town, event: Held(deed, "pair", 1, "in that tick")


def _quarrel(town: "Town", event: Any) -> Held:
    return Held(Deed[Reason(int(event["code"])).name], "pair", 1, "in that tick")


def _talk(deed: Deed) -> Rule:
    return lambda town, event: Held(deed, "pair", TALK_TICKS, f"for {TALK_TICKS} ticks")


def _shift(deed: Deed) -> Rule:
    """Anybody is held back from standing in for the owner until the owner's shift ends."""
    return lambda town, event: Held(deed, "anybody", _rest_of_shift(town, event), "until the shift ends")


def _cover(town: "Town", event: Any) -> Held:
    return _shift(Deed.HELP if int(event["code"]) == Reason.LATE else Deed.COVER)(town, event)


def _leave(town: "Town", event: Any) -> Held:
    return Held(Deed.LEAVE, "person", 0, "to the end of the futures")


def _option(town: "Town", event: Any) -> Held:
    if int(event["code"]) not in list(Deed):
        name = person_name(town.settings[0], int(event["agent"]))
        raise TownletError(
            "to wait is no deed, so nobody can be held back from it.\n"
            f'  Next: have the person do something else: --at-tick {int(event["tick"])} --do "choose {name} OPTION"'
        )
    deed = Deed(int(event["code"]))
    return Held(deed, "person", _commitment(town), "for as long as one stays with an option")


RULES: Final[Mapping[str, Rule]] = {
    "queue_conflict": _quarrel,
    "shared_meal": _at_once(Deed.SHARED_MEAL),
    "chat_started": _talk(Deed.CHAT),
    "chat_succeeded": _talk(Deed.CHAT),
    "chat_failed": _talk(Deed.CHAT),
    "news_told": _talk(Deed.NEWS),
    "shift_takeover": _shift(Deed.TAKEOVER),
    "late_help": _shift(Deed.HELP),
    "cover_agreed": _cover,
    "queue_handover": _at_once(Deed.HANDOVER),
    "meal_given": _at_once(Deed.GIFT),
    "money_lent": _at_once(Deed.LOAN),
    "money_returned": _at_once(Deed.REPAYMENT),
    "agent_exited": _leave,
    "option_chosen": _option,
}
"""What is held back for each kind of event that can be."""

BEGUN_BY: Final = {"chat_succeeded": "chat_started", "chat_failed": "chat_started"}
"""The kinds of event that end what an earlier one, their cause, began: then that one is held back."""

MEANT: Final[Mapping[Deed, str]] = {
    Deed.CHAT: "talking to",
    Deed.NEWS: "telling news to",
    Deed.CUT: "pushing in before",
    Deed.BLOCK: "keeping a place from",
    Deed.GHOST: "being blamed for squeezing past",
    Deed.BARRED: "pushing past",
    Deed.PORTION: "taking the last portion before",
    Deed.PROMISE: "breaking a promise to",
    Deed.COVER: "standing in for",
    Deed.HELP: "helping out for",
    Deed.TAKEOVER: "taking over the shift of",
    Deed.SHARED_MEAL: "eating with",
    Deed.HANDOVER: "handing a place over to",
    Deed.GIFT: "giving a meal to",
    Deed.LOAN: "lending money to",
    Deed.REPAYMENT: "paying money back to",
    Deed.LEAVE: "leaving town",
}
"""How a deed reads after "is held back from"; an option reads as its name."""

INSTEAD: Final[Mapping[str, str]] = {
    "power_failed": '--at-tick TICK --do "blackout on=false"',
    "power_restored": "--at-tick TICK --do blackout",
    "water_failed": '--at-tick TICK --do "outage on=false"',
    "water_restored": "--at-tick TICK --do outage",
    "price_changed": '--at-tick TICK --do "price ITEM PRICE"',
    "weather_changed": '--at-tick TICK --do rain (or "rain on=false")',
    "need_set": '--at-tick TICK --do "setneed NAME NEED VALUE"',
    "rent_charged": "--at-tick TICK --set market.rent=AMOUNT",
    "benefit_paid": "--at-tick TICK --set market.benefit=AMOUNT",
    "tie_set": '--at-tick TICK --do "set_rel OWNER OTHER SIDE VALUE"',
    "teleported": '--at-tick TICK --do "teleport NAME ROW COLUMN"',
    "wage_paid": '--at-tick TICK --do "restrain NAME work ticks=TICKS"',
    "shift_started": '--at-tick TICK --do "restrain NAME work ticks=TICKS"',
    "shift_missed": "--at-tick TICK --set work.unwell_chance=0 (and work.oversleep_chance=0)",
    "arrived_late": '--at-tick TICK --do "oversleep NAME on=false", before the shift begins',
    "agent_fainted": '--at-tick TICK --do "setneed NAME hunger 1", before it faints',
    "agent_arrived": '--at-tick TICK --do "set_spawn_delay TICKS", before the departure that led to it',
    "illness_began": '--at-tick TICK --do "ill NAME 0"',
    "place_closed": '--at-tick TICK --do "close VENUE 0"',
    "possession_began": '--at-tick TICK --do "release NAME"',
    "option_ordered": '--at-tick TICK --do "restrain NAME OPTION ticks=TICKS"',
    "meeting_arranged": '--at-tick TICK --do "restrain NAME socialise ticks=TICKS"',
}
"""What changes an event that nobody decides."""


def without(
    run: "History",
    seq: int,
    *,
    at: int | None = None,
    ticks: int | None = None,
    who: Who | None = None,
    horizon: int = 0,
) -> Intervention:
    """The intervention that holds back the event with this number.

    It begins where the deed begins, or at tick `at` before. `ticks` is for how long, from where the deed begins. `who`
    is held back: the pair, the person towards everybody, or anybody towards the other; None: as `RULES` say. `horizon`
    is how many ticks the futures live. Raises QueryError for an event that is not there or that cannot be held back,
    TickOutOfRange, LogDamaged.
    """
    head = run.head
    if not 0 <= seq < head.seq:
        raise QueryError(
            f"{run.place} has no event {seq:,}: it holds 0 to {head.seq - 1:,}.\n"
            f"  Next: townlet tail {run.place} --json shows events with their numbers"
        )
    event = _event(run, seq)
    begins = _beginning(run, event)
    kind, tick = KIND_NAMES[int(event["kind"])], int(begins["tick"])
    if kind not in RULES:
        raise QueryError(_cannot(run, event))
    moment = tick if at is None else at
    run.require(moment)
    known = int(event["tick"]) - moment + 1
    if not 0 <= tick - moment <= run.config.town.ticks_per_day - (int(event["tick"]) - tick) - 1:
        raise QueryError(
            f"event {seq:,} begins at tick {tick:,}, and the futures are to begin at tick {moment:,}: begin there, or "
            f"within the day before it.\n  Next: leave --at-tick out"
        )
    if any(run.log.seq_at(moment) < epoch.from_seq <= seq for epoch in run.epochs):
        raise QueryError(
            f"other settings or another seed begin between tick {moment:,} and event {seq:,}, so the two do not belong "
            "to one town.\n  Next: hold back another event"
        )
    between = run.log.batches(run.log.seq_at(moment), seq)
    if any(np.isin(batch.column("kind").to_numpy(), ANSWERS).any() for batch in between):
        raise QueryError(
            f"commands came between tick {moment:,} and event {seq:,}, and paired futures do not give them again.\n"
            "  Next: hold back another event"
        )
    town = run.at(moment).town
    held = _held(town, kind, event, ticks, who, known + horizon)
    commands = _commands(run, town, event, held._replace(ticks=held.ticks + tick - moment))
    return Intervention(
        moment,
        known,
        commands,
        seq=seq,
        deeds=() if kind == "option_chosen" else (kind,),
        pair=(int(event["agent"]), int(event["other"])),
        words=(_in_words(run, event, held),),
    )


def _held(town: "Town", kind: str, event: Any, ticks: int | None, who: Who | None, horizon: int) -> Held:
    """What is held back, with the wishes of the user."""
    try:
        held = RULES[kind](town, event)
    except (KeyError, TownletError) as error:
        raise QueryError(f"this {kind} cannot be held back: {error}") from error
    if ticks is not None:
        held = held._replace(ticks=ticks, until=f"for {ticks:,} ticks")
    elif held.deed == Deed.LEAVE:
        held = held._replace(ticks=horizon)
    return held if who is None else held._replace(who=who)


def _commands(run: "History", town: "Town", event: Any, held: Held) -> tuple[Restrain, ...]:
    """A command for everybody who is held back."""
    name = partial(person_name, run.config)
    towards = None if held.who == "person" or event["other"] < 0 else name(int(event["other"]))
    agents = town.record["agents"]
    persons = agents["person"][agents["alive"] == 1].tolist() if held.who == "anybody" else [int(event["agent"])]
    deed, ticks = held.deed.name.lower(), held.ticks
    return tuple(
        Restrain(**command_id(town.tick, number), agent=name(person), deed=deed, towards=towards, ticks=ticks)
        for number, person in enumerate(persons, 1)
        if person != event["other"]
    )


def _in_words(run: "History", event: Any, held: Held) -> str:
    """A sentence that says who is held back from what, and for how long."""
    name = {
        side: with_capital(person_name(run.config, int(event[side]))) for side in ("agent", "other") if event[side] >= 0
    }
    what = MEANT.get(held.deed, f"the option {held.deed.name.lower()}")
    subject = "Everybody" if held.who == "anybody" else name["agent"]
    towards = ""
    if held.deed in MEANT and held.deed != Deed.LEAVE:
        towards = " anybody" if held.who == "person" or "other" not in name else f" {name['other']}"
    both = " (and the other way round)" if held.deed in (Deed.CHAT, Deed.SHARED_MEAL) and held.who == "pair" else ""
    return f"{subject} is held back from {what}{towards}{both} {held.until}."


def _event(run: "History", seq: int) -> Any:
    return run.log.pick([seq])[0]


def _beginning(run: "History", event: Any) -> Any:
    """The event that began the deed: the event itself, or one of its causes."""
    wanted = BEGUN_BY.get(KIND_NAMES[int(event["kind"])])
    return next((cause for cause in _causes(run, event) if KIND_NAMES[int(cause["kind"])] == wanted), event)


def _causes(run: "History", event: Any) -> list[Any]:
    """The causes of an event, the nearest first."""
    found: list[Any] = []
    while event["cause"] and len(found) < CAUSES_MOST:
        event = _event(run, int(event["seq"]) - int(event["cause"]))
        found.append(event)
    return found


def cause_held_back(run: "History", seq: int) -> int | None:
    """The number of the nearest cause of an event that can be held back; None: there is none. Raises LogDamaged."""
    causes = (cause for cause in _causes(run, _event(run, seq)) if KIND_NAMES[int(cause["kind"])] in RULES)
    return next((int(cause["seq"]) for cause in causes), None)


def _cannot(run: "History", event: Any) -> str:
    """Why an event cannot be held back, and what changes it."""
    kind, seq = KIND_NAMES[int(event["kind"])], int(event["seq"])
    text = f"event {seq:,} is {_one(kind)}, which nobody decides, so nobody can be held back from it.\n  Next: "
    if (cause := cause_held_back(run, seq)) is not None:
        return f"{text}hold back its cause, {_one(KIND_NAMES[int(_event(run, cause)['kind'])])}: --without {cause}"
    if kind in INSTEAD:
        return f"{text}change it: {INSTEAD[kind]}"
    return f"{text}hold back an event of one of these kinds: {', '.join(RULES)}"


def _one(kind: str) -> str:
    """A kind of event with its article."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _rest_of_shift(town: "Town", event: Any) -> int:
    """How many ticks the shift of the event's owner has still to go."""
    record, plan = town.record, town.plans.view(np.ndarray)[int(town.record["clock"]["epoch"])]
    per_day = town.settings[0].town.ticks_per_day
    job = int(record["agents"]["job"][int(event["other"]) & (town.shape.agents - 1)])
    end = int(plan["jobs"]["end"][job]) if job >= 0 else per_day
    return max(1, end - int(event["tick"]) % per_day)


def _commitment(town: "Town") -> int:
    """For how many ticks a person stays with an option once it is chosen."""
    plan = town.plans.view(np.ndarray)[int(town.record["clock"]["epoch"])]
    return max(1, int(plan["policy"]["commit"]))
