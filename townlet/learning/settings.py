"""Reads a training file: which town, how long, which network, and every number of the learner."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, JsonValue, ValidationError, model_validator

from projections.settings import Model
from townlet.configuration.faults import Given, key_fault, refusal
from townlet.configuration.load import configs_folder, given_file
from townlet.configuration.stages import SocialStages
from townlet.errors import ConfigurationError
from townlet.yaml_text import read_yaml

DAY: Final = 1440
"""Ticks of a day of a town in training."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Worth = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class NetworkSettings(Model):
    """The network of the policy."""

    kind: Literal["mlp", "cnn", "lstm"] = Field(
        "mlp", description="of numbers alone; with convolutions of the map; with a memory that steps by decision"
    )
    hidden: Annotated[int, Field(ge=8, le=1024, multiple_of=8)] = Field(
        128, description="units of each of the two hidden layers; of an lstm, of its one and of its memory"
    )
    sequence: Annotated[int, Field(ge=1, le=1024)] = Field(
        32, description="the most decisions of a person through which an lstm is learned at once"
    )


class PPOSettings(Model):
    """The learner: clipped PPO over decisions, in CleanRL's conventions."""

    rate: Positive = Field(1e-3, description="Adam's learning rate at the first update")
    anneal: bool = Field(True, description="the rate falls in a straight line to 0 at the last update")
    adam_epsilon: Positive = Field(1e-5, description="Adam's epsilon")
    minibatch: Annotated[int, Field(ge=8, le=1_000_000)] = Field(
        1024, description="decisions of a gradient step, about"
    )
    epochs: Annotated[int, Field(ge=1, le=100)] = Field(4, description="passes over the decisions of an update")
    clip: Positive = Field(0.2, description="the probability ratio is clipped to 1 - this and 1 + this")
    value: Worth = Field(0.5, description="weight of the value's squared error")
    entropy: Worth = Field(0.01, description="weight of the entropy")
    gae: Share = Field(0.95, description="lambda of generalised advantage estimation, once a decision")
    gradient_norm: Positive = Field(0.5, description="gradients are scaled down to this norm")


class CloningSettings(Model):
    """Behaviour cloning of the script before PPO: a quick start or, with 0 updates of PPO, a policy of its own."""

    updates: Annotated[int, Field(ge=0, le=100_000)] = Field(0, description="rollouts by the script to learn from")


class GuardSettings(Model):
    """When a training stops early, with exit code 1. Means are over the last `window` updates of one stage."""

    window: Annotated[int, Field(ge=1, le=10_000)] = Field(20, description="updates of a mean")
    grace: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        100, description="updates of PPO before exits and variance are judged: a policy begins at random"
    )
    variance_factor: Positive = Field(
        2.0, description="the variance of rewards may be so many times that of the random policy in the same stage"
    )
    exits_factor: Positive = Field(
        1.0, description="exits a person-day may be so many times those of the random policy"
    )
    kl_most: Positive = Field(0.2, description="approximate KL divergence of an update")
    gradient_norm_most: Positive = Field(100.0, description="gradient norm before it is scaled down")


