"""Each rule of the log is broken in turn, and the machine that dies behind every call to the disk finds it out.

The simulations are those of `test_crashes.py`.
"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from eventlog import archiving, beginning, checkpoints, forking
from eventlog import writer as writing
from eventlog.folder import disk, head
from eventlog.folder.head import Head, HeadFile
from eventlog.folder.manifest import Manifest, write_manifest, write_settings
from eventlog.format.layout import schema_message
from eventlog.segments import recovery
from eventlog.segments.recovery import Damage, Tail, examine
from eventlog.writer import LogWriter
from tests.eventlog.fake_disk import FakeDisk
from tests.eventlog.test_crashes import (
    MANY,
    TORN,
    Mutation,
    Oracle,
    a_life,
    folder,
    renames_of,
    require_damage_is_refused,
    require_every_crash,
    require_every_crash_of_the_repair,
    require_sealed_is_left_alone,
    writes_of,
)

__all__ = ["folder"]


def synced_late(patch: pytest.MonkeyPatch) -> None:
    """A commit is acknowledged before it is synced."""
    patch.setattr(LogWriter, "_sync_file", lambda writer, appended: setattr(writer, "_durable", appended))


def examined(change: Callable[[memoryview, Head | None, Callable[..., Tail | Damage]], Tail | Damage]) -> Mutation:
    """Recovery finds the end of a segment in another way: from its bytes, its head, and the way it is done."""

    def mutation(patch: pytest.MonkeyPatch) -> None:
        def changed(buffer: memoryview, said: Head | None, *more: Any) -> Tail | Damage:
            return change(buffer, said, lambda buffer, said: examine(buffer, said, *more))

        patch.setattr(recovery, "examine", changed)

    return mutation


def up_to_the_head(buffer: memoryview, said: Head | None, find: Callable[..., Tail | Damage]) -> Tail | Damage:
    """Rule 1 broken: what was written and not published is cut."""
    return find(buffer[: said.appended or len(schema_message())] if said else buffer, said)


def never_torn(buffer: memoryview, said: Head | None, find: Callable[..., Tail | Damage]) -> Tail | Damage:
    """Rule 2 broken: bad bytes that were never promised are damage too."""
    found = find(buffer, said)
    return Damage(found.position, None, "torn") if isinstance(found, Tail) and found.position < len(buffer) else found


def always_torn(buffer: memoryview, said: Head | None, find: Callable[..., Tail | Damage]) -> Tail | Damage:
    """Rule 3 broken: bad bytes are cut, also below the durable byte."""
    found = find(buffer, said)
    bad = isinstance(found, Damage) and found.position < len(buffer)
    return find(buffer, said._replace(durable=0)) if said and bad else found


def ends_anywhere(buffer: memoryview, said: Head | None, find: Callable[..., Tail | Damage]) -> Tail | Damage:
    """Rule 4 broken: a clean end before the durable byte will do."""
    found = find(buffer, said)
    short = isinstance(found, Damage) and found.position == len(buffer)
    return find(buffer, said._replace(durable=0)) if said and short else found


def headless_is_torn(buffer: memoryview, said: Head | None, find: Callable[..., Tail | Damage]) -> Tail | Damage:
    """Rule 5 broken: without a head whatever is bad is cut."""
    found = find(buffer, said)
    return find(buffer[: found.position], None) if said is None and isinstance(found, Damage) else found


def cut_by(
    keep: Callable[[Path, bytes], None], cut: Callable[[Path, int], None]
) -> Callable[[pytest.MonkeyPatch], None]:
    """A torn end is kept and cut off in another way."""

    def mutation(patch: pytest.MonkeyPatch) -> None:
        def changed(segment: Path, position: int) -> Path:
            torn = segment.with_name(segment.name + TORN)
            keep(torn, segment.read_bytes()[position:])
            cut(segment, position)
            return torn

        patch.setattr(recovery, "_cut", changed)

    return mutation


def cut_off(segment: Path, position: int) -> None:
    """As it is done."""
    fd = disk.append_to(segment)
    disk.truncate(fd, position)
    disk.sync(fd)
    disk.close(fd)


def unsynced(path: Path, content: bytes) -> None:
    """Write a file and sync its name only."""
    fd = disk.create(path)
    disk.write_all(fd, content)
    disk.close(fd)
    disk.sync_folder(path.parent)


thrown_away = cut_by(lambda torn, content: None, cut_off)
left_on = cut_by(lambda torn, content: disk.replace_file(torn, content), lambda segment, position: None)
kept_unsynced = cut_by(unsynced, cut_off)
kept_unnamed = cut_by(lambda torn, content: disk.write_file(torn, content), cut_off)


def opened_unsynced(patch: pytest.MonkeyPatch) -> None:
    """What was written and not synced when a writer died is taken for durable by the next one."""
    sync, opened = LogWriter._sync_file, set[int]()

    def late(writer: LogWriter, appended: int) -> None:
        if id(writer) in opened:
            sync(writer, appended)
        opened.add(id(writer))
        writer._durable = appended

    patch.setattr(LogWriter, "_sync_file", late)


def sealed_repaired(patch: pytest.MonkeyPatch) -> None:
    """What follows the end of a sealed segment is cut off as well."""
    recover = writing.recover_run

    def more(run: Path, manifest: Manifest) -> Tail:
        for segment in manifest.segments[:-1]:
            path = run / "log" / segment.file
            if segment.seal and path.stat().st_size > segment.seal.bytes:
                cut_off(path, segment.seal.bytes)
        return recover(run, manifest)

    patch.setattr(writing, "recover_run", more)


def settings_last(patch: pytest.MonkeyPatch) -> None:
    """The settings of a new run are written when its manifest is there."""
    held: list[tuple[Path, str, str]] = []

    def late(run: Path, manifest: Manifest) -> None:
        write_manifest(run, manifest)
        while held:
            write_settings(*held.pop())

    patch.setattr(beginning, "write_settings", lambda *settings: held.append(settings))
    patch.setattr(writing, "write_manifest", late)


def written_unsynced(patch: pytest.MonkeyPatch) -> None:
    """Files are put in another's place before their bytes are synced."""

    def unsynced(path: Path, content: bytes) -> None:
        fd = disk.create(path)
        disk.write_all(fd, content)
        disk.close(fd)

    patch.setattr(disk, "write_file", unsynced)


