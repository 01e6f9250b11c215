"""The figures of a soak for one town, from its events and its last state."""

from typing import NamedTuple

import numpy as np

from eventlog import codes
from projections.riders.tie_table import TieChanges
from townlet.living.town import Town

SOCIAL = ("shared_meal", "queue_handover", "queue_conflict", "chat_succeeded", "chat_failed")
WORK = ("late_help", "shift_takeover")


class SoakFigures(NamedTuple):
    """The figures of one town. `counts` and `first` (the first day, from 0; -1: none) are by kind of event."""

    days: int
    founders: int
    founders_left: int
    agent_days: int
    good_days: int
    shifts: int
    shifts_on_time: int
    tenures: tuple[float, ...]
    counts: dict[str, int]
    first: dict[str, int]
    tied: float
    evicted: int
    tie_days: int
    longest_wait: int
    chats_by_trust: tuple[tuple[float, bool], ...]


def of_kind(rows: np.ndarray, name: str) -> np.ndarray:
    """The rows of one kind of event, by name."""
    found: np.ndarray = rows[rows["kind"] == getattr(codes, name.upper())]
    return found


def soak_figures(town: Town, rows: np.ndarray, tied: float, chats: tuple[tuple[float, bool], ...]) -> SoakFigures:
    """The figures of a town that has lived; `rows` are all of its events."""
    clock, per_day = town.record["clock"], town.settings[0].town.ticks_per_day
    exits = of_kind(rows, "agent_exited")["agent"]
    founders = of_kind(rows[rows["tick"] == 0], "agent_arrived")["agent"]
    counted = {name: of_kind(rows, name) for name in SOCIAL + WORK}
    return SoakFigures(
        days=town.tick // per_day,
        founders=len(founders),
        founders_left=int(np.isin(founders, exits).sum()),
        agent_days=int(clock["agent_days"]),
        good_days=int(clock["good_days"]),
        shifts=int(clock["shifts"]),
        shifts_on_time=int(clock["shifts_on_time"]),
        tenures=tuple(tenures(rows, town.tick, per_day)),
        counts={name: len(found) for name, found in counted.items()},
        first={name: int(found["tick"][0]) // per_day if len(found) else -1 for name, found in counted.items()},
        tied=tied,
        evicted=int(clock["ties_evicted"]),
        tie_days=int(clock["tie_days"]),
        longest_wait=longest_wait(rows, town.tick),
        chats_by_trust=chats,
    )


def tenures(rows: np.ndarray, end: int, ticks_per_day: int) -> list[float]:
    """How many days each job was held. A job that is still held counts up to tick `end`."""
    since: dict[int, int] = {}
    days = []
    kinds = (codes.HIRED, codes.JOB_LOST, codes.AGENT_EXITED)
    for row in rows[np.isin(rows["kind"], kinds)]:
        person = int(row["agent"])
        if row["kind"] == codes.HIRED:
            since[person] = int(row["tick"])
        elif person in since:
            days.append((int(row["tick"]) - since.pop(person)) / ticks_per_day)
    return days + [(end - tick) / ticks_per_day for tick in since.values()]


def longest_wait(rows: np.ndarray, end: int) -> int:
    """The most ticks that anybody waited in a line."""
    since: dict[int, int] = {}
    longest = 0
    ends = (codes.RESERVATION_GRANTED, codes.QUEUE_LEFT, codes.AGENT_EXITED, codes.TELEPORTED)
    for row in rows[np.isin(rows["kind"], (codes.QUEUE_JOINED, codes.QUEUE_HANDOVER, *ends))]:
        if row["kind"] == codes.QUEUE_JOINED:
            since[int(row["agent"])] = int(row["tick"])
            continue
        person = int(row["other"] if row["kind"] == codes.QUEUE_HANDOVER else row["agent"])
        if person in since:
            longest = max(longest, int(row["tick"]) - since.pop(person))
    return max([longest, *(end - tick for tick in since.values())])


def tied_share(town: Town, size: float = 0.3) -> float:
    """The share of living people who have a tie larger than `size`, in [0, 1]."""
    agents = town.record["agents"]
    ties = agents["ties"]
    sizes = np.abs(ties["trust"]) + np.abs(ties["familiarity"]) + np.abs(ties["rivalry"])
    alive = agents["alive"] > 0
    return float((sizes > size).any(axis=1)[alive].mean()) if alive.any() else 0.0


def chats_by_trust(town: Town, rows: np.ndarray) -> tuple[tuple[float, bool], ...]:
    """For each chat, the speaker's trust before it and whether it succeeded. The rows are folded into `town`, which
    must be empty."""
    rider = TieChanges(town.towns, town.plans)
    rider.fold(rows)
    names = ("seq", "owner", "change", "before_trust")
    changes = rider.tables()["tie_changes"].select(names).to_pydict()
    before = {
        (seq, owner): trust
        for seq, owner, change, trust in zip(*(changes[name] for name in names), strict=True)
        if change != "decayed"
    }
    chats = rows[np.isin(rows["kind"], (codes.CHAT_SUCCEEDED, codes.CHAT_FAILED))]
    return tuple(
        (before.get((int(chat["seq"]), int(chat["agent"])), 0.0), bool(chat["kind"] == codes.CHAT_SUCCEEDED))
        for chat in chats
    )


__all__ = ["SOCIAL", "WORK", "SoakFigures", "chats_by_trust", "soak_figures", "tied_share"]
