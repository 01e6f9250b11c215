"""Rewards: each term is what its sentence says, guards and clips hold."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Reason
from projections.settings import Rewards
from tests.projections.histories import History, empty_town, plans
from tests.projections.paying import (
    ANN,
    BEA,
    CAL,
    DAYS,
    FREE,
    chat,
    default_life,
    earned,
    earnings,
    of,
    paid,
    passes,
    tied,
)
from tests.townlet.towns import DAY, default_settings, town_of


@pytest.mark.parametrize("comfort", [0.0, 0.65, 1.0])
def test_needs_cost_the_weighted_squares_of_what_they_lack(comfort: float) -> None:
    _, all_plans, rows = default_life()
    given = Rewards().needs.model_copy(update={"comfort": comfort})
    town, table = town_of(default_settings()), earned_with({"needs": {"comfort": comfort}})
    for last, tick in pairwise([0, 480, 700, 1999, 4000]):
        between = (rows["tick"] < tick) & (rows["tick"] >= last)
        town.fold([rows[between]])
        agents = town.record["agents"][:8]
        lacks = {name: np.maximum(0.0, comfort - agents[name]) for name in ("hunger", "hygiene", "energy")}
        cost = given.hunger * lacks["hunger"] ** 2 + given.hygiene * lacks["hygiene"] ** 2
        cost += given.energy * lacks["energy"] ** 2
        row = table.slice((tick - 1) * 8, 8)
        np.testing.assert_allclose(row.column("needs").to_numpy(), -given.scale * cost, rtol=1e-12)
    assert set(table.column("survival").to_pylist()) == {Rewards().survival}
    assert len(all_plans) == 1
    assert (table.column("needs").to_numpy() == 0.0).any() == (comfort < 1.0)


def earned_with(given: dict[str, Any]) -> pa.Table:
    """What everybody earned in the default town under these settings."""
    projection = earnings(empty_town(), default_life()[1], given)
    projection.fold(default_life()[2])
    return projection.earned_rows()


def test_wages_of_ticks_are_what_is_paid_out() -> None:
    towns, _, rows = default_life()
    table = paid()
    for person in range(8):
        mine = table.filter(pa.array(table.column("agent_id").to_numpy() == person))
        paid_out = rows[(rows["kind"] == KIND_CODES["wage_paid"]) & (rows["agent"] == person)]["value"].sum(dtype=float)
        owed = float(towns["agents"]["earned"][0, person])
        assert mine.column("wage").to_numpy().sum() == pytest.approx(Rewards().wage * (paid_out + owed), rel=1e-6)
        assert paid_out > 0


def test_an_arrival_at_work_is_paid_by_how_near_it_is_to_the_start_of_the_shift() -> None:
    """Once a shift; when somebody came to the desk is read off the cause of the shift's first event."""
    _, all_plans, rows = default_life()
    expected, found_by = {}, set()
    for row in rows[np.isin(rows["kind"], [KIND_CODES["shift_started"], KIND_CODES["arrived_late"]])]:
        came = rows[int(row["seq"]) - int(row["cause"])]
        found_by.add(int(came["kind"]))
        start = int(row["tick"]) // DAY * DAY + int(all_plans[0]["jobs"]["start"][row["code"]])
        away = abs(int(came["tick"]) - start)
        if away < 30:
            expected[int(row["tick"]), int(row["agent"])] = 0.05 * (1 - away / 30)
    given = {KIND_CODES[kind] for kind in ("reservation_granted", "queue_handover")}
    assert found_by >= {KIND_CODES["affordance_started"], KIND_CODES["queue_joined"]}, "at the desk, or in line there"
    assert found_by <= {KIND_CODES["affordance_started"], KIND_CODES["queue_joined"], *given}, "or it was just given"
    found = {(row["tick"], row["agent_id"]): row["punctuality"] for row in paid().to_pylist() if row["punctuality"]}
    assert found.keys() == expected.keys() and len(found) > DAYS * 5
    assert all(found[key] == pytest.approx(expected[key], rel=1e-12) for key in found)
    assert len({round(worth, 6) for worth in found.values()}) > 5


def test_punctuality_is_worth_less_than_the_hunger_of_a_skipped_meal() -> None:
    """A meal of a third of a day: without it, who is never hungrier than a fifth is so by a meal more."""
    given, meal = Rewards(), default_settings().affordances["eat_meal"].effects.hunger
    fed, hungry = (max(0.0, given.needs.comfort - need) for need in (0.8, 0.8 - meal))
    skipped = given.needs.scale * given.needs.hunger * (hungry**2 - fed**2) * DAY / 3
    assert 0.0 < given.punctuality.most < skipped


