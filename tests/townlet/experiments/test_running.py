"""Cells are made once, taken up again, refused under another plan, and reported."""

import json
import re
from pathlib import Path

import pytest

from tests.townlet.experiments.tiny import FILE, PLAN, tiny
from townlet.errors import ConfigurationError, TownletError
from townlet.experiments import running
from townlet.experiments.cells import Cell, cell_file, identities_of, kept_cell, training_folder
from townlet.experiments.figures import FIGURES, sums_needed
from townlet.experiments.report import p_in_words, report
from townlet.experiments.running import run_experiment
from townlet.experiments.settings import planned
from townlet.learning.kept.checkpoints import FOLDER
from townlet.learning.kept.folders import POLICY
from townlet.learning.training import Pulse, train


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The file of an experiment, and its folder with three of four cells."""
    folder = tmp_path_factory.mktemp("experiment")
    file, into = tiny(folder), folder / "out"
    made = run_experiment(file, into, seeds=(1,), jobs=1)
    assert made == ([], ["OFF-1", "C1-1"], {})
    assert run_experiment(file, into, arm="OFF", jobs=1) == (["OFF-1"], ["OFF-2"], {})
    return file, into


def test_a_cell_says_what_it_is(begun: tuple[Path, Path]) -> None:
    file, into = begun
    plan = planned(file)
    cell, other = (kept_cell(into, plan, arm, 1) for arm in ("C1", "OFF"))
    assert cell and other
    assert cell.plan == plan.plan and cell.identity != other.identity and cell.training != other.training
    assert set(cell.towns) == set(sums_needed()) and all(len(sums) == 2 for sums in cell.towns.values())
    assert cell.towns["seat_days"] == [8.0, 8.0]
    assert cell.towns["c1.social"][0] == pytest.approx(cell.towns["c1.total"][0] - cell.towns["total"][0], abs=1e-6)
    assert kept_cell(into, plan, "C1", 2) is None


def test_a_cell_that_is_there_is_not_made_again(begun: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    file, into = begun
    before = cell_file(into, "OFF", 1).read_bytes()
    monkeypatch.setattr(running.many, "run", lambda *_, **__: pytest.fail("nothing is to be made"))
    assert run_experiment(file, into, seeds=(1,)).kept == ["OFF-1", "C1-1"]
    assert cell_file(into, "OFF", 1).read_bytes() == before


def test_a_cell_that_is_lost_is_made_again_to_the_bit(begun: tuple[Path, Path]) -> None:
    """Its training is finished; only its towns live again."""
    file, into = begun
    path = cell_file(into, "C1", 1)
    before = path.read_bytes()
    path.unlink()
    assert run_experiment(file, into, arm="C1", seeds=(1,), jobs=1).made == ["C1-1"]
    assert path.read_bytes() == before


def test_the_report_counts_what_is_missing_and_compares_pairs(begun: tuple[Path, Path]) -> None:
    file, into = begun
    text = report(file, into)
    assert "| OFF | 2 | 2 | 0 |" in text and "| C1 | 2 | 1 | 1 |" in text and "| all | 4 | 3 | 1 |" in text
    assert "- C1-2: not begun" in text
    assert planned(file).plan in text
    assert "| C1 - OFF | 1 |" in text
    for name in ("mutual_ties", "talks_again", "handed_back", "late_talking", "cliques", "return.c3"):
        assert f"| {name} |" in text
    assert all(figure.part and figure.whole for figure in FIGURES.values())


@pytest.mark.parametrize(
    ("value", "words"), [(None, "-"), (2.0**-20, "< 0.0001"), (0.0001, "0.0001"), (0.25, "0.2500"), (1.0, "1.0000")]
)
def test_no_p_value_is_told_as_0(value: float | None, words: str) -> None:
    assert p_in_words(value) == words


def test_an_empty_folder_has_a_report(tmp_path: Path) -> None:
    text = report(tiny(tmp_path), tmp_path / "none")
    assert "| all | 4 | 0 | 4 |" in text and "Versions of the code: none yet" in text


def test_a_training_that_fails_ends_no_other_and_is_named(tmp_path: Path) -> None:
    text = FILE.replace("      training.social_reward_stage: C1\n", "      guards.kl_most: 1.0e-12\n")
    file = tiny(tmp_path, text=text.replace("seeds: 2", "seeds: 1"))
    made = run_experiment(file, tmp_path / "out", jobs=1)
    assert made.made == ["OFF-1"] and "guards.kl_most" in made.failed["C1-1"]
    told = report(file, tmp_path / "out")
    assert "- C1-1: " in told and "KL divergence" in told


@pytest.mark.parametrize(
    ("plan", "old", "new", "message"),
    [
        (f"{PLAN}More.\n", "", "", "was made under the plan"),
        (PLAN, "days: 1", "days: 2", "other settings"),
        (PLAN, "updates: 2", "updates: 3", "other settings"),
    ],
)
def test_cells_of_another_plan_are_refused(
    begun: tuple[Path, Path], tmp_path: Path, plan: str, old: str, new: str, message: str
) -> None:
    _, into = begun
    other = tiny(tmp_path, plan=plan, text=FILE.replace(old, new))
    for call in (lambda: run_experiment(other, into, jobs=1), lambda: report(other, into)):
        with pytest.raises(ConfigurationError, match=message):
            call()


def test_a_damaged_cell_is_told(begun: tuple[Path, Path], tmp_path: Path) -> None:
    file, into = begun
    path = cell_file(tmp_path, "OFF", 1)
    path.parent.mkdir()
    kept = json.loads(cell_file(into, "OFF", 1).read_text(encoding="utf-8"))
    path.write_text(json.dumps({**kept, "towns": 3}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="does not have the form of one"):
        kept_cell(tmp_path, planned(file), "OFF", 1)


@pytest.mark.parametrize(
    ("towns", "message"),
    [
        ({"alone": [1.0]}, "not of 2 towns"),
        ({"alone": [1.0, float("nan")]}, "is no number"),
        (None, "there is no alone"),
    ],
)
def test_a_cell_that_lacks_a_sum_is_told(
    begun: tuple[Path, Path], tmp_path: Path, towns: dict[str, list[float]] | None, message: str
) -> None:
    file, into = begun
    path = cell_file(tmp_path, "OFF", 1)
    path.parent.mkdir()
    kept = json.loads(cell_file(into, "OFF", 1).read_text(encoding="utf-8"))
    kept["towns"] |= towns or {}
    if towns is None:
        del kept["towns"]["alone"]
    path.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"this cell is damaged: .*{message}.* Next: remove it"):
        report(file, tmp_path)


def test_a_training_that_was_killed_is_taken_up_and_leaves_no_checkpoint(
    begun: tuple[Path, Path], tmp_path: Path
) -> None:
    file, whole = begun
    plan, into = planned(file), tmp_path / "out"
    run = training_folder(into, "OFF", 2)

    def kill(pulse: Pulse) -> None:
        if pulse.row["update"] == 1:
            raise Killed

    with pytest.raises(Killed):
        train(plan.training("OFF", 2), run, progress=kill)
    assert list((run / FOLDER).iterdir())
    assert "- OFF-2: under way or stopped, after 1 of 2 updates" in report(file, into)
    assert run_experiment(file, into, arm="OFF", seeds=(2,), jobs=1).made == ["OFF-2"]
    assert kept_cell(into, plan, "OFF", 2) == kept_cell(whole, plan, "OFF", 2)
    assert not list((run / FOLDER).iterdir()) and (run / POLICY).is_file()


def test_a_training_whose_manifest_is_damaged_is_told_beside_the_others(tmp_path: Path) -> None:
    run = training_folder(tmp_path / "out", "OFF", 1)
    run.mkdir(parents=True)
    (run / "training.json").write_text("{", encoding="utf-8")
    told = report(tiny(tmp_path), tmp_path / "out")
    assert re.search(r"^- OFF-1: .*training.json: the training's manifest cannot be read", told, re.MULTILINE)
    assert "- C1-1: not begun" in told


def test_a_policy_that_was_not_evaluated_is_told(
    begun: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, _ = begun

    def fail(*_: object) -> None:
        raise TownletError("the lights went out")

    with monkeypatch.context() as broken:
        broken.setattr(running, "town_sums", fail)
        made = run_experiment(file, tmp_path / "out", arm="C1", seeds=(1,), jobs=1)
    assert made.failed == {"C1-1": "TownletError: the lights went out"}
    assert "- C1-1: trained, not evaluated" in report(file, tmp_path / "out")


def test_cells_of_an_earlier_town_are_told_only_where_the_file_names_them(
    begun: tuple[Path, Path], tmp_path: Path
) -> None:
    _, into = begun
    later = FILE.replace("days: 1", "days: 2")
    cells = [Cell.model_validate_json(file.read_text(encoding="utf-8")) for file in (into / "cells").glob("*.json")]
    named = tiny(tmp_path, text=f'earlier_cells: "{identities_of(cells)}"\n{later}')
    told = report(named, into)
    assert "of an earlier town" in told and "| all | 4 |" in told
    with pytest.raises(ConfigurationError, match="other settings"):
        run_experiment(named, into, jobs=1)
    other = tiny(tmp_path, text=f'earlier_cells: "{identities_of(cells[1:])}"\n{later}')
    with pytest.raises(ConfigurationError, match="other settings"):
        report(other, into)
