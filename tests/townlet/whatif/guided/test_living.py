"""Pairs of futures under policies: both towns decide by the run's, or the treated one by another; disk agrees."""

from pathlib import Path

import pytest

import townlet
from eventlog.catalogue import KIND_CODES
from tests.townlet.policies.making import policy_file
from tests.townlet.towns import DAY
from townlet.errors import PolicyError, QueryError
from townlet.run import Run
from townlet.whatif.paired.asking import answered
from townlet.whatif.paired.futures import Wish
from townlet.whatif.paired.orders import commanded
from townlet.whatif.paired.result import WhatIf
from townlet.whatif.paired.treatments import Intervention
from townlet.whatif.trials.running import trial

MOMENT = 700
FEW = Wish(pairs=3, days=1)
POLICY = "town"
"""The policy by which the people of the run live."""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return policy_file(tmp_path_factory.mktemp("policies") / "other.safetensors")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=DAY, seed=7, into=tmp_path_factory.mktemp("guided") / "run", policy=POLICY)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=MOMENT, seed=7, into=tmp_path_factory.mktemp("scripted") / "run")


def digests(found: WhatIf) -> list[tuple[str, str]]:
    control, treated = (found.pairs[f"state_digest_{arm}"].to_pylist() for arm in ("control", "treated"))
    return list(zip(control, treated, strict=True))


def test_without_an_intervention_both_towns_of_every_pair_are_equal(run: Run, tmp_path: Path) -> None:
    """Under the policy of the run, also for the ticks that are known; and each is the fork with its seed."""
    known = 7
    found = answered(run, Intervention(MOMENT, known=known), FEW)
    assert all(control == treated for control, treated in digests(found))
    assert len(set(digests(found))) == FEW.pairs, "each pair has luck of its own"
    assert found.pairs["parted"].null_count == FEW.pairs
    fork = run.fork(tmp_path / "fork", at=MOMENT + known, seed=FEW.seeds(2)[0], ticks=DAY - known)
    assert digests(found)[2][0] == fork.at().state_digest
    assert len(fork.decisions(MOMENT + known)), "its people decided by the policy"


def test_a_policy_held_against_itself_changes_nothing(run: Run) -> None:
    found = run.whatif(at=MOMENT, policy=POLICY, futures=2, days=1)
    assert all(control == treated for control, treated in digests(found))
    assert found.sides.words[0].startswith("In both towns people live by the policy town ")


@pytest.mark.parametrize("share", [None, "4/8"])
def test_treated_towns_live_by_a_policy_and_control_towns_by_the_script(
    script: Run, other: Path, share: str | None, tmp_path: Path
) -> None:
    found = script.whatif(at=MOMENT, policy=other, share=share, futures=2, days=1)
    fork = script.fork(tmp_path / "fork", at=MOMENT, seed=found.wish.seeds(1)[1], ticks=DAY, policy=other, share=share)
    plain = script.fork(tmp_path / "plain", at=MOMENT, seed=found.wish.seeds(1)[0], ticks=DAY)
    assert digests(found)[1] == (plain.at().state_digest, fork.at().state_digest)
    assert found.intervention.words == (f"Policy: other {found.sides.treated.policy.digest} {share or '8/8'}.",)  # type: ignore[union-attr]
    assert found.sides.words == ("In control towns people live by the script.",)
    kept = found.keep(tmp_path / "pairs", 1)
    assert len(kept) == 1


def test_treated_towns_live_by_the_script_and_control_towns_by_the_policy_of_the_run(run: Run, tmp_path: Path) -> None:
    found = run.whatif(at=MOMENT, policy="scripted", do=["blackout"], futures=2, days=1)
    ((control, treated),) = found.keep(tmp_path, 1)
    opened = townlet.open(control), townlet.open(treated)
    assert tuple(each.at(from_start=True).state_digest for each in opened) == digests(found)[0]
    assert len(opened[0].decisions(MOMENT)) and not len(opened[1].decisions(MOMENT))
    assert found.as_json()["people_live_by"]["treated"] == "the script"


