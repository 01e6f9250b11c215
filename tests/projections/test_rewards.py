"""Rewards: each term is what its sentence says, the breakdown is the total to the last bit, guards and clips hold."""

import hashlib
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.catalogue.registries import Dimension, Reason
from eventlog.rows import Rows
from projections.reward_table import MARKS, Earnings, at_mark
from projections.rewards import compile_terms
from projections.riders.rewards import COLUMNS
from projections.settings import Rewards
from projections.state import state_bytes
from tests.projections.histories import CODES, SEATS, History, empty_town, histories, plans
from tests.town.towns import DAY, KITCHEN, default_settings, lived, log_digest, said_by, town_of
from townlet.configuration.load import load
from townlet.configuration.settings import Settings

TERMS = tuple("clip" if name == "clipped" else name for name in COLUMNS)[:-1]
"""The nine terms, in the order in which they are added."""

DAYS = 4
ANN, BEA, CAL = range(3)
FREE = {"survival": 0.0, "needs": {"scale": 0.0}}
"""Settings under which an uneventful tick is worth nothing."""

TIGHT = {
    "shaping": {"enabled": True},
    "social": {"stage": "c3"},
    "tick_clip": 0.003,
    "episode_clip": 0.5,
}
"""Settings under which every term and every clip is at work."""

Row = dict[str, Any]


def earnings(towns: Any, all_plans: Any, given: Any, mark_ticks: int = 60, since: int | None = 0) -> Earnings:
    """The projection under these reward settings, of a town and its plans."""
    terms = np.concatenate([compile_terms(Rewards.model_validate(given))] * len(all_plans)).view(np.recarray)
    return Earnings(towns, all_plans, terms, mark_ticks=mark_ticks, since=since)


def earned(history: History, given: Any, towns: Any = None) -> list[Row]:
    """What everybody earned in a history made by hand."""
    projection = earnings(empty_town() if towns is None else towns, plans(), given)
    projection.fold(history.log)
    rows: list[Row] = projection.earned().to_pylist()
    return rows


def of(rows: Iterable[Row], person: int, term: str) -> list[float]:
    """A term of one person, tick by tick."""
    return [row[term] for row in rows if row["agent_id"] == person]


def passes(history: History, ticks: int = 1) -> None:
    """So many ticks end."""
    for _ in range(ticks):
        history.add("tick_ended")
        history.tick += 1


def tied(history: History, owner: int, other: int, trust: float, familiarity: float, rivalry: float = 0.0) -> None:
    """A tie is given."""
    for side, value in zip(Dimension, (trust, familiarity, rivalry), strict=True):
        history.add("tie_set", history.person(owner), history.person(other), code=int(side), value=value)


def chat(history: History, agent: int, listener: int, quality: float) -> None:
    history.add("chat_succeeded", history.person(agent), history.person(listener), value=quality)


def assert_adds_up(rows: Iterable[Row], given: Rewards) -> None:
    """The nine terms, added in their order, are the total; episodes add up; nothing is above what it may be."""
    episodes: dict[int, float] = {}
    for row in rows:
        total, person = 0.0, row["agent_id"]
        for term in TERMS:
            total = total + row[term]
        assert total == row["total"], row
        assert row["episode"] == episodes.get(person, 0.0) + row["total"], row
        assert abs(row["episode"]) <= given.episode_clip + 1e-12
        if abs(row["episode"]) < given.episode_clip - 1e-12:
            assert abs(row["total"] - row["terminal"]) <= given.tick_clip + 1e-15, row
        episodes[person] = 0.0 if row["ended"] else row["episode"]


@cache
def default_life() -> tuple[Any, Any, Rows]:
    """The default town after some days: the town, its plans, its rows."""
    town, rows = lived(default_settings(), 7, DAYS * DAY)
    return town.towns, town.plans, rows


@cache
def paid(**given: Any) -> pa.Table:
    """What everybody earned in it."""
    _, all_plans, rows = default_life()
    projection = earnings(empty_town(), all_plans, given)
    projection.fold(rows)
    return projection.earned()


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
        told = projection.earned().to_pylist()
        assert_adds_up(told, Rewards.model_validate(paid_by))
    assert all(any(row[term] for row in told) for term in ("shaping", "social", "wage", "punctuality", "clip"))


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
        "guard_ticks": guard,
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
    assert parts.earned().equals(whole.earned())
    assert_same(parts.tables(), whole.tables())


