"""The machine dies behind every call to the disk and loses any part of what was not synced: nothing promised is lost.

A failure names the call and the seed of the damage; the same test with the same parameters repeats it. `slow` takes
many times as many damages.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from eventlog.errors import LogDamaged
from eventlog.folder import disk
from eventlog.folder.head import read_head
from eventlog.folder.manifest import read_manifest
from eventlog.format.layout import schema_message
from eventlog.writer import Durability, LogWriter
from tests.eventlog.fake_disk import Contents, FakeDisk, State, put, state_of
from tests.eventlog.lives import CUT, Promise, live, require_run, ticking_clock, writer_of

DAMAGES, MANY = 15, 500
MEMORY = Path("/dev/shm")
PARTS = 4
TORN = ".torn"

Mutation = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory, where there is such a thing: thousands of disks are laid out in it."""
    path = Path(tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    yield path
    shutil.rmtree(path)


def untouched(_: pytest.MonkeyPatch) -> None:
    """The log as it is."""


def recorded(
    root: Path, act: Callable[[FakeDisk], None], state: State | None = None, mutation: Mutation = untouched
) -> FakeDisk:
    """Every state of a disk while something is done in the folder `root`, which holds `state` to begin with."""
    fake = FakeDisk(root, state)
    put(state.shown() if state else {}, root)
    with pytest.MonkeyPatch.context() as patch, ticking_clock():
        fake.install(patch)
        mutation(patch)
        act(fake)
    return fake


def a_life(root: Path, durability: Durability, mutation: Mutation = untouched) -> FakeDisk:
    def lives(fake: FakeDisk) -> None:
        fake.promise(Promise())
        live(root, durability, fake.promise)

    return recorded(root, lives, mutation=mutation)


class Oracle:
    """Says whether a disk holds what was promised. What was found good once is not looked at again."""

    def __init__(self, folder: Path, mutation: Mutation = untouched) -> None:
        self._folder = folder
        self._mutation = mutation
        self._good: set[object] = set()

    def require(self, contents: Contents, promise: Promise) -> None:
        """Raises AssertionError, or what kept a run from being opened."""
        self._require("run", contents, promise)
        if promise.fork or "fork" in contents:
            assert "fork" in contents, "the fork is gone"
            self._require("fork", contents, Promise(True, CUT))

    def _require(self, name: str, contents: Contents, promise: Promise) -> None:
        own = {path: content for path, content in contents.items() if path.partition("/")[0] == name}
        known = frozenset(own.items()), promise.run, promise.events
        if known not in self._good:
            with self.laid_out(own) as root:
                require_run(root / name, promise)
            self._good.add(known)

    def laid_out(self, contents: Contents) -> "_LaidOut":
        """These contents in a folder, on a disk that needs no syncs."""
        return _LaidOut(self._folder, contents, self._mutation)


class _LaidOut:
    def __init__(self, folder: Path, contents: Contents, mutation: Mutation) -> None:
        self._folder, self._contents, self._mutation = folder, contents, mutation
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Path:
        for call in ("sync", "sync_folder"):
            self._patch.setattr(disk, call, lambda _: None)
        self._mutation(self._patch)
        put(self._contents, self._folder)
        return self._folder

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        shutil.rmtree(self._folder)


def require_every_crash(fake: FakeDisk, oracle: Oracle, calls: Iterable[int], seeds: range) -> None:
    """The disk died behind each of these calls, with damages of each of these seeds."""
    for number in calls:
        for seed in seeds:
            with naming(f"died behind call {number}, {fake.calls[number]}; damage {seed}"):
                oracle.require(fake.states[number].crashed(seed), fake.promised[number])


class naming:
    """What is raised inside names the crash."""

    def __init__(self, crash: str) -> None:
        self._crash = crash

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception):
            raise AssertionError(f"{self._crash}: {type(error).__name__}: {error}") from error


