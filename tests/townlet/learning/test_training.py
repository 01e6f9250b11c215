"""The training loop: what is kept, what goes on to the bit, what is refused, what stops it."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import townlet
from tests.townlet.learning.small import left_by, small
from townlet.configuration.load import load
from townlet.errors import ConfigurationError
from townlet.learning import trainer as trainers
from townlet.learning.advantages import estimates
from townlet.learning.batches import batch_of
from townlet.learning.guards import Stopped
from townlet.learning.kept.checkpoints import FOLDER, newest_checkpoint
from townlet.learning.kept.folders import (
    LOGS,
    MANIFEST,
    METRICS,
    POLICY,
    SPEEDS,
    listed,
    read_manifest,
    trainings_below,
)
from townlet.learning.kept.metrics import read_table
from townlet.learning.kept.parting import first_decision, first_event, parting
from townlet.learning.optimising import Diverged
from townlet.learning.trainer import Trainer
from townlet.learning.training import Pulse, train
from townlet.policies.file import Policy

KILLS = 20


class Killed(BaseException):
    """Stands for the end of the process."""


def kill_at(update: int) -> Callable[[Pulse], None]:
    """Progress that ends the training after an update."""

    def see(pulse: Pulse) -> None:
        if pulse.row["update"] == update:
            raise Killed

    return see


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small training that was never stopped."""
    run = tmp_path_factory.mktemp("trainings") / "unbroken"
    train(small(), run)
    return run


@pytest.fixture(scope="module")
def alive() -> Trainer:
    """A small training in memory, after two updates."""
    trainer = Trainer(small(), load("town")).begin()
    trainer.step()
    trainer.step()
    return trainer


def test_a_training_leaves_a_policy_and_a_row_an_update(unbroken: Path) -> None:
    manifest, rows = read_manifest(unbroken), read_table(unbroken / METRICS)
    assert manifest.ended == "finished" and manifest.updates == 6 == len(rows)
    assert [row["update"] for row in rows] == list(range(6))
    assert rows[0]["agent_steps"] == 2 * 8 * 120 and all(row["decisions"] > 0 for row in rows)
    assert [row["rate"] for row in rows] == pytest.approx([1e-3 * (1 - update / 6) for update in range(6)])
    terms = [name for name in rows[0] if name.startswith("return.")]
    assert sum(rows[3][name] for name in terms) == pytest.approx(rows[3]["return"], abs=1e-9)
    policy = Policy.read(unbroken / POLICY)
    assert policy.identity.weights == manifest.weights and policy.identity.training == manifest.digest
    assert (policy.identity.stage, policy.identity.hidden, policy.identity.horizon_days) == ("OFF", 16, 4.0)
    kept = newest_checkpoint(unbroken)
    assert kept is not None and kept.update == 6
    assert policy.tensors["actor.weight"].tobytes() == kept.arrays["weights/actor.weight"].tobytes()


