"""Whole processes: signals, pipes, two of them at one run."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import eventlog
from eventlog.folder.lock import WriterLock

ROOT = Path(eventlog.__file__).parents[1]
TOWNLET = [sys.executable, "-c", "from cli.main import main; main()"]
LONG = 3_000_000


def hears_interruptions() -> None:
    """Let a process be interrupted also where these tests run in the background of a shell, which ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def begun(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the command line in this folder; it does not outlive its block."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with subprocess.Popen(
        [*TOWNLET, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hears_interruptions,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def done(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """What a process ended with, and said."""
    with begun(folder, *arguments) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


def ticks_of(run: Path) -> int:
    from eventlog.folder.head import read_head

    head = read_head(run / "log" / "head")
    return head.tick if head else 0


def wait_for_ticks(run: Path, ticks: int, process: subprocess.Popen[bytes]) -> None:
    """Until the town that the process lets live is so old."""
    until = time.monotonic() + 60
    while ticks_of(run) < ticks:
        assert process.poll() is None, (process.stderr.read() if process.stderr else b"").decode()
        assert time.monotonic() < until, "the town does not come to life"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two hours."""
    folder = tmp_path_factory.mktemp("town")
    code, _, err = done(folder, "run", "--ticks", "120", "--into", "a", "--durability", "every-commit")
    assert code == 0, err
    return folder / "a"


@pytest.fixture
def run(lived: Path, tmp_path: Path) -> Path:
    """A copy of it of one's own."""
    return Path(shutil.copytree(lived, tmp_path / "a"))


def test_an_interrupted_town_keeps_what_it_lived_and_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    with begun(tmp_path, "run", "--ticks", str(LONG), "--seed", "7", "--into", "a") as process:
        wait_for_ticks(tmp_path / "a", 1000, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert not out
    lived = ticks_of(tmp_path / "a")
    assert f"interrupted at tick {lived:,}" in err.decode()
    assert f"townlet resume a --ticks {LONG - lived}" in err.decode()
    code, resumed, err_text = done(tmp_path, "resume", "a", "--ticks", "500", "--json")
    assert code == 0, err_text
    _, straight, _ = done(tmp_path, "run", "--ticks", str(lived + 500), "--seed", "7", "--into", "b", "--json")
    same = ("ticks", "events", "log_digest", "state_digest")
    assert [json.loads(resumed)[name] for name in same] == [json.loads(straight)[name] for name in same]


def test_a_running_town_is_followed_and_never_waits(tmp_path: Path) -> None:
    with begun(tmp_path, "run", "--ticks", str(LONG), "--into", "a") as town:
        wait_for_ticks(tmp_path / "a", 100, town)
        with begun(tmp_path, "tail", "a", "--follow", "--kind", "day_ended", "-n", "0", "--json") as follower:
            assert follower.stdout is not None
            events = [json.loads(follower.stdout.readline()) for _ in range(3)]
            before = ticks_of(tmp_path / "a")
            follower.send_signal(signal.SIGINT)
            follower.communicate(timeout=30)
        assert [event["kind"] for event in events] == ["day_ended"] * 3
        assert follower.returncode == 130
        until = time.monotonic() + 10
        while ticks_of(tmp_path / "a") == before and time.monotonic() < until:
            time.sleep(0.05)
        assert ticks_of(tmp_path / "a") > before
        town.send_signal(signal.SIGINT)
        town.communicate(timeout=30)


def test_a_run_that_another_process_writes_is_refused(run: Path) -> None:
    lock = WriterLock(run)
    try:
        code, out, err = done(run.parent, "resume", "a", "--ticks", "5")
        assert (code, out) == (5, "")
        assert f"process {os.getpid()}" in err
    finally:
        lock.release()


def test_a_reader_that_goes_away_ends_the_command_quietly(run: Path) -> None:
    with begun(run.parent, "tail", "a", "--from-tick", "0", "--json") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
        assert (process.wait(timeout=30), err) == (0, "")


def test_stdout_has_only_data_and_no_colour(run: Path) -> None:
    code, out, err = done(run.parent, "replay", "a", "--json", "--verify")
    assert code == 0
    assert json.loads(out)["tick"] == 120
    assert "\x1b" not in out + err
    assert "\r" not in err


def test_the_version_is_said() -> None:
    code, out, _ = done(ROOT, "--version")
    assert (code, out.split()[0]) == (0, "townlet")


@pytest.mark.parametrize(
    "asked",
    [
        ["sql", "a", "select count(*) from ties"],
        ["fork", "a", "--at-tick", "60", "--seeds", "2", "--ticks", "5", "--into", "b"],
    ],
)
def test_a_process_ends_without_a_word(lived: Path, tmp_path: Path, asked: list[str]) -> None:
    """DuckDB complains at the end of a process of what nobody has let go of."""
    shutil.copytree(lived, tmp_path / "a")
    code, out, err = done(tmp_path, *asked)
    assert (code, "nanobind" in err) == (0, False), err
    assert out


@pytest.mark.skipif(not hasattr(signal, "SIGINT"), reason="needs SIGINT")
def test_a_query_that_takes_too_long_can_be_interrupted(lived: Path) -> None:
    endless = "select count(*) from events a, events b, events c, events d where a.tick + b.tick * c.seq % 7 = d.seq"
    with begun(lived.parent, "sql", "a", endless) as process:
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
