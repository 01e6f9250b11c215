"""The folder of what can be made anew: compiled kernels, surveyed maps, mirrors of runs on stores.

It is `TOWNLET_CACHE`, or the user's cache folder on this system. If nothing can be written there, a folder for this
user alone among the temporary files takes its place; stderr says so once, and child processes use the same folder.
"""

import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import Final

import platformdirs

_INSTEAD: Final = "TOWNLET_CACHE_INSTEAD"
"""The environment variable that tells child processes which temporary folder is in use."""

_MINE: Final = 0o700


def wanted_folder() -> Path:
    """The cache folder that the user chose, or the system's. It may be missing, or not writable."""
    return Path(os.environ.get("TOWNLET_CACHE") or platformdirs.user_cache_dir("townlet")).absolute()


def present_folder(part: str) -> Path:
    """The folder `part` of the cache that is in use. It may be missing, or not writable: for what is quickly made."""
    wanted, instead = wanted_folder() / part, os.environ.get(_INSTEAD)
    return Path(instead) / part if instead and not _is_writable(wanted) else wanted


def cache_folder(part: str) -> Path:
    """The folder `part` of the cache. It is there and can be written. Raises `OSError` if none can be."""
    wanted = wanted_folder() / part
    if _is_writable(wanted):
        return wanted
    instead = Path(os.environ.get(_INSTEAD, ""))
    if not instead.is_absolute() or not _is_private(instead):
        instead = _temporary_folder(wanted)
        sys.stderr.write(
            f"townlet: {wanted} cannot be written, so {instead} keeps what Townlet compiles.\n"
            "  Next: TOWNLET_CACHE=FOLDER names a folder that lasts\n"
        )
        sys.stderr.flush()
        os.environ[_INSTEAD] = str(instead)
    folder = instead / part
    folder.mkdir(exist_ok=True)
    return folder


def _is_writable(folder: Path) -> bool:
    """Whether the folder is there, or could be made, and takes files."""
    if "~" in folder.parts:  # the user has no home
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _temporary_folder(wanted: Path) -> Path:
    """A folder among the temporary files that only this user can enter, the same one each time if possible."""
    try:
        folder = Path(tempfile.gettempdir()) / f"townlet-{os.getuid()}"
        try:
            folder.mkdir(mode=_MINE)
        except FileExistsError:
            if not _is_private(folder):  # somebody else made it
                return Path(tempfile.mkdtemp(prefix="townlet-"))
        return folder
    except OSError as error:
        raise OSError(
            f"neither {wanted} nor a temporary folder can be written ({error}).\n"
            "  Next: TOWNLET_CACHE=FOLDER names a folder for what Townlet compiles"
        ) from error


def _is_private(folder: Path) -> bool:
    """Whether this is a real folder of this user, which nobody else can enter."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == _MINE
