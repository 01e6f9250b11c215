"""Loads settings from YAML into a form that needs no other file, named by its digest; or lists all faults at once."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePath, PureWindowsPath
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from projections.record.state import CLASSES, LARGE
from projections.spelling import proposed
from townlet.configuration.faults import Given, dotted, in_words, nearest_key, refusal, short, unprintable, validated
from townlet.configuration.fitting import misfits
from townlet.configuration.founding import founding_doubts, founding_faults
from townlet.configuration.keys import Key, describe, kind_at, schema
from townlet.configuration.settings import Settings, Town
from townlet.configuration.upcasting import present, present_text
from townlet.errors import ConfigurationError, MapError
from townlet.world import atlas
from townlet.world.drawing import MapPlan
from townlet.world.pockets import pocket_faults
from townlet.yaml_text import read_yaml, require_shallow

__all__ = [
    "Key",
    "Resolved",
    "configs_folder",
    "describe",
    "first_names",
    "from_text",
    "from_yaml",
    "load",
    "names_table",
    "person_name",
    "person_number",
    "schema",
]

Source = Path | str | Mapping[str, Any] | Settings | None
NONE: Mapping[str, object] = MappingProxyType({})
MAP = ("town", "map")


@dataclass(frozen=True)
class Resolved:
    """Settings that need no other file: `text` is their JSON, `config_id` the first 16 hex digits of its sha256.

    Settings that mean the same have the same text: keys stand in the order of their models, except the rows of
    `affordances`, which keep their own, since it gives the codes.
    """

    settings: Settings
    text: str
    config_id: str

    def doubts(self) -> list[str]:
        """What the town will lack though it can be founded, such as work for everybody; a sentence for each."""
        return founding_doubts(self.settings)


def load(source: Source = None, overrides: Mapping[str, object] = NONE, *, founded: bool = False) -> Resolved:
    """The settings of a YAML file, of a shipped configuration's name, or of a mapping; for None of the default town.

    A name without separator and .yaml is a shipped one, else a file. A block that is given in part keeps the rest of
    its defaults; lists, and the table of affordances, replace theirs. `overrides` are dotted keys, set last; texts
    among their values are read as YAML. A map's file is relative to the configuration's, in overrides and mappings to
    the working directory. With `founded`, settings with which no town can be founded are refused, too; the settings of
    a town that has lived need not pass that. Raises ConfigurationError with every fault, each by file, line and key;
    MapError where only the map has faults.
    """
    require_shallow(overrides, "overrides")
    flat = dict(_flat(overrides, ()))
    given = _given(source, tuple(flat))
    told = given.tree
    if "version" in told:
        told = present(told, told["version"], given.where(("version",)))
    tree = _over(Settings(), told)
    faults = [f"override: {fault}" for key, value in flat.items() if (fault := _set(tree, key, value))]
    try:
        json.dumps(tree, default=str)
    except ValueError as error:
        raise ConfigurationError(f"{given.name}: a value holds itself, through a YAML alias") from error
    found, fitting = validated(tree, given)
    faults += found
    blocks = {key.partition(".")[0] for key in flat} if isinstance(source, Settings) else Settings.model_fields
    faults += [f"{given.where(loc)}: {dotted(loc)}: {why}" for loc, why in misfits(tree, blocks)]
    content: dict[str, Any] = {}
    try:
        content = _map_of(tree, given)
    except MapError as error:
        if not faults:
            raise
        faults += [f"the map {tree['town']['map']!r}: {fault}" for fault in error.faults]
    except ConfigurationError as error:
        faults.append(str(error))
    if founded and content:
        faults += _founding_faults(fitting, content, given, tuple(faults))
    if faults:
        raise refusal(given.name, faults)
    tree["town"]["map"], tree["map_content"] = _plain_name(tree["town"]["map"]), content
    tree["people_names"] = tree["people_names"] or _shipped_names()
    settings = Settings.model_validate_json(json.dumps(tree), strict=True)
    text = settings.model_dump_json()
    return Resolved(settings, text, config_id_of(text))


def from_text(text: str, origin: str = "the run's settings") -> Resolved:
    """Resolved settings from the `text` that their run keeps; their `config_id` is the one they were written with.

    A text of an older version stays as it is, and means what it meant: keys that came later are filled in as
    `upcasting` says. Raises ConfigurationError, which begins with `origin`.
    """
    try:
        settings = Settings.model_validate_json(present_text(text, origin), strict=True)
    except ValidationError as error:
        given = Given({}, name=origin)
        raise refusal(origin, [line for one in error.errors() for line in in_words(one, given)]) from error
    return Resolved(settings, text, config_id_of(text))


def configs_folder() -> Path:
    """The folder of the shipped configurations: inside the package in a wheel, at the repository's root otherwise."""
    package = Path(__file__).resolve().parents[1]
    return package / "configs" if (package / "configs").is_dir() else package.parent / "configs"


def shipped_configurations() -> dict[str, Path]:
    """The files of the shipped configurations, by name."""
    return _shipped("*.yaml") | _shipped("scenarios/*.yaml")


