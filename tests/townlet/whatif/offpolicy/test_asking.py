"""Estimates from a run's decisions: weights of 1 for its own policy, the truth of futures, and what is refused."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog.catalogue.registries import Option
from tests.townlet.policies.making import policy_file
from tests.townlet.towns import DAY
from townlet.errors import PolicyError, QueryError
from townlet.living.commands.session import Order
from townlet.living.commands.written import written_command
from townlet.policies.decisions import FOLDER
from townlet.policies.file import Policy, write_policy
from townlet.policies.shelf import find_policy
from townlet.run import Run
from townlet.whatif.offpolicy.asking import FIRST_SEED, episodes_of
from townlet.whatif.offpolicy.episodes import logged, spans_of
from townlet.whatif.offpolicy.estimators import NAMES
from townlet.whatif.offpolicy.result import OffPolicy
from townlet.whatif.offpolicy.weighing import weighed

TICKS = 2 * DAY
HOURS = 6.0
WARMER = 0.8
"""How the target's logits are scaled: it is the logged policy, a little less sure of itself."""


STUDENT_OF_TWO = 12.706204736432095
"""Student's quantile for two samples: an interval's half is half of their difference times this."""


def warmer(policy: Policy, path: Path, factor: float) -> Path:
    """The policy with its logits scaled."""
    tensors = dict(policy.tensors)
    for name in ("actor.weight", "actor.bias"):
        tensors[name] = (policy.tensors[name] * np.float32(factor)).astype("f4")
    write_policy(path, tensors, policy.identity)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=TICKS, seed=7, into=tmp_path_factory.mktemp("logged") / "run", policy="town")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return warmer(find_policy("town"), tmp_path_factory.mktemp("targets") / "warmer.safetensors", WARMER)


@pytest.fixture(scope="module")
def found(run: Run, target: Path) -> OffPolicy:
    return run.off_policy(target, hours=HOURS, truth=16)


def test_its_own_policy_has_weights_of_one_and_the_plain_mean_of_the_rewards(run: Run) -> None:
    found = run.off_policy("town", hours=HOURS)
    assert (found.weights == 1.0).all() and found.left_out == 0
    assert (found.effective == found.episodes).all()
    assert len(set(found.estimates)) == 1
    paid = run.rewards(settings={"episode_clip": 0})
    totals = {
        (tick, person): total
        for tick, person, total in zip(*(paid[name].to_pylist() for name in ("tick", "agent_id", "total")), strict=True)
    }
    gamma, length = 1.0 - 1.0 / (found.horizon_days * DAY), round(HOURS * DAY / 24)
    returns = []
    kept = run.decisions()
    for person in sorted(set(kept["person"].to_pylist())):
        free = 0
        for tick, one in zip(kept["tick"].to_pylist(), kept["person"].to_pylist(), strict=True):
            if one == person and tick >= free and tick + length <= TICKS:
                free = tick + length
                returns.append(sum(gamma**i * totals.get((tick + i, person), 0.0) for i in range(length)))
    assert found.episodes == len(returns)
    assert found.estimates[0] == pytest.approx(np.mean(returns))


def test_estimates_of_a_like_policy_are_near_its_truth(found: OffPolicy) -> None:
    assert found.left_out == 0 and 1.0 < found.effective_episodes < found.episodes
    assert 0.5 < found.weights.mean() < 2.0
    assert found.truth is not None and found.truth.futures == 16
    for name, value, end in zip(NAMES, found.estimates, found.intervals, strict=True):
        assert end.low < value < end.high, name
    rows = {row["estimate"]: row for row in found.rows()}
    for name in (*NAMES[1:], "truth.one_person", "truth.everybody"):
        logged = rows["truth.as_logged" if name.startswith("truth") else "behaviour"]
        assert rows[name]["difference"] == pytest.approx(rows[name]["value"] - logged["value"])
        assert rows[name]["difference_low"] <= rows[name]["difference"] <= rows[name]["difference_high"]
    value, end = found.truth.one_person
    weighted = found.intervals[NAMES.index("weighted")]
    assert weighted.low < end.high and end.low < weighted.high, "both intervals have values in common"


def test_what_a_future_is_paid_in_memory_is_what_the_log_of_a_fork_pays(run: Run, target: Path, tmp_path: Path) -> None:
    """Of two futures, the second begins in the middle of the log, and has the second seed."""
    found = run.off_policy(target, hours=HOURS, truth=2)
    assert found.truth is not None
    episodes = logged(run, spans_of(run), found.ticks)
    middle = len(episodes.people) // 2
    person, begins = int(episodes.people[middle]), int(episodes.begins[middle])
    gamma = 1.0 - 1.0 / (found.horizon_days * DAY)
    for policy, (mean, end) in ((None, found.truth.as_logged), (target, found.truth.everybody)):
        folder = tmp_path / ("logged" if policy is None else "target")
        fork = run.fork(folder, at=begins, seed=FIRST_SEED + 1, ticks=found.ticks, policy=policy)
        paid = fork.rewards(begins, settings={"episode_clip": 0}).to_pylist()
        value = sum(gamma ** (row["tick"] - begins) * row["total"] for row in paid if row["agent_id"] == person)
        half = (end.high - mean) / STUDENT_OF_TWO
        assert value == pytest.approx(mean + half) or value == pytest.approx(mean - half)


