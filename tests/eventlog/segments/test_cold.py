"""The cold tier: Parquet gives back what was sealed, byte for byte, and whatever is not as it was written is noticed.

A damage that was missed names its seed and point; the same seed gives the same damages.
"""

import io
import itertools
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

import townlet
from eventlog.archiving import archive
from eventlog.errors import DiskFull, EventLogError, LogDamaged, LogLocked, RunNotFound
from eventlog.folder import disk
from eventlog.folder.manifest import (
    Segment,
    parse_manifest,
    read_manifest,
    segment_file,
    write_manifest,
    write_settings,
)
from eventlog.forking import fork
from eventlog.format import parquet
from eventlog.format.arrow import from_batch
from eventlog.format.chain import Chain
from eventlog.format.parquet import contents_of
from eventlog.format.sealing import BATCH_EVENTS
from eventlog.reader import LogReader
from eventlog.rows import Rows
from eventlog.segments import segment as segments
from eventlog.segments.audit import audit
from eventlog.segments.cold import ColdReader
from eventlog.segments.segment import Reach, Start
from eventlog.writer import LogWriter
from tests.eventlog.format.test_sealing import EVENTS, SEGMENT_EVENTS, expected, long_run, same
from tests.eventlog.towns import EPOCHS, abandon, commit, history


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of several sealed segments and an active one."""
    path = tmp_path_factory.mktemp("warm") / "run"
    with long_run(path):
        write_settings(path, EPOCHS[0].config_id, "{}")
    return path


@pytest.fixture
def run(warm: Path, tmp_path: Path) -> Path:
    """A copy of it, not yet archived."""
    return Path(shutil.copytree(warm, tmp_path / "run"))


def files(run: Path) -> set[str]:
    return {path.name for path in (run / "log").glob("0*")}


def named(run: Path) -> set[str]:
    return {segment.file for segment in read_manifest(run).segments}


def test_an_archived_run_gives_the_same_events_words_and_digests(warm: Path, run: Path) -> None:
    before = LogReader(warm)
    done = archive(run)
    after, whole = LogReader(run), expected()
    assert sum(each.events for each in done) == EVENTS
    assert [segment.file.rpartition(".")[2] for segment in after.manifest.segments] == ["parquet"] * 4 + ["arrows"]
    assert files(run) == named(run)
    assert same(np.concatenate(list(after.rows())), whole)
    for column in ("seq", "kind", "note"):
        assert after.table().column(column).equals(before.table().column(column))
    assert after.verify_chain() == after.head.digest == before.head.digest
    looked_at = list(audit(run, after.manifest, after.head))
    assert [each.events for each in looked_at] == [each.events for each in done] + [0]
    assert not any(each.faults for each in looked_at)
    assert after.manifest.closed
    for first, last in itertools.pairwise(sorted(random.Random(7).sample(range(EVENTS), 40))):
        ticks = int(whole["tick"][first]), int(whole["tick"][last])
        assert same(np.concatenate([whole[:0], *after.rows(first, last)]), whole[first:last])
        inside = whole[(whole["tick"] >= ticks[0]) & (whole["tick"] < ticks[1])]
        assert same(np.concatenate([whole[:0], *after.rows(from_tick=ticks[0], to_tick=ticks[1])]), inside)
        assert after.seq_at(ticks[0]) == before.seq_at(ticks[0])
    assert after.pick([3, 4444, 9999])["seq"].tolist() == [3, 4444, 9999]


def test_the_digest_is_known_at_every_event(run: Path) -> None:
    archive(run)
    reader, chain = LogReader(run), Chain()
    for rows, notes in reader.parts():
        for start in range(0, len(rows), 61):
            assert reader.digest_at(chain.seq) == (chain.block_digest, chain.digest())
            chain.extend(rows[start : start + 61], notes)
    assert reader.digest_at(EVENTS) == (chain.block_digest, chain.digest())


def test_a_run_that_is_archived_again_is_left_as_it_is(run: Path) -> None:
    archive(run)
    before = {name: (run / "log" / name).read_bytes() for name in files(run)}
    assert archive(run) == []
    assert {name: (run / "log" / name).read_bytes() for name in files(run)} == before


def test_an_archived_run_goes_on_and_is_archived_again(run: Path) -> None:
    archive(run)
    with LogWriter.open(run, durability="never", segment_events=SEGMENT_EVENTS) as writer:
        commit(writer, 5000, {EVENTS + 7: "later"})
        commit(writer, 100)
    (done,) = [each for each in archive(run) if each.events >= 5000]
    assert done.bytes < done.bytes_before
    reader = LogReader(run)
    assert reader.head.seq == EVENTS + 5100
    assert reader.verify_chain() == reader.head.digest == writer.head.digest
    assert "later" in reader.table().column("note").to_pylist()


def test_a_torn_tail_is_cut_before_the_run_is_archived(tmp_path: Path) -> None:
    writer = long_run(tmp_path / "run")
    abandon(writer)
    active = tmp_path / "run" / "log" / read_manifest(tmp_path / "run").active.file
    active.write_bytes(active.read_bytes()[:-7])
    archive(tmp_path / "run")
    assert same(np.concatenate(list(LogReader(tmp_path / "run").rows())), expected()[: EVENTS - 40])


@pytest.mark.parametrize("seq", [0, 700, 6797, 6800, 15000, EVENTS])
def test_an_archived_run_is_forked(run: Path, tmp_path: Path, seq: int) -> None:
    seq = int(np.searchsorted(expected()["tick"], expected()["tick"][seq])) if seq < EVENTS else seq
    archive(run)
    source = LogReader(run)
    fork(source, tmp_path / "fork", seq, run_id="f", name="f", versions={}, epochs=EPOCHS)
    shared = [each.file for each in read_manifest(run).segments if each.seal and each.seal.next_seq <= seq]
    for file in shared:
        assert (tmp_path / "fork" / "log" / file).samefile(run / "log" / file)
    shutil.rmtree(run)
    reader = LogReader(tmp_path / "fork")
    assert same(np.concatenate([expected()[:0], *reader.rows()]), expected()[:seq])
    with LogWriter.open(tmp_path / "fork", durability="never") as writer:
        commit(writer, 10)
    assert LogReader(tmp_path / "fork").verify_chain() == writer.head.digest


def test_archiving_a_parent_leaves_its_fork_alone(run: Path, tmp_path: Path) -> None:
    fork(LogReader(run), tmp_path / "fork", EVENTS, run_id="f", name="f", versions={}, epochs=EPOCHS)
    before = {name: (tmp_path / "fork" / "log" / name).read_bytes() for name in files(tmp_path / "fork")}
    assert [each.shared for each in archive(run)] == [True, True, True, False]
    assert {name: (tmp_path / "fork" / "log" / name).read_bytes() for name in files(tmp_path / "fork")} == before
    assert not any(each.shared for each in archive(tmp_path / "fork"))
    assert LogReader(tmp_path / "fork").verify_chain() == LogReader(run).head.digest


def test_a_reader_that_is_open_meanwhile_reads_on(run: Path) -> None:
    begun, untouched = LogReader(run), LogReader(run)
    rows = begun.rows()
    first = next(rows)
    archive(run)
    assert same(np.concatenate([first, *rows]), expected())
    assert same(np.concatenate(list(untouched.rows())), expected())
    assert untouched.digest_at(5000) == begun.digest_at(5000) == LogReader(run).digest_at(5000)
    assert begun.refresh() == LogReader(run).head
    assert same(np.concatenate(list(begun.rows())), expected())


def test_a_run_that_is_written_is_not_archived(tmp_path: Path) -> None:
    with long_run(tmp_path / "run") as writer:
        before = files(tmp_path / "run")
        with pytest.raises(LogLocked):
            archive(tmp_path / "run")
        assert files(tmp_path / "run") == before
        commit(writer, 10)
    with pytest.raises(RunNotFound):
        archive(tmp_path / "nowhere")


def test_a_writer_of_before_is_refused(run: Path) -> None:
    writer = LogWriter.open(run, durability="never")
    writer._lock.release()  # as if it had been taken away
    archive(run)
    with pytest.raises(EventLogError, match="has taken the run over"):
        writer.add_epoch(config_id="c0ffee", seed=8)
    abandon(writer)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["create", "write", "sync", "rename", "sync_folder", "remove"])
def test_a_disk_that_fails_leaves_every_event(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Wherever the disk fails, each segment is kept in its old file or in its new one, and the next try goes on."""
    digest = LogReader(run).head.digest
    for nth in range(60):
        path = Path(shutil.copytree(run, tmp_path / f"{nth}"))
        calls, original = itertools.count(), getattr(disk, call)

        def failing(
            *arguments: object, nth: int = nth, calls: "itertools.count[int]" = calls, original: object = original
        ) -> object:
            if next(calls) == nth:
                raise OSError(28, "no space left")
            return original(*arguments)  # type: ignore[operator]

        with monkeypatch.context() as patch:
            patch.setattr(disk, call, failing)
            try:
                archive(path)
            except (OSError, EventLogError):
                ended = False
            else:
                ended = True
        assert named(path) <= files(path), f"{call} number {nth}"
        assert LogReader(path).verify_chain() == digest, f"{call} number {nth}"
        archive(path)
        assert files(path) == named(path), f"{call} number {nth}"
        assert not list((path / "log").glob("*.tmp"))
        assert LogReader(path).verify_chain() == digest, f"{call} number {nth}"
        shutil.rmtree(path)
        if ended:
            break
    else:
        pytest.fail("it failed to the last")
    assert nth >= 4


