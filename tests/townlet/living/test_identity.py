"""A checkpoint of another version, record, fold or epoch is passed over: its tick is folded again, never misread."""

import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

import townlet
from eventlog import codes
from eventlog.folder.manifest import Epoch
from projections.record import state
from projections.versions import VERSIONS
from tests.townlet.towns import DAY, KITCHEN
from townlet.configuration import plans as compiling
from townlet.configuration import upcasting as reading
from townlet.keeping.verify import verify
from townlet.living.identity import PROJECTIONS, fold_identity
from townlet.living.town import restored_town
from townlet.run import Run

EVERY = 480
LATER = 2 * EVERY + 77
"""A tick after the second checkpoint and before the third."""

Identity = dict[str, str]
A, B = (Epoch(from_seq=seq, config_id=name, seed=7) for seq, name in ((0, "a"), (100, "b")))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A day of a kitchen, with three checkpoints."""
    path = tmp_path_factory.mktemp("versions") / "run"
    return townlet.simulate(KITCHEN, ticks=DAY, seed=7, into=path, overrides={"checkpoint_ticks": EVERY})


@pytest.fixture
def run(lived: Run, tmp_path: Path) -> Run:
    """A copy of it, to do with as one likes."""
    return Run(shutil.copytree(lived.path, tmp_path / "run"))


def identity_of(run: Run) -> Identity:
    return run.identity_at(run.head.seq)


def believed_before(run: Run, tick: int) -> int | None:
    """The tick of the checkpoint from which a tick is folded; None: from the start."""
    kept = run.checkpoints().nearest(tick, run.identity_at, run.log)
    return kept.point.tick if kept else None


def put_a_lie(run: Run, identity: Identity) -> None:
    """In place of the second checkpoint one of the same place in the log, whole, and of richer people."""
    kept = run.checkpoints().nearest(2 * EVERY, run.identity_at, run.log)
    assert kept is not None and kept.point.tick == 2 * EVERY
    town = restored_town(run.settings, kept.tables())
    assert town is not None
    town.record["agents"]["wallet"][0] += 1.0
    run.checkpoints().write(town.tables(), kept.point, identity)


def test_a_checkpoint_says_of_which_version_it_is(run: Run) -> None:
    folders = sorted(run.checkpoints().path.iterdir())
    said = [json.loads((folder / "manifest.json").read_text("utf-8"))["identity"] for folder in folders]
    assert [identity["projection"] for identity in said] == ["town@1"] * 3
    assert said == [identity_of(run)] * 3


def test_a_lie_under_this_identity_would_be_believed(run: Run) -> None:
    """What the tests below would see, were an identity not looked at."""
    put_a_lie(run, identity_of(run))
    assert believed_before(run, LATER) == 2 * EVERY
    assert run.at(LATER).state_digest != run.at(LATER, from_start=True).state_digest


@pytest.mark.parametrize("part", ["projection", "record", "folds", "epochs", None])
@pytest.mark.parametrize("other", ["town@0", "town@10", "", None])
def test_a_checkpoint_of_another_identity_is_passed_over(run: Run, part: str | None, other: str | None) -> None:
    identity = identity_of(run)
    if part is None:
        identity["more"] = str(other)  # a version that says more than this one
    elif other is None:
        del identity[part]  # and one that says less
    else:
        identity[part] = other
    put_a_lie(run, identity)
    assert believed_before(run, LATER) == EVERY
    assert run.at(LATER).state_digest == run.at(LATER, from_start=True).state_digest


def test_a_raised_version_folds_every_tick_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {tick: run.at(tick).state_digest for tick in (0, EVERY, LATER, DAY)}
    put_a_lie(run, identity_of(run))
    monkeypatch.setitem(VERSIONS, "town", 2)
    assert believed_before(run, DAY) is None
    assert {tick: run.at(tick).state_digest for tick in digests} == digests
    proof = verify(run)
    assert (proof.checkpoints, proof.passed_over, proof.difference) == (0, 3, None)


def test_a_town_taken_up_by_a_raised_version_lives_on_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put_a_lie(run, identity_of(run))
    straight = townlet.simulate(run.config, ticks=DAY + EVERY, seed=7, into=run.path.with_name("straight"))
    monkeypatch.setitem(VERSIONS, "town", 2)
    run.resume(EVERY)
    assert run.log_digest == straight.log_digest
    assert believed_before(run, DAY + EVERY) == DAY + EVERY
    assert run.at().state_digest == run.at(from_start=True).state_digest == straight.at(from_start=True).state_digest


@pytest.mark.parametrize("module", [codes, compiling, reading], ids=lambda module: module.__name__)
def test_sources_that_change_are_another_identity(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fold_identity([A])
    changed = tmp_path / "changed.py"
    changed.write_bytes(Path(str(module.__file__)).read_bytes() + b"\n")
    monkeypatch.setattr(module, "__file__", str(changed))
    assert differing(before, fold_identity([A])) == {"folds"}


@pytest.mark.parametrize(
    "name",
    ["record/plan.py", "record/state.py", "record/tables.py", "record/event.py", "town/ties.py", "town/evolve.py"],
)
def test_folds_that_change_are_another_identity(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fold_identity([A])
    folder = shutil.copytree(PROJECTIONS, tmp_path / "projections")
    monkeypatch.setattr("townlet.living.identity.PROJECTIONS", folder)
    assert fold_identity([A]) == before
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    assert differing(before, fold_identity([A])) == {"folds"}


def test_another_record_version_or_epoch_is_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fold_identity([A])
    assert differing(before, fold_identity([A, B])) == {"epochs"}
    assert fold_identity([A, B], 100) == before, "the second has not begun"
    assert fold_identity([A, B], 101) == fold_identity([A, B])
    with monkeypatch.context() as patch:
        patch.setitem(VERSIONS, "town", 2)
        assert differing(before, fold_identity([A])) == {"projection"}
    monkeypatch.setattr("townlet.living.identity.town_type", lambda shape: state.AGENT)
    assert differing(before, fold_identity([A])) == {"record"}


def differing(some: Identity, others: Identity) -> set[str]:
    """The parts in which two identities are not the same."""
    assert some.keys() == others.keys()
    return {name for name in some if some[name] != others[name]}