def replaced_unnamed(patch: pytest.MonkeyPatch) -> None:
    """The name of a file that was put in another's place is not synced."""

    def unnamed(path: Path, content: bytes) -> None:
        disk.write_file(path.with_name(path.name + ".tmp"), content)
        disk.rename(path.with_name(path.name + ".tmp"), path)

    patch.setattr(disk, "replace_file", unnamed)


def replaced_in_place(patch: pytest.MonkeyPatch) -> None:
    """A file is written over."""

    def in_place(path: Path, content: bytes) -> None:
        disk.write_file(path, content)
        disk.sync_folder(path.parent)

    patch.setattr(disk, "replace_file", in_place)


def manifest_first(patch: pytest.MonkeyPatch) -> None:
    """The manifest names a sealed segment that is written afterwards."""
    held: list[tuple[Path, bytes]] = []
    replace_file = disk.replace_file

    def late(path: Path, content: bytes) -> None:
        if path.suffix == ".arrow":
            held.append((path, content))
            return
        replace_file(path, content)
        while held and path.name == "run.json":
            replace_file(*held.pop())

    patch.setattr(disk, "replace_file", late)


def stream_removed_first(patch: pytest.MonkeyPatch) -> None:
    """The stream of a segment goes before the manifest names its sealed file."""
    replace = LogWriter._replace_manifest

    def early(writer: LogWriter, **changes: object) -> None:
        if "segments" in changes:
            disk.remove(writer.path / "log" / writer.manifest.active.file)
        replace(writer, **changes)

    patch.setattr(LogWriter, "_replace_manifest", early)


def sealed_removed_first(patch: pytest.MonkeyPatch) -> None:
    """The file of a sealed segment goes before the manifest names its cold one."""

    def early(run: Path, manifest: Manifest) -> None:
        recovery.remove_leftovers(run, manifest)
        write_manifest(run, manifest)

    patch.setattr(archiving, "write_manifest", early)


def leftovers_removed_first(patch: pytest.MonkeyPatch) -> None:
    """A writer that opens a run removes what its manifest does not name, before the manifest's own name is synced."""
    recover = writing.recover_run

    def early(run: Path, manifest: Manifest) -> Tail:
        with pytest.MonkeyPatch.context() as unsynced:
            unsynced.setattr(recovery.disk, "sync_folder", lambda _: None)
            recovery.remove_leftovers(run, manifest)
        return recover(run, manifest)

    patch.setattr(writing, "recover_run", early)


def one_slot(patch: pytest.MonkeyPatch) -> None:
    """The head is written over its only slot."""
    write = HeadFile.write

    def over(self: HeadFile, *fields: Any) -> None:
        self._slot = 0
        write(self, *fields)

    patch.setattr(HeadFile, "write", over)


def head_believed(patch: pytest.MonkeyPatch) -> None:
    """The head's checksum is not looked at."""
    patch.setattr(head, "zlib", SimpleNamespace(crc32=lambda _: 0))


def unnamed_run(patch: pytest.MonkeyPatch) -> None:
    """The name of a new run's folder is not synced."""
    patch.setattr(disk, "make_folder", lambda path: path.mkdir(parents=True, exist_ok=True))


