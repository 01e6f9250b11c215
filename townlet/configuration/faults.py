"""Finds and words every fault of settings at once: where it is, which key, what was given, what is possible."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from projections.spelling import proposal, proposed
from townlet.configuration.keys import Loc, describe, kind_at
from townlet.configuration.settings import Settings
from townlet.configuration.upcasting import newer_key
from townlet.errors import ConfigurationError

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

ROOMIEST = {"people": 1000, "capacity": "large", "ticks_per_day": 14400, "units": "ticks"}
"""A town for which nothing else is too large: it stands in for one with faults."""


@dataclass(frozen=True)
class Given:
    """Settings as a user gave them: `tree` is their content; `name` and `text` are of the file, if there is one."""

    tree: dict[str, Any]
    name: str = "settings"
    text: str = ""
    folder: Path = Path()
    overrides: Collection[str] = ()

    def where(self, loc: Loc) -> str:
        """Where a key was given: an override, or file and line (of the block around it if the key is missing)."""
        key = dotted(loc)
        if any(f"{key}.".startswith(f"{one}.") for one in self.overrides):
            return "override"
        line = _line_of(self.text, loc) if self.text else 0
        return f"{self.name}:{line}" if line else self.name


def validated(tree: Mapping[str, Any], given: Given) -> tuple[list[str], dict[str, Any]]:
    """Every fault of whole settings: of single keys, then of keys that do not fit each other, then of names.

    Also the settings in which keys with a fault have a value that fits, by which the second are found while there are
    the first.
    """
    faults: list[str] = []
    mended: list[str] = []
    fitting: dict[str, Any] = json.loads(json.dumps(tree, default=str))
    for _ in ("single keys", "keys together"):
        try:
            Settings.model_validate_json(json.dumps(fitting), strict=True)
            break
        except ValidationError as error:
            errors = error.errors()
        told = [line for one in errors for line in in_words(one, given)]
        faults += [line for line in told if not any(f": {key}" in line for key in mended)]
        mended += [_mend(fitting, one["loc"]) for one in errors if one["loc"]]
        if not mended:
            break
    faults += [f"{given.where(loc)}: {dotted(loc)}: {why}" for loc, why in _name_faults(fitting["people_names"])]
    faults += [f"{given.where(loc)}: {dotted(loc)}: {why}" for loc, why in _unprintable(fitting)]
    return faults, fitting


def refusal(name: str, faults: Sequence[str]) -> ConfigurationError:
    """One error that lists all faults."""
    many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return ConfigurationError(f"{name} has {many}:" + "".join(f"\n  {fault}" for fault in faults))


def in_words(error: Any, given: Given) -> Iterator[str]:
    """One finding of pydantic as `file:line: key: what is wrong (value given), what is possible, the nearest name`."""
    loc: Loc = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "value_error":
        for fault in str(error["ctx"]["error"]).split("; "):
            yield f"{given.where(tuple(fault.partition(': ')[0].split('.')))}: {fault}"
        return
    head, value, kind = f"{given.where(loc)}: {dotted(loc)}", short(error["input"]), kind_at(loc)
    if error["type"] == "extra_forbidden":
        yield f"{head}: there is no such key ({value} given){nearest_key(loc, kind_at(loc[:-1]).names)}"
    elif error["type"] == "missing":
        yield f"{head}: this key is missing, it must be {kind.range}"
    elif kind.type is None:
        yield f"{head}: {error['msg']} ({value} given)"
    else:
        near = proposed(error["input"], kind.names) if isinstance(error["input"], str) else ""
        yield f"{head}: cannot be this ({value} given), possible is {kind.range}{near}"


def key_fault(error: Any, given: Given, loc: Loc, known: Callable[[Loc], Sequence[str]]) -> str:
    """One finding of pydantic about the key `loc` of a file of its own; `known` gives the keys of a block."""
    head, value = f"{given.where(loc)}: {dotted(loc)}", short(error["input"])
    if error["type"] == "extra_forbidden":
        return f"{head}: there is no such key ({value} given); {proposal(str(loc[-1]), known(loc[:-1]), 1)}"
    return f"{head}: {error['msg'][0].lower()}{error['msg'][1:]} ({value} given)"


def nearest_key(loc: Loc, known: Sequence[str]) -> str:
    """The present name of a key that was renamed, else the nearest key of the same block, else keys of that name
    elsewhere, else the keys of the block."""
    if newer := newer_key(dotted(loc)):
        return f"; it is called {newer} now{', and counts in minutes' if newer.endswith('minutes') else ''}"
    if near := proposed(str(loc[-1]), known):
        return near
    keys = [one.key for one in describe()]
    elsewhere = [key for key in keys if key.endswith(f".{dotted(loc)}")]
    if elsewhere:
        return f"; did you mean {' or '.join(elsewhere[:3])}?"
    return f"; keys here are {', '.join(known)}" if known else "; no keys are possible here"


def short(value: object) -> str:
    """A value as a user writes it, in at most 60 characters."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def dotted(loc: Iterable[str | int]) -> str:
    """A place as one key: relationships.deltas.shared_meal.trust."""
    return ".".join(str(part) for part in loc)