def test_shaping_adds_up_to_the_difference_of_potentials() -> None:
    """With gamma 1 the potentials between cancel out: no way to the same end is worth more than another."""
    towns, all_plans, rows = default_life()
    given = {"shaping": {"enabled": True, "gamma": 1.0}}
    projection = earnings(empty_town(), all_plans, given)
    projection.fold(rows)
    shaping = projection.earned_rows().column("shaping").to_numpy().reshape(-1, 8).sum(axis=0)
    start, scale, weights = default_settings().needs.start, Rewards().shaping.scale, Rewards().needs
    agents = towns["agents"][0][:8]

    def lacks(hunger: Any, hygiene: Any, energy: Any) -> Any:
        pairs = ((weights.hunger, hunger), (weights.hygiene, hygiene), (weights.energy, energy))
        return sum(weight * np.maximum(0.0, weights.comfort - need) ** 2 for weight, need in pairs)

    end = lacks(agents["hunger"], agents["hygiene"], agents["energy"])
    np.testing.assert_allclose(shaping, scale * (lacks(start.hunger, start.hygiene, start.energy) - end), atol=1e-12)
    assert not paid().column("shaping").to_numpy().any()


SHAPED = {"enabled": True, "gamma": 1.0}


def test_who_has_left_has_no_potential() -> None:
    history = History()
    passes(history, 2)
    history.add("agent_exited", history.person(ANN), code=int(Reason.NEGLECT), code2=-1)
    passes(history)
    rows = earned(history, {"survival": 0.0, "needs": {"scale": 0.0, "comfort": 1.0}, "shaping": SHAPED})
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


def test_each_is_paid_for_a_chat_by_its_own_quality() -> None:
    history = History()
    tied(history, ANN, BEA, 0.25, 0.25)
    tied(history, BEA, ANN, 0.25, 0.25)
    chat(history, ANN, BEA, 0.25, 0.75)
    passes(history)
    rows, worth = earned(history, social("c1")), 0.01 + 0.3 * 0.25 + 0.2 * 0.25
    assert of(rows, ANN, "social") == pytest.approx([0.25 * worth], rel=1e-6)
    assert of(rows, BEA, "social") == pytest.approx([0.75 * worth], rel=1e-6)


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
    upto = int(np.flatnonzero(whole["kind"] == KIND_CODES["chat_succeeded"])[0])
    projection.fold(whole[:upto])
    towns["agents"]["hunger"][0, ANN] = hunger
    projection.fold(whole[upto:])
    rows = projection.earned_rows().to_pylist()
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
    ("reason", "terminal"), [("FAINT", -1.0), ("EVICTION", -2.0), ("UNEMPLOYMENT", -0.5), ("NEGLECT", -1.0)]
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


def test_the_clip_of_an_episode_begins_anew_with_an_episode_that_is_cut_off() -> None:
    history = History()
    passes(history, 4)
    history.add("episode_ended", history.person(ANN))
    passes(history, 4)
    given = {"needs": {"scale": 0.0}, "survival": 0.1, "episode_clip": 0.25}
    rows = [row for row in earned(history, given) if row["agent_id"] == ANN]
    sums = [0.1, 0.2, 0.25, 0.25, 0.25, 0.1, 0.2, 0.25]
    assert [row["episode"] for row in rows] == pytest.approx(sums)
    assert [row["clip"] for row in rows] == pytest.approx([0.0, 0.0, -0.05, -0.1, -0.1, 0.0, 0.0, -0.05])
    without = earned(history, given | {"episode_clip": 0.0})
    assert [row["clip"] for row in without] == [0.0] * len(without)
    assert of(without, ANN, "episode")[4] == pytest.approx(0.5)


def test_the_clip_of_a_tick_leaves_the_terminal_out() -> None:
    history = History()
    tied(history, ANN, BEA, 1.0, 1.0)
    for _ in range(2):
        chat(history, ANN, BEA, 1.0)
    passes(history)
    chat(history, BEA, ANN, 1.0)
    history.add("agent_exited", history.person(BEA), code=int(Reason.EVICTION), code2=-1)
    passes(history)
    rows = earned(
        history,
        social("c1") | {"needs": {"scale": 5.0, "comfort": 1.0, "hygiene": 0.0, "energy": 0.0}, "survival": 0.4},
    )
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
    projection = earnings(
        towns, plans(), {"survival": 0.1, "needs": {"scale": 0.15, "comfort": 1.0}, "episode_clip": 0.25}
    )
    upto = int(np.flatnonzero(rows["tick"] == 4)[0])
    projection.fold(rows[:upto])
    towns["agents"]["hunger"][0] = 0.0
    projection.fold(rows[upto:])
    told = [row for row in projection.earned_rows().to_pylist() if row["agent_id"] == ANN]
    assert [row["episode"] for row in told[3:4]] == pytest.approx([0.25])
    assert told[2]["clip"] == 0.0 > told[3]["clip"]
    assert told[4]["total"] < 0.0 == told[4]["clip"]