def test_threads_and_the_json_say_the_same(run: Run, target: Path, found: OffPolicy) -> None:
    again = run.off_policy(target, hours=HOURS, truth=16, threads=1)
    assert again.as_json() == found.as_json()
    told = found.as_json()
    assert (told["episodes"], told["futures"], told["hours"]) == (found.episodes, 16, HOURS)
    assert [row["estimate"] for row in told["estimates"]] == [
        *NAMES, "truth.as_logged", "truth.one_person", "truth.everybody",
    ]  # fmt: skip


def test_a_thin_sample_is_said_to_be_thin(run: Run, tmp_path: Path) -> None:
    other = run.off_policy(policy_file(tmp_path / "other.safetensors"), hours=12.0)
    assert other.is_thin
    said = " ".join(other.lines())
    assert "Warning: the effective sample is small." in said and "a shorter --horizon" in said
    shorter = other.effective_after()
    assert list(shorter) == [1.0, 2.0, 3.0, 6.0] and shorter[1.0] > other.effective_episodes


def test_a_run_without_decisions_is_refused(run: Run, tmp_path: Path) -> None:
    script = townlet.simulate(ticks=60, into=tmp_path / "script")
    with pytest.raises(QueryError, match=r"live by the script.*no decisions are kept.*\n.*run --policy"):
        script.off_policy("town")
    shutil.copytree(run.path, tmp_path / "bare")
    shutil.rmtree(tmp_path / "bare" / FOLDER)
    with pytest.raises(QueryError, match=r"decisions are not kept.*\n.*--ticks 0"):
        townlet.open(tmp_path / "bare").off_policy("town")


def test_what_cannot_be_estimated_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="needs the probabilities and values of a policy's file"):
        run.off_policy("scripted")
    with pytest.raises(PolicyError, match="policies of kind mlp"):
        run.off_policy(policy_file(tmp_path / "lstm.safetensors", kind="lstm"))
    with pytest.raises(QueryError, match=r"two episodes or more of 3,600 ticks.*has 2,880"):
        run.off_policy("town", hours=60.0)
    with pytest.raises(QueryError, match="more than 0 hours"):
        run.off_policy("town", hours=0.0)


def test_a_command_leaves_an_estimate_and_takes_the_truth(run: Run, target: Path, tmp_path: Path) -> None:
    """Episodes with a decision in the tick of a command that changes what is seen are left out."""
    commanded = run.fork(tmp_path / "commanded", at=600)
    commanded.resume(700, orders=_orders())
    found = commanded.off_policy(target, hours=3.0)
    assert 0 < found.left_out < found.episodes
    assert "episodes are left out" in " ".join(found.lines())
    with pytest.raises(QueryError, match=r"commands or city events came to it"):
        commanded.off_policy(target, hours=3.0, truth=2)


def _orders() -> list[Any]:
    """A command that changes what everybody sees, in every tenth tick of an hour."""
    return [
        Order(tick, written_command(f"setneed {name} hunger 0.{tick % 7 + 2}", f"{name}-{tick}"))
        for tick in range(700, 760)
        for name in ("alice", "bob")
    ]


def test_a_log_of_two_policies_is_weighed_by_each(run: Run, target: Path, tmp_path: Path) -> None:
    changed = run.fork(tmp_path / "changed", at=DAY)
    changed.resume(DAY, policy=target)
    found = changed.off_policy(target, hours=3.0)
    assert [each.split()[0] for each in found.behaviours] == ["town", "warmer"]
    assert found.left_out == 0
    assert (found.weights == 1.0).sum() >= 0.4 * found.episodes, "those that it lived itself"
    assert (found.weights != 1.0).sum() >= 0.3 * found.episodes


def test_who_decides_where_an_epoch_begins_sees_its_settings(run: Run, tmp_path: Path) -> None:
    """Under them nobody washes, and so a mask differs from what it was the tick before."""
    kept = run.decisions(0, TICKS)
    washing = kept["option"].to_numpy() == int(Option.WASH)
    begins = int(next(tick for tick in kept["tick"].to_numpy()[washing] if tick > 300))
    changed = run.fork(tmp_path / "changed", at=begins, overrides={"control.wash_upto": 0.0}, ticks=DAY)
    assert begins in changed.decisions(begins)["tick"].to_pylist()
    found = changed.off_policy("town", hours=1.0)
    assert found.left_out == 0
    assert (found.weights == 1.0).all()


def test_after_a_departure_nothing_is_earned_nor_expected(run: Run, target: Path, tmp_path: Path) -> None:
    """A person is made to leave in the middle of an episode."""
    kept = run.decisions(300, 600)
    person, begins = int(kept["person"][0].as_py()), int(kept["tick"][0].as_py())
    (name,) = run.sql(f"select name from agents where id = {person}").to_pylist()
    leaves = begins + 50
    left = run.fork(tmp_path / "left", at=begins)
    left.resume(600, orders=[Order(leaves, written_command(f"kill {name['name']}", "bye"))])
    spans = spans_of(left)
    found = logged(left, spans, 240)
    log, _ = weighed(left, found, spans, find_policy(target), [])
    every = np.arange(len(found.people))
    episodes = episodes_of(found, log, every, 0.999)
    within = (found.people == person) & (found.begins < leaves) & (found.begins + found.ticks > leaves + 1)
    (episode,) = np.flatnonzero(within)
    gone = leaves - int(found.begins[episode])
    assert (episodes.rewards[episode, gone + 1 :] == 0.0).all()
    assert (episodes.values[episode, gone + 1 :] == 0.0).all()
    assert (episodes.values[episode, :gone] != 0.0).all()
    stays = [one for one in every if found.people[one] != person]
    assert (episodes.values[stays] != 0.0).all()
