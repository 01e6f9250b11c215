"""The turning points of each day of a run: who came and left, quarrels, new bonds, the largest changes of liking."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.catalogue import KIND_NAMES
from eventlog.catalogue.life import AgentArrived, AgentExited
from eventlog.catalogue.market import SharedMeal
from eventlog.catalogue.queues import QueueConflict
from eventlog.catalogue.work import ArrivedLate, Hired, ShiftMissed
from eventlog.rows import ROW
from projections.narration.bond_rule import FRIEND, RIVAL
from projections.narration.memory import Memory
from projections.narration.moments.ties import OVER
from projections.narration.reasons import Reasons, kind_of
from projections.narration.wording import Templates, sentence
from projections.narration.words import comma_list, many, prose_name
from townlet.configuration.load import person_name
from townlet.daytime import time_of
from townlet.history.kept_tables import tie_changes
from townlet.history.name_books import prose_names
from townlet.history.narrator import shipped_templates
from townlet.telling.bond_history import BondChange, bond_changes, count_reason
from townlet.telling.life_events import is_promise, missed_shifts
from townlet.telling.story import narrations

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

COUNTED: Final[Mapping[str, int]] = {
    "shared_meals": SharedMeal.kind,
    "quarrels": QueueConflict.kind,
    "broken_promises": QueueConflict.kind,
    "late": ArrivedLate.kind,
    "missed": ShiftMissed.kind,
}
"""The counts of a day, each with the kind of event that it counts. A broken promise is no quarrel."""

NOUNS: Final[Mapping[str, tuple[str, str]]] = {
    "shared_meals": ("shared meal", "shared meals"),
    "quarrels": ("quarrel", "quarrels"),
    "broken_promises": ("broken promise", "broken promises"),
    "late": ("late arrival at work", "late arrivals at work"),
    "missed": ("missed shift", "missed shifts"),
}

KINDS: Final = np.array([AgentArrived.kind, AgentExited.kind, Hired.kind, *COUNTED.values(), *OVER])

STRIDE: Final = 3
"""How far apart two sentences of a day are in the order of their wordings."""

LEAST: Final = 0.05
"""A change of liking below this is not a turning point."""


class Turn(NamedTuple):
    """How much a day's events changed `owner`'s liking (trust + familiarity - rivalry) of `other`, without decay.

    `mostly` is the kind of event that changed it most, `words` says so in words, `friend_from` is the liking that makes
    a friend, and `level` the liking after the last of these events.
    """

    owner: str
    other: str
    change: float
    mostly: str
    words: str
    friend_from: float
    level: float


class Quarrel(NamedTuple):
    """A quarrel at `tick`, in which `agent` wronged `other`, or a promise to `other` that `agent` broke."""

    tick: int
    agent: str
    other: str


class Bond(NamedTuple):
    """Two people who became friends or rivals at `tick`. If it is not `mutual`, only `agent` sees `other` so.

    `again` says that they were so before.
    """

    tick: int
    agent: str
    other: str
    mutual: bool
    again: bool = False


class TurningPoints(NamedTuple):
    """The turning points of one day.

    `entries` is the number of the story's entries; `counts` is as in COUNTED; `arrived` and `left` are names, and of
    those who arrived `founders` are the first people of the town; `quarrel` is the first one; `let_down` has the broken
    promises. `friends` and `rivals` are pairs that were not so when the day began and are so when it ends: all friends
    are mutual, and each pair of rivals says whether it is. `gained` and `lost` are the largest changes, or None.
    """

    day: int
    entries: int
    counts: Mapping[str, int]
    founders: Sequence[str]
    arrived: Sequence[str]
    left: Sequence[str]
    quarrel: Quarrel | None
    let_down: Sequence[Quarrel]
    friends: Sequence[Bond]
    rivals: Sequence[Bond]
    gained: Turn | None
    lost: Turn | None


def turning_points(run: "History", from_tick: int, to_tick: int) -> list[TurningPoints]:
    """The turning points of every day that overlaps ticks `from_tick` to `to_tick` (exclusive). Raises LogDamaged."""
    per_day = run.config.town.ticks_per_day
    told, changes = narrations(run, to_tick), tie_changes(run, to_tick)
    bonds, found = bond_changes(run, to_tick), []
    for day in range(from_tick // per_day, -(-to_tick // per_day)):
        begins, ends = max(from_tick, day * per_day), min(to_tick, (day + 1) * per_day)
        rows = [np.asarray(each) for each in run.log.rows(from_tick=begins, to_tick=ends)]
        events = np.concatenate([np.zeros(0, ROW), *(each[np.isin(each["kind"], KINDS)] for each in rows)])
        entries, ties = (_rows_between(table, begins, ends) for table in (told, changes))
        made = {bond: _new_bonds(run, bonds, begins, ends, bond) for bond in (FRIEND, RIVAL)}
        found.append(_turning_points_of(run, day, events, len(entries), _turns(run, ties, events), made))
    return found


def sentences_of(day: TurningPoints, per_day: int, templates: Templates | None = None) -> list[str]:
    """The turning points of a day as sentences. Days next to each other have other wordings.

    The wordings are those of the templates' `days`; what they lack is said in the shipped ones.
    """
    given = (templates or shipped_templates()).days
    said = []
    for number, (name, facts) in enumerate(_facts_of(day, per_day)):
        wordings = given.get(name) or shipped_templates().days[name]
        said.append(sentence(wordings[(day.day + number * STRIDE) % len(wordings)], facts))
    return said


def _facts_of(day: TurningPoints, per_day: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What there is to say of a day: names of sentences, each with what fills its placeholders."""
    counted = comma_list([many(count, *NOUNS[name]) for name, count in day.counts.items() if count])
    yield ("counts", {"counts": counted}) if counted else ("quiet", {})
    came = [each for each in day.arrived if each not in day.founders]
    for name, people in (("founders", day.founders), ("arrived", came), ("left", day.left)):
        if people:
            yield name, {"names": comma_list([prose_name(each) for each in people])}
    if day.quarrel:
        tick, rude, wronged = day.quarrel
        facts = {"agent": prose_name(rude), "other": prose_name(wronged), "clock": _clock(tick, per_day)}
        yield "one_quarrel" if day.counts["quarrels"] == 1 else "first_quarrel", facts
    if day.let_down:
        said = [f"{prose_name(a)} let {prose_name(b)} down ({_clock(tick, per_day)})" for tick, a, b in day.let_down]
        yield "let_down", {"names": comma_list(said)}
    yield from _bond_facts(day, per_day)
    for name, turn in (("gained", day.gained), ("lost", day.lost)):
        if turn:
            two = {"agent": prose_name(turn.owner), "other": prose_name(turn.other), "mostly": turn.words}
            yield (
                name,
                two
                | {
                    "change": f"{abs(turn.change):.2f}",
                    "level": f"{turn.level:.2f}",
                    "mark": f"{turn.friend_from:.2f}",
                },
            )


