"""Quarrels: when they happen, whom they keep waiting, and between whom."""

from typing import Final

import numpy as np

from eventlog import codes
from townlet.judging.facts.measuring.living import HOURS, Lived
from townlet.judging.facts.measuring.samples import Real

HELD_MINUTES: Final = 3
"""A block that delays somebody by fewer minutes is none that anybody would quarrel over."""


def hour_sums(lived: Lived) -> Real:
    """How many quarrels there were in each hour of the day, shape (24,)."""
    ticks = lived.of_kind(codes.QUEUE_CONFLICT)["tick"]
    hours = ticks % lived.per_day * HOURS // lived.per_day
    return np.bincount(hours.astype("i8"), minlength=HOURS).astype("f8")


def largest_share(sums: Real) -> float:
    """The largest of some counts as a share of all; NaN where there are none."""
    total = sums.sum()
    return float(sums.max() / total) if total else float("nan")


def delays(lived: Lived) -> list[int]:
    """For each block, the ticks until the one who was blocked had the place, or had left its line or the town.

    A block at the end of the run after which neither happened is left out.
    """
    rows = lived.of_kind(
        codes.QUEUE_CONFLICT,
        codes.QUEUE_HANDOVER,
        codes.RESERVATION_GRANTED,
        codes.AFFORDANCE_STARTED,
        codes.QUEUE_LEFT,
        codes.AGENT_EXITED,
        codes.TELEPORTED,
    )
    since: dict[int, list[tuple[int, int]]] = {}
    found: list[int] = []
    anywhere = (codes.AGENT_EXITED, codes.TELEPORTED)
    for kind, tick, agent, other, place, code in rows[["kind", "tick", "agent", "other", "object", "code"]].tolist():
        if kind == codes.QUEUE_CONFLICT:
            if code == codes.REASON_BLOCK:
                since.setdefault(other, []).append((tick, place))
            continue
        person = other if kind == codes.QUEUE_HANDOVER else agent
        if person in since:
            left = [(began, o) for began, o in since[person] if o != place and kind not in anywhere]
            found += [tick - began for began, o in since[person] if o == place or kind in anywhere]
            since[person] = left
    return found


def block_sums(lived: Lived) -> Real:
    """How many blocks there were, and how many of them delayed somebody by HELD_MINUTES or more."""
    waited = np.array(delays(lived)) * lived.minutes
    return np.array([len(waited), (waited >= HELD_MINUTES).sum()], float)


def desk_sums(lived: Lived) -> Real:
    """How many quarrels there were, and how many of them between two who have the same desk at different hours."""
    desk: dict[int, int] = {}
    quarrels = shared = 0
    rows = lived.of_kind(codes.HIRED, codes.JOB_LOST, codes.AGENT_EXITED, codes.QUEUE_CONFLICT)
    for kind, agent, other, place in rows[["kind", "agent", "other", "object"]].tolist():
        if kind == codes.HIRED:
            desk[agent] = place
        elif kind == codes.QUEUE_CONFLICT:
            quarrels += 1
            shared += agent in desk and desk[agent] == desk.get(other)
        else:
            desk.pop(agent, None)
    return np.array([quarrels, shared], float)


def share(sums: Real) -> float:
    """The second of two sums as a share of the first; NaN where the first is 0."""
    whole, part = sums
    return float(part / whole) if whole else float("nan")


def ratio(sums: Real) -> float:
    """The first of two sums divided by the second; NaN where the second is 0."""
    return share(np.asarray(sums)[::-1])


__all__ = ["block_sums", "delays", "desk_sums", "hour_sums", "largest_share", "ratio", "share"]
