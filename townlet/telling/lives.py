"""A person's whole life: arrival, home, jobs, friends and rivals won and lost, quarrels, savings, departure."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventlog import codes
from eventlog.catalogue.registries import Reason, Trait
from projections.narration.bond_rule import FRIEND, MUCH, RIVAL
from projections.narration.wording import Templates
from projections.narration.words import comma_list, many, number, stay
from townlet.configuration.load import person_number
from townlet.telling.bond_history import bond_changes
from townlet.telling.life_events import (
    OF_MORE,
    SO_FAR,
    LifeTeller,
    bonds_now,
    counts_of,
    events_of,
    first_quarrel_of,
    is_promise,
    missed_shifts,
)
from townlet.telling.why import known_person

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

SAVINGS_DAYS: Final = 30
"""After each so many days in town a life tells the savings."""

MARKED: Final = 0.5
"""The smallest size of a trait that is told."""

MANNERS: Final = {
    Trait.EXTROVERSION: ("outgoing", "shy"),
    Trait.FORGIVENESS: ("forgiving", "unforgiving"),
    Trait.AMBITION: ("ambitious", "easygoing"),
}

LEAVING: Final = {
    Reason.FAINT: "starved",
    Reason.EVICTION: "evicted",
    Reason.UNEMPLOYMENT: "jobless",
    Reason.NEGLECT: "neglected",
    Reason.LONELINESS: "lonely",
}


def life(run: "History", name: str, tick: int, templates: Templates | None = None) -> pa.Table:
    """The life of a person before `tick`: a row for each turn of it, with the columns of LIFE.

    Raises QueryError with the nearest name for somebody who has not lived there, LogDamaged, BadEvent.
    """
    person = person_number(run.config, known_person(run, tick, name))
    assert person is not None
    teller, events = LifeTeller(run, tick, templates), events_of(run, tick, person)
    arrival = events[(events["kind"] == codes.AGENT_ARRIVED) & (events["agent"] == person)][0]
    left = events[(events["kind"] == codes.AGENT_EXITED) & (events["agent"] == person)]
    _arrival(teller, arrival)
    for row in events[events["agent"] == person]:
        _turn(teller, row, int(arrival["tick"]))
    _first_quarrel(teller, events)
    changes = bond_changes(run, tick, person)
    teller.say_bonds([each for each in changes if each.kind != "agent_exited" or each.doer != person])
    begins, ends = int(arrival["tick"]), int(left["tick"][0]) if len(left) else tick
    _savings(teller, person, begins, ends)
    _end(teller, person, events, begins, ends, is_gone=bool(len(left)))
    if not len(left):
        _present(teller, person, bonds_now(changes), begins)
    return teller.table()


def _arrival(teller: LifeTeller, row: Any) -> None:
    """When and where the person moved in, and with whom it lived there."""
    person, at = int(row["agent"]), int(row["tick"])
    where = teller.where(int(row["object"]))
    town = teller.run.at(at + 1 if at + 1 <= teller.tick else at).town.record["agents"]
    alive = town[town["alive"] == 1]
    home = teller.names.venue_of_spot[int(row["object"])]
    mates = sorted(alive["person"][teller.names.venue_of_spot[alive["home"]] == home].tolist())
    seq = int(row["seq"])
    teller.say("came" if at else "founder", at, seq, person, facts={"where": where, "people": number(len(alive))})
    if others := [teller.name(each) for each in mates if each != person]:
        teller.say("mates", at, seq, person, facts={"where": where, "mates": comma_list(others)})


def _turn(teller: LifeTeller, row: Any, arrived: int) -> None:
    """What one event meant for the person who did it."""
    kind, at, seq, person = int(row["kind"]), int(row["tick"]), int(row["seq"]), int(row["agent"])
    if kind == codes.TRAIT_GIVEN and int(row["code"]) in MANNERS and abs(row["value"]) >= MARKED:
        teller.say(MANNERS[Trait(int(row["code"]))][int(row["value"] < 0)], at, seq, person)
    elif kind == codes.HIRED:
        facts = {"where": teller.where(int(row["object"])), "job": teller.names.jobs[int(row["code"])]}
        teller.say("hired", at, seq, person, facts=facts)
    elif kind == codes.JOB_LOST:
        teller.say("job_lost", at, seq, person, facts={"where": teller.where(int(row["object"]))})
    elif kind == codes.AGENT_FAINTED:
        teller.say("fainted", at, seq, person)
    elif kind == codes.AGENT_EXITED:
        stayed = stay(at - arrived, teller.per_day)
        reason = int(row["code"])
        teller.say(LEAVING[Reason(reason)] if reason in LEAVING else "left", at, seq, person, facts={"stayed": stayed})


def _first_quarrel(teller: LifeTeller, events: "Rows") -> None:
    """The first quarrel of the person's life; later ones are told where they made or ended a bond."""
    quarrels = (events["kind"] == codes.QUEUE_CONFLICT) & (events["object"] >= 0) & ~is_promise(events)
    for row in events[quarrels][:1]:
        facts = {"where": teller.where(int(row["object"])), "place": teller.spot(int(row["object"]))} | OF_MORE
        people = int(row["agent"]), int(row["other"])
        teller.say(first_quarrel_of(int(row["code"])), int(row["tick"]), int(row["seq"]), *people, facts)