def unnamed_fork(patch: pytest.MonkeyPatch) -> None:
    """A fork is moved to its place, and that is not synced."""
    patch.setattr(forking, "disk", SimpleNamespace(**{**vars(disk), "sync_folder": lambda _: None}))


def checkpoint_believed(patch: pytest.MonkeyPatch) -> None:
    """Neither a checkpoint's checksums are looked at nor whether its tables can be read."""

    def believed(content: bytes) -> pa.Table:
        try:
            return pa.ipc.open_file(pa.py_buffer(content)).read_all()
        except (pa.ArrowException, ValueError, OSError):
            return pa.table({})

    patch.setattr(checkpoints, "zlib", SimpleNamespace(crc32=lambda _: 0))
    patch.setattr(checkpoints, "_table_in", believed)


Simulation = Callable[[Path, FakeDisk, Oracle, Mutation], None]


def crashes(_: Path, fake: FakeDisk, oracle: Oracle, __: Mutation) -> None:
    require_every_crash(fake, oracle, range(len(fake.states)), range(8))


def late_crashes(_: Path, fake: FakeDisk, oracle: Oracle, __: Mutation) -> None:
    """The last calls first: what is broken happens late in the life."""
    require_every_crash(fake, oracle, reversed(range(len(fake.states))), range(8))


def checkpoint_crashes(_: Path, fake: FakeDisk, oracle: Oracle, __: Mutation) -> None:
    """A crash behind the rename of a checkpoint; few damages leave its manifest and all its lengths as they were."""
    checkpoints = [
        number
        for number in renames_of(fake, "0000")
        if "arrow" not in (call := fake.calls[number]) and "parquet" not in call
    ]
    require_every_crash(fake, oracle, checkpoints, range(MANY))


def repairs(folder: Path, fake: FakeDisk, oracle: Oracle, mutation: Mutation) -> None:
    require_every_crash_of_the_repair(fake, folder, oracle, renames_of(fake, "run.json"), range(8), mutation)


def torn_repairs(folder: Path, fake: FakeDisk, oracle: Oracle, mutation: Mutation) -> None:
    require_every_crash_of_the_repair(fake, folder, oracle, writes_of(fake)[1::2], range(4), mutation)


def sealed_damages(_: Path, fake: FakeDisk, oracle: Oracle, __: Mutation) -> None:
    require_sealed_is_left_alone(fake, oracle, renames_of(fake, "run.json")[2::2])


def refusals(_: Path, fake: FakeDisk, oracle: Oracle, __: Mutation) -> None:
    require_damage_is_refused(fake, oracle, range(40, len(fake.states), 40))


MUTATIONS: dict[str, tuple[Mutation, Simulation]] = {
    "1: frames are accepted past the head": (examined(up_to_the_head), crashes),
    "2: a torn end is cut": (examined(never_torn), crashes),
    "3: damage is never cut": (examined(always_torn), refusals),
    "4: a clean end is no excuse": (examined(ends_anywhere), refusals),
    "5: without a head nothing is torn": (examined(headless_is_torn), refusals),
    "only the last segment is repaired": (sealed_repaired, sealed_damages),
    "a torn end is kept": (thrown_away, crashes),
    "a torn end is cut off": (left_on, crashes),
    "a torn end is synced before it is cut": (kept_unsynced, torn_repairs),
    "its name is synced before it is cut": (kept_unnamed, torn_repairs),
    "what is taken in is synced": (opened_unsynced, torn_repairs),
    "a commit is synced": (synced_late, crashes),
    "a new run has its settings": (settings_last, crashes),
    "a file is synced, then renamed": (written_unsynced, crashes),
    "a rename is synced": (replaced_unnamed, crashes),
    "a file is replaced whole": (replaced_in_place, crashes),
    "the sealed file is there before it is named": (manifest_first, crashes),
    "the stream goes when it is no longer named": (stream_removed_first, crashes),
    "the sealed file goes when it is no longer named": (sealed_removed_first, late_crashes),
    "leftovers go when the manifest is synced": (leftovers_removed_first, repairs),
    "the head has two slots": (one_slot, crashes),
    "the head is checked": (head_believed, crashes),
    "a new run's folder is synced": (unnamed_run, crashes),
    "a fork's place is synced": (unnamed_fork, late_crashes),
    "a checkpoint is checked": (checkpoint_believed, checkpoint_crashes),
}


@pytest.mark.parametrize("rule", MUTATIONS)
def test_a_rule_that_is_broken_is_noticed(folder: Path, rule: str) -> None:
    mutation, simulation = MUTATIONS[rule]
    fake, oracle = a_life(folder / "disk", "every-commit", mutation), Oracle(folder / "left", mutation)
    with pytest.raises(AssertionError, match=r"^(died|was killed) behind call"):
        simulation(folder, fake, oracle, mutation)
