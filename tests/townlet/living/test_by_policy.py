"""People who live by a policy in a run: the same life as in an environment, at every share, however it is cut."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import townlet
from eventlog.catalogue.choice import OptionChosen
from tests.townlet.policies.making import policy_file, tensors_of
from townlet.env.decisions.experience import Experience
from townlet.errors import PolicyError, PolicyMisfit
from townlet.policies.decisions import OPTIONS
from townlet.policies.drawing import draw_options
from townlet.policies.file import ACTIONS, Identity, Policy, write_policy
from townlet.policies.forward import answer_rows
from townlet.policies.guide import Share, guide
from townlet.policies.seats import learned_seats
from townlet.rules.draw import stream_key
from townlet.run import Run

TICKS = 2000


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return policy_file(tmp_path_factory.mktemp("policies") / "drawn.safetensors")


@pytest.fixture(scope="module")
def run(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of the default town whose people all live by the policy."""
    return townlet.simulate(ticks=TICKS, into=tmp_path_factory.mktemp("runs") / "all", policy=policy)


def rows_of(run: Run, to_tick: int = TICKS) -> np.ndarray:
    return np.concatenate(list(run.log.rows(to_tick=to_tick)))


def test_the_same_life_as_in_an_environment(run: Run, policy: Path, tmp_path: Path) -> None:
    read = Policy.read(policy)
    env = townlet.vector_env(towns=1, variant="compact", seats=64, episode_ticks=TICKS + 1, logs=tmp_path)
    seen, infos = env.reset(seed=7)
    seats = env.seats
    log_probs, values, options = np.zeros((seats, 9), "f4"), np.zeros(seats, "f4"), np.zeros(seats, "i8")
    keys = np.full(seats, stream_key(7, "policy"), "u8")
    decided = 0
    for tick in range(TICKS):
        answer_rows(read.net, np.array(seen["scalars"][0]), np.array(seen["action_mask"][0]), log_probs, values)
        persons = np.maximum(infos["person"][0], 0)
        draw_options(keys, np.full(seats, tick), persons, log_probs, np.array(seen["action_mask"][0]), options)
        asks = np.where(infos["decides"][0], options, np.where(infos["alive"][0], infos["actions"][0], 0))
        decided += int((infos["decides"][0] & infos["alive"][0]).sum())
        seen, _, _, _, infos = env.step(asks[None])
    env.close()
    logged = rows_of(Run(tmp_path / "town-000000"))
    assert logged.tobytes() == rows_of(run).tobytes()
    assert len(run.decisions()) == decided > 400


def test_the_same_decisions_as_in_experience(run: Run, policy: Path) -> None:
    lived = Experience(None, 1, rollout_ticks=TICKS, gamma=0.999, first_seed=7, seats=64)
    lived.gather_compiled(Policy.read(policy).net)
    rows = lived.rows.view(np.ndarray)[: lived.n]
    rows = rows[np.lexsort((rows["seat"], rows["tick"]))]
    rows = rows[rows["tick"] < TICKS]
    kept = run.decisions()
    for ours, theirs in (("tick", "tick"), ("person", "person"), ("option", "action")):
        assert kept[ours].to_numpy().tolist() == rows[theirs].tolist()
    for name in ("log_prob", "value"):
        assert kept[name].to_numpy().tobytes() == np.ascontiguousarray(rows[name]).tobytes()


def test_every_decision_is_kept_as_it_was_made(run: Run, policy: Path) -> None:
    kept = run.decisions()
    probs = np.array(kept["probs"].to_pylist())
    options, log_probs = kept["option"].to_numpy(), kept["log_prob"].to_numpy()
    assert np.allclose(probs.sum(1), 1.0, atol=1e-5)
    assert np.allclose(np.exp(log_probs), probs[np.arange(len(probs)), options], atol=1e-6)
    assert set(kept["policy"].to_pylist()) == {Policy.read(policy).digest}
    chosen = rows_of(run)
    chosen = chosen[chosen["kind"] == OptionChosen.kind]
    told = {(int(row["tick"]), int(row["agent"])): int(row["code"]) for row in chosen}
    kept_options = zip(kept["tick"].to_pylist(), kept["person"].to_pylist(), options.tolist(), strict=True)
    agreed = [told.get((tick, person)) == option for tick, person, option in kept_options]
    assert np.mean(agreed) > 0.97  # the rest decided in a tick in which somebody made their choice impossible


