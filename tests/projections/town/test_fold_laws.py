"""The laws of folding, over a run that was sealed, archived, taken up again and forked.

However a tick is reached, it is the same town, and so are the tables that are caught up beside it.
"""

import random
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

import townlet
from eventlog.archiving import archive
from eventlog.checkpoints import CheckpointStore
from eventlog.folder.manifest import read_manifest
from eventlog.writer import LogWriter
from projections.versions import VERSIONS
from tests.townlet.towns import DAY, KITCHEN, lived
from townlet.configuration.load import load
from townlet.history import kept_tables
from townlet.history.following import Following
from townlet.living.town import Town, restored_town
from townlet.run import Run

EVERY = 180
TICKS = 2 * DAY
SETTINGS = {"checkpoint_ticks": EVERY}
CAUGHT_UP = ("tie_changes", "churn", "churn_windows")
SEEDS = range(4)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two days of a kitchen: a cold segment, a sealed one, and an active one, with a checkpoint every 180 ticks."""
    into = tmp_path_factory.mktemp("laws") / "run"
    run = townlet.simulate(KITCHEN, ticks=900, seed=7, into=into, overrides=SETTINGS)
    _roll(run)
    archive(run.path)
    _roll(run.resume(950))
    run.resume(TICKS - 1850)
    files = [Path(segment.file).suffix for segment in read_manifest(run.path).segments]
    assert files == [".parquet", ".arrow", ".arrows"]
    assert len(run.checkpoints().ticks()) >= TICKS // EVERY
    return run


def _roll(run: Run) -> None:
    with LogWriter.open(run.path) as writer:
        writer.roll()


def folded(run: Run, tick: int) -> Town:
    """From the first event."""
    return run.at(tick, from_start=True).town


def caught_up(run: Run, tick: int) -> dict[str, pa.Table]:
    return {name: run.sql(f"select * from {name} order by all", at=tick) for name in CAUGHT_UP}


def rebuilt(run: Run, tick: int) -> dict[str, pa.Table]:
    """As if nothing had ever been asked for."""
    shutil.rmtree(run.path / "derived", ignore_errors=True)
    return caught_up(run, tick)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_checkpoint_and_the_rest_is_all_of_it(run: Run, seed: int) -> None:
    """fold(0..n) = checkpoint(k) + fold(k..n), for any k that there is and any later n."""
    chance = random.Random(seed)
    for _ in range(6):
        tick = chance.randrange(EVERY, TICKS + 1)
        mark = chance.choice([each for each in run.checkpoints().ticks() if each <= tick])
        kept = run.checkpoints().nearest(mark, run.identity_at, run.log)
        assert kept is not None and kept.point.tick == mark, f"seed {seed}: checkpoint {mark} is not valid"
        town = restored_town(run.settings, kept.tables())
        assert town is not None
        assert town.state_digest() == folded(run, mark).state_digest(), f"seed {seed}, checkpoint {mark}"
        town.fold(run.log.rows(from_seq=kept.point.seq, to_tick=tick))
        assert town.state_digest() == folded(run, tick).state_digest(), f"seed {seed}, from {mark} to {tick}"


@pytest.mark.parametrize("seed", SEEDS)
def test_any_chunking_folds_to_the_same(run: Run, seed: int) -> None:
    """fold(0..n) = fold(0..k) + fold(k..n), wherever the events are cut: also within a tick."""
    chance = random.Random(100 + seed)
    town, seq, head = Town(run.settings), 0, run.head
    while seq < head.seq:
        until = min(seq + chance.randrange(1, 2000), head.seq)
        town.fold(run.log.rows(seq, until))
        seq = until
    assert town.state_digest() == run.at().state_digest, f"seed {100 + seed}"


def test_inline_is_caught_up_is_rebuilt_is_forked(run: Run, tmp_path: Path) -> None:
    """The town that lived; its run's nearest checkpoint; its first event; and a fork of it."""
    for tick in (EVERY, 899, 900, 901, 1850, TICKS):
        inline, _ = lived(load(KITCHEN, SETTINGS).settings, 7, tick)
        fork = run.fork(tmp_path / f"fork-{tick}", at=tick)
        digests = {
            inline.state_digest(),
            run.at(tick).state_digest,
            folded(run, tick).state_digest(),
            fork.at().state_digest,
            folded(fork, tick).state_digest(),
        }
        assert len(digests) == 1, f"at tick {tick}"