@pytest.mark.parametrize("update", [0, 1, 4, 5])
def test_killed_and_resumed_equals_unbroken(update: int, unbroken: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(small(), tmp_path / "run", progress=kill_at(update))
    assert train(small(), tmp_path / "run", resume=True).is_finished
    assert left_by(tmp_path / "run") == left_by(unbroken)


KINDS: dict[str, dict[str, Any]] = {
    "cnn": {"network": {"kind": "cnn", "hidden": 16}, "variant": "hybrid", "cloning": {"updates": 1}, "updates": 3},
    "lstm": {"network": {"kind": "lstm", "hidden": 16, "sequence": 6}, "rollout_ticks": 700, "updates": 4},
}
"""Small trainings of the networks that run through torch. Lives of a day end within them."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_other_networks_are_resumed_to_the_bit_and_their_policies_act(kind: str, tmp_path: Path) -> None:
    training = small(checkpoint_every=1, **KINDS[kind])
    train(training, tmp_path / "whole")
    with pytest.raises(Killed):
        train(training, tmp_path / "run", progress=kill_at(2))
    train(training, tmp_path / "run", resume=True)
    assert left_by(tmp_path / "run") == left_by(tmp_path / "whole")
    policy = Policy.read(tmp_path / "run" / POLICY)
    assert (policy.identity.kind, policy.identity.variant) == (kind, training.variant)
    lived = townlet.simulate(ticks=100, into=tmp_path / "lived", policy=policy)
    assert len(lived.decisions()) > 20


def test_what_an_lstm_remembers_is_part_of_its_state(tmp_path: Path) -> None:
    training = small(checkpoint_every=1, **KINDS["lstm"])
    with pytest.raises(Killed):
        train(training, tmp_path / "run", progress=kill_at(2))
    kept = newest_checkpoint(tmp_path / "run")
    assert kept is not None
    remembered = kept.arrays["towns/remembered"]
    assert len(remembered) == len(kept.arrays["towns/rows"]) > 4
    assert remembered.shape[1:] == (2, 32) and remembered[:, 1].any(1).all()


def test_killed_inside_of_an_update_with_logs_stages_and_cloning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cloning passes into PPO, the stage changes, lives end and towns are logged on both sides of the kill."""
    changes: dict[str, Any] = {
        "cloning": {"updates": 3},
        "updates": 5,
        "rollout_ticks": 360,
        "logged_towns": 1,
        "training": {"social_reward_schedule": [[2, "C1"]]},
    }
    train(small(**changes), tmp_path / "whole")
    rows = read_table(tmp_path / "whole" / METRICS)
    assert [row["phase"] for row in rows] == ["cloning"] * 3 + ["ppo"] * 5
    assert [row["stage"] for row in rows] == ["OFF"] * 5 + ["C1"] * 3
    for made, checkpoint in ((2, 2), (1, 2), (3, 4)):
        with monkeypatch.context() as patch:
            patch.setattr(trainers, "figures_of", _ending_after(made))
            with pytest.raises(Killed):
                train(small(**changes), tmp_path / "run", resume=True)
        kept = newest_checkpoint(tmp_path / "run")
        assert kept is not None and kept.update == checkpoint
    train(small(**changes), tmp_path / "run", resume=True)
    assert left_by(tmp_path / "run") == left_by(tmp_path / "whole")
    logs = [sorted((tmp_path / name / LOGS).iterdir()) for name in ("run", "whole")]
    assert [path.name for path in logs[0]] == [path.name for path in logs[1]] and len(logs[0]) > 1
    for mine, other in zip(*logs, strict=True):
        assert townlet.open(mine).log_digest == townlet.open(other).log_digest


def _ending_after(made: int) -> Callable[..., Any]:
    """`figures_of` that ends the training in the update after `made` of them, when it has learned and told nothing."""
    figures, calls = trainers.figures_of, [0]

    def ending(books: np.ndarray, seats: int, ticks: int, per_day: int) -> dict[str, float]:
        calls[0] += ticks == 360
        if calls[0] > made:
            raise Killed
        return figures(books, seats, ticks, per_day)

    return ending


def test_two_trainings_of_a_seed_are_equal_and_another_seed_differs_from_the_first_update(
    unbroken: Path, tmp_path: Path
) -> None:
    train(small(), tmp_path / "again")
    assert left_by(tmp_path / "again") == left_by(unbroken)
    assert not parting(unbroken, tmp_path / "again").differs
    train(small(seed=2, updates=1), tmp_path / "other")
    found = parting(unbroken, tmp_path / "other")
    assert found.update == 0 and found.digests[0].key == "rollout"
    assert {"seed", "updates"} <= {each.key for each in found.settings}


def test_the_first_update_and_decision_in_which_two_part(unbroken: Path, tmp_path: Path) -> None:
    """Another clip changes what is learned in update 0, and so what is chosen in a later one."""
    changed = small(ppo={"minibatch": 16, "epochs": 2, "clip": 0.01})
    train(changed, tmp_path / "run")
    found = parting(unbroken, tmp_path / "run")
    assert found.update == 0 and [each.key for each in found.digests] == ["weights", "optimiser"]
    assert [(each.key, each.a, each.b) for each in found.settings] == [("ppo.clip", 0.2, 0.01)]
    assert first_decision(unbroken, tmp_path / "run", 0) is None
    later = first_decision(unbroken, tmp_path / "run", 1)
    assert later is not None and {each.key for each in later.fields} >= {"town", "tick", "person", "action"}
    assert any(each.a != each.b for each in later.fields)


def test_the_first_event_in_which_two_part(unbroken: Path, tmp_path: Path) -> None:
    """Another rate changes what is learned in update 0, and so what somebody chooses later, which an event records."""
    changed = small(ppo={"minibatch": 16, "epochs": 2, "rate": 0.05})
    train(changed, tmp_path / "run")
    decision = first_decision(unbroken, tmp_path / "run", 1)
    assert decision is not None
    event = first_event(unbroken, tmp_path / "run", 1, decision.town)
    assert event is not None and event.is_first and event.seeds[0] == event.seeds[1]
    (one,), (other,) = event.a, event.b
    assert one.tobytes() != other.tobytes() and one["seq"] == other["seq"] and one["tick"] >= 120
    assert first_event(unbroken, unbroken, 1, 0) is None and first_event(unbroken, unbroken, 1, 2) is None


def test_trainings_of_other_observations_part_where_a_row_differs(unbroken: Path, tmp_path: Path) -> None:
    train(small(overrides={"observations.social.enabled": False}, updates=1), tmp_path / "run")
    decision = first_decision(unbroken, tmp_path / "run", 0)
    assert decision is not None and decision.number == 0
    assert {"value", "log_prob"} & {each.key for each in decision.fields if each.a != each.b}


def test_towns_of_another_seed_part_at_their_founding(unbroken: Path, tmp_path: Path) -> None:
    train(small(first_town_seed=5, updates=1), tmp_path / "run")
    decision = first_decision(unbroken, tmp_path / "run", 0)
    assert decision is not None
    event = first_event(unbroken, tmp_path / "run", 0, decision.town)
    assert event is not None and event.is_first
    assert event.seeds[1] == 5 + decision.town and event.seeds[0] != event.seeds[1]
    assert event.a["tick"] == event.b["tick"] == 0


def test_a_resume_with_other_bits_or_settings_is_refused(unbroken: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="already holds a training"):
        train(small(), unbroken)
    with pytest.raises(ConfigurationError, match="with other settings"):
        train(small(updates=7), unbroken, resume=True)
    with pytest.raises(ConfigurationError, match="with other settings"):
        train(small(threads=2), unbroken, resume=True)
    for name, other in (("threads", 3), ("torch", "2.0"), ("capability", "NONE")):
        run = tmp_path / name
        run.mkdir()
        manifest = json.loads((unbroken / MANIFEST).read_text())
        manifest["machine"][name] = other
        (run / MANIFEST).write_text(json.dumps(manifest))
        with pytest.raises(ConfigurationError, match=f"same bits: {name}: .*, not {other}"):
            train(small(), run, resume=True)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.md").write_text("years of work")
    with pytest.raises(ConfigurationError, match="something else, such as chapter"):
        train(small(), tmp_path / "thesis", resume=True)


def test_a_finished_training_stays_as_it_is(unbroken: Path) -> None:
    before = left_by(unbroken)
    assert train(small(), unbroken, resume=True).is_finished
    assert left_by(unbroken) == before


def test_a_damaged_checkpoint_is_passed_over(unbroken: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(small(), tmp_path / "run", progress=kill_at(4))
    newest = max((tmp_path / "run" / FOLDER).iterdir())
    content = bytearray(newest.read_bytes())
    content[-9] ^= 1
    newest.write_bytes(content)
    kept = newest_checkpoint(tmp_path / "run")
    assert kept is not None and kept.update == 2 and newest.name == "000000004.safetensors"
    train(small(), tmp_path / "run", resume=True)
    assert left_by(tmp_path / "run") == left_by(unbroken)


def test_acting_and_learning_agree_on_log_probabilities(alive: Trainer) -> None:
    """What the compiled pass acted by, and what torch computes of it, differ by rounding alone."""
    alive.gather()
    rows, seen = alive.experience.rows.view(np.ndarray)[: alive.experience.n], alive.experience.seen
    found = estimates(rows, 0.95)
    begun = (alive.experience.clocks - 120)[rows["town"]]
    fresh = found.only((rows["tick"] > begun)[found.rows])
    batch = batch_of(rows, seen[: len(rows)], fresh)
    old = alive._learner.log_probs_before(batch, 2).numpy()
    assert len(old) > 20 and np.abs(old - rows["log_prob"][fresh.rows]).max() < 1e-5
    with torch.no_grad():
        _, values = alive.network(batch.seen, batch.mask)
    assert np.abs(values.numpy() - rows["value"][fresh.rows]).max() < 1e-4


def test_a_loss_that_is_not_finite_stops_it_with_the_state_from_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_before = trainers.batch_of
    calls = [0]

    def spoilt(*arguments: Any) -> Any:
        calls[0] += 1
        batch = batch_before(*arguments)
        return batch._replace(returns=batch.returns * float("nan")) if calls[0] in (4, 6) else batch

    monkeypatch.setattr(trainers, "batch_of", spoilt)
    with pytest.raises(Diverged, match="update 3: the training diverged: loss nan"):
        train(small(), tmp_path / "run")
    kept = newest_checkpoint(tmp_path / "run")
    assert kept is not None and kept.update == 2, "the state of the update that failed is no start to go on from"
    assert all(np.isfinite(array).all() for name, array in kept.arrays.items() if name.startswith("weights/"))
    found = listed(tmp_path / "run")
    assert found.state == "stopped" and "diverged" in found.why and found.updates == 3
    with pytest.raises(Diverged, match="update 3: the training diverged: loss nan"):
        train(small(), tmp_path / "run", resume=True)  # lives updates 2 and 3 again


def test_a_guard_stops_it_and_what_was_learned_is_kept(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match=r"stopped after update 0: the approximate KL .* \(guards.kl_most\)"):
        train(small(guards={"kl_most": 1e-9}), tmp_path / "run")
    kept = newest_checkpoint(tmp_path / "run")
    assert kept is not None and kept.update == 1 and not (tmp_path / "run" / POLICY).exists()
    assert listed(tmp_path / "run").state == "stopped" and trainings_below(tmp_path) == [tmp_path / "run"]


def test_agent_steps_are_those_of_living_people() -> None:
    training = small(rollout_ticks=1440, life_days=6)
    trainer = Trainer(training, load(training.config, training.overrides, founded=True)).begin()
    rows = [trainer.step() for _ in range(3)]
    trainer.close()
    assert [row["agent_steps"] for row in rows] == [round(row["person_days"] * 1440) for row in rows]
    assert sum(row["exits"] for row in rows) > 0.0, "with full seats this test would say nothing"
    assert sum(row["agent_steps"] for row in rows) < 3 * 2 * 8 * 1440


def test_a_training_that_goes_on_no_longer_tells_why_it_had_stopped(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with pytest.raises(Stopped):
        train(small(guards={"kl_most": 1e-9}), run)
    assert "guards.kl_most" in listed(run).why
    with pytest.raises(Killed):
        train(small(guards={"kl_most": 1e-9}), run, resume=True, progress=kill_at(1))
    assert (listed(run).why, read_manifest(run).ended, read_manifest(run).updates) == ("", "", 1)


def test_a_damaged_table_is_told_and_that_of_speeds_stops_no_training(unbroken: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(small(), tmp_path / "run", progress=kill_at(3))
    (tmp_path / "run" / SPEEDS).write_bytes(b"no table")
    with pytest.raises(ConfigurationError, match=r"speeds\.parquet: this table of a training cannot be read"):
        read_table(tmp_path / "run" / SPEEDS)
    train(small(), tmp_path / "run", resume=True)
    assert left_by(tmp_path / "run") == left_by(unbroken)
    assert [row["update"] for row in read_table(tmp_path / "run" / SPEEDS)] == [2, 3, 4, 5]


def test_the_random_policy_is_measured_in_each_stage() -> None:
    training = small(training={"social_reward_schedule": [[1, "C1"]]})
    found = trainers.baselines_of(training, load("town"), towns=2, days=1)
    assert set(found) == {"OFF", "C1"}
    assert found["OFF"].exits == found["C1"].exits >= 0.0
    assert found["OFF"].variance != found["C1"].variance and found["OFF"].variance > 0.0


def test_a_cloned_policy_is_a_training_without_ppo(tmp_path: Path) -> None:
    ended = train(small(updates=0, cloning={"updates": 4}), tmp_path / "run")
    rows = read_table(tmp_path / "run" / METRICS)
    assert ended.is_finished and rows[-1]["agreement"] > rows[0]["agreement"]


def test_people_who_are_told_single_actions_are_trained_alike(tmp_path: Path) -> None:
    ended = train(small(control="primitive", updates=1, rollout_ticks=30), tmp_path / "run")
    policy = Policy.read(tmp_path / "run" / POLICY)
    assert ended.is_finished and policy.identity.control == "primitive" and policy.identity.actions[1] == "north"
    assert read_table(tmp_path / "run" / METRICS)[0]["decisions"] > 200


@pytest.mark.slow
def test_killed_at_random_points_by_the_system(tmp_path: Path) -> None:
    """SIGKILL at 20 random points of a process, most of them inside of an update: the end is the same to the bit."""
    guards = {"kl_most": 100.0, "grace": 1000}
    training = small(updates=150, checkpoint_every=5, logged_towns=1, rollout_ticks=360, guards=guards)
    train(training, tmp_path / "whole")
    (tmp_path / "training.json").write_text(training.model_dump_json())
    code = (
        "import json, sys; from townlet.learning.training import train; from townlet.learning.settings import Training;"
        "train(Training.model_validate_json(open(sys.argv[1]).read()), sys.argv[2], resume=True,"
        " progress=lambda pulse: print(pulse.row['update'], flush=True))"
    )
    dice, kills = random.Random(5), 0
    while True:
        command = [sys.executable, "-c", code, str(tmp_path / "training.json"), str(tmp_path / "run")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            if kills < KILLS:
                for _ in range(dice.randint(1, 9)):
                    process.stdout.readline()
                time.sleep(dice.uniform(0.0, 0.05))
                process.send_signal(signal.SIGKILL)
                kills += 1
                continue
            process.stdout.read()
        assert process.returncode == 0
        break
    assert kills == KILLS
    assert left_by(tmp_path / "run") == left_by(tmp_path / "whole")
    for mine, other in zip(*(sorted((tmp_path / name / LOGS).iterdir()) for name in ("run", "whole")), strict=True):
        assert townlet.open(mine).log_digest == townlet.open(other).log_digest
