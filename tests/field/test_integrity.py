"""Integrity: another run in the folder, no room, a head that was put back."""

from pathlib import Path

import pytest

import townlet
from eventlog.errors import EventLogError, LogDamaged
from eventlog.folder import disk
from eventlog.folder.manifest import read_manifest
from eventlog.reader import LogReader
from tests.cli.test_commands import said
from tests.eventlog.towns import abandon, commit, new_log, written


def test_f6_a_run_that_is_replaced_while_it_is_open_says_so(demo: Path) -> None:
    run = townlet.open(demo)
    assert run.sql("select count(*) as n from events").num_rows == 1
    townlet.simulate(None, ticks=90, seed=8, into=demo, replace=True)
    for question in (lambda: run.head, lambda: run.sql("select count(*) from events"), lambda: run.at(5)):
        with pytest.raises(EventLogError, match=r"was replaced since it was opened: run .* lies there now"):
            question()
    assert townlet.open(demo).head.tick == 90


def test_f6_a_shorter_run_of_the_same_seed_is_another(demo: Path) -> None:
    run = townlet.open(demo)
    townlet.simulate(None, ticks=30, seed=7, into=demo, replace=True)
    with pytest.raises(EventLogError, match=r"was replaced since it was opened: it ends before"):
        run.at()


def test_f6_a_longer_run_of_the_same_seed_goes_on(demo: Path) -> None:
    """Its history is the same, though its commits are cut otherwise."""
    run = townlet.open(demo)
    before = run.at(50).state_digest
    list(run.log.rows())
    townlet.simulate(None, ticks=90, seed=7, into=demo, replace=True)
    assert run.at(50).state_digest == before
    assert run.log.verify_chain() == townlet.open(demo).log_digest


def test_f11_no_room_while_archiving_is_said(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda folder: 17 << 20)
    segment = demo / "log" / read_manifest(demo).active.file
    monkeypatch.setattr("eventlog.archiving.RESERVE_BYTES", 17 << 20)
    monkeypatch.setattr("eventlog.writer.RESERVE_BYTES", 17 << 20)
    result = said("runs", "archive", "demo")
    assert result.exit_code == 1
    assert "no room for" in result.stderr
    assert segment.exists()
    monkeypatch.undo()
    assert LogReader(demo).verify_chain() == LogReader(demo).head.digest


def with_earlier_head(run: Path, commits: int, cut: int) -> None:
    """A closed run with so many commits, and the head of the moment when only `cut` of them were made."""
    writer = new_log(run)
    for number in range(commits):
        if number == cut:
            writer.sync()
            earlier = (run / "log" / "head").read_bytes()
        commit(writer, 100)
    writer.close()
    (run / "log" / "head").write_bytes(earlier)


@pytest.mark.parametrize("cut", [0, 1, 3])
def test_f13_verify_names_a_head_that_was_put_back(tmp_path: Path, cut: int) -> None:
    with_earlier_head(tmp_path / "run", 4, cut)
    log = LogReader(tmp_path / "run")
    assert log.head.seq == cut * 100
    with pytest.raises(LogDamaged, match="the head is an earlier one that was put back"):
        log.verify_chain()


def test_f13_every_proof_names_it(demo: Path) -> None:
    head = (demo / "log" / "head").read_bytes()
    assert said("resume", "demo", "--ticks", "5").exit_code == 0
    assert said("verify", "demo").exit_code == 0
    (demo / "log" / "head").write_bytes(head)
    for command in (["verify", "demo"], ["replay", "demo", "--verify"], ["runs", "copy", "demo", "copy"]):
        result = said(*command)
        assert result.exit_code == 3, command
        assert "the head is an earlier one that was put back" in result.stderr, command


def test_f13_a_run_that_was_killed_may_have_more_than_its_head_says(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", [100])
    head = (tmp_path / "run" / "log" / "head").read_bytes()
    commit(writer, 100)
    abandon(writer)
    (tmp_path / "run" / "log" / "head").write_bytes(head)
    assert LogReader(tmp_path / "run").verify_chain()
