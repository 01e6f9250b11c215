"""Reads a search file: which keys of a training file are tried, within which ranges, in how many trials."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, ValidationError, model_validator

from projections.settings import Model
from projections.spelling import proposal
from townlet.configuration.faults import Given, dotted, key_fault, refusal, short
from townlet.configuration.load import configs_folder, given_file
from townlet.errors import ConfigurationError
from townlet.learning.settings import Training, training_keys, training_of

BLOCKS: Final = ("ppo.", "network.", "cloning.")
PLAIN: Final = ("horizon_days", "life_days", "rollout_ticks", "towns")
"""The keys that can be searched: those of these blocks, and these. Any other would change what a trial is judged by."""

_EXAMPLES: Final = {"search": "ppo.gae: {low: 0.8, high: 1.0}", "towns": "{count: 8, days: 14}"}

Value = bool | int | float | str


class Dimension(Model):
    """The values that a key can have: numbers from `low` to `high`, or one of `choices`."""

    low: int | float | None = Field(None, allow_inf_nan=False, description="the least value")
    high: int | float | None = Field(None, allow_inf_nan=False, description="the largest value")
    log: bool = Field(False, description="equal ratios are as likely, not equal differences")
    step: int | float | None = Field(None, gt=0, allow_inf_nan=False, description="low, low + step, and so on")
    choices: tuple[Value, ...] = Field((), description="the values themselves, without an order")

    @model_validator(mode="after")
    def _fitting(self) -> "Dimension":
        bounds = [name for name in ("low", "high", "step") if getattr(self, name) is not None]
        if self.choices:
            if bounds or self.log:
                raise ValueError("give either choices, or low and high")
            if len(self.choices) < 2 or len({repr(each) for each in self.choices}) < len(self.choices):
                raise ValueError("choices: give two or more values, each once")
            return self
        if self.low is None or self.high is None:
            raise ValueError("give low and high, or choices")
        if not self.low < self.high:
            raise ValueError(f"low must be below high ({self.low} and {self.high} given)")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log: low must be above 0, and there is no step")
        return self

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values at the edges: low and high, or all choices."""
        return self.choices or tuple(each for each in (self.low, self.high) if each is not None)


class TuningTowns(Model):
    """The towns in which the policy of every trial lives."""

    first_seed: Annotated[int, Field(ge=0, le=2**62)] = Field(2_000_001, description="seed of the first town")
    count: Annotated[int, Field(ge=1, le=1000)] = Field(8, description="towns, each with the next seed")
    days: Annotated[int, Field(ge=1, le=3650)] = Field(14, description="how long each lives")

    @property
    def seeds(self) -> range:
        """The seeds of all towns."""
        return range(self.first_seed, self.first_seed + self.count)


class Search(Model):
    """A search file."""

    trials: Annotated[int, Field(ge=1, le=10_000)] = Field(20, description="trials in all")
    startup: Annotated[int, Field(ge=1, le=10_000)] = Field(
        8, description="so many trials are drawn at random before their results are learned from"
    )
    at_once: Annotated[int, Field(ge=1, le=64)] = Field(
        4, description="trials of a round: they are drawn before any of them is done, so that --jobs changes no result"
    )
    updates: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        200, description="updates of PPO of a trial; fewer if the training file has fewer"
    )
    trainings: Annotated[int, Field(ge=1, le=20)] = Field(
        1, description="trainings of a trial, each with the next seed; their mean counts"
    )
    first_training_seed: Annotated[int, Field(ge=0, le=2**32 - 21)] = Field(
        1_000_000, description="seed of each trial's first training"
    )
    towns: TuningTowns = TuningTowns()
    search: dict[str, Dimension] = Field(min_length=1, description="keys of a training file and their values")

    @model_validator(mode="after")
    def _known(self) -> "Search":
        known = searched_keys()
        for key, dimension in self.search.items():
            if key not in known:
                raise ValueError(f"search: {key}: this key cannot be searched; {proposal(key, known)}")
            parts = (dimension.low, dimension.high, dimension.step)
            if is_whole(key) and any(part is not None and part != int(part) for part in parts):
                raise ValueError(f"search: {key}: this key has whole numbers, and so have low, high and step")
            if not dimension.choices and kind_of(key) not in (int, float):
                raise ValueError(f"search: {key}: this key is no number, so it needs choices")
        return self

    @property
    def training_seeds(self) -> range:
        """The seeds of a trial's trainings."""
        return range(self.first_training_seed, self.first_training_seed + self.trainings)


