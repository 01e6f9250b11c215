"""What a commit promises, and what it refuses."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.errors import DiskFull, LogDamaged, RunExists, RunNotFound, SequenceMismatch, WriterPoisoned
from eventlog.folder.manifest import read_manifest, write_manifest
from eventlog.format.chain import Chain
from eventlog.reader import LogReader
from eventlog.rows import ROW
from eventlog.writer import RESERVE_BYTES, LogWriter
from tests.eventlog.towns import abandon, commit, history, new_log, segment_of, written


def test_a_new_run_is_empty_open_and_numbered(tmp_path: Path) -> None:
    with new_log(tmp_path / "run") as writer:
        assert (writer.head.seq, writer.head.tick, writer.head.digest) == (0, 0, Chain().digest().hex())
        assert list(LogReader(tmp_path / "run").rows()) == []
        assert not read_manifest(tmp_path / "run").closed
    manifest = read_manifest(tmp_path / "run")
    assert (manifest.closed, manifest.number, manifest.writer_epoch) == (True, 1, 1)


def test_a_folder_that_holds_a_run_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "run", [10]).close()
    before = segment_of(tmp_path / "run").read_bytes()
    with pytest.raises(RunExists, match="townlet resume"):
        new_log(tmp_path / "run")
    (tmp_path / "run" / "run.json").unlink()
    with pytest.raises(RunExists):
        new_log(tmp_path / "run")
    assert segment_of(tmp_path / "run").read_bytes() == before


def test_what_a_creation_that_died_left_is_no_run(tmp_path: Path) -> None:
    new_log(tmp_path / "run").close()
    (tmp_path / "run" / "run.json").unlink()
    with pytest.raises(RunNotFound):
        LogWriter.open(tmp_path / "run")
    new_log(tmp_path / "run").close()


def test_a_commit_is_one_write_and_moves_the_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    real_write = os.write

    def counted(fd: int, data: bytes) -> int:
        writes.append(len(data))
        return real_write(fd, data)

    with new_log(tmp_path / "run") as writer:
        start = writer.head.appended
        monkeypatch.setattr(os, "write", counted)
        rows = history(100)
        assert writer.commit(rows, expected_seq=0) == 100
        chain = Chain()
        chain.extend(rows)
        assert writer.head == (start + writes[0], start, 100, 10, chain.digest().hex())
        assert len(writes) == 1
        assert writer.head == LogReader(tmp_path / "run").head
        assert writer.commit(rows[:0], expected_seq=100) == 100
        assert len(writes) == 1


@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=5), cut=st.integers(0, 5), died=st.booleans())
def test_reopened_equals_straight_through(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], cut: int, died: bool
) -> None:
    run = tmp_path_factory.mktemp("logs") / "run"
    rows = history(sum(sizes), events_per_tick=1)
    straight = Chain()
    straight.extend(rows)
    writer = new_log(run)
    for number, part in enumerate(np.split(rows, np.cumsum(sizes)[:-1])):
        if number == cut:
            abandon(writer) if died else writer.close()
            writer = LogWriter.open(run, durability="never")
        writer.commit(part, expected_seq=int(part["seq"][0]))
    writer.close()
    assert writer.head.digest == LogReader(run).verify_chain() == straight.digest().hex()


def test_a_reopened_writer_continues_the_chain(tmp_path: Path) -> None:
    rows = history(10_000)
    with new_log(tmp_path / "straight") as straight:
        straight.commit(rows, {4097: "a note", 9999: "another"}, expected_seq=0)
    new_log(tmp_path / "parts").close()
    for first in range(0, 10_000, 1250):
        with LogWriter.open(tmp_path / "parts") as writer:
            notes = {seq: note for seq, note in {4097: "a note", 9999: "another"}.items() if 0 <= seq - first < 1250}
            writer.commit(rows[first : first + 1250], notes, expected_seq=first)
    assert writer.head.digest == straight.head.digest
    assert LogReader(tmp_path / "parts").verify_chain() == LogReader(tmp_path / "straight").verify_chain()


def test_commits_of_strided_record_arrays(tmp_path: Path) -> None:
    town = np.zeros(100, [("state", "i8"), ("outbox", ROW)]).view(np.recarray)
    town.outbox = history(100)
    with new_log(tmp_path / "run") as writer:
        writer.commit(town.outbox, expected_seq=0)
    assert next(LogReader(tmp_path / "run").rows()).tobytes() == history(100).tobytes()


def changed(column: str, row: int, value: int) -> Any:
    rows = history(30, seq=50, tick=5)
    rows[column][row] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "expected_seq", "says"),
    [
        pytest.param(history(30, seq=50, tick=5), 49, "the expected event is 49, but 50", id="expected"),
        pytest.param(history(30, seq=51, tick=5), 50, "row 0 is 51, but 50", id="gap before"),
        pytest.param(changed("seq", 7, 99), 50, "row 7 is 99, but 57", id="gap inside"),
        pytest.param(history(30, seq=50, tick=4), 50, "the first tick is 4, but 5", id="tick committed before"),
        pytest.param(changed("tick", 20, 5), 50, "the tick of row 20 is 5, but 6", id="tick goes back"),
    ],
)
def test_a_commit_that_does_not_follow_is_refused(tmp_path: Path, rows: Any, expected_seq: int, says: str) -> None:
    with written(tmp_path / "run", [50]) as writer:
        head = writer.head
        with pytest.raises(SequenceMismatch, match=says):
            writer.commit(rows, expected_seq=expected_seq)
        assert writer.head == head
        commit(writer, 30)
    assert LogReader(tmp_path / "run").verify_chain() == writer.head.digest


def test_a_note_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    with written(tmp_path / "run", [50]) as writer:
        rows = history(5, seq=50, tick=5)
        for notes in ({99: "of no event"}, {50: "half a \ud83d pair"}):
            with pytest.raises(ValueError):
                writer.commit(rows, notes, expected_seq=50)
        writer.commit(rows, {50: "fine"}, expected_seq=50)
    assert LogReader(tmp_path / "run").verify_chain() == writer.head.digest


@pytest.mark.parametrize("call", ["write", "fdatasync", "pwrite"])
def test_after_the_disk_failed_a_writer_is_poisoned_until_reopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    writer = new_log(tmp_path / "run", durability="every-commit")
    commit(writer, 20)
    head = writer.head

    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(os, call, fail)
        with pytest.raises(WriterPoisoned, match="a commit failed: Input/output error"):
            commit(writer, 20)
    for again in (lambda: commit(writer, 20), writer.sync, lambda: writer.add_epoch(config_id="a", seed=1)):
        with pytest.raises(WriterPoisoned, match="Events before 20 were committed"):
            again()
    assert writer.head == head._replace(durable=writer.head.durable)
    assert LogReader(tmp_path / "run").head == head
    writer.close()
    assert not read_manifest(tmp_path / "run").closed
    with LogWriter.open(tmp_path / "run") as writer:
        assert writer.head.seq == (20 if call == "write" else 40)
        commit(writer, 20)
    assert LogReader(tmp_path / "run").verify_chain() == writer.head.digest


def test_a_failed_sync_poisons_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    writer = written(tmp_path / "run", [20])
    durable = writer.head.durable
    with monkeypatch.context() as failing:
        failing.setattr(os, "fdatasync", fail)
        with pytest.raises(WriterPoisoned, match="a sync failed: Input/output error"):
            writer.sync()
    for again in (lambda: commit(writer, 20), writer.sync):
        with pytest.raises(WriterPoisoned, match="a sync failed"):
            again()
    assert writer.head.durable == durable
    writer.close()
    assert not read_manifest(tmp_path / "run").closed


def test_an_interrupted_commit_poisons_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = written(tmp_path / "run", [20])
    real_write = os.write

    def interrupted(fd: int, data: bytes) -> int:
        real_write(fd, data)
        raise KeyboardInterrupt

    with monkeypatch.context() as failing:
        failing.setattr(os, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            commit(writer, 30)
    with pytest.raises(WriterPoisoned, match="interrupted"):
        commit(writer, 30)
    writer.close()
    with LogWriter.open(tmp_path / "run") as writer:
        assert writer.head.seq == 50
        commit(writer, 30)
    assert LogReader(tmp_path / "run").verify_chain() == writer.head.digest


def test_a_short_write_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, data[:1000]))
    with new_log(tmp_path / "run") as writer:
        commit(writer, 500)
    assert LogReader(tmp_path / "run").verify_chain() == writer.head.digest


def test_a_write_that_stops_half_way_is_cut_off_on_reopening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_write = os.write
    parts = iter([1000, 0])
    writer = written(tmp_path / "run", [20])
    with monkeypatch.context() as failing:
        failing.setattr(os, "write", lambda fd, data: real_write(fd, data[: next(parts)]))
        with pytest.raises(WriterPoisoned, match="only 1,000 of"):
            commit(writer, 500)
    writer.close()
    with LogWriter.open(tmp_path / "run") as writer:
        assert writer.head.seq == 20
        assert writer.torn is not None
        assert writer.torn.stat().st_size == 1000
        commit(writer, 500)
    assert LogReader(tmp_path / "run").verify_chain() == writer.head.digest


def test_a_full_disk_refuses_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    free = [RESERVE_BYTES + 4000]

    class Disk:
        f_frsize = 1

        @property
        def f_bavail(self) -> int:
            return free[0]

    monkeypatch.setattr(os, "statvfs", lambda _: Disk())
    assert real.f_bavail
    with new_log(tmp_path / "run") as writer:
        commit(writer, 10)
        before = segment_of(tmp_path / "run").read_bytes()
        with pytest.raises(DiskFull, match="Nothing was written; events before 10 are intact"):
            commit(writer, 500)
        assert segment_of(tmp_path / "run").read_bytes() == before
        free[0] += 1_000_000
        commit(writer, 500)
    assert LogReader(tmp_path / "run").head.seq == 510


def test_durability_says_when_a_commit_is_synced(tmp_path: Path) -> None:
    with new_log(tmp_path / "every", durability="every-commit") as writer:
        commit(writer, 10)
        assert writer.head.durable == writer.head.appended
    with new_log(tmp_path / "never", durability="never") as writer:
        start = writer.head.durable
        commit(writer, 10)
        assert writer.head.durable == start
        writer.sync()
        assert writer.head.durable == writer.head.appended == LogReader(tmp_path / "never").head.durable
    with new_log(tmp_path / "long", durability="interval", interval_ms=3_600_000) as writer:
        commit(writer, 10)
        assert writer.head.durable < writer.head.appended
    with new_log(tmp_path / "short", durability="interval", interval_ms=0) as writer:
        commit(writer, 10)
        assert writer.head.durable == writer.head.appended
    assert LogReader(tmp_path / "long").head.durable == LogReader(tmp_path / "long").head.appended


def test_a_new_epoch_begins_with_the_next_event(tmp_path: Path) -> None:
    with written(tmp_path / "run", [10]) as writer:
        assert writer.add_epoch(config_id="beef", seed=7) == 1
        assert writer.add_epoch(config_id="feed", seed=7) == 1, "nothing happened in the one before"
        assert writer.head.durable == writer.head.appended
        commit(writer, 5)
        assert writer.add_epoch(config_id="cafe", seed=9) == 2
    epochs = [(epoch.from_seq, epoch.config_id, epoch.seed) for epoch in read_manifest(tmp_path / "run").epochs]
    assert epochs == [(0, "c0ffee", 7), (10, "feed", 7), (15, "cafe", 9)]


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", [10])
    writer.close()
    writer.close()
    with pytest.raises(WriterPoisoned, match="closed"):
        commit(writer, 10)


def test_a_writer_whose_run_was_taken_over_changes_no_manifest(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", [10])
    taken = writer.manifest.next_version(writer_epoch=2)
    write_manifest(tmp_path / "run", taken)
    with pytest.raises(WriterPoisoned, match="writer 2 has taken the run over"):
        writer.close()
    assert read_manifest(tmp_path / "run") == taken


def test_stock_pyarrow_reads_the_file_beside_its_writer(tmp_path: Path) -> None:
    with written(tmp_path / "run", [100, 3, 50]) as writer:
        with pa.OSFile(str(segment_of(tmp_path / "run"))) as file:
            table = pa.ipc.open_stream(file).read_all()
        assert table["seq"].to_pylist() == list(range(153))
        commit(writer, 10)


def test_nothing_of_a_run_depends_on_where_it_is(tmp_path: Path) -> None:
    for name in ("here", "there"):
        with new_log(tmp_path / name) as writer:
            for size in (10, 600, 4000):
                commit(writer, size)
    assert segment_of(tmp_path / "here").read_bytes() == segment_of(tmp_path / "there").read_bytes()


def test_damage_is_refused_on_opening_with_the_lock_let_go(tmp_path: Path) -> None:
    written(tmp_path / "run", [10]).close()
    with segment_of(tmp_path / "run").open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"\xff" * 8)
    for _ in range(2):
        with pytest.raises(LogDamaged):
            LogWriter.open(tmp_path / "run")


def test_a_commit_of_too_many_events_is_refused_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlog.writer.COMMIT_EVENTS_MAX", 19)
    with written(tmp_path / "run", [10]) as writer:
        with pytest.raises(ValueError, match="at most 19 events, not 20"):
            commit(writer, 20)
        assert writer.head.seq == 10


def test_a_segment_is_not_sealed_if_its_events_are_not_those_that_were_committed(tmp_path: Path) -> None:
    with written(tmp_path / "run", [10]) as writer:
        writer._digest = Chain().digest()
        with pytest.raises(LogDamaged, match="not those that were committed"):
            writer.roll()
    assert [segment.seal for segment in read_manifest(tmp_path / "run").segments] == [None]
