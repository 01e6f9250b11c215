"""Forks: the same history up to an event, in a folder that needs no other."""

import errno
import itertools
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from eventlog.checkpoints import CheckpointStore
from eventlog.errors import EventLogError, LogDamaged, RunExists
from eventlog.folder import disk
from eventlog.folder.head import Point
from eventlog.folder.manifest import Epoch, read_manifest, read_settings, write_settings
from eventlog.forking import fork
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.format.test_sealing import EVENTS, SEGMENT_EVENTS, expected, long_run, same
from tests.eventlog.towns import EPOCHS, commit


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four segments, with words in it."""
    path = tmp_path_factory.mktemp("forking") / "run"
    with long_run(path):
        write_settings(path, EPOCHS[0].config_id, "{}")
    return path


def forked(source: Path, into: Path, seq: int) -> LogReader:
    fork(LogReader(source), into, seq, run_id="f0", name="fork", versions={}, epochs=EPOCHS)
    return LogReader(into)


def first_of_a_tick(seq: int) -> int:
    ticks = expected()["tick"]
    return int(np.searchsorted(ticks, ticks[seq]))


SEALED = 6797  # where the second segment begins
CUTS = sorted({first_of_a_tick(seq) for seq in (1, 700, 3000, SEALED, SEALED + 10, 9000, 15000, EVENTS - 5)} - {0})


@pytest.mark.parametrize("seq", [0, *CUTS, EVENTS])
def test_a_fork_is_the_history_before_it(source: Path, tmp_path: Path, seq: int) -> None:
    reader, parent = forked(source, tmp_path / "fork", seq), LogReader(source)
    assert same(np.concatenate([expected()[:0], *reader.rows()]), expected()[:seq])
    assert reader.verify_chain() == reader.head.digest == parent.digest_at(seq)[1].hex()
    words = [note for note in parent.table(0, seq).column("note").to_pylist() if note]
    assert [note for note in reader.table().column("note").to_pylist() if note] == words
    said = reader.manifest.parent
    assert said is not None
    assert (said.run_id, said.seq, said.digest) == ("0190", seq, reader.head.digest)
    assert reader.manifest.closed


def test_what_was_sealed_is_shared(source: Path, tmp_path: Path) -> None:
    reader = forked(source, tmp_path / "fork", EVENTS)
    for segment in read_manifest(source).segments[:-1]:
        assert (tmp_path / "fork" / "log" / segment.file).samefile(source / "log" / segment.file)
    assert len(reader.manifest.segments) == 4


def test_a_fork_outlives_its_parent_and_goes_on(source: Path, tmp_path: Path) -> None:
    parent = shutil.copytree(source, tmp_path / "parent")
    forked(parent, tmp_path / "fork", CUTS[-1])
    shutil.rmtree(parent)
    with LogWriter.open(tmp_path / "fork", segment_events=SEGMENT_EVENTS) as writer:
        commit(writer, 5000)
    reader = forked(tmp_path / "fork", tmp_path / "again", CUTS[-1])
    assert same(np.concatenate(list(reader.rows())), expected()[: CUTS[-1]])
    assert LogReader(tmp_path / "fork").head.seq == CUTS[-1] + 5000


def test_a_run_that_is_written_can_be_forked(tmp_path: Path) -> None:
    with long_run(tmp_path / "run") as writer:
        write_settings(tmp_path / "run", EPOCHS[0].config_id, "{}")
        reader = forked(tmp_path / "run", tmp_path / "fork", EVENTS)
        commit(writer, 10)
    assert reader.head.seq == EVENTS


def test_a_run_that_seals_meanwhile_can_be_forked(tmp_path: Path) -> None:
    with long_run(tmp_path / "run") as writer:
        write_settings(tmp_path / "run", EPOCHS[0].config_id, "{}")
        before = LogReader(tmp_path / "run")
        assert before.manifest.active.first_seq < EVENTS
        writer.roll()
        fork(before, tmp_path / "fork", EVENTS, run_id="f0", name="fork", versions={}, epochs=EPOCHS)
        assert LogReader(tmp_path / "fork").verify_chain() == writer.head.digest


def test_settings_that_the_source_lacks_come_with_their_epoch(source: Path, tmp_path: Path) -> None:
    seq = CUTS[2]
    epochs = (*EPOCHS, Epoch(from_seq=seq, config_id="beef", seed=8))
    versions, texts = {"townlet": "9"}, {"beef": '{"a": 1}'}
    fork(
        LogReader(source),
        tmp_path / "fork",
        seq,
        run_id="f",
        name="f",
        versions=versions,
        epochs=epochs,
        settings=texts,
    )
    said = read_manifest(tmp_path / "fork")
    assert (said.epochs, said.versions) == (epochs, versions)
    kept = {path.name: path.read_text() for path in (tmp_path / "fork" / "configs").iterdir()}
    assert kept == {"c0ffee.json": "{}", "beef.json": '{"a": 1}'}
    assert not (source / "configs" / "beef.json").exists()


def with_checkpoints(path: Path) -> Path:
    """A run with a checkpoint at three of its ticks, and one that is being written."""
    with long_run(path):
        write_settings(path, EPOCHS[0].config_id, "{}")
    log = LogReader(path)
    for tick in (100, 1000, 1500):
        seq = log.seq_at(tick)
        point = Point(tick, seq, *(digest.hex() for digest in log.digest_at(seq)))
        CheckpointStore(path).write({"town": pa.table({"tick": [tick]})}, point, {"made": "so"})
    (path / "checkpoints" / "000000000200.1-0").mkdir()
    return path


def nearest(run: Path, tick: int) -> int | None:
    found = CheckpointStore(run).nearest(tick, lambda _: {"made": "so"}, LogReader(run))
    return found and found.tables()["town"].column("tick")[0].as_py()


def test_checkpoints_of_the_history_come_along(tmp_path: Path) -> None:
    source = with_checkpoints(tmp_path / "run")
    reader = forked(source, tmp_path / "fork", LogReader(source).seq_at(1000))
    assert CheckpointStore(tmp_path / "fork").ticks() == [100, 1000]
    assert nearest(tmp_path / "fork", reader.head.tick) == 1000
    CheckpointStore(source).write({"town": pa.table({"tick": [7]})}, Point(1000, 0, "0" * 64, "0" * 64), {"made": "so"})
    shutil.rmtree(source)
    assert nearest(tmp_path / "fork", reader.head.tick) == 1000


def test_a_checkpoint_that_vanishes_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, link = with_checkpoints(tmp_path / "run"), disk.link

    def late(path: Path, target: Path) -> None:
        if path.parent.name == "000000000100":
            shutil.rmtree(path.parent, ignore_errors=True)
        link(path, target)

    monkeypatch.setattr(disk, "link", late)
    forked(source, tmp_path / "fork", EVENTS)
    assert CheckpointStore(tmp_path / "fork").ticks() == [1000, 1500]


def test_where_no_link_can_be_made_there_is_a_copy(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def across(path: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(os, "link", across)
    reader = forked(source, tmp_path / "fork", EVENTS)
    assert reader.verify_chain() == LogReader(source).head.digest
    for segment in read_manifest(source).segments[:-1]:
        copy = tmp_path / "fork" / "log" / segment.file
        assert not copy.samefile(source / "log" / segment.file)
        assert copy.read_bytes() == (source / "log" / segment.file).read_bytes()


def test_a_link_that_was_made_and_said_to_have_failed_is_not_written_through(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in (source / "log").iterdir()}
    link = os.link

    def late(path: Path, target: Path) -> None:
        link(path, target)
        raise OSError(errno.EIO, "its answer was lost")

    def full(path: Path, content: object) -> None:
        path.write_bytes(b"")
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as failing:
        failing.setattr(os, "link", late)
        assert forked(source, tmp_path / "fork", EVENTS).verify_chain() == LogReader(source).head.digest
        failing.setattr(disk, "write_file", full)
        with pytest.raises(OSError, match="no space left"):
            forked(source, tmp_path / "another", EVENTS)
    assert {path: path.read_bytes() for path in (source / "log").iterdir()} == before


def test_what_befalls_the_parents_files_afterwards_is_its_own(source: Path, tmp_path: Path) -> None:
    parent = shutil.copytree(source, tmp_path / "parent")
    reader = forked(parent, tmp_path / "fork", EVENTS)
    *sealed, active = read_manifest(parent).segments
    (parent / "log" / active.file).write_bytes(b"written over")
    for segment in sealed:
        disk.replace_file(parent / "log" / segment.file, b"replaced")
    (parent / "log" / "head").write_bytes(b"")
    (parent / "configs" / "c0ffee.json").write_text("nonsense")
    assert LogReader(tmp_path / "fork").verify_chain() == reader.head.digest == LogReader(source).head.digest
    assert read_settings(tmp_path / "fork", "c0ffee") == "{}"


def test_damage_to_a_shared_file_is_noticed_in_the_fork(source: Path, tmp_path: Path) -> None:
    parent = shutil.copytree(source, tmp_path / "parent")
    forked(parent, tmp_path / "fork", EVENTS)
    with (parent / "log" / read_manifest(parent).segments[0].file).open("r+b") as file:
        file.seek(3000)
        byte = file.read(1)[0]
        file.seek(3000)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(LogDamaged):
        LogReader(tmp_path / "fork").verify_chain()


def test_a_segment_that_is_gone_is_damage_and_no_fork(source: Path, tmp_path: Path) -> None:
    parent = shutil.copytree(source, tmp_path / "parent")
    (parent / "log" / read_manifest(parent).segments[0].file).unlink()
    with pytest.raises(LogDamaged, match="the file is missing"):
        forked(parent, tmp_path / "fork", EVENTS)
    assert [path.name for path in tmp_path.iterdir()] == ["parent"]


def test_what_was_copied_is_held_to_the_sources_digest(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LogReader, "digest_at", lambda log, seq: (b"", bytes(32)))
    with pytest.raises(LogDamaged, match="another digest"):
        forked(source, tmp_path / "fork", CUTS[-1])
    assert list(tmp_path.iterdir()) == []


def test_a_fork_overwrites_nothing(source: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    forked(source, tmp_path / "run", 700)
    before = LogReader(tmp_path / "run").head
    for name, words in (("there", "there holds files, and no run"), ("file", "file is a file")):
        with pytest.raises(EventLogError, match=words):
            forked(source, tmp_path / name, CUTS[1])
    with pytest.raises(RunExists):
        forked(source, tmp_path / "run", CUTS[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "run", "there"]
    assert LogReader(tmp_path / "run").head == before
    (tmp_path / "empty").mkdir()
    assert forked(source, tmp_path / "empty", CUTS[1]).head.seq == CUTS[1]


@pytest.mark.parametrize("call", ["sync", "rename", "create", "sync_folder", "write_at", "write", "link", "append_to"])
def test_a_fork_that_fails_leaves_nothing(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    before = {path: path.read_bytes() for path in sorted(source.rglob("*")) if path.is_file()}
    for nth in range(40):
        calls, original = itertools.count(), getattr(disk, call)

        def failing(
            *arguments: object, nth: int = nth, calls: "itertools.count[int]" = calls, original: object = original
        ) -> object:
            if next(calls) == nth:
                raise OSError(5, "the disk is gone")
            return original(*arguments)  # type: ignore[operator]

        with monkeypatch.context() as patch:
            patch.setattr(disk, call, failing)
            try:
                forked(source, tmp_path / "fork", CUTS[-1])
            except (OSError, EventLogError):
                if (tmp_path / "fork").exists():  # it stood before what failed last: its name was not yet synced
                    assert LogReader(tmp_path / "fork").verify_chain()
                    shutil.rmtree(tmp_path / "fork")
                assert list(tmp_path.iterdir()) == []
                continue
        break
    else:
        pytest.fail("it failed to the last")
    assert nth >= 1
    assert {path: path.read_bytes() for path in sorted(source.rglob("*")) if path.is_file()} == before
