"""Tellers of arrivals, traits, faints, rent and departures."""

from collections.abc import Iterator, Mapping

from eventlog.catalogue.registries import Reason, Trait
from eventlog.rows import MISSING
from projections.narration.bond_rule import FRIEND, RIVAL
from projections.narration.entries import Moment
from projections.narration.scene import Scene
from projections.narration.words import stay

LEAVING: Mapping[int, str] = {
    Reason.FAINT: "departure.starved",
    Reason.EVICTION: "departure.evicted",
    Reason.UNEMPLOYMENT: "departure.jobless",
    Reason.NEGLECT: "departure.neglected",
    Reason.LONELINESS: "departure.lonely",
    Reason.BY_COMMAND: "departure.sent_away",
}

MANNERS = {
    Trait.EXTROVERSION: ("outgoing", "shy"),
    Trait.FORGIVENESS: ("forgiving", "unforgiving"),
    Trait.AMBITION: ("ambitious", "easygoing"),
}
"""The templates' words for a person with most of a trait, and with least of it."""

OWED_LEAST = 0.05
"""The smallest debt, in basic meals, that is told."""

HOUSEHOLDS = 5
"""With more homes than this the founding does not tell who lives where."""

MARKED = 0.5
"""The smallest size of a trait that is told."""


def arrival(scene: Scene) -> Iterator[Moment]:
    """A person moves in. `founders` tells the arrivals at the founding."""
    memory, bed = scene.memory, scene.place
    before = max(
        (person for (person, _), at in memory.all("bed").items() if at == bed),
        key=lambda person: memory.get("arrived", person),
        default=MISSING,
    )
    memory.put(bed, "bed", scene.agent)
    memory.put(scene.tick, "arrived", scene.agent)
    if not scene.tick:
        return
    mates = scene.housemates(scene.agent)
    true = {
        "bed_of": before != MISSING and memory.get("left", before, default=-1) >= 0,
        "housemates": bool(mates),
        "alone": not mates,
    }
    left = memory.get("left", before, default=0)
    facts = {
        "mates": scene.names_of(mates),
        "before": scene.name(before) if before != MISSING else "",
        "since": scene.ago(left),
        "people": scene.number(len(scene.living)),
    }
    yield scene.moment(
        "arrival.newcomer", facts, priority=True, asides=[f"arrival.{name}" for name, holds in true.items() if holds]
    )


def trait(scene: Scene) -> Iterator[Moment]:
    """A newcomer has the most or the least of a trait in town. `founders` tells the traits at the founding."""
    if not scene.tick or scene.code not in MANNERS or abs(scene.value) < MARKED:
        return
    seats = (scene.agents["alive"] == 1) & (scene.agents["person"] != scene.agent)
    others = scene.agents["traits"][seats, scene.code].tolist()
    most, least = MANNERS[Trait(scene.code)]
    if others and scene.value > max(others):
        yield scene.moment(f"personality.newly_{most}", priority=True)
    elif others and scene.value < min(others):
        yield scene.moment(f"personality.newly_{least}", priority=True)


def faint(scene: Scene) -> Iterator[Moment]:
    """A person faints of hunger."""
    scene.memory.add("fainted", scene.agent)
    yield scene.moment("departure.fainted", {"where": scene.names.where(scene.stands(scene.agent))}, priority=True)


def departure(scene: Scene) -> Iterator[Moment]:
    """A person leaves the town, with the friends and rivals left behind and the length of the stay."""
    memory, gone = scene.memory, scene.agent
    memory.put(scene.tick, "left", gone)
    left = [tie for tie in scene.lost if tie.other == gone]
    bonds = {tie.owner: scene.bond_after(tie.owner, gone, tie.before) for tie in left}
    friends, rivals = ([owner for owner, bond in bonds.items() if bond == sort] for sort in (FRIEND, RIVAL))
    stayed = scene.tick - memory.get("arrived", gone)
    true = {
        "friends": bool(friends),
        "rivals": bool(rivals),
        "nobody": not friends,
        "founder": not memory.get("arrived", gone),
    }
    facts = {
        "friends": scene.names_of(friends),
        "rivals": scene.names_of(rivals),
        "stayed": stay(stayed, scene.names.ticks_per_day),
        "people": scene.number(len(scene.living)),
        "home": scene.names.where(scene.home(gone)),
    }
    for name in ("bond", "squeezed_on", "close"):
        for a, b in list(memory.all(name)):
            if gone in (a, b):
                memory.drop(name, a, b)
    for name in ("desk", "ill_until"):
        memory.drop(name, gone)
    asides = [f"departure.{name}" for name, holds in true.items() if holds]
    name = LEAVING.get(scene.code, "departure.left")
    if scene.code == Reason.BY_COMMAND:
        name, facts = (name, facts | {"by": scene.by}) if scene.by else ("departure.left", facts)
    yield scene.moment(name, facts, priority=True, asides=asides)


def rent(scene: Scene) -> Iterator[Moment]:
    """A person could not pay its rent."""
    if scene.value2 >= OWED_LEAST:
        yield scene.moment("work.in_debt", {"owed": f"{scene.value2:.2f}"})


def benefit(scene: Scene) -> Iterator[Moment]:
    """The town pays a person who has no job."""
    yield scene.moment("work.benefit", {"paid": f"{scene.value:.2f}"})


def eviction(scene: Scene) -> Iterator[Moment]:
    """A person has to leave because of unpaid rent."""
    facts = {"owed": f"{scene.value:.2f}", "home": scene.names.where(scene.home(scene.agent))}
    yield scene.moment("departure.served", facts, priority=True)


def founders(scene: Scene) -> Iterator[Moment]:
    """The town begins: the number of people, the households, and people with strong traits."""
    homes: dict[int, list[int]] = {}
    for person in scene.living:
        homes.setdefault(scene.home(person), []).append(person)
    one = (MISSING, MISSING)
    facts = {"people": scene.number(len(scene.living)), "homes": scene.number(len(homes))}
    yield scene.moment("arrival.founding", facts, who=one, place=MISSING, priority=True)
    for home, persons in homes.items() if len(homes) <= HOUSEHOLDS else ():
        name = "arrival.household" if len(persons) > 1 else "arrival.loner"
        told = {
            "mates": scene.names_of(persons),
            "venue": scene.names.venues[home],
            "where": scene.names.where(home),
        }
        yield scene.moment(name, told, who=(persons[0], MISSING), place=MISSING, priority=True)
    for each, (most, least) in MANNERS.items():
        alive = scene.agents[scene.agents["alive"] == 1]
        ranked = sorted(zip(alive["traits"][:, each].tolist(), alive["person"].tolist(), strict=True))
        (low, shy), (high, bold) = ranked[0], ranked[-1]
        person, manner = (bold, most) if high >= -low else (shy, least)
        if max(high, -low) >= MARKED and len(ranked) > 1:
            yield scene.moment(f"personality.{manner}", who=(person, MISSING), place=MISSING, priority=True)
