"""The whole life of a small log: rolls, checkpoints, an archive, another epoch, a fork; and what may be left of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from eventlog import writer as writing
from eventlog.archiving import archive
from eventlog.checkpoints import CheckpointStore
from eventlog.errors import RunNotFound
from eventlog.folder.head import Point
from eventlog.folder.manifest import read_manifest, read_settings, write_settings
from eventlog.forking import fork
from eventlog.format.chain import Chain
from eventlog.format.layout import schema_message
from eventlog.reader import LogReader
from eventlog.writer import Durability, LogWriter
from tests.eventlog.towns import EPOCHS, history

SEGMENT_EVENTS: Final = 120
SIZES: Final = (40, 30, 50, 20, 60, 40, 50, 30, 40, 30, 20, 10)
ENDS: Final = tuple(int(end) for end in np.cumsum((0, *SIZES)))
CHECKPOINTS: Final = (70, 320)
ARCHIVED_AT: Final = ENDS[10]
CUT: Final = ENDS[-2]
HISTORY: Final = history(ENDS[-1] + 10)
NOTES: Final = {seq: f"said at event {seq}" for seq in (5, 130, 131, 400, 505)}
IDENTITY: Final = {"folds": "2b"}
TEXTS: Final = {"c0ffee": "{}", "beef": '{"wage": 2}'}


class Promise(NamedTuple):
    """What somebody was told: that the run is there, how many of its events are durable, that its fork is there."""

    run: bool = False
    events: int = 0
    fork: bool = False


def _digests() -> dict[int, str]:
    chain, found = Chain(), {0: Chain().digest().hex()}
    for first, end in pairwise((*ENDS, ENDS[-1] + 10)):
        chain.extend(HISTORY[first:end], _notes(first, end))
        found[end] = chain.digest().hex()
    return found


def _notes(first: int, end: int) -> dict[int, str]:
    return {seq: note for seq, note in NOTES.items() if first <= seq < end}


DIGESTS: Final = _digests()
"""The digest of the history after each commit."""


def live(root: Path, durability: Durability, promise: Callable[[Promise], None]) -> None:
    """Live the life to its end in the folder `root`, from wherever it was left; tell what is promised on the way."""
    run = root / "run"
    with writer_of(run, durability) as writer:
        _commit_until(writer, ARCHIVED_AT, promise)
    promise(Promise(True, writer.head.seq))
    archive(run)
    with writer_of(run, durability) as writer:
        if len(writer.manifest.epochs) == 1 and writer.head.seq == ARCHIVED_AT:
            write_settings(run, "beef", TEXTS["beef"])
            writer.add_epoch(config_id="beef", seed=8)
        _commit_until(writer, ENDS[-1], promise)
    promise(Promise(True, ENDS[-1]))
    if not (root / "fork").exists():
        source = LogReader(run)
        fork(source, root / "fork", CUT, run_id="f0", name="fork", versions={}, epochs=source.manifest.epochs)
    promise(Promise(True, ENDS[-1], fork=True))


def writer_of(run: Path, durability: Durability) -> LogWriter:
    """The writer of the run that is there, else of a new one."""
    if (run / "run.json").exists():
        return LogWriter.open(run, durability=durability, segment_events=SEGMENT_EVENTS)
    return LogWriter.create(
        run,
        run_id="0190",
        name="run",
        epochs=EPOCHS,
        versions={},
        durability=durability,
        segment_events=SEGMENT_EVENTS,
        settings={"c0ffee": TEXTS["c0ffee"]},
    )


def _commit_until(writer: LogWriter, until: int, promise: Callable[[Promise], None]) -> None:
    durable = writer.head.seq  # a writer that opens a run makes all of it durable
    promise(Promise(True, durable))
    while writer.head.seq < until:
        first = writer.head.seq
        end = ENDS[ENDS.index(first) + 1]
        writer.commit(HISTORY[first:end], _notes(first, end), expected_seq=first)
        durable = end if writer.head.durable == writer.head.appended else durable
        promise(Promise(True, durable))
        if end in CHECKPOINTS:
            CheckpointStore(writer.path).write(tables_at(writer.point), writer.point, IDENTITY)


def tables_at(point: Point) -> dict[str, pa.Table]:
    """What a checkpoint there holds: the history's own numbers."""
    before = HISTORY[: point.seq]
    return {
        "agents": pa.table({"seq": before["seq"], "value": before["value"]}),
        "sums": pa.table({"seq": [point.seq]}),
    }


@contextmanager
def ticking_clock(step_s: float = 0.02) -> Iterator[None]:
    """A clock that moves a little each time it is looked at, so that `interval` syncs now and then, always alike."""

    class Clock:
        now_s = 0.0

        @classmethod
        def monotonic(cls) -> float:
            cls.now_s += step_s
            return cls.now_s

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "time", Clock)
        yield


def _active_bytes(run: Path) -> bytes:
    """The bytes of the active segment; of no run, those that a new one begins with."""
    if not (run / "run.json").exists():
        return schema_message()
    return (run / "log" / read_manifest(run).active.file).read_bytes()


def require_run(run: Path, promise: Promise) -> None:
    """A run is there as promised: what was acknowledged, a prefix of the history, and it can be gone on with.

    Raises AssertionError, or whatever kept the run from being opened.
    """
    if not (run / "run.json").exists():
        assert not promise.run, "the run is gone"
        with pytest.raises(RunNotFound):
            LogWriter.open(run)
    before = _active_bytes(run)
    with writer_of(run, "never") as writer:
        torn = writer.torn.read_bytes() if writer.torn else b""
        assert _active_bytes(run) + torn == before, "a torn end was cut otherwise than it is kept"
        seq = writer.head.seq
        assert seq >= promise.events, f"{promise.events} events were acknowledged, and {seq} are left"
        assert (writer.head.tick, writer.head.digest) == (-(-seq // 10), DIGESTS[seq]), (
            f"another history of {seq} events"
        )
        end = min(end for end in DIGESTS if end > seq)
        writer.commit(HISTORY[seq:end], _notes(seq, end), expected_seq=seq)
    log = LogReader(run)
    assert log.verify_chain() == DIGESTS[end], "its events and their words are not the history's"
    for epoch in read_manifest(run).epochs:
        assert read_settings(run, epoch.config_id) == TEXTS[epoch.config_id]
    store = CheckpointStore(run)
    for tick in store.ticks():
        found = store.nearest(tick, lambda _: IDENTITY, log)
        assert found is None or found.tables() == tables_at(found.point), f"the checkpoint of tick {tick} is another"
