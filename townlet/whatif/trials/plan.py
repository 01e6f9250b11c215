"""Reads a trial's file: the town, the moment, the arms, and the outcomes that are named beforehand."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field, JsonValue, ValidationError, model_validator

from projections.settings import Model
from townlet.configuration.faults import dotted, key_fault, refusal
from townlet.configuration.load import configs_folder, given_file
from townlet.living.commands.typed import Tick
from townlet.policies.file import Policy
from townlet.policies.guide import guide
from townlet.whatif.asked.question import SUFFIX, question_of
from townlet.whatif.paired.asking import DAYS_MOST, PAIRS_MOST

ARM: Final = r"^[A-Za-z][A-Za-z0-9_-]*$"

SEED_BLOCKS: Final = 2**62
"""The greatest first seed, so that those of all arms fit above it."""

PLAIN: Final = ("int", "constrained-int", "str", "constrained-str")
BLOCKS: Final = ("function-after[_one(), When]", "Later")
"""What pydantic calls the two forms of a moment, and of a command, in the place of an error."""

ArmName = Annotated[str, Field(pattern=ARM, max_length=40)]
Text = Annotated[str, Field(min_length=1, max_length=1_000)]


def is_none(value: object) -> bool:
    """Whether a key is not given, so that a plan without it has the digest that it had before there was such a key."""
    return value is None


class Later(Model):
    """A command that is given some ticks after the moment."""

    after: Tick = Field(description="how many ticks after the moment")
    command: Text = Field(description="the command, as --do takes it")


class Arm(Model):
    """What the towns of one arm get at the moment. An arm without anything is the control."""

    do: tuple[Text | Later, ...] = Field((), description="commands at the moment, or each `after` so many ticks")
    set: dict[str, JsonValue] = Field({}, description="settings from the moment on, by their dotted keys")
    without: Annotated[int, Field(ge=0)] | None = Field(None, description="the number of an event to hold back")
    policy: Text | None = Field(
        None, exclude_if=is_none, description="the policy by which people live from the moment on, or scripted"
    )
    share: Annotated[str, Field(max_length=9)] | None = Field(
        None, exclude_if=is_none, description="how many of them, such as 4/8; by default all"
    )
    placebo: bool = Field(False, description="whether this arm is to change nothing but the record of its commands")

    @model_validator(mode="after")
    def _whole(self) -> "Arm":
        if self.share is not None and self.policy is None:
            raise ValueError("share: a share of the people is to live by a policy, and none is given: add policy")
        if self.policy is not None and self.without is not None:
            raise ValueError("policy: another policy and an event that is held back need an arm each")
        return self

    @property
    def is_control(self) -> bool:
        """Whether nothing is done in this arm."""
        return not (self.do or self.set or self.without is not None or self.policy is not None)


class When(Model):
    """The moment as a condition, which first becomes true in the town's history."""

    sql: Text | None = Field(None, description="a query with a column tick: the moment is the tick after its first one")
    kpi: str | None = Field(None, description="a key figure of all ticks so far")
    above: float | None = Field(None, description="the key figure is above this")
    below: float | None = Field(None, description="the key figure is below this")
    from_tick: Tick = Field(1, description="the earliest moment")

    @model_validator(mode="after")
    def _one(self) -> "When":
        if (self.sql is None) == (self.kpi is None):
            raise ValueError("a moment is a tick, or the condition sql, or the condition kpi")
        if (self.kpi is not None) != (self.above is not None or self.below is not None):
            raise ValueError("a key figure is held against above or below, and a query against neither")
        if self.above is not None and self.below is not None:
            raise ValueError("a key figure is held against above or against below, not both")
        return self