@given(histories(), st.integers(0, 200))
@settings(max_examples=40)
def test_restored_tables_go_on(history: History, cut: int) -> None:
    rows, towns = history.log, empty_town()
    whole = earnings(towns, plans(), TIGHT)
    whole.fold(rows[:cut])
    later = earnings(towns.copy(), plans(), TIGHT)
    later.restore(whole.tables())
    before = len(whole.earned())
    for each in (whole, later):
        each.fold(rows[cut:])
    assert later.earned().equals(whole.earned().slice(before))
    assert_same(later.tables(), whole.tables())


def assert_same(some: dict[str, pa.Table], others: dict[str, pa.Table]) -> None:
    assert some.keys() == others.keys()
    for name, table in some.items():
        assert table.equals(others[name]), name


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
        assert later.earned().equals(whole.earned().slice(mark * 8))
        assert_same(later.tables(), whole.tables())


def test_tables_of_another_tick_are_refused() -> None:
    history = History()
    passes(history, 3)
    projection = earnings(empty_town(), plans(), {})
    projection.fold(history.log)
    with pytest.raises(ValueError, match="restore both of one tick"):
        earnings(empty_town(), plans(), {}).restore(projection.tables())


def test_needs_cost_the_weighted_squares_of_what_they_lack() -> None:
    _, all_plans, rows = default_life()
    town, given, table = town_of(default_settings()), Rewards().needs, paid()
    for last, tick in pairwise([0, 480, 700, 1999, 4000]):
        between = (rows["tick"] < tick) & (rows["tick"] >= last)
        town.fold([rows[between]])
        agents = town.record["agents"][:8]
        cost = given.hunger * (1 - agents["hunger"]) ** 2 + given.hygiene * (1 - agents["hygiene"]) ** 2
        cost += given.energy * (1 - agents["energy"]) ** 2
        row = table.slice((tick - 1) * 8, 8)
        np.testing.assert_allclose(row.column("needs").to_numpy(), -given.scale * cost, rtol=1e-12)
    assert set(table.column("survival").to_pylist()) == {Rewards().survival}
    assert len(all_plans) == 1


def test_wages_of_ticks_are_what_is_paid_out() -> None:
    towns, _, rows = default_life()
    table = paid()
    for person in range(8):
        mine = table.filter(pa.array(table.column("agent_id").to_numpy() == person))
        paid_out = rows[(rows["kind"] == CODES["wage_paid"]) & (rows["agent"] == person)]["value"].sum(dtype=float)
        owed = float(towns["agents"]["earned"][0, person])
        assert mine.column("wage").to_numpy().sum() == pytest.approx(Rewards().wage * (paid_out + owed), rel=1e-6)
        assert paid_out > 0


def test_an_arrival_at_work_is_paid_by_how_near_it_is_to_the_start_of_the_shift() -> None:
    """Once a shift; when somebody came to the desk is read off the cause of the shift's first event."""
    _, all_plans, rows = default_life()
    expected = {}
    for row in rows[np.isin(rows["kind"], [CODES["shift_started"], CODES["arrived_late"]])]:
        came = rows[int(row["seq"]) - int(row["cause"])]
        assert came["kind"] == CODES["affordance_started"]
        start = int(row["tick"]) // DAY * DAY + int(all_plans[0]["jobs"]["start"][row["code"]])
        away = abs(int(came["tick"]) - start)
        if away < 30:
            expected[int(row["tick"]), int(row["agent"])] = 0.05 * (1 - away / 30)
    found = {(row["tick"], row["agent_id"]): row["punctuality"] for row in paid().to_pylist() if row["punctuality"]}
    assert found.keys() == expected.keys() and len(found) > DAYS * 5
    assert all(found[key] == pytest.approx(expected[key], rel=1e-12) for key in found)
    assert len({round(worth, 6) for worth in found.values()}) > 5


def test_punctuality_is_worth_less_than_the_hunger_of_a_skipped_meal() -> None:
    """A meal of a third of a day: without it, who is never hungrier than a fifth is so by a meal more."""
    given, meal = Rewards(), default_settings().affordances["eat_meal"].effects.hunger
    lacks = 0.2
    skipped = given.needs.scale * given.needs.hunger * ((lacks + meal) ** 2 - lacks**2) * DAY / 3
    assert 0.0 < given.punctuality.most < skipped


