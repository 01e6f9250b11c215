"""The same seed is the same town: folded or lived, in one piece or many, in any process, compiled or not."""

import json
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import townlet
from eventlog.folder.head import read_head
from eventlog.rows import Rows
from projections.record.state import state_bytes
from projections.record.tables import tables, towns_from_tables
from tests.townlet.towns import (
    DAY,
    KITCHEN,
    ROOT,
    TOWNLET,
    default_settings,
    digests,
    environment,
    kitchen_settings,
    lived,
    log_digest,
    said_by,
    town_of,
)
from townlet.errors import TownletError
from townlet.living.town import Town
from townlet.rules.draw import word_of

SEED = 7
LONG = 3_000_000
IN_ANOTHER_PROCESS = """
from tests.townlet.towns import digests, {settings}
print(*digests({settings}(), {seed}, {ticks}))
"""


@pytest.fixture(scope="module")
def history() -> tuple[str, Rows]:
    """The state's digest and the log of two days of a kitchen."""
    town, rows = lived(kitchen_settings(), SEED, 2 * DAY)
    return town.state_digest(), rows


def drawn_ticks(name: str, count: int, below: int) -> list[int]:
    """Ticks that nobody chose, the same in every run of the tests."""
    return [1 + word_of(SEED, name, i) % (below - 1) for i in range(count)]


# Folding


def test_a_fold_of_the_log_is_the_living_town_at_every_tick() -> None:
    town, replay = town_of(), town_of()
    replay.fold([town.found(SEED)])
    assert state_bytes(replay.towns) == state_bytes(town.towns)
    for tick in range(1, 2001):
        replay.fold(town.live(1))
        assert replay.tick == town.tick == tick
        assert state_bytes(replay.towns) == state_bytes(town.towns), f"at tick {tick}"


@settings(max_examples=40)
@given(st.data())
def test_a_log_folds_to_the_same_state_however_it_is_cut(history: tuple[str, Rows], data: st.DataObject) -> None:
    digest, rows = history
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=12)))
    town = town_of(kitchen_settings())
    town.fold(rows[first:last] for first, last in pairwise([0, *cuts, len(rows)]))
    assert town.state_digest() == digest


def test_a_log_folds_to_the_same_state_event_by_event(history: tuple[str, Rows]) -> None:
    digest, rows = history
    town = town_of(kitchen_settings())
    town.fold(rows[i : i + 1] for i in range(len(rows)))
    assert town.state_digest() == digest


@pytest.mark.parametrize("step", [1, 7, 60, 999])
def test_a_life_lived_in_pieces_is_the_same_life(step: int) -> None:
    town = town_of()
    pieces = [town.found(SEED)]
    while town.tick < 2000:
        pieces += town.live(min(step, 2000 - town.tick))
    assert [log_digest(pieces), town.state_digest()] == digests(default_settings(), SEED, 2000)


# Processes


def test_two_processes_live_the_same_and_another_seed_lives_otherwise() -> None:
    code = IN_ANOTHER_PROCESS.format(settings="default_settings", seed=SEED, ticks=DAY)
    found = [said_by(code, PYTHONHASHSEED=hash_seed) for hash_seed in ("1", "4242")]
    here, other = digests(default_settings(), SEED, DAY), digests(default_settings(), SEED + 1, DAY)
    assert found == [here, here]
    assert all(mine != theirs for mine, theirs in zip(here, other, strict=True))


def test_plain_python_lives_the_same_as_compiled_code() -> None:
    ticks = 240
    code = IN_ANOTHER_PROCESS.format(settings="kitchen_settings", seed=SEED, ticks=ticks)
    assert said_by(code, NUMBA_DISABLE_JIT="1") == digests(kitchen_settings(), SEED, ticks)


# Taking up again


def test_a_town_taken_up_from_its_tables_at_any_tick_lives_on_the_same() -> None:
    ticks = sorted({0, *drawn_ticks("tables", 40, 3 * DAY)})
    town = town_of()
    town.found(SEED)
    for tick in ticks:
        for _ in town.live(tick - town.tick):
            pass
        kept = tables(town.record)
        again = town_of(towns=towns_from_tables(kept, town.shape))
        again.set_seed(SEED)
        assert state_bytes(again.towns) == state_bytes(town.towns), f"taken up at tick {tick}"
        mine, same = [list(one.live(180)) for one in (town_of(towns=town.towns.copy()), again)]
        assert log_digest(mine) == log_digest(same), f"lived on from tick {tick}"


