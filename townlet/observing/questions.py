"""Answers to questions about a run: changes between two ticks, changes of ties by an event, counts of events."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from eventlog.catalogue import KIND_NAMES
from townlet.comparing.tie_ledgers import ties_side_by_side
from townlet.comparing.town_differences import NEEDS_AND_WALLET
from townlet.history.kept_tables import PROJECTIONS, TIE_CHANGES, with_names
from townlet.observing.event_list import Events
from townlet.observing.view import EventLine
from townlet.telling.event_words import Filter

if TYPE_CHECKING:
    from townlet.history.history import History

FIELDS: Final = ("venue", "option", "job", *NEEDS_AND_WALLET)
"""What is compared of a person."""


class Since(NamedTuple):
    """The changes between tick `first` and tick `last`, both as of the moment before the tick.

    `people` has a mapping for each person who lives in the town at either tick: `name`, and for each of FIELDS a pair
    of values (None: the person does not live there then). `ties` are the rows of `ties_side_by_side` that differ.
    `events` counts the events of each kind, the most frequent first.
    """

    first: int
    last: int
    people: tuple[Mapping[str, Any], ...]
    ties: tuple[Mapping[str, Any], ...]
    events: Mapping[str, int]


def since(run: "History", first: int, last: int) -> Since:
    """The changes from one tick to a later one. Raises TickOutOfRange, LogDamaged."""
    before, after = run.at(first), run.at(last)
    ties = ties_side_by_side(before.table("ties"), after.table("ties")).to_pylist()
    kinds: Counter[int] = Counter()
    for rows in run.log.rows(from_seq=before.seq, to_seq=after.seq):
        numbers, counts = np.unique(rows["kind"], return_counts=True)
        kinds.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
    return Since(
        first,
        last,
        tuple(_people(before.table("agents"), after.table("agents"))),
        tuple(row for row in ties if row["change"] != "same"),
        {KIND_NAMES[kind]: count for kind, count in kinds.most_common()},
    )


def _people(before: pa.Table, after: pa.Table) -> list[Mapping[str, Any]]:
    sides = [{row["name"]: row for row in table.select(["name", *FIELDS]).to_pylist()} for table in (before, after)]
    return [
        {"name": name, **{field: tuple(side.get(name, {}).get(field) for side in sides) for field in FIELDS}}
        for name in {**sides[0], **sides[1]}
    ]


def ties_changed_by(run: "History", seq: int) -> tuple[Mapping[str, Any], ...]:
    """The rows of `tie_changes` caused by event `seq`. Only its tick is folded. Raises LogDamaged, BadEvent."""
    (tick,) = run.log.pick([seq])["tick"].tolist()
    changes = PROJECTIONS[TIE_CHANGES].begin(run.at(tick).town)
    for rows in run.log.rows(from_tick=tick, to_tick=tick + 1):
        changes.fold(np.ascontiguousarray(rows))
    table = with_names(run.config, changes.tables()[TIE_CHANGES])
    return tuple(row for row in table.to_pylist() if row["seq"] == seq and row["change"] != "decayed")


def counterpart(run: "History", other: "History", seq: int, within: int) -> EventLine | None:
    """The event of another run that corresponds to event `seq` of this run: the nearest one of the same kind with the
    same two people, at most `within` ticks before or after it. None if there is none. Raises LogDamaged.
    """
    (event,) = run.log.pick([seq])
    tick, pair = int(event["tick"]), sorted((int(event["agent"]), int(event["other"])))
    found = []
    for rows in other.log.rows(from_tick=max(tick - within, 0), to_tick=tick + within + 1):
        two = np.sort(np.stack([rows["agent"], rows["other"]], axis=1), axis=1)
        alike = (rows["kind"] == event["kind"]) & (two == pair).all(axis=1)
        found += list(
            zip(np.abs(rows["tick"][alike].astype(int) - tick).tolist(), rows["seq"][alike].tolist(), strict=True)
        )
    return Events(other).line(min(found)[1]) if found else None


def event_counts(run: "History", words: str, stop: Callable[[], bool]) -> Mapping[str, int]:
    """The number of events of each kind that match the words, in the whole log. Raises QueryError for an unknown word.

    The count ends early if `stop` returns True.
    """
    fits, kinds = Filter.of(words, run), Counter[int]()
    for rows in run.log.rows():
        if stop():
            break
        numbers, counts = np.unique(rows["kind"][fits.mask(rows)], return_counts=True)
        kinds.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
    return {KIND_NAMES[kind]: count for kind, count in kinds.most_common()}
