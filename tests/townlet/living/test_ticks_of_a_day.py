"""A town lives as it should, however many ticks its day has, and hours are hours everywhere."""

from pathlib import Path

import pytest

import townlet
from projections.narration.limiter import Limiter
from projections.rewards import compile_terms
from projections.settings import Narration, Rewards
from projections.timescale import TimeScale
from tests.townlet.towns import KITCHEN, default_settings
from townlet.asking.key_figures import in_town
from townlet.configuration.plans import jobs_of, map_of
from townlet.judging.soak import soak
from townlet.judging.thresholds import rules_of

DAYS, RETENTION = 2, default_settings().relationships.hourly_retention.trust
STILL = {
    f"relationships.deltas.{kind}.{side}": 0.0
    for kind in type(default_settings().relationships.deltas).model_fields
    for side in ("trust", "familiarity", "rivalry")
}
"""Settings under which nothing but time changes a tie."""

HOLD = (
    *("alive and not evicted", "self-sufficient agent-days", "mean tenure", "shared_meal", "queue_handover"),
    *("chat_succeeded", "chat_failed", "ties evicted a day", "longest wait in a line", "chat success"),
    *("same seed, same log", "another seed, another log", "replay = live"),
)
"""Rows of the soak that a few days can judge."""


@pytest.mark.slow
@pytest.mark.parametrize("per_day", [1200, 2880])
def test_the_default_town_lives_well(per_day: int) -> None:
    """With 2880 ticks a day it starved while needs fell by the tick and meals came by the day."""
    rows = {row.name: row for row in soak(None, range(1, 7), 10, jobs=1, overrides={"town.ticks_per_day": per_day})}
    failed = [rows[name] for name in HOLD if rows[name].passed is not True]
    assert not failed
    assert rows["resume at 200 drawn ticks = straight through"].passed


@pytest.mark.parametrize(
    ("per_day", "units", "hours"),
    [(1200, "minutes", 24), (1440, "minutes", 24), (2880, "minutes", 24), (2880, "ticks", 48)],
)
def test_ties_wear_off_by_the_hour(per_day: int, units: str, hours: int, tmp_path: Path) -> None:
    keys = {"town.ticks_per_day": per_day, "town.units": units, "work.jobs": [], **STILL}
    run = townlet.simulate(KITCHEN, ticks=DAYS * per_day, seed=7, into=tmp_path / "run", overrides=keys)
    ties = run.at().table("ties").to_pylist()
    assert ties
    left = 1.0
    for _ in range(DAYS * hours):
        left *= RETENTION
    assert [tie["trust"] for tie in ties] == pytest.approx([0.2 * left] * len(ties))
    windows = run.sql("select from_tick, to_tick from churn_windows order by from_tick").to_pylist()
    length = per_day if units == "minutes" else 1440
    assert [row["to_tick"] - row["from_tick"] for row in windows] == [length] * (DAYS * per_day // length)


def test_the_clock_of_a_shift_is_told_in_minutes(tmp_path: Path) -> None:
    run = townlet.simulate(ticks=10, seed=7, into=tmp_path / "run", overrides={"town.ticks_per_day": 2880})
    hours = {(row["starts"], row["ends"]) for row in run.at().table("shifts").to_pylist()}
    assert hours and hours <= {shift for _, _, shift, _ in jobs_of(run.config.work, map_of(run.config))}


@pytest.mark.parametrize("per_day", [1200, 2880])
def test_rewards_of_a_day_are_what_they_were(per_day: int) -> None:
    plain, terms = compile_terms(Rewards())[0], compile_terms(Rewards(), TimeScale(per_day))[0]
    for name in ("survival", "needs"):
        assert terms[name] * per_day == pytest.approx(plain[name] * 1440)
    assert (terms["guard"], terms["punctuality_span"]) == (round(10 * per_day / 1440), 30 * per_day // 1440)
    assert all(terms[name] == plain[name] for name in ("wage", "punctuality", "tick_clip", "episode_clip", "gamma"))


def test_the_story_pauses_for_minutes() -> None:
    limiter = Limiter(Narration(), TimeScale(2880))
    assert limiter.judge(100, "chat", "x", False).told
    standing = limiter.standing(110)
    assert (standing.wait, standing.category_wait["chat"]) == (50, 170)
    limiter.follow(Narration(global_cooldown_minutes=10))
    assert limiter.standing(110).wait == 10


def test_the_watch_looks_by_the_clock_of_the_town() -> None:
    given = {"name": "a", "kpi": "exits", "op": "<", "threshold": 1, "message": "m", "window_minutes": 2880}
    (rule,) = rules_of({"rules": [given]})
    assert list(rule.marks(0, 12_000, TimeScale(2880))) == [5760, 8640, 11520]
    assert list(rule.marks(5760, 12_000, TimeScale(2880))) == [8640, 11520]
    assert list(rule.marks(0, 5760)) == [2880, 4320, 5760]
    assert in_town("select late / $ticks_per_day", 1200) == "select late / 1200"


@pytest.mark.parametrize("per_day", [1200, 2880])
def test_lateness_is_told_in_minutes(per_day: int, tmp_path: Path) -> None:
    keys = {"town.ticks_per_day": per_day, "work.dawdle_chance": 1.0, "work.oversleep_minutes": [12, 12]}
    run = townlet.simulate(ticks=per_day, seed=7, into=tmp_path / "run", overrides=keys)
    late = [row["late"] * 1440 / per_day for row in run.sql("select late from arrived_late").to_pylist()]
    assert late, "somebody dawdles"
    (told,) = run.sql("select part from kpis where kpi = 'lateness'").to_pylist()
    assert told["part"] == pytest.approx(sum(late))
