"""What everybody earned adds up to the last bit, from any mark on, in any chunks, alive as from the log."""

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.rows import Rows
from projections.record.state import state_bytes
from projections.reward_table import MARKS, at_mark
from projections.settings import Rewards
from tests.projections.histories import SEATS, History, empty_town, histories, plans
from tests.projections.paying import (
    DAYS,
    TERMS,
    TIGHT,
    Row,
    assert_same,
    default_life,
    earned,
    earnings,
    paid,
    passes,
)
from tests.townlet.towns import DAY, KITCHEN, default_settings, lived, log_digest, said_by, town_of
from townlet.configuration.load import load
from townlet.configuration.settings import Settings


def assert_adds_up(rows: Iterable[Row], given: Rewards) -> None:
    """The ten terms, added in their order, are the total; episodes add up; nothing is above what it may be."""
    episodes: dict[int, float] = {}
    for row in rows:
        total, person = 0.0, row["agent_id"]
        for term in TERMS:
            total = total + row[term]
        assert total == row["total"], row
        assert row["episode"] == episodes.get(person, 0.0) + row["total"], row
        most = given.episode_clip or math.inf
        assert abs(row["episode"]) <= most + 1e-12
        if abs(row["episode"]) < most - 1e-12:
            assert abs(row["total"] - row["terminal"]) <= given.tick_clip + 1e-15, row
        episodes[person] = 0.0 if row["ended"] else row["episode"]


def test_folding_with_rewards_leaves_the_town_as_it_is() -> None:
    towns, all_plans, rows = default_life()
    shadow = empty_town()
    earnings(shadow, all_plans, {}).fold(rows)
    assert state_bytes(shadow) == state_bytes(towns)


def test_everybody_is_paid_every_tick() -> None:
    table = paid()
    seats = len(set(table.column("agent_id").to_pylist()))
    assert len(table) == seats * DAYS * DAY
    assert table.column("tick").to_numpy().tolist() == np.repeat(np.arange(DAYS * DAY), seats).tolist()


def test_the_breakdown_of_a_town_adds_up_to_the_last_bit() -> None:
    _, all_plans, rows = default_life()
    for paid_by in ({}, TIGHT):
        projection = earnings(empty_town(), all_plans, paid_by)
        projection.fold(rows)
        told = projection.earned_rows().to_pylist()
        assert_adds_up(told, Rewards.model_validate(paid_by))
    assert all(
        any(row[term] for row in told) for term in ("shaping", "social", "company", "wage", "punctuality", "clip")
    )


@given(
    histories(),
    st.sampled_from(["off", "c1", "c2", "c3"]),
    st.booleans(),
    st.floats(0.001, 1.0),
    st.floats(0.001, 3.0),
    st.integers(0, 20),
)
@settings(max_examples=60)
def test_the_breakdown_of_any_history_adds_up(
    history: History, stage: str, shaping: bool, tick_clip: float, episode_clip: float, guard: int
) -> None:
    given = {
        "social": {"stage": stage},
        "shaping": {"enabled": shaping},
        "tick_clip": tick_clip,
        "episode_clip": episode_clip,
        "guard_minutes": guard,
    }
    assert_adds_up(earned(history, given), Rewards.model_validate(given))


@given(histories(), st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=40)
def test_any_chunking_gives_the_same_tables(history: History, cuts: list[int]) -> None:
    rows = history.log
    whole, parts = earnings(empty_town(), plans(), TIGHT), earnings(empty_town(), plans(), TIGHT)
    whole.fold(rows)
    for part in np.split(rows, sorted(min(cut, len(rows)) for cut in cuts)):
        parts.fold(part)
        parts.tables()
    assert parts.earned_rows().equals(whole.earned_rows())
    assert_same(parts.tables(), whole.tables())


@given(histories(), st.integers(0, 200))
@settings(max_examples=40)
def test_restored_tables_go_on(history: History, cut: int) -> None:
    rows, towns = history.log, empty_town()
    whole = earnings(towns, plans(), TIGHT)
    whole.fold(rows[:cut])
    later = earnings(towns.copy(), plans(), TIGHT)
    later.restore(whole.tables())
    before = len(whole.earned_rows())
    for each in (whole, later):
        each.fold(rows[cut:])
    assert later.earned_rows().equals(whole.earned_rows().slice(before))
    assert_same(later.tables(), whole.tables())


def test_from_any_mark_on_the_same_is_earned() -> None:
    _, all_plans, rows = default_life()
    whole = earnings(empty_town(), all_plans, TIGHT, mark_ticks=480)
    whole.fold(rows)
    marks = sorted(set(whole.tables()[MARKS].column("tick").to_pylist()))
    assert marks == list(range(480, DAYS * DAY + 1, 480))
    for mark in marks[::5]:
        found, tables = at_mark(whole.tables(), mark + 479)
        assert found == mark
        town, upto = town_of(default_settings()), int(np.searchsorted(rows["tick"], mark))
        town.fold([rows[:upto]])
        later = earnings(town.towns, all_plans, TIGHT, mark_ticks=480, since=mark)
        later.restore(tables)
        later.fold(rows[upto:])
        assert later.earned_rows().equals(whole.earned_rows().slice(mark * 8))
        assert_same(later.tables(), whole.tables())


def test_tables_of_another_tick_are_refused() -> None:
    history = History()
    passes(history, 3)
    projection = earnings(empty_town(), plans(), {})
    projection.fold(history.log)
    with pytest.raises(ValueError, match="restore both of one tick"):
        earnings(empty_town(), plans(), {}).restore(projection.tables())


