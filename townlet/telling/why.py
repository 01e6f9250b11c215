"""Why one person feels as they do about another: every cause in order, with a sentence. The causes add up exactly."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from eventlog.catalogue.life import AgentArrived
from eventlog.catalogue.registries import SIDES
from projections.spelling import proposal
from townlet.configuration.load import names_table
from townlet.errors import QueryError, TownletError
from townlet.history.kept_tables import tie_changes
from townlet.notebook import html_of
from townlet.telling.tie_sentences import Sentences

if TYPE_CHECKING:
    from townlet.history.history import History


Value = tuple[float, float, float]


@dataclass(frozen=True)
class Why:
    """What `owner` felt about `other` just before `tick`, and every change that led to it.

    `causes` has the columns of `tie_changes` and a `sentence`, in order. It begins with the first tie that the two ever
    had; a tie that was lost and made again appears with all its changes. `total` has trust, familiarity and rivalry:
    the ledger's own values, recomputed from the causes, zeros without a tie. `tied` says whether there is a tie.
    """

    owner: str
    other: str
    tick: int
    causes: pa.Table
    total: Mapping[str, float]
    tied: bool

    _repr_html_ = html_of

    def rows(self) -> Iterator[dict[str, Any]]:
        """The causes, one mapping a row."""
        yield from self.causes.to_pylist()


def why(run: "History", owner: str, other: str, at: int | None = None) -> Why:
    """Every cause of what `owner` felt about `other` before tick `at` (None: now).

    Raises QueryError for a name that nobody had before that tick, TickOutOfRange, LogDamaged, and TownletError if the
    causes do not add up, which would be a fault of Townlet.
    """
    last = run.head.tick
    tick = last if at is None else at
    run.require(tick)
    changes = tie_changes(run, tick)
    found = _rows_of_tie(changes, owner, other)
    if len(found) == 0:
        owner, other = known_person(run, tick, owner), known_person(run, tick, other)
        require_known(run, tick, (owner, other))
        found = _rows_of_tie(changes, owner, other)
    rows = found.to_pylist()
    total = sum_of_changes(rows)
    tied = bool(rows) and next((row["change"] not in ("removed", "refused") for row in _rows_back(rows)), False)
    told = found.append_column("sentence", pa.array(_sentences(run, rows), pa.string()))
    return Why(owner, other, tick, told, dict(zip(SIDES, total, strict=True)), tied)


def sum_of_changes(rows: Sequence[Mapping[str, Any]]) -> Value:
    """The value after all changes of one tie: trust, familiarity, rivalry. Each row is checked against the row before.

    For an event, ((before + adjusted) + clamp) == after; for decay, the value is multiplied by `retention` once an
    hour. All in float64. Raises TownletError at the first row that does not follow.
    """
    value: Value = (0.0, 0.0, 0.0)
    for row in rows:
        after = tuple(row[f"after_{side}"] for side in SIDES)
        if tuple(row[f"before_{side}"] for side in SIDES) != value or _value_after(row, value) != after:
            raise TownletError(f"the change of event {row['seq']} does not follow from those before it: {dict(row)}")
        value = (after[0], after[1], after[2])
    return value


def _value_after(row: Mapping[str, Any], before: Value) -> tuple[float, ...]:
    """The value after a row, computed from the value before it."""
    if row["change"] != "decayed":
        return tuple(
            (value + row[f"adjusted_{side}"]) + row[f"clamp_{side}"] for value, side in zip(before, SIDES, strict=True)
        )
    values = list(before)
    for _ in range(row["hours"]):
        values = [value * row[f"retention_{side}"] for value, side in zip(values, SIDES, strict=True)]
    return tuple(values)


def _rows_back(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows from the last to the first, without refused changes, which do not change whether there is a tie."""
    return (row for row in reversed(rows) if row["change"] != "refused")


def _rows_of_tie(changes: pa.Table, owner: str, other: str) -> pa.Table:
    """The rows of the tie from `owner` to `other`."""
    mask = np.logical_and(*(_is(changes.column(field), name) for field, name in (("owner", owner), ("other", other))))
    return changes.take(pa.array(np.flatnonzero(mask)))


def _is(column: pa.ChunkedArray, name: str) -> Any:
    return np.asarray(column.to_numpy(zero_copy_only=False)) == name


def _sentences(run: "History", rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The sentence of each change."""
    events = run.log.pick(sorted({row["seq"] for row in rows}))
    by_seq = dict(zip(events["seq"].tolist(), events, strict=True))
    words = Sentences(run.config, run.log.pick)
    return [words.of(row, by_seq[row["seq"]]) for row in rows]


def require_known(run: "History", tick: int, names: Sequence[str]) -> None:
    """Raise QueryError for a name that nobody had before this tick, and if the two names are equal."""
    if len(set(names)) < len(names):
        raise QueryError(f"{names[0]} has no tie to itself: name two people")
    known = people_until(run, tick)
    for name in names:
        if name not in known:
            meant = proposal(name, known, 3) or "there is nobody yet"
            raise QueryError(f"nobody called {name!r} has lived here before tick {tick:,}; {meant}")


def people_until(run: "History", tick: int) -> list[str]:
    """The names of everybody who moved in before this tick, in the order of their arrivals."""
    arrivals = [rows["agent"][rows["kind"] == AgentArrived.kind] for rows in run.log.rows(to_tick=tick)]
    persons = np.concatenate(arrivals) if arrivals else np.zeros(0, np.int64)
    return list(names_table(run.config, persons.astype(np.int64)))


def known_person(run: "History", tick: int, name: str) -> str:
    """The name as the log has it of somebody who moved in before this tick; capitals do not matter if one is meant.

    Raises QueryError with the nearest name.
    """
    meant = {known for known in people_until(run, tick) if known.casefold() == name.casefold()}
    if len(meant) == 1:
        return meant.pop()
    require_known(run, tick, (name,))
    return name
