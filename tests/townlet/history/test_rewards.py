"""What a run's people earned: any stretch of ticks is that stretch of the whole, whatever is kept beside the log."""

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import townlet
from projections.settings import Rewards
from tests.townlet.towns import KITCHEN
from townlet.asking import run_tables
from townlet.asking.sql import Session
from townlet.errors import ConfigurationError, TickOutOfRange
from townlet.run import Run

TICKS, EVERY, PEOPLE = 2000, 480, 4
TIGHT: Mapping[str, Any] = {"social": {"stage": "c3"}, "tick_clip": 0.002, "episode_clip": 0.5}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("rewards") / "run"
    return townlet.simulate(KITCHEN, ticks=TICKS, seed=7, into=path, overrides={"checkpoint_ticks": EVERY})


@pytest.fixture
def run(lived: Run, tmp_path: Path) -> Run:
    """A copy of it, to do with as one likes."""
    copy = shutil.copytree(lived.path, tmp_path / "run", ignore=shutil.ignore_patterns("derived"))
    return Run(copy)


def kept(run: Run) -> list[Path]:
    """Where marks are kept, by settings and tick."""
    return sorted((run.path / "derived" / "reward_marks").glob("*/*"))


def stretch(whole: pa.Table, from_tick: int, to_tick: int) -> pa.Table:
    """Some ticks of a town in which nobody came or went."""
    return whole.slice(from_tick * PEOPLE, (to_tick - from_tick) * PEOPLE)


def test_every_tick_of_everybody_has_a_row(lived: Run) -> None:
    table = lived.rewards()
    assert len(table) == TICKS * PEOPLE
    assert table.column_names[:4] == ["tick", "agent", "agent_id", "ended"]
    assert sorted(set(table.column("agent").to_pylist())) == sorted(lived.at().table("agents")["name"].to_pylist())
    assert 113 <= table.nbytes / len(table) <= 118


@pytest.mark.parametrize("bounds", [(0, 1), (1, 479), (479, 481), (480, 960), (1500, 1999), (1999, 2000), (700, 700)])
@pytest.mark.parametrize("first", [True, False])
def test_a_stretch_is_a_stretch_of_the_whole(run: Run, lived: Run, bounds: tuple[int, int], first: bool) -> None:
    if not first:
        run.rewards(settings=TIGHT)
        assert len(kept(run)) == 1
    whole, found = lived.rewards(settings=TIGHT), run.rewards(*bounds, settings=TIGHT)
    assert found.equals(stretch(whole, *bounds)) and len(found) == (bounds[1] - bounds[0]) * PEOPLE


def test_marks_grow_with_the_run(run: Run) -> None:
    whole = run.rewards(settings=TIGHT)
    run.resume(700)
    longer = run.rewards(settings=TIGHT)
    assert stretch(longer, 0, TICKS).equals(whole)
    assert [path.name for path in kept(run)] == ["000000002700"]
    later = run.rewards(2000, settings=TIGHT)
    assert later.equals(stretch(longer, TICKS, 2700))
    shutil.rmtree(run.path / "derived")
    shutil.rmtree(run.path / "checkpoints")
    assert run.rewards(2000, settings=TIGHT).equals(later)


def test_damaged_marks_are_made_anew(run: Run) -> None:
    whole = run.rewards(settings=TIGHT)
    for path in kept(run):
        table = path / "reward_marks.arrow"
        table.write_bytes(table.read_bytes()[:-1] + b"x")
    assert run.rewards(1000, settings=TIGHT).equals(stretch(whole, 1000, TICKS))


def test_marks_of_other_settings_are_not_gone_on_from(run: Run) -> None:
    plain, tight = run.rewards(), run.rewards(settings=TIGHT)
    assert len(kept(run)) == 2
    assert run.rewards(1500).equals(stretch(plain, 1500, TICKS))
    assert run.rewards(1500, settings=TIGHT).equals(stretch(tight, 1500, TICKS))
    assert not plain.equals(tight)


def test_the_marks_of_the_settings_that_were_asked_for_last_are_kept(run: Run) -> None:
    run.rewards(settings=TIGHT)
    (used,) = kept(run)
    for wage in range(9):
        run.rewards(settings={"wage": wage / 10})
        run.rewards(1900, settings=TIGHT)
    assert len(kept(run)) == 8 and used in kept(run)


