"""Two people, from their first meeting to now: what they did together first, and the turning points between them."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventlog import codes
from eventlog.catalogue.registries import Reason
from projections.narration.bond_rule import FRIEND, MUCH, NONE, RIVAL
from projections.narration.moments.talk import quality_of
from projections.narration.wording import Templates
from projections.narration.words import nth, number, stay
from townlet.configuration.load import person_number
from townlet.telling.bond_history import bond_changes
from townlet.telling.life_events import (
    OF_MORE,
    OF_ONE,
    SO_FAR,
    LifeTeller,
    bonds_now,
    counts_of,
    events_of,
    first_quarrel_of,
)
from townlet.telling.why import known_person, require_known

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

ROUND: Final = (10, 25, 50, 100, 200, 500, 1000)
"""Counts of talks, good or polite, that are told."""

PAUSE_DAYS: Final = 7
"""The shortest time without anything between the two, in days, that is told."""

FIRSTS: Final = {
    int(codes.SHARED_MEAL): "first_meal",
    int(codes.QUEUE_CONFLICT): "first_quarrel",
    int(codes.LATE_HELP): "first_help",
    int(codes.SHIFT_TAKEOVER): "first_takeover",
    int(codes.MEAL_GIVEN): "first_gift",
    int(codes.MONEY_LENT): "first_loan",
}
"""What is told when two people do it for the first time; talks have sentences of their own."""

TALKS: Final = (int(codes.CHAT_SUCCEEDED), int(codes.CHAT_FAILED))

FIRST_TALKS: Final = {
    "great": "first_talk",
    "good": "first_talk",
    "fair": "first_fair_talk",
    "uneven": "first_uneven_talk",
    "failed": "first_bad_talk",
}
"""What is told of a first talk, by how it went."""

SORTS: Final = {FRIEND: "a friend", RIVAL: "a rival", NONE: "neither a friend nor a rival"}
"""What one is to the other, in words."""


def pair(run: "History", one: str, other: str, tick: int, templates: Templates | None = None) -> pa.Table:
    """What was between two people before `tick`: a row for each turning point, with the columns of LIFE.

    Raises QueryError with the nearest name for somebody who has not lived there, LogDamaged, BadEvent.
    """
    known = tuple(known_person(run, tick, name) for name in (one, other))
    require_known(run, tick, known)
    a, b = (person_number(run.config, name) for name in known)
    assert a is not None and b is not None
    teller = LifeTeller(run, tick, templates)
    events = events_of(run, tick, a, b)
    both = events[np.isin(events["agent"], (a, b)) & np.isin(events["other"], (a, b))]
    knew = _acquaintance(teller, a, b, both)
    _turns(teller, both[both["kind"] != codes.TIE_SET], knew=knew)
    changes = bond_changes(run, tick, a, b)
    teller.say_bonds(changes)
    for row in events[(events["kind"] == codes.AGENT_EXITED)]:
        begins = events[(events["kind"] == codes.AGENT_ARRIVED) & (events["agent"] == row["agent"])]["tick"][0]
        stayed = stay(int(row["tick"] - begins), teller.per_day)
        teller.say("left", int(row["tick"]), int(row["seq"]), int(row["agent"]), facts={"stayed": stayed})
    _present(teller, a, b, both, bonds_now(changes))
    return teller.table()


def _acquaintance(teller: LifeTeller, a: int, b: int, both: "Rows") -> bool:
    """Tell whether the two knew each other at the founding; returns it."""
    known = both[(both["kind"] == codes.TIE_SET) & (both["tick"] == 0) & (both["cause"] == 0)]
    for row in known[:1]:
        teller.say("knew", 0, int(row["seq"]), a, b)
    return bool(len(known))


def _turns(teller: LifeTeller, both: "Rows", *, knew: bool) -> None:
    """What the two did for the first time, round numbers of talks, and long pauses.

    Of two who knew each other before the town began, no talk is told as the first.
    """
    seen, talks, last = {"talk"} if knew else set[str](), 0, None
    often = Counter(map(_deed, both))
    for row in both:
        kind, at, name = int(row["kind"]), int(row["tick"]), _deed(row)
        people = (int(row["seq"]), int(row["agent"]), int(row["other"]))
        if last is not None and at - last >= PAUSE_DAYS * teller.per_day:
            teller.say("pause", at, *people, {"days": number((at - last) // teller.per_day)})
        last = at
        talks += kind == codes.CHAT_SUCCEEDED
        if name and name not in seen:
            seen.add(name)
            first = OF_MORE if often[name] > 1 else OF_ONE
            if name == "talk":
                name = FIRST_TALKS[quality_of(row)]
            elif name == "first_quarrel":
                name = first_quarrel_of(int(row["code"]))
            teller.say(name, at, *people, _facts(teller, row) | first)
        if kind == codes.CHAT_SUCCEEDED and talks in ROUND:
            teller.say("round_talk", at, *people, {"nth": nth(talks), "count": number(talks)})


def _deed(row: Any) -> str:
    """The name of what two people did: `talk`, or one of FIRSTS; empty for what is not told as a first."""
    kind = int(row["kind"])
    if kind == codes.QUEUE_CONFLICT and int(row["code"]) == Reason.PROMISE:
        return "first_broken_promise"
    return "talk" if kind in TALKS else FIRSTS.get(kind, "")


def _facts(teller: LifeTeller, row: Any) -> dict[str, str]:
    """What an event's sentence may say of its place and its amount."""
    place = int(row["object"])
    facts = {"amount": f"{row['value']:.2f}", "where": "in town", "place": "something"}
    one, other = teller.name(int(row["agent"])), teller.name(int(row["other"]))
    likes_more = not row["value"] < row["value2"]
    facts |= {"pleased": one if likes_more else other, "cooler": other if likes_more else one}
    return facts | {"where": teller.where(place), "place": teller.spot(place)} if place >= 0 else facts


def _present(teller: LifeTeller, a: int, b: int, both: "Rows", bonds: Mapping[tuple[int, int], int]) -> None:
    """What the two had together so far, and, of those who are there, what each is to the other now."""
    talked = bool(np.isin(both["kind"], TALKS).any())
    name = "together" if talked else "together_never_talked"
    agents = teller.run.at(teller.tick).town.record["agents"]
    alive = {int(record["person"]): record for record in agents if record["alive"]}
    is_over = a not in alive or b not in alive
    teller.say(name, teller.tick, agent=a, other=b, facts=counts_of(both) | {"so_far": SO_FAR[is_over]})
    if is_over:
        return
    if teller.names.venue_of_spot[alive[a]["home"]] == teller.names.venue_of_spot[alive[b]["home"]]:
        where = teller.where(int(alive[a]["home"]))
        teller.say("housemates", teller.tick, agent=a, other=b, facts={"where": where})
    for owner, other in ((a, b), (b, a)):
        ties = alive[owner]["ties"]
        held = ties[(ties["known"] == 1) & (ties["other"] == other)]
        if not len(held):
            teller.say("no_feeling", teller.tick, agent=owner, other=other)
            continue
        sides = {side: f"{float(held[0][side]):.2f}" for side in ("trust", "familiarity", "rivalry")}
        bond = bonds.get((owner, other), NONE)
        resents = bond == FRIEND and held[0]["rivalry"] >= MUCH
        sort = f"a friend, but holds much against {teller.name(other)}" if resents else SORTS[bond]
        facts = sides | {"sort": sort}
        teller.say("feeling", teller.tick, agent=owner, other=other, facts=facts)
