"""`townlet train` as somebody types it, and trainings in `townlet runs` and `townlet diff`."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import fields, from_json, said

FEW = (
    *("--set", "towns=1", "--set", "rollout_ticks=60", "--set", "life_days=1", "--set", "updates=2"),
    *("--set", "network.hidden=8", "--set", "tensorboard=false", "--set", "ppo.minibatch=16"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the trainings runs/a and, of another seed, runs/b."""
    folder = tmp_path_factory.mktemp("trained")
    for name, seed in (("a", 1), ("b", 2)):
        result = said("train", "smoke", *FEW, "--set", f"seed={seed}", "--into", folder / "runs" / name)
        assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def here(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(trained)
    return trained


@pytest.mark.usefixtures("here")
class TestTrain:
    def test_it_says_what_it_made_and_tells_progress_on_stderr(self, tmp_path: Path) -> None:
        result = said("train", "smoke", *FEW, "--into", tmp_path / "new")
        told = fields(result)
        assert told["updates"] == "2" and len(told["weights"]) == 64
        assert Path(told["policy"]).is_file()
        assert "update 2 of 2 (ppo)  return " in result.stderr
        assert all(word in result.stderr for word in ("a seat-day", "decisions/s", "agent-steps/s", "KL", "s left"))

    def test_a_training_is_not_overwritten_and_resumes_where_it_ended(self) -> None:
        result = said("train", "smoke", *FEW, "--into", "runs/a")
        assert result.exit_code == 2 and "already holds a training. Next: --resume" in result.stderr
        done = from_json(said("train", "smoke", *FEW, "--into", "runs/a", "--resume", "--json"))
        assert done["updates"] == 2 and done["return"] is not None

    def test_another_number_of_threads_is_refused(self) -> None:
        result = said("train", "smoke", *FEW, "--into", "runs/a", "--resume", "--set", "threads=2")
        assert result.exit_code == 2 and "other settings" in result.stderr

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("smok",), "did you mean smoke?"),
            (("smoke", "--set", "updatez=3"), "there is no such key (3 given); did you mean updates?"),
            (("smoke", "--set", "updates"), "is not KEY=VALUE"),
            (("smoke", "--set", "overrides.rewards.wagee=3"), "did you mean wage?"),
            (("smoke", "--set", "config=nowhere"), "nowhere: the file cannot be read"),
        ],
    )
    def test_wrong_usage_is_refused_before_anything_is_made(self, arguments: tuple[str, ...], words: str) -> None:
        result = said("train", *arguments, "--into", "runs/new")
        assert result.exit_code == 2 and words in result.stderr
        assert not Path("runs/new").exists()

    def test_a_guard_ends_it_with_1_and_words(self, tmp_path: Path) -> None:
        result = said("train", "smoke", *FEW, "--set", "guards.kl_most=1e-12", "--into", tmp_path / "new")
        assert result.exit_code == 1 and "(guards.kl_most). Next: a lower ppo.rate" in result.stderr
        (row,) = from_json(said("runs", tmp_path, "--json"))
        assert (row["state"], row["updates"]) == ("stopped", 1)

    def test_without_torch_it_says_what_brings_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("townlet.learning.kept.folders.find_spec", lambda name: None)
        result = said("train", "smoke", "--into", "runs/new")
        assert result.exit_code == 1 and "pip install 'townlet[train]'" in result.stderr
        assert not Path("runs/new").exists()


@pytest.mark.usefixtures("here")
def test_trainings_are_listed_among_runs() -> None:
    rows = from_json(said("runs", "--json"))
    assert [(row["run"], row["config"], row["seed"], row["updates"], row["state"]) for row in rows] == [
        ("a", "smoke", 1, 2, "finished"),
        ("b", "smoke", 2, 2, "finished"),
    ]
    assert "smoke" in said("runs").stdout


@pytest.mark.usefixtures("here")
class TestDiff:
    def test_it_names_the_first_update_and_decision_in_which_two_part(self) -> None:
        result = said("diff", "a", "runs/b", "--decision")
        assert result.exit_code == 4 and "they differ from the first" in result.stderr
        assert "digests of that update" in result.stdout and "seed" in result.stdout
        assert "the first decision that differs, number 0 of the rollout of update 0" in result.stdout
        assert re.search(
            r"first event of town \d+ \(seeds \d+ and \d+\) that differs\n  a: event \d+, tick 0: ", result.stdout
        )
        result = said("diff", "a", "b", "--json")
        assert result.exit_code == 4 and '"update": 0' in result.stdout and '"event": null' in result.stdout

    def test_where_the_weights_part_first_it_names_decision_and_event_of_the_next_update(self) -> None:
        other = Path("runs/rate")
        assert said("train", "smoke", "--into", other, *FEW, "--set", "ppo.rate=0.1").exit_code == 0
        result = said("diff", "a", other, "--decision")
        assert "rollouts of update 0 are the same: they part in what is learned" in result.stderr
        assert re.search(r"number \d+ of the rollout of update 1\n", result.stdout)
        found = json.loads(said("diff", "a", other, "--decision", "--json").stdout)
        assert found["update"] == 0 and found["decision"]["update"] == 1
        sides = found["event"]["a"], found["event"]["b"]
        assert sides[0] != sides[1] and {"kind", "tick", "seq"} <= set(sides[0]) & set(sides[1])
        shutil.rmtree(other)

    def test_a_training_is_equal_to_itself(self) -> None:
        result = said("diff", "a", "a")
        assert result.exit_code == 0 and "the same training by their digests: 2 updates" in result.stderr

    def test_a_training_and_a_run_are_not_compared(self) -> None:
        result = said("diff", "a", "nowhere")
        assert result.exit_code == 2 and "a is a training, and 'nowhere' is none" in result.stderr


def test_listing_runs_brings_no_torch(trained: Path) -> None:
    import subprocess

    code = (
        f"import sys\nfrom townlet.learning.kept.folders import listed, trainings_below\nfrom pathlib import Path\n"
        f"[listed(path) for path in trainings_below(Path({str(trained)!r}))]\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
