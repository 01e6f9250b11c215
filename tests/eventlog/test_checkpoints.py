"""A checkpoint is used only where it is whole, of the same code, and on the log's own history."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from eventlog.checkpoints import CheckpointStore, IdentityAt
from eventlog.folder.head import Point
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import abandon, commit, history, new_log, segment_of

IDENTITY = {"record": "1a", "folds": "2b"}
AGENTS = pa.table({"seat": pa.array([0, 1], pa.int32()), "hunger": [0.25, 1.0], "name": ["alice", "bob"]})
TIES = pa.table({"a": pa.array([], pa.int16())})


def checkpointed(path: Path) -> tuple[CheckpointStore, list[Point]]:
    """A run with three commits and a checkpoint after each."""
    store, points = CheckpointStore(path), []
    with new_log(path) as writer:
        for size in (30, 5000, 100):
            commit(writer, size)
            points.append(writer.point)
            store.write({"agents": AGENTS, "ties": TIES}, writer.point, IDENTITY)
    return store, points


def always(identity: dict[str, str]) -> IdentityAt:
    """The same identity everywhere."""
    return lambda _: identity


def test_the_nearest_checkpoint_gives_back_its_tables(tmp_path: Path) -> None:
    store, points = checkpointed(tmp_path / "run")
    log = LogReader(tmp_path / "run")
    assert store.ticks() == [point.tick for point in points] == [3, 503, 513]
    for tick, expected in [(3, 0), (502, 0), (503, 1), (512, 1), (513, 2), (9999, 2)]:
        found = store.nearest(tick, always(IDENTITY), log)
        assert found is not None
        assert found.point == points[expected]
        assert found.tables() == {"agents": AGENTS, "ties": TIES}
    assert store.nearest(2, always(IDENTITY), log) is None
    assert [frame.point for frame in log.frames[1:]] == points[:-1]


def test_a_log_is_read_on_from_a_checkpoint(tmp_path: Path) -> None:
    store, _ = checkpointed(tmp_path / "run")
    found = store.nearest(510, always(IDENTITY), LogReader(tmp_path / "run"))
    assert found is not None
    assert [len(rows) for rows in LogReader(tmp_path / "run").rows(found.point.seq)] == [100]


def test_another_identity_is_passed_over(tmp_path: Path) -> None:
    store, _ = checkpointed(tmp_path / "run")
    log = LogReader(tmp_path / "run")
    for other in ({}, {"record": "1a"}, {**IDENTITY, "folds": "3c"}, {**IDENTITY, "more": ""}):
        assert store.nearest(9999, always(other), log) is None


def test_an_earlier_checkpoint_stands_in_for_one_of_another_identity(tmp_path: Path) -> None:
    store, points = checkpointed(tmp_path / "run")
    log = LogReader(tmp_path / "run")
    store.write({"agents": AGENTS, "ties": TIES}, points[1], {**IDENTITY, "folds": "3c"})
    for tick, expected in [(3, 0), (503, 0), (512, 0), (513, 2)]:
        found = store.nearest(tick, always(IDENTITY), log)
        assert found is not None
        assert found.point == points[expected]
    found = store.nearest(513, always({**IDENTITY, "folds": "3c"}), log)
    assert found is not None
    assert found.point == points[1]


@pytest.mark.parametrize("file", ["manifest.json", "agents.arrow", "ties.arrow"])
@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "empty"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path: Path, file: str, damage: str) -> None:
    store, points = checkpointed(tmp_path / "run")
    path = store.path / f"{points[-1].tick:012}" / file
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 0x40]) + content[middle + 1 :]
        path.write_bytes({"cut": content[:-9], "flipped": flipped, "empty": b""}[damage])
    found = store.nearest(9999, always(IDENTITY), LogReader(tmp_path / "run"))
    assert found is not None
    assert found.point == points[1]


@pytest.mark.parametrize("key", ["tick", "next_seq", "block_digest", "digest"])
def test_a_checkpoint_that_is_not_on_the_log_is_passed_over(tmp_path: Path, key: str) -> None:
    store, points = checkpointed(tmp_path / "run")
    path = store.path / f"{points[1].tick:012}" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest[key] = manifest[key] + 8 if isinstance(manifest[key], int) else "00" * 32
    path.write_text(json.dumps(manifest))
    found = store.nearest(points[1].tick, always(IDENTITY), LogReader(tmp_path / "run"))
    assert found is not None
    assert found.point == points[0]


def test_a_checkpoint_of_a_lost_future_is_passed_over(tmp_path: Path) -> None:
    """The tail it stood on was torn off, and the town went another way, in frames that lie at the same bytes."""
    store = CheckpointStore(tmp_path / "run")
    writer = new_log(tmp_path / "run", durability="never")
    commit(writer, 30)
    writer.sync()
    first = writer.point
    store.write({"agents": AGENTS}, first, IDENTITY)
    commit(writer, 50)
    store.write({"agents": AGENTS}, writer.point, IDENTITY)
    lost = writer.point
    abandon(writer)
    segment = segment_of(tmp_path / "run")
    segment.write_bytes(segment.read_bytes()[:-1])
    with LogWriter.open(tmp_path / "run") as writer:
        found = store.nearest(9999, always(IDENTITY), LogReader(tmp_path / "run"))
        assert found is not None
        assert found.point == first
        other = commit_changed(writer)
        assert (writer.point.seq, writer.point.block_digest) == (lost.seq, lost.block_digest)
        assert other != lost.digest
        commit(writer, 10)
        found = store.nearest(9999, always(IDENTITY), LogReader(tmp_path / "run"))
        assert found is not None
        assert found.point == first


def commit_changed(writer: LogWriter) -> str:
    rows = history(50, seq=writer.head.seq, tick=writer.head.tick)
    rows["value"] += 1
    writer.commit(rows, expected_seq=writer.head.seq)
    return writer.head.digest


def test_a_checkpoint_replaces_the_one_at_its_tick_and_leaves_nothing_behind(tmp_path: Path) -> None:
    store, points = checkpointed(tmp_path / "run")
    store.write({"ties": TIES}, points[1], IDENTITY)
    found = store.nearest(points[1].tick, always(IDENTITY), LogReader(tmp_path / "run"))
    assert found is not None
    assert found.tables() == {"ties": TIES}
    assert sorted(path.name for path in store.path.iterdir()) == [f"{point.tick:012}" for point in points]


def test_an_unfinished_checkpoint_is_no_checkpoint(tmp_path: Path) -> None:
    store, points = checkpointed(tmp_path / "run")
    folder = store.path / f"{points[-1].tick:012}"
    folder.rename(folder.with_name(folder.name + ".4711-0"))
    assert store.ticks() == [3, 503]


def test_a_run_without_checkpoints_has_none(tmp_path: Path) -> None:
    new_log(tmp_path / "run").close()
    assert CheckpointStore(tmp_path / "run").nearest(10, always(IDENTITY), LogReader(tmp_path / "run")) is None


def test_its_manifest_says_what_it_is_of(tmp_path: Path) -> None:
    """Name, version, the next event, the digest of the history before it, and the state: as the design has it."""
    store = CheckpointStore(tmp_path)
    point = Point(tick=60, seq=130, block_digest="ab" * 32, digest="cd" * 32)
    identity = {"projection": "town@3", "rider": "ties@7"}
    folder = store.write({"table": pa.table({"x": [1]})}, point, identity)
    said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    told = {key: said[key] for key in ("name", "version", "next_seq", "digest")}
    assert told == {"name": "ties", "version": "7", "next_seq": 130, "digest": "cd" * 32}
    assert list(said["state"]) == ["table"]
    assert store.is_of(60, lambda _: identity)
    assert not store.is_of(60, lambda _: {**identity, "rider": "ties@8"})


@pytest.mark.parametrize("mask", [0x01, 0x40, 0xFF])
def test_a_manifest_with_any_byte_changed_is_passed_over_or_says_the_same(tmp_path: Path, mask: int) -> None:
    store, points = checkpointed(tmp_path / "run")
    log, path = LogReader(tmp_path / "run"), store.path / f"{points[-1].tick:012}" / "manifest.json"
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :])
        found = store.nearest(9999, always(IDENTITY), log)
        assert found is not None, f"byte {place}"
        assert found.point in points[1:], f"byte {place}"
        assert found.tables().keys() == {"agents", "ties"}, f"byte {place}"
