"""Surveyed maps and filled layouts, kept on disk: a map that was surveyed once is never surveyed again.

`layouts/` stands beside the kernels in the cache folder. A file is named by a digest of everything that it was made of,
the sources included, so an old one is never wrong, only unused; and it begins with the digest of its content, so that a
damaged one is as good as none. Nothing but time depends on them.
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
import platformdirs

from projections.record import plan, state
from projections.record.plan import layout_type
from projections.record.state import CapacityClass
from townlet.world.drawing import Place, TownMap, Venue

KEPT = 16
"""How many files of either sort are kept; those unused the longest are removed."""

DIGEST_BYTES = 32
OWN = re.compile(r"(?:map|layout)-[0-9a-f]{32}")
"""The names of its files: nothing else in the folder is read or removed."""


def folder() -> Path:
    """Where the files are."""
    return Path(os.environ.get("TOWNLET_CACHE") or platformdirs.user_cache_dir("townlet")) / "layouts"


def town_map(content: dict[str, Any], repeat: tuple[int, int], shape: CapacityClass, origin: str) -> TownMap:
    """What `maps.parse` gives for a map's content: from the atlas, or surveyed whole and kept. Raises MapError."""
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
    """What `layout.fill` does to a record (or to an array of one): from the atlas, or measured and kept.

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
    """What a file was made of, in 32 hex digits."""
    return hashlib.sha256(_sources() + repr(parts).encode()).hexdigest()[:32]


@cache
def _sources() -> bytes:
    """The digest of what surveys, and of the numbers that it takes from the plan and the state."""
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
    """What was kept under this name; None where there is nothing, or nothing whole."""
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
    """Keep this, whole or not at all; a folder that cannot be written is no fault."""
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
    """Remove what of a sort was not used for longest."""
    used = []
    for file in folder().glob(f"{sort}-*"):
        with contextlib.suppress(OSError):
            if OWN.fullmatch(file.name):
                used.append((file.stat().st_mtime_ns, file))
    for _, file in sorted(used, reverse=True)[KEPT:]:
        with contextlib.suppress(OSError):
            file.unlink()
