"""Removes runs, derived parts of runs, and files that ended processes left behind.

Each run is self-contained, also a fork, so removing one run breaks no other. But a fork is compared with its parent, so
a parent stays as long as its forks. A run that is being written is not touched, nor is one whose folder holds anything
that does not belong to a run.
"""

import contextlib
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from eventlog.errors import EventLogError
from eventlog.folder import disk
from eventlog.folder.belongings import (
    foreign_in,
    holds_last_copy,
    is_marked,
    is_state,
    remove_half_made,
    remove_part,
    remove_run,
    remove_state,
    require_own,
    why_it_stays,
)
from eventlog.folder.holding import is_built, is_written_to
from eventlog.folder.lock import WriterLock
from eventlog.folder.manifest import Manifest, Parent, read_manifest
from eventlog.folder.run_folders import (
    MANIFEST,
    is_half_made,
    is_run,
    last_written,
    runs_in,
)
from eventlog.printable import printable_line
from eventlog.reader import LogReader
from eventlog.segments.recovery import SEGMENT_NAME
from townlet.keeping.export import is_own_export

PARTS: Final = ("derived", "exports", "torn")
"""The parts of a run that can be removed: derived tables and all checkpoints but the last; exports; torn tails."""

NAMED: Final = "named"

_CHECKPOINT: Final = re.compile(r"[0-9]+\.[0-9]+-[0-9]+(?:-replaced)?")
_TORN: Final = re.compile(r".+\.torn(?:-[0-9]+)?")


class Item(NamedTuple):
    """A file or folder to remove, or a run that was chosen but stays."""

    path: Path
    what: str  # run, checkpoint, derived, exports, torn tail, or leftover
    why: str
    bytes: int = 0  # freed by removing it; files shared with others free nothing
    run: Path | None = None  # whose lock is needed to remove it
    written: float | None = None  # when the run was last written, at the time of the plan


class Plan(NamedTuple):
    """A plan: what to remove (`goes`), and the chosen runs that stay (`stays`)."""

    goes: list[Item]
    stays: list[Item]

    @property
    def bytes(self) -> int:
        """How many bytes the plan frees."""
        return sum(item.bytes for item in self.goes)


def plan(
    places: Sequence[Path],
    *,
    keep: int | None = None,
    older_than: float | None = None,
    parts: Collection[str] = (),
    with_parents: bool = False,
) -> Plan:
    """The plan of what to remove. Nothing is removed yet.

    `places` are runs and folders of runs. Without `keep`, `older_than` and `parts`, it removes each run in `places`,
    and only leftovers of a folder. `keep`: the newest so many runs of each folder stay. `older_than`: runs written
    since this moment stay (seconds of the file system's clock). `parts`, some of PARTS, are removed from the runs that
    stay. With `with_parents`, the parents of runs that stay can be removed, too.
    """
    folders, named = [place for place in places if not is_run(place)], [place for place in places if is_run(place)]
    inside = [runs_in(folder) for folder in folders]
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
    kept = [Item(run, "run", why) for run, why in stays.items()]
    for run in runs:
        if run in gone or run.is_symlink():
            continue
        strange = _strange(run)
        if strange is None and not is_written_to(run):
            goes += _parts_of(run, parts)
            kept += _parts_that_stay(run, parts)
        elif strange is not None and run not in stays:
            kept.append(Item(run, "run", strange))
    goes += [item for folder in folders for item in _leftovers(folder)]
    return Plan(_with_sizes(goes), kept)


def carry_out(planned: Plan) -> list[Item]:
    """Carry out a plan; returns the removed items. Raises OSError.

    It skips items that are gone, that are being written, that were written since the plan, or that hold something else.
    """
    done = []
    for item in planned.goes:
        with contextlib.suppress(EventLogError, FileNotFoundError), _locked(item.run):
            item.path.lstat()
            if _is_as_planned(item):
                _remove(item)
                done.append(item)
    return done


def _is_as_planned(item: Item) -> bool:
    """Whether an item is as it was planned: the run was not written, and its manifest does not name the file."""
    if item.what == "run":
        return last_written(item.path) == item.written
    if is_half_made(item.path.name):
        return _is_left(item.path)
    if item.run is None or item.path.parent != item.run / "log":
        return True
    manifest = _manifest_of(item.run)
    return manifest is not None and item.path.name not in {segment.file for segment in manifest.segments}


def _old_runs(runs: list[Path], keep: int | None, older_than: float | None) -> Iterator[tuple[Path, str]]:
    """The runs of one folder that are neither new nor among the newest, each with the reason."""
    newest_first = sorted(runs, key=last_written, reverse=True)
    for run in newest_first[keep or 0 :]:
        if older_than is None:
            yield run, f"not among the newest {keep}"
        elif last_written(run) < older_than:
            yield run, "not written for so long"


