"""People who live by a network of torch: the life of an experience, at every share, however it is cut or forked."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import townlet
from projections.observations.layout import layout_of
from projections.observations.observer import Observer
from tests.townlet.policies.making import SEEN, policy_file
from townlet.configuration.load import load
from townlet.env.decisions.answered import act_by
from townlet.env.decisions.experience import Experience
from townlet.errors import PolicyError
from townlet.living import deciding
from townlet.living.by_answers import live_until_asked
from townlet.living.by_policy import CHOICE
from townlet.living.choosing import Chooser
from townlet.living.town import Town
from townlet.policies import decisions
from townlet.policies import file as files
from townlet.policies.file import Policy
from townlet.policies.seats import learned_seats
from townlet.run import Run

TICKS = 1200
SEED = 7


@pytest.fixture(scope="module", params=["cnn", "lstm"])
def policy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return Policy.read(policy_file(tmp_path_factory.mktemp("policies") / "drawn.safetensors", kind=str(request.param)))


@pytest.fixture(scope="module")
def run(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of the default town whose people all live by the policy."""
    into = tmp_path_factory.mktemp("runs") / "all"
    return townlet.simulate(ticks=TICKS, seed=SEED, into=into, policy=policy)


def test_the_same_decisions_as_in_an_experience_of_several_towns(run: Run, policy: Policy) -> None:
    """The town decides alone as it does beside others, to the bit: answers are made in blocks of one size."""
    seen = layout_of(SEEN[policy.identity.kind])
    how = {"rollout_ticks": TICKS, "gamma": 0.999, "first_seed": SEED - 2, "seats": 64}
    with Experience(None, 3, variant=policy.identity.variant, memory=policy.memory_size, **how) as lived:  # type: ignore[arg-type]
        lived.gather(act_by(policy.answerer(seen)))
        rows = lived.rows.view(np.ndarray)[: lived.n]
        rows = rows[(rows["town"] == 2) & (rows["tick"] < TICKS)]
    rows = rows[np.lexsort((rows["seat"], rows["tick"]))]
    kept = run.decisions()
    assert len(kept) > 300
    for ours, theirs in (("tick", "tick"), ("person", "person"), ("option", "action")):
        assert kept[ours].to_numpy().tolist() == rows[theirs].tolist()
    for name in ("log_prob", "value"):
        assert kept[name].to_numpy().tobytes() == np.ascontiguousarray(rows[name]).tobytes()


def test_a_life_cut_into_pieces_is_the_same(run: Run, policy: Policy, tmp_path: Path) -> None:
    cut = townlet.simulate(ticks=137, seed=SEED, into=tmp_path / "cut", policy=policy)
    for ticks in (1, 362, TICKS - 500):
        cut.resume(ticks)
    assert cut.log_digest == run.log_digest
    assert cut.decisions().equals(run.decisions())


def test_a_life_with_room_for_one_tick_of_choices_is_the_same(
    run: Run, policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "ROOM", 0)
    narrow = townlet.simulate(ticks=400, seed=SEED, into=tmp_path / "narrow", policy=policy).resume(TICKS - 400)
    assert narrow.log_digest == run.log_digest
    assert narrow.decisions().equals(run.decisions())


def test_a_fork_lives_on_as_its_parent_did(run: Run, tmp_path: Path) -> None:
    fork = run.fork(tmp_path / "fork", at=700, ticks=TICKS - 700)
    assert fork.log_digest == run.log_digest
    assert fork.decisions().equals(run.decisions())


def test_a_share_of_the_seats_lives_by_the_policy(run: Run, policy: Policy, tmp_path: Path) -> None:
    shared = townlet.simulate(ticks=400, seed=SEED, into=tmp_path / "shared", policy=policy, share="4/8")
    assert set(shared.decisions()["person"].to_pylist()) == set(learned_seats(SEED, 8, 4))
    cut = townlet.simulate(ticks=150, seed=SEED, into=tmp_path / "cut", policy=policy, share="4/8").resume(250)
    assert cut.log_digest == shared.log_digest


def test_the_run_names_what_made_it(run: Run, policy: Policy) -> None:
    told = run.log.manifest.versions
    assert told["policy"] == f"drawn {policy.digest} 8/8" and told["torch"]


def test_without_torch_it_is_said_what_brings_it(
    policy: Policy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    with pytest.raises(PolicyError, match=r"runs through torch.*pip install 'townlet\[train\]'"):
        townlet.simulate(ticks=10, into=tmp_path / "run", policy=policy)
    assert not (tmp_path / "run").exists()


def test_what_is_remembered_stands_beside_each_decision(run: Run, policy: Policy) -> None:
    part = decisions.parts(run.path)[-1]
    table = decisions.read_part(part)
    if policy.identity.kind == "cnn":
        assert decisions.MEMORY not in table.column_names
        return
    assert {len(each) for each in table[decisions.MEMORY].to_pylist()} == {policy.memory_size}
    persons = set(range(8))
    known = decisions.memories_before(run.path, TICKS, policy.digest, policy.memory_size, persons)
    assert 4 <= len(known) <= 8 and all(np.abs(each).max() > 0.01 for each in known.values())
    assert not decisions.memories_before(run.path, TICKS, "0" * 16, policy.memory_size, persons)
    assert not decisions.memories_before(run.path, 0, policy.digest, policy.memory_size, persons)


def test_who_has_left_is_forgotten_and_who_is_here_is_not(tmp_path: Path) -> None:
    lstm = Policy.read(policy_file(tmp_path / "p.safetensors", kind="lstm"))
    settings = load().settings
    town = Town([settings])
    town.found(SEED)
    observer = Observer(SEEN["lstm"], town.plans, 1)
    memory = np.ones(lstm.memory_size, "f4")
    chooser = Chooser(lstm, observer, {person: memory for person in range(2, 3 * observer.seats)})
    choices, sight = np.zeros(observer.seats, CHOICE).view(np.recarray), (observer.lenses, observer.features)
    first_seat_only = np.eye(1, observer.seats, dtype=np.int64)[0]
    how = first_seat_only, choices, 10, town.reserve, False, np.zeros(1, np.int64)
    deciders = int(live_until_asked(town.towns, town.plans, *sight, observer.views, *how))
    chooser.choose(town.towns, choices[:deciders])
    assert deciders == 1 and set(chooser.known) == {0, *range(2, 8)}
    assert (chooser.known[3] == memory).all() and (chooser.known[0] != memory).any()


def test_a_memory_that_is_gone_is_told(run: Run, policy: Policy, tmp_path: Path) -> None:
    """Only an LSTM needs what stood beside its decisions."""
    shutil.copytree(run.path, tmp_path / "run")
    part = decisions.parts(tmp_path / "run")[-1]
    pq.write_table(decisions.read_part(part).select(decisions.SCHEMA.names), part.path)
    if policy.identity.kind == "cnn":
        assert Run(tmp_path / "run").resume(10).head.tick == TICKS + 10
        return
    with pytest.raises(PolicyError, match=r"does not hold what the policy .* remembers"):
        Run(tmp_path / "run").resume(10)
