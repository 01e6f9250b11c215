"""Reads an experiment's file: its plan, its arms, the seeds they share, and what is compared."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, JsonValue, ValidationError, model_validator

from projections.settings import Model
from projections.spelling import proposal
from townlet.configuration.faults import key_fault, refusal
from townlet.configuration.load import configs_folder, given_file
from townlet.errors import ConfigurationError
from townlet.experiments.figures import FIGURES
from townlet.learning.settings import Training, training_of

OVERRIDES: Final = "overrides."
"""Goes before the keys of the town among those of a training."""

ARM: Final = r"^[A-Za-z][A-Za-z0-9_]*$"

Seeds = Annotated[int, Field(ge=1, le=40)]
ArmName = Annotated[str, Field(pattern=ARM, max_length=40)]
Changes = dict[str, JsonValue]


class Arm(Model):
    """What is trained in an arm: the seeds 1 to `seeds`, each with these changes of the training file."""

    seeds: Seeds = Field(description="how many trainings: seeds 1 to this")
    changes: Changes = Field({}, description="dotted keys of the training file; overrides.KEY is one of the town")


class HeldOut(Model):
    """The towns in which every policy lives."""

    first_seed: Annotated[int, Field(ge=0, le=2**62)] = Field(1_000_001, description="seed of the first town")
    count: Annotated[int, Field(ge=1, le=1000)] = Field(20, description="towns, each with the next seed")
    days: Annotated[int, Field(ge=1, le=3650)] = Field(28, description="how long each lives")

    @property
    def seeds(self) -> range:
        """The seeds of all towns."""
        return range(self.first_seed, self.first_seed + self.count)


class Experiment(Model):
    """An experiment's file."""

    plan: str = Field(description="the plan's file, from the folder of this one")
    plan_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(description="the digest of the plan's bytes")
    earlier_cells: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="the digest of all kept cells' identities, if they are of a town whose settings were others"
    )
    train: str = Field("town", description="the training file that all arms change: a shipped name, or a file")
    common: Changes = Field({}, description="changes of every arm; those of the town hold in the evaluation, too")
    towns: HeldOut = HeldOut()
    arms: dict[ArmName, Arm] = Field(min_length=2, description="the arms by their names")
    outcomes: dict[str, Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None] = Field(
        min_length=1, description="primary figures; a margin asks whether the first arm is worse by less than that"
    )
    contrasts: tuple[tuple[str, str], ...] = Field(min_length=1, description="primary pairs: the first less the second")
    explored: tuple[tuple[str, str], ...] = Field((), description="further pairs, told without a verdict")

    @model_validator(mode="after")
    def _fitting(self) -> "Experiment":
        for name in {arm for pair in (*self.contrasts, *self.explored) for arm in pair}:
            if name not in self.arms:
                raise ValueError(f"contrasts: there is no arm {name!r}; {proposal(name, list(self.arms))}")
        for first, second in (*self.contrasts, *self.explored):
            if first == second:
                raise ValueError(f"contrasts: {first} is compared with itself. Next: two arms")
        for name in self.outcomes:
            if name not in FIGURES:
                raise ValueError(f"outcomes: there is no figure {name!r}; {proposal(name, FIGURES)}")
        return self


class Planned(NamedTuple):
    """An experiment as it was read: `plan` is the digest of its plan, which the file was found to have."""

    settings: Experiment
    plan: str

    def training(self, arm: str, seed: int) -> Training:
        """The training of a cell. Raises ConfigurationError for changes that no training can have."""
        given = self.settings
        changes = {**given.common, **given.arms[arm].changes, "seed": seed, "name": f"{arm}-{seed}"}
        return training_of(given.train, changes)

    def town_changes(self) -> dict[str, object]:
        """What `common` changes of the town."""
        common = self.settings.common.items()
        return {key.removeprefix(OVERRIDES): value for key, value in common if key.startswith(OVERRIDES)}

    def cells(self, arm: str | None = None, seeds: tuple[int, ...] = ()) -> list[tuple[str, int]]:
        """The planned cells, arm and seed, of one arm and of some seeds if they are given.

        They come seed by seed, first those of primary arms, so that a run that is stopped leaves pairs.
        Raises ConfigurationError for what is not planned.
        """
        arms = self.settings.arms
        if arm is not None and arm not in arms:
            raise ConfigurationError(f"there is no arm {arm!r}; {proposal(arm, list(arms))}")
        most = max(each.seeds for name, each in arms.items() if arm in (None, name))
        if beyond := [seed for seed in seeds if not 1 <= seed <= most]:
            raise ConfigurationError(f"seed {beyond[0]} is not planned. Next: seeds from 1 to {most}")
        primary = {name for pair in self.settings.contrasts for name in pair}
        groups = [[name for name in arms if (name in primary) == is_primary] for is_primary in (True, False)]
        wanted = [
            (name, seed)
            for names in groups
            for seed in range(1, most + 1)
            for name in names
            if seed <= arms[name].seeds
        ]
        return [(name, seed) for name, seed in wanted if arm in (None, name) and (not seeds or seed in seeds)]


def planned(source: Path | str) -> Planned:
    """The experiment of a YAML file, or of a shipped one by its name.

    Raises ConfigurationError, with every fault, and if the plan is not the one whose digest the file gives: a plan is
    made before the first run, and what was planned later is another experiment.
    """
    shipped = shipped_experiments()
    file = shipped.get(str(source), Path(source))
    given = given_file(source, shipped, "the experiment", "an experiment is a block of keys")
    try:
        settings = Experiment.model_validate(given.tree)
    except ValidationError as error:
        raise refusal(given.name, [_in_words(each, given) for each in error.errors()]) from error
    path = file.parent / settings.plan
    try:
        found = sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigurationError(f"{given.name}: plan: {settings.plan} cannot be read: {error.strerror}") from error
    if found != settings.plan_sha256:
        raise ConfigurationError(
            f"{given.name}: plan: {settings.plan} is not the plan of this experiment: its digest is {found}, not "
            f"{settings.plan_sha256}.\n  Next: the plan as it was; another plan is another experiment"
        )
    result = Planned(settings, found)
    for arm in settings.arms:
        result.training(arm, 1)
    return result


def shipped_experiments() -> dict[str, Path]:
    """The shipped experiments by their plain names."""
    return {file.stem: file for file in sorted((configs_folder() / "experiments").glob("*.yaml"))}


def _in_words(error: Any, given: Any) -> str:
    """One error of pydantic in words."""
    if error["type"] == "value_error":
        return f"{given.name}: {error['ctx']['error']}"
    return key_fault(error, given, tuple(error["loc"]), _known)


def _known(loc: tuple[str | int, ...]) -> list[str]:
    """The keys of a block of an experiment's file."""
    blocks: dict[str, type[Model]] = {"arms": Arm, "towns": HeldOut}
    return list(blocks[str(loc[0])].model_fields if loc else Experiment.model_fields)


__all__ = ["Arm", "Experiment", "HeldOut", "Planned", "planned", "shipped_experiments"]
