"""A trial of a study: it trains with the values that it is given, its policies live in the tuning towns, it is kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from eventlog.folder import disk
from townlet.configuration.load import from_text
from townlet.errors import ConfigurationError
from townlet.evaluating.living import Sums, town_sums
from townlet.learning.figures import error_over_towns
from townlet.learning.guards import Stopped
from townlet.learning.kept.checkpoints import FOLDER
from townlet.learning.kept.folders import POLICY, is_training, read_kept, read_manifest
from townlet.learning.optimising import Diverged
from townlet.learning.settings import Training
from townlet.learning.training import train

TRIALS: Final = "trials"
TRAININGS: Final = "trainings"

FINISHED: Final = "finished"
STOPPED: Final = "stopped"


class Trial(BaseModel):
    """A trial as it is kept. `values` are those of the keys that are searched.

    `value` is the return a seat-day in the tuning towns, `low` and `high` its interval (95 %, normal) over towns; they
    are None where a guard stopped a training, and `why` says which. `towns` has the return of each town, the mean over
    the trainings; `exits` is a person-day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["townlet-trial/1"] = "townlet-trial/1"
    study: str
    number: int
    values: dict[str, bool | int | float | str]
    state: Literal["finished", "stopped"]
    why: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    exits: float | None = None
    self_sufficiency: float | None = None
    towns: tuple[float, ...] = ()
    weights: tuple[str, ...] = ()


def make_trial(
    into: str,
    study: str,
    number: int,
    values: Mapping[str, Any],
    trainings: Sequence[Mapping[str, Any]],
    settings: str,
    seeds: Sequence[int],
    days: int,
) -> float | None:
    """Make a trial and keep it; returns its value. A training that was under way goes on from its last checkpoint.

    `settings` is the text of the tuning towns', `seeds` are theirs, and `days` is how long each lives.
    Raises TownletError for what is no matter of the values, such as a folder that cannot be written.
    """
    folder, weights = Path(into), []
    for place, given in enumerate(trainings):
        run = training_folder(folder, number, place)
        if why := _trained(run, Training.model_validate(given)):
            write_trial(folder, Trial(study=study, number=number, values=dict(values), state=STOPPED, why=why))
            return None
        weights.append(read_manifest(run).weights)
    everybody = list(range(from_text(settings).settings.town.people))
    policies = [str(training_folder(folder, number, place) / POLICY) for place in range(len(trainings))]
    lived = [
        [town_sums(settings, seed, days, policy, everybody, "", weights=digest) for seed in seeds]
        for policy, digest in zip(policies, weights, strict=True)
    ]
    towns = np.mean([[_ratio([sums], "total", "seat_days") for sums in each] for each in lived], axis=0)
    mean, error = float(towns.mean()), error_over_towns(towns)
    every = [sums for each in lived for sums in each]
    trial = Trial(
        study=study,
        number=number,
        values=dict(values),
        state=FINISHED,
        value=mean,
        low=mean - error,
        high=mean + error,
        exits=_ratio(every, "exits", "person_days"),
        self_sufficiency=_ratio(every, "good_days", "agent_days"),
        towns=tuple(towns.tolist()),
        weights=tuple(weights),
    )
    write_trial(folder, trial)
    for file in folder.glob(f"{TRAININGS}/{number:04}-*/{FOLDER}/*.safetensors"):  # nothing goes on from them
        disk.remove(file)
    return mean


def training_folder(into: Path, number: int, place: int) -> Path:
    """Where the training of this place of a trial is made."""
    return into / TRAININGS / f"{number:04}-{place + 1}"


def trial_file(into: Path, number: int) -> Path:
    """Where a trial is kept."""
    return into / TRIALS / f"{number:04}.json"


def write_trial(into: Path, trial: Trial) -> None:
    """Keep a trial, atomically. Raises OSError."""
    disk.make_folder(into / TRIALS)
    disk.replace_file(trial_file(into, trial.number), f"{trial.model_dump_json()}\n".encode())


def kept_trial(into: Path, study: str, number: int, values: Mapping[str, Any]) -> Trial | None:
    """The trial that a study's folder keeps, None if there is none.

    Raises ConfigurationError if it cannot be read, or is of another study or had other values.
    """
    path = trial_file(into, number)
    if (trial := read_kept(path, Trial, "trial")) is None:
        return None
    if (trial.study, trial.number, trial.values) != (study, number, dict(values)):
        raise ConfigurationError(f"{path} is a trial of another study, or with other values. Next: another --into")
    return trial


def kept_trials(into: Path) -> int:
    """How many trials a study's folder keeps, counted up to the last one."""
    return max((int(path.stem) + 1 for path in (into / TRIALS).glob("[0-9]*.json") if path.stem.isdecimal()), default=0)


def _trained(run: Path, training: Training) -> str:
    """Train; returns why it was stopped, or an empty text. One that was stopped before is not taken up again."""
    try:
        if not _ending(run):
            train(training, run, resume=True)
    except (Stopped, Diverged):
        pass
    return _ending(run)


def _ending(run: Path) -> str:
    """Why the training of a folder was stopped; empty where it was not."""
    if not is_training(run):
        return ""
    manifest = read_manifest(run)
    return "" if manifest.is_finished else manifest.ended.removeprefix(f"{run}: ")


def _ratio(towns: Sequence[Sums], part: str, whole: str) -> float:
    """A sum over the seats of some towns, of another such sum."""
    parts, wholes = (sum(sum(sums[name]) for sums in towns) for name in (part, whole))
    return float(parts / wholes) if wholes else 0.0


__all__ = [
    "FINISHED",
    "STOPPED",
    "Trial",
    "kept_trial",
    "kept_trials",
    "make_trial",
    "training_folder",
    "trial_file",
    "write_trial",
]