@pytest.mark.parametrize("share", ["1/8", "4/8"])
def test_a_share_of_the_seats_lives_by_the_policy(share: str, policy: Path, run: Run, tmp_path: Path) -> None:
    shared = townlet.simulate(ticks=600, into=tmp_path / "shared", policy=policy, share=share)
    persons = set(shared.decisions()["person"].to_pylist())
    assert persons == set(learned_seats(7, 8, int(share[0]))) and len(persons) == int(share[0])
    assert rows_of(shared, 600).tobytes() != rows_of(run, 600).tobytes()


def test_a_life_cut_into_pieces_is_the_same(run: Run, policy: Path, tmp_path: Path) -> None:
    cut = townlet.simulate(ticks=137, into=tmp_path / "cut", policy=policy)
    for ticks in (1, 362, TICKS - 500):
        cut.resume(ticks)
    assert cut.log_digest == run.log_digest
    assert cut.decisions().equals(run.decisions())


def test_seed_and_policy_make_the_life(run: Run, policy: Path, tmp_path: Path) -> None:
    again = townlet.simulate(ticks=TICKS, into=tmp_path / "again", policy=Policy.read(policy))
    assert again.log_digest == run.log_digest
    assert again.log.manifest.run_id == run.log.manifest.run_id
    other = townlet.simulate(ticks=TICKS, into=tmp_path / "other", policy=policy_file(tmp_path / "o.safetensors", 2))
    script = townlet.simulate(ticks=TICKS, into=tmp_path / "script")
    assert len({each.log_digest for each in (run, other, script)}) == 3
    assert len({each.log.manifest.run_id for each in (run, other, script)}) == 3
    assert run.log.manifest.versions["policy"] == f"drawn {Policy.read(policy).digest} 8/8"
    assert not {"policies.json", "policies", "decisions"} & {path.name for path in script.path.iterdir()}
    assert "policy" not in script.log.manifest.versions and not len(script.decisions())


def test_a_life_by_the_script_loads_no_kernel_of_a_policy(tmp_path: Path) -> None:
    life = (
        "import sys, townlet; townlet.simulate(ticks=5, into=sys.argv[1]).resume(5); "
        "print(sorted({'townlet.living.by_policy', 'townlet.policies.forward', 'townlet.policies.drawing'}"
        ".intersection(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", life, str(tmp_path / "run")], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


def test_a_policy_that_always_wants_one_option_gets_it(tmp_path: Path) -> None:
    tensors = {name: np.zeros_like(tensor) for name, tensor in tensors_of().items()}
    tensors["actor.bias"][OPTIONS.index("socialise")] = 50.0
    run = townlet.simulate(ticks=300, into=tmp_path / "run", policy=policy_file(tmp_path / "s.safetensors", 1, tensors))
    kept = run.decisions().to_pylist()
    allowed = [each for each in kept if each["probs"][OPTIONS.index("socialise")] > 0.0]
    assert len(allowed) > 20 and {each["option"] for each in allowed} == {OPTIONS.index("socialise")}


@pytest.mark.parametrize("text", ["", "4", "0/8", "9/8", "4/0", "a/b", "4/8/8", "-1/8", "٤/٨"])
def test_an_impossible_share_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"the share .* is not possible"):
        Share.parse(text)


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(PolicyError, match="add --policy"):
        guide(None, "4/8")
    assert guide(None) is None and guide("scripted") is None


def test_a_policy_of_another_control_makes_no_run(policy: Path, tmp_path: Path) -> None:
    read = Policy.read(policy)
    told = Identity.model_validate({**read.identity.model_dump(), "control": "primitive", "actions": ACTIONS})
    write_policy(tmp_path / "p.safetensors", read.tensors, told)
    with pytest.raises(NotImplementedError, match="control 'primitive'") as caught:
        townlet.simulate(ticks=10, into=tmp_path / "run", policy=tmp_path / "p.safetensors")
    assert isinstance(caught.value, PolicyMisfit)
    assert not (tmp_path / "run").exists()
