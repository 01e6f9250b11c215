"""What turned in each day of a run: who came and went, quarrels, bonds, the largest changes of liking."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue.life import AgentArrived, AgentExited
from eventlog.catalogue.market import SharedMeal
from eventlog.catalogue.queues import QueueConflict
from eventlog.catalogue.work import ArrivedLate, ShiftMissed
from projections.narration.words import listed, many, spoken
from townlet.configuration.load import person_name
from townlet.daytime import time_of
from townlet.derived import tie_changes
from townlet.story import narrations

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlog.rows import Rows
    from townlet.run import Run

COUNTED: Final = {
    "conflicts": QueueConflict,
    "shared_meals": SharedMeal,
    "late": ArrivedLate,
    "missed": ShiftMissed,
}
"""What is counted of each day."""

NEW_FRIENDS: Final = ("friendship.mutual", "friendship.renewed", "friendship.begun")
NEW_RIVALS: Final = ("rivalry.begun", "rivalry.mutual", "rivalry.again")
WORDS: Final = {
    "shared_meal": "a shared meal",
    "chat_succeeded": "a good talk",
    "chat_failed": "a talk that went wrong",
    "queue_handover": "a courtesy in line",
    "queue_conflict": "a quarrel",
    "late_help": "help at work",
    "shift_takeover": "a lost shift",
}
LEAST: Final = 0.05
"""Less than this is no turning point."""


class Turn(NamedTuple):
    """How far `owner`'s liking (trust + familiarity - rivalry) of `other` went by a day's events, decay aside."""

    owner: str
    other: str
    change: float
    mostly: str


class Day(NamedTuple):
    """One day: what happened, by number; who came and went; who quarrelled first; what it did to bonds."""

    day: int
    entries: int
    counts: Mapping[str, int]
    arrived: Sequence[str]
    left: Sequence[str]
    first_quarrel: tuple[int, str, str] | None
    friends: Sequence[tuple[str, str]]
    rivals: Sequence[tuple[str, str]]
    gained: Turn | None
    lost: Turn | None


def days(run: "Run", from_tick: int, to_tick: int) -> list[Day]:
    """The days that lie, wholly or in part, in these ticks. Raises LogDamaged."""
    per_day = run.config.town.ticks_per_day
    told, changes = narrations(run, to_tick), tie_changes(run, to_tick)
    found = []
    for day in range(from_tick // per_day, -(-to_tick // per_day)):
        begins, ends = max(from_tick, day * per_day), min(to_tick, (day + 1) * per_day)
        rows = [np.asarray(each) for each in run.log.rows(from_tick=begins, to_tick=ends)]
        events = np.concatenate([each[np.isin(each["kind"], KINDS)] for each in rows]) if rows else np.zeros(0)
        entries, ties = (_between(table, begins, ends) for table in (told, changes))
        found.append(_day(run, day, events, entries.to_pylist(), ties.to_pylist()))
    return found


def in_words(day: Day, per_day: int) -> list[str]:
    """A day's turning points as sentences."""
    said = [_counts_in_words(day.counts)]
    if day.arrived:
        said.append(f"{_people(day.arrived)} came to live here." if day.day else f"{_people(day.arrived)} moved in.")
    if day.left:
        said.append(f"{_people(day.left)} left for good.")
    if day.first_quarrel:
        tick, rude, wronged = day.first_quarrel
        at = time_of(tick, per_day).partition(", ")[2]
        which = "The quarrel was" if day.counts["conflicts"] == 1 else "The first quarrel was"
        said.append(f"{which} at {at}: {spoken(rude)} wronged {spoken(wronged)}.")
    for pairs, what in ((day.friends, "friends"), (day.rivals, "rivals")):
        if pairs:
            said.append(f"New {what}: {'; '.join(listed([spoken(each) for each in pair]) for pair in pairs)}.")
    for turn, verb in ((day.gained, "warmed most"), (day.lost, "cooled most")):
        if turn:
            said.append(
                f"{spoken(turn.owner)} {verb} to {spoken(turn.other)}, by {abs(turn.change):.2f}, "
                f"mostly by {WORDS[turn.mostly]}."
            )
    return said


KINDS: Final = np.array([kind.kind for kind in (AgentArrived, AgentExited, *COUNTED.values())])


def _day(run: "Run", day: int, events: "Rows", entries: list[dict[str, Any]], ties: list[dict[str, Any]]) -> Day:
    def who(rows: Any, field: str = "agent") -> list[str]:
        return [person_name(run.config, int(person)) for person in rows[field]]

    def of(kind: int) -> Any:
        return events[events["kind"] == kind] if len(events) else {"agent": [], "other": [], "tick": []}

    quarrels = of(QueueConflict.kind)
    first = next(zip(quarrels["tick"], who(quarrels), who(quarrels, "other"), strict=True), None)
    turns = _turns(ties)
    return Day(
        day,
        len(entries),
        {name: len(of(kind.kind)["agent"]) for name, kind in COUNTED.items()},
        who(of(AgentArrived.kind)),
        who(of(AgentExited.kind)),
        None if first is None else (int(first[0]), first[1], first[2]),
        _pairs(entries, NEW_FRIENDS),
        _pairs(entries, NEW_RIVALS),
        max((turn for turn in turns if turn.change >= LEAST), key=lambda turn: turn.change, default=None),
        min((turn for turn in turns if turn.change <= -LEAST), key=lambda turn: turn.change, default=None),
    )


def _turns(ties: list[dict[str, Any]]) -> list[Turn]:
    """Every liking that events moved, in the order of their first."""
    by_tie: dict[tuple[str, str], dict[str, float]] = {}
    for row in ties:
        if row["change"] in ("added", "updated") and row["kind"] in WORDS:
            moved = sum(
                sign * (row[f"after_{side}"] - row[f"before_{side}"])
                for side, sign in (("trust", 1), ("familiarity", 1), ("rivalry", -1))
            )
            causes = by_tie.setdefault((row["owner"], row["other"]), {})
            causes[row["kind"]] = causes.get(row["kind"], 0.0) + moved
    return [
        Turn(owner, other, sum(causes.values()), max(causes, key=lambda kind: causes[kind] * _sign(causes)))
        for (owner, other), causes in by_tie.items()
    ]


def _sign(causes: Mapping[str, float]) -> int:
    return 1 if sum(causes.values()) >= 0 else -1


def _pairs(entries: list[dict[str, Any]], templates: Sequence[str]) -> list[tuple[str, str]]:
    """Whom entries of these templates are about, each pair once."""
    pairs = {
        tuple(sorted((entry["agent"], entry["other"]))): (entry["agent"], entry["other"])
        for entry in reversed(entries)
        if entry["template"] in templates
    }
    return list(reversed(pairs.values()))


def _counts_in_words(counts: Mapping[str, int]) -> str:
    said = [
        many(counts["shared_meals"], "shared meal"),
        many(counts["conflicts"], "quarrel"),
        many(counts["late"], "late arrival at work", "late arrivals at work"),
        many(counts["missed"], "missed shift"),
    ]
    text = listed([each.replace("no ", "no ") for each in said])
    return f"{text[:1].upper()}{text[1:]}."


def _people(names: Sequence[str]) -> str:
    return listed([spoken(name) for name in names])


def _between(table: "pa.Table", begins: int, ends: int) -> "pa.Table":
    """The rows of these ticks."""
    import pyarrow as pa

    ticks = table.column("tick").to_numpy()
    return table.filter(pa.array((ticks >= begins) & (ticks < ends)))
