"""The kept towns of a sweep in one pack: each is packed alone where it lived, and all are joined at the end.

Until then the towns lie beside the pack, in the folder `PACK.zip.parts`, so that a sweep which is stopped loses none,
and so that workers of several machines, or parts of a sweep, write no file together.
"""

import fcntl
import os
from pathlib import Path

from eventlog.folder import disk
from eventlog.folder.belongings import remove_empty
from eventlog.packs import ENDING, is_pack, join, pack
from townlet.errors import ConfigurationError
from townlet.history.history import History


def is_pack_name(place: Path | str) -> bool:
    """Whether towns that are kept at this place are packed: its name is that of a pack, and it is no folder."""
    return str(place).endswith(ENDING) and not Path(place).is_dir()


def require_packable(place: Path) -> None:
    """Raise ConfigurationError for a file that is no pack: it is not written over."""
    if place.exists() and not is_pack(place):
        raise ConfigurationError(f"{place} is no pack of towns, so no town is kept there. Next: name another file")


def put_aside(place: str, name: str, run: History) -> None:
    """Pack one town alone, for `gather`. Raises LogDamaged, OSError."""
    pack({name: run.log}, _parts(Path(place)) / f"{name}{ENDING}", replace=True, small=False)


def gather(place: Path) -> None:
    """Join the towns that were put aside to those of the pack, and remove what was put aside.

    Another process that gathers at the same time is waited for. Raises EventLogError, OSError; then nothing is lost.
    """
    parts = _parts(place)
    if not parts.is_dir():
        return
    held = os.open(parts, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        new = sorted(parts.glob(f"*{ENDING}"))
        if new:
            join([*([place] if place.exists() else []), *new], place, replace=True)
        for each in new:
            disk.remove(each)
        remove_empty(parts)  # it stays where another part of the sweep puts towns aside
    finally:
        os.close(held)


def _parts(place: Path) -> Path:
    return place.with_name(f"{place.name}.parts")


__all__ = ["gather", "is_pack_name", "put_aside", "require_packable"]