@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_behind_every_call_loses_nothing_that_was_acknowledged(folder: Path, part: int) -> None:
    fake = a_life(folder / "disk", "every-commit")
    calls = len(fake.states)  # neighbouring calls leave equal disks, which an oracle looks at once
    part_of_calls = range(part * calls // PARTS, (part + 1) * calls // PARTS)
    require_every_crash(fake, Oracle(folder / "left"), part_of_calls, range(DAMAGES))


@pytest.mark.parametrize("durability", ["interval", "never"])
def test_what_was_durable_is_kept_whatever_is_promised_of_a_commit(folder: Path, durability: Durability) -> None:
    fake = a_life(folder / "disk", durability)
    require_every_crash(fake, Oracle(folder / "left"), range(len(fake.states)), range(100, 108))


@pytest.mark.slow
@pytest.mark.parametrize("durability", ["every-commit", "interval", "never"])
def test_many_more_crashes(folder: Path, durability: Durability) -> None:
    fake = a_life(folder / "disk", durability)
    require_every_crash(fake, Oracle(folder / "left"), range(len(fake.states)), range(1000, 1000 + MANY))


# Repairs that die as well


def require_every_crash_of_the_repair(
    fake: FakeDisk, folder: Path, oracle: Oracle, numbers: Iterable[int], seeds: range, mutation: Mutation = untouched
) -> None:
    """The process died behind these calls, or the machine; its run was opened again; and then the machine died."""
    for number in numbers:
        before, promise = fake.states[number], fake.promised[number]
        for state, how in ((before, "was killed"), (state_of(before.crashed(number)), "died")):
            root = folder / "again"

            def repair(again: FakeDisk, promise: Promise = promise, root: Path = root) -> None:
                again.promise(promise)
                with writer_of(root / "run", "every-commit"):
                    pass

            with naming(f"{how} behind call {number}, {fake.calls[number]}"):
                again = recorded(root, repair, state, mutation)
                shutil.rmtree(root)
                require_every_crash(again, oracle, range(len(again.states)), seeds)
                if how == "died":
                    require_torn_is_kept(again, seeds)


def require_torn_is_kept(again: FakeDisk, seeds: Iterable[int]) -> None:
    """Whenever the machine dies while a torn end is cut off, its bytes are where they were, or kept whole beside."""
    first, last = again.states[0].shown(), again.states[-1].shown()
    for path in [path for path in last if TORN in path and path not in first]:
        segment = path.partition(TORN)[0]
        for number, state in enumerate(again.states):
            for seed in seeds:
                left = state.crashed(seed)
                kept = last[path] in [left[each] for each in left if each.startswith(segment + TORN)]
                assert kept or left[segment] == first[segment], f"the torn end is lost behind {again.calls[number]}"


def writes_of(fake: FakeDisk) -> list[int]:
    """The calls that write a commit's frame, which is not yet synced behind them."""
    return [number for number, call in enumerate(fake.calls) if call.startswith("write ") and not call.endswith(" 0")]


def renames_of(fake: FakeDisk, what: str) -> list[int]:
    """The calls that put such a thing in its place."""
    return [number for number, call in enumerate(fake.calls) if call.startswith(f"rename {what}")]


@pytest.mark.parametrize("seeds", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_a_repair_that_dies_loses_nothing_either(folder: Path, seeds: int) -> None:
    fake = a_life(folder / "disk", "every-commit")
    numbers = sorted({*range(3, len(fake.states), 40), *renames_of(fake, "run.json"), *writes_of(fake)[::8]})
    require_every_crash_of_the_repair(fake, folder, Oracle(folder / "left"), numbers, range(seeds))


# Damage that no crash makes


def require_damage_is_refused(fake: FakeDisk, oracle: Oracle, numbers: Iterable[int]) -> None:
    """After a crash some bytes that were durable are no more: this is said, and nothing is touched."""
    for number in numbers:
        contents = fake.states[number].crashed(number)
        for what, damaged in damages(oracle, contents):
            with (
                naming(f"died behind call {number}, {fake.calls[number]}; then {what}"),
                oracle.laid_out(damaged) as root,
            ):
                try:
                    LogWriter.open(root / "run").close()
                except LogDamaged:
                    pass
                else:
                    raise AssertionError("it was taken for whole, or for torn")
                left = {path: (root / path).read_bytes() for path, content in damaged.items() if content is not None}
                assert left == {path: content for path, content in damaged.items() if content is not None}


def damages(oracle: Oracle, contents: Contents) -> Iterator[tuple[str, Contents]]:
    """The same disk, with one thing wrong in its active segment."""
    with oracle.laid_out(contents) as root:
        if not (root / "run" / "run.json").exists():
            return
        active = read_manifest(root / "run").active
        said = read_head(root / "run" / "log" / "head", active.first_seq)
    path = f"run/log/{active.file}"
    content = contents[path]
    assert content is not None
    yield "a torn end lost its head", {**contents, path: content + b"torn", "run/log/head": b""}
    if said and said.durable > len(schema_message()):
        at = said.durable - 9
        yield "a bit flipped", {**contents, path: content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]}
        yield "every frame came off", {**contents, path: content[: len(schema_message())]}


def test_damage_below_the_durable_byte_is_refused_after_a_crash_too(folder: Path) -> None:
    fake = a_life(folder / "disk", "every-commit")
    require_damage_is_refused(fake, Oracle(folder / "left"), range(40, len(fake.states), 12))


def require_sealed_is_left_alone(fake: FakeDisk, oracle: Oracle, numbers: Iterable[int]) -> None:
    """A sealed segment that is not as it was sealed is no torn one: opening the run touches nothing of it."""
    for number in numbers:
        contents = fake.states[number].crashed(number)
        with oracle.laid_out(contents) as root:
            sealed = [f"run/log/{segment.file}" for segment in read_manifest(root / "run").segments[:-1]]
        for path in sealed:
            whole = contents[path]
            assert whole is not None
            for damaged in (whole + b"torn", whole[:-40], whole + bytes(512)):
                with (
                    naming(f"died behind call {number}, {fake.calls[number]}; then {path} was damaged"),
                    oracle.laid_out({**contents, path: damaged}) as root,
                ):
                    with suppress(LogDamaged):
                        LogWriter.open(root / "run").close()
                    assert (root / path).read_bytes() == damaged, "a sealed segment was repaired"


def test_only_the_last_segment_is_repaired(folder: Path) -> None:
    fake = a_life(folder / "disk", "every-commit")
    require_sealed_is_left_alone(fake, Oracle(folder / "left"), renames_of(fake, "run.json")[2:])