class Training(Model):
    """A training file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=60)] = Field(
        "town", description="names the run's folder"
    )
    config: str = Field("town", description="the town: a shipped configuration's name, or a file")
    overrides: dict[str, JsonValue] = Field({}, description="dotted keys of the town's settings and their values")
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = Field(
        1, description="of the weights, of minibatches, and of towns"
    )
    first_town_seed: Annotated[int, Field(ge=0, le=2**62)] | None = Field(
        None, description="seed of the first town; left out, it is 10,000 x seed"
    )
    threads: Annotated[int, Field(ge=1, le=256)] = Field(1, description="threads of torch; results depend on it")
    towns: Annotated[int, Field(ge=1, le=4096)] = Field(64, description="towns that live beside each other")
    rollout_ticks: Annotated[int, Field(ge=15, le=14_400)] = Field(360, description="ticks of a rollout")
    life_days: Annotated[int, Field(ge=1, le=1000)] = Field(28, description="days after which a town is founded anew")
    horizon_days: Positive = Field(4.0, description="days of foresight: gamma a tick is 1 - 1 / (1440 x this)")
    updates: Annotated[int, Field(ge=0, le=10_000_000)] = Field(600, description="updates of PPO")
    control: Literal["option", "primitive"] = Field("option", description="what people are told")
    variant: Literal["compact", "full", "hybrid"] = Field(
        "compact", description="what people observe; full and hybrid have a map, for a cnn"
    )
    network: NetworkSettings = NetworkSettings()
    training: SocialStages = SocialStages()
    placebo: bool = Field(False, description="the social pay of each rollout goes to decisions drawn at random")
    ppo: PPOSettings = PPOSettings()
    cloning: CloningSettings = CloningSettings()
    guards: GuardSettings = GuardSettings()
    checkpoint_every: Annotated[int, Field(ge=1, le=1_000_000)] = Field(20, description="updates between checkpoints")
    logged_towns: Annotated[int, Field(ge=0, le=4096)] = Field(0, description="so many towns keep a log, as runs")
    tensorboard: bool = Field(True, description="also write TensorBoard's files, where it is installed")

    @model_validator(mode="after")
    def _fitting(self) -> "Training":
        if not self.updates and not self.cloning.updates:
            raise ValueError("updates: there is nothing to do without updates of PPO or of cloning")
        if self.logged_towns > self.towns:
            raise ValueError(f"logged_towns: there are {self.towns} towns ({self.logged_towns} given)")
        if self.rollout_ticks > self.life_days * DAY:
            raise ValueError(f"rollout_ticks: a life has {self.life_days * DAY} ticks ({self.rollout_ticks} given)")
        if self.cloning.updates and self.control != "option":
            raise ValueError("cloning: the script chooses options, so it cannot be cloned under primitive control")
        if self.placebo and all(stage == "OFF" for _, stage in self.training.spans()):
            raise ValueError("placebo: it needs a stage that pays, such as training.social_reward_stage: C1")
        self._require_fitting_network()
        return self

    def _require_fitting_network(self) -> None:
        kind, default = self.network.kind, NetworkSettings()
        if kind == "cnn" and self.variant == "compact":
            raise ValueError("variant: a cnn looks at the map, and compact has none: full, or hybrid")
        if kind != "cnn" and self.variant != "compact":
            raise ValueError(f"variant: only network.kind cnn sees the map of {self.variant}; for {kind}: compact")
        if kind != "lstm" and self.network.sequence != default.sequence:
            raise ValueError(f"network.sequence: only an lstm learns sequences, and network.kind is {kind}")
        if kind == "lstm" and self.cloning.updates:
            raise ValueError("cloning: an lstm is not cloned; set cloning.updates: 0, or network.kind: mlp or cnn")

    @property
    def gamma(self) -> float:
        """The discount a tick."""
        return 1.0 - 1.0 / (self.horizon_days * DAY)

    @property
    def first_seed(self) -> int:
        """The seed of the first town."""
        return 10_000 * self.seed if self.first_town_seed is None else self.first_town_seed

    @property
    def steps(self) -> int:
        """All updates: of cloning, then of PPO."""
        return self.cloning.updates + self.updates


def training_of(
    source: Path | str | Mapping[str, Any] = "town", overrides: Mapping[str, object] | None = None
) -> Training:
    """The training of a YAML file, of a shipped file by its name, or of a mapping; `overrides` are dotted keys.

    `overrides.KEY`, such as `overrides.rewards.social.stage`, sets a key of the town. Raises
    ConfigurationError, which lists every fault with its line, its key and the nearest name.
    """
    given = given_file(source, shipped_trainings(), "the training", "a training is a block of keys")
    tree = deepcopy(given.tree)
    faults = [fault for key, value in (overrides or {}).items() if (fault := _set(tree, key, value))]
    located = Given(given.tree, given.name, given.text, overrides=tuple(overrides or ()))
    try:
        training = Training.model_validate(tree)
    except ValidationError as error:
        faults += [_in_words(each, located) for each in error.errors()]
    if faults:
        raise refusal(given.name, faults)
    return training


def shipped_trainings() -> dict[str, Path]:
    """The shipped training files by their plain names."""
    return {file.stem: file for file in sorted((configs_folder() / "train").glob("*.yaml"))}


def digest_of(training: Training, town: str) -> str:
    """16 hex digits that name a training: its settings, and the resolved text of its town's settings.

    How often it is kept and shown changes no result, and is left out.
    """
    left_out = {"name", "checkpoint_every", "tensorboard", "config", "overrides"}
    left_out |= set() if training.placebo else {"placebo"}  # so that trainings from before it keep their names
    told = training.model_dump(mode="json", exclude=left_out)
    if training.network.kind == "mlp":  # likewise
        del told["network"]["kind"], told["network"]["sequence"]
    return sha256(json.dumps([told, town], sort_keys=True).encode()).hexdigest()[:16]


def training_keys() -> list[str]:
    """Every dotted key of a training file that one value can be given to."""
    return list(_keys(Training, ""))


def _keys(model: type[BaseModel], before: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _set(tree: dict[str, Any], key: str, value: object) -> str:
    """Set a dotted key in the content of a training file; returns the fault, or an empty text."""
    try:
        value = read_yaml(value, key) if isinstance(value, str) else deepcopy(value)
    except ConfigurationError as error:
        return str(error)
    head, _, rest = key.partition(".")
    if head == "overrides" and rest:
        towns = tree.get("overrides") or {}
        tree["overrides"] = {**towns, rest: value}
        return ""
    node, parts = tree, key.split(".")
    for part in parts[:-1]:
        inner = node.setdefault(part, {})
        if not isinstance(inner, dict):
            return f"override: {key}: {part} is no block of keys"
        node = inner
    node[parts[-1]] = value
    return ""


def _in_words(error: Any, given: Given) -> str:
    """One error of pydantic in words: where, which key, what is wrong, what is possible."""
    loc = tuple(error["loc"])
    if error["type"] == "value_error":
        fault = str(error["ctx"]["error"])
        return f"{given.where((fault.partition(':')[0],))}: {fault}"
    return key_fault(error, given, loc, _known)


def _known(loc: tuple[str | int, ...]) -> list[str]:
    """The keys of a block."""
    model: Any = Training
    for part in loc:
        model = model.model_fields[part].annotation
    return list(model.model_fields)
