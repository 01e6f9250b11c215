"""What belongs to a run, and the only code that removes folders.

The names of files come from a manifest, from a store's list, from a folder of somebody else, so none is trusted. A file
belongs to a run if its name is one that this code gives, and if it is a real file in the run's own folder: a symbolic
link may lead anywhere. What does not belong to a run is never removed, and a folder that holds it stays whole.
"""

import contextlib
import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from eventlog.errors import EventLogError, RunExists
from eventlog.folder import disk
from eventlog.folder.run_folders import MANIFEST, half_made, is_half_made, is_run
from eventlog.printable import printable_line

MARK: Final = "half-made.townlet"
"""The file in a folder that Townlet makes or removes. A hidden folder without it is somebody else's."""

_SEGMENT: Final = r"[0-9]{20}\.(?:arrows?|parquet)"
_TABLE: Final = r"(?:manifest\.json|\w+\.arrow)"
_STATE: Final = r"[0-9]{12,20}(?:\.[0-9]+-[0-9]+(?:-replaced)?)?"
_POLICIES: Final = r"policies\.json|policies/[0-9a-f]{16}\.safetensors|decisions/[0-9]{12}-[0-9]{12}\.parquet"
_EVENTS: Final = r"perturbations\.json"
_CURSORS: Final = r"cursors\.json"
_KEPT: Final = re.compile(
    rf"{_POLICIES}|{_EVENTS}|run\.json|configs/[0-9a-f]{{1,64}}\.json|log/(?:head|{_SEGMENT})|checkpoints/[0-9]{{12,20}}/{_TABLE}",
    re.ASCII,
)
_BEGUN: Final = re.compile(
    rf"lock(?:\.holder)?|{re.escape(MARK)}|(?:run\.json|configs/[0-9a-f]{{1,64}}\.json|log/head)\.tmp"
    rf"|configs/[0-9a-f]{{1,64}}\.json|log/(?:head|{0:020}\.arrows(?:\.tmp)?)",
    re.ASCII,
)
_MADE: Final = re.compile(
    rf"mirror-of|{_CURSORS}|(?:{_POLICIES}|{_EVENTS}|{_CURSORS})\.tmp|log/{_SEGMENT}(?:\.torn(?:-[0-9]+)?)?(?:\.tmp)?|(?:checkpoints|derived/\w+/[0-9a-f]{{16}})/{_STATE}/{_TABLE}"
    r"|exports/events-[0-9]+-[0-9]+(?:\.parquet|\.duckdb|-csv/(?:events\.csv|manifest\.json))",
    re.ASCII,
)
_OF_A_RUN: Final = re.compile(f"{_KEPT.pattern}|{_BEGUN.pattern}|{_MADE.pattern}", re.ASCII)
_FOLDERS: Final = re.compile(
    rf"log|configs|policies|decisions|checkpoints(?:/{_STATE})?|derived(?:/\w+(?:/[0-9a-f]{{16}}(?:/{_STATE})?)?)?"
    r"|exports(?:/events-[0-9]+-[0-9]+-csv)?",
    re.ASCII,
)
_PLAIN: Final = re.compile(r"[^/\\\x00-\x1f\x7f]+(?:/[^/\\\x00-\x1f\x7f]+)*")


def is_plain(name: str) -> bool:
    """Whether a name from outside is a path below its folder: no `..`, no empty part, no backslash, no control."""
    return _PLAIN.fullmatch(name) is not None and not {".", ".."} & set(name.split("/"))


def is_kept(name: str) -> bool:
    """Whether a path in a run's folder names a file that a copy of the run has: no lock, nothing derived."""
    return _KEPT.fullmatch(name) is not None


def is_table(name: str) -> bool:
    """Whether a file's name is one of those in the folder of a checkpoint."""
    return re.fullmatch(_TABLE, name, re.ASCII) is not None


def is_state(name: str) -> bool:
    """Whether a folder's name is that of a checkpoint: the digits of its tick."""
    return re.fullmatch(r"[0-9]{12,20}", name, re.ASCII) is not None


def is_state_or_begun(name: str) -> bool:
    """Whether a folder's name is that of a checkpoint, or of one that a process writes or has left half written."""
    return re.fullmatch(_STATE, name, re.ASCII) is not None


def require_own(run: Path) -> None:
    """Raises `EventLogError` if a file that a writer of the run touches is not a real file in the run's own folder.

    The run's folder itself may be reached through a link; nothing in it may be one.
    """
    for name, is_folder in _written_files(run):
        try:
            found = (run / name).lstat()
        except FileNotFoundError:  # it was there a moment ago: somebody writes to the run
            continue
        if stat.S_ISLNK(found.st_mode):
            raise _foreign_error(run, name, f"is a link to {printable_line(os.readlink(run / name))}")
        if is_folder is not None and not (stat.S_ISDIR if is_folder else stat.S_ISREG)(found.st_mode):
            raise _foreign_error(run, name, "is no folder" if is_folder else "is no file")
        if name == "lock" and found.st_size and found.st_nlink > 1:  # some versions of filelock empty the file
            raise _foreign_error(run, name, "is a file of somebody else, too, and is not empty")