@pytest.mark.parametrize("seed", SEEDS)
def test_tables_caught_up_are_tables_rebuilt(run: Run, tmp_path: Path, seed: int) -> None:
    """However often and in whatever order a tick is asked for, and in a fork that replays it."""
    chance = random.Random(200 + seed)
    copy = Run(shutil.copytree(run.path, tmp_path / "run"))
    ticks = [chance.randrange(1, TICKS + 1) for _ in range(3)]
    found = {tick: caught_up(copy, tick) for tick in [*ticks, *sorted(ticks)]}
    for tick, tables in found.items():
        fork = run.fork(tmp_path / f"fork-{tick}", at=tick)
        for name, table in rebuilt(copy, tick).items():
            assert table.equals(tables[name]), f"seed {200 + seed}: {name} at {tick}, caught up"
            assert table.equals(caught_up(fork, tick)[name]), f"seed {200 + seed}: {name} at {tick}, forked"


@pytest.mark.parametrize("name", kept_tables.PROJECTIONS)
def test_followed_is_caught_up_is_rebuilt_is_forked(run: Run, tmp_path: Path, name: str) -> None:
    """Each projection that is listed, over all tiers: along with the log, from what was kept, from the first event."""
    copy = Run(shutil.copytree(run.path, tmp_path / "run"))
    shutil.rmtree(copy.path / "derived", ignore_errors=True)
    for tick in (500, 950, TICKS):
        caught = kept_tables.projection_tables(copy, name, tick)
        fork = run.fork(tmp_path / f"fork-{tick}", at=tick)
        following = Following(fork, [name])
        following.catch_up()
        assert kept_tables.equal(following.tables(name), caught), f"at tick {tick}, followed"
        assert kept_tables.equal(kept_tables.projection_tables(fork, name, tick), caught), f"at tick {tick}, forked"
        assert kept_tables.rebuild(copy, name, tick).kept == "equal", f"at tick {tick}, rebuilt"
    assert kept_tables.audit_kept(copy, name, TICKS) == (3, None)


def test_a_projection_is_rebuilt_beside_the_old_one(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the old version kept stays as it is, and is still read by it, until the new version has come as far."""
    copy = Run(shutil.copytree(run.path, tmp_path / "run"))
    shutil.rmtree(copy.path / "derived", ignore_errors=True)
    kept = copy.path / "derived" / "tie_changes"
    old = kept_tables.tie_changes(copy, TICKS)
    (theirs,) = kept.iterdir()
    before = _files(theirs)
    with monkeypatch.context() as later:
        later.setitem(VERSIONS, "tie_changes", 99)
        with monkeypatch.context() as full:
            full.setattr(CheckpointStore, "write", _fail)
            assert kept_tables.tie_changes(copy, TICKS).equals(old), "it is made, though it cannot be kept"
        assert (list(kept.iterdir()), _files(theirs)) == ([theirs], before)
        early = kept_tables.tie_changes(copy, 500)
        assert len(list(kept.iterdir())) == 2, "the new one is not as far as the old"
    assert kept_tables.tie_changes(copy, TICKS).equals(old)
    assert _files(theirs) == before
    with monkeypatch.context() as later:
        later.setitem(VERSIONS, "tie_changes", 99)
        assert kept_tables.tie_changes(copy, TICKS).equals(old)
        (mine,) = kept.iterdir()
        assert mine != theirs
    assert kept_tables.tie_changes(copy, 500).equals(early)


def _fail(*_: object) -> None:
    raise OSError("no room")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
