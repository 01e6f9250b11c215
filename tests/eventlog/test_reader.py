"""What a reader sees of a log, beside its writer and after it."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.errors import LogDamaged, RunNotFound
from eventlog.format.arrow import from_batch
from eventlog.format.chain import Chain
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import abandon, commit, history, new_log, segment_of, written

SIZES = [30, 1, 70, 5, 200, 40]
EVENTS = sum(SIZES)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logs") / "run"
    with new_log(path) as writer:
        for size in SIZES:
            commit(writer, size, {writer.head.seq: f"commit of {size}"} if size == 70 else None)
    return path


def seqs(reader: LogReader, *args: int | None, **ticks: int | None) -> list[int]:
    """The seqs of a range, the same by all three ways of reading it."""
    rows = [int(seq) for part in reader.rows(*args, **ticks) for seq in part["seq"]]
    batches = [int(seq) for batch in reader.batches(*args, **ticks) for seq in from_batch(batch)["seq"]]
    assert rows == batches == reader.table(*args, **ticks)["seq"].to_pylist()
    return rows


def test_what_lies_before_damage_is_read(run: Path, tmp_path: Path) -> None:
    whole = LogReader(run)
    third = whole.frames[2]
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    content = bytearray(segment_of(copy).read_bytes())
    content[third.position + third.length // 2] ^= 1
    segment_of(copy).write_bytes(content)
    assert seqs(LogReader(copy), to_tick=third.first_tick) == list(range(third.first_seq))
    assert sum(len(rows) for rows, _ in LogReader(copy).parts(None, third.first_seq)) == third.first_seq
    with pytest.raises(LogDamaged):
        seqs(LogReader(copy), to_tick=third.first_tick + 1)


def test_a_reader_gives_what_was_written(run: Path) -> None:
    reader = LogReader(run)
    assert [(frame.first_seq, frame.rows) for frame in reader.frames] == [
        (0, 30),
        (30, 1),
        (31, 70),
        (101, 5),
        (106, 200),
        (306, 40),
    ]
    assert [len(part) for part in reader.rows()] == SIZES
    table = reader.table()
    table.validate(full=True)
    assert table["note"].drop_null().to_pylist() == ["commit of 70"]
    assert reader.manifest.closed
    assert reader.verify_chain() == reader.head.digest


@given(bounds=st.tuples(*[st.none() | st.integers(0, EVENTS + 5)] * 2))
def test_ranges_of_events(run: Path, bounds: tuple[int | None, int | None]) -> None:
    first, last = bounds
    assert seqs(LogReader(run), first, last) == list(range(EVENTS))[first or 0 : last]


@given(bounds=st.tuples(*[st.none() | st.integers(0, 45)] * 4))
def test_ranges_of_ticks(run: Path, bounds: tuple[int | None, ...]) -> None:
    from_seq, to_seq, from_tick, to_tick = bounds
    reader = LogReader(run)
    whole = np.concatenate(list(reader.rows()))
    inside = whole[
        (whole["seq"] >= (from_seq or 0))
        & (whole["seq"] < (EVENTS if to_seq is None else to_seq))
        & (whole["tick"] >= (from_tick or 0))
        & (whole["tick"] < (10_000 if to_tick is None else to_tick))
    ]
    assert seqs(LogReader(run), from_seq, to_seq, from_tick=from_tick, to_tick=to_tick) == inside["seq"].tolist()
    assert seqs(reader, from_seq, to_seq, from_tick=from_tick, to_tick=to_tick) == inside["seq"].tolist()


def test_the_digest_is_known_at_every_event(run: Path) -> None:
    whole = LogReader(run)
    chain = Chain()
    for rows, notes in whole.parts():
        for row in range(len(rows)):
            assert whole.digest_at(chain.seq) == (chain.block_digest, chain.digest())
            chain.extend(rows[row : row + 1], notes)
    assert whole.digest_at(EVENTS) == (chain.block_digest, chain.digest())
    assert all(whole.holds(frame.point) for frame in whole.frames)
    frame = whole.frames[3]
    assert not whole.holds(frame.point._replace(seq=frame.first_seq + 1))
    assert not whole.holds(frame.point._replace(seq=EVENTS + 1))


def test_a_reader_checks_only_what_it_reads(run: Path, tmp_path: Path) -> None:
    writer = written(tmp_path / "run", [50] * 10)
    frames = LogReader(tmp_path / "run").frames
    with segment_of(tmp_path / "run").open("r+b") as file:
        file.seek(frames[4].position + 2000)
        file.write(b"\xff" * 8)
    reader = LogReader(tmp_path / "run")
    assert seqs(reader, 0, 200) == list(range(200))
    with pytest.raises(LogDamaged, match="at event 200 "):
        list(reader.rows(0, 201))
    assert seqs(LogReader(tmp_path / "run"), 250) == list(range(250, 500))
    abandon(writer)


def test_a_reader_never_passes_what_is_published(tmp_path: Path) -> None:
    with written(tmp_path / "run", [30]) as writer:
        reader = LogReader(tmp_path / "run")
        commit(writer, 20)
        assert seqs(reader) == list(range(30))
        assert reader.refresh().seq == 50
        assert seqs(reader) == list(range(50))
        with segment_of(tmp_path / "run").open("ab") as file:
            file.write(b"half a frame")
        assert seqs(LogReader(tmp_path / "run")) == list(range(50))
        assert LogReader(tmp_path / "run").verify_chain() == writer.head.digest


def test_a_reader_sees_the_committed_prefix_of_a_dead_writers_log(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", [30, 20])
    abandon(writer)
    with segment_of(tmp_path / "run").open("ab") as file:
        file.write(bytes(500))
    reader = LogReader(tmp_path / "run")
    assert seqs(reader) == list(range(50))
    assert not reader.manifest.closed


def test_a_segment_shorter_than_published_is_damage(tmp_path: Path) -> None:
    abandon(written(tmp_path / "run", [30, 20]))
    content = segment_of(tmp_path / "run").read_bytes()
    first = LogReader(tmp_path / "run").frames[0]
    for size, says in [(len(content) - 1, "cut off"), (first.end, "the file ends before byte")]:
        segment_of(tmp_path / "run").write_bytes(content[:size])
        reader = LogReader(tmp_path / "run")
        assert seqs(reader, 0, 30) == list(range(30))
        with pytest.raises(LogDamaged, match=f"at event 30 .*{says}") as caught:
            list(reader.rows())
        assert "townlet resume" in str(caught.value), "it was never synced, so a writer may cut it"
    segment_of(tmp_path / "run").write_bytes(b"")
    with pytest.raises(LogDamaged, match="its schema cannot be read"):
        list(LogReader(tmp_path / "run").rows())


def test_a_reader_follows_a_repair(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", [30, 20], durable=1)
    reader = LogReader(tmp_path / "run")
    assert len(reader.frames) == 2
    first = reader.frames[0].end
    abandon(writer)
    content = segment_of(tmp_path / "run").read_bytes()
    segment_of(tmp_path / "run").write_bytes(content[:-1])
    with LogWriter.open(tmp_path / "run") as writer:
        assert reader.refresh().appended == first
        assert len(reader.frames) == 1
        assert seqs(reader) == list(range(30))
        commit(writer, 60)
        late = LogReader(tmp_path / "run")
        reader.refresh()
        assert reader.frames == late.frames


def test_batches_outlive_the_reader_and_its_refreshes(tmp_path: Path) -> None:
    with written(tmp_path / "run", [30]) as writer:
        reader = LogReader(tmp_path / "run")
        batch = next(reader.batches())
        commit(writer, 20)
        reader.refresh()
        del reader
        assert from_batch(batch).tobytes() == history(30).tobytes()


def test_verify_finds_a_history_that_was_rewritten(tmp_path: Path) -> None:
    written(tmp_path / "run", [5000]).close()
    reader = LogReader(tmp_path / "run")
    reader.head = reader.head._replace(digest="00" * 32)
    with pytest.raises(LogDamaged, match="the digest of the log differs"):
        reader.verify_chain()


def test_follow_sees_new_commits_and_ends_when_the_run_is_closed(tmp_path: Path) -> None:
    writer = written(tmp_path / "run", [30])
    reader = LogReader(tmp_path / "run")
    news = reader.follow(poll_s=0.001)
    seen: list[pa.RecordBatch] = []
    thread = threading.Thread(target=lambda: seen.extend(news))
    thread.start()
    for size in (1, 20, 5000):
        commit(writer, size)
    writer.close()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert pa.Table.from_batches(seen)["seq"].to_pylist() == list(range(30, writer.head.seq))
    assert sum(len(batch) for batch in reader.follow(from_seq=25)) == writer.head.seq - 25


def test_a_reader_beside_a_busy_writer_sees_whole_commits_only(tmp_path: Path) -> None:
    writer = new_log(tmp_path / "run", durability="interval")

    def write() -> None:
        for _ in range(300):
            commit(writer, 40)
        writer.close()

    thread = threading.Thread(target=write)
    reader = LogReader(tmp_path / "run")
    thread.start()
    heads = set()
    while thread.is_alive():
        head = reader.refresh()
        heads.add(head.seq)
        assert head.seq % 40 == 0
        assert sum(frame.rows for frame in reader.frames) == head.seq
    thread.join()
    reader.refresh()
    assert reader.verify_chain() == writer.head.digest
    assert len(heads) > 1


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match="holds no run"):
        LogReader(tmp_path / "nowhere")
