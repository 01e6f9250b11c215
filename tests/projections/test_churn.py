"""Churn: ties held, made and lost by window, against tables made by hand and against a loop that counts one by one."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from projections.churn import COUNTS, ChurnWindows
from projections.settings import Churn

DAY = 1440
REASONS = {"capacity": "evicted", "decay": "faded", "departed": "departed", "command": "commanded"}

Happening = tuple[int, int, int, str]


def changes(happenings: Sequence[Happening], *, coded: bool = False) -> pa.Table:
    """Tick, owner, other, and what: added, updated, decayed, refused, or the reason of a removal."""
    told = [("removed", what) if what in REASONS else (what, None) for *_, what in happenings]
    words = [pa.array([row[i] for row in told], pa.string()) for i in (0, 1)]
    if coded:
        words = [each.dictionary_encode() for each in words]
    return pa.table(
        {
            "tick": pa.array([tick for tick, *_ in happenings], pa.int64()),
            "owner": pa.array([f"p{owner}" for _, owner, *_ in happenings], pa.string()),
            "owner_id": pa.array([owner for _, owner, *_ in happenings], pa.int64()),
            "change": words[0],
            "reason": words[1],
        }
    )


def churn(table: pa.Table, tick: int, **settings: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    tables = ChurnWindows(table, tick, Churn(**settings)).tables()
    return tables["churn"].to_pylist(), tables["churn_windows"].to_pylist()


def test_a_tie_is_held_until_it_is_lost() -> None:
    by_owner, _ = churn(changes([(0, 5, 1, "added"), (2 * DAY + 7, 5, 1, "decay")]), 4 * DAY)
    assert [(row["window"], row["held"], row["added"], row["faded"]) for row in by_owner] == [
        (0, 0, 1, 0),
        (1, 1, 0, 0),
        (2, 1, 0, 1),
    ]
    assert {(row["owner"], row["owner_id"]) for row in by_owner} == {("p5", 5)}


def test_each_loss_counts_by_its_reason_for_the_owner_of_the_ledger() -> None:
    told = [(0, owner, other, "added") for owner in (3, 1) for other in range(10, 14)]
    told += [(DAY, 3, 10, "capacity"), (DAY + 1, 3, 11, "decay"), (DAY + 2, 3, 12, "departed")]
    told += [(DAY + 3, 3, 13, "command"), (DAY + 4, 3, 14, "refused"), (DAY + 5, 3, 15, "updated")]
    by_owner, by_window = churn(changes(told, coded=True), 2 * DAY)
    assert by_owner[-1] == {
        **{"window": 1, "from_tick": DAY, "to_tick": 2 * DAY, "owner": "p3", "owner_id": 3, "held": 4, "added": 0},
        **{"evicted": 1, "faded": 1, "departed": 1, "commanded": 1, "refused": 1, "share": 0.25},
    }
    assert by_owner[-2]["owner"] == "p1" and by_owner[-2]["held"] == 4 and not by_owner[-2]["evicted"]
    assert by_window[1]["held"] == 8 and by_window[1]["share"] == 1 / 8


def test_a_refusal_alone_is_told_and_nothing_held_is_no_share() -> None:
    by_owner, by_window = churn(changes([(5, 2, 1, "refused"), (DAY, 2, 1, "decayed")]), 2 * DAY)
    assert [(row["window"], row["refused"], row["share"]) for row in by_owner] == [(0, 1, 0.0)]
    assert [row["share"] for row in by_window] == [0.0, 0.0]


def test_every_window_is_told_and_the_last_one_is_cut() -> None:
    by_owner, by_window = churn(changes([]), 2 * DAY + 100)
    assert not by_owner
    assert [(row["from_tick"], row["to_tick"]) for row in by_window] == [
        (0, DAY),
        (DAY, 2 * DAY),
        (2 * DAY, 2 * DAY + 100),
    ]
    assert churn(changes([]), 0) == ([], [])


def test_a_warning_is_given_above_the_limit_only() -> None:
    told = [(0, 0, other, "added") for other in range(5)] + [(9, 0, 0, "capacity")]
    _, (window,) = churn(changes(told), DAY, warn_above=0.2)
    assert window["share"] == 0.2 and window["warning"] is False
    _, (window,) = churn(changes(told), DAY, warn_above=0.19)
    assert window["warning"] is True


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Happening], int]:
    """Ledgers of a few owners over a few windows of an hour, each removal of a tie that is held."""
    tick, held, told = 0, set[tuple[int, int]](), list[Happening]()
    for _ in range(draw(st.integers(0, 40))):
        tick += draw(st.sampled_from([0, 1, 30, 59, 60, 200]))
        tie = (draw(st.integers(0, 3)), draw(st.integers(4, 7)))
        what = draw(st.sampled_from([*REASONS] if tie in held else ["added", "refused"]))
        if draw(st.booleans()) and tie in held:
            what = draw(st.sampled_from(["updated", "decayed", "set"]))
        if what == "added":
            held.add(tie)
        elif what in REASONS:
            held.discard(tie)
        told.append((tick, *tie, what))
    return told, tick + draw(st.integers(1, 150))


@given(histories(), st.sampled_from([60, 120, DAY]), st.booleans())
def test_counts_are_those_of_a_loop(history: tuple[list[Happening], int], length: int, coded: bool) -> None:
    told, tick = history
    by_owner, by_window = churn(changes(told, coded=coded), tick, window_minutes=length)
    held: Counter[int] = Counter()
    expected, summed = [], []
    for window in range(-(-tick // length)):
        counts: dict[int, Counter[str]] = {owner: Counter() for owner in range(4)}
        for when, owner, _, what in told:
            if when // length == window:
                counts[owner][REASONS.get(what, what)] += 1
        for owner, found in counts.items():
            if held[owner] or any(found[name] for name in COUNTS):
                expected.append((window, owner, held[owner], *(found[name] for name in COUNTS)))
        of_window = [row[2:] for row in expected if row[0] == window]
        summed.append(tuple(map(sum, zip(*of_window, strict=True))) if of_window else (0,) * (1 + len(COUNTS)))
        for owner, found in counts.items():
            held[owner] += found["added"] - sum(found[name] for name in REASONS.values())
    fields = ("held", *COUNTS)
    assert [(row["window"], row["owner_id"], *(row[name] for name in fields)) for row in by_owner] == expected
    assert [tuple(row[name] for name in fields) for row in by_window] == summed
    for row in [*by_owner, *by_window]:
        most = row["held"] + row["added"]
        assert row["share"] == (row["evicted"] / most if most else 0.0)
        assert row["to_tick"] == min(row["from_tick"] + length, tick)
