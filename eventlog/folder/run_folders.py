"""Which folders are runs, and which are half made.

A run is a folder with a manifest. Who makes, writes or removes a folder does so in a hidden one beside it, which is
named after the work and the process: `.NAME.forking-PID`. Such a folder may have a manifest already, or still; it is no
run of the folder it lies in.
"""

import contextlib
import os
import re
from pathlib import Path
from typing import Final

MANIFEST: Final = "run.json"
"""The file that makes a folder a run."""

NAME_BYTES: Final = 220
"""A half-made folder is named after at most so many bytes of its place; a name has 255 bytes on most file systems."""

_HALF_MADE: Final = re.compile(r"\..+\.(?:replaced|(?:forking|exporting|writing|pruning)-[0-9]+(?:-replaced)?)")


def is_run(folder: Path) -> bool:
    """Whether there is a run in this folder, whatever the folder is called.

    What the file system cannot look up, such as a text of 300 characters, is none.
    """
    try:
        return (folder / MANIFEST).is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder at this path; what the file system cannot look up is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def runs_in(folder: Path) -> list[Path]:
    """The runs in a folder, by name, without those that are half made; none where there is no folder."""
    found = sorted(folder.iterdir()) if is_folder(folder) else []
    return [path for path in found if is_run(path) and not is_half_made(path.name)]


def runs_below(folder: Path, deep: int = 4) -> list[Path]:
    """The runs in a folder and in its sub-folders, `deep` levels down, by path; a run's own folder is not searched.

    Hidden folders and links to folders are passed over.
    """
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if is_half_made(path.name):
            continue
        if is_run(path):
            found.append(path)
        elif deep and path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            with contextlib.suppress(PermissionError):
                found += runs_below(path, deep - 1)
    return found


def newest(runs: list[Path]) -> Path:
    """The run that was written to last. Raises ValueError where there is none."""
    return max(runs, key=last_written)


def last_written(run: Path) -> float:
    """When a run was written to last, in seconds of the file system's clock."""
    return max(path.stat().st_mtime for path in (run / MANIFEST, run / "log" / "head") if path.exists())


def is_half_made(name: str) -> bool:
    """Whether a folder of this name is one that somebody makes, writes or removes, or did until it was killed."""
    return _HALF_MADE.fullmatch(name) is not None


def half_made(place: Path, work: str, number: int | None = None) -> Path:
    """The hidden folder beside a place for a work: forking, exporting, writing, pruning. `number` is by default this
    process's.

    A very long name of the place is cut, so that the folder's name is not too long.
    """
    whole = place.absolute()
    name = os.fsencode(whole.name)[:NAME_BYTES].decode(errors="ignore")
    return whole.with_name(f".{name}.{work}-{os.getpid() if number is None else number}")
