"""Logs of environments that nobody closes, and of processes that are forked: nothing is lost, nothing is damaged."""

import gc
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import townlet
from eventlog.codes import EPISODE_ENDED
from eventlog.errors import EventLogError, LogLocked, RunExists
from eventlog.folder.manifest import read_manifest
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import commit, history, new_log
from tests.field.kitchens import MAKERS, WAITING, digests, vector_of
from tests.townlet.towns import KITCHEN, said_by
from townlet.errors import TownletError
from townlet.keeping.verify import verify

# D3: logs that nobody closes


@pytest.mark.parametrize("kind", MAKERS)
def test_d3_the_log_is_whole_at_the_end_of_an_episode(kind: str, tmp_path: Path) -> None:
    length = {"max_cycles" if kind == "parallel" else "episode_ticks": 12}
    env = MAKERS[kind](logs=tmp_path, **length)
    env.reset(seed=1)
    for _ in range(12):
        env.step(WAITING[kind])
    vector = vector_of(env)
    for path, digest in zip(vector.log_paths, vector.digests(), strict=True):
        run = townlet.open(path)
        assert (run.head.tick, run.log_digest) == (12, digest)
    assert (vector.events(0)["kind"] == EPISODE_ENDED).sum() == 4, "the last tick can still be asked for"
    env.close()
    assert (
        townlet.open(vector.log_paths[0] if vector.log_paths else tmp_path / "town-000000").log_digest
        == digests(env)[0]
    )


def test_d3_a_town_that_lives_on_through_episodes_loses_nothing(tmp_path: Path) -> None:
    with townlet.vector_env(KITCHEN, towns=1, logs=tmp_path, episode_ticks=7, episodes=3) as env:
        env.reset(seed=1)
        for tick in range(1, 22):
            env.step(np.zeros((1, 4), np.int64))
            assert townlet.open(tmp_path / "town-000000").head.tick == tick // 7 * 7
        digest = env.digests()[0]
        env.step(np.zeros((1, 4), np.int64))
    run = townlet.open(tmp_path / "town-000000")
    assert (run.head.tick, run.log_digest) == (21, digest) and verify(run).tick == 21


def test_d3_an_environment_that_nobody_holds_any_more_writes_its_log(tmp_path: Path) -> None:
    env = townlet.parallel_env(KITCHEN, logs=tmp_path)
    env.reset(seed=1)
    for _ in range(9):
        env.step({})
    digest = env.digest()
    del env
    gc.collect()
    run = townlet.open(tmp_path / "town-000000")
    assert (run.head.tick, run.log_digest) == (9, digest)


@pytest.mark.parametrize("kind", MAKERS)
def test_d3_a_closed_environment_does_not_live_on(kind: str, tmp_path: Path) -> None:
    env = MAKERS[kind](logs=tmp_path)
    env.reset(seed=1)
    env.step(WAITING[kind])
    env.close()
    env.close()
    for use in (lambda: env.step(WAITING[kind]), env.reset):
        with pytest.raises(TownletError, match="this environment is closed: make a new one"):
            use()
    assert townlet.open(tmp_path / "town-000000").head.tick == 1


def test_d3_a_town_that_cannot_begin_its_log_does_not_live(tmp_path: Path) -> None:
    env = townlet.parallel_env(KITCHEN, logs=tmp_path)
    env.reset(seed=1)
    env.step({})
    shutil.copytree(tmp_path / "town-000000", tmp_path / "town-000001")
    with pytest.raises(RunExists, match="town-000001 already holds a run"):
        env.reset()
    with pytest.raises(TownletError, match="there is no episode: call reset before step"):
        env.step({})
    assert townlet.open(tmp_path / "town-000000").head.tick == 1


LEFT_OPEN = """
import os, sys
import townlet

env = townlet.parallel_env({kitchen!r}, logs={logs!r})
env.reset(seed=1)
for _ in range(5):
    env.step({{}})
env._vector.write()
if os.fork() == 0:
    refused = 0
    for use in (lambda: env.step({{}}), env.reset):
        try:
            use()
        except Exception as error:
            refused += "forked" in str(error)
    print("refused", refused, flush=True)
    sys.exit(0)  # the interpreter ends as any other: what is open is closed
print("child", os.wait()[1], flush=True)
for _ in range(5):
    env.step({{}})
print(env.digest(), flush=True)
"""


@pytest.fixture(scope="module")
def left_open(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """What a script says that forks, lives on and ends without a close, and the log that it leaves."""
    logs = tmp_path_factory.mktemp("logs")
    said = said_by(LEFT_OPEN.format(kitchen=KITCHEN, logs=str(logs)))
    return said, logs / "town-000000"


def test_d3_a_script_that_ends_without_a_close_loses_nothing(left_open: tuple[list[str], Path]) -> None:
    said, path = left_open
    run = townlet.open(path)
    assert (run.head.tick, run.log_digest) == (10, said[-1])
    assert run.log.manifest.closed and verify(run).tick == 10


# D5: processes that are forked


def test_d5_a_forked_environment_refuses_and_leaves_the_log_alone(left_open: tuple[list[str], Path]) -> None:
    said, path = left_open
    assert said[:4] == ["refused", "2", "child", "0"]
    assert sorted(one.name for one in path.parent.iterdir()) == ["town-000000"]


def test_d5_a_forked_writer_refuses_and_its_close_changes_nothing(tmp_path: Path) -> None:
    writer = new_log(tmp_path / "run")
    commit(writer, 50)
    before = sorted((one.name, one.read_bytes()) for one in (tmp_path / "run").rglob("*") if one.is_file())
    heard, says = os.pipe()
    child = os.fork()
    if child == 0:
        words = []
        head = writer.head
        rows = history(5, seq=head.seq, tick=head.tick)
        for use in (
            lambda: writer.commit(rows, expected_seq=head.seq),
            writer.sync,
            writer.roll,
            lambda: writer.add_epoch(config_id="c0ffee", seed=8),
        ):
            try:
                use()
            except EventLogError as error:
                words.append("was forked from it and cannot write to the run.\n  Next:" in str(error))
        writer.close()
        writer._lock.release()
        del writer
        gc.collect()
        os.write(says, repr(words).encode())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0 and os.read(heard, 100) == b"[True, True, True, True]"
    os.close(heard), os.close(says)
    after = sorted((one.name, one.read_bytes()) for one in (tmp_path / "run").rglob("*") if one.is_file())
    assert after == before
    with pytest.raises(LogLocked):
        LogWriter.open(tmp_path / "run")
    commit(writer, 50)
    writer.roll()
    commit(writer, 50)
    writer.close()
    run = tmp_path / "run"
    assert read_manifest(run).closed and LogReader(run).head.seq == 150 and not (run / "lock.holder").exists()
    LogWriter.open(run).close()


def test_d5_a_forked_environment_without_logs_lives_on_in_both() -> None:
    env = townlet.vector_env(KITCHEN, towns=4, threads=2, episode_ticks=2000, control="primitive")
    env.reset(seed=1)
    heard, says = os.pipe()
    child = os.fork()
    if child == 0:
        for _ in range(700):
            env.step(np.zeros((4, 4), np.int64))
        os.write(says, env.digests()[3].encode())
        env.close()
        os._exit(0)
    for _ in range(700):
        env.step(np.zeros((4, 4), np.int64))
    assert os.waitpid(child, 0)[1] == 0 and os.read(heard, 100).decode() == env.digests()[3]
    os.close(heard), os.close(says)
    env.close()
