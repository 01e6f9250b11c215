"""Every tie at every tick is the sum of its causes, to the last bit: in a town that lived, and in any history."""

import random
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Dimension
from eventlog.rows import Rows
from projections.record.state import ORDINARY, TIES, state_bytes
from projections.riders.fold import fold_rows_with_riders
from projections.riders.tie_changes import ROOM, Change, Loss
from projections.riders.tie_table import TieChanges
from tests.projections.histories import (
    SEATS,
    Action,
    History,
    empty_town,
    fold_each,
    histories,
    history_of,
    ledger_of,
    map_content,
    plans,
    riders,
)
from townlet.configuration.plans import compile_plan
from townlet.configuration.settings import Settings
from townlet.living.day import live
from townlet.living.founding import found
from townlet.rules import draw

SIDES = tuple(side.name.lower() for side in Dimension)
DAYS = 6
Row = dict[str, Any]
Chains = dict[tuple[int, int], tuple[float, ...]]


def values(row: Row, name: str) -> tuple[float, ...]:
    """The three sides of one of a row's values."""
    return tuple(row[f"{name}_{side}"] for side in SIDES)


def faded(row: Row) -> tuple[float, ...]:
    """What the hours of a row leave of its `before`, hour by hour."""
    left = values(row, "before")
    for _ in range(row["hours"]):
        left = tuple(value * share for value, share in zip(left, values(row, "retention"), strict=True))
    return left


def turns_of(rows: Rows) -> list[int]:
    """The events after which ties may decay in another way: hours before and after are two rows."""
    turn = (rows["kind"] == KIND_CODES["settings_changed"]) | (rows["kind"] == KIND_CODES["trait_given"])
    return [int(seq) for seq in rows["seq"][turn]]


def follow(rows: Iterable[Row], turns: list[int]) -> Chains:
    """Add up every tie's rows, holding each row to its law; the ties that are left, with their values."""
    ties: Chains = {}
    decayed: dict[tuple[int, int], int] = {}
    for row in rows:
        key, change = (row["owner"], row["other"]), row["change"]
        before, after = values(row, "before"), values(row, "after")
        sums = zip(before, values(row, "adjusted"), values(row, "clamp"), after, strict=True)
        assert all((start + delta) + clamp == end for start, delta, clamp, end in sums), row
        assert before == ties.get(key, (0.0, 0.0, 0.0)), row
        assert (key in ties) == (change not in ("added", "refused")), row
        assert (row["hours"] > 0) == (change == "decayed"), row
        assert (row["reason"] is not None) == (change == "removed"), row
        if change == "decayed":
            assert row["kind"] == "tick_ended" and after == faded(row), row
            assert key not in decayed or any(decayed[key] < turn < row["seq"] for turn in turns), row
            decayed[key] = row["seq"]
        else:
            decayed.pop(key, None)
        if change in ("removed", "refused"):
            assert after == (0.0, 0.0, 0.0)
            ties.pop(key, None)
        else:
            ties[key] = after
    return ties


def sides_of(towns: Any) -> Chains:
    """The ledger of a town: (owner, other) -> sides."""
    return {key: tuple(sides) for key, (_, *sides) in ledger_of(towns).items()}


def changes_of(projection: TieChanges) -> list[Row]:
    rows: list[Row] = projection.tables()["tie_changes"].to_pylist()
    return rows


@cache
def lived() -> tuple[Any, Any, Rows]:
    """A town of several days: itself, its plan, its rows."""
    settings = Settings.model_validate(
        {
            "map_content": map_content("town"),
            "features": {"relationship_modifiers": True},
            "relationships": {"capacity": 3},
        }
    )
    plan, towns = compile_plan(settings), empty_town()
    draw.set_seed(towns, 0, 7)
    found(towns, plan, 0)
    parts = list(drained(towns))
    for _ in range(DAYS * 24):
        assert live(towns, plan, 60, 512) == 60
        parts.extend(drained(towns))
    assert not towns["cursor"]["overflow"].any()
    return towns, plan, np.concatenate(parts)


