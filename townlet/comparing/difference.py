"""Finds where two runs diverge, by their digests, so that little of each log is read; and how their towns differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.errors import LogDamaged
from eventlog.format.chain import BLOCK_EVENTS
from eventlog.reader import LogReader
from townlet.comparing.kinship import FORK, PARENT, SIBLING, kin, tick_at
from townlet.comparing.tie_ledgers import ties_side_by_side
from townlet.comparing.town_differences import (
    NEEDS_AND_WALLET,
    Side,
    deeds_since,
    events_by_kind,
    first_state,
    people_apart,
    settings_differ,
)
from townlet.notebook import html_of

if TYPE_CHECKING:
    from townlet.history.history import History, Moment

MARKS: Final = 12
"""The most ticks at which two towns are compared."""

CAUSES: Final = 12
"""The most events in a chain of causes."""


RELATIONS: Final = {PARENT: "a of b", FORK: "b of a", SIBLING: "both of another"}
"""The relation of two runs `a` and `b` in words, by the kinship of `b` to `a`."""


class Parting(NamedTuple):
    """How two runs are related, and the event and tick from which their histories may differ."""

    relation: str  # one of RELATIONS
    seq: int
    tick: int


@dataclass(frozen=True)
class Difference:
    """How two runs `a` and `b` differ.

    - `seq`, `tick`: the first event that differs or that only one run has, and its tick; None if both logs are equal
    - `chain_a`, `chain_b`: the number of that event in each run, then of its cause, and so on; empty if the run has no
      such event
    - `until`: the tick up to which both runs are compared: the end of the shorter one, or the first damage
    - `damage`: the first damage of each log, or None
    - `parting`: how the runs are related as forks; None if they are not
    - `settings` (`key, a, b`): the settings that differ at the end
    - `state` (`tick, table, row, field, a, b`): the fields that differ at the first tick at which the states differ
    - `events` (`kind, a, b`): the number of events of each kind since then
    - `people`: a row for each person; people whose lives differ most come first
    - `distances`: a row for each of some ticks since then: ties that only one run has, the summed difference of shared
      ties, people who live in one run only, people who are at another venue, and the mean difference of needs and
      wallets
    - `ties`: both ledgers side by side at the last of these ticks; ties that differ most come first
    """

    seq: int | None
    tick: int | None
    chain_a: tuple[int, ...]
    chain_b: tuple[int, ...]
    until: int
    damage: tuple[LogDamaged | None, LogDamaged | None]
    parting: Parting | None
    settings: pa.Table
    state: pa.Table
    events: pa.Table
    people: pa.Table
    distances: pa.Table
    ties: pa.Table

    _repr_html_ = html_of


def diff(a: "History", b: "History") -> Difference:
    """The difference of two runs. Damaged logs are compared as far as both are whole.

    Raises LogDamaged if nothing of a log can be read.
    """
    sides = tuple(Side(run, run.log.head.seq, run.log.head.tick) for run in (a, b))
    try:
        return _diff(sides[0], sides[1], (None, None))
    except LogDamaged:
        found = [_whole(side) for side in sides]
        return _diff(found[0][0], found[1][0], (found[0][1], found[1][1]))


def _whole(side: Side) -> tuple[Side, LogDamaged | None]:
    """The side up to the first damage of its log, and that damage (None: the log is whole)."""
    log = side.run.log
    try:
        for _ in log.parts():
            pass
    except LogDamaged as damage:
        return Side(side.run, damage.seq, damage.tick), damage
    return side, None


def _diff(a: Side, b: Side, damage: tuple[LogDamaged | None, LogDamaged | None]) -> Difference:
    logs = a.run.log, b.run.log
    whole = min(a.seq, b.seq)
    seq = first_difference(*logs, within=whole)
    if any(damage) and seq == whole < min(log.head.seq for log in logs):
        seq = None  # both have an event there, and one of the two cannot be read
    chains = [() if seq is None else causes(side.run.log, seq, side.seq) for side in (a, b)]
    ticks = [int(side.run.log.pick(chain[:1])["tick"][0]) for side, chain in zip((a, b), chains, strict=True) if chain]
    until = min(a.tick, b.tick)
    tick = None if seq is None else min(ticks, default=until)
    begins = until if tick is None else min(tick, until)
    marks = [until] if begins == until else sorted({int(mark) for mark in np.linspace(begins + 1, until, MARKS)})
    moments = [(a.run.at(mark), b.run.at(mark)) for mark in marks]
    ties = [ties_side_by_side(one.table("ties"), other.table("ties")) for one, other in moments]
    differ = seq is not None
    rows = [_distance_row(*pair, table) for pair, table in zip(moments, ties, strict=True)]
    deeds = [deeds_since(side, side.seq if seq is None else seq, until) for side in (a, b)]
    people = people_apart((a, b), moments[-1], (deeds[0], deeds[1]), ties[-1], begins)
    return Difference(
        seq,
        tick,
        chains[0],
        chains[1],
        until,
        damage,
        _parting(a, b),
        settings_differ(a, b),
        first_state(a, b, begins, until if differ else begins - 1),
        events_by_kind(*deeds),
        people,
        _distances(rows if differ else []),
        ties[-1],
    )


def _parting(a: Side, b: Side) -> Parting | None:
    """The relation of `b` to `a`, from the parents in their manifests; None if they are not related."""
    word, seq = kin(a.run.log.manifest, b.run.log.manifest)
    return None if seq is None else Parting(RELATIONS[word], seq, tick_at(a.run.log, min(seq, a.seq)))


def first_difference(a: LogReader, b: LogReader, within: int | None = None) -> int | None:
    """The number of the first event that differs or that only one log has; None if the logs are equal.

    Events from `within` on (None: the end of the shorter log) are not read. Raises LogDamaged.
    """
    common = min(a.head.seq, b.head.seq) if within is None else within
    if a.digest_at(common) == b.digest_at(common):
        return common if max(a.head.seq, b.head.seq) > common else None
    same, other = 0, common // BLOCK_EVENTS + 1  # the first `same` blocks are equal; block `other` is not known to be
    while other - same > 1:
        middle = (same + other) // 2
        seq = middle * BLOCK_EVENTS
        if seq <= common and a.digest_at(seq) == b.digest_at(seq):
            same = middle
        else:
            other = middle
    first, last = same * BLOCK_EVENTS, min((same + 1) * BLOCK_EVENTS, common)
    for (seq, row, note), (_, other_row, other_note) in zip(
        _events(a, first, last), _events(b, first, last), strict=True
    ):
        if (row, note) != (other_row, other_note):
            return seq
    raise AssertionError("digests differ and events do not")


def causes(log: LogReader, seq: int, end: int | None = None) -> tuple[int, ...]:
    """The numbers of an event, its cause, and so on; empty if `seq` is not before `end` (None: the log's head)."""
    chain: list[int] = []
    while seq < (log.head.seq if end is None else end) and len(chain) < CAUSES:
        chain.append(seq)
        back = int(log.pick([seq])["cause"][0])
        if not back:
            break
        seq -= back
    return tuple(chain)


def _events(log: LogReader, first: int, last: int) -> Iterator[tuple[int, bytes, str | None]]:
    for rows, notes in log.parts(first, last):
        for row in rows:
            seq = int(row["seq"])
            yield seq, row.tobytes(), notes.get(seq)


def _distance_row(a: "Moment", b: "Moment", ties: pa.Table) -> dict[str, Any]:
    """The row of `distances` for two towns at a tick."""
    people = [{row["name"]: row for row in moment.table("agents").to_pylist()} for moment in (a, b)]
    both = sorted(people[0].keys() & people[1].keys())
    change = ties.column("change").to_pylist()
    shared = [
        size for size, kind in zip(ties.column("difference").to_pylist(), change, strict=True) if kind == "changed"
    ]
    return {
        "tick": a.tick,
        "ties_only_a": change.count("only a"),
        "ties_only_b": change.count("only b"),
        "ties_differ_by": float(sum(shared)),
        "people_only_a": len(people[0]) - len(both),
        "people_only_b": len(people[1]) - len(both),
        "elsewhere": sum(people[0][name]["venue"] != people[1][name]["venue"] for name in both),
        **{
            need: float(np.mean([abs(people[0][name][need] - people[1][name][need]) for name in both])) if both else 0.0
            for need in NEEDS_AND_WALLET
        },
    }


def _distances(rows: list[dict[str, Any]]) -> pa.Table:
    counts = ("tick", "ties_only_a", "ties_only_b", "people_only_a", "people_only_b", "elsewhere")
    order = (*counts[:3], "ties_differ_by", *counts[3:], *NEEDS_AND_WALLET)
    schema = pa.schema([(name, pa.int64() if name in counts else pa.float64()) for name in order])
    return pa.Table.from_pylist(rows, schema=schema)