def test_a_full_disk_is_refused_and_nothing_is_touched(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: (run / "log" / name).read_bytes() for name in files(run) if name.endswith(".arrow")}
    monkeypatch.setattr(disk, "free_bytes", lambda _: (16 << 20) + 100)
    with pytest.raises(DiskFull):
        archive(run)
    assert before == {name: (run / "log" / name).read_bytes() for name in before}
    assert not list((run / "log").glob("*.parquet*"))


def test_what_is_not_given_back_equal_replaces_nothing(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name for name in files(run) if name.endswith(".arrow")}
    original = parquet.batch_of

    def wrong(file: pq.ParquetFile, number: int) -> object:
        batch = original(file, number)
        return batch.set_column(6, batch.schema.field(6), batch.column("other"))

    with monkeypatch.context() as patch:
        patch.setattr(parquet, "batch_of", wrong)
        with pytest.raises(EventLogError, match="nothing was replaced"):
            archive(run)
    assert before <= files(run)
    assert LogReader(run).verify_chain() == LogReader(run).head.digest


def test_damage_before_archiving_is_named_and_kept(run: Path) -> None:
    path = run / "log" / read_manifest(run).segments[1].file
    content = bytearray(path.read_bytes())
    content[3000] ^= 1
    path.write_bytes(content)
    with pytest.raises(LogDamaged) as caught:
        archive(run)
    assert caught.value.path.name == path.name
    assert path.read_bytes() == content