def _bond_facts(day: TurningPoints, per_day: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What there is to say of new bonds: first of those that are new, then of those that were there before."""
    mutual = [bond for bond in day.rivals if bond.mutual]
    one_sided = [bond for bond in day.rivals if not bond.mutual]
    told = ("friends", day.friends, "and"), ("rivals", mutual, "and"), ("rival", one_sided, "sees a rival in")
    for name, bonds, word in told:
        for again in (False, True):
            pairs = [
                f"{prose_name(bond.agent)} {word} {prose_name(bond.other)} ({_clock(bond.tick, per_day)})"
                for bond in bonds
                if bond.again == again
            ]
            if pairs:
                yield f"{name}_again" if again else name, {"pairs": ", ".join(pairs)}


def _turning_points_of(
    run: "History", day: int, events: "Rows", entries: int, turns: Sequence[Turn], made: Mapping[int, list[Bond]]
) -> TurningPoints:
    def name(person: int) -> str:
        return person_name(run.config, int(person))

    def of(what: str) -> "Rows":
        if what == "missed":
            return missed_shifts(run.config, events)
        rows: Rows = events[events["kind"] == COUNTED[what]]
        if what in ("quarrels", "broken_promises"):
            rows = rows[is_promise(rows) == (what == "broken_promises")]
        return rows

    def quarrels(what: str) -> list[Quarrel]:
        return [Quarrel(int(row["tick"]), name(row["agent"]), name(row["other"])) for row in of(what)]

    arrivals = events[events["kind"] == AgentArrived.kind]
    return TurningPoints(
        day,
        entries,
        {what: len(of(what)) for what in COUNTED},
        [name(person) for person in arrivals[arrivals["tick"] == 0]["agent"]],
        [name(person) for person in arrivals["agent"]],
        [name(person) for person in events[events["kind"] == AgentExited.kind]["agent"]],
        next(iter(quarrels("quarrels")), None),
        quarrels("broken_promises"),
        made[FRIEND],
        made[RIVAL],
        max((turn for turn in turns if turn.change >= LEAST), key=lambda turn: turn.change, default=None),
        min((turn for turn in turns if turn.change <= -LEAST), key=lambda turn: turn.change, default=None),
    )


def _turns(run: "History", changes: pa.Table, events: "Rows") -> list[Turn]:
    """The change of every liking that events changed, in the order of its first event."""
    names, reasons, by_seq = prose_names(run.config), Reasons(Memory()), {int(row["seq"]): row for row in events}
    moved: dict[tuple[int, int], float] = {}
    level: dict[tuple[int, int], float] = {}
    called: dict[tuple[int, int], tuple[str, str]] = {}
    for row in changes.to_pylist():
        event = by_seq.get(row["seq"])
        if row["change"] in ("added", "updated") and event is not None and int(event["kind"]) in OVER:
            two = row["owner_id"], row["other_id"]
            count_reason(reasons, row, event, names)
            moved[two] = moved.get(two, 0.0) + _liking(row, "after") - _liking(row, "before")
            level[two], called[two] = _liking(row, "after"), (row["owner"], row["other"])
    turns = []
    for two, change in moved.items():
        if abs(change) >= LEAST:
            sort, words = reasons.first(*two, "liking", 1 if change > 0 else -1, names.person)
            mark = run.config.relationships.bonds.friend_liking
            turns.append(Turn(*called[two], change, KIND_NAMES[kind_of(sort)], words, mark, level[two]))
    return turns


def _liking(row: Mapping[str, Any], when: str) -> float:
    value: float = row[f"{when}_trust"] + row[f"{when}_familiarity"] - row[f"{when}_rivalry"]
    return value


def _new_bonds(run: "History", changes: Sequence[BondChange], begins: int, ends: int, bond: int) -> list[Bond]:
    """The pairs that are so at tick `ends` and were not at tick `begins`; friends only where it is on both sides.

    What the founding gave was there when the first day began.
    """
    sees, at_first, times = dict[tuple[int, int], int](), set[tuple[int, int]](), Counter[frozenset[int]]()
    one_sided = Counter[tuple[int, int]]()
    for change in (each for each in changes if each.tick < ends):
        if change.now == bond:
            sees[change.owner, change.other] = change.tick
            one_sided[change.owner, change.other] += 1
            times[frozenset((change.owner, change.other))] += (change.other, change.owner) in sees
        elif change.was == bond:
            del sees[change.owner, change.other]
        if change.tick < begins or (change.tick == 0 and change.kind == "tie_set"):
            at_first = set(sees)
    found = []
    for owner, other in sees:
        sides = [each for each in ((owner, other), (other, owner)) if each in sees]
        mutual = len(sides) == 2
        is_told = owner < other if mutual else bond == RIVAL
        if is_told and not at_first.issuperset(sides):
            again = (times[frozenset((owner, other))] if mutual else one_sided[owner, other]) > 1
            agent, seen = (person_name(run.config, each) for each in (owner, other))
            found.append(Bond(max(sees[each] for each in sides), agent, seen, mutual, again))
    return sorted(found)


def _clock(tick: int, per_day: int) -> str:
    return time_of(tick, per_day).partition(", ")[2]


def _rows_between(table: pa.Table, begins: int, ends: int) -> pa.Table:
    """The rows with a tick from `begins` on and before `ends`."""
    ticks = table.column("tick").to_numpy()
    return table.filter(pa.array((ticks >= begins) & (ticks < ends)))
