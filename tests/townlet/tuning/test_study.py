"""A study: what it leaves, that it can be repeated, that one which was killed ends the same, and what it refuses."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.townlet.towns import ROOT
from tests.townlet.tuning.tiny import FILE, search, training
from townlet.configuration.load import load
from townlet.errors import ConfigurationError, TownletError
from townlet.evaluating.living import town_sums
from townlet.learning.kept.checkpoints import FOLDER
from townlet.learning.kept.folders import POLICY, read_manifest
from townlet.learning.settings import training_of
from townlet.learning.training import Pulse as Updated
from townlet.learning.training import train
from townlet.tuning import study, trials
from townlet.tuning.leaving import BEST, TABLE
from townlet.tuning.settings import changed
from townlet.tuning.study import Pulse, Study, judged_text, trainings_of, tune
from townlet.tuning.trials import training_folder, trial_file


class Killed(BaseException):
    """Stands for the end of the process."""


def left_by(into: Path) -> dict[str, bytes]:
    """What a study leaves, but for how long its trainings took and where they stood."""
    kept = [into / TABLE, into / BEST, *sorted((into / "trials").iterdir())]
    return {path.name: path.read_bytes() for path in kept}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, list[Pulse]]:
    """A study's folder, what it came to, and what was told of it."""
    folder = tmp_path_factory.mktemp("study")
    told: list[Pulse] = []
    found = tune(training(), search(folder), folder / "out", jobs=1, progress=told.append)
    return folder / "out", found, told


def test_it_leaves_a_row_for_each_trial_and_the_best_of_them(made: tuple[Path, Study, list[Pulse]]) -> None:
    into, found, told = made
    rows = pq.read_table(into / TABLE).to_pylist()
    assert [row["trial"] for row in rows] == list(range(5)) and {row["state"] for row in rows} == {"finished"}
    assert found.best and found.best.value == max(row["value"] for row in rows)
    assert all(row["low"] < row["value"] < row["high"] for row in rows)
    own = training()
    assert (rows[0]["ppo.rate"], rows[0]["ppo.minibatch"], rows[0]["network.hidden"]) == (own.ppo.rate, 16, 8)
    assert found.untuned and found.untuned.number == 0
    assert len({row["ppo.rate"] for row in rows}) == 5
    assert [pulse.done for pulse in told] == [1, 2, 3, 4, 5] and {pulse.of for pulse in told} == {5}
    assert told[-1].best == found.best


def test_best_yaml_is_a_training_file_with_the_best_values(made: tuple[Path, Study, list[Pulse]]) -> None:
    into, found, _ = made
    assert found.best
    wanted = changed(training(), {**found.best.values, "name": "town-tuned"})
    assert training_of(into / BEST) == wanted
    text = (into / BEST).read_text(encoding="utf-8")
    assert text.startswith(f"# Trial {found.best.number}, the best of 5 of the study {found.digest}.")
    assert 'social_reward_stage: "OFF"' in text


