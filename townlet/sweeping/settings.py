"""Reads a sweep's file: the town, the seeds, the design, the parameters that it varies, and what is measured."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Discriminator, Field, JsonValue, Tag, ValidationError, field_validator, model_validator

from projections.settings import Model
from projections.spelling import proposal
from townlet.configuration.faults import Given, dotted, refusal, short
from townlet.configuration.load import configs_folder, given_file

POINTS_MOST: Final = 100_000
SEEDS_MOST: Final = 10_000
DAYS_MOST: Final = 3650

NAME: Final = r"^[a-z][a-z0-9_]*$"
"""What a figure of one's own may be called."""

Bound = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=POINTS_MOST, strict=True)]
DesignSeed = Annotated[int, Field(ge=0, le=2**32 - 1, strict=True)]
Scalar = JsonValue


class Range(Model):
    """A parameter that takes any value from its least to its most."""

    least: Bound = Field(description="the least value")
    most: Bound = Field(description="the most")
    kind: Literal["float", "int", "log"] = Field(
        "float", description="int: whole numbers, both ends included; log: evenly on a scale of ratios"
    )
    levels: Annotated[int, Field(ge=2, le=1000, strict=True)] | None = Field(
        None, description="in a grid: so many values, evenly from the least to the most"
    )

    @model_validator(mode="after")
    def _rising(self) -> "Range":
        if not self.least < self.most:
            raise ValueError(f"a range goes from its least to its most ({self.least:g}, {self.most:g} given)")
        if self.kind == "log" and self.least <= 0.0:
            raise ValueError(f"a log range has a least value above 0 ({self.least:g} given)")
        if self.kind == "int" and not (self.least.is_integer() and self.most.is_integer()):
            raise ValueError(f"an int range has whole ends ({self.least:g}, {self.most:g} given)")
        return self


def _sort_of_parameter(value: Any) -> str:
    return "values" if isinstance(value, list | tuple) else "range"


Parameter = Annotated[
    Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=1000), Tag("values")] | Annotated[Range, Tag("range")],
    Discriminator(_sort_of_parameter),
]


class Grid(Model):
    """Every combination of the parameters' values."""

    kind: Literal["grid"]


class Listed(Model):
    """Points that are written down one by one."""

    kind: Literal["list"]
    points: tuple[dict[str, JsonValue], ...] = Field(min_length=1, max_length=POINTS_MOST)


class Hypercube(Model):
    """A Latin hypercube: so many points, of which each parameter has one in every equal part of its range."""

    kind: Literal["latin_hypercube"]
    points: Count
    seed: DesignSeed = Field(1, description="the seed of the design; it has nothing to do with those of the towns")


class Sobol(Model):
    """A scrambled Sobol sequence; with `indices` the points that sensitivity indices need: (k + 2) times as many."""

    kind: Literal["sobol"]
    points: Count = Field(description="a power of 2")
    seed: DesignSeed = Field(1, description="the seed of the design; it has nothing to do with those of the towns")
    indices: bool = Field(False, description="whether Sobol's sensitivity indices are estimated")

    @field_validator("points")
    @classmethod
    def _power(cls, points: int) -> int:
        if points & (points - 1):
            lower = 1 << (points.bit_length() - 1)
            raise ValueError(f"a Sobol sequence is even at powers of 2: {lower} or {2 * lower} ({points} given)")
        return points


Design = Annotated[Grid | Listed | Hypercube | Sobol, Field(discriminator="kind")]


class Asked(Model):
    """A figure of one's own, in SQL: one number, or rows `tick, part, whole` as a key figure gives."""

    name: Annotated[str, Field(pattern=NAME, max_length=60)]
    sql: Annotated[str, Field(min_length=1, max_length=20_000)]


class Sweep(Model):
    """A sweep's file."""

    question: Annotated[str, Field(max_length=1000)] = Field("", description="what the sweep is to find out")
    config: str | None = Field(None, description="the town: a YAML file or a shipped name; none: the default one")
    set: dict[str, JsonValue] = Field({}, description="settings that all towns have, by their dotted keys")
    days: Annotated[int, Field(ge=1, le=DAYS_MOST, strict=True)] = Field(10, description="how long each town lives")
    seeds: tuple[Annotated[int, Field(ge=0, le=2**64 - 1)], ...] = Field(
        min_length=1, max_length=SEEDS_MOST, description="20: seeds 1 to 20; or 9001-9020; or a list"
    )
    design: Design = Field(description="grid, list, latin_hypercube or sobol")
    parameters: dict[str, Parameter] = Field({}, description="dotted keys, each with its values or its range")
    figures: tuple[str | Asked, ...] = Field(
        min_length=1, max_length=100, description="what is measured: names, files of SQL, or name and sql"
    )

    @field_validator("seeds", mode="before")
    @classmethod
    def _seeds(cls, value: Any) -> Any:
        found = re.fullmatch(r"(?:(\d{1,20})-)?(\d{1,20})", str(value).strip())
        if not found or isinstance(value, bool):
            return value
        first, last = int(found[1] or 1), int(found[2])
        if not first <= last < first + SEEDS_MOST:
            raise ValueError(f"from 1 to {SEEDS_MOST:,} seeds, such as 20 or 9001-9020 ({value} given)")
        return tuple(range(first, last + 1))

    @model_validator(mode="after")
    def _fitting(self) -> "Sweep":
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: one is there twice; each town counts once")
        if isinstance(self.design, Listed):
            if self.parameters:
                raise ValueError("parameters: a list has its values in its points: leave out one of them")
        elif not self.parameters:
            raise ValueError("parameters: there are none to vary. Next: a dotted key with its values, or its range")
        both = sorted(set(self.parameters) & set(self.set))
        if both:
            raise ValueError(f"set: {both[0]} is varied as well; leave it out here")
        if isinstance(self.design, Grid):
            for key, one in self.parameters.items():
                if isinstance(one, Range) and one.levels is None:
                    raise ValueError(f"parameters.{key}: in a grid a range has levels, such as levels: 3")
        names = [one if isinstance(one, str) else one.name for one in self.figures]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"figures: {twice!r} is there twice; each is named once")
        return self


