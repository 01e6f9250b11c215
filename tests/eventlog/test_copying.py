"""Copies of a log that is being written: each is a whole log, the beginning of the one that it was copied from."""

import threading
from pathlib import Path

import pytest

from eventlog.copying import copy
from eventlog.errors import EventLogError, RunExists
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import abandon, commit, new_log, segment_of

SIZES = [50, 700, 10, 2400]


def settled(path: Path) -> LogWriter:
    """A new log's writer, and the settings of its epoch."""
    writer = new_log(path)
    (path / "configs").mkdir(exist_ok=True)
    (path / "configs" / "c0ffee.json").write_text("{}")
    return writer


def next_size(seq: int) -> int:
    """The size of the commit that begins with this event, where commits have SIZES in turn."""
    left = seq % sum(SIZES)
    return SIZES[[sum(SIZES[:number]) for number in range(len(SIZES))].index(left)]


def test_copies_made_while_a_log_is_written_and_sealed_are_its_beginnings(tmp_path: Path) -> None:
    written, copied = threading.Event(), threading.Event()

    def write() -> None:
        with settled(tmp_path / "a") as writer:
            for number in range(60):
                commit(writer, SIZES[number % len(SIZES)])
                if number % 7 == 6:
                    writer.roll()
                written.set()
                copied.wait(0.02)  # some commits between two copies, and some during one
                copied.clear()

    thread, copies = threading.Thread(target=write), list[Path]()
    thread.start()
    try:
        assert written.wait(20)
        while thread.is_alive():
            copies.append(tmp_path / f"copy-{len(copies)}")
            copy(LogReader(tmp_path / "a"), copies[-1])
            copied.set()
    finally:
        thread.join()
    whole, ends = LogReader(tmp_path / "a"), [LogReader(each).head.seq for each in copies]
    assert len(set(ends)) > 3 and ends == sorted(ends)
    for end, place in zip(ends, copies, strict=True):
        found = LogReader(place)
        assert found.manifest.closed
        assert found.verify_chain() == found.head.digest == whole.digest_at(end)[1].hex()
    with LogWriter.open(copies[0]) as writer:
        assert writer.torn is None
        while writer.head.seq < whole.head.seq:
            commit(writer, next_size(writer.head.seq))
        assert writer.head.digest == whole.head.digest


def test_a_log_whose_writer_was_killed_is_copied_without_its_torn_tail(tmp_path: Path) -> None:
    writer = settled(tmp_path / "a")
    commit(writer, 300)
    digest = writer.head.digest
    abandon(writer)
    with segment_of(tmp_path / "a").open("ab") as file:
        file.write(b"half a frame")
    assert copy(LogReader(tmp_path / "a"), tmp_path / "b")[2:] == (30, 300, digest)
    assert LogReader(tmp_path / "b").verify_chain() == digest
    with LogWriter.open(tmp_path / "b") as writer:
        assert writer.torn is None and writer.head.digest == digest


def test_a_log_that_is_opened_by_another_writer_meanwhile_is_copied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its settings, policies and city events may be others by then."""
    writer = settled(tmp_path / "a")
    commit(writer, 300)
    source, verified = LogReader(tmp_path / "a"), LogReader.verify_chain

    def reopened(log: LogReader) -> str:
        abandon(writer)
        LogWriter.open(tmp_path / "a").close()
        return verified(log)

    monkeypatch.setattr(LogReader, "verify_chain", reopened)
    with pytest.raises(EventLogError, match="changed during the copy"):
        copy(source, tmp_path / "b")
    monkeypatch.undo()
    assert copy(source, tmp_path / "b").events == 300
    with pytest.raises(RunExists):
        copy(source, tmp_path / "b")


def test_an_empty_log_is_copied(tmp_path: Path) -> None:
    with settled(tmp_path / "a") as writer:
        assert copy(LogReader(tmp_path / "a"), tmp_path / "b").events == 0
        commit(writer, 300)
        with LogWriter.open(tmp_path / "b") as second:
            commit(second, 300)
            assert second.head.digest == writer.head.digest
