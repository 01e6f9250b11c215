"""`townlet experiment` as somebody types it."""

import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import from_json, said
from tests.townlet.experiments.tiny import FILE, handmade_cell, tiny
from townlet.experiments.cells import write_cell
from townlet.experiments.settings import planned


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


def test_the_picture_is_made_of_the_cells_that_are_there(tmp_path: Path) -> None:
    file, picture, told = tiny(tmp_path), tmp_path / "contrasts.svg", tmp_path / "report.md"
    for arm in ("OFF", "C1"):
        write_cell(tmp_path / "out", handmade_cell(planned(file), arm, 2))
    result = said("experiment", file, "--into", tmp_path / "out", "--plot", picture, "--report", told)
    assert result.exit_code == 0, result.stderr
    assert f"wrote {picture}" in result.stderr and f"wrote {told}" in result.stderr and not result.stdout
    drawn = picture.read_text(encoding="utf-8")
    assert "2 of 4 cells" in drawn and "C1 - OFF" in drawn
    assert "| all | 4 | 2 | 2 |" in told.read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "trainings").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--plot", "a.pdf"), "neither a .png nor a .svg"),
        (("--plot", "a.svg"), "there is nothing to draw"),
        (("--plot", "a.svg", "--arm", "C1"), "--report and --plot are of all cells"),
        (("--report", "a.md", "--seeds", "1-2"), "--report and --plot are of all cells"),
        (("--plot", "s3://bucket/a.svg"), "s3://bucket/a.svg"),
        (("--report", ""), "it is empty"),
    ],
)
def test_a_picture_that_cannot_be_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = said("experiment", tiny(tmp_path), "--into", tmp_path / "out", *more)
    assert result.exit_code == 2 and message in result.stderr
    assert not list(tmp_path.glob("a.*"))


def test_a_report_never_takes_the_place_of_a_part_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "run" / "log").mkdir(parents=True)
    (tmp_path / "run" / "run.json").write_text("{}", encoding="utf-8")
    result = said("experiment", tiny(tmp_path), "--into", tmp_path / "out", "--report", tmp_path / "run" / "run.json")
    assert result.exit_code != 0 and "belongs to the run" in result.stderr
    assert (tmp_path / "run" / "run.json").read_text(encoding="utf-8") == "{}"


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    files = ("--plot", tmp_path / "a.svg", "--report", tmp_path / "a.md")
    result = said("experiment", tiny(tmp_path), "--into", tmp_path / "out", *files)
    assert result.exit_code == 2 and "pip install 'townlet[plot]'" in result.stderr
    assert not list(tmp_path.glob("a.*"))