def drained(towns: Any) -> Iterator[Rows]:
    """What a town has recorded; its outbox is empty again."""
    yield towns["outbox"].view(np.ndarray)[0][: int(towns["cursor"]["pending"][0])].copy()
    towns["cursor"]["pending"][0] = 0


def test_a_town_with_riders_is_the_town_that_lived() -> None:
    towns, plan, rows = lived()
    shadow = empty_town()
    projection = TieChanges(shadow, plan)
    projection.fold(rows)
    assert state_bytes(shadow) == state_bytes(towns)
    assert follow(changes_of(projection), turns_of(rows)) == sides_of(towns)
    seen = set(projection.tables()["tie_changes"].column("change").to_pylist())
    assert seen >= {"added", "updated", "decayed", "refused", "removed"}


def test_where_relationships_are_off_every_tie_is_refused() -> None:
    settings = Settings.model_validate(
        {
            "map_content": map_content("town"),
            "relationships": {"capacity": 0},
            "life": {"initial_ties": {"mode": "random", "density": 0.5}},
        }
    )
    plan, towns = compile_plan(settings), empty_town()
    draw.set_seed(towns, 0, 7)
    found(towns, plan, 0)
    parts = list(drained(towns))
    assert live(towns, plan, 720, 512) == 720
    rows = np.concatenate([*parts, *drained(towns)])
    shadow = empty_town()
    projection = TieChanges(shadow, plan)
    projection.fold(rows)
    changes = changes_of(projection)
    assert state_bytes(shadow) == state_bytes(towns) and not towns["agents"]["ties"]["known"].any()
    assert {row["change"] for row in changes} == {"refused"} and {row["kind"] for row in changes} >= {"tie_set"}
    assert follow(changes, []) == {}


def test_every_tie_is_the_sum_of_its_rows_at_any_tick() -> None:
    _, plan, rows = lived()
    shadow = empty_town()
    projection = TieChanges(shadow, plan)
    first, dice = 0, random.Random(11)
    for tick in sorted(dice.sample(range(DAYS * 1440), 25)):
        upto = int(np.searchsorted(rows["tick"], tick, side="right"))
        projection.fold(rows[first:upto])
        first = upto
        changes = changes_of(projection)
        assert all(row["tick"] <= tick for row in changes)
        assert follow(changes, turns_of(rows)) == sides_of(shadow)
    for row in changes:
        if row["change"] != "decayed":
            cause = rows[row["seq"]]
            assert (cause["seq"], cause["tick"]) == (row["seq"], row["tick"])


@cache
def long_history() -> History:
    """Thousands of things of every kind, a few of them rare."""
    dice = random.Random(5)
    actions: list[Action] = [
        (dice.randrange(26), dice.randrange(SEATS), dice.randrange(1, SEATS), dice.randrange(12), dice.uniform(-1, 1))
        for _ in range(3000)
    ]
    for i in range(0, 3000, 500):
        actions[i : i + 1] = [(14, 0, 1, 11, 0.0)] * 60  # long enough for ties to be forgotten
    return history_of(actions)


def test_every_change_and_every_reason_of_loss_is_seen() -> None:
    projection = TieChanges(empty_town(), plans())
    projection.fold(long_history().log)
    table = projection.tables()["tie_changes"]
    assert set(table.column("change").to_pylist()) == {change.name.lower() for change in Change}
    assert set(table.column("reason").to_pylist()) == {loss.name.lower() for loss in Loss} | {None}
    assert follow(table.to_pylist(), turns_of(long_history().log))


def test_the_rows_of_one_tie_are_in_order_of_seq_and_change() -> None:
    projection = TieChanges(empty_town(), plans())
    projection.fold(long_history().log)
    last: dict[tuple[int, int], tuple[int, int]] = {}
    for row in changes_of(projection):
        key, place = (row["owner"], row["other"]), (row["seq"], int(Change[row["change"].upper()]))
        assert last.get(key, (-1, -1)) < place
        last[key] = place


