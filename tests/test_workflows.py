"""What the forge runs: valid workflows that call the same targets as anybody, on every Python that is supported."""

import re
import tomllib
from typing import Any, Final

import pytest
import yaml

from cli.commands.accept import CHECKS, OPERATORS, PICTURES, WORKFLOWS
from tests.test_wheel import ROOT

TARGETS: Final = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
OLDEST: Final = (3, 11)


def workflow(name: str) -> dict[Any, Any]:
    """A workflow as it is read; YAML takes its key `on` for true."""
    read: dict[Any, Any] = yaml.safe_load((ROOT / name).read_text("utf-8"))
    return read


def commands_of(name: str) -> list[str]:
    """Every command that a workflow runs."""
    return [
        line
        for job in workflow(name)["jobs"].values()
        for step in job["steps"]
        for line in step.get("run", "").split("\n")
        if line.strip()
    ]


SCRIPTS = (".ci/run", ".ci/shells")
"""What a workflow runs beside make's targets."""


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_runs_targets_that_there_are(name: str) -> None:
    found = commands_of(name)
    assert found
    for command in found:
        first, *rest = command.split()
        assert first in ("make", *SCRIPTS), command
        assert first != "make" or set(rest) <= TARGETS, f"{command}: there are {sorted(TARGETS)}"
        assert first == "make" or (not rest and (ROOT / first).is_file()), command
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_ci_runs_on_every_supported_python() -> None:
    least = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    pythons = workflow(WORKFLOWS[0])["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert least == f">={pythons[0]}" and pythons == [f"3.{OLDEST[1] + number}" for number in range(len(pythons))]
    assert len(pythons) == 3
    assert {"push", "pull_request"} <= set(workflow(WORKFLOWS[0])[True])


def test_the_slow_tests_and_the_soak_run_every_night() -> None:
    assert workflow(WORKFLOWS[1])[True]["schedule"]
    ran = " ".join(commands_of(WORKFLOWS[1])).split()
    assert {"test-slow", "soak", "accept", "docs"} <= set(ran)


def test_every_check_of_ci_has_tests_that_are_not_slow() -> None:
    for check, name in CHECKS.items():
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"^pytestmark = .*slow", text, re.MULTILINE), name
        tests = re.findall(r"((?:^@[^\n]*\n)*)^def test_", text, re.MULTILINE)
        assert any("slow" not in marks for marks in tests), f"{check}: every test of {name} is slow"


@pytest.mark.parametrize("place", [*OPERATORS.values(), *PICTURES.values()])
def test_what_the_decision_shows_is_there(place: str) -> None:
    assert (ROOT / place).is_file()
