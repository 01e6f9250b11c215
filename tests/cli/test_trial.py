"""`townlet trial`: what it prints, what it keeps, and its exit codes."""

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import said
from townlet.whatif.trials.plan import planned, shipped_trials

TRIAL = {
    "question": "What does rain do?",
    "seed": 7,
    "moment": 600,
    "futures": 3,
    "days": 1,
    "arms": {"control": {}, "placebo": {"placebo": True, "do": ["announce it stays dry"]}, "wet": {"do": ["rain"]}},
    "outcomes": ["hunger"],
}


def written(folder: Path, **changes: object) -> str:
    file = folder / "rain.yaml"
    file.write_text(json.dumps(TRIAL | changes), "utf-8")
    return str(file)


def test_a_trial_says_its_answer_and_keeps_its_plan_and_result(tmp_path: Path) -> None:
    words = ["--into", str(tmp_path / "kept"), "--report", str(tmp_path / "rain.md")]
    done = said("trial", written(tmp_path), *words)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("The placebo shows nothing: in 3 of 3 pairs")
    names = {"plan.json", "result.json", "effects.arrow", "towns.arrow", "report.md", "history"}
    assert {path.name for path in (tmp_path / "kept").iterdir()} == names
    assert (tmp_path / "rain.md").read_text("utf-8").startswith("# Trial rain\n")
    again = said("trial", written(tmp_path), "--json", "--into", str(tmp_path / "kept"), "--jobs", "1")
    assert json.loads(again.stdout)["sha256"] in done.stdout
    other = said("trial", written(tmp_path, futures=4), "--into", str(tmp_path / "kept"))
    assert (other.exit_code, other.stdout) == (2, "") and "another plan" in other.stderr


def test_a_placebo_that_is_none_ends_with_1(tmp_path: Path) -> None:
    arms = {"control": {}, "placebo": {"placebo": True, "do": ["blackout"]}}
    done = said("trial", written(tmp_path, arms=arms), "--csv")
    assert done.exit_code == 1
    assert done.stdout.startswith("arm,outcome,day,control,treated,mean,low,high,p,holm,")


def test_an_unknown_trial_is_refused_with_the_shipped_ones() -> None:
    done = said("trial", "blackot")
    assert done.exit_code == 2 and "blackout" in done.stderr


@pytest.mark.parametrize("name", sorted(shipped_trials()))
def test_every_shipped_trial_has_a_placebo_and_can_be_read(name: str) -> None:
    plan = planned(name)
    assert plan.name == name and any(arm.placebo for arm in plan.settings.arms.values())
    assert len(plan.digest) == 64


@pytest.mark.slow
def test_the_shipped_trial_finds_that_a_blackout_does_something_and_a_placebo_nothing() -> None:
    found = json.loads(said("trial", "blackout", "--json").stdout)
    assert found["placebos"]["placebo"] == {"pairs": 200, "alike": 200, "parted": 0}
    sure = [row for row in found["effects"] if row["holm"] is not None and row["holm"] < 0.05]
    assert sure and all(row["arm"] == "blackout" and row["towns_unpaired"] > row["towns"] for row in sure)


def test_a_report_never_takes_the_place_of_a_part_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run" / "log").mkdir(parents=True)
    (tmp_path / "run" / "run.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr("townlet.trial", lambda *_, **__: pytest.fail("futures lived in vain"))
    done = said("trial", written(tmp_path), "--report", tmp_path / "run" / "run.json")
    assert done.exit_code != 0 and "belongs to the run" in done.stderr
    assert (tmp_path / "run" / "run.json").read_text(encoding="utf-8") == "{}"
