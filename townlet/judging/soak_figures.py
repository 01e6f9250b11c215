"""The figures of a soak for one town, from its events and its last state."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from eventlog import codes
from projections.riders.tie_table import TieChanges
from townlet.judging.acceptance import EVENTS
from townlet.living.town import Town

MINUTES_A_DAY: Final = 24 * 60
"""A tick is a day divided by the town's ticks_per_day, a minute by default."""


class SoakFigures(NamedTuple):
    """The figures of one town. `counts` and `first_days` are by kind of event.

    `first_days` is when the first one happened, in days from the founding; None where there was none. A chat by trust
    is the speaker's trust before it and whether it succeeded.
    """

    days: int
    founders: int
    founders_left: int
    agent_days: int
    good_days: int
    shifts: int
    shifts_on_time: int
    tenures: Sequence[float]
    counts: dict[str, int]
    first_days: dict[str, float | None]
    chats_begun: int
    tied: float
    evicted: int
    tie_days: int
    longest_wait_minutes: float
    chats_by_trust: Sequence[tuple[float, bool]]


def of_kind(rows: np.ndarray, name: str) -> np.ndarray:
    """The rows of one kind of event, by name."""
    found: np.ndarray = rows[rows["kind"] == getattr(codes, name.upper())]
    return found


def soak_figures(town: Town, rows: np.ndarray, tied: float, chats: Sequence[tuple[float, bool]]) -> SoakFigures:
    """The figures of a town that has lived; `rows` are all of its events."""
    clock, per_day = town.record["clock"], town.settings[0].town.ticks_per_day
    exits = of_kind(rows, "agent_exited")["agent"]
    founders = of_kind(rows[rows["tick"] == 0], "agent_arrived")["agent"]
    counted = {band.name: of_kind(rows, band.name) for band in EVENTS}
    return SoakFigures(
        days=town.tick // per_day,
        founders=len(founders),
        founders_left=int(np.isin(founders, exits).sum()),
        agent_days=int(clock["agent_days"]),
        good_days=int(clock["good_days"]),
        shifts=int(clock["shifts"]),
        shifts_on_time=int(clock["shifts_on_time"]),
        tenures=tenures(rows, town.tick, per_day),
        counts={name: len(found) for name, found in counted.items()},
        first_days={name: int(found["tick"][0]) / per_day if len(found) else None for name, found in counted.items()},
        chats_begun=len(of_kind(rows, "chat_started")),
        tied=tied,
        evicted=int(clock["ties_evicted"]),
        tie_days=int(clock["tie_days"]),
        longest_wait_minutes=longest_wait(rows, town.tick) * MINUTES_A_DAY / per_day,
        chats_by_trust=chats,
    )


def tenures(rows: np.ndarray, end: int, ticks_per_day: int) -> list[float]:
    """How many days each job was held. A job that is still held counts up to tick `end`."""
    since: dict[int, int] = {}
    days = []
    found = rows[np.isin(rows["kind"], (codes.HIRED, codes.JOB_LOST, codes.AGENT_EXITED))]
    for kind, tick, person in found[["kind", "tick", "agent"]].tolist():
        if kind == codes.HIRED:
            since[person] = tick
        elif person in since:
            days.append((tick - since.pop(person)) / ticks_per_day)
    return days + [(end - tick) / ticks_per_day for tick in since.values()]


def longest_wait(rows: np.ndarray, end: int) -> int:
    """The most ticks that anybody waited in a line."""
    since: dict[int, int] = {}
    longest = 0
    ends = (codes.RESERVATION_GRANTED, codes.QUEUE_LEFT, codes.AGENT_EXITED, codes.TELEPORTED)
    found = rows[np.isin(rows["kind"], (codes.QUEUE_JOINED, codes.QUEUE_HANDOVER, *ends))]
    for kind, tick, agent, other in found[["kind", "tick", "agent", "other"]].tolist():
        if kind == codes.QUEUE_JOINED:
            since[agent] = tick
            continue
        person = other if kind == codes.QUEUE_HANDOVER else agent
        if person in since:
            longest = max(longest, tick - since.pop(person))
    return max([longest, *(end - tick for tick in since.values())])


def tied_share(town: Town, size: float = 0.3) -> float:
    """The share of living people who have a tie larger than `size`, in [0, 1]."""
    agents = town.record["agents"]
    ties = agents["ties"]
    sizes = np.abs(ties["trust"]) + np.abs(ties["familiarity"]) + np.abs(ties["rivalry"])
    alive = agents["alive"] > 0
    return float((sizes > size).any(axis=1)[alive].mean()) if alive.any() else 0.0


def chats_by_trust(town: Town, rows: np.ndarray) -> list[tuple[float, bool]]:
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
    return [
        (before.get((int(chat["seq"]), int(chat["agent"])), 0.0), bool(chat["kind"] == codes.CHAT_SUCCEEDED))
        for chat in chats
    ]


__all__ = ["SoakFigures", "chats_by_trust", "of_kind", "soak_figures", "tenures", "tied_share"]