def test_shaping_adds_up_to_the_difference_of_potentials() -> None:
    """With gamma 1 the potentials between cancel out: no way to the same end is worth more than another."""
    towns, all_plans, rows = default_life()
    given = {"shaping": {"enabled": True, "gamma": 1.0}}
    projection = earnings(empty_town(), all_plans, given)
    projection.fold(rows)
    shaping = projection.earned().column("shaping").to_numpy().reshape(-1, 8).sum(axis=0)
    start, scale, weights = default_settings().needs.start, Rewards().shaping.scale, Rewards().needs
    agents = towns["agents"][0][:8]

    def lacks(hunger: Any, hygiene: Any, energy: Any) -> Any:
        squares = weights.hunger * (1 - hunger) ** 2 + weights.hygiene * (1 - hygiene) ** 2
        return squares + weights.energy * (1 - energy) ** 2

    end = lacks(agents["hunger"], agents["hygiene"], agents["energy"])
    np.testing.assert_allclose(shaping, scale * (lacks(start.hunger, start.hygiene, start.energy) - end), atol=1e-12)
    assert not paid().column("shaping").to_numpy().any()


def test_who_has_left_has_no_potential() -> None:
    history = History()
    passes(history, 2)
    history.add("agent_exited", history.person(ANN), code=int(Reason.NEGLECT), code2=-1)
    passes(history)
    rows = earned(history, {**FREE, "shaping": {"enabled": True, "gamma": 1.0}})
    start = default_settings().needs.start
    first = -0.1 * (1.0 * (1 - start.hunger) ** 2 + 0.6 * (1 - start.hygiene) ** 2 + 0.8 * (1 - start.energy) ** 2)
    assert sum(of(rows, ANN, "shaping")) == pytest.approx(0.0 - first, rel=1e-12)


def social(stage: str, **more: Any) -> dict[str, Any]:
    """Settings under which nothing counts but what is social."""
    return {**FREE, "social": {"stage": stage, **more}}


def test_stages_are_distinct() -> None:
    """A chat and a place passed on, between two of whom one also knows a third."""
    history = History()
    tied(history, ANN, BEA, 0.25, 0.5)
    tied(history, ANN, CAL, 0.0, 0.0, 0.75)
    tied(history, BEA, ANN, -0.5, 0.125)
    chat(history, ANN, BEA, 0.5)
    passes(history)
    history.add("queue_handover", history.person(ANN), history.person(BEA), object=1)
    passes(history)
    worth = (0.01 + 0.3 * 0.25 + 0.2 * 0.5) * 0.5
    found = {stage: earned(history, social(stage)) for stage in ("off", "c1", "c2", "c3")}
    assert of(found["off"], ANN, "social") == [0.0, 0.0]
    assert of(found["c1"], ANN, "social") == pytest.approx([worth, 0.0], rel=1e-12)
    assert of(found["c2"], ANN, "social") == pytest.approx([worth, 0.005], rel=1e-12)
    assert of(found["c3"], ANN, "social")[0] == pytest.approx(worth * (1 + 0.5 * (0.75 - 0.75) / 6), rel=1e-12)
    standing = [row for row in found["c3"] if row["agent_id"] == ANN][1]["social"] / 0.005
    assert 1.0 < standing < 1.1  # the chat and the place have made her fonder of Bea
    for stage in ("c1", "c2", "c3"):
        assert of(found[stage], BEA, "social") == [0.0, 0.0]  # who distrusts the other has nothing of the chat
    assert of(found["c3"], CAL, "social") == [0.0, 0.0]


def test_a_chat_is_paid_by_the_tie_before_it() -> None:
    history = History()
    for _ in range(2):
        chat(history, ANN, BEA, 1.0)
        passes(history)
    first, second = of(earned(history, social("c1")), BEA, "social")
    assert first == pytest.approx(0.01)
    assert second == pytest.approx(0.01 + 0.3 * 0.05 + 0.2 * 0.1)


def test_a_chat_is_worth_no_more_than_the_most() -> None:
    history = History()
    tied(history, ANN, BEA, 1.0, 1.0)
    chat(history, ANN, BEA, 1.0)
    passes(history)
    for stage in ("c1", "c2", "c3"):
        assert of(earned(history, social(stage)), ANN, "social") == [0.15]
    assert of(earned(history, social("c3", chat_most=10.0)), ANN, "social")[0] > 0.51


