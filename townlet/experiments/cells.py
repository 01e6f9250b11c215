"""A cell of an experiment: one training of one arm, and the sums of the towns that lived under its policy."""

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
    """The cell that a folder keeps, None if there is none.

    Raises ConfigurationError if it cannot be read, lacks a sum of a town, or was made under another plan or other
    settings.
    """
    path = cell_file(into, arm, seed)
    if (cell := read_kept(path, Cell, "cell")) is None:
        return None
    advice = "Next: another folder: --into"
    if cell.plan != plan.plan:
        raise ConfigurationError(f"{path} was made under the plan {cell.plan}, not {plan.plan}. {advice}")
    if (cell.arm, cell.seed, cell.identity) != (arm, seed, identity_of(plan, arm, seed)):
        raise ConfigurationError(f"{path} was made with other settings of its training or towns. {advice}")
    count, lacking = plan.settings.towns.count, [name for name in sums_needed() if name not in cell.towns]
    if lacking or any(len(sums) != count or not np.isfinite(sums).all() for sums in cell.towns.values()):
        what = f"there is no {lacking[0]}" if lacking else f"a sum is not of {count} towns, or is no number"
        raise ConfigurationError(f"{path}: this cell is damaged: {what}. Next: remove it, to make it again")
    return cell


def kept_arms(into: Path, plan: Planned) -> dict[str, list[Cell]]:
    """The cells that a folder keeps of every arm, in the order of their seeds. Raises as `kept_cell`."""
    arms: dict[str, list[Cell]] = {arm: [] for arm in plan.settings.arms}
    for arm, seed in plan.cells():
        if cell := kept_cell(into, plan, arm, seed):
            arms[arm].append(cell)
    return arms


__all__ = ["Cell", "cell_file", "identity_of", "kept_arms", "kept_cell", "training_folder", "write_cell"]
