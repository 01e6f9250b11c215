"""Another future for a town: the same past, folded as it was; then what was asked for, and nothing else."""

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest

import townlet
from eventlog.errors import EventLogError
from eventlog.folder import disk
from tests.townlet.towns import DAY, KITCHEN
from townlet.errors import ConfigurationError, TickOutOfRange, TownletError
from townlet.keeping.verify import verify
from townlet.run import Pulse, Run

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
    second = first.fork(tmp_path / "two", at=CUT + 200, overrides={"queues.cut_chance": 0.9}, ticks=400)
    assert [epoch.seed for epoch in second.epochs] == [7, 8, 8]
    assert second.at(CUT + 200).state_digest == first.at(CUT + 200).state_digest
    assert second.at().town.record["clock"]["epoch"] == 2
    assert verify(second).difference is None


def test_a_fork_where_its_parent_was_forked_lives_as_it(run: Run, tmp_path: Path) -> None:
    parent = run.fork(tmp_path / "parent", at=CUT, overrides={"queues.cut_chance": 0.5}, seed=8, ticks=400)
    same = parent.fork(tmp_path / "same", at=CUT, ticks=400)
    assert (same.log_digest, same.epochs) == (parent.log_digest, parent.epochs)
    other = parent.fork(tmp_path / "other", at=CUT, seed=9, ticks=400)
    assert [epoch.seed for epoch in other.epochs] == [7, 9]
    assert other.config.queues.cut_chance == 0.5
    assert other.log_digest != parent.log_digest
    assert verify(other).difference is None


def test_a_fork_of_one_that_waits_waits_for_the_same(run: Run, tmp_path: Path) -> None:
    waiting = run.fork(tmp_path / "waiting", at=CUT, seed=8)
    again = waiting.fork(tmp_path / "again", ticks=300)
    assert again.log_digest == waiting.resume(300).log_digest


def test_before_the_first_tick_it_is_a_town_founded_so(run: Run, tmp_path: Path) -> None:
    same = run.fork(tmp_path / "same", at=0, ticks=TICKS)
    assert same.log_digest == run.log_digest
    future = run.fork(tmp_path / "other", at=0, overrides={"town.people": 3}, seed=8, ticks=300)
    founded = townlet.simulate(KITCHEN, overrides={"town.people": 3}, ticks=300, seed=8, into=tmp_path / "founded")
    assert future.log_digest == founded.log_digest
    assert len(future.epochs) == 1
    assert verify(future).difference is None


def test_nothing_of_the_parent_is_needed_or_touched(run: Run, tmp_path: Path) -> None:
    parent = Run(shutil.copytree(run.path, tmp_path / "parent"))
    before = {path: path.read_bytes() for path in parent.path.rglob("*") if path.is_file()}
    future = parent.fork(tmp_path / "fork", at=CUT, overrides={"chat.chance": 0.0}, ticks=200)
    assert {path: path.read_bytes() for path in parent.path.rglob("*") if path.is_file()} == before
    shutil.rmtree(parent.path)
    assert verify(future).difference is None
    assert Run(future.path).resume(100).head.tick == CUT + 300


def test_a_town_that_lives_can_be_forked(tmp_path: Path) -> None:
    forks: list[Run] = []

    def fork_now(pulse: Pulse) -> None:
        at = pulse.tick if len(forks) % 2 else None
        forks.append(Run(tmp_path / "run").fork(tmp_path / f"fork-{pulse.tick}", at=at))

    run = townlet.simulate(KITCHEN, ticks=TICKS, seed=7, into=tmp_path / "run", progress=fork_now)
    assert len(forks) > 1
    for fork in forks:
        assert fork.log_digest == run.log.digest_at(fork.head.seq)[1].hex()
        assert fork.resume(TICKS - fork.head.tick).log_digest == run.log_digest


def test_a_crash_leaves_a_fork_under_its_own_settings_or_none(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each replacement of a file fails in its turn: never is there a fork that would live on as its parent did."""
    original = disk.rename
    for nth in range(20):
        calls = itertools.count()

        def failing(path: Path, target: Path, nth: int = nth, calls: "itertools.count[int]" = calls) -> None:
            if next(calls) == nth:
                raise OSError(5, "the disk is gone")
            original(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(disk, "rename", failing)
            try:
                run.fork(tmp_path / "fork", at=CUT, overrides={"chat.chance": 0.0})
            except (OSError, EventLogError):
                assert list(tmp_path.iterdir()) == []
                continue
        break
    assert nth > 3
    assert Run(tmp_path / "fork").config.chat.chance == 0.0


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"town.people": 3}, "town.people: the town was founded"),
        ({"town.ticks_per_day": 2880}, "town.ticks_per_day: the town"),
        ({"town.map": "town"}, "map_content: people stand"),
        ({"relationships.capacity": 2}, "relationships.capacity: 6 ties"),
        ({"work.jobs": []}, "work.jobs: people hold these jobs"),
        ({"work.jobs.0.days": "weekdays"}, r"work.jobs.0.days: people were hired"),
        ({"people_names": ["xeno", "yann", "zoe", "wim"]}, "people_names: "),
        ({"affordances.sit.queue": True}, "affordances.sit.queue: somebody"),
        ({"affordances.buy_meal.stock": 7}, "affordances.buy_meal.stock: somebody"),
        ({"affordances.nap": {"place": "bench", "option": "sleep", "minutes": 9}}, "affordances: nap new"),
        ({"market.rent": 500.0}, "work.jobs: a shift"),
        ({"town.people": 3}, r"Next: a new town .*--set town.people=3"),
    ],
)
def test_what_a_town_under_way_cannot_change_is_refused(
    run: Run, tmp_path: Path, overrides: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        run.fork(tmp_path / "fork", at=CUT, overrides=overrides)
    assert list(tmp_path.iterdir()) == []


def test_the_order_of_affordances_is_their_codes(run: Run, tmp_path: Path) -> None:
    turned = dict(reversed(run.config.model_dump(mode="json")["affordances"].items()))
    with pytest.raises(ConfigurationError, match="affordances: their order gives the codes"):
        run.fork(tmp_path / "fork", at=CUT, overrides={"affordances": turned})


def test_what_it_can_change_it_can(run: Run, tmp_path: Path) -> None:
    overrides = {"relationships.capacity": 7, "affordances.sit.minutes": 9, "work.jobs.0.wage": 0.015, "name": "other"}
    future = run.fork(tmp_path / "fork", at=CUT, overrides=overrides, ticks=300)
    assert future.log.manifest.name == "other"
    assert verify(future).difference is None


@pytest.mark.parametrize("tick", [-1, TICKS + 1])
def test_there_has_to_be_a_history(run: Run, tmp_path: Path, tick: int) -> None:
    with pytest.raises(TickOutOfRange):
        run.fork(tmp_path / "fork", at=tick)


def test_what_is_no_seed_and_no_time_is_refused_before_anything_is_made(run: Run, tmp_path: Path) -> None:
    with pytest.raises(TownletError, match="the seed -1"):
        run.fork(tmp_path / "fork", at=CUT, seed=-1)
    with pytest.raises(TownletError, match="for -5 ticks"):
        run.fork(tmp_path / "fork", at=CUT, ticks=-5)
    assert list(tmp_path.iterdir()) == []
