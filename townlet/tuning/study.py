"""`tune`: a study of many trials, round by round, in a folder; killed at any point, it goes on and ends the same."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from eventlog.folder import disk
from eventlog.folder.lock import WriterLock
from eventlog.folder.regular import read_regular
from townlet import many
from townlet.configuration.load import load
from townlet.configuration.stages import rewards_stage
from townlet.errors import ConfigurationError, TownletError
from townlet.learning.kept.folders import Machine, require_free, this_machine, why_unreadable
from townlet.learning.settings import Training, digest_of
from townlet.many.cells import canonical
from townlet.tuning.leaving import best_of, write_study
from townlet.tuning.seeds import require_apart
from townlet.tuning.settings import Search, Value, changed, require_possible, value_of
from townlet.tuning.trials import STOPPED, Trial, kept_trial, kept_trials, make_trial, write_trial
from townlet.warming import warm

MANIFEST: Final = "study.json"
BYTES_MOST: Final = 16 * 1024 * 1024

Text = Annotated[str, Field(max_length=200)]


class Manifest(BaseModel):
    """A study's identity: `digest` is over the training, its town and the search; and on what it ran."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["townlet-study/1"] = "townlet-study/1"
    digest: Text
    machine: Machine
    optuna: Text
    training: Training
    search: Search


class Pulse(NamedTuple):
    """A trial is there: how many are, of how many, the best of them, and about how many seconds are left."""

    trial: Trial
    done: int
    of: int
    best: Trial | None
    left_s: float | None


class Study(NamedTuple):
    """A study that is over: its digest, its trials, the best of them (None if all were stopped), and trial 0 where it
    has the training file's own values."""

    digest: str
    trials: list[Trial]
    best: Trial | None
    untuned: Trial | None


def require_optuna() -> None:
    """Raise TownletError, which says how to install it, where Optuna is missing."""
    if find_spec("optuna") is None:
        raise TownletError("tuning needs optuna, which is not installed. Next: pip install 'townlet[train]'")


def tune(
    training: Training,
    search: Search,
    into: Path | str,
    *,
    trials: int | None = None,
    resume: bool = False,
    jobs: int | None = None,
    engine: str = many.PROCESSES,
    address: str | None = None,
    progress: Callable[[Pulse], None] | None = None,
) -> Study:
    """Try values of a training's keys, in `trials` trials; returns them all.

    None: as many as the search says, or as the study has already.

    `into` is the study's folder. The training's seed is the study's, too: it draws the trials, whose own trainings have
    seeds of the search. `jobs`, `engine` and `address` are as for `many.run`; no result depends on them, and workers of
    another machine must reach the same folder and compute with the same bits.
    With `resume`, a study in the folder goes on, also to more trials than before, and equals one that was not broken.

    Raises ConfigurationError for a search that does not fit, for seeds that meet, for another study's folder, for fewer
    trials than it has, or for a machine with other bits than before; TownletError if a trial fails for another reason
    than its values, or without Optuna.
    """
    require_optuna()
    folder = Path(into)
    require_possible(search, training)
    first = trainings_of(training, search, 0, {})
    require_apart(training, {f"training {place + 1} of a trial": each for place, each in enumerate(first)}, search)
    mine = Manifest(
        digest=study_digest(training, search),
        machine=this_machine(training.threads),
        optuna=version("optuna"),
        training=training,
        search=search,
    )
    require_free(folder, "study", is_there=(folder / MANIFEST).is_file(), resume=resume)
    warm()
    how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address}
    disk.make_folder(folder)
    lock = WriterLock(folder)
    try:
        _begin(folder, mine)
        found = _Rounds(folder, mine, _how_many(folder, search, trials), how, progress).lived()
        return Study(mine.digest, found, best_of(found), found[0] if found[0].values == own_values(mine) else None)
    finally:
        lock.release()