def test_any_parquet_reader_reads_it(run: Path) -> None:
    archive(run)
    first = run / "log" / read_manifest(run).segments[0].file
    table, wanted = pq.read_table(first), LogReader(run).table(0, len(pq.read_table(first)))
    assert np.concatenate([from_batch(batch) for batch in table.combine_chunks().to_batches()]).tobytes() == (
        expected()[: len(table)].tobytes()
    )
    (found,) = duckdb.sql(f"select count(*), max(tick), sum(agent), count(note) from '{first}'").fetchall()
    notes = sum(note is not None for note in wanted.column("note").to_pylist())
    rows = expected()[: len(table)]
    assert found == (len(rows), int(rows["tick"].max()), int(rows["agent"].sum()), notes)


def test_values_at_the_ends_of_their_types_come_back(tmp_path: Path) -> None:
    """Every bit of a row: unsigned and signed extremes, both zeroes, infinities, NaNs of any payload."""
    rng = random.Random(11)
    rows = history(2000)
    for name in rows.dtype.names or ():
        if name not in ("seq", "tick"):
            rows[name] = np.frombuffer(rng.randbytes(len(rows) * rows[name].itemsize), rows[name].dtype)
    rows["value"][:6] = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45], np.float32)
    rows["value2"][:8] = np.arange(0x7FC00000, 0x7FC00008, dtype=np.uint32).view(np.float32)
    sink, words = io.BytesIO(), {0: "", 7: "größer\0\n", 1999: "x" * 70_000}
    parquet.write(sink, [(rows, words)], Chain())
    file = parquet.parquet_file(memoryview(sink.getvalue()))
    batch = parquet.batch_of(file, 0)
    assert from_batch(batch).tobytes() == rows.tobytes()
    assert {seq: note for seq, note in enumerate(batch.column("note").to_pylist()) if note is not None} == words


