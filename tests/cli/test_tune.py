"""`townlet train --tune` as somebody types it."""

from pathlib import Path

import pytest

from tests.cli.test_commands import fields, from_json, said
from tests.townlet.tuning.tiny import FILE, file_of

FEW = (
    *("--set", "config=town4", "--set", "towns=2", "--set", "rollout_ticks=60", "--set", "life_days=1"),
    *("--set", "network.hidden=8", "--set", "ppo.minibatch=16", "--set", "guards.kl_most=100"),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a search file and a study of two trials, runs/study."""
    folder = tmp_path_factory.mktemp("tuned")
    more = ("--search", file_of(folder), "--trials", 2, "--jobs", 1, "--into", folder / "runs" / "study")
    result = said("train", "smoke", "--tune", *FEW, *more)
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def here(study: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(study)
    return study


TUNE = ("train", "smoke", "--tune", *FEW, "--search", "search.yaml", "--into", "runs/study")


@pytest.mark.usefixtures("here")
class TestTune:
    def test_it_goes_on_to_more_trials_and_tells_each_on_stderr(self) -> None:
        result = said(*TUNE, "--resume", "--trials", 3, "--jobs", 1)
        told = fields(result)
        assert told["trials"] == "3" and told["stopped"] == "0" and told["best"] == "runs/study/best.yaml"
        assert float(told["return"]) >= float(told["untuned"]) and int(told["trial"]) in (0, 1, 2)
        assert "tuning ppo.rate, ppo.minibatch, network.hidden into runs/study: 3 trials" in result.stderr
        assert "trial 2 (3 of 3)  return " in result.stderr
        assert all(
            word in result.stderr for word in ("a seat-day  network.hidden 8, ", "best ", "s left", "network.hidden: ")
        )
        as_json = from_json(said(*TUNE, "--resume", "--trials", 3, "--json"))
        assert as_json["return_low"] <= as_json["return"] <= as_json["return_high"]

    def test_the_best_values_can_be_trained_with(self, tmp_path: Path) -> None:
        result = said("train", "runs/study/best.yaml", "--set", "updates=1", "--into", tmp_path / "trained")
        assert result.exit_code == 0, result.stderr
        assert fields(result)["updates"] == "1"

    def test_a_study_is_not_overwritten(self) -> None:
        result = said(*TUNE)
        assert result.exit_code == 2 and "already holds a study. Next: --resume, or another folder" in result.stderr

    @pytest.mark.parametrize("option", ["--trials", "--jobs", "--search", "--engine", "--address"])
    def test_what_belongs_to_a_study_is_refused_without_one(self, option: str) -> None:
        result = said("train", "smoke", option, "ray" if option == "--engine" else 3, "--into", "runs/new")
        assert result.exit_code == 2 and f"{option} belongs to a study. Next: add --tune" in result.stderr

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (("--search", "defalt"), "defalt: the search cannot be read"),
            (("--trials", 0), "0 is not in the range"),
            (("--set", "seed=200"), "the training that is tuned and the tuning towns share towns"),
            (("--set", "ppo.ratee=1"), "did you mean rate?"),
        ],
    )
    def test_wrong_usage_is_refused_before_anything_is_made(self, more: tuple[str, ...], words: str) -> None:
        result = said("train", "smoke", "--tune", "--into", "runs/new", *more)
        assert result.exit_code == 2 and words in result.stderr
        assert not Path("runs/new").exists()

    def test_a_search_with_a_fault_is_refused(self, tmp_path: Path) -> None:
        file = file_of(tmp_path, FILE.replace("ppo.rate", "ppo.rats"))
        result = said("train", "smoke", "--tune", "--search", file, "--into", "runs/new")
        assert (
            result.exit_code == 2 and "ppo.rats: this key cannot be searched; did you mean ppo.rate?" in result.stderr
        )

    def test_trials_that_guards_stop_are_told_and_a_study_of_none_else_exits_with_1(self, tmp_path: Path) -> None:
        more = ("--search", "search.yaml", "--trials", 1, "--jobs", 1, "--set", "guards.kl_most=1e-12")
        result = said("train", "smoke", "--tune", *FEW, *more, "--into", tmp_path / "new")
        assert "trial 0 (1 of 1)  no value: stopped after update 0: the approximate KL" in result.stderr
        assert result.exit_code == 1 and "no trial has a value: each was stopped" in result.stderr
        assert "stopped      1\n" in result.stdout and not (tmp_path / "new" / "best.yaml").exists()

    def test_without_optuna_it_says_what_brings_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("townlet.tuning.study.find_spec", lambda name: None)
        result = said("train", "smoke", "--tune", "--into", "runs/new")
        assert result.exit_code == 1 and "tuning needs optuna, which is not installed" in result.stderr
        assert "pip install 'townlet[train]'" in result.stderr and not Path("runs/new").exists()