class Trial(Model):
    """A trial's file."""

    question: Text = Field(description="what the trial is to find out, in a sentence")
    run: str | None = Field(None, description="the run whose history all arms share; else a town is founded")
    config: str | None = Field(None, description="the configuration of the town that is founded; none: the default one")
    seed: Annotated[int, Field(ge=0, le=2**64 - 1)] = Field(7, description="the seed of the town that is founded")
    moment: Tick | When = Field(description="the tick at which the arms part, or a condition")
    search_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        30, description="how long a founded town lives until then"
    )
    futures: Annotated[int, Field(ge=2, le=PAIRS_MOST)] = Field(100, description="towns in each arm")
    days: Annotated[int, Field(ge=1, le=DAYS_MOST)] = Field(5, description="how long they live after the moment")
    first_seed: Annotated[int, Field(ge=0, le=SEED_BLOCKS)] = Field(2_000_000, description="the first of the seeds")
    luck: Literal["same", "fresh"] = Field("same", description="same: each seed lives in every arm; fresh: in one")
    arms: dict[ArmName, Arm] = Field(min_length=2, max_length=20, description="the arms by their names")
    outcomes: tuple[Text, ...] = Field(min_length=1, max_length=50, description="what is measured at the end")

    @model_validator(mode="after")
    def _fitting(self) -> "Trial":
        controls = [name for name, arm in self.arms.items() if arm.is_control]
        if len(controls) != 1:
            raise ValueError(f"arms: exactly one has nothing and is the control, not {', '.join(controls) or 'none'}")
        if self.arms[controls[0]].placebo:
            raise ValueError(f"arms: {controls[0]} is the control; a placebo is given something, such as announce")
        if self.run is not None and self.config is not None:
            raise ValueError("run: a trial has a run, or a config and seed of a town that is founded, not both")
        if self.run is None and any(arm.without is not None for arm in self.arms.values()):
            raise ValueError("arms: an event is held back from a run, so `without` needs run")
        if self.luck == "fresh" and any(arm.placebo for arm in self.arms.values()):
            raise ValueError("luck: a placebo is held against the control town by town, which needs luck: same")
        if len(set(self.outcomes)) != len(self.outcomes):
            raise ValueError("outcomes: each is named once")
        return self

    @property
    def control(self) -> str:
        """The name of the control arm."""
        return next(name for name, arm in self.arms.items() if arm.is_control)

    @property
    def treated(self) -> dict[str, Arm]:
        """The other arms, placebos included."""
        return {name: arm for name, arm in self.arms.items() if not arm.is_control}


class Planned(NamedTuple):
    """A trial as it was read: its name, its settings, and the folder from which its files are named."""

    name: str
    settings: Trial
    folder: Path

    @property
    def policies(self) -> dict[str, Policy | None]:
        """The policies of the arms that name one, by the arm's name; None: the script. Raises PolicyError.

        A file is from the working directory, or else from the folder of the plan.
        """
        found: dict[str, Policy | None] = {}
        for name, arm in self.settings.arms.items():
            if arm.policy is not None:
                beside = self.folder / arm.policy
                by = guide(beside if beside.is_file() and not Path(arm.policy).exists() else arm.policy, arm.share)
                found[name] = None if by is None else by.policy
        return found

    @property
    def digest(self) -> str:
        """The digest of the plan: of its settings, and of the text of its queries and the weights of its policies.

        Raises QueryError, PolicyError.
        """
        queries = {
            outcome: question_of(outcome, self.folder).sql
            for outcome in self.settings.outcomes
            if outcome.endswith(SUFFIX)
        }
        content: dict[str, Any] = {"trial": self.settings.model_dump(mode="json"), "queries": queries}
        if policies := self.policies:
            content["policies"] = {name: "" if by is None else by.digest for name, by in policies.items()}
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def planned(source: Path | str | dict[str, Any] | Planned) -> Planned:
    """The trial of a YAML file, of a shipped one by its name, or of a mapping; or one that was read already.

    Raises ConfigurationError.
    """
    if isinstance(source, Planned):
        return source
    shipped = shipped_trials()
    given = given_file(source, shipped, "the trial", "a trial is a block of keys")
    try:
        settings = Trial.model_validate(given.tree)
    except ValidationError as error:
        faults = (_in_words(each, given) for each in error.errors() if not _is_other_form(each))
        raise refusal(given.name, list(dict.fromkeys(faults))) from error
    if isinstance(source, dict):
        return Planned("trial", settings, Path())
    file = shipped.get(str(source), Path(source))
    return Planned(file.stem, settings, file.parent)


def shipped_trials() -> dict[str, Path]:
    """The shipped trials by their plain names."""
    return {file.stem: file for file in sorted((configs_folder() / "trials").glob("*.yaml"))}


def _is_other_form(error: Any) -> bool:
    """Whether an error says only that a value has not the other form that its key can have: a plain one, or a block."""
    if isinstance(error["input"], dict):
        return any(part in PLAIN for part in error["loc"])
    return error["type"] == "model_type" and any(part in BLOCKS for part in error["loc"])


def _in_words(error: Any, given: Any) -> str:
    """One error of pydantic in words."""
    loc = tuple(part for part in error["loc"] if part not in (*PLAIN, *BLOCKS))
    if error["type"] == "value_error":
        key = f"{dotted(loc)}: " if loc else ""
        return f"{given.name}: {key}{error['ctx']['error']}"
    return key_fault(error, given, loc, _keys)


def _keys(loc: tuple[Any, ...]) -> list[str]:
    """The keys of a block of the file."""
    if not loc:
        return list(Trial.model_fields)
    if loc[0] == "moment":
        return list(When.model_fields)
    return list(Arm.model_fields if len(loc) == 2 else Later.model_fields)