def test_one_thread_and_small_chunks_find_the_same(run: Run, other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = run.whatif(at=MOMENT, policy=other, futures=4, days=1)
    monkeypatch.setattr("townlet.whatif.paired.futures.CHUNK_BYTES", 1)
    alone = run.whatif(at=MOMENT, policy=other, futures=4, days=1, threads=1)
    assert digests(together) == digests(alone)
    assert together.effects.equals(alone.effects)


def test_an_event_of_a_learned_life_is_held_back(run: Run, tmp_path: Path) -> None:
    (row,) = run.sql(f"select min(seq) as seq from chat_started where tick > {MOMENT}").to_pylist()
    found = run.whatif(without=row["seq"], futures=3, days=1)
    (in_town,) = [row for row in found.instead.to_pylist() if row["scope"] == "pair"]
    assert in_town["control"] >= 1.0 and found.pairs["parted"].null_count == 0
    ((control, treated),) = found.keep(tmp_path, 1)
    assert (
        tuple(townlet.open(path).at(from_start=True).state_digest for path in (control, treated)) == digests(found)[0]
    )
    held = KIND_CODES["chat_started"]
    rows = townlet.open(control).log.pick([row["seq"]])
    assert rows["kind"][0] == held, "the control has the event"


def test_a_trial_of_a_learned_life_has_an_arm_with_another_policy(run: Run, other: Path) -> None:
    plan = {
        "question": "What does another policy do?",
        "run": str(run.path),
        "moment": MOMENT,
        "futures": 3,
        "days": 1,
        "arms": {
            "control": {},
            "other": {"policy": str(other)},
            "placebo": {"do": ["announce hello"], "placebo": True},
        },
        "outcomes": ["hunger"],
    }
    found = trial(plan)
    assert found.holds, "a placebo shows nothing"
    by_policy = run.whatif(at=MOMENT, policy=other, futures=3, days=1, first_seed=2_000_000)
    ends = {row["arm"]: [] for row in found.towns.to_pylist()}
    for row in found.towns.to_pylist():
        ends[row["arm"]].append(row["state_digest"])
    assert list(zip(ends["control"], ends["other"], strict=True)) == digests(by_policy)
    assert found.given["other"][0].startswith("Policy: other ")
    assert trial(plan | {"arms": plan["arms"] | {"other": {"policy": "scripted"}}}).plan.digest != found.plan.digest


def test_a_policy_that_torch_runs_is_refused_and_the_mlp_named(run: Run, script: Run, tmp_path: Path) -> None:
    lstm = policy_file(tmp_path / "lstm.safetensors", kind="lstm")
    with pytest.raises(PolicyError, match=r"is of kind lstm.*policies of kind mlp.*\n.*townlet fork"):
        script.whatif(at=MOMENT, policy=lstm, futures=2, days=1)


def test_what_cannot_be_asked_of_policies_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="a setting or a policy needs the tick"):
        run.whatif(policy=POLICY, futures=2, days=1)
    with pytest.raises(PolicyError, match="is no whole number of people"):
        run.whatif(at=MOMENT, policy=POLICY, share="1/3", futures=2, days=1)
    with pytest.raises(PolicyError, match="there is no policy 'twon'"):
        run.whatif(at=MOMENT, policy="twon", futures=2, days=1)


def test_an_event_beyond_a_change_of_policy_is_not_held_back_from_before(script: Run, tmp_path: Path) -> None:
    changed = script.fork(tmp_path / "changed", ticks=0)
    changed.resume(60, policy=POLICY)
    assert answered(changed, Intervention(MOMENT - 5, known=5), FEW)
    with pytest.raises(QueryError, match="begin to live by another policy"):
        answered(changed, Intervention(MOMENT - 5, known=6), FEW)


def test_a_command_in_a_learned_life(run: Run) -> None:
    found = answered(run, commanded(run, MOMENT, ["set_rel alice bob rivalry 0.8"], {}), Wish(12, 1))
    (effect,) = found.effect("rivalry", "alice", "bob")
    assert effect["low"] > 0.3