def is_in_place(run: Path, folder: Path) -> bool:
    """Whether no folder from a run's own down to `folder` is a link, as far as they are there."""
    below = folder.relative_to(run).parts
    return not any(run.joinpath(*below[: many + 1]).is_symlink() for many in range(len(below)))


def foreign_in(run: Path, below: str = "") -> str | None:
    """The first path in a run's folder, or in its folder `below`, that does not belong to the run; None: there is none.

    Links never belong to a run, nor do files of other names, empty folders of other names, other runs.
    """
    return next(_foreign_names(run, below, _OF_A_RUN), None)


def require_free(place: Path) -> None:
    """Raises `RunExists` or `EventLogError` unless a new run can be made at `place`, and later be removed with it.

    The folder is missing or empty, or it holds only what the making of a run left that was broken off. It is not a
    link, lies in no other run, and does not hold the working directory.
    """
    if is_run(place):
        raise RunExists(place)
    require_new(place)
    foreign = next(_foreign_names(place, "", _BEGUN), None) if place.is_dir() else None
    if foreign is not None:
        raise EventLogError(
            f"{place} holds files, and no run, such as {printable_line(foreign)}: nothing is written over it.\n"
            f"  Next: name another folder for the new run"
        )


def require_new(place: Path) -> None:
    """Raises `EventLogError` unless a run's folder may lie at `place`: no link, no file, not inside of a run."""
    require_outside_runs(place)
    if _holds_working_directory(place):
        raise EventLogError(
            f"{place} holds the working directory, and a run's folder may be replaced or removed as a whole.\n"
            f"  Next: name a folder inside of it, such as {place / 'run'}"
        )
    if place.is_symlink():
        raise EventLogError(f"{place} is a link: a new run is made in a folder of its own.\n  Next: name that folder")
    if os.path.lexists(place) and not place.is_dir():
        raise EventLogError(f"{place} is a file: nothing is written over it.\n  Next: name another folder")
    if place.is_dir():
        require_own(place)


def require_outside_runs(into: Path) -> None:
    """Raises `EventLogError` if `into` lies inside the folder of a run: removing that run would remove this one too."""
    for folder in into.absolute().parents:
        if is_run(folder):
            raise EventLogError(
                f"{into} lies inside of the run {folder}, and would go with it.\n"
                f"  Next: name a folder beside it, such as {folder.with_name(into.name)}"
            )


def why_it_stays(run: Path) -> str | None:
    """Why a run's folder cannot be removed as a whole, as the end of a sentence that begins with it; None: it can."""
    if run.is_symlink():
        return "is a link to a run elsewhere"
    if _holds_working_directory(run):
        return "holds the working directory"
    inner = next(_runs_inside(run), None)
    if inner is not None:
        return f"holds another run, {inner}"
    foreign = foreign_in(run)
    return None if foreign is None else f"holds {printable_line(foreign)}, which is no part of a run"


def require_removable(run: Path) -> None:
    """Raises `EventLogError` unless everything in a run's folder belongs to the run, so that it can be removed."""
    why = why_it_stays(run)
    if why is not None:
        raise EventLogError(
            f"{run} {why}: nothing was removed.\n  Next: name the run's own folder, or move away what is not the run's"
        )


def remove_run(run: Path) -> None:
    """Remove the run in this folder. It first gets the name of one that is half made: so it is whole or not there.

    Raises `EventLogError` if the folder holds anything else, `OSError`.
    """
    require_removable(run)
    remove_part(run)


def begin_half_made(place: Path, work: str, number: int | None = None) -> Path:
    """Make the hidden folder beside `place` in which this process works, with its mark; returns it.

    `number` is by default this process's. Replaces what a process of this number left. Raises `FileExistsError` if a
    folder without the mark is there.
    """
    hidden = half_made(place, work, number)
    remove_half_made(hidden)
    disk.make_folder(hidden.parent)
    hidden.mkdir()
    _put_mark(hidden)
    return hidden


def end_half_made(folder: Path) -> None:
    """Take the mark from a folder that is finished and has got its name, or from one that is given to its reader."""
    with contextlib.suppress(OSError):  # the mark means nothing in a folder of another name
        disk.remove(folder / MARK)


def remove_half_made(folder: Path) -> None:
    """Remove a hidden folder that Townlet made; does nothing if there is none with our mark. Raises `OSError`.

    The mark goes last, so that a removal that is broken off can be ended by the next.
    """
    if not (is_half_made(folder.name) and is_marked(folder)):
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry)
        elif entry.name != MARK:
            os.unlink(entry)
    (folder / MARK).unlink()
    folder.rmdir()


