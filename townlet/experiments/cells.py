"""A cell of an experiment: one training of one arm, and the sums of the towns that lived under its policy."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from eventlog.folder import disk
from townlet.configuration.load import load
from townlet.errors import ConfigurationError
from townlet.experiments.figures import sums_needed
from townlet.experiments.settings import Planned
from townlet.learning.kept.folders import read_kept
from townlet.learning.settings import digest_of
from townlet.many.cells import canonical

CELLS: Final = "cells"
TRAININGS: Final = "trainings"
ADVICE: Final = "Next: another folder: --into"

COUNTED_LATER: Final = ("exits.loneliness",)
"""Sums of what no town knew when the first cells were made: there they are 0."""


class Cell(BaseModel):
    """What is kept of a cell. `towns[name]` has a sum over all seats for each town, in the order of the seeds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["townlet-experiment-cell/1"] = "townlet-experiment-cell/1"
    plan: str
    identity: str
    arm: str
    seed: int
    code: str
    training: str
    weights: str
    logs: str
    towns: dict[str, list[float]]


def identity_of(plan: Planned, arm: str, seed: int) -> str:
    """16 hex digits that name what a cell is: its plan, its training, the towns it lives in. Code is no part of it."""
    training, held = plan.training(arm, seed), plan.settings.towns
    trained = digest_of(training, load(training.config, training.overrides, founded=True).text)
    lived = load(training.config, plan.town_changes(), founded=True).text
    told = [plan.plan, trained, lived, held.first_seed, held.count, held.days]
    return sha256(canonical(told).encode()).hexdigest()[:16]


def training_folder(into: Path, arm: str, seed: int) -> Path:
    """Where a cell is trained."""
    return into / TRAININGS / f"{arm}-{seed}"


def cell_file(into: Path, arm: str, seed: int) -> Path:
    """Where a cell is kept."""
    return into / CELLS / f"{arm}-{seed}.json"


def write_cell(into: Path, cell: Cell) -> None:
    """Keep a cell, atomically. Raises OSError."""
    disk.make_folder(into / CELLS)
    disk.replace_file(cell_file(into, cell.arm, cell.seed), f"{cell.model_dump_json()}\n".encode())


def kept_cell(into: Path, plan: Planned, arm: str, seed: int) -> Cell | None:
    """The cell that a folder keeps, to go on from; None if there is none.

    Raises ConfigurationError if it cannot be read, lacks a sum of a town, or was made under another plan or other
    settings.
    """
    cell = _read(into, plan, arm, seed)
    if cell is not None and cell.identity != identity_of(plan, arm, seed):
        raise ConfigurationError(_other_settings(cell_file(into, arm, seed)))
    return cell


def _other_settings(path: Path) -> str:
    return f"{path} was made with other settings of its training or towns. {ADVICE}"


def _read(into: Path, plan: Planned, arm: str, seed: int) -> Cell | None:
    """The cell that a folder keeps, whatever the settings of its training and towns were."""
    path = cell_file(into, arm, seed)
    if (cell := read_kept(path, Cell, "cell")) is None:
        return None
    if cell.plan != plan.plan:
        raise ConfigurationError(f"{path} was made under the plan {cell.plan}, not {plan.plan}. {ADVICE}")
    if (cell.arm, cell.seed) != (arm, seed):
        raise ConfigurationError(f"{path} holds the cell {cell.arm}-{cell.seed}. {ADVICE}")
    count = plan.settings.towns.count
    cell = cell.model_copy(update={"towns": {name: [0.0] * count for name in COUNTED_LATER} | dict(cell.towns)})
    lacking = [name for name in sums_needed() if name not in cell.towns]
    if lacking or any(len(sums) != count or not np.isfinite(sums).all() for sums in cell.towns.values()):
        what = f"there is no {lacking[0]}" if lacking else f"a sum is not of {count} towns, or is no number"
        raise ConfigurationError(f"{path}: this cell is damaged: {what}. Next: remove it, to make it again")
    return cell


def kept_arms(into: Path, plan: Planned) -> dict[str, list[Cell]]:
    """The cells that a folder keeps of every arm, in the order of their seeds, to tell what was found.

    They are of today's settings, or exactly those that the experiment's file names as `earlier_cells`: of a town whose
    settings were others. Raises ConfigurationError for any others, and for a damaged one.
    """
    arms: dict[str, list[Cell]] = {arm: [] for arm in plan.settings.arms}
    for arm, seed in plan.cells():
        if cell := _read(into, plan, arm, seed):
            arms[arm].append(cell)
    found = [cell for cells in arms.values() for cell in cells]
    others = [cell for cell in found if not is_of_today(plan, cell)]
    if others and identities_of(found) != plan.settings.earlier_cells:
        raise ConfigurationError(_other_settings(cell_file(into, others[0].arm, others[0].seed)))
    return arms


def identities_of(cells: Iterable[Cell]) -> str:
    """The digest of what these cells are, over their identities in order of arm and seed: 64 hex digits."""
    told = sorted((cell.arm, cell.seed, cell.identity) for cell in cells)
    return sha256(canonical(told).encode()).hexdigest()


def is_of_today(plan: Planned, cell: Cell) -> bool:
    """Whether a cell would have the same settings if it were made today."""
    return cell.identity == identity_of(plan, cell.arm, cell.seed)


__all__ = [
    "Cell",
    "cell_file",
    "identities_of",
    "identity_of",
    "is_of_today",
    "kept_arms",
    "kept_cell",
    "training_folder",
    "write_cell",
]
