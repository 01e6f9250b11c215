"""Keeps surveyed maps and filled layouts on disk, so that each map is surveyed only once.

The files are in `layouts/`, beside the kernels in the cache folder. A file's name is a digest of everything that the
file was made from, sources included, so an old file is never used by mistake. A file begins with the digest of its
content, so a damaged file is ignored. All files can be deleted: they only save time.
"""

import contextlib
import hashlib
import json
import os
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from eventlog.folder.cache import present_folder
from projections.record import plan, state
from projections.record.plan import layout_type
from projections.record.state import CapacityClass
from townlet.world.drawing import Place, TownMap, Venue

KEPT = 16
"""How many maps and how many layouts are kept; those unused for the longest time are removed."""

DIGEST_BYTES = 32
OWN = re.compile(r"(?:map|layout)-[0-9a-f]{32}")
"""The names of the atlas's own files. Other files in the folder are neither read nor removed."""


def folder() -> Path:
    """The folder of the files."""
    return present_folder("layouts")


def town_map(content: dict[str, Any], repeat: tuple[int, int], shape: CapacityClass, origin: str) -> TownMap:
    """The map that `maps.parse` returns for this content: read from the atlas, or parsed and kept. Raises MapError."""
    name = f"map-{_key(content, repeat, shape)}"
    kept = _read(name)
    if kept is not None:
        return _from_json(kept)
    from townlet.world.maps import parse  # brings Numba

    found = parse(content, repeat, shape, origin)
    _write(name, _as_json(found))
    return found


def fill(
    layout: Any,
    drawn: TownMap,
    shape: CapacityClass,
    affordance_of: Mapping[str, int],
    option_of: Sequence[int],
) -> None:
    """Fill a record (or an array of one) as `layout.fill` does: from the atlas, or measured and kept.

    Raises MapError, ConfigurationError.
    """
    record = layout.reshape(-1)[0] if isinstance(layout, np.ndarray) else layout
    kind = layout_type(shape)
    name = f"layout-{_key(_as_json(drawn), shape, sorted(affordance_of.items()), list(option_of), kind.descr)}"
    kept = _read(name)
    if kept is None or len(kept) != kind.itemsize:
        from townlet.world import layout as measured  # brings Numba

        measured.fill(record, drawn, shape, affordance_of, option_of)
        _write(name, record.tobytes())
        return
    filled = np.frombuffer(kept, kind)[0]
    for field in kind.names or ():
        record[field] = filled[field]


def _key(*parts: object) -> str:
    """Thirty-two hex digits: a digest of everything that a file is made from."""
    return hashlib.sha256(_sources() + repr(parts).encode()).hexdigest()[:32]


@cache
def _sources() -> bytes:
    """The digest of the sources of this room, and of the plan and the state, whose constants it uses."""
    sources = [*sorted(Path(__file__).parent.glob("*.py")), Path(str(plan.__file__)), Path(str(state.__file__))]
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).digest()


def _as_json(drawn: TownMap) -> bytes:
    return json.dumps(
        {
            "name": drawn.name,
            "rows": drawn.rows,
            "size": (drawn.height, drawn.width),
            "grid": drawn.grid.tobytes().hex(),
            "venues": drawn.venues,
            "places": drawn.places,
        }
    ).encode()


def _from_json(text: bytes) -> TownMap:
    kept = json.loads(text)
    height, width = kept["size"]
    return TownMap(
        kept["name"],
        height,
        width,
        tuple(kept["rows"]),
        np.frombuffer(bytes.fromhex(kept["grid"]), np.uint8).reshape(height, width).copy(),
        tuple(Venue._make([*fields, _pairs(doors)]) for *fields, doors in kept["venues"]),
        tuple(Place._make([*fields, _pairs(waiting)]) for *fields, waiting in kept["places"]),
    )


def _pairs(tiles: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((row, column) for row, column in tiles)


def _read(name: str) -> bytes | None:
    """The content kept under this name; None if there is none or it is damaged."""
    file = folder() / name
    try:
        kept = file.read_bytes()
        if hashlib.sha256(kept[DIGEST_BYTES:]).digest() != kept[:DIGEST_BYTES]:
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        return zlib.decompress(kept[DIGEST_BYTES:])
    except (OSError, zlib.error):
        return None


def _write(name: str, content: bytes) -> None:
    """Keep this content, completely or not at all. If the folder cannot be written, nothing is kept."""
    body = zlib.compress(content, 1)
    unfinished = folder() / f"{name}.{os.getpid()}"
    try:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(hashlib.sha256(body).digest() + body)
        unfinished.replace(folder() / name)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        return
    _prune(name.partition("-")[0])


def _prune(sort: str) -> None:
    """Remove all but the KEPT files of a sort that were used last."""
    used = []
    for file in folder().glob(f"{sort}-*"):
        with contextlib.suppress(OSError):
            if OWN.fullmatch(file.name):
                used.append((file.stat().st_mtime_ns, file))
    for _, file in sorted(used, reverse=True)[KEPT:]:
        with contextlib.suppress(OSError):
            file.unlink()
