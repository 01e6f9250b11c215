"""Reads the files of `configs/facts`: what is taken out of a town, and the ranges that a screen covers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, JsonValue, StrictInt, ValidationError, model_validator

from projections.settings import Model
from projections.spelling import proposal
from townlet.configuration.faults import Given, dotted, refusal, short
from townlet.configuration.load import configs_folder, given_file


class Ablation(Model):
    """What is taken out of the town, by the settings that take it out."""

    what: Annotated[str, Field(min_length=1, description="what the town then does without")]
    set: Annotated[dict[str, JsonValue], Field(min_length=1, description="dotted keys and their values")]


class Ablations(Model):
    """A file of ablations, each under its name."""

    ablations: Annotated[dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Ablation], Field(min_length=1)]


Bound = Annotated[float, Field(allow_inf_nan=False)]


class Screen(Model):
    """A file of ranges: the least and the most of each dotted key. Two whole numbers mean a setting that is whole."""

    settings: Annotated[dict[str, tuple[StrictInt, StrictInt] | tuple[Bound, Bound]], Field(min_length=2)]

    @model_validator(mode="after")
    def _rising(self) -> "Screen":
        for key, (least, most) in self.settings.items():
            if not least < most:
                raise ValueError(f"settings.{key}: a range goes from its least to its most ({least:g}, {most:g} given)")
        return self


def ablations_of(source: Path | str | Mapping[str, Any]) -> dict[str, Ablation]:
    """The ablations of a YAML file, of a shipped file by its name, or of a mapping. Raises ConfigurationError."""
    return dict(_read(Ablations, source).ablations)


def ranges_of(source: Path | str | Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """The ranges of a screen by dotted key, from a file or a mapping as above; ints for a setting that is whole."""
    return dict(_read(Screen, source).settings)


def shipped_plans() -> dict[str, Path]:
    """The shipped files by their plain names."""
    return {file.stem: file for file in sorted((configs_folder() / "facts").glob("*.yaml"))}


def _read(model: Any, source: Path | str | Mapping[str, Any]) -> Any:
    """A file or a mapping as this model. Raises ConfigurationError, which lists every fault with its line and key."""
    given = given_file(source, shipped_plans(), "the plan", "a block of keys is needed")
    try:
        return model.model_validate(given.tree)
    except ValidationError as error:
        raise refusal(given.name, [_in_words(model, each, given) for each in error.errors()]) from error


def _in_words(model: Any, error: Any, given: Given) -> str:
    """One error of pydantic in words: where, which key, what is wrong, what is possible."""
    loc = tuple(part for part in error["loc"] if not (isinstance(part, str) and part.startswith(("tuple[", "[key]"))))
    head = f"{given.where(loc)}: {dotted(loc)}"
    if error["type"] == "value_error":
        fault = str(error["ctx"]["error"])
        return f"{given.where(tuple(fault.partition(': ')[0].split('.', 1)))}: {fault}"
    if error["type"] == "extra_forbidden":
        known = list(model.model_fields if len(loc) == 1 else Ablation.model_fields)
        return f"{head}: there is no such key; {proposal(str(loc[-1]), known, 1)}"
    if error["type"] == "missing":
        return f"{head}: this key is missing"
    return f"{head}: {error['msg'][0].lower()}{error['msg'][1:]} ({short(error['input'])} given)"


__all__ = ["Ablation", "ablations_of", "ranges_of", "shipped_plans"]
