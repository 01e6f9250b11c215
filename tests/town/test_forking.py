"""Another future for a town: the same past, folded as it was; then what was asked for, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

import townlet
from tests.town.towns import DAY, KITCHEN
from townlet.errors import ConfigurationError, TickOutOfRange
from townlet.run import Run
from townlet.verify import verify

TICKS = 2 * DAY
CUT = DAY + 333


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(KITCHEN, ticks=TICKS, seed=7, into=tmp_path_factory.mktemp("forks") / "run")


def test_a_fork_with_nothing_changed_lives_as_its_parent(run: Run, tmp_path: Path) -> None:
    future = run.fork(tmp_path / "same", at=CUT, ticks=TICKS - CUT)
    assert (future.log_digest, future.at().state_digest) == (run.log_digest, run.at().state_digest)
    assert len(future.epochs) == 1


@pytest.mark.parametrize("cut", [1, 60, DAY, CUT, TICKS])
def test_the_past_is_the_parents(run: Run, tmp_path: Path, cut: int) -> None:
    future = run.fork(tmp_path / "fork", at=cut, seed=8, ticks=200)
    for tick in sorted({1, cut // 2, cut}):
        assert future.at(tick).state_digest == run.at(tick).state_digest
        assert future.at(tick, from_start=True).state_digest == run.at(tick).state_digest
    assert future.head.tick == cut + 200
    assert verify(future).difference is None


def test_another_seed_is_another_future_and_the_same_seed_the_same(run: Run, tmp_path: Path) -> None:
    futures = [run.fork(tmp_path / f"{n}", at=CUT, seed=seed, ticks=300) for n, seed in enumerate((8, 9, 8))]
    digests = [future.log_digest for future in futures]
    assert digests[0] == digests[2] != digests[1]
    (changed,) = futures[0].sql("select tick, epoch from settings_changed").to_pylist()
    assert changed == {"tick": CUT, "epoch": 1}
    assert [epoch.seed for epoch in futures[0].epochs] == [7, 8]


def test_other_settings_hold_from_the_fork_on(run: Run, tmp_path: Path) -> None:
    overrides = {"relationships.deltas.shared_meal.trust": 0.5, "chat.chance": 0.0}
    future = run.fork(tmp_path / "quiet", at=CUT, overrides=overrides, ticks=DAY)
    assert future.sql(f"select count(*) as n from chat_started where tick >= {CUT}").to_pylist() == [{"n": 0}]
    meals = future.sql(
        "select distinct tick >= 0 as known, raw_trust from tie_changes where kind = 'shared_meal' "
        f"and tick >= {CUT} and change in ('added', 'updated')"
    ).to_pylist()
    assert {meal["raw_trust"] for meal in meals} <= {0.5}
    assert future.at(CUT).state_digest == run.at(CUT).state_digest
    assert verify(future).difference is None


def test_a_fork_waits_for_its_epoch_until_it_lives(run: Run, tmp_path: Path) -> None:
    future = run.fork(tmp_path / "later", at=CUT, seed=8)
    assert (future.head.tick, len(future.epochs)) == (CUT, 2)
    assert future.log_digest == run.log.digest_at(run.log.seq_at(CUT))[1].hex()
    straight = run.fork(tmp_path / "at-once", at=CUT, seed=8, ticks=500)
    assert future.resume(200).resume(300).log_digest == straight.log_digest


def test_forks_of_forks(run: Run, tmp_path: Path) -> None:
    first = run.fork(tmp_path / "one", at=CUT, seed=8, ticks=400)
    second = first.fork(tmp_path / "two", at=CUT + 200, overrides={"queues.cut_chance": 0.5}, ticks=400)
    assert [epoch.seed for epoch in second.epochs] == [7, 8, 8]
    assert second.at(CUT + 200).state_digest == first.at(CUT + 200).state_digest
    assert second.at().town.record["clock"]["epoch"] == 2
    assert verify(second).difference is None


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"town.people": 3}, "town: people stand"),
        ({"relationships.capacity": 2}, "relationships.capacity: 6 ties"),
        ({"work.jobs": []}, "work.jobs: people hold them"),
        ({"people_names": ["xeno", "yann", "zoe", "wim"]}, "people_names: "),
    ],
)
def test_what_a_town_under_way_cannot_change_is_refused(
    run: Run, tmp_path: Path, overrides: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        run.fork(tmp_path / "fork", at=CUT, overrides=overrides)
    assert not (tmp_path / "fork").exists()


@pytest.mark.parametrize("tick", [0, TICKS + 1])
def test_there_has_to_be_a_history(run: Run, tmp_path: Path, tick: int) -> None:
    with pytest.raises(TickOutOfRange):
        run.fork(tmp_path / "fork", at=tick)