def _line_of(text: str, loc: Loc) -> int:
    """The line, from 1, of a key, or of the innermost block around it that is there; 0 for none."""
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    node: Node | None = YAML().compose(text)
    line = 0
    for part in loc:
        found: list[tuple[int, Node]] = []
        if isinstance(node, MappingNode):
            found = [(key.start_mark.line, value) for key, value in node.value if key.value == str(part)]
        elif isinstance(node, SequenceNode) and str(part).isdecimal():
            found = [(one.start_mark.line, one) for one in node.value[int(part) : int(part) + 1]]
        if not found:
            break
        line, node = found[-1][0] + 1, found[-1][1]
    return line


def _mend(tree: dict[str, Any], loc: Loc) -> str:
    """Replaces a faulty value by one that fits, or removes an unknown key; returns the dotted key that was replaced."""
    if loc[0] == "town":
        tree["town"] = dict(ROOMIEST)
        return "town"
    node: dict[str, Any] = tree
    block: BaseModel = Settings()
    for depth, name in enumerate(str(part) for part in loc):
        default = getattr(block, name) if name in type(block).model_fields else None
        if isinstance(default, BaseModel) and isinstance(node.get(name), dict):
            node, block = node[name], default
            continue
        if name in type(block).model_fields:
            node[name] = block.model_dump(mode="json")[name]
        else:
            node.pop(name, None)
        return dotted(loc[: depth + 1])
    return dotted(loc)


def _unprintable(fitting: Mapping[str, Any]) -> Iterator[tuple[Loc, str]]:
    """The names of people, jobs and affordances that have characters which cannot be printed, or nothing else."""
    people = fitting["people_names"]
    named: list[tuple[Loc, object]] = [(("people_names", n), name) for n, name in enumerate(people) if name.strip()]
    named += [(("work", "jobs", n, "name"), job.get("name")) for n, job in enumerate(fitting["work"]["jobs"])]
    named += [(("affordances", name), name) for name in fitting["affordances"]]
    for loc, name in named:
        if isinstance(name, str) and (why := unprintable(name)):
            yield loc, why


def unprintable(name: str) -> str:
    """Why a name cannot be printed, or an empty text."""
    if not name.strip():
        return f"a name is more than blanks ({name!r} given)"
    return "" if name.isprintable() else f"a name has only characters that can be printed ({name!r} given)"


def _name_faults(names: Sequence[str]) -> Iterator[tuple[Loc, str]]:
    """The faults of people's names: a name given twice, or one that a later person would get."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            yield ("people_names", place), f"{name!r} is given twice, and a name is one person's for ever"
        elif not name or name != name.strip() or name.rpartition("_")[2].isdecimal():
            yield (
                ("people_names", place),
                f"a name has no space around it and no number at its end ({name!r} given)",
            )
        seen.add(name)
