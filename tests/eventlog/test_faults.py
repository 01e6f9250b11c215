"""Every call to the disk fails in turn, in every way, once and for ever: nothing promised is lost, the run completes.

The calls are those of a whole life (`lives.py`), counted while nothing fails. A failure names the call and how it
failed; the same test with the same parameters repeats it. CI takes each so many calls of each way, `slow` all of them.
"""

import gc
import os
import shutil
import signal
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eventlog.checkpoints import CheckpointStore
from eventlog.errors import DiskFull, WriterPoisoned
from eventlog.folder.manifest import read_manifest, read_settings
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.failing_disk import SORTS, FailingSystem, can_fail
from tests.eventlog.lives import (
    CUT,
    DIGESTS,
    ENDS,
    IDENTITY,
    TEXTS,
    Promise,
    live,
    tables_at,
    ticking_clock,
)
from tests.eventlog.test_crashes import folder, naming

__all__ = ["folder"]

STRIDE = 41
"""CI lets each so many calls fail; every way begins at another call."""

REFUSED = (WriterPoisoned, DiskFull, OSError, KeyboardInterrupt)
"""How a life may end whose disk fails: what the writer, `create`, `open`, `archive`, `fork` say they raise."""


class Kept:
    """What was promised over several attempts to live the life: no later one takes back what an earlier one told."""

    def __init__(self) -> None:
        self.most = Promise()

    def promise(self, told: Promise) -> None:
        before = self.most
        self.most = Promise(before.run or told.run, max(before.events, told.events), before.fork or told.fork)


@cache
def calls_of_a_life() -> tuple[str, ...]:
    """The calls of a life in which nothing fails."""
    system = FailingSystem()
    with tempfile.TemporaryDirectory() as path:
        assert attempt(Path(path), system, Kept()) is None
        require_completed(Path(path))
    return tuple(system.calls)


def attempt(root: Path, system: FailingSystem, kept: Kept) -> str | None:
    """Live on over this system; gives what ended it, or None where it came to its end."""
    with pytest.MonkeyPatch.context() as patch, ticking_clock():
        system.install(patch)
        try:
            live(root, "every-commit", kept.promise)
        except REFUSED as error:
            return f"{type(error).__name__}: {error}"
    return None


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def require_no_more_open(before: int) -> None:
    """What is mapped is let go of with its last reader, which may be part of a cycle."""
    if open_files() > before:
        gc.collect()
    assert open_files() <= before, "files are still open"


def require_promised(root: Path, promise: Promise) -> None:
    """What was acknowledged is there, before anything else is done."""
    if (root / "run" / "run.json").exists():
        with LogWriter.open(root / "run") as writer:
            seq = writer.head.seq
            assert seq >= promise.events, f"{promise.events} events were acknowledged, and {seq} are left"
            assert writer.head.digest == DIGESTS[seq], f"another history of {seq} events"
    else:
        assert not promise.run, "the run is gone"
    assert (root / "fork").exists() or not promise.fork, "the fork is gone"


def require_completed(root: Path) -> None:
    """The life came to its end: its log is the undisturbed one, and nothing half done is left."""
    for name, end in (("run", ENDS[-1]), ("fork", CUT)):
        log = LogReader(root / name)
        assert (log.head.seq, log.verify_chain()) == (end, DIGESTS[end]), f"the {name} has another history"
        manifest = read_manifest(root / name)
        assert [read_settings(root / name, epoch.config_id) for epoch in manifest.epochs] == list(TEXTS.values())
        store = CheckpointStore(root / name)
        for tick in store.ticks():
            found = store.nearest(tick, lambda _: IDENTITY, log)
            assert found is not None, f"the checkpoint of tick {tick} is not whole"
            assert found.tables() == tables_at(found.point)
        files = {path.name for path in (root / name / "log").iterdir() if ".torn" not in path.name}
        assert files == {"head", *(segment.file for segment in manifest.segments)}
    left = [path.relative_to(root) for path in root.rglob("*") if is_left_over(root, path)]
    assert not left, f"left behind: {', '.join(map(str, left))}"


def is_left_over(root: Path, path: Path) -> bool:
    """Whether this is something half done."""
    unfinished_checkpoint = path.parent.name == "checkpoints" and not path.name.isdecimal()
    return path.name.endswith(".tmp") or unfinished_checkpoint or (path.parent == root and path.name.startswith("."))


def require_survived(root: Path, sort: str, nth: int, *, for_ever: bool) -> None:
    """The n-th call fails, and then: what was promised is there, nothing is held, and the life comes to its end."""
    kept, before = Kept(), open_files()
    ended = attempt(root, FailingSystem(sort, nth, for_ever=for_ever), kept)
    if for_ever and sort != "short":  # a write that is short is finished, one call after another
        assert ended is not None, "it lived on without its disk"
        ended = attempt(root, FailingSystem(sort, 0, for_ever=True), kept)
        assert ended is not None, "it lived on without its disk"
    require_no_more_open(before)
    require_promised(root, kept.most)
    ended = attempt(root, FailingSystem(), kept)
    assert ended is None, f"it does not live on: {ended}"
    require_completed(root)
    require_no_more_open(before)
    shutil.rmtree(root)


def sweep(folder: Path, sort: str, *, for_ever: bool, first: int = 0, stride: int = 1) -> int:
    """Let each so many of the calls that can fail in this way fail; gives how many that were."""
    calls = calls_of_a_life()
    numbers = [number for number, name in enumerate(calls) if can_fail(name, sort)][first::stride]
    for nth in numbers:
        how = "for ever" if for_ever else "once"
        with naming(f"call {nth}, {calls[nth]}, failed {how}: {sort}"):
            require_survived(folder / "disk", sort, nth, for_ever=for_ever)
    return len(numbers)


@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("sort", SORTS)
def test_a_call_that_fails_loses_nothing_and_the_run_completes(folder: Path, sort: str, for_ever: bool) -> None:
    stride = STRIDE if sort != "short" else 5
    assert sweep(folder, sort, for_ever=for_ever, first=3 * SORTS.index(sort) % stride, stride=stride) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("sort", SORTS)
def test_every_call_fails_in_turn(folder: Path, sort: str, for_ever: bool) -> None:
    calls = calls_of_a_life()
    assert sweep(folder, sort, for_ever=for_ever) == sum(can_fail(name, sort) for name in calls) > 40


def test_signals_whose_handler_comes_back_change_nothing(folder: Path) -> None:
    seen = [0]

    def handle(*_: Any) -> None:
        seen[0] += 1

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for _ in range(3):
            assert attempt(folder / "disk", FailingSystem(), Kept()) is None
            require_completed(folder / "disk")
            shutil.rmtree(folder / "disk")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert seen[0] > 50
