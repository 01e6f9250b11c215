"""Forks: the same history up to an event, in a folder that needs no other."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from eventlog import disk
from eventlog.errors import EventLogError, RunExists
from eventlog.forking import fork
from eventlog.manifest import read_manifest, write_settings
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.test_sealing import EVENTS, SEGMENT_EVENTS, expected, long_run, same
from tests.eventlog.towns import EPOCHS, commit


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four segments, with words in it."""
    path = tmp_path_factory.mktemp("forking") / "run"
    with long_run(path):
        write_settings(path, EPOCHS[0].config_id, "{}")
    return path


def forked(source: Path, into: Path, seq: int) -> LogReader:
    fork(LogReader(source), into, seq, run_id="f0", name="fork", versions={})
    return LogReader(into)


def first_of_a_tick(seq: int) -> int:
    ticks = expected()["tick"]
    return int(np.searchsorted(ticks, ticks[seq]))


SEALED = 6797  # where the second segment begins
CUTS = sorted({first_of_a_tick(seq) for seq in (1, 700, 3000, SEALED, SEALED + 10, 9000, 15000, EVENTS - 5)} - {0})


@pytest.mark.parametrize("seq", [*CUTS, EVENTS])
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


def test_a_fork_overwrites_nothing(source: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("mine")
    with pytest.raises(RunExists):
        forked(source, tmp_path / "there", 3000)
    with pytest.raises(ValueError, match="no future"):
        forked(source, tmp_path / "new", 0)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


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