def test_a_folder_that_cannot_be_written_hinders_nobody(run: Run, lived: Run) -> None:
    (run.path / "derived").write_text("no folder")
    assert run.rewards(1500).equals(stretch(lived.rewards(), 1500, TICKS))


def test_each_epoch_is_paid_by_its_own_settings(run: Run, tmp_path: Path) -> None:
    """A fork that is paid otherwise: the same things happen, and the past is paid as it was."""
    fork = run.fork(tmp_path / "fork", at=1000, overrides={"rewards.wage": 2.0}, ticks=600)
    twin = run.fork(tmp_path / "twin", at=1000, ticks=600)
    paid, plain = fork.rewards(), twin.rewards()
    assert stretch(paid, 0, 1000).equals(stretch(plain, 0, 1000))
    ours, theirs = (stretch(each, 1000, 1600)["wage"].to_numpy() for each in (paid, plain))
    assert theirs.any() and ours.tolist() == pytest.approx((10 * theirs).tolist())
    assert fork.at().table("agents").equals(twin.at().table("agents"))
    assert fork.rewards(settings=Rewards()).equals(plain)


def test_sql_has_the_ticks_before_the_one_it_is_asked_at(lived: Run) -> None:
    query = "select count(*) as n, max(tick) as last, sum(total) as total from rewards"
    ((n, last, total),) = (tuple(row.values()) for row in lived.sql(query, at=900).to_pylist())
    assert (n, last) == (900 * PEOPLE, 899)
    assert total == pytest.approx(lived.rewards(0, 900)["total"].to_numpy().sum())
    by_name = lived.sql("select agent, ended, sum(needs) as needs from rewards group by all order by agent")
    assert by_name.column("agent").to_pylist() == sorted(set(lived.rewards()["agent"].to_pylist()))
    assert by_name.column("ended").null_count == PEOPLE


def test_sql_makes_only_the_ticks_that_are_asked_for(lived: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, ...]] = []
    plain = run_tables.rewards
    monkeypatch.setattr(run_tables, "rewards", lambda run, *bounds: asked.append(bounds) or plain(run, *bounds))
    with contextlib.closing(Session(lived)) as session:
        found = session.query("select tick, needs from rewards where tick >= 700 and tick < 703")
        assert found.column("needs").equals(plain(lived, 700, 703).column("needs"))
        assert session.query("select min(tick) as first from rewards where tick between 10 and 20").to_pylist() == [
            {"first": 10}
        ]
        both = "select count(*) as n from rewards join events using (tick) where tick = 3 and kind = 'tick_ended'"
        assert session.query(both).to_pylist() == [{"n": PEOPLE}]
    assert asked == [(700, 703), (10, 21), (0, TICKS)]


def test_sql_has_the_rewards_of_many_runs(run: Run, lived: Run) -> None:
    query = "select run, count(*) as n, sum(total) as total from rewards where tick < 100 group by run order by run"
    ours, theirs = townlet.query([run.path, lived.path], query).to_pylist()
    assert (ours["n"], ours["total"]) == (theirs["n"], theirs["total"]) and ours["n"] == 100 * PEOPLE


def test_a_tick_that_is_not_there_is_refused(lived: Run) -> None:
    for bounds in ((0, TICKS + 1), (-1, 5), (TICKS + 1, None)):
        with pytest.raises(TickOutOfRange):
            lived.rewards(*bounds)
    assert len(lived.rewards(10, 5)) == 0


def test_settings_that_cannot_be_are_refused(lived: Run) -> None:
    with pytest.raises(ConfigurationError, match=r"rewards\.social\.stage: .*off, c1, c2, c3"):
        lived.rewards(settings={"social": {"stage": "c4"}})
    with pytest.raises(ConfigurationError, match=r"rewards\.wages: .*did you mean wage\?"):
        lived.rewards(settings={"wages": 1.0})


def test_settings_are_changed_key_by_key(lived: Run) -> None:
    found = lived.rewards(0, 100, {"social": {"chat": 0.5}, "survival": 0.001})
    assert found.equals(lived.rewards(0, 100, Rewards.model_validate({"survival": 0.001, "social": {"chat": 0.5}})))