def given_file(source: Path | str | Mapping[str, Any], shipped: Mapping[str, Path], what: str, needed: str) -> Given:
    """A YAML file that is no configuration, one of `shipped` by its name, or a mapping, as it was given.

    Raises ConfigurationError if the file cannot be read or holds no block of keys; `what` says in words what is read,
    and `needed` what it has to be.
    """
    if isinstance(source, Mapping):
        return Given(dict(source), what)
    file = shipped.get(str(source), Path(source))
    name = file.relative_to(configs_folder().parent).as_posix() if file in shipped.values() else str(source)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "it is not text in UTF-8").lower()
        known = f"shipped are {', '.join(shipped)}{proposed(file.stem, shipped)}"
        raise ConfigurationError(f"{name}: {what} cannot be read: {reason}; {known}") from error
    content = read_yaml(text, name)
    if not isinstance(content, Mapping):
        raise ConfigurationError(f"{name}:1: {needed} ({short(content)} given)")
    return Given(dict(content), name, text)


def from_yaml(file: Path, where: str) -> Any:
    """The content of a YAML file other than settings; messages call it `where`. Raises ConfigurationError."""
    return read_yaml(_text_of(file, where, ()), where)


def person_name(settings: Settings, person: int) -> str:
    """The name of a person by number; it never changes: the list's names, then alice_2, bob_2, ..., alice_3, ..."""
    if person < 0:
        raise ValueError(f"{person} is nobody's number: persons count from 0")
    names = first_names(settings)
    turn, place = divmod(person, len(names))
    return names[place] if turn == 0 else f"{names[place]}_{turn + 1}"


def person_number(settings: Settings, name: str) -> int | None:
    """The number of the person who has, or would have, this name; None if no person can have it."""
    names = first_names(settings)
    first, _, turn = name.rpartition("_")
    if name in names:
        return names.index(name)
    if first in names and turn.isdecimal() and int(turn) > 1:
        return (int(turn) - 1) * len(names) + names.index(first)
    return None


def first_names(settings: Settings) -> tuple[str, ...]:
    """The names that the first people have, by number."""
    return settings.people_names or _shipped_names()


def names_table(settings: Settings, persons: Sequence[int] | np.ndarray) -> np.ndarray:
    """The names of many persons: an array of objects of the same shape, None for -1, which is nobody."""
    numbers, places = np.unique(np.asarray(persons, dtype="i8"), return_inverse=True)
    names = [None if number < 0 else person_name(settings, int(number)) for number in numbers]
    return np.array(names, dtype=object)[places].reshape(np.shape(persons))


def _given(source: Source, overrides: tuple[str, ...]) -> Given:
    """The content of a source, with the file's text if it is one."""
    if isinstance(source, Settings):
        return Given(source.model_dump(mode="json"), overrides=overrides)
    if isinstance(source, Mapping):
        require_shallow(source, "settings")
        return Given(_plain(source), overrides=overrides)
    shipped = shipped_configurations()
    file = _file_of("town" if source is None else source, shipped, Path())
    name = file.relative_to(configs_folder().parent).as_posix() if file in shipped.values() else str(source)
    text = _text_of(file, name, shipped)
    content = read_yaml(text, name)
    if not isinstance(content, Mapping | None):
        raise ConfigurationError(f"{name}:1: settings are a block of keys ({short(content)} given)")
    return Given(dict(content or {}), name, text, file.parent, overrides)


def _shipped(pattern: str) -> dict[str, Path]:
    """Shipped files by their plain names."""
    return {file.stem: file for file in sorted(configs_folder().glob(pattern))}


@cache
def _shipped_names() -> tuple[str, ...]:
    return tuple((configs_folder() / "names.txt").read_text(encoding="utf-8").split())


def _plain_name(name: str) -> str:
    """A file's name without folders and .yaml, on any system."""
    return PureWindowsPath(name).name.removesuffix(".yaml").removesuffix(".yml")


def _file_of(name: Path | str, shipped: Mapping[str, Path], folder: Path) -> Path:
    """A shipped file by its plain name, else a file relative to `folder`."""
    plain = str(name) == _plain_name(str(name))
    return shipped.get(str(name), folder / name) if plain else folder / name


def _text_of(file: Path, where: str, shipped: Collection[str]) -> str:
    """A file's text, or a ConfigurationError that names the nearest shipped one."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        names = f"; shipped are {', '.join(sorted(shipped))}{proposed(file.stem, shipped)}" if shipped else ""
        raise ConfigurationError(f"{where}: the file cannot be read: {reason.lower()}{names}") from error


def _plain(value: Any) -> Any:
    """A value from Python as YAML would give it: numbers and arrays of NumPy, paths, tuples, mappings of any kind."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, PurePath) else value