def holds_last_copy(hidden: Path, place: Path | None = None) -> bool:
    """Whether a hidden folder holds what was at its place, which is empty now: its maker was killed just then.

    The place is by default the one that the hidden folder is named after.
    """
    place = place or hidden.with_name(hidden.name[1:].rpartition(".")[0])
    return (hidden / "replaced").exists() and not os.path.lexists(place)


def is_marked(folder: Path) -> bool:
    """Whether Townlet makes or removes this folder, or did."""
    try:
        return stat.S_ISDIR(folder.lstat().st_mode) and stat.S_ISREG((folder / MARK).lstat().st_mode)
    except OSError:
        return False


def remove_state(folder: Path) -> None:
    """Remove the folder of a checkpoint or of kept tables, if nothing else is in it. Raises `OSError`."""
    if folder.is_symlink() or not folder.is_dir():
        return
    strange = [entry.name for entry in os.scandir(folder) if entry.is_symlink() or not is_table(entry.name)]
    if strange:
        raise OSError(errno.ENOTEMPTY, f"it holds {printable_line(min(strange))}, which is no table", str(folder))
    disk.remove_folder(folder)


def discard_state(folder: Path) -> None:
    """Remove a state that this process did not finish, if it is there. Raises nothing."""
    with contextlib.suppress(OSError):
        if all(is_table(name) for name in os.listdir(folder)):
            shutil.rmtree(folder)


def remove_store(store: Path) -> None:
    """Remove a folder of the states of one maker, in `derived/`, but nothing else. Raises `OSError`."""
    if store.is_symlink() or not store.is_dir() or not re.fullmatch("[0-9a-f]{16}", store.name):
        return
    for entry in sorted(store.iterdir()):
        if is_state_or_begun(entry.name):
            remove_state(entry)
    store.rmdir()


def remove_part(folder: Path) -> None:
    """Remove a folder in a run, its derived tables or an export. It first gets a hidden name. Raises `OSError`."""
    going = half_made(folder, "pruning")
    remove_half_made(going)
    _put_mark(folder)
    try:
        disk.rename(folder, going)
    except OSError:
        end_half_made(folder)
        raise
    remove_half_made(going)


def remove_cached(folder: Path, name: re.Pattern[str]) -> None:
    """Remove a folder of a cache, if it is a real folder with a name that the cache gives. Raises nothing."""
    if name.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def remove_empty(folder: Path) -> None:
    """Remove a folder if nothing is in it. Raises nothing."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def own_copy(path: Path) -> None:
    """Give a file that is to be written in place to this run alone: a copy of it if it has other names. `OSError`."""
    try:
        shared = path.lstat().st_nlink > 1
    except FileNotFoundError:
        return
    if shared:
        try:
            disk.replace_file(path, path.read_bytes())
        except OSError:
            disk.remove(path.with_name(path.name + ".tmp"))
            raise


def _put_mark(folder: Path) -> None:
    (folder / MARK).write_text("Townlet makes or removes this folder.\n", encoding="utf-8")


def _written_files(run: Path) -> Iterator[tuple[str, bool | None]]:
    """What a writer may touch of a run: its path in the run, and whether it is a folder (None: anything but a link)."""
    yield from (
        (name, False) for name in (MANIFEST, "policies.json", "perturbations.json", "lock", "lock.holder", MARK)
    )
    for folder in ("log", "configs", "checkpoints", "policies", "decisions", "derived", "exports"):
        yield folder, True
        if folder not in ("derived", "exports") and (run / folder).is_dir():
            for name in sorted(f"{folder}/{each}" for each in os.listdir(run / folder)):
                yield name, False if _KEPT.fullmatch(name) else None


def _foreign_names(run: Path, below: str, known: re.Pattern[str]) -> Iterator[str]:
    """The paths in a folder that are not files of these names in folders of a run."""
    for entry in sorted(os.scandir(run / below), key=lambda entry: entry.name):
        name = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            if _FOLDERS.fullmatch(name):
                yield from _foreign_names(run, name, known)
            elif not (is_half_made(entry.name) and is_marked(Path(entry))):
                yield name
        elif not entry.is_file(follow_symlinks=False) or not known.fullmatch(name):
            yield name


def _runs_inside(folder: Path) -> Iterator[Path]:
    """The runs anywhere inside a folder; links are not followed."""
    for inside, folders, files in os.walk(folder):
        folders.sort()
        if MANIFEST in files and Path(inside) != folder:
            yield Path(inside)


def _holds_working_directory(place: Path) -> bool:
    try:
        here, there = Path.cwd(), place.resolve()
    except OSError:
        return False
    return there == here or there in here.parents


def _foreign_error(run: Path, name: str, what: str) -> EventLogError:
    return EventLogError(
        f"{run / printable_line(name)} {what}: a run is written to only in its own folder, so nothing was changed.\n"
        f"  Next: put the file itself there, or bring the run back from a copy"
    )
