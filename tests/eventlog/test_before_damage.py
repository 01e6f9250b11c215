"""What a damaged log still gives: all that its message says, exactly, and nothing beside it.

A failure names the byte; the parametrised test repeats it, for the same seed damages the same bytes.
"""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from eventlog.archiving import archive
from eventlog.errors import LogDamaged
from eventlog.folder.manifest import read_manifest
from eventlog.format.chain import Chain
from eventlog.format.sealing import BATCH_EVENTS
from eventlog.reader import LogReader
from eventlog.rows import Rows
from eventlog.segments.audit import audit
from eventlog.writer import LogWriter
from tests.eventlog.towns import EPOCHS, commit, history
from tests.eventlog.towns import new_log as unsealed

EVENTS = 2 * BATCH_EVENTS + 5000
LAST = 400
SHARED = [(n * BATCH_EVENTS) // 10 for n in (1, 2)]
"""The ticks that two batches of the sealed segment share."""


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one sealed segment of three batches."""
    path = tmp_path_factory.mktemp("damage") / "run"
    with LogWriter.create(
        path, run_id="0190", name="r", epochs=EPOCHS, versions={}, durability="never", segment_events=EVENTS
    ) as writer:
        commit(writer, EVENTS)
    return path


@pytest.fixture(scope="module", params=["arrow", "parquet"])
def whole(request: pytest.FixtureRequest, sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run, its sealed segment kept as an Arrow file or as Parquet, and an active one of two commits."""
    path = tmp_path_factory.mktemp(request.param) / "run"
    shutil.copytree(sealed, path)
    if request.param == "parquet":
        assert len(archive(path)) == 1
    with LogWriter.open(path, durability="never") as writer:
        commit(writer, LAST)
        commit(writer, LAST)
    return path


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return shutil.copytree(whole, tmp_path / "run")


@pytest.fixture
def events(whole: Path) -> Rows:
    return np.concatenate(list(LogReader(whole).rows()))


def file_of(run: Path, number: int) -> Path:
    return run / "log" / read_manifest(run).segments[number].file


def flip(path: Path, byte: int) -> None:
    with path.open("r+b") as file:
        file.seek(byte)
        found = file.read(1)[0]
        file.seek(byte)
        file.write(bytes([found ^ 0x01]))


def read(run: Path, **ticks: int) -> bytes:
    """The events of a range of ticks, as bytes."""
    return b"".join(rows.tobytes() for rows in LogReader(run).rows(**ticks))


def refused(run: Path) -> LogDamaged:
    with pytest.raises(LogDamaged) as caught:
        read(run)
    return caught.value


def test_a_tick_that_goes_on_in_a_damaged_batch_is_not_offered(run: Path, events: Rows) -> None:
    frames = LogReader(run).frames
    for frame, shared in zip(frames[1:3], SHARED, strict=True):
        assert frame.first_tick == shared
        flip(file_of(run, 0), frame.position + frame.length // 2)
        damage = refused(run)
        assert (damage.seq, damage.tick) == (frame.first_seq, shared)
        assert f"--to-tick {shared} " in str(damage)
        assert read(run, to_tick=shared) == events[events["tick"] < shared].tobytes()
        with pytest.raises(LogDamaged):
            read(run, to_tick=shared + 1)
        flip(file_of(run, 0), frame.position + frame.length // 2)


def test_a_lost_last_batch_leaves_the_ticks_before_it(sealed: Path, tmp_path: Path, events: Rows) -> None:
    run = shutil.copytree(sealed, tmp_path / "run")
    frame = LogReader(run).frames[1]
    with file_of(run, 0).open("r+b") as file:
        file.truncate(frame.position)
    damage = refused(run)
    assert (damage.seq, damage.tick) == (frame.first_seq, SHARED[0])
    assert read(run, to_tick=SHARED[0]) == events[events["tick"] < SHARED[0]].tobytes()


@pytest.mark.parametrize("number", [0, 1])
def test_a_file_that_is_cut_while_it_is_read_is_damage_too(run: Path, events: Rows, number: int) -> None:
    """What is mapped of a file and then cut off cannot be read: to touch it would end the process."""
    reader = LogReader(run)
    frames = [each for each in reader.frames if (each.first_seq >= EVENTS) == bool(number)]
    assert b"".join(rows.tobytes() for rows in reader.rows()) == events.tobytes()
    with file_of(run, number).open("r+b") as file:
        file.truncate(frames[1].position)
    with pytest.raises(LogDamaged) as caught:
        list(reader.rows())
    assert caught.value.seq <= frames[1].first_seq
    before = b"".join(rows.tobytes() for rows in reader.rows(to_tick=caught.value.tick))
    assert before == events[events["tick"] < caught.value.tick].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
@pytest.mark.parametrize("number", [0, 1])
def test_what_the_message_offers_can_be_read(run: Path, events: Rows, number: int, seed: int) -> None:
    """Any byte, and above all those of the frames' marks: a range of ticks is exact, or it is refused."""
    chance, path, ticks = random.Random(seed), file_of(run, number), events["tick"]
    edges = [frame.position for frame in LogReader(run).frames if (frame.first_seq >= EVENTS) == bool(number)]
    near = [edge + chance.randrange(2000) for edge in edges for _ in range(6)]
    for byte in [
        *(each for each in near if each < path.stat().st_size),
        *(chance.randrange(path.stat().st_size) for _ in range(4)),
    ]:
        where = f"seed {seed}, byte {byte} of {path.name}"
        flip(path, byte)
        damage = refused(run)
        assert read(run, to_tick=damage.tick) == events[ticks < damage.tick].tobytes(), where
        for tick in (damage.tick + 1, damage.tick + 10, damage.tick + 40, int(ticks[-1])):
            for ranges in ({"to_tick": tick}, {"from_tick": tick}, {"from_tick": tick, "to_tick": tick + 5}):
                inside = events[(ticks >= ranges.get("from_tick", 0)) & (ticks < ranges.get("to_tick", 1 << 31))]
                try:
                    assert read(run, **ranges) == inside.tobytes(), f"{where}, {ranges}"
                except LogDamaged:
                    continue
        flip(path, byte)
    assert read(run) == events.tobytes()


def test_the_digest_and_the_tick_of_the_damage_are_known(run: Path, events: Rows) -> None:
    """Whoever goes on from before the damage knows where that is."""
    frame = LogReader(run).frames[4]
    flip(file_of(run, 1), frame.position + frame.length // 2)
    damage, log = refused(run), LogReader(run)
    assert log.seq_at(damage.tick) == damage.seq == frame.first_seq
    chain = Chain()
    chain.extend(events[: damage.seq])
    assert log.digest_at(damage.seq) == (chain.block_digest, chain.digest())


def test_a_damaged_footer_leaves_the_events(sealed: Path, tmp_path: Path) -> None:
    run = shutil.copytree(sealed, tmp_path / "run")
    with LogWriter.open(run, durability="never") as writer:
        commit(writer, LAST)
    before = LogReader(run)
    events = np.concatenate(list(before.rows()))
    seqs = [1, 4096, 5000, BATCH_EVENTS, BATCH_EVENTS + 4095, EVENTS - 1, EVENTS]
    digests, ticks = [before.digest_at(seq) for seq in seqs], [before.seq_at(tick) for tick in SHARED]
    seal = read_manifest(run).segments[0].seal
    assert seal is not None
    flip(file_of(run, 0), seal.frames_end + 30)
    log = LogReader(run)
    assert [log.digest_at(seq) for seq in seqs] == digests
    assert [log.seq_at(tick) for tick in SHARED] == ticks
    assert b"".join(rows.tobytes() for rows in log.rows(to_tick=seal.last_tick + 1)) == events[:EVENTS].tobytes()
    assert b"".join(rows.tobytes() for rows in log.rows(EVENTS)) == events[EVENTS:].tobytes()
    damage = refused(run)
    assert (damage.seq, damage.tick, damage.reason) == (
        EVENTS,
        seal.last_tick + 1,
        "its footer is not the one that was sealed",
    )
    first, *others = audit(run, log.manifest, log.head)
    assert [fault.reason for fault in first.faults] == [damage.reason]
    assert (first.events, first.damage(run).tick) == (EVENTS, damage.tick)
    assert not any(each.faults for each in others)


def test_a_missing_active_segment_leaves_the_sealed_ones(run: Path, events: Rows) -> None:
    file_of(run, 1).unlink()
    damage, sealed = refused(run), events[:EVENTS]
    assert damage.seq == EVENTS
    assert f"townlet replay {run} --to-tick {damage.tick} " in str(damage)
    assert read(run, to_tick=damage.tick) == sealed.tobytes()
    assert LogReader(run).digest_at(EVENTS)[1].hex() == read_manifest(run).segments[0].seal.digest  # type: ignore[union-attr]


def test_a_missing_sealed_segment_leaves_those_before_it(tmp_path: Path) -> None:
    with LogWriter.create(
        tmp_path / "run", run_id="0190", name="r", epochs=EPOCHS, versions={}, durability="never", segment_events=500
    ) as writer:
        for _ in range(4):
            commit(writer, 500)
    file_of(tmp_path / "run", 2).unlink()
    damage = refused(tmp_path / "run")
    assert (damage.seq, damage.tick) == (1000, 100)
    assert read(tmp_path / "run", to_tick=100) == history(1000).tobytes()
    log = LogReader(tmp_path / "run")
    assert (log.seq_at(100), list(log.rows(1000, to_tick=100))) == (1000, [])


def test_a_log_that_lost_its_beginning_offers_no_replay(tmp_path: Path) -> None:
    unsealed(tmp_path / "run").close()
    with LogWriter.open(tmp_path / "run") as writer:
        commit(writer, 30)
    file_of(tmp_path / "run", 0).unlink()
    damage = refused(tmp_path / "run")
    assert "replay" not in str(damage)
    assert "bring 00000000000000000000.arrows back from a copy" in str(damage)


def test_a_lost_head_offers_what_is_possible(run: Path) -> None:
    (run / "log" / "head").write_bytes(bytes(128))
    with pytest.raises(LogDamaged) as caught:
        LogReader(run)
    assert str(caught.value) == (
        f"{run / 'log' / 'head'} is damaged at event 0 (tick 0, byte 0): "
        "the head is lost, so how far the log is committed is unknown.\n"
        "  Nothing is known to be wrong with the events. "
        "How far the log was durable is not known, so nothing was cut.\n"
        "  Next: bring head back from a copy of the run to go on from its end\n"
        f"        sealed segments, {run / 'log'}/*.arrow and *.parquet, open in any reader of such files"
    )