@pytest.mark.parametrize(("hunger", "counts"), [(0.15, True), (0.1499, False), (0.9, True)])
def test_in_need_nothing_social_counts(hunger: float, counts: bool) -> None:
    history = History()
    chat(history, ANN, BEA, 1.0)
    history.add("queue_handover", history.person(ANN), history.person(BEA), object=1)
    passes(history)
    towns, whole = empty_town(), history.log
    projection = earnings(towns, plans(), social("c2"))
    upto = int(np.flatnonzero(whole["kind"] == CODES["chat_succeeded"])[0])
    projection.fold(whole[:upto])
    towns["agents"]["hunger"][0, ANN] = hunger
    projection.fold(whole[upto:])
    rows = projection.earned().to_pylist()
    assert of(rows, ANN, "social") == (pytest.approx([0.015]) if counts else [0.0])
    assert of(rows, BEA, "social") == pytest.approx([0.01])


@pytest.mark.parametrize("kind", ["agent_fainted", "eviction_served"])
def test_nothing_positive_is_earned_within_the_window_of_a_termination(kind: str) -> None:
    history = History()
    passes(history, 2)
    history.add(kind, history.person(ANN), value=0.0)
    passes(history, 13)
    rows = earned(history, {"needs": {"scale": 0.0}})
    guarded = [0.0 if 2 <= tick <= 12 else 0.002 for tick in range(15)]
    assert of(rows, ANN, "total") == guarded
    assert of(rows, ANN, "guard") == [total - 0.002 for total in guarded]
    assert set(of(rows, BEA, "total")) == {0.002}
    costly = earned(history, {"survival": 0.0})
    assert not any(of(costly, ANN, "guard")) and max(of(costly, ANN, "total")) < 0.0


@pytest.mark.parametrize(
    ("reason", "terminal"), [("FAINT", -1.0), ("EVICTION", -2.0), ("UNEMPLOYMENT", 0.0), ("NEGLECT", 0.0)]
)
def test_who_leaves_is_paid_once_more_and_a_newcomer_begins_anew(reason: str, terminal: float) -> None:
    history = History()
    passes(history, 5)
    history.add("agent_exited", history.person(ANN), code=int(Reason[reason]), code2=-1)
    passes(history, 3)
    history.lives[ANN] += 1
    history.arrive(ANN)
    passes(history, 12)
    rows = [row for row in earned(history, {"needs": {"scale": 0.0}}) if row["agent_id"] % 64 == ANN]
    last = rows[5]
    assert (last["tick"], last["ended"], last["terminal"], last["total"]) == (5, "left", terminal, terminal)
    assert last["survival"] == last["wage"] == 0.0
    assert last["episode"] == pytest.approx(5 * 0.002 + terminal)
    newcomer = rows[6:]
    assert [row["tick"] for row in newcomer] == list(range(8, 20))
    assert {row["agent_id"] for row in newcomer} == {history.person(ANN)}
    assert [row["total"] for row in newcomer] == [0.0] * 8 + [0.002] * 4  # the seat's window, to tick 15
    assert newcomer[-1]["episode"] == pytest.approx(4 * 0.002)
    assert all(row["ended"] is None for row in newcomer)


def test_an_episode_that_is_cut_off_begins_anew() -> None:
    history = History()
    passes(history, 3)
    history.add("episode_ended", history.person(ANN))
    passes(history, 2)
    rows = [row for row in earned(history, {"needs": {"scale": 0.0}}) if row["agent_id"] == ANN]
    assert [row["ended"] for row in rows] == [None, None, None, "cut_off", None]
    assert [row["episode"] for row in rows] == pytest.approx([0.002, 0.004, 0.006, 0.008, 0.002])


def test_the_clip_of_a_tick_leaves_the_terminal_out() -> None:
    history = History()
    tied(history, ANN, BEA, 1.0, 1.0)
    for _ in range(2):
        chat(history, ANN, BEA, 1.0)
    passes(history)
    chat(history, BEA, ANN, 1.0)
    history.add("agent_exited", history.person(BEA), code=int(Reason.EVICTION), code2=-1)
    passes(history)
    rows = earned(history, social("c1") | {"needs": {"scale": 5.0, "hygiene": 0.0, "energy": 0.0}, "survival": 0.4})
    first, _ = (row for row in rows if row["agent_id"] == ANN)
    assert first["social"] == pytest.approx(0.3)
    assert first["clip"] == pytest.approx(0.2 - (0.4 + first["needs"] + 0.3))
    assert first["total"] == pytest.approx(0.2, abs=1e-15)
    _, left = (row for row in rows if row["agent_id"] == BEA)
    assert left["needs"] < -0.3 and left["guard"] == 0.0
    assert left["total"] == pytest.approx(-0.2 - 2.0, abs=1e-15)