def _runs_that_stay(chosen: dict[Path, str], runs: list[Path], *, with_parents: bool) -> dict[Path, str]:
    """The chosen runs that must stay, each with the reason."""
    stays: dict[Path, str] = {}
    for run in chosen:
        if why := why_it_stays(run) or _strange(run):
            stays[run] = why
        elif is_written_to(run):
            stays[run] = "is being written"
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
    """Whether a run has the history that a fork continues. (Runs of the same configuration and seed have the same id.)

    True if the run cannot be read.
    """
    try:
        log = LogReader(run)
        return log.head.seq >= parent.seq and log.digest_at(parent.seq)[1].hex() == parent.digest
    except (EventLogError, OSError):
        return True


def _runs_beside(runs: Collection[Path]) -> set[Path]:
    """The runs, and all runs in the same folders or one level deeper, where forks with many seeds are."""
    folders = {run.parent for run in runs}
    manifests = [path for folder in folders for depth in ("*", "*/*") for path in folder.glob(f"{depth}/{MANIFEST}")]
    return {*runs} | {path.parent for path in manifests if not any(map(_is_left, list(path.parents)[:2]))}


def _strange(run: Path) -> str | None:
    """Why nothing of a run can be removed: a part of it is a link, or is not what it should be. None: it can."""
    try:
        require_own(run)
    except EventLogError as error:
        return f"cannot be pruned: {str(error).partition(chr(10))[0]}"
    return None


def _parts_of(run: Path, parts: Collection[str]) -> Iterator[Item]:
    """The items to remove from a run that stays: the chosen parts, and leftovers."""
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
        # only a writer makes one, and the run has none
        if _CHECKPOINT.fullmatch(path.name) and foreign_in(run, f"checkpoints/{path.name}") is None:
            yield Item(path, "leftover", "its process ended", run=run)
    if "derived" in parts:
        for path in [path for path in checkpoints if is_state(path.name)][:-1]:
            if foreign_in(run, f"checkpoints/{path.name}") is not None:
                continue
            yield Item(path, "checkpoint", "a later one stays", run=run)
    for folder in (run, run / "checkpoints", run / "exports"):
        yield from _leftovers(folder)
    for part in ("derived", "exports"):
        if part in parts and (run / part).is_dir():
            if foreign_in(run, part) is None:
                yield Item(run / part, part, "it can be made anew", run=run)
            elif part == "exports":
                own = [path for path in _files(run / part) if not path.is_symlink() and is_own_export(path)]
                yield from (Item(path, part, "it can be made anew", run=run) for path in own)


def _parts_that_stay(run: Path, parts: Collection[str]) -> Iterator[Item]:
    """The chosen parts of a run that stay, because they hold what Townlet did not put there."""
    for part in ("derived", "exports"):
        foreign = foreign_in(run, part) if part in parts and (run / part).is_dir() else None
        if foreign is not None:
            yield Item(run / part, part, f"holds {printable_line(foreign)}, which Townlet did not put there by itself")


def _leftovers(folder: Path) -> Iterator[Item]:
    """The hidden folders that ended processes have left in this folder."""
    for path in _files(folder):
        if path.is_dir() and _is_left(path):
            yield Item(path, "leftover", "its process ended")


def _is_left(path: Path) -> bool:
    """Whether a folder is half made and nobody goes on with it, in this container or another."""
    if not is_half_made(path.name) or not is_marked(path) or holds_last_copy(path):
        return False
    return not (is_built(path) or is_written_to(path))


def _with_sizes(items: list[Item]) -> list[Item]:
    """The items, without those inside another item, each with the bytes that it frees if all are removed."""
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
    """A context that holds the lock of a run, if there is a run. Raises LogLocked."""
    if run is None or not run.is_dir():
        yield
        return
    lock = WriterLock(run)
    try:
        disk.sync_folder(run)  # the manifest must be on the disk before files are removed
        yield
    finally:
        lock.release()


def _remove(item: Item) -> None:
    """Remove an item. Raises EventLogError for a run that holds something else since the plan, OSError."""
    path = item.path
    if item.what == "run":
        remove_run(path)
    elif is_half_made(path.name):
        remove_half_made(path)
    elif path.parent.name == "checkpoints":
        remove_state(path)
    elif path.is_dir() and not path.is_symlink():
        remove_part(path)
    else:
        disk.remove(path)


def _manifest_of(run: Path) -> Manifest | None:
    """A run's manifest, or None if it cannot be read."""
    with contextlib.suppress(EventLogError, OSError):
        return read_manifest(run)
    return None


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