def _over(block: BaseModel, given: Mapping[Any, Any]) -> dict[str, Any]:
    """A block's keys as given, with defaults for the rest; an empty block is the default block."""
    tree: dict[str, Any] = block.model_dump(mode="json")
    for key, value in given.items():
        default = getattr(block, key) if key in type(block).model_fields else None
        if not isinstance(default, BaseModel):
            tree[str(key)] = deepcopy(value)
        elif value is not None:
            tree[key] = _over(default, value) if isinstance(value, Mapping) else value
    return tree


def _flat(overrides: Mapping[str, object], before: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    """Overrides as single keys, so that a block given in part keeps its other values."""
    for key, value in overrides.items():
        loc = (*before, *str(key).split("."))
        if isinstance(value, Mapping) and kind_at(loc).is_block and loc[0] != "affordances":
            yield from _flat(value, loc)
        else:
            yield dotted(loc), value


def _set(tree: dict[str, Any], key: str, value: object) -> str:
    """Sets a dotted key in whole settings; returns the fault, or None."""
    loc = key.split(".")
    try:
        value = read_yaml(str(value), key) if isinstance(value, str) else deepcopy(_plain(value))
    except ConfigurationError as error:
        return str(error)
    node: Any = tree
    for depth, part in enumerate(loc, start=1):
        step: Any = int(part) if isinstance(node, list) and part.isdecimal() else part
        there = step < len(node) if isinstance(step, int) else isinstance(node, dict) and step in node
        if not there and not (isinstance(node, dict) and _may_be_new(loc, depth)):
            known = list(node) if isinstance(node, dict) else []
            return f"{key}: there is no such key ({short(value)} given){nearest_key(tuple(loc[:depth]), known)}"
        old = node[step] if there else None
        if depth < len(loc):
            node[step] = {} if old is None else old
        elif isinstance(old, dict) and isinstance(value, Mapping) and kind_at(tuple(loc)).is_block:
            node[step] = {**old, **value}
        else:
            node[step] = value
        node = node[step]
    return ""


def _founding_faults(
    fitting: Mapping[str, Any], content: Mapping[str, Any], given: Given, told: Sequence[str]
) -> Iterator[str]:
    """Why no town can be founded, by file, line and key; not for blocks of which a fault is told already."""
    try:
        settings = Settings.model_validate_json(
            json.dumps({**fitting, "map_content": content, "people_names": fitting["people_names"] or _shipped_names()})
        )
        found = founding_faults(settings, _shipped("maps/*.yaml"))
    except (ValidationError, MapError):
        return  # what is told already keeps a town from being imagined
    for fault in found:
        loc = tuple(fault.partition(": ")[0].split("."))
        if not any(f": {loc[0]}." in line or f": {loc[0]}:" in line for line in told):
            yield f"{given.where(loc)}: {fault}"


def _may_be_new(loc: Sequence[str], depth: int) -> bool:
    """Whether the key at this depth may be set where it is not there: a whole affordance, or what one leaves out."""
    return loc[0] == "affordances" and (depth > 2 or depth == len(loc))


def _map_of(tree: Mapping[str, Any], given: Given) -> dict[str, Any]:
    """The map's content: read if needed, checked, with its keys in the order of their model."""
    town = tree["town"] if isinstance(tree["town"], dict) else Town().model_dump()
    name, content = town["map"], tree["map_content"]
    if not isinstance(name, str) or not name:
        return {}  # told already
    overridden = dotted(MAP) in given.overrides
    is_new = not content or (overridden and "map_content" not in given.overrides)
    if is_new:
        shipped = _shipped("maps/*.yaml")
        file = _file_of(name, shipped, Path() if overridden else given.folder)
        content = read_yaml(
            _text_of(file, f"{given.where(MAP)}: town.map ({name!r} given)", shipped), f"the map {name!r}"
        )
    try:
        valid = Town.model_validate_json(json.dumps(town, default=str), strict=True)
        repeat, shape = valid.repeat, CLASSES[valid.capacity]
    except ValidationError:
        repeat, shape = (1, 1), LARGE
    if faults := list(_unprintable_names(content)):
        raise MapError(f"the map {name!r}", faults)
    found = atlas.town_map(content, repeat, shape, f"the map {name!r}")
    if is_new and (faults := list(pocket_faults(found))):
        raise MapError(f"the map {name!r}", faults)
    plan = MapPlan.model_validate(content).model_dump(mode="json", exclude_none=True)
    return {**plan, "legend": dict(sorted(plan["legend"].items()))}


def _unprintable_names(content: Any) -> Iterator[str]:
    """The names of a map and of its venues that cannot be printed; whatever else is wrong the map itself tells."""
    if not isinstance(content, Mapping):
        return
    venues = content.get("venues")
    named = [("name", content)]
    named += [(f"venues.{n}.name", venue) for n, venue in enumerate(venues if isinstance(venues, list | tuple) else ())]
    for key, block in named:
        name = block.get("name") if isinstance(block, Mapping) else None
        if isinstance(name, str) and name and (why := unprintable(name)):
            yield f"{key}: {why}"


def config_id_of(text: str) -> str:
    """The name of resolved settings: the first 16 hex digits of the sha256 of their text."""
    return sha256(text.encode()).hexdigest()[:16]
