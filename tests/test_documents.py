"""Documents that fail: what is written of commands, events and keys is what the code says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import documents
from cli.main import COMMANDS, GROUPS, townlet
from tests.eventlog import test_crashes, test_damage

ROOT = Path(__file__).resolve().parents[1]
RELIABILITY = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
EVERY = {name: (command, context) for name, command, context in documents.every_command()}


def test_no_document_is_stale() -> None:
    stale = [path.name for path in documents.stale()]
    assert not stale, f"`make docs` writes them anew: {', '.join(stale)}"


@pytest.mark.parametrize("name", EVERY)
def test_a_command_shows_how_it_is_used(name: str) -> None:
    command, context = EVERY[name]
    assert any(line.startswith(name) for line in documents.examples_of(command)), f"{name} --help has no example"
    assert "Examples:" in command.get_help(context)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_help_says(name: str) -> None:
    command, _ = EVERY[f"townlet {name}"]
    assert (command.help or "").partition("\n")[0] == COMMANDS[name]
    assert command.name == name


@pytest.mark.parametrize("name", EVERY)
def test_every_option_says_what_it_does(name: str) -> None:
    command, _ = EVERY[name]
    silent = [option.name for option in command.params if isinstance(option, click.Option) and not option.help]
    assert not silent


# What the log promises


def test_what_tests_a_promise_is_there() -> None:
    named = set(re.findall(r"`((?:eventlog|tests|townlet)/[\w/.]*)", RELIABILITY))
    missing = sorted(path for path in named if not (ROOT / path).exists())
    assert not missing, f"docs/reliability.md names what is not there: {', '.join(missing)}"
    assert len(named) >= 25
    for path, test in re.findall(r"(tests/[\w/]+\.py)::(test_\w+)", RELIABILITY):
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path} has no {test}"


def test_every_test_of_the_log_is_named_or_of_no_promise() -> None:
    """A new test of the log is entered, or said to test a part of it."""
    parts = {"chain", "frames", "rows", "views"}
    tests = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "eventlog").glob("test_*.py")}
    unnamed = sorted(path for path in tests if path not in RELIABILITY and path[20:-3] not in parts)
    assert not unnamed, f"docs/reliability.md says nothing of {', '.join(unnamed)}"


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("A torn tail is cut", len(test_damage.SEEDS) * test_damage.POINTS + 2 * test_damage.POINTS),
        ("A reader gives what is whole", len(test_damage.SEEDS) * test_damage.POINTS),
        ("Every byte of a sealed segment", len(test_damage.SEEDS) * test_damage.POINTS // 4),
        ("The same survives a machine that dies", test_crashes.DAMAGES),
        ("The same survives a machine that dies", test_crashes.MANY),
    ],
)
def test_a_promise_says_how_often_it_is_tested(where: str, count: int) -> None:
    (row,) = [line for line in RELIABILITY.splitlines() if line.startswith(f"| {where}")]
    assert f"{count:,} " in row, f"docs/reliability.md: {where}: it is {count:,}"


def test_a_failure_says_the_command_that_repeats_it(tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text("def test_wrong(): assert not 'right'\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "test_wrong.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "python -m pytest test_wrong.py::test_wrong" in done.stdout


def test_the_help_groups_the_commands_by_what_one_wants() -> None:
    told = CliRunner().invoke(townlet, ["--help"]).stdout
    places = [told.index(f"\n{wanted}:\n") for wanted in GROUPS]
    assert places == sorted(places)
    shown = re.findall(r"^  (\w+) +[A-Z]", told[places[0] :].partition("\n  Data goes")[0], re.MULTILINE)
    assert shown == [name for group in GROUPS.values() for name in group] == list(COMMANDS)
