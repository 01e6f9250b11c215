"""What of the runs in a folder can go: whole runs, what can be made anew, and what was left by processes that died.

A run is self-contained, also a fork, so removing one breaks no other. But a run that another one names as its parent is
what that one is compared with, and stays as long as it. Nothing of a run that is being written is touched.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from eventlog.errors import EventLogError, LogLocked
from eventlog.folder import disk
from eventlog.folder.lock import WriterLock
from eventlog.folder.manifest import Manifest, Parent, read_manifest
from eventlog.reader import LogReader
from eventlog.segments.recovery import SEGMENT_NAME

PARTS: Final = ("derived", "exports", "torn")
"""What can go of a run that stays: tables that are made anew and all checkpoints but the last; exports; torn tails."""

UNFINISHED: Final = re.compile(r"\..+\.(?:forking|exporting|pruning)-([0-9]+)")
"""A hidden folder in which a process, by its number, made or removed something."""

NAMED: Final = "named"

_CHECKPOINT: Final = re.compile(r"[0-9]+\.([0-9]+)-[0-9]+(?:-replaced)?")
_TORN: Final = re.compile(r".+\.torn(?:-[0-9]+)?")


class Item(NamedTuple):
    """A file or folder that goes, or a run that stays although it was meant."""

    path: Path
    what: str  # run, checkpoint, derived, exports, torn tail, or leftover
    why: str
    bytes: int = 0  # that are free without it: what others share takes room on
    run: Path | None = None  # whose lock has to be had
    written: float | None = None  # when a run was written to last, as it was planned


class Plan(NamedTuple):
    """What goes and what stays."""

    goes: list[Item]
    stays: list[Item]

    @property
    def bytes(self) -> int:
        """How many bytes are free once it is done."""
        return sum(item.bytes for item in self.goes)


def plan(
    places: Sequence[Path],
    *,
    keep: int | None = None,
    older_than: float | None = None,
    parts: Collection[str] = (),
    with_parents: bool = False,
) -> Plan:
    """What would go; nothing is touched.

    `places` are runs and folders of runs. With neither `keep`, `older_than` nor `parts`, a run that is named goes, and
    of a folder only leftovers do. `keep`: of each folder's runs the newest so many stay. `older_than`: those stay that
    were written since this moment (seconds of the file system's clock). `parts`, of PARTS, go of the runs that stay.
    """
    folders, named = [place for place in places if not is_run(place)], [place for place in places if is_run(place)]
    inside = [sorted(path for path in folder.iterdir() if is_run(path)) for folder in folders]
    runs = list(dict.fromkeys([*named, *(run for group in inside for run in group)]))
    if keep is not None or older_than is not None:
        groups = [*inside, *([run] for run in named if older_than is not None)]
        chosen = {run: why for group in groups for run, why in _old_runs(group, keep, older_than)}
    else:
        chosen = {} if parts else dict.fromkeys(named, NAMED)
    stays = _runs_that_stay(chosen, runs, with_parents=with_parents)
    goes = [
        Item(run, "run", why, run=run, written=last_written(run)) for run, why in chosen.items() if run not in stays
    ]
    gone = {item.path for item in goes}
    for run in runs:
        if run not in gone and not run.is_symlink() and not _is_locked(run):
            goes += _parts_of(run, parts)
    goes += [item for folder in folders for item in _leftovers(folder)]
    return Plan(_with_sizes(goes), [Item(run, "run", why) for run, why in stays.items()])


def carry_out(planned: Plan) -> list[Item]:
    """Remove what goes, but what is gone by now, is being written, or was since; gives what went. Raises OSError."""
    done = []
    for item in planned.goes:
        with contextlib.suppress(LogLocked, FileNotFoundError), _locked(item.run):
            item.path.lstat()
            if _is_as_planned(item):
                _remove(item.path)
                done.append(item)
    return done


def _is_as_planned(item: Item) -> bool:
    """Whether nobody has written to a run since, and no manifest names by now a file that it did not name."""
    if item.what == "run":
        return last_written(item.path) == item.written
    if item.run is None or item.path.parent != item.run / "log":
        return True
    manifest = _manifest_of(item.run)
    return manifest is not None and item.path.name not in {segment.file for segment in manifest.segments}


def is_run(path: Path) -> bool:
    """Whether there is a run in this folder."""
    return (path / "run.json").is_file()


def last_written(run: Path) -> float:
    """When a run was written to last, in seconds of the file system's clock."""
    return max(path.stat().st_mtime for path in (run / "run.json", run / "log" / "head") if path.exists())


def _old_runs(runs: list[Path], keep: int | None, older_than: float | None) -> Iterator[tuple[Path, str]]:
    """The runs of one folder that are neither new nor among the newest, and why."""
    newest_first = sorted(runs, key=last_written, reverse=True)
    for run in newest_first[keep or 0 :]:
        if older_than is None:
            yield run, f"not among the newest {keep}"
        elif last_written(run) < older_than:
            yield run, "not written for so long"


def _runs_that_stay(chosen: dict[Path, str], runs: list[Path], *, with_parents: bool) -> dict[Path, str]:
    """Those of the chosen runs that stay, and why."""
    stays: dict[Path, str] = {}
    for run in chosen:
        if run.is_symlink():
            stays[run] = "is a link to a run elsewhere"
        elif _is_locked(run):
            stays[run] = "is being written"
        elif inner := _inner_runs(run):
            stays[run] = f"holds another run, {inner[0]}"
        elif _manifest_of(run) is None and chosen[run] != NAMED:
            stays[run] = "its manifest cannot be read; name it to remove it"
    manifests = {run: _manifest_of(run) for run in _runs_beside({*runs, *chosen})}
    while not with_parents:
        parents = [
            (manifest.parent, run)
            for run, manifest in manifests.items()
            if manifest and manifest.parent and (run not in chosen or run in stays)
        ]
        found = {}
        for run in chosen:
            manifest = manifests.get(run)
            if run not in stays and manifest:
                for parent, fork in parents:
                    if parent.run_id == manifest.run_id and _holds_history(run, parent):
                        found[run] = f"is the parent of {fork}"
        if not found:
            break
        stays |= found
    return stays


def _holds_history(run: Path, parent: Parent) -> bool:
    """Whether a run has the history that a fork continues; towns of one configuration and seed have one id.

    One that cannot be read counts as if it had.
    """
    try:
        log = LogReader(run)
        return log.head.seq >= parent.seq and log.digest_at(parent.seq)[1].hex() == parent.digest
    except (EventLogError, OSError):
        return True


def _runs_beside(runs: Collection[Path]) -> set[Path]:
    """The runs, and all that lie in their folders or one folder deeper, as those of a fork with many seeds do."""
    folders = {run.parent for run in runs}
    return {*runs} | {
        path.parent for folder in folders for depth in ("*", "*/*") for path in folder.glob(f"{depth}/run.json")
    }


def _inner_runs(folder: Path) -> list[Path]:
    """The runs that somebody has put somewhere within a folder."""
    return sorted(path.parent for path in folder.rglob("run.json") if path.parent != folder and path.is_file())


def _parts_of(run: Path, parts: Collection[str]) -> Iterator[Item]:
    """What goes of a run that stays: the parts that were asked for, and what nobody will finish."""
    manifest = _manifest_of(run)
    if manifest is not None:
        named = {segment.file for segment in manifest.segments}
        for path in _files(run / "log"):
            if SEGMENT_NAME.fullmatch(path.name) and path.name not in named:
                yield Item(path, "leftover", "the manifest does not name it", run=run)
            elif _TORN.fullmatch(path.name) and "torn" in parts:
                yield Item(path, "torn tail", "it was never durable", run=run)
    checkpoints = _files(run / "checkpoints")
    for path in checkpoints:
        found = _CHECKPOINT.fullmatch(path.name)
        if found and not _is_alive(int(found[1])):
            yield Item(path, "leftover", "its process ended", run=run)
    if "derived" in parts:
        for path in [path for path in checkpoints if path.name.isdecimal()][:-1]:
            yield Item(path, "checkpoint", "a later one stays", run=run)
    for folder in (run, run / "checkpoints", run / "exports"):
        yield from _leftovers(folder)
    for part in ("derived", "exports"):
        if part in parts and (run / part).is_dir() and not _inner_runs(run / part):
            yield Item(run / part, part, "it can be made anew", run=run)


def _leftovers(folder: Path) -> Iterator[Item]:
    """The folders that a process which ended has left in this one."""
    for path in _files(folder):
        found = UNFINISHED.fullmatch(path.name)
        if found and path.is_dir() and not _is_alive(int(found[1])):
            yield Item(path, "leftover", "its process ended")


def _with_sizes(items: list[Item]) -> list[Item]:
    """The items, each once and none within another, with the bytes that are free without all of them."""
    paths = {item.path for item in items}
    items = [item for item in items if not paths & set(item.path.parents)]
    names: dict[tuple[int, int], int] = {}
    weighed = []
    for item in items:
        many = 0
        for file in [item.path, *item.path.rglob("*")] if item.path.is_dir() else [item.path]:
            told = file.lstat()
            names[told.st_dev, told.st_ino] = seen = names.get((told.st_dev, told.st_ino), 0) + 1
            if file.is_file() and not file.is_symlink() and seen == told.st_nlink:
                many += told.st_size
        weighed.append(item._replace(bytes=many))
    return weighed


@contextlib.contextmanager
def _locked(run: Path | None) -> Iterator[None]:
    """The lock of a run, if there is one to hold. Raises LogLocked."""
    if run is None or not run.is_dir():
        yield
        return
    lock = WriterLock(run)
    try:
        disk.sync_folder(run)  # what its manifest says has to outlast what goes
        yield
    finally:
        lock.release()


def _remove(path: Path) -> None:
    """Remove a file or a folder; a folder is first given the name of what is unfinished, so that it is never half."""
    if not path.is_dir() or path.is_symlink():
        disk.remove(path)
        return
    going = path.absolute()
    if not UNFINISHED.fullmatch(going.name):
        going = going.with_name(f".{going.name}.pruning-{os.getpid()}")
        disk.rename(path, going)
    shutil.rmtree(going)


def _is_locked(run: Path) -> bool:
    """Whether a writer has the run."""
    if not (run / "lock").exists():
        return False
    try:
        WriterLock(run).release()
    except LogLocked:
        return True
    return False


def _is_alive(pid: int) -> bool:
    """Whether a process of this number runs here."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _manifest_of(run: Path) -> Manifest | None:
    """A run's manifest, or None where it cannot be read."""
    with contextlib.suppress(EventLogError):
        return read_manifest(run)
    return None


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
