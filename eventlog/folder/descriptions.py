"""Descriptions of folders that are published, such as an export: JSON with a seal over itself and a list of its files.

The seal tells a description that Townlet wrote from a file of the same name of somebody else. Only what a sealed
description lists may be replaced.
"""

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from eventlog.folder.regular import read_regular

SEAL: Final = "sha256"
"""The field that seals a description: sha256, in hex, of all its other fields."""

BYTES_MAX: Final = 64 << 20
"""The most bytes of a description that are read."""


def sealed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """These fields, and the seal over all of them."""
    return {**fields, SEAL: _seal_of(fields)}


def unsealed(description: object) -> dict[str, Any]:
    """The fields of a description without its seal. Raises ValueError if it was not sealed so."""
    if not isinstance(description, dict):
        raise ValueError("it has no sealed description")
    fields = dict(description)
    if fields.pop(SEAL, None) != _seal_of(fields):
        raise ValueError("its description was changed since it was written")
    return fields


def read_description(file: Path) -> dict[str, Any]:
    """The fields of the sealed description in a JSON file. Raises ValueError, OSError."""
    try:
        return unsealed(json.loads(read_regular(file, BYTES_MAX)))
    except RecursionError as error:
        raise ValueError("its description is nested too deep") from error


def files_below(folder: Path) -> list[str]:
    """The paths of all files below a folder, links and other things among them, and of empty folders."""
    found = []
    for inside, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(inside) / name).is_symlink()]
        names = files + links if files or folders or Path(inside) == folder else [""]
        found += [(Path(inside) / name).relative_to(folder).as_posix() for name in names]
    return sorted(found)


def holds_only(folder: Path, names: Collection[str]) -> bool:
    """Whether a folder is a real one, and has no other files than these, none of them a link."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    return all(name in names and not (folder / name).is_symlink() for name in files_below(folder))


def _seal_of(fields: Mapping[str, Any]) -> str:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
