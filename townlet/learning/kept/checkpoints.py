"""Checkpoints of a training: everything that going on needs, in one file, written atomically and proved by a digest.

A checkpoint is a safetensors file: arrays, and a JSON text in the header's metadata. It never holds code.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from eventlog.folder import disk

FOLDER: Final = "checkpoints"
KEPT: Final = 2
"""So many checkpoints stay: the newest, and one before it, should the newest be damaged."""

STATE, DIGEST = "townlet", "digest"
"""The entries of the header's metadata."""

_NAME: Final = re.compile(r"[0-9]{9}\.safetensors")


class Checkpoint(NamedTuple):
    """What was kept after `update` updates. `arrays` are plain numbers, by name."""

    update: int
    arrays: dict[str, np.ndarray]
    state: dict[str, Any]


def write_checkpoint(run: Path, kept: Checkpoint) -> None:
    """Write a checkpoint into a training's folder, and remove all but the newest. Raises OSError."""
    disk.make_folder(run / FOLDER)
    disk.replace_file(run / FOLDER / f"{kept.update:09}.safetensors", content_of(kept))
    for old in _files(run)[:-KEPT]:
        disk.remove(old)


def content_of(kept: Checkpoint) -> bytes:
    """The bytes of a checkpoint's file."""
    arrays = {name: np.asarray(array, order="C") for name, array in sorted(kept.arrays.items())}
    state = json.dumps({"update": kept.update, **kept.state}, sort_keys=True)
    return save(arrays, {STATE: state, DIGEST: digest_of(arrays, state)})


def newest_checkpoint(run: Path, most: int | None = None) -> Checkpoint | None:
    """The newest whole checkpoint of a training, of update `most` or before if given; None if there is none.

    A file that is damaged or cannot be read is passed over.
    """
    for file in reversed(_files(run)):
        if most is None or int(file.stem) <= most:
            kept = read_checkpoint(file)
            if kept is not None:
                return kept
    return None


def read_checkpoint(file: Path) -> Checkpoint | None:
    """The checkpoint of a file, None unless its digest proves it."""
    try:
        with safe_open(file, "numpy") as opened:
            told = opened.metadata() or {}
            arrays = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118  (it is no mapping)
        if digest_of(arrays, told[STATE]) != told[DIGEST]:
            return None
        state = json.loads(told[STATE])
        return Checkpoint(int(state.pop("update")), arrays, state)
    except (OSError, SafetensorError, KeyError, ValueError, TypeError):
        return None


def digest_of(arrays: Mapping[str, np.ndarray], text: str = "") -> str:
    """64 hex digits of sha256 over a text and over arrays: names in order, types, shapes and bytes."""
    digest = sha256(text.encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name}\0{array.dtype.str}{array.shape}\0".encode())
        digest.update(np.asarray(array).tobytes())
    return digest.hexdigest()


def _files(run: Path) -> list[Path]:
    """The checkpoints in a training's folder, the newest last."""
    folder = run / FOLDER
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name)) if folder.is_dir() else []
