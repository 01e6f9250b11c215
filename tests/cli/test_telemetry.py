"""`townlet telemetry` as somebody types it, and a client that was written from the schema alone."""

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import townlet
from tests.cli.test_commands import said
from tests.townlet.towns import DAY, KITCHEN, ROOT, TOWNLET, environment

CLIENT = ROOT / "examples" / "telemetry_client.py"
SCHEMA = ROOT / "docs" / "telemetry" / "schema" / "2" / "message.schema.json"
TICKS = 180


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return townlet.simulate(KITCHEN, ticks=TICKS, seed=3, into=tmp_path_factory.mktemp("feed") / "kitchen").path


@pytest.fixture(autouse=True)
def niceness(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much this process would have given way; it stays as it is."""
    given: list[int] = []
    monkeypatch.setattr(os, "nice", given.append)
    return given


def read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_goes_to_stdout_and_to_a_file_alike_and_is_valid(kitchen: Path, tmp_path: Path) -> None:
    file = tmp_path / "feed.jsonl"
    out, filed = (
        said("telemetry", "stream", kitchen, "--into", "-"),
        said("telemetry", "stream", kitchen, "--into", file),
    )
    assert (out.exit_code, filed.exit_code, filed.stdout) == (0, 0, "")
    assert file.read_text(encoding="utf-8") == out.stdout
    messages = read(out.stdout)
    assert [message["tick"] for message in messages] == list(range(TICKS + 1))
    assert [message["type"] for message in messages] == ["snapshot"] + ["difference"] * TICKS
    checked = said("telemetry", "validate", file)
    assert (checked.exit_code, checked.stdout) == (0, "")
    assert checked.stderr == f"{file}: {TICKS + 1} messages, all as they should be\n"
    assert said("telemetry", "validate", "-", text=out.stdout).exit_code == 0
    assert json.loads(said("telemetry", "validate", file, "--json").stdout) == []


def test_a_stretch_in_one_version_or_in_both(kitchen: Path) -> None:
    stretch = ("telemetry", "stream", kitchen, "--into", "-", "--from-tick", "60", "--to-tick", "65")
    present, earlier = (read(said(*stretch, "--schema", number).stdout) for number in ("2", "1"))
    both = read(said(*stretch, "--also-schema").stdout)
    assert both[::2] == present and both[1::2] == earlier
    assert [message["tick"] for message in present] == list(range(60, 66))
    assert "policy" in present[0]["state"] and "policy" not in earlier[0]["state"]
    assert all("user" in about for about in earlier[0]["state"]["queues"].values() if "waiting" not in about)


def test_following_a_run_that_is_over_gives_its_end_and_gives_way_to_the_town(
    kitchen: Path, niceness: list[int]
) -> None:
    said("telemetry", "stream", kitchen, "--into", "-", "--to-tick", "2")
    assert niceness == []
    (message,) = read(said("telemetry", "stream", kitchen, "--into", "-", "--follow").stdout)
    assert (message["type"], message["tick"], niceness) == ("snapshot", TICKS, [19])


def test_a_fault_is_told_and_ends_with_1(kitchen: Path, tmp_path: Path) -> None:
    file = tmp_path / "feed.jsonl"
    said("telemetry", "stream", kitchen, "--into", file, "--to-tick", "5")
    wrong = file.read_text(encoding="utf-8").splitlines()
    wrong[3] = wrong[3].replace('"hunger"', '"hungre"', 1)
    file.write_text("\n".join(wrong) + "\n", encoding="utf-8")
    told = said("telemetry", "validate", file, "--json")
    assert told.exit_code == 1
    (fault,) = json.loads(told.stdout)
    assert fault["line"] == 4 and fault["path"].endswith(".hungre") and "did you mean hunger?" in fault["what"]
    assert f"{file} has 1 fault; the first is in line 4" in told.stderr
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert said("telemetry", "validate", empty).exit_code == 1
    torn = tmp_path / "torn.jsonl"
    torn.write_bytes(b"\xff\xfe\x00")
    told = said("telemetry", "validate", torn)
    assert told.exit_code == 1 and f"{torn} has 1 fault; the first is in line 1" in told.stderr
    piped = subprocess.run(
        [*TOWNLET, "telemetry", "validate", "-"], input=torn.read_bytes(), env=environment(), capture_output=True
    )
    assert piped.returncode == 1 and b"<stdin> has 1 fault; the first is in line 1" in piped.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--into", "-", "--schema", "1", "--also-schema"], "there is no version before 1"),
        (["--into", "-", "--from-tick", "9", "--to-tick", "3"], "--from-tick 9 is after --to-tick 3"),
        (["--into", "tcp://0.0.0.0:9"], "tcp://127.0.0.1:7777"),
        (["--into", "-", "--from-tick", "9999"], "has no tick 9,999"),
        (["--into", "s3://bucket/feed"], "give a file here, -, or tcp://127.0.0.1:PORT"),
        ([], "Missing option '--into'"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_what_can(kitchen: Path, options: list[str], words: str) -> None:
    result = said("telemetry", "stream", kitchen, *options)
    assert result.exit_code == 2 and result.stdout == ""
    assert words in result.stderr


# The client


def test_the_client_knows_nothing_but_the_schema() -> None:
    """It imports the standard library alone, and every key that it reads is a key of the schema."""
    tree = ast.parse(CLIENT.read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    known = {key for kind in schema["$defs"].values() for key in kind.get("properties", ())}
    known |= {"power", "water", "trust", "familiarity", "rivalry"}
    keys = {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    }
    assert len(keys) > 15 and keys <= known


def test_the_client_shows_a_live_feed_as_it_shows_the_file_of_it(kitchen: Path, tmp_path: Path) -> None:
    """One process serves the feed, in two versions; the client, another, renders it as it comes."""
    run = townlet.open(shutil.copytree(kitchen, tmp_path / "run"))
    serving = subprocess.Popen(
        [*TOWNLET, "telemetry", "stream", str(run.path), "--into", "tcp://127.0.0.1:0", "--also-schema"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), cwd=tmp_path,
    )  # fmt: skip
    try:
        assert serving.stderr is not None
        place = serving.stderr.readline().split()[-1]
        live = _shown(place, "60")
        assert serving.wait(60) == 0
    finally:
        serving.kill()
    file = tmp_path / "feed.jsonl"
    said("telemetry", "stream", run.path, "--into", file)
    assert live == _shown(str(file), "60")
    heads = [line for line in live.splitlines() if line.startswith("kitchen, day")]
    assert [line[:21] for line in heads] == [f"kitchen, day 0, 0{hour}:00" for hour in range(4)]
    assert all("4 people" in line for line in heads[1:])
    assert "alice" in live and "likes" in live and "(event " in live


def test_the_client_shows_a_town_while_it_lives(kitchen: Path, tmp_path: Path) -> None:
    """Its feed goes on with the town, through a pipe, until the town is closed."""
    path = shutil.copytree(kitchen, tmp_path / "run")
    command = [*TOWNLET, "telemetry", "stream", str(path), "--into", "-", "--follow", "--from-tick", "120"]
    town = subprocess.Popen([*TOWNLET, "resume", str(path), "--ticks", str(DAY)], env=environment(), cwd=tmp_path,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        while townlet.open(path).log.manifest.closed and town.poll() is None:
            time.sleep(0.02)
        feed = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=tmp_path, timeout=120)
    finally:
        town.wait(60)
    assert feed.returncode == 0, feed.stderr
    messages = read(feed.stdout)
    assert messages[0]["tick"] == 120 and messages[-1]["tick"] == TICKS + DAY
    dropped = sum(message.get("dropped", 0) for message in messages)
    assert len(messages) + dropped >= TICKS + DAY - 120
    assert said("telemetry", "validate", "-", text=feed.stdout).exit_code == 0


def _shown(place: str, every: str) -> str:
    done = subprocess.run(
        [sys.executable, str(CLIENT), place, every], capture_output=True, text=True, timeout=120, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
