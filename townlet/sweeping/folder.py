"""The folder of a sweep: what was planned, a file for each town that has lived, and one table of all their rows.

`sweep.json` says what was planned, `cells/` has a file for each town, named by its digest, and `rows.parquet` is the
table. The table can be made again from the files at any time.
"""

import itertools
import json
import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from eventlog.folder import disk
from townlet.configuration.load import config_id_of
from townlet.errors import ConfigurationError
from townlet.many.cells import canonical, code_version
from townlet.sweeping.designs import Point
from townlet.sweeping.rows import Town, town_of, towns_table

PLAN: Final = "sweep.json"
CELLS: Final = "cells"
ROWS: Final = "rows.parquet"
VERSION: Final = 1

BEGUN: Final = ".begun-"
"""What the names of files begin with that are being written."""

COUNTED: Final = b"townlet.files"
"""The key of the table's metadata that says of how many files in `cells/` it was made."""

FUNCTION: Final = "townlet.sweeping.living:town_row"


_serial = itertools.count()


class Plan(NamedTuple):
    """What a folder's towns are: `same` is what all of them share, `points` their values by the settings' name."""

    same: dict[str, Any]
    points: list[tuple[str, Point]]
    seeds: list[int]

    @property
    def digest(self) -> str:
        """64 hex digits of sha256 over the whole plan."""
        return sha256(canonical(self).encode()).hexdigest()


def claim(folder: Path, plan: Plan, *, extend: bool) -> None:
    """Write the plan into a folder. Raises ConfigurationError for one that holds anything else, or another plan.

    A plan with more points or seeds takes the place of the one that is there only if it is to `extend` it.
    """
    there = read_plan(folder)
    if there is None and folder.is_dir() and any(not each.name.startswith(BEGUN) for each in folder.iterdir()):
        there = read_plan(folder)  # another part may have written it in between
        if there is None:
            raise ConfigurationError(f"{folder} holds something else than a sweep. Next: name another folder")
    if there is None:
        disk.make_folder(folder)
    elif there.same != plan.same:
        differs = next(key for key in plan.same if plan.same[key] != there.same.get(key))
        raise ConfigurationError(
            f"{folder} holds another sweep: its {differs} differ. Next: name another folder, or the sweep as it was"
        )
    else:
        had, wanted = {name for name, _ in there.points}, {name for name, _ in plan.points}
        if wanted <= had and set(plan.seeds) <= set(there.seeds):
            return
        if not extend:
            raise ConfigurationError(
                f"{folder} holds this sweep with {_size(there)}, and {_size(plan)} are asked for.\n"
                "  Next: the same again with --extend (in Python extend=True) keeps what is there and adds the rest"
            )
        if not (had <= wanted and set(there.seeds) <= set(plan.seeds)):
            raise ConfigurationError(
                f"{folder} holds {_size(there)}, of which some are not in this plan: a sweep is extended by more seeds "
                "or more points. More points of a sobol sequence keep the first ones; those of a latin_hypercube do "
                "not. Next: name another folder"
            )
    kept = {"version": VERSION, **plan._asdict()}
    _replace(folder / PLAN, f"{canonical(kept)}\n".encode())


def read_plan(folder: Path) -> Plan | None:
    """The plan of a folder; None if there is none. Raises ConfigurationError for a file that is no plan."""
    try:
        kept = json.loads((folder / PLAN).read_bytes())
        if kept["version"] != VERSION:
            raise ConfigurationError(f"{folder / PLAN} is of version {kept['version']}, which this Townlet cannot read")
        return Plan(kept["same"], [(name, point) for name, point in kept["points"]], kept["seeds"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{folder / PLAN} is no plan of a sweep. Next: name another folder") from error


def kept_table(folder: Path) -> tuple[Plan, pa.Table]:
    """The plan of a folder and the rows of the towns that have lived, from its table; made anew where it is old.

    Rows of other code are left out, unless there are no others. Raises ConfigurationError for no sweep.
    """
    plan = read_plan(folder)
    if plan is None:
        raise ConfigurationError(
            f"{folder} holds no sweep: there is no {PLAN}. Next: townlet sweep PLAN --into {folder}"
        )
    files = len(list((folder / CELLS).glob("*.json")))
    try:
        table = pq.read_table(folder / ROWS)
        if (table.schema.metadata or {}).get(COUNTED) == f"{plan.digest} {files}".encode():
            return plan, table
    except (FileNotFoundError, pa.ArrowException):
        pass
    return plan, keep_table(folder, plan, _from_files(folder, plan))


def keep_table(folder: Path, plan: Plan, towns: Sequence[Town]) -> pa.Table:
    """Write the table of these towns into the folder; returns it."""
    files = len(list((folder / CELLS).glob("*.json")))
    table = towns_table(plan.points, plan.seeds, towns, plan.same["figures"])
    table = table.replace_schema_metadata({COUNTED: f"{plan.digest} {files}"})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    _replace(folder / ROWS, sink.getvalue())
    return table


def _replace(file: Path, content: bytes | pa.Buffer) -> None:
    """Replace a file atomically and durably, also where other parts of the sweep write it at the same time."""
    begun = file.with_name(f"{BEGUN}{platform.node()}-{os.getpid()}-{next(_serial)}")
    disk.write_file(begun, memoryview(content))
    disk.rename(begun, file)
    disk.sync_folder(file.parent)


def forget_table(folder: Path) -> None:
    """Remove the table before towns live: until it is written again, what is there stands in the files."""
    disk.remove(folder / ROWS)


def _from_files(folder: Path, plan: Plan) -> list[Town]:
    """The towns of a plan, from their files, of one version of the code: the present one, else the most frequent."""
    found: list[tuple[str, Town]] = []
    named = {name for name, _ in plan.points}
    for file in sorted((folder / CELLS).glob("*.json")):
        kept = _read(file)
        if kept is None or kept["function"] != FUNCTION:
            continue
        cell, name = kept["cell"], config_id_of(kept["cell"]["settings"])
        if name in named and all(cell[key] == plan.same[key] for key in ("ticks", "figures", "kept")):
            found.append(
                (kept["code"], town_of(name, cell["seed"], file.stem, kept.get("value"), kept.get("error", "")))
            )
    codes = Counter(code for code, _ in found)
    present = code_version(FUNCTION)
    chosen = present if present in codes else next((code for code, _ in codes.most_common(1)), present)
    return [town for code, town in found if code == chosen]


def _read(file: Path) -> Mapping[str, Any] | None:
    """A town's file; None for one that is torn."""
    try:
        kept: Mapping[str, Any] = json.loads(file.read_bytes())
        return kept if {"function", "code", "cell"} <= set(kept) else None
    except (ValueError, TypeError):
        return None


def _size(plan: Plan) -> str:
    return f"{len(plan.points):,} points and {len(plan.seeds):,} seeds"


__all__ = ["CELLS", "FUNCTION", "Plan", "claim", "forget_table", "keep_table", "kept_table", "read_plan"]