def month_of(seed: int, days: int, stage: str = "off") -> pa.Table:
    """What everybody earned in the default town."""
    town, rows = lived(default_settings(), seed, days * DAY)
    projection = earnings(empty_town(), town.plans, {"social": {"stage": stage}})
    projection.fold(rows)
    return projection.earned_rows()


def mean(table: pa.Table, term: str) -> float:
    return float(table.column(term).to_numpy().mean())


def clipped_share(table: pa.Table) -> float:
    """The share of agent-ticks that touch a clip."""
    return float((table.column("clip").to_numpy() != 0.0).mean())


def test_hardly_a_tick_of_the_default_town_is_clipped() -> None:
    table = month_of(3, 10)
    assert clipped_share(table) == 0.0 and 0.002 < mean(table, "total") < 0.0035


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["off", "c3"])
def test_hardly_a_tick_is_clipped_in_a_month_of_many_towns(stage: str) -> None:
    """Over 20 seeds; the means are about those that the page on rewards tells."""
    months = [month_of(seed, 30, stage) for seed in range(1, 21)]
    assert max(map(clipped_share, months)) < 0.01
    found = {term: float(np.mean([mean(month, term) for month in months])) for term in (*TERMS, "total")}
    told = {"survival": 0.002, "needs": -0.000144, "wage": 0.000747, "punctuality": 0.000019, "company": 0.000338}
    told |= {"social": 0.00042, "total": 0.003381} if stage == "c3" else {"social": 0.0, "total": 0.002961}
    assert all(abs(found[term] - told[term]) < max(0.00002, 0.1 * abs(told[term])) for term in told), found


LIVE = """
import hashlib
import numpy as np
from projections.rewards import compile_terms
from projections.riders.earning import catch_up, earn
from projections.riders.rewards import COLUMNS, rewards_type
from projections.settings import Rewards
from projections.record.state import ORDINARY, state_bytes
from tests.projections.riders.test_earnings import ENDS_EVERY, kitchen
from tests.townlet.towns import log_digest, town_of
from townlet.living.day import tick
from townlet.living.founding import found

town, shadow = town_of(kitchen({overrides})), town_of(kitchen({overrides}))
terms = compile_terms(Rewards.model_validate({given}))
out = np.zeros(1, rewards_type(ORDINARY)).view(np.recarray)[0]
town.set_seed({seed})
found(town.towns, town.plans, 0)
living, behind = town.towns[0], shadow.towns[0]
earn(living, behind, town.plans, terms, out, np.int64(0))
digest, rows = hashlib.sha256(), []
for i in range({ticks}):
    first = living.cursor.pending
    living.cursor.ends = i % ENDS_EVERY == ENDS_EVERY - 1
    tick(living, town.plans[0])
    earn(living, behind, town.plans, terms, out, first)
    if i % 37 == 36:
        catch_up(living, behind, town.plans, living.cursor.pending)
        assert state_bytes(shadow.towns) == state_bytes(town.towns)
        rows.append(town.take_rows())
    seats = out["seats"][out["seats"]["present"] == 1]
    digest.update(np.stack([seats[name] for name in (*COLUMNS, "episode")], axis=1).tobytes())
print(digest.hexdigest(), log_digest([*rows, town.take_rows()]))
"""

ENDS_EVERY = 250
"""Ticks of an episode of the living towns."""


def kitchen(overrides: dict[str, Any]) -> Settings:
    """A town of four."""
    return load(KITCHEN, overrides).settings


def lived_in_episodes(town_settings: Settings, seed: int, ticks: int) -> tuple[Any, Rows]:
    """The plans of a town and its history, everybody's episode being cut off now and then."""
    town = town_of(town_settings)
    parts = [town.found(seed)]
    for i in range(ticks):
        town.towns["cursor"]["ends"] = i % ENDS_EVERY == ENDS_EVERY - 1
        parts.extend(town.live(1))
    return town.plans, np.concatenate(parts)


@pytest.mark.parametrize(
    ("ticks", "overrides", "seen"),
    [
        (600, {}, {"social", "company", "shaping", "wage", "punctuality", "clip"}),
        (320, {"needs.decay.hunger": 0.02, "life.exit_gap_minutes": 9}, {"terminal", "guard", "shaping", "clip"}),
    ],
    ids=["working", "starving"],
)
def test_a_living_town_is_paid_tick_by_tick_what_its_log_is_paid_and_uncompiled_the_same(
    ticks: int, overrides: dict[str, Any], seen: set[str]
) -> None:
    seed, given = 5, {"social": {"stage": "c3"}, "tick_clip": 0.001, "shaping": {"enabled": True}}
    all_plans, rows = lived_in_episodes(kitchen(overrides), seed, ticks)
    projection = earnings(empty_town(), all_plans, given)
    projection.fold(rows)
    table = projection.earned_rows()
    assert seen <= {name for name in TERMS if table.column(name).to_numpy().any()}
    assert set(table.column("ended").to_pylist()) >= {None, "cut_off", *(("left",) if "terminal" in seen else ())}
    expected = np.column_stack([table.column(name).to_numpy() for name in (*TERMS, "total", "episode")])
    digest = hashlib.sha256(np.ascontiguousarray(expected).tobytes()).hexdigest()
    code = LIVE.format(given=given, overrides=overrides, seed=seed, ticks=ticks)
    assert said_by(code, NUMBA_DISABLE_JIT="1") == [digest, log_digest([rows])]


def test_seven_people_of_a_history_have_rows() -> None:
    history = History()
    passes(history)
    assert [row["agent_id"] for row in earned(history, {})] == list(range(SEATS))
