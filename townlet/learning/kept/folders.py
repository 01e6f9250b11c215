"""The folder of a training: its manifest `training.json`, which says what it is, on what it ran, and how it ended."""

import platform
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eventlog.folder import disk
from eventlog.folder.holding import is_written_to
from eventlog.folder.regular import read_regular
from townlet.errors import ConfigurationError, TownletError
from townlet.learning.guards import Baseline
from townlet.learning.settings import Training
from townlet.many.cells import code_version

FORMAT: Final = "townlet-training/1"
MANIFEST: Final = "training.json"
POLICY: Final = "policy.safetensors"
METRICS: Final = "metrics.parquet"
SPEEDS: Final = "speeds.parquet"
LOGS: Final = "towns"

BYTES_MOST: Final = 16 * 1024 * 1024
"""The largest manifest that is read."""

LEVELS: Final = 4
"""So many folders deep trainings are looked for."""

Text = Annotated[str, Field(max_length=200)]
Kept = TypeVar("Kept", bound=BaseModel)


def require_free(folder: Path, what: str, *, is_there: bool, resume: bool) -> None:
    """Raise ConfigurationError unless a `what`, such as a training, may write to the folder that may have one."""
    if is_there:
        if not resume:
            raise ConfigurationError(f"{folder} already holds a {what}. Next: --resume, or another folder: --into")
        return
    try:
        others = [path.name for path in folder.iterdir() if path.name not in ("lock", "lock.holder")]
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise ConfigurationError(f"{folder}: a file stands where the {what}'s folder should be: --into") from error
    if others:
        raise ConfigurationError(f"{folder} holds something else, such as {others[0]}. Next: another folder: --into")


class Machine(BaseModel):
    """What the bits of a training depend on beside its settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threads: int
    torch: Text
    capability: Text
    architecture: Text

    def differences(self, other: "Machine") -> list[str]:
        """`threads: 1, not 2` for each thing that differs; the first value is this machine's."""
        mine, others = self.model_dump(), other.model_dump()
        return [f"{name}: {mine[name]}, not {others[name]}" for name in mine if mine[name] != others[name]]


class Manifest(BaseModel):
    """A training's identity and its end. `training` is its settings, `town` the resolved text of its town's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["townlet-training/1"] = FORMAT
    digest: Text
    machine: Machine
    codes: tuple[Text, ...]
    training: Training
    town: str
    baselines: dict[str, Baseline]
    updates: int = 0
    ended: Text = ""
    weights: Text = ""

    @property
    def is_finished(self) -> bool:
        """Whether all updates are made, and the policy is written."""
        return self.ended == "finished"


class Listed(NamedTuple):
    """A training as a list shows it. `state` is finished, running, stopped or damaged; `why` is what stopped it."""

    path: Path
    name: str
    seed: int | None
    updates: int
    of: int
    state: str
    why: str
    weights: str


def this_machine(threads: int) -> Machine:
    """What a training on this machine depends on. It imports torch. Raises TownletError where torch is missing."""
    require_torch()
    import torch

    capability = torch.backends.cpu.get_cpu_capability()
    return Machine(
        threads=threads, torch=str(torch.__version__), capability=capability, architecture=platform.machine()
    )


def require_torch() -> None:
    """Raise TownletError, which says how to install it, where torch is missing."""
    if find_spec("torch") is None:
        raise TownletError("training needs torch, which is not installed. Next: pip install 'townlet[train]'")


def this_code() -> str:
    """16 hex digits that name the present code of the town and of the learner."""
    return code_version("townlet.learning:train")


def is_training(folder: Path) -> bool:
    """Whether a folder is that of a training."""
    try:
        return (folder / MANIFEST).is_file()
    except (OSError, ValueError):
        return False


def read_manifest(run: Path) -> Manifest:
    """The manifest of a training. Raises ConfigurationError if there is none, or none that can be read."""
    try:
        return Manifest.model_validate_json(read_regular(run / MANIFEST, BYTES_MOST))
    except (OSError, ValueError) as error:
        why = why_unreadable(error)
        raise ConfigurationError(f"{run / MANIFEST}: the training's manifest cannot be read: {why}") from error


def why_unreadable(error: OSError | ValueError) -> str:
    """Why a file is not what it should be, in words: it cannot be opened, or its text is something else."""
    return "it does not have the form of one" if isinstance(error, ValidationError) else str(error).lower()


def read_kept(path: Path, kind: type[Kept], what: str) -> Kept | None:
    """What a file keeps, None if there is none. Raises ConfigurationError if it cannot be read.

    `what` names it in the message, such as a trial: it can be made again.
    """
    try:
        return kind.model_validate_json(read_regular(path, BYTES_MOST))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path}: this {what} cannot be read: {why_unreadable(error)}. Next: remove it, to make it again"
        ) from error


def write_manifest(run: Path, manifest: Manifest) -> None:
    """Write a training's manifest, atomically. Raises OSError."""
    disk.replace_file(run / MANIFEST, f"{manifest.model_dump_json(indent=2)}\n".encode())


def trainings_below(folder: Path, deep: int = LEVELS) -> list[Path]:
    """The folders of trainings in a folder and in its sub-folders, by path; hidden ones and links are passed over."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.name.startswith(".") or path.is_symlink() or not path.is_dir():
            continue
        if is_training(path):
            found.append(path)
        elif deep:
            found += trainings_below(path, deep - 1)
    return found


def listed(run: Path) -> Listed:
    """A training as a list shows it."""
    try:
        manifest = read_manifest(run)
    except ConfigurationError as error:
        return Listed(run, "", None, 0, 0, "damaged", str(error), "")
    state = "finished" if manifest.is_finished else "running" if is_written_to(run) else "stopped"
    training, why = manifest.training, "" if manifest.is_finished else manifest.ended
    return Listed(run, training.name, training.seed, manifest.updates, training.steps, state, why, manifest.weights)


def as_row(found: Listed, place: Path) -> dict[str, Any]:
    """A training as a row of fields; `run` is its path from `place`."""
    return {**found._asdict(), "path": found.path.relative_to(place).as_posix()}