def test_guard_and_both_clips_together() -> None:
    """A good tick that ends in an eviction: the guard takes the good, the clip of the episode some of the terminal."""
    history = History()
    passes(history, 2)
    tied(history, ANN, BEA, 1.0, 1.0)
    chat(history, ANN, BEA, 1.0)
    history.add("eviction_served", history.person(ANN), value=1.0)
    history.add("agent_exited", history.person(ANN), code=int(Reason.EVICTION), code2=-1)
    passes(history)
    rows = [row for row in earned(history, social("c1") | {"episode_clip": 0.5}) if row["agent_id"] == ANN]
    last = rows[-1]
    assert (last["social"], last["guard"], last["terminal"]) == (0.15, -0.15, -2.0)
    assert last["clip"] == pytest.approx(1.5) and last["episode"] == last["total"] == pytest.approx(-0.5)


def test_the_clip_of_an_episode_holds_and_lets_go() -> None:
    history = History()
    passes(history, 6)
    towns, rows = empty_town(), history.log
    projection = earnings(towns, plans(), {"survival": 0.1, "needs": {"scale": 0.15}, "episode_clip": 0.25})
    upto = int(np.flatnonzero(rows["tick"] == 4)[0])
    projection.fold(rows[:upto])
    towns["agents"]["hunger"][0] = 0.0
    projection.fold(rows[upto:])
    told = [row for row in projection.earned().to_pylist() if row["agent_id"] == ANN]
    assert [row["episode"] for row in told[3:4]] == pytest.approx([0.25])
    assert told[2]["clip"] == 0.0 > told[3]["clip"]
    assert told[4]["total"] < 0.0 == told[4]["clip"]


def month_of(seed: int, days: int, stage: str = "off") -> pa.Table:
    """What everybody earned in the default town."""
    town, rows = lived(default_settings(), seed, days * DAY)
    projection = earnings(empty_town(), town.plans, {"social": {"stage": stage}})
    projection.fold(rows)
    return projection.earned()


def mean(table: pa.Table, term: str) -> float:
    return float(table.column(term).to_numpy().mean())


def clipped_share(table: pa.Table) -> float:
    """The share of agent-ticks that touch a clip."""
    return float((table.column("clip").to_numpy() != 0.0).mean())


def test_hardly_a_tick_of_the_default_town_is_clipped() -> None:
    table = month_of(3, 10)
    assert clipped_share(table) < 0.01 and abs(mean(table, "total")) < 0.0005


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["off", "c3"])
def test_hardly_a_tick_is_clipped_in_a_month_of_many_towns(stage: str) -> None:
    """Over 20 seeds; the means are about those that the page on rewards tells."""
    months = [month_of(seed, 30, stage) for seed in range(1, 21)]
    assert max(map(clipped_share, months)) < 0.01
    found = {term: float(np.mean([mean(month, term) for month in months])) for term in (*TERMS, "total")}
    told = {"survival": 0.002, "needs": -0.002749, "wage": 0.000742, "punctuality": 0.000024}
    told |= {"social": 0.000122, "total": 0.000139} if stage == "c3" else {"social": 0.0, "total": 0.000017}
    assert all(abs(found[term] - told[term]) < 0.0003 for term in told), found


LIVE = """
import hashlib
import numpy as np
from projections.rewards import compile_terms
from projections.riders.earning import catch_up, earn
from projections.riders.rewards import COLUMNS, rewards_type
from projections.settings import Rewards
from projections.state import ORDINARY, state_bytes
from tests.projections.test_rewards import ENDS_EVERY, kitchen
from tests.town.towns import log_digest, town_of
from townlet.day import tick
from townlet.world.founding import found

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
        rows.append(town.drained())
    seats = out["seats"][out["seats"]["present"] == 1]
    digest.update(np.stack([seats[name] for name in (*COLUMNS, "episode")], axis=1).tobytes())
print(digest.hexdigest(), log_digest([*rows, town.drained()]))
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
        (600, {}, {"social", "shaping", "wage", "punctuality", "clip"}),
        (320, {"needs.decay.hunger": 0.02, "life.exit_gap_ticks": 9}, {"terminal", "guard", "shaping", "clip"}),
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
    table = projection.earned()
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