def _savings(teller: LifeTeller, person: int, begins: int, ends: int) -> None:
    """The money after each SAVINGS_DAYS in town."""
    step = SAVINGS_DAYS * teller.per_day
    for at in range(begins + step, ends, step):
        _say_savings(teller, person, begins, at)


def _say_savings(teller: LifeTeller, person: int, begins: int, at: int) -> None:
    money = f"{float(_record(teller, person, at)['wallet']):.1f}"
    teller.say("savings", at, agent=person, facts={"money": money, "stayed": stay(at - begins, teller.per_day)})


def _end(teller: LifeTeller, person: int, events: "Rows", begins: int, ends: int, *, is_gone: bool) -> None:
    """The savings at the departure, and what the whole stay came to."""
    if is_gone:
        _say_savings(teller, person, begins, ends)
    own = events["agent"] == person
    worked = int((own & np.isin(events["kind"], (codes.SHIFT_STARTED, codes.ARRIVED_LATE))).sum())
    absences = missed_shifts(
        teller.run.config, events[own & np.isin(events["kind"], (codes.SHIFT_MISSED, codes.HIRED))]
    )
    facts = {"shifts": number(worked), "missed": many(len(absences), "shift"), **counts_of(events)}
    facts["so_far"] = SO_FAR[is_gone]
    teller.say("totals", ends, agent=person, facts=facts)


def _present(teller: LifeTeller, person: int, bonds: dict[tuple[int, int], int], begins: int) -> None:
    """Where a person who is still there lives, with how much money, and with which friends and rivals."""
    record = _record(teller, person, teller.tick)
    where, stayed = teller.where(int(record["home"])), stay(teller.tick - begins, teller.per_day)
    facts = {"where": where, "stayed": stayed, "money": f"{float(record['wallet']):.1f}"}
    teller.say("now", teller.tick, agent=person, facts=facts)
    for name, sort in (("now_friends", FRIEND), ("now_rivals", RIVAL)):
        known = sorted(other for (owner, other), bond in bonds.items() if owner == person and bond == sort)
        if known:
            held = {int(tie["other"]) for tie in record["ties"] if tie["known"] and tie["rivalry"] >= MUCH}
            against = held if sort == FRIEND else set[int]()
            names = comma_list([_with_grudge(teller.name(each), resents=each in against) for each in known])
            teller.say(name, teller.tick, agent=person, facts={"names": names})


def _with_grudge(name: str, *, resents: bool) -> str:
    """The name of a friend, and whether the person holds much against the friend."""
    return f"{name} (but holds much against {name})" if resents else name


def _record(teller: LifeTeller, person: int, tick: int) -> Any:
    """The state of a living person just before `tick`."""
    agents = teller.run.at(tick).town.record["agents"]
    return agents[(agents["person"] == person) & (agents["alive"] == 1)][0]
