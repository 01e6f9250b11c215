"""Logs that were written once fold for ever: each frozen version, opened from a copy."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from eventlog.checkpoints import CheckpointStore
from eventlog.folder.manifest import read_manifest
from tests.data import freeze
from tests.townlet.towns import ROOT
from townlet.keeping.verify import examine
from townlet.run import Run

FROZEN = [path for version in sorted(freeze.LOGS.iterdir()) for path in sorted(version.iterdir()) if path.is_dir()]
BYTES_MAX = 1_000_000
"""The most that one frozen version may weigh."""


def expected(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((path.parent / freeze.EXPECTED).read_text(encoding="utf-8"))[path.name]
    return told


def named(path: Path) -> str:
    return f"{path.parent.name}-{path.name}"


@pytest.fixture(params=FROZEN, ids=named)
def frozen(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def run(frozen: Path, tmp_path: Path) -> Run:
    return Run(shutil.copytree(frozen, tmp_path / "run"))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_log_is_the_one_that_was_written(run: Run, frozen: Path) -> None:
    assert run.log.verify_chain() == expected(frozen)["log"]["digest"]
    assert freeze.log_of(run) == expected(frozen)["log"]


def test_it_folds_to_the_same_town(run: Run, frozen: Path) -> None:
    assert freeze.state_of(run) == expected(frozen)["state"], (
        "if a fold or the record has changed on purpose: "
        f"python -m tests.data.freeze {frozen.parent.name} --state, and read the diff"
    )


def test_a_tick_is_the_same_with_and_without_checkpoints(run: Run, frozen: Path) -> None:
    """Checkpoints may be of another version by now: then they are passed over."""
    digests = {tick: each["state"] for tick, each in expected(frozen)["state"].items()}
    assert {tick: run.at(int(tick)).state_digest for tick in digests} == digests
    shutil.rmtree(run.path / "checkpoints")
    assert {tick: run.at(int(tick)).state_digest for tick in digests} == digests


def test_checkpoints_of_another_version_are_passed_over(
    run: Run, frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CheckpointStore(run.path).ticks() == [run.head.tick]
    monkeypatch.setattr("townlet.living.identity.sources_digest", lambda _: "folds of another time")
    assert run.checkpoints().nearest(run.head.tick, run.identity_at, run.log) is None
    assert run.at().state_digest == expected(frozen)["state"][str(run.head.tick)]["state"]


def test_it_is_verified(run: Run) -> None:
    checks, damage = examine(run.path, deep=True)
    assert damage is None
    assert [check for check in checks if not check.passed] == []


def test_it_says_why(run: Run) -> None:
    ties = run.sql("select owner, other, trust from ties order by all").to_pylist()
    assert ties
    for tie in ties[:5]:
        why = run.why(tie["owner"], tie["other"])
        assert len(why.causes), tie
        assert sum(why.causes["adjusted_trust"].to_pylist()) + sum(why.causes["clamp_trust"].to_pylist()) == (
            pytest.approx(tie["trust"])
        )


def test_a_town_lives_on_from_it(run: Run, frozen: Path) -> None:
    before = run.log_digest
    run.resume(10)
    assert run.head.tick == expected(frozen)["log"]["ticks"] + 10
    assert run.log.digest_at(expected(frozen)["log"]["events"])[1].hex() == before
    assert run.log.verify_chain() == run.log_digest


def test_every_tier_is_among_them() -> None:
    for version in {path.parent for path in FROZEN}:
        manifests = [read_manifest(path) for path in FROZEN if path.parent == version]
        files = [segment.file for manifest in manifests for segment in manifest.segments]
        assert {Path(file).suffix for file in files} == {".parquet", ".arrow", ".arrows"}
        assert any(manifest.parent and len(manifest.epochs) > 1 for manifest in manifests), "a fork"
        assert sum(map(len, bytes_of(version).values())) < BYTES_MAX


def test_what_is_frozen_is_never_written_again(frozen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = frozen.parent
    before = bytes_of(version)
    assert freeze.main(version.name) == 1
    assert "nothing is written over it" in capsys.readouterr().err
    assert bytes_of(version) == before
    assert freeze.main() == 2


def test_only_the_state_is_written_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    version = shutil.copytree(FROZEN[0].parent, tmp_path / "v1")
    file = version / freeze.EXPECTED
    before, told = bytes_of(version), json.loads(file.read_text(encoding="utf-8"))
    lied = {name: said | {"log": said["log"] | {"digest": "kept"}, "state": {}} for name, said in told.items()}
    file.write_text(json.dumps(lied), encoding="utf-8")
    monkeypatch.setattr(freeze, "LOGS", tmp_path)
    assert freeze.main("v1", "--state") == 0
    after = bytes_of(version)
    now = json.loads(after.pop(freeze.EXPECTED))
    assert {name: said["state"] for name, said in now.items()} == {name: said["state"] for name, said in told.items()}
    assert {said["log"]["digest"] for said in now.values()} == {"kept"}
    assert after == {name: content for name, content in before.items() if name != freeze.EXPECTED}


def test_a_new_version_is_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is frozen now is what this version writes: the same towns, the same logs."""
    monkeypatch.setattr(freeze, "LOGS", tmp_path)
    assert freeze.main("v9") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["v9"]
    told = json.loads((tmp_path / "v9" / freeze.EXPECTED).read_text(encoding="utf-8"))
    for name, said in told.items():
        run = Run(tmp_path / "v9" / name)
        assert (run.log_digest, run.head.seq) == (said["log"]["digest"], said["log"]["events"])
    assert not list((tmp_path / "v9").glob("*/derived"))


def test_git_leaves_frozen_logs_as_they_are() -> None:
    assert "tests/data/logs/*/*/** -text -diff" in (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