def search_of(source: Path | str) -> Search:
    """The search of a YAML file, or of a shipped file by its name.

    Raises ConfigurationError, which lists every fault with its line, its key and the nearest name.
    """
    given = given_file(source, shipped_searches(), "the search", "a search is a block of keys")
    try:
        found = Search.model_validate(given.tree)
    except ValidationError as error:
        raise refusal(given.name, [_in_words(each, given) for each in error.errors()]) from error
    return found


def require_possible(search: Search, training: Training) -> None:
    """Raise ConfigurationError for an end of a range, or a choice, that this training cannot have.

    Also for a training under primitive control: the tuning towns ask a policy for options.
    """
    if training.control != "option":
        raise ConfigurationError(
            f"control: a policy that chooses every step ({training.control} given) is not tuned, because the tuning "
            "towns ask for options. Next: control: option"
        )
    for key, dimension in search.search.items():
        for value in dimension.ends:
            try:
                changed(training, {key: value})
            except ConfigurationError as error:
                raise ConfigurationError(f"search: {key}: {value} is not possible here: {error}") from error


def changed(training: Training, changes: dict[str, Any]) -> Training:
    """A training with other values of some keys. Raises ConfigurationError for what it cannot have."""
    return training_of(training.model_dump(mode="json"), changes)


def value_of(training: Training, key: str) -> Value:
    """The value that a training has for a key that can be searched."""
    found: Any = training
    for part in key.split("."):
        found = getattr(found, part)
    value: Value = found
    return value


def kind_of(key: str) -> Any:
    """The type of a key's values, such as int or float."""
    model: Any = Training
    for part in key.split("."):
        model = model.model_fields[part].annotation
    return model


def is_whole(key: str) -> bool:
    """Whether a key has whole numbers."""
    return kind_of(key) is int


def searched_keys() -> list[str]:
    """Every key that can be searched."""
    return [key for key in training_keys() if key.startswith(BLOCKS) or key in PLAIN]


def shipped_searches() -> dict[str, Path]:
    """The shipped search files by their plain names."""
    return {file.stem: file for file in sorted((configs_folder() / "tune").glob("*.yaml"))}


def _in_words(error: Any, given: Given) -> str:
    """One error of pydantic in words: where, which key, what is wrong, what is possible."""
    loc = tuple(part for part in error["loc"] if part not in ("int", "float", "bool", "str"))
    if error["type"] == "value_error":
        why = str(error["ctx"]["error"])
        return f"{given.where(loc)}: {dotted(loc)}: {why}" if loc else f"{given.where(_key_in(why))}: {why}"
    if error["type"] in ("model_type", "dict_type"):
        block = f"this is a block of keys, such as {_EXAMPLES.get(str(loc[0]), '')}"
        return f"{given.where(loc)}: {dotted(loc)}: {block} ({short(error['input'])} given)"
    return key_fault(error, given, loc, _known_keys)


def _key_in(why: str) -> tuple[str, ...]:
    """The place that a sentence begins with: `search: ppo.rate: ...` is of the key ppo.rate of the block search."""
    head, _, rest = why.partition(": ")
    return head, rest.partition(":")[0]


def _known_keys(loc: tuple[str | int, ...]) -> list[str]:
    """The keys of a block of a search file."""
    blocks: dict[str, type[BaseModel]] = {"towns": TuningTowns, "search": Dimension}
    return list(blocks[str(loc[0])].model_fields if loc else Search.model_fields)


__all__ = [
    "Dimension",
    "Search",
    "TuningTowns",
    "Value",
    "changed",
    "is_whole",
    "kind_of",
    "require_possible",
    "search_of",
    "searched_keys",
    "shipped_searches",
    "value_of",
]
