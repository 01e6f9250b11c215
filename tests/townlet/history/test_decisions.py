"""Decisions beside the log: whole after a kill, cut where the log is cut, handed down to forks, damaged in words."""

import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import townlet
from eventlog.errors import EventLogError
from tests.townlet.policies.making import policy_file
from townlet.errors import PolicyError
from townlet.history.decisions import guide_of
from townlet.living import deciding
from townlet.living.progress import Pulse
from townlet.policies import decisions
from townlet.policies.file import Policy
from townlet.policies.keeping import kept_stretches
from townlet.rules.draw import set_seed
from townlet.run import Run

TICKS = 1500
EVERY = {"checkpoint_ticks": 600}


@pytest.fixture(scope="module", params=["mlp", "lstm"])
def policy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return policy_file(tmp_path_factory.mktemp("policies") / "drawn.safetensors", kind=str(request.param))


@pytest.fixture(scope="module")
def whole(policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    into = tmp_path_factory.mktemp("runs") / "whole"
    return townlet.simulate(ticks=TICKS, into=into, policy=policy, overrides=EVERY)


@pytest.fixture
def run(whole: Run, tmp_path: Path) -> Run:
    """A copy of the run, to be damaged."""
    shutil.copytree(whole.path, tmp_path / "run")
    return Run(tmp_path / "run")


def test_they_are_written_with_each_checkpoint(whole: Run) -> None:
    assert [part[:2] for part in decisions.parts(whole.path)] == [(0, 600), (600, 1200), (1200, TICKS)]
    assert len(whole.decisions(600, 1200)) == len(decisions.read_part(decisions.parts(whole.path)[1]))
    assert [each.model_dump() for each in kept_stretches(whole.path)] == [
        {"from_tick": 0, "policy": guide_of(whole).policy.digest, "name": "drawn", "share": "8/8"}  # type: ignore[union-attr]
    ]


@pytest.mark.parametrize("gone", [(2,), (1, 2), (0, 1, 2)])
def test_what_a_kill_left_out_is_made_again(gone: tuple[int, ...], whole: Run, run: Run) -> None:
    kept = decisions.parts(run.path)
    for number in gone:
        kept[number].path.unlink()
    assert len(run.decisions()) < len(whole.decisions())
    run.resume(0)
    assert run.decisions().equals(whole.decisions())
    assert run.log_digest == whole.log_digest


def test_a_writer_that_dies_between_commit_and_decisions(
    whole: Run, policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decisions after the first checkpoint never reach the disk; the next writer makes them again, and goes on."""
    with monkeypatch.context() as broken:

        def writes(run: Path, from_tick: int, to_tick: int, table: object) -> None:
            raise KeyboardInterrupt

        broken.setattr(deciding, "write_part", writes)
        with pytest.raises(KeyboardInterrupt):
            townlet.simulate(ticks=1000, into=tmp_path / "run", policy=policy, overrides=EVERY)
    run = Run(tmp_path / "run")
    assert run.head.tick > 0 and not len(run.decisions())
    run.resume(TICKS - run.head.tick)
    assert run.log_digest == whole.log_digest
    assert run.decisions().equals(whole.decisions())


def test_a_killed_writer_costs_nothing(policy: Path, tmp_path: Path) -> None:
    """SIGKILL at some moment of a long life; what its log has is a whole run with all its decisions after a resume."""
    life = (
        "import sys, townlet; townlet.simulate(ticks=50_000_000, into=sys.argv[1], policy=sys.argv[2], "
        "overrides={'checkpoint_ticks': 600})"
    )
    into = tmp_path / "run"
    process = subprocess.Popen([sys.executable, "-c", life, str(into), str(policy)])
    try:
        while len(decisions.parts(into)) < 5:
            assert process.poll() is None, "the town ended before it was killed"
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    run = Run(into).resume(0)
    straight = townlet.simulate(ticks=run.head.tick, into=tmp_path / "straight", policy=policy, overrides=EVERY)
    assert run.log_digest == straight.log_digest
    assert run.decisions().equals(straight.decisions())


def test_a_full_disk_costs_decisions_and_no_log(
    whole: Run, policy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulses: list[Pulse] = []
    with monkeypatch.context() as full:

        def refuses(*_: object) -> None:
            raise OSError(28, "No space left on device")

        full.setattr(deciding, "write_part", refuses)
        how = {"policy": policy, "overrides": EVERY, "progress": pulses.append}
        townlet.simulate(ticks=TICKS, into=tmp_path / "run", **how)  # type: ignore[arg-type]
    assert any("the decisions before tick" in pulse.trouble for pulse in pulses)
    run = Run(tmp_path / "run")
    assert run.log_digest == whole.log_digest and not len(run.decisions())
    assert run.resume(0).decisions().equals(whole.decisions())


def test_those_beyond_the_end_of_the_log_are_dropped(whole: Run, run: Run) -> None:
    for part in decisions.parts(run.path):
        shutil.copy(
            part.path, run.path / "decisions" / f"{TICKS + part.from_tick:012}-{TICKS + part.to_tick:012}.parquet"
        )
    beyond = decisions.parts(run.path)[2]
    beyond.path.rename(run.path / "decisions" / f"{beyond.from_tick:012}-{TICKS + 90:012}.parquet")
    run.resume(0)
    assert run.decisions().equals(whole.decisions())
    assert decisions.parts(run.path)[-1].to_tick == TICKS


def test_where_the_rules_live_another_life_they_are_said_to_be_missing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    decisions.parts(run.path)[2].path.unlink()
    monkeypatch.setitem(set_seed.__globals__, "stream_key", lambda seed, stream: 5)
    with pytest.warns(RuntimeWarning, match=r"the decisions of ticks 1,200 to 1,499 are missing"):
        run.resume(0)
    assert len(decisions.parts(run.path)) == 2


def test_a_fork_has_them_up_to_where_it_parts(whole: Run, policy: Path, tmp_path: Path) -> None:
    same = whole.fork(tmp_path / "same", at=700, ticks=TICKS - 700)
    assert same.log_digest == whole.log_digest and same.decisions().equals(whole.decisions())
    script = whole.fork(tmp_path / "script", at=700, ticks=300, policy="scripted")
    assert script.decisions().equals(whole.decisions(0, 700)) and script.log_digest != whole.log_digest
    assert [each.name for each in kept_stretches(script.path)] == ["drawn", "scripted"]
    assert guide_of(script) is None and str(guide_of(script, 700)).startswith("drawn")
    script.resume(200, policy=policy, share="4/8")
    assert [each.share for each in kept_stretches(script.path)] == ["8/8", "0/1", "4/8"]
    early = script.fork(tmp_path / "early", at=300, ticks=100)
    assert early.decisions().equals(whole.decisions(0, 400))


def test_a_kill_after_a_fork_with_other_settings(whole: Run, tmp_path: Path) -> None:
    """The decisions on both sides of the turn are made again, each under its own settings and seed."""
    fork = whole.fork(tmp_path / "f", at=700, ticks=300, seed=9, overrides={"policy.jitter": 0.05})
    before = fork.decisions()
    assert len(fork.epochs) == 2
    shutil.rmtree(fork.path / "decisions")
    assert fork.resume(0).decisions().equals(before)


def test_a_run_of_the_script_goes_on_by_a_policy(policy: Path, tmp_path: Path) -> None:
    run = townlet.simulate(ticks=300, into=tmp_path / "run")
    digest = run.log_digest
    run.resume(300, policy=policy)
    assert [each.from_tick for each in kept_stretches(run.path)] == [300]
    assert min(run.decisions()["tick"].to_pylist()) >= 300
    assert townlet.simulate(ticks=300, into=tmp_path / "other").log_digest == digest


def test_a_run_that_lost_its_record_asks_for_the_policy(run: Run, policy: Path) -> None:
    (run.path / "policies.json").unlink()
    with pytest.raises(PolicyError, match="name the policy: townlet resume RUN --policy FILE"):
        run.resume(10)
    run.resume(10, policy=policy)
    assert [each.from_tick for each in kept_stretches(run.path)] == [TICKS]


@pytest.mark.parametrize("text", ["", "{", '{"stretches": [{"from_tick": -1}]}', '{"format": 2, "stretches": []}'])
def test_a_record_that_was_changed_is_refused_in_words(text: str, run: Run) -> None:
    (run.path / "policies.json").write_text(text)
    with pytest.raises(PolicyError, match="does not say which policies were in force"):
        run.resume(10)


def test_a_copy_that_is_another_policy_is_refused(run: Run, tmp_path: Path) -> None:
    (copy,) = (run.path / "policies").iterdir()
    shutil.copy(policy_file(tmp_path / "o.safetensors", 2), copy)
    with pytest.raises(PolicyError, match="not the one that its name says"):
        run.resume(10)
    copy.write_bytes(b"nothing")
    with pytest.raises(PolicyError, match="not a safetensors file"):
        run.resume(10)


def test_a_damaged_file_is_refused_in_words(run: Run) -> None:
    decisions.parts(run.path)[1].path.write_bytes(b"PAR1 no more")
    with pytest.raises(PolicyError, match="does not hold decisions any more"):
        run.decisions()
    with pytest.raises(PolicyError, match="does not hold decisions any more"):
        run.sql("select count(*) from decisions")
    assert len(run.decisions(0, 600))
    assert run.sql("select count(*) as n from events")["n"][0].as_py() == run.head.seq


def test_sql_shows_them_by_name(whole: Run) -> None:
    rows = whole.sql("select * from decisions where tick >= 100 order by tick, agent_id").to_pylist()
    kept = whole.decisions(100)
    assert len(rows) == len(kept)
    first, own = rows[0], kept.slice(0, 1).to_pylist()[0]
    assert (first["tick"], first["agent_id"], first["policy"]) == (own["tick"], own["person"], own["policy"])
    assert first["option"] == decisions.OPTIONS[own["option"]]
    assert first[f"p_{first['option']}"] == pytest.approx(first["prob"], abs=1e-6)
    assert sum(first[f"p_{name}"] for name in decisions.OPTIONS) == pytest.approx(1.0, abs=1e-5)
    (counted,) = whole.sql("select count(*) n, min(tick) low from decisions", from_tick=600).to_pylist()
    assert (counted["n"], counted["low"] >= 600) == (len(whole.decisions(600)), True)
    assert whole.sql("select count(*) n from decisions", at=600)["n"][0].as_py() == len(whole.decisions(0, 600))


def test_they_are_plain_parquet(whole: Run) -> None:
    table = pq.read_table(decisions.parts(whole.path)[0].path)
    names = ["tick", "person", "option", "log_prob", "probs", "value", "policy"]
    is_lstm = whole.log.manifest.versions.get("torch") is not None
    assert table.schema.names == ([*names, decisions.MEMORY] if is_lstm else names)


def test_a_copy_of_the_run_has_them(whole: Run, tmp_path: Path) -> None:
    from eventlog.copying import copy

    copy(whole.log, tmp_path / "copied")
    copied = Run(tmp_path / "copied")
    assert copied.decisions().equals(whole.decisions())
    assert Policy.read(next((copied.path / "policies").iterdir())).digest == guide_of(copied).policy.digest  # type: ignore[union-attr]
    assert copied.resume(10).head.tick == TICKS + 10


def test_a_link_in_their_place_is_not_written_through(run: Run, tmp_path: Path) -> None:
    shutil.rmtree(run.path / "decisions")
    (tmp_path / "elsewhere").mkdir()
    (run.path / "decisions").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EventLogError, match="is a link"):
        run.fork(tmp_path / "fork", at=100)


def test_nothing_warns_where_nothing_is_missing(run: Run) -> None:
    before = run.head.tick
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        resumed = run.resume(5)
    assert said == [] and resumed.head.tick == before + 5


def test_a_stretch_that_is_kept_is_not_lived_again(run: Run) -> None:
    """A resume under another share begins a stretch; the one before is whole."""
    other = run.resume(20, share="4/8").resume(5)
    kept = other.decisions()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        again = other.resume(5)
    assert said == [] and again.decisions().slice(0, len(kept)).equals(kept)