def test_no_events_are_no_file() -> None:
    with pytest.raises(ValueError, match="at least one event"):
        parquet.write(io.BytesIO(), [], Chain())


def test_a_living_town_takes_less_than_nine_bytes_an_event_and_replays_equal(tmp_path: Path) -> None:
    town = townlet.simulate({}, ticks=4000, seed=7, into=tmp_path / "town")
    digests = {tick: town.at(tick).state_digest for tick in (0, 1234, 4000)}
    answer = town.sql("select kind, count(*) as many from events group by kind order by kind")
    (done,) = archive(tmp_path / "town")
    assert done.bytes / done.events < 9
    again = townlet.open(tmp_path / "town")
    assert {tick: again.at(tick, from_start=True).state_digest for tick in digests} == digests
    assert again.sql("select kind, count(*) as many from events group by kind order by kind").equals(answer)
    again.resume(100)
    straight = townlet.simulate({}, ticks=4100, seed=7, into=tmp_path / "straight")
    assert again.log_digest == straight.log_digest


class Kept(NamedTuple):
    """A cold segment of two row groups: its bytes, where each group ends (the magic's end first), its events."""

    content: bytes
    ends: tuple[int, ...]
    segment: Segment
    start: Start
    rows: list[Rows]


def kept(seed: int) -> Kept:
    """A segment that begins a little before a row group's end."""
    first = BATCH_EVENTS - 500
    rows = history(1200, seq=first, tick=first // 10 + seed)
    rows["value"] = np.float32(seed)
    before = Chain()
    before.extend(history(first))
    start = Start(first, int(rows["tick"][0]), before.block_digest, before.digest())
    sink = io.BytesIO()
    seal = parquet.write(sink, [(rows, {first + 3: "words"})], before)
    found = contents_of(memoryview(sink.getvalue())).frames
    assert len(found) == 2
    segment = Segment(first_seq=first, file=segment_file(first, "parquet"), seal=seal)
    ends = (len(parquet.MAGIC), *(frame.end for frame in found))
    return Kept(sink.getvalue(), ends, segment, start, [rows[:500], rows[500:]])


def fault(one: Kept, content: bytes, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """What is wrong with what a reader makes of the bytes: it gives whole groups and then refuses."""
    if content == one.content:
        return None
    assert one.segment.seal is not None
    monkeypatch.setattr(segments, "_mapped_bytes", lambda _, end: (memoryview(content)[:end], len(content)))
    read = 0
    try:
        reader = ColdReader(Path("runs/x"), one.segment, one.start, Reach.of(one.segment.seal))
        for frame in reader.frames():
            if reader.rows(frame)[0].tobytes() != one.rows[read].tobytes():
                return f"group {read} holds other events than were written"
            read += 1
        reader.require_whole()
    except LogDamaged:
        return None
    return "damage was missed"


def fault_alone(content: bytes) -> str | None:
    """What is wrong with what the file by itself, without a manifest, is taken for."""
    try:
        found = contents_of(memoryview(content))
    except ValueError:
        return None
    whole = all(
        parquet.is_intact(memoryview(content), frame, crc32)
        for frame, crc32 in zip(found.frames, found.crc32s, strict=True)
    )
    return "damage was missed" if whole else None


def damages(chance: random.Random, one: Kept, other: Kept, points: int) -> Iterator[bytes]:
    """The file with one thing wrong, so many times."""
    size = len(one.content)
    for _ in range(points):
        content, at, sort = bytearray(one.content), chance.randrange(size), chance.randrange(6)
        if sort <= 1:
            for _ in range(chance.choice((1, 1, 1, 2, 8))):
                content[chance.randrange(size)] ^= 1 << chance.randrange(8)
        elif sort == 2:
            unit = chance.choice((8, 16, 64, 512, 4096))
            content[at : at + unit] = bytes(len(content[at : at + unit]))
        elif sort == 3:
            del content[at:]
        elif sort == 4:
            content += bytes(chance.randrange(1, 4096)) if chance.random() < 0.5 else chance.randbytes(300)
        else:
            pieces = [bytes(content[a:b]) for a, b in itertools.pairwise((0, *one.ends, size))]
            foreign = [other.content[a:b] for a, b in itertools.pairwise((0, *other.ends, len(other.content)))]
            place = chance.randrange(1, len(pieces))
            pieces[place] = chance.choice([foreign[place], pieces[chance.randrange(1, len(pieces))], b"", bytes(64)])
            content = bytearray(b"".join(pieces))
        if content != one.content:
            yield bytes(content)


EVERY = [8, pytest.param(1, marks=pytest.mark.slow)]
"""Each so many bytes of a file are damaged."""


@pytest.mark.parametrize("every", EVERY)
def test_every_byte_of_a_cold_segment_is_covered(monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    one, chance = kept(0), random.Random(3)
    for at in range(0, len(one.content), every):
        content = bytearray(one.content)
        content[at] ^= 1 << chance.randrange(8)
        for found in (fault(one, bytes(content), monkeypatch), fault_alone(bytes(content))):
            assert found is None, f"a bit of byte {at} flipped: {found}"


@pytest.mark.parametrize("every", EVERY)
def test_a_cold_segment_cut_anywhere_is_refused(monkeypatch: pytest.MonkeyPatch, every: int) -> None:
    one = kept(0)
    for size in range(0, len(one.content), every):
        for found in (fault(one, one.content[:size], monkeypatch), fault_alone(one.content[:size])):
            assert found is None, f"cut at byte {size}: {found}"


@pytest.mark.parametrize("seed", range(4))
def test_a_cold_segment_is_what_was_sealed_or_is_refused(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    one = kept(0)
    for point, content in enumerate(damages(random.Random(seed), one, kept(1), 1000)):
        for found in (fault(one, content, monkeypatch), fault_alone(content)):
            assert found is None, f"seed {seed}, point {point}: {found}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 24))
def test_half_a_million_damages_of_a_cold_segment(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    one = kept(0)
    for point, content in enumerate(damages(random.Random(seed), one, kept(1), 25_000)):
        for found in (fault(one, content, monkeypatch), fault_alone(content)):
            assert found is None, f"seed {seed}, point {point}: {found}"


@pytest.mark.parametrize("rule", ["checksum of a group", "footer"])
def test_a_rule_that_is_broken_is_noticed(monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    if rule == "footer":
        monkeypatch.setattr(ColdReader, "_require_footer", lambda _: None)
        monkeypatch.setattr(parquet, "_blank_footer", lambda footer: footer)
    else:
        monkeypatch.setattr(parquet, "is_intact", lambda *_: True)
    one = kept(0)
    found = (fault(one, content, monkeypatch) for content in damages(random.Random(1), one, kept(1), 3000))
    assert any(found)


def test_a_foreign_segment_in_its_place_is_refused(run: Path, tmp_path: Path) -> None:
    """Not even with a manifest that was changed to fit its bytes."""
    archive(run)
    manifest = read_manifest(run)
    first = manifest.segments[0]
    sink = io.BytesIO()
    seal = parquet.write(
        sink, [(history(len(LogReader(run).table(0, manifest.segments[1].first_seq)), tick=5), {})], Chain()
    )
    (run / "log" / first.file).write_bytes(sink.getvalue())
    with pytest.raises(LogDamaged, match="footer is not the one"):
        list(LogReader(run).rows())
    assert first.seal is not None
    kept_names = ("digest", "block_digest", "first_tick", "last_tick")
    kept_digests = {name: getattr(first.seal, name) for name in kept_names}
    forged = first.model_copy(update={"seal": seal.model_copy(update=kept_digests)})
    write_manifest(run, manifest.next_version(segments=(forged, *manifest.segments[1:])))
    assert parse_manifest(run / "run.json", (run / "run.json").read_bytes())
    with pytest.raises(LogDamaged, match="not those that the manifest records"):
        list(LogReader(run).rows())