@given(histories())
@settings(max_examples=100)
def test_any_history_adds_up(history: History) -> None:
    towns = empty_town()
    projection = TieChanges(towns, plans())
    projection.fold(history.log)
    assert follow(changes_of(projection), turns_of(history.log)) == sides_of(towns)


@given(histories(), st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=60)
def test_any_chunking_gives_the_same_tables(history: History, cuts: list[int]) -> None:
    rows = history.log
    whole, parts = TieChanges(empty_town(), plans()), TieChanges(empty_town(), plans())
    whole.fold(rows)
    for part in np.split(rows, sorted(min(cut, len(rows)) for cut in cuts)):
        parts.fold(part)
        parts.tables()
    assert_same(parts.tables(), whole.tables())


@given(histories(), st.integers(0, 200))
@settings(max_examples=60)
def test_restored_tables_go_on(history: History, cut: int) -> None:
    rows, towns = history.log, empty_town()
    whole = TieChanges(towns, plans())
    whole.fold(rows[:cut])
    later = TieChanges(towns.copy(), plans())
    later.restore(whole.tables())
    assert_same(later.tables(), whole.tables())
    later.fold(rows[cut:])
    whole.fold(rows[cut:])
    assert_same(later.tables(), whole.tables())


def assert_same(some: dict[str, pa.Table], others: dict[str, pa.Table]) -> None:
    assert some.keys() == others.keys()
    for name, table in some.items():
        assert table.equals(others[name]), name


def test_tables_of_another_tick_are_refused() -> None:
    rows = long_history().log
    projection = TieChanges(empty_town(), plans())
    projection.fold(rows[:1000])
    with pytest.raises(ValueError, match="restore both of one tick"):
        TieChanges(empty_town(), plans()).restore(projection.tables())


def test_a_town_under_way_is_taken_as_it_is() -> None:
    """Riders that board late explain what is left: each tie's first row begins at its value then."""
    rows, towns = long_history().log, empty_town()
    TieChanges(towns, plans()).fold(rows[:1000])
    held, late = sides_of(towns), TieChanges(towns, plans())
    late.fold(rows[1000:])
    firsts: Chains = {}
    for row in changes_of(late):
        firsts.setdefault((row["owner"], row["other"]), values(row, "before"))
    assert all(firsts[key] == held.get(key, (0.0, 0.0, 0.0)) for key in firsts)
    assert firsts.keys() >= held.keys() & firsts.keys() != set()


def test_the_loop_stops_before_a_buffer_is_full() -> None:
    rows, towns, outs = long_history().log.view(np.recarray), empty_town(), riders()
    limit = ROOM - 3 * TIES * ORDINARY.agents
    outs["tie_changes"]["count"][0] = limit - 3
    stopped = fold_rows_with_riders(towns, plans(), 0, rows, 0, outs)
    count = int(outs["tie_changes"]["count"][0])
    assert 0 < stopped < len(rows) and limit < count < ROOM
    assert fold_rows_with_riders(towns, plans(), 0, rows, stopped, outs) == stopped
    outs["tie_changes"]["count"][0] = 0
    assert fold_rows_with_riders(towns, plans(), 0, rows, stopped, outs) == len(rows)


def test_the_rider_remembers_what_the_town_does() -> None:
    for i, (towns, _, outs) in enumerate(fold_each(long_history())):
        if i % 50 == 0:
            ledgers = outs.view(np.ndarray)["tie_changes"]["ledgers"][0]["ties"]
            held = towns.view(np.ndarray)["agents"]["ties"][0]
            assert all((ledgers["tie"][name] == held[name]).all() for name in ("known", "other", "since", *SIDES))
            outs["tie_changes"]["count"][0] = 0
