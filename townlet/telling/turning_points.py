"""The turning points of each day of a run: who came and left, quarrels, new bonds, the largest changes of liking."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.catalogue.life import AgentArrived, AgentExited
from eventlog.catalogue.market import SharedMeal
from eventlog.catalogue.queues import QueueConflict
from eventlog.catalogue.work import ArrivedLate, ShiftMissed
from eventlog.rows import ROW
from projections.narration.wording import Templates, sentence
from projections.narration.words import comma_list, many, prose_name
from townlet.configuration.load import person_name
from townlet.daytime import time_of
from townlet.history.kept_tables import tie_changes
from townlet.history.narrator import shipped_templates
from townlet.telling.story import narrations

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.history.history import History

COUNTED: Final[Mapping[str, int]] = {
    "shared_meals": SharedMeal.kind,
    "quarrels": QueueConflict.kind,
    "late": ArrivedLate.kind,
    "missed": ShiftMissed.kind,
}
"""The counts of a day, each with the kind of event that it counts."""

NOUNS: Final[Mapping[str, tuple[str, str]]] = {
    "shared_meals": ("shared meal", "shared meals"),
    "quarrels": ("quarrel", "quarrels"),
    "late": ("late arrival at work", "late arrivals at work"),
    "missed": ("missed shift", "missed shifts"),
}

KINDS: Final = np.array([AgentArrived.kind, AgentExited.kind, *COUNTED.values()])
NEW_FRIENDS: Final = ("friendship.mutual",)
NEW_RIVALS: Final = ("rivalry.begun", "rivalry.mutual", "rivalry.again", "rivalry.surfaced")
WORDS: Final[Mapping[str, str]] = {
    "shared_meal": "meals they shared",
    "chat_succeeded": "talks that went well",
    "chat_failed": "talks that went wrong",
    "queue_handover": "courtesies in line",
    "queue_conflict": "quarrels",
    "late_help": "help at work",
    "shift_takeover": "a shift taken over",
    "news_told": "news of what somebody did",
    "meal_given": "gifts",
    "money_lent": "a loan",
    "money_returned": "money paid back",
}
STRIDE: Final = 3
"""How far apart two sentences of a day are in the order of their wordings."""

LEAST: Final = 0.05
"""A change of liking below this is not a turning point."""


class Turn(NamedTuple):
    """How much a day's events changed `owner`'s liking (trust + familiarity - rivalry) of `other`, without decay.

    `mostly` is the kind of event that changed it most.
    """

    owner: str
    other: str
    change: float
    mostly: str


class Quarrel(NamedTuple):
    """A quarrel at `tick`, in which `agent` wronged `other`."""

    tick: int
    agent: str
    other: str


class Bond(NamedTuple):
    """Two people who became friends or rivals at `tick`. If it is not `mutual`, only `agent` sees `other` so."""

    tick: int
    agent: str
    other: str
    mutual: bool


class TurningPoints(NamedTuple):
    """The turning points of one day.

    `entries` is the number of the story's entries; `counts` is as in COUNTED; `arrived` and `left` are names; `quarrel`
    is the first one. `friends` and `rivals` are the new pairs of the story, in order: all friends are mutual, and each
    pair of rivals says whether it is. `gained` and `lost` are the largest changes of liking, or None.
    """

    day: int
    entries: int
    counts: Mapping[str, int]
    arrived: Sequence[str]
    left: Sequence[str]
    quarrel: Quarrel | None
    friends: Sequence[Bond]
    rivals: Sequence[Bond]
    gained: Turn | None
    lost: Turn | None


def turning_points(run: "History", from_tick: int, to_tick: int) -> list[TurningPoints]:
    """The turning points of every day that overlaps ticks `from_tick` to `to_tick` (exclusive). Raises LogDamaged."""
    per_day = run.config.town.ticks_per_day
    told, changes = narrations(run, to_tick), tie_changes(run, to_tick)
    found = []
    for day in range(from_tick // per_day, -(-to_tick // per_day)):
        begins, ends = max(from_tick, day * per_day), min(to_tick, (day + 1) * per_day)
        rows = [np.asarray(each) for each in run.log.rows(from_tick=begins, to_tick=ends)]
        events = np.concatenate([np.zeros(0, ROW), *(each[np.isin(each["kind"], KINDS)] for each in rows)])
        entries, ties = (_rows_between(table, begins, ends) for table in (told, changes))
        found.append(_turning_points_of(run, day, events, entries, ties))
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
    for name, people in (("arrived", day.arrived), ("left", day.left)):
        if people:
            yield name, {"names": comma_list([prose_name(each) for each in people])}
    if day.quarrel:
        tick, rude, wronged = day.quarrel
        facts = {"agent": prose_name(rude), "other": prose_name(wronged), "clock": _clock(tick, per_day)}
        yield "one_quarrel" if day.counts["quarrels"] == 1 else "first_quarrel", facts
    one_sided = [bond for bond in day.rivals if not bond.mutual]
    mutual = [bond for bond in day.rivals if bond.mutual]
    told = ("friends", day.friends, "and"), ("rivals", mutual, "and"), ("rival", one_sided, "sees a rival in")
    for name, bonds, word in told:
        if bonds:
            pairs = [f"{prose_name(a)} {word} {prose_name(b)} ({_clock(tick, per_day)})" for tick, a, b, _ in bonds]
            yield name, {"pairs": ", ".join(pairs)}
    for name, turn in (("gained", day.gained), ("lost", day.lost)):
        if turn:
            two = {"agent": prose_name(turn.owner), "other": prose_name(turn.other)}
            yield name, two | {"change": f"{turn.change:+.2f}", "mostly": WORDS[turn.mostly]}


def _turning_points_of(run: "History", day: int, events: "Rows", told: pa.Table, changes: pa.Table) -> TurningPoints:
    def name(person: int) -> str:
        return person_name(run.config, int(person))

    def of(kind: int) -> "Rows":
        rows: Rows = events[events["kind"] == kind]
        return rows

    entries, turns = told.to_pylist(), _turns(changes.to_pylist())
    quarrels = of(QueueConflict.kind)
    return TurningPoints(
        day,
        len(entries),
        {what: len(of(kind)) for what, kind in COUNTED.items()},
        [name(person) for person in of(AgentArrived.kind)["agent"]],
        [name(person) for person in of(AgentExited.kind)["agent"]],
        next((Quarrel(int(row["tick"]), name(row["agent"]), name(row["other"])) for row in quarrels), None),
        [Bond(*each, mutual=True) for each, _ in _pairs(entries, NEW_FRIENDS)],
        [Bond(*each, mutual=_are_rivals(run, *each[1:], last)) for each, last in _pairs(entries, NEW_RIVALS)],
        max((turn for turn in turns if turn.change >= LEAST), key=lambda turn: turn.change, default=None),
        min((turn for turn in turns if turn.change <= -LEAST), key=lambda turn: turn.change, default=None),
    )


def _turns(changes: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """The change of every liking that events changed, in the order of its first event."""
    by_tie: dict[tuple[str, str], dict[str, float]] = {}
    for row in changes:
        if row["change"] in ("added", "updated") and row["kind"] in WORDS:
            causes = by_tie.setdefault((row["owner"], row["other"]), {})
            moved = _liking(row, "after") - _liking(row, "before")
            causes[row["kind"]] = causes.get(row["kind"], 0.0) + moved
    turns = []
    for (owner, other), causes in by_tie.items():
        change = sum(causes.values())
        mostly = max(causes, key=lambda kind: causes[kind] if change >= 0 else -causes[kind])
        turns.append(Turn(owner, other, change, mostly))
    return turns


def _liking(row: Mapping[str, Any], when: str) -> float:
    value: float = row[f"{when}_trust"] + row[f"{when}_familiarity"] - row[f"{when}_rivalry"]
    return value


def _pairs(entries: Sequence[Mapping[str, Any]], templates: Sequence[str]) -> list[tuple[tuple[int, str, str], int]]:
    """Each pair in entries of these templates: tick, agent and other of its first entry, and the tick of its last."""
    first: dict[frozenset[str], tuple[int, str, str]] = {}
    last: dict[frozenset[str], int] = {}
    for entry in entries:
        if entry["template"] in templates:
            two = entry["agent"], entry["other"]
            first.setdefault(frozenset(two), (entry["tick"], *two))
            last[frozenset(two)] = entry["tick"]
    return [(each, last[pair]) for pair, each in first.items()]


def _are_rivals(run: "History", agent: str, other: str, tick: int) -> bool:
    """Whether each of two is a rival to the other when the tick is over."""
    ties = run.at(tick + 1).table("ties")
    rows = zip(*(ties.column(name).to_pylist() for name in ("owner", "other", "bond")), strict=True)
    sees = {(owner, seen) for owner, seen, bond in rows if bond == "rival"}
    return {(agent, other), (other, agent)} <= sees


def _clock(tick: int, per_day: int) -> str:
    return time_of(tick, per_day).partition(", ")[2]


def _rows_between(table: pa.Table, begins: int, ends: int) -> pa.Table:
    """The rows with a tick from `begins` on and before `ends`."""
    ticks = table.column("tick").to_numpy()
    return table.filter(pa.array((ticks >= begins) & (ticks < ends)))