class _Rounds:
    """The rounds of a study: each asks for its trials, makes those that are missing, and tells Optuna of them all."""

    def __init__(
        self, folder: Path, study: Manifest, of: int, how: dict[str, Any], progress: Callable[[Pulse], None] | None
    ) -> None:
        from townlet.tuning.sampling import Asker

        self._asker = Asker(study.search, study.training.seed, own_values(study))
        self._folder, self._study, self._of, self._how, self._progress = folder, study, of, how, progress
        self._text = judged_text(study.training, study.search)
        self._found: list[Trial] = []
        self._told = self._made = 0
        self._began_s = perf_counter()

    def lived(self) -> list[Trial]:
        """All trials, in their order."""
        for first in range(0, self._of, self._study.search.at_once):
            numbers = range(first, min(first + self._study.search.at_once, self._of))
            self._round(numbers, [self._asker.ask() for _ in numbers])
            write_study(self._folder, self._found, self._study.search, self._study.training)
        return self._found

    def _round(self, numbers: range, asked: Sequence[dict[str, Value]]) -> None:
        values = dict(zip(numbers, asked, strict=True))
        seen = {number: trial for number in numbers if (trial := self._kept(number, values[number]))}
        for trial in seen.values():
            self._tell(trial, [*self._found, *seen.values()])

        def tell(*_: object) -> None:
            for number in numbers:
                if number not in seen and (trial := self._kept(number, values[number])):
                    seen[number] = trial
                    self._made += number in trained
                    self._tell(trial, [*self._found, *seen.values()])

        cells = [self._cell(number, values[number]) for number in numbers if number not in seen]
        made = [cell for cell in cells if cell is not None]
        trained = {cell["number"] for cell in made}
        if made:
            many.values(many.run(make_trial, made, **self._how, progress=tell))
        tell()
        for number in numbers:
            self._asker.tell(number, seen[number].value)
            self._found.append(seen[number])

    def _kept(self, number: int, values: dict[str, Value]) -> Trial | None:
        return kept_trial(self._folder, self._study.digest, number, values)

    def _cell(self, number: int, values: dict[str, Value]) -> dict[str, Any] | None:
        """What `make_trial` is called with, as JSON can express it; None for values that cannot be tried."""
        search, study = self._study.search, self._study.digest
        try:
            trainings = trainings_of(self._study.training, search, number, values)
            named = {f"training {place + 1} of the trial": each for place, each in enumerate(trainings)}
            require_apart(self._study.training, named, search)
        except ConfigurationError as error:
            stopped = Trial(study=study, number=number, values=values, state=STOPPED, why=str(error))
            write_trial(self._folder, stopped)
            return None
        return {
            "into": str(self._folder.resolve()),
            "study": study,
            "number": number,
            "values": values,
            "trainings": [each.model_dump(mode="json") for each in trainings],
            "settings": self._text,
            "seeds": list(search.towns.seeds),
            "days": search.towns.days,
        }

    def _tell(self, trial: Trial, trials: Sequence[Trial]) -> None:
        self._told += 1
        if self._progress:
            spent = perf_counter() - self._began_s
            left = spent / self._made * (self._of - self._told) if self._made else None
            self._progress(Pulse(trial, self._told, self._of, best_of(trials), left))


def _how_many(folder: Path, search: Search, trials: int | None) -> int:
    """How many trials a study comes to. Raises ConfigurationError for fewer than it has."""
    there = kept_trials(folder)
    if trials is None:
        return max(search.trials, there)
    if trials < there:
        raise ConfigurationError(
            f"{folder} has {there} trials already, and {trials} are fewer.\n"
            f"  Next: --trials {there} or more, or another folder: --into"
        )
    return trials


def own_values(study: Manifest) -> dict[str, Value]:
    """The values that the training which is tuned has of the keys that are searched."""
    return {key: value_of(study.training, key) for key in study.search.search}


def trainings_of(training: Training, search: Search, number: int, values: dict[str, Value]) -> list[Training]:
    """The trainings of a trial: with its values, on the seeds of the search, and with fewer updates.

    Raises ConfigurationError for values that do not fit together.
    """
    changes = {
        **values,
        "updates": min(training.updates, search.updates),
        "first_town_seed": None,
        "logged_towns": 0,
        "tensorboard": False,
    }
    return [
        changed(training, {**changes, "seed": seed, "name": f"trial-{number:04}-{place + 1}"})
        for place, seed in enumerate(search.training_seeds)
    ]


def judged_text(training: Training, search: Search) -> str:
    """The settings of the tuning towns: the training's town, paid as in the last update of a trial."""
    stage = training.training.stage_at(max(0, min(training.updates, search.updates) - 1))
    paid = {**training.overrides, "rewards.social.stage": rewards_stage(stage)}
    return load(training.config, paid, founded=True).text


def study_digest(training: Training, search: Search) -> str:
    """16 hex digits that name a study: its training, its town, its search. How many trials it has is no part of it."""
    town = load(training.config, training.overrides, founded=True).text
    told = [digest_of(training, town), search.model_dump(mode="json", exclude={"trials"})]
    return sha256(canonical(told).encode()).hexdigest()[:16]


def _begin(folder: Path, mine: Manifest) -> None:
    """Write the study's manifest, or compare it with the one that is there. Raises ConfigurationError."""
    path = folder / MANIFEST
    if not path.is_file():
        disk.replace_file(path, f"{mine.model_dump_json(indent=2)}\n".encode())
        return
    try:
        there = Manifest.model_validate_json(read_regular(path, BYTES_MOST))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: the study's manifest cannot be read: {why_unreadable(error)}") from error
    if there.digest != mine.digest:
        raise ConfigurationError(
            f"{folder} holds the study {there.digest} with another training or search than {mine.digest}.\n"
            "  Next: the same file, --search and --set as before, or another folder: --into"
        )
    differences = mine.machine.differences(there.machine)
    if mine.optuna != there.optuna:
        differences.append(f"optuna: {mine.optuna}, not {there.optuna}")
    if differences:
        raise ConfigurationError(
            f"{folder} cannot go on here with the same trials: {'; '.join(differences)}.\n"
            "  Next: go on where it began, or tune anew into another folder: --into"
        )


__all__ = ["Manifest", "Pulse", "Study", "judged_text", "require_optuna", "study_digest", "trainings_of", "tune"]
