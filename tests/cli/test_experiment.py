"""`townlet experiment` as somebody types it."""

from pathlib import Path

import pytest

from tests.cli.test_commands import from_json, said
from tests.townlet.experiments.tiny import FILE, tiny


def test_it_makes_cells_then_reports_them(tmp_path: Path) -> None:
    file = tiny(tmp_path)
    into = ("--into", tmp_path / "out")
    result = said("experiment", file, *into, "--arm", "C1", "--seeds", "2-2", "--jobs", "1", "--json")
    assert result.exit_code == 0, result.stderr
    assert from_json(result) == [{"cell": "C1-2", "state": "made", "error": ""}]
    told = said("experiment", file, *into, "--report", tmp_path / "report.md")
    assert told.exit_code == 0, told.stderr
    assert "- OFF-1: not begun" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_cell_that_fails_ends_with_code_1(tmp_path: Path) -> None:
    file = tiny(tmp_path, text=FILE.replace("guards.kl_most: 1000.0", "guards.kl_most: 1.0e-12"))
    result = said("experiment", file, "--into", tmp_path / "out", "--arm", "C1", "--seeds", "1", "--jobs", "1")
    assert result.exit_code == 1
    assert "failed" in result.stdout and "guards.kl_most" in result.stdout


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--arm", "C4"), "there is no arm 'C4'; did you mean C1?"),
        (("--seeds", "9-9"), "seed 9 is not planned"),
        (("--seeds", "9-5"), "does not give seeds"),
    ],
)
def test_what_is_not_planned_is_refused(tmp_path: Path, more: tuple[str, ...], message: str) -> None:
    result = said("experiment", tiny(tmp_path), "--into", tmp_path / "out", *more)
    assert result.exit_code == 2 and message in result.stderr


def test_an_unknown_experiment_is_refused(tmp_path: Path) -> None:
    result = said("experiment", "social_reward", "--into", tmp_path / "out")
    assert result.exit_code == 2 and "social_rewards" in result.stderr