class Planned(NamedTuple):
    """A sweep as it was read: its name, its settings, and the folder from which its files are named."""

    name: str
    settings: Sweep
    folder: Path


def planned(
    source: "Path | str | Mapping[str, Any] | Planned", *, seeds: Sequence[int] | None = None, days: int | None = None
) -> Planned:
    """The sweep of a YAML file, of a shipped one by its name, or of a mapping with the same keys.

    `seeds` and `days` take the place of those of the file. Raises ConfigurationError, which lists every fault.
    """
    if isinstance(source, Planned):
        tree: dict[str, Any] = source.settings.model_dump()
        given, name, folder = Given(tree, "the sweep"), source.name, source.folder
    else:
        shipped = shipped_sweeps()
        given = given_file(source, shipped, "the sweep", "a sweep is a block of keys")
        file = None if isinstance(source, Mapping) else shipped.get(str(source), Path(source))
        name, folder = ("sweep", Path()) if file is None else (file.stem, file.parent)
    changes = {"seeds": None if seeds is None else tuple(seeds), "days": days}
    tree = {**given.tree, **{key: value for key, value in changes.items() if value is not None}}
    try:
        return Planned(name, Sweep.model_validate(tree), folder)
    except ValidationError as error:
        raise refusal(given.name, [_in_words(each, given) for each in error.errors()]) from error


def shipped_sweeps() -> dict[str, Path]:
    """The shipped sweeps by their plain names."""
    return {file.stem: file for file in sorted((configs_folder() / "sweeps").glob("*.yaml"))}


KINDS: Final[Mapping[str, type[Model]]] = {"grid": Grid, "list": Listed, "latin_hypercube": Hypercube, "sobol": Sobol}


def _in_words(error: Any, given: Given) -> str:
    """One error of pydantic in words: file and line, key, what is wrong, what is possible."""
    loc = _keys_only(error["loc"], given.tree)
    head = f"{given.where(loc)}: {dotted(loc)}" if loc else given.name
    kind = error["type"]
    if kind == "value_error":
        return f"{head}: {error['ctx']['error']}"
    if kind == "extra_forbidden":
        return f"{head}: there is no such key; {proposal(str(loc[-1]), _known(loc, given.tree), 1)}"
    if kind == "missing":
        return f"{head}: this key is missing"
    if kind.startswith("union_tag"):
        wrong = error["input"].get("kind", "") if isinstance(error["input"], Mapping) else error["input"]
        return f"{head}.kind: there is no design {wrong!r}; {proposal(str(wrong), KINDS)}"
    return f"{head}: {error['msg'][0].lower()}{error['msg'][1:]} ({short(error['input'])} given)"


def _keys_only(loc: tuple[str | int, ...], tree: Any) -> tuple[str | int, ...]:
    """The keys of a place: pydantic puts the names of kinds among them."""
    found: list[str | int] = []
    node: Any = tree
    for place, part in enumerate(loc):
        there = isinstance(node, Mapping) and part in node
        listed = isinstance(node, list | tuple) and isinstance(part, int) and part < len(node)
        if there or listed:
            node = node[part]
            found.append(part)
        elif place == len(loc) - 1 and part not in ("values", "range", "str", "Asked", *KINDS):
            found.append(part)
    return tuple(found)


def _known(loc: tuple[str | int, ...], tree: Any) -> list[str]:
    """The keys of the block in which a wrong key stands."""
    if len(loc) == 1:
        return list(Sweep.model_fields)
    if loc[0] == "design":
        return list(KINDS[tree["design"]["kind"]].model_fields)
    return list((Range if loc[0] == "parameters" else Asked).model_fields)


__all__ = [
    "Asked", "Design", "Grid", "Hypercube", "Listed", "Planned", "Range", "Sobol", "Sweep", "planned", "shipped_sweeps",
]  # fmt: skip
