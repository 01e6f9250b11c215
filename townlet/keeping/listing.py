"""The runs and the trainings of a folder, as a table."""

import contextlib
import os
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from eventlog.errors import EventLogError
from eventlog.folder.head import read_head
from eventlog.folder.holding import is_written_to
from eventlog.folder.lineage import Member, family_tree
from eventlog.folder.run_folders import is_folder
from townlet.learning.kept.folders import listed, trainings_below

SCHEMA: Final = pa.schema(
    {
        "run": pa.string(),
        "config": pa.string(),
        "seed": pa.uint64(),
        "ticks": pa.int64(),
        "events": pa.int64(),
        "bytes": pa.int64(),
        "state": pa.string(),
        "log_digest": pa.string(),
        "parent": pa.string(),
        "updates": pa.int64(),
    }
)
"""`run` is a path in the folder; `updates` is that of a training, which has no ticks, events and digest."""


def runs(folder: Path | str = "runs") -> pa.Table:
    """The runs below a folder, each fork below its parent, then the trainings, with SCHEMA; none without the folder.

    The `state` of a run is closed, running, stopped or damaged; that of a training is finished instead of closed.
    """
    place = Path(folder)
    rows = [run_row(place, each) for each in family_tree(place)] + training_rows(place)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def run_row(place: Path, member: Member) -> dict[str, Any]:
    """The row of a run in the list of a folder. The log's events are not read."""
    path, manifest = member.path, member.manifest
    name = path.relative_to(place).as_posix()
    row = dict.fromkeys(SCHEMA.names) | {"run": name, "bytes": _bytes(path), "state": "damaged", "log_digest": ""}
    if manifest is None:
        return row
    if manifest.parent is not None:
        names = [parent.relative_to(place).as_posix() for parent in member.parents]
        row["parent"] = " or ".join(names) or manifest.parent.run_id
    row |= {"config": manifest.name, "seed": manifest.epochs[-1].seed}
    try:
        head = read_head(path / "log" / "head")
    except (EventLogError, OSError):
        return row
    if head is not None:
        state = "closed" if manifest.closed else "running" if is_written_to(path) else "stopped"
        row |= {"ticks": head.tick, "events": head.seq, "log_digest": head.digest, "state": state}
    return row


def training_rows(place: Path) -> list[dict[str, Any]]:
    """The rows of the trainings in the list of a folder."""
    rows: list[dict[str, Any]] = []
    for path in trainings_below(place) if is_folder(place) else ():
        found = listed(path)
        row = dict.fromkeys(SCHEMA.names) | {"run": path.relative_to(place).as_posix(), "bytes": _bytes(path)}
        row |= {"config": found.name, "seed": found.seed, "state": found.state, "updates": found.updates}
        rows.append(row)
    return rows


def _bytes(path: Path) -> int:
    """The bytes of all files in a run's folder; links are not followed. A file that disappears counts as 0."""
    many = 0
    for folder, _, files in os.walk(path):
        for name in files:
            with contextlib.suppress(OSError):
                many += (Path(folder) / name).lstat().st_size
    return many
