"""Segments: sealed when they are long, read as if there were none, and noticed when they are not what was sealed."""

import itertools
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from eventlog.archiving import archive
from eventlog.errors import LogDamaged, WriterPoisoned
from eventlog.folder import disk
from eventlog.folder.manifest import read_manifest, segment_file
from eventlog.format.arrow import from_batch
from eventlog.format.chain import BLOCK_EVENTS, Chain
from eventlog.format.layout import schema_message
from eventlog.format.sealing import BATCH_EVENTS, seal
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import EPOCHS, abandon, commit, history

SIZES = [700, 2000, 1, 4096, 3000, 3000, 900, 5000, 40]
EVENTS = sum(SIZES)
SEGMENT_EVENTS = 4500


def long_run(path: Path) -> LogWriter:
    """A run of several segments, still open."""
    writer = LogWriter.create(
        path,
        run_id="0190",
        name="long",
        epochs=EPOCHS,
        versions={},
        durability="never",
        segment_events=SEGMENT_EVENTS,
    )
    for size in SIZES:
        commit(writer, size, {writer.head.seq + size // 2: f"one of {size}"} if size in (2000, 3000) else None)
    return writer


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "run"
    with long_run(path):
        pass
    return path


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A run of one's own to damage."""
    path = tmp_path / "run"
    with long_run(path):
        pass
    return path


def expected() -> np.ndarray:
    """Every event of the run, as it was committed."""
    parts, seq, tick = [], 0, 0
    for size in SIZES:
        parts.append(history(size, seq=seq, tick=tick))
        seq, tick = seq + size, int(parts[-1]["tick"][-1]) + 1
    return np.concatenate(parts)


def same(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether these are the same events, byte for byte."""
    return found.tobytes() == wanted.tobytes()


def test_a_long_run_is_segments_that_follow_one_another(run: Path) -> None:
    segments = read_manifest(run).segments
    assert len(segments) == 4
    for before, after in itertools.pairwise(segments):
        assert before.seal is not None
        assert before.seal.next_seq == after.first_seq
        assert after.first_seq - before.first_seq >= SEGMENT_EVENTS
    assert segments[-1].seal is None
    assert sorted(path.name for path in (run / "log").glob("0*")) == sorted(segment.file for segment in segments)


def test_a_reader_holds_few_segments_open_however_many_there_are(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlog.reader.MOST_OPEN", 2)
    reader, whole = LogReader(run), expected()
    for _ in range(2):
        assert same(np.concatenate(list(reader.rows())), whole)
        assert len(reader._segments) == 2
    assert reader.pick([0, EVENTS - 1])["seq"].tolist() == [0, EVENTS - 1]
    assert len(reader._segments) == 2
    assert reader.verify_chain() == reader.head.digest


def test_a_sealed_segment_is_an_arrow_file(run: Path) -> None:
    events = []
    for segment in read_manifest(run).segments[:-1]:
        with pa.memory_map(str(run / "log" / segment.file)) as file:
            table = pa.ipc.open_file(file).read_all()
        events += [from_batch(batch) for batch in table.to_batches()]
    assert same(np.concatenate(events), expected()[: sum(map(len, events))])


def test_all_is_read_across_segments(run: Path) -> None:
    reader, whole = LogReader(run), expected()
    assert same(np.concatenate(list(reader.rows())), whole)
    assert reader.table().column("note").to_pylist().count("one of 3000") == 2
    assert reader.verify_chain() == reader.head.digest
    rng = random.Random(7)
    for _ in range(60):
        first, last = sorted(rng.randrange(EVENTS) for _ in range(2))
        assert same(np.concatenate([whole[:0], *reader.rows(first, last)]), whole[first:last])
        ticks = int(whole["tick"][first]), int(whole["tick"][last])
        inside = whole[(whole["tick"] >= ticks[0]) & (whole["tick"] < ticks[1])]
        assert same(np.concatenate([whole[:0], *LogReader(run).rows(from_tick=ticks[0], to_tick=ticks[1])]), inside)
    picked = sorted({rng.randrange(EVENTS) for _ in range(50)})
    assert reader.pick(picked)["seq"].tolist() == picked


def test_the_digest_is_known_at_every_event(run: Path) -> None:
    reader, chain = LogReader(run), Chain()
    for rows, notes in reader.parts():
        for start in range(0, len(rows), 97):
            assert reader.digest_at(chain.seq) == (chain.block_digest, chain.digest())
            chain.extend(rows[start : start + 97], notes)
    assert reader.digest_at(EVENTS) == (chain.block_digest, chain.digest())
    for seq in [*range(0, EVENTS, BLOCK_EVENTS), *(each.first_seq for each in read_manifest(run).segments)]:
        block, digest = reader.digest_at(seq)
        assert seq % BLOCK_EVENTS or block == digest


def test_the_same_events_in_one_segment_have_the_same_digest(run: Path, tmp_path: Path) -> None:
    with LogWriter.create(tmp_path / "one", run_id="0190", name="one", epochs=EPOCHS, versions={}) as writer:
        for size in SIZES:
            commit(writer, size, {writer.head.seq + size // 2: f"one of {size}"} if size in (2000, 3000) else None)
    assert LogReader(tmp_path / "one").head.digest == LogReader(run).head.digest


def test_batches_are_cut_at_multiples(tmp_path: Path) -> None:
    rows = history(3 * BATCH_EVENTS)
    sealed = seal(iter([(rows[100:70_000], {}), (rows[70_000:150_000], {})]), chain_to(rows[:100]))
    batches = pa.ipc.open_file(pa.py_buffer(memoryview(sealed.content)))
    sizes = [batches.get_batch(i).num_rows for i in range(batches.num_record_batches)]
    assert sizes == [BATCH_EVENTS - 100, BATCH_EVENTS, 150_000 - 2 * BATCH_EVENTS]
    assert sealed.seal.digest == chain_to(rows[:150_000]).digest().hex()


def test_a_tick_that_two_batches_share_is_read_whole(tmp_path: Path) -> None:
    rows = history(BATCH_EVENTS + 5000)
    path = tmp_path / "run"
    with LogWriter.create(
        path, run_id="0190", name="r", epochs=EPOCHS, versions={}, durability="never", segment_events=len(rows)
    ) as writer:
        writer.commit(rows, expected_seq=0)
    assert len(LogReader(path).frames) == 2
    shared = int(rows["tick"][BATCH_EVENTS])
    assert rows["tick"][BATCH_EVENTS - 1] == shared
    reader = LogReader(path)
    for first, last in [(shared, shared + 1), (shared - 1, shared), (shared + 1, shared + 2), (0, shared + 1)]:
        inside = rows[(rows["tick"] >= first) & (rows["tick"] < last)]
        assert same(np.concatenate([rows[:0], *reader.rows(from_tick=first, to_tick=last)]), inside)
        assert reader.seq_at(first) == int(inside["seq"][0])


def chain_to(rows: np.ndarray) -> Chain:
    chain = Chain()
    chain.extend(rows)
    return chain


def test_a_run_of_segments_goes_on(copied: Path) -> None:
    for _ in range(3):
        with LogWriter.open(copied, durability="never", segment_events=SEGMENT_EVENTS) as writer:
            assert writer.torn is None
            commit(writer, 2500)
    reader = LogReader(copied)
    assert reader.head.seq == EVENTS + 7500
    assert reader.verify_chain() == reader.head.digest
    assert np.concatenate(list(reader.rows()))["seq"].tolist() == list(range(EVENTS + 7500))


def test_a_torn_tail_after_segments_is_cut(tmp_path: Path) -> None:
    writer = long_run(tmp_path / "run")
    abandon(writer)
    active = tmp_path / "run" / "log" / read_manifest(tmp_path / "run").active.file
    active.write_bytes(active.read_bytes()[:-7])
    with LogWriter.open(tmp_path / "run", segment_events=SEGMENT_EVENTS) as writer:
        assert writer.torn is not None
        assert writer.head.seq == EVENTS - SIZES[-1]
        commit(writer, SIZES[-1])
    assert same(np.concatenate(list(LogReader(tmp_path / "run").rows())), expected())


def test_a_reader_follows_over_a_roll(tmp_path: Path) -> None:
    path = tmp_path / "run"
    writer = LogWriter.create(
        path, run_id="0190", name="long", epochs=EPOCHS, versions={}, durability="never", segment_events=SEGMENT_EVENTS
    )
    commit(writer, 100)
    reader = LogReader(path)
    seen = [int(seq) for rows in reader.rows() for seq in rows["seq"]]
    for size in SIZES:
        begun = reader.rows(len(seen))
        commit(writer, size)
        assert [len(rows) for rows in begun] == [], "what was asked for before is what it gives"
        head = reader.refresh()
        seen += [int(seq) for rows in reader.rows(len(seen)) for seq in rows["seq"]]
        assert head.seq == len(seen) == writer.head.seq
        assert seen == list(range(len(seen)))
        assert LogReader(path).verify_chain() == writer.head.digest
    writer.close()


def test_a_segment_that_is_sealed_and_archived_before_it_is_read_is_read(tmp_path: Path) -> None:
    """What a reader saw committed it gives, and no more, wherever it lies by then."""
    path = tmp_path / "run"
    with LogWriter.create(path, run_id="0190", name="r", epochs=EPOCHS, versions={}, durability="never") as writer:
        commit(writer, 300)
        late, later = LogReader(path), LogReader(path)
        commit(writer, 200)
        writer.roll()
        assert not late._segments
        assert same(np.concatenate(list(late.rows())), history(300))
        assert late.manifest.active.seal is None
        commit(writer, 70)
    archive(path)
    for reader in (late, later):
        assert same(np.concatenate(list(reader.rows())), history(300))
        assert reader.table().num_rows == sum(len(rows) for rows, _ in reader.parts()) == 300
        assert reader.digest_at(300)[1].hex() == reader.head.digest
        assert reader.refresh().seq == 570
        assert np.concatenate(list(reader.rows()))["seq"].tolist() == list(range(570))


def damaged_at(run: Path) -> int:
    """The event at which reading all of a damaged run stops; every event before it is as it was written."""
    reader = LogReader(run)
    seen, whole = 0, expected()
    with pytest.raises(LogDamaged) as caught:
        for rows in reader.rows():
            assert same(rows, whole[seen : seen + len(rows)])
            seen += len(rows)
        raise AssertionError("the damage was missed")
    assert caught.value.seq == seen
    assert not caught.value.repairable
    with pytest.raises(LogDamaged):
        LogReader(run).verify_chain()
    return seen


def test_every_flipped_byte_of_a_sealed_segment_is_noticed(copied: Path) -> None:
    first, second, *_ = read_manifest(copied).segments
    path = copied / "log" / second.file
    content = path.read_bytes()
    assert second.seal is not None
    header, footer = range(0, 2500, 7), range(second.seal.frames_end, len(content), 11)
    for byte in [*header, *range(2500, second.seal.frames_end, 4001), *footer]:
        path.write_bytes(content[:byte] + bytes([content[byte] ^ 0x10]) + content[byte + 1 :])
        assert damaged_at(copied) >= second.first_seq
    for other in (content[:-1], content + b"\0", content[: len(content) // 2], b""):
        path.write_bytes(other)
        assert damaged_at(copied) >= second.first_seq
    path.unlink()
    assert damaged_at(copied) == second.first_seq
    path.write_bytes((copied / "log" / first.file).read_bytes())
    assert damaged_at(copied) == second.first_seq


def test_what_lies_before_and_after_damage_in_another_segment_is_read(copied: Path) -> None:
    first, second, third, _ = read_manifest(copied).segments
    (copied / "log" / second.file).write_bytes(b"")
    reader, whole = LogReader(copied), expected()
    assert same(np.concatenate(list(reader.rows(0, second.first_seq))), whole[: second.first_seq])
    assert same(np.concatenate(list(reader.rows(third.first_seq))), whole[third.first_seq :])
    assert reader.digest_at(EVENTS)[1].hex() == reader.head.digest
    assert first.seal is not None


@pytest.mark.parametrize("call", ["sync", "rename", "create", "sync_folder", "write_at", "append_to"])
@pytest.mark.parametrize("nth", range(8))
def test_a_seal_that_fails_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, nth: int) -> None:
    """Wherever the disk fails while a segment is sealed, the run opens again with every event."""
    path = tmp_path / "run"
    writer = LogWriter.create(
        path, run_id="0190", name="r", epochs=EPOCHS, versions={}, durability="never", segment_events=900
    )
    commit(writer, 500)
    calls, original = itertools.count(), getattr(disk, call)

    def failing(*arguments: object) -> object:
        if next(calls) == nth:
            raise OSError(5, "the disk is gone")
        return original(*arguments)

    monkeypatch.setattr(disk, call, failing)
    try:
        commit(writer, 500)
    except WriterPoisoned:
        with pytest.raises(WriterPoisoned):
            commit(writer, 1)
    monkeypatch.undo()
    writer.close()
    before = LogReader(path).head.seq
    with LogWriter.open(path, segment_events=900) as again:
        assert again.head.seq >= before >= 500
        assert again.torn is None
        commit(again, 300)
    reader = LogReader(path)
    assert reader.verify_chain() == reader.head.digest
    assert np.concatenate(list(reader.rows()))["seq"].tolist() == list(range(reader.head.seq))
    assert {each.name for each in (path / "log").glob("0*")} == {segment.file for segment in reader.manifest.segments}


def test_no_room_for_a_seal_leaves_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run"
    writer = LogWriter.create(
        path, run_id="0190", name="r", epochs=EPOCHS, versions={}, durability="never", segment_events=900
    )
    commit(writer, 500)
    monkeypatch.setattr(disk, "free_bytes", lambda _: (16 << 20) + 100)
    commit(writer, 500)
    assert len(read_manifest(path).segments) == 1
    monkeypatch.undo()
    commit(writer, 10)
    assert len(read_manifest(path).segments) == 2
    writer.close()
    assert LogReader(path).verify_chain() == writer.head.digest


def test_an_empty_active_segment_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with LogWriter.create(
        path, run_id="0190", name="r", epochs=EPOCHS, versions={}, durability="never", segment_events=500
    ) as writer:
        commit(writer, 500)
        assert (path / "log" / segment_file(500)).read_bytes() == schema_message()
        reader = LogReader(path)
        assert reader.head.seq == 500
        assert sum(map(len, reader.rows())) == 500
    with LogWriter.open(path, segment_events=500) as writer:
        commit(writer, 20)
    assert sum(map(len, LogReader(path).rows())) == 520