def test_a_run_continued_again_and_again_is_a_run_lived_straight_through(tmp_path: Path) -> None:
    stops = sorted({*drawn_ticks("resume", 6, 2 * DAY), DAY, 2 * DAY})
    straight = townlet.simulate(ticks=stops[-1], seed=SEED, into=tmp_path / "straight")
    run = townlet.simulate(ticks=stops[0], seed=SEED, into=tmp_path / "pieces")
    for before, tick in pairwise(stops):
        run = townlet.Run(run.path).resume(tick - before)
    assert (run.head.tick, run.log_digest) == (straight.head.tick, straight.log_digest)
    assert run.at().state_digest == straight.at().state_digest
    assert run.at(from_start=True).state_digest == straight.at().state_digest


def test_a_run_of_no_tick_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TownletError, match="at least"):
        townlet.simulate(KITCHEN, ticks=0, seed=SEED, into=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_run_shows_every_tick_as_it_was_lived(tmp_path: Path) -> None:
    run = townlet.simulate(KITCHEN, ticks=2 * DAY, seed=SEED, into=tmp_path / "a", overrides={"checkpoint_ticks": 480})
    town = town_of(kitchen_settings())
    town.found(SEED)
    for tick in [*sorted({1, 479, 480, 481, *drawn_ticks("moment", 8, 2 * DAY)}), 2 * DAY]:
        for _ in town.live(tick - town.tick):
            pass
        assert run.at(tick).state_digest == town.state_digest(), f"at tick {tick}"


# Killed


def killed_after(more_ticks: int, run: Path, *arguments: str) -> tuple[int, int]:
    """Let a process live in a run and kill it; the tick and the seq that were committed just before."""
    before = read_head(run / "log" / "head")
    until = time.monotonic() + 90
    target = (before.tick if before else 0) + more_ticks
    with subprocess.Popen(
        [*TOWNLET, *arguments, "--ticks", str(LONG), "--durability", "every-commit"],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            while (head := read_head(run / "log" / "head")) is None or head.tick < target:
                assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
                assert time.monotonic() < until, "the town does not come to life"
                time.sleep(0.005)
        finally:
            process.kill()
    return head.tick, head.seq


@pytest.mark.slow
def test_a_killed_town_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    run = tmp_path / "a"
    seen = [killed_after(1000, run, "run", "--seed", str(SEED), "--into", str(run))]
    seen.append(killed_after(700, run, "resume", str(run)))
    found = townlet.Run(run)
    assert found.head.tick >= seen[1][0] >= seen[0][0] + 700
    assert found.head.seq >= seen[1][1]
    committed = np.concatenate(list(found.log.rows()))
    assert np.array_equal(committed["seq"], np.arange(found.head.seq))
    done = subprocess.run(
        [*TOWNLET, "resume", str(run), "--ticks", "400", "--json"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["ticks"] >= seen[1][0] + 400
    straight = townlet.simulate(ticks=said["ticks"], seed=SEED, into=tmp_path / "straight")
    assert said["log_digest"] == straight.log_digest
    assert said["state_digest"] == straight.at().state_digest
    assert townlet.Run(run).at(from_start=True).state_digest == said["state_digest"]


def test_a_town_killed_before_its_first_commit_is_founded_when_it_is_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("townlet.living.loop._live", killed)
        with pytest.raises(KeyboardInterrupt):
            townlet.simulate(KITCHEN, ticks=100, seed=SEED, into=tmp_path / "a")
    run = townlet.Run(tmp_path / "a").resume(100)
    assert run.log_digest == townlet.simulate(KITCHEN, ticks=100, seed=SEED, into=tmp_path / "b").log_digest


def test_a_checkpoint_that_is_not_the_town_it_was_is_not_believed(tmp_path: Path) -> None:
    from townlet.living.town import restored_town as believed

    town = town_of(kitchen_settings())
    town.found(SEED)
    kept = town.tables()
    assert isinstance(believed(town.settings, kept), Town)
    agents = kept["agents"]
    richer = agents.column("wallet").to_numpy() + 1.0
    kept["agents"] = agents.set_column(agents.column_names.index("wallet"), "wallet", [richer])
    assert believed(town.settings, kept) is None