def test_a_trials_value_is_the_return_of_its_policy_in_the_tuning_towns(
    made: tuple[Path, Study, list[Pulse]], tmp_path: Path
) -> None:
    into, found, _ = made
    trial, given = found.trials[1], search(tmp_path)
    run = training_folder(into, 1, 0)
    lived = [
        town_sums(judged_text(training(), given), seed, 1, str(run / POLICY), [0, 1, 2, 3], "")
        for seed in (2_000_001, 2_000_002)
    ]
    assert trial.towns == tuple(sum(sums["total"]) / 4 for sums in lived)
    assert trial.value == pytest.approx(sum(trial.towns) / 2, rel=1e-12)
    trained = read_manifest(run).training
    assert (trained.seed, trained.first_seed, trained.updates) == (1_000_000, 10_000_000_000, 2)
    assert trained.ppo.rate == trial.values["ppo.rate"]
    assert not list((run / FOLDER).iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_the_same_study_again_is_the_same_to_the_byte_whatever_the_jobs(
    made: tuple[Path, Study, list[Pulse]], tmp_path: Path, engine: str
) -> None:
    if engine == "ray":
        pytest.importorskip("ray")
    into, found, _ = made
    again = tune(training(), search(tmp_path), tmp_path / "out", jobs=2, engine=engine)
    assert again == found
    assert left_by(tmp_path / "out") == left_by(into)


def test_a_study_that_was_killed_in_a_training_and_in_a_round_ends_the_same(
    made: tuple[Path, Study, list[Pulse]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into, found, _ = made
    given, out = search(tmp_path), tmp_path / "out"

    def kill(pulse: Pulse) -> None:
        if pulse.done == 3:
            raise Killed

    with pytest.raises(Killed):
        tune(training(), given, out, jobs=1, progress=kill)
    assert len(list((out / "trials").iterdir())) == 3
    (trained,) = trainings_of(training(), given, 3, found.trials[3].values)

    def kill_training(pulse: Updated) -> None:
        if pulse.row["update"] == 1:
            raise Killed

    with pytest.raises(Killed):
        train(trained, training_folder(out, 3, 0), progress=kill_training)
    made_anew: list[int] = []
    monkeypatch.setattr(trials, "write_trial", _noting(made_anew, trials.write_trial))
    assert tune(training(), given, out, resume=True, jobs=1) == found
    assert made_anew == [3, 4]
    assert left_by(out) == left_by(into)


ALONE = """
import sys
from pathlib import Path
from tests.townlet.tuning.tiny import search, training
from townlet.tuning.study import tune
folder = Path(sys.argv[1])
tune(training(), search(folder), folder / "out", jobs=1, resume=True)
"""


@pytest.mark.slow
def test_a_study_whose_process_is_killed_again_and_again_ends_the_same(
    made: tuple[Path, Study, list[Pulse]], tmp_path: Path
) -> None:
    """It is killed when so many trials are kept, and a moment later: within a training, or while towns live."""
    into, _, _ = made
    for kept in (0, 1, 2, 4):
        with subprocess.Popen([sys.executable, "-c", ALONE, str(tmp_path)], cwd=ROOT) as process:
            while len(list((tmp_path / "out" / "trials").glob("*.json"))) < kept or not (tmp_path / "out").is_dir():
                assert process.poll() is None
                time.sleep(0.02)
            time.sleep(0.1 * kept)
            process.kill()
            assert process.wait() == -signal.SIGKILL
    subprocess.run([sys.executable, "-c", ALONE, str(tmp_path)], cwd=ROOT, check=True)
    assert left_by(tmp_path / "out") == left_by(into)


def _noting(numbers: list[int], write: Any) -> Any:
    def noted(into: Path, trial: trials.Trial) -> None:
        numbers.append(trial.number)
        write(into, trial)

    return noted


def test_a_study_goes_on_to_more_trials_and_equals_one_that_had_them_at_once(
    made: tuple[Path, Study, list[Pulse]], tmp_path: Path
) -> None:
    """A round of two is cut after its first trial. It does not go on to fewer, which would leave some out."""
    into, found, _ = made
    first = tune(training(), search(tmp_path), tmp_path / "out", trials=3, jobs=1)
    assert first.trials == found.trials[:3]
    assert tune(training(), search(tmp_path), tmp_path / "out", trials=5, resume=True, jobs=1) == found
    with pytest.raises(ConfigurationError, match="has 5 trials already, and 4 are fewer"):
        tune(training(), search(tmp_path), tmp_path / "out", trials=4, resume=True, jobs=1)
    assert left_by(tmp_path / "out") == left_by(into)


def test_a_training_that_a_guard_stops_is_a_trial_without_a_value(tmp_path: Path) -> None:
    given = search(tmp_path, FILE.replace("trials: 5", "trials: 2"))
    found = tune(training(guards={"kl_most": 1e-12}), given, tmp_path / "out", jobs=1)
    assert found.best is None and [trial.state for trial in found.trials] == ["stopped", "stopped"]
    assert all(trial.why.startswith("stopped after update 0: the approximate KL") for trial in found.trials)
    assert pq.read_table(tmp_path / "out" / TABLE)["value"].to_pylist() == [None, None]
    assert not (tmp_path / "out" / BEST).exists()


def test_a_trial_whose_training_was_stopped_and_which_was_killed_then_is_not_trained_on(tmp_path: Path) -> None:
    given = search(tmp_path, FILE.replace("trials: 5", "trials: 1"))
    stopping, out = training(guards={"kl_most": 1e-12}), tmp_path / "out"
    found = tune(stopping, given, out, jobs=1)
    trial_file(out, 0).unlink()
    assert tune(stopping, given, out, resume=True, jobs=1) == found
    assert read_manifest(training_folder(out, 0, 0)).updates == 1


def test_values_that_do_not_fit_together_are_a_trial_without_a_value(tmp_path: Path) -> None:
    text = FILE.replace("ppo.minibatch: {low: 8, high: 32, log: true}", "rollout_ticks: {choices: [60, 1500]}")
    text = text.replace("network.hidden: {choices: [8, 16]}", "life_days: {choices: [1, 2]}")
    given = search(tmp_path, text.replace("trials: 5", "trials: 6"))
    found = tune(training(life_days=2), given, tmp_path / "out", jobs=1)
    wrong = [trial for trial in found.trials if (trial.values["rollout_ticks"], trial.values["life_days"]) == (1500, 1)]
    assert wrong and all(trial.state == "stopped" and "a life has 1440 ticks" in trial.why for trial in wrong)
    assert found.best not in wrong and found.untuned is None


def test_several_trainings_of_a_trial_count_by_their_mean(tmp_path: Path) -> None:
    text = FILE.replace("trials: 5", "trials: 1\ntrainings: 2")
    found = tune(training(), search(tmp_path, text), tmp_path / "out", jobs=1)
    single = tune(training(), search(tmp_path, FILE.replace("trials: 5", "trials: 1")), tmp_path / "one", jobs=1)
    assert len(set(found.trials[0].weights)) == 2 and found.trials[0].weights[0] == single.trials[0].weights[0]
    seeds = [read_manifest(training_folder(tmp_path / "out", 0, place)).training.seed for place in (0, 1)]
    assert seeds == [1_000_000, 1_000_001]
    assert found.trials[0].value != single.trials[0].value


def test_towns_are_paid_as_in_the_last_update_of_a_trial(tmp_path: Path) -> None:
    given = search(tmp_path)
    stages = {"social_reward_stage": "C1", "social_reward_schedule": [[2, "C3"]]}
    text = judged_text(training(training=stages), given)
    assert text == load("town4", {"rewards.social.stage": "c1"}, founded=True).text


@pytest.mark.parametrize(
    ("changes", "old", "new", "words"),
    [
        ({"seed": 2}, "", "", "holds the study .* with another training or search"),
        ({}, "days: 1", "days: 2", "holds the study .* with another training or search"),
        ({}, "low: 0.0002", "low: 0.0001", "holds the study .* with another training or search"),
    ],
)
def test_another_study_does_not_go_on_in_the_folder(
    made: tuple[Path, Study, list[Pulse]], tmp_path: Path, changes: dict[str, int], old: str, new: str, words: str
) -> None:
    into, _, _ = made
    before = left_by(into)
    with pytest.raises(ConfigurationError, match=words):
        tune(training(**changes), search(tmp_path, FILE.replace(old, new)), into, resume=True, jobs=1)
    assert left_by(into) == before


def test_it_goes_on_only_where_asked_and_with_the_same_sampler(
    made: tuple[Path, Study, list[Pulse]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into, found, _ = made
    with pytest.raises(ConfigurationError, match=r"already holds a study\. Next: --resume"):
        tune(training(), search(tmp_path), into, jobs=1)
    monkeypatch.setattr(study.many, "run", lambda *_, **__: pytest.fail("nothing is to be made"))
    assert tune(training(), search(tmp_path), into, resume=True) == found
    monkeypatch.setattr(study, "version", lambda _: "4.0.0")
    with pytest.raises(ConfigurationError, match=r"optuna: 4\.0\.0, not "):
        tune(training(), search(tmp_path), into, resume=True)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"holds something else, such as notes\.txt"):
        tune(training(), search(tmp_path), tmp_path, jobs=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"towns": 3}, "does not have the form of one"),
        ({"values": {"ppo.rate": 1.0}}, "is a trial of another study, or with other values"),
        ({"study": "another"}, "is a trial of another study, or with other values"),
    ],
)
def test_a_damaged_trial_is_told(
    made: tuple[Path, Study, list[Pulse]], tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    into, found, _ = made
    kept = json.loads(trial_file(into, 1).read_text(encoding="utf-8"))
    path = trial_file(tmp_path, 1)
    path.parent.mkdir()
    path.write_text(json.dumps({**kept, **change}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        trials.kept_trial(tmp_path, found.digest, 1, found.trials[1].values)


def test_a_trial_that_fails_for_another_reason_ends_the_study_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TownletError("the lights went out")

    monkeypatch.setattr(trials, "town_sums", fail)
    with pytest.raises(TownletError, match="the lights went out"):
        tune(training(), search(tmp_path, FILE.replace("trials: 5", "trials: 1")), tmp_path / "out", jobs=1)
