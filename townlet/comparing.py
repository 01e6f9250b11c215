"""Where two runs part, and how far apart they came: found by their digests, so that little of either log is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventlog.chain import BLOCK_EVENTS
from eventlog.reader import LogReader

if TYPE_CHECKING:
    from townlet.run import Moment, Run

MARKS: Final = 12
"""At how many ticks, at most, two towns are laid side by side."""

CAUSES: Final = 12
"""How many causes back a chain is followed, at most."""

NEEDS: Final = ("hunger", "hygiene", "energy", "wallet")


@dataclass(frozen=True)
class Difference:
    """What tells two runs `a` and `b` apart.

    `seq` is the first event that differs, or that only one of them has, None where neither has more than the other;
    `tick` is that event's. `chain_a` and `chain_b` are its number and those of its causes, each the cause of the one
    before; empty where a run ends there. `drift` has a row for some of the ticks that both reached since: ties of one
    run alone, the sum of what shared ties differ by, people of one run alone, people who are elsewhere, and the mean of
    what their needs and wallets differ by. `ties` lays both ledgers side by side at the last of these ticks.
    """

    seq: int | None
    tick: int | None
    chain_a: tuple[int, ...]
    chain_b: tuple[int, ...]
    drift: pa.Table
    ties: pa.Table


def diff(a: "Run", b: "Run") -> Difference:
    """The first event that differs, and what became of both towns since. Raises LogDamaged."""
    from townlet.refold import compared_ties

    log_a, log_b = a.log, b.log
    seq = first_difference(log_a, log_b)
    last = min(log_a.head.tick, log_b.head.tick)
    if seq is None:
        return Difference(
            None, None, (), (), _drift([]), compared_ties(a.at(last).table("ties"), b.at(last).table("ties"))
        )
    chains = causes(log_a, seq), causes(log_b, seq)
    tick = min(int(log.pick([seq])["tick"][0]) for log, chain in ((log_a, chains[0]), (log_b, chains[1])) if chain)
    marks = sorted({int(mark) for mark in np.linspace(tick + 1, last, MARKS)}) if tick < last else [last]
    moments = [(a.at(mark), b.at(mark)) for mark in marks]
    ties = [compared_ties(one.table("ties"), other.table("ties")) for one, other in moments]
    rows = [_apart(*pair, table) for pair, table in zip(moments, ties, strict=True)]
    return Difference(seq, tick, *chains, _drift(rows), ties[-1])


def first_difference(a: LogReader, b: LogReader) -> int | None:
    """The number of the first event that differs, or that one log alone has; None for equal logs. Raises LogDamaged."""
    common = min(a.head.seq, b.head.seq)
    if a.digest_at(common) == b.digest_at(common):
        return None if a.head.seq == b.head.seq else common
    same, other = 0, common // BLOCK_EVENTS + 1  # blocks that are known to be equal, and the first not known to be
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


def causes(log: LogReader, seq: int) -> tuple[int, ...]:
    """An event's number, its cause's, and so on; empty where the log has no such event."""
    chain: list[int] = []
    while seq < log.head.seq and len(chain) < CAUSES:
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


def _apart(a: "Moment", b: "Moment", ties: pa.Table) -> dict[str, Any]:
    """How far apart two towns are at a tick."""
    people = [{row["name"]: row for row in moment.table("agents").to_pylist()} for moment in (a, b)]
    both = sorted(people[0].keys() & people[1].keys())
    change = ties.column("change").to_pylist()
    shared = [
        size for size, kind in zip(ties.column("difference").to_pylist(), change, strict=True) if kind == "changed"
    ]
    return {
        "tick": a.tick,
        "ties_only_a": change.count("lost"),
        "ties_only_b": change.count("gained"),
        "ties_differ_by": float(sum(shared)),
        "people_only_a": len(people[0]) - len(both),
        "people_only_b": len(people[1]) - len(both),
        "elsewhere": sum(people[0][name]["venue"] != people[1][name]["venue"] for name in both),
        **{
            need: float(np.mean([abs(people[0][name][need] - people[1][name][need]) for name in both])) if both else 0.0
            for need in NEEDS
        },
    }


def _drift(rows: list[dict[str, Any]]) -> pa.Table:
    counts = ("tick", "ties_only_a", "ties_only_b", "people_only_a", "people_only_b", "elsewhere")
    order = (*counts[:3], "ties_differ_by", *counts[3:], *NEEDS)
    schema = pa.schema([(name, pa.int64() if name in counts else pa.float64()) for name in order])
    return pa.Table.from_pylist(rows, schema=schema)
