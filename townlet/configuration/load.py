"""From a YAML file to settings from which nothing is missing: resolved, named by their digest, or all faults at once."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path, PureWindowsPath
from types import MappingProxyType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

import numpy as np
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from projections.state import CLASSES, LARGE
from townlet.configuration.settings import Settings, Town
from townlet.errors import ConfigurationError, MapError
from townlet.world.drawing import MapPlan

__all__ = ["Key", "Resolved", "configs_folder", "describe", "from_text", "load", "names_table", "person_name", "schema"]

Source = Path | str | Mapping[str, Any] | Settings | None
Loc = tuple[str | int, ...]
NOTHING: Mapping[str, Any] = MappingProxyType({})
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Resolved:
    """Settings that need no other file. `text` is their JSON as a run keeps it, `config_id` 16 hex digits of its sha256.

    Two settings that mean the same have the same text: blocks stand in the order of their models, tables (affordances)
    in their own order, since it gives the codes.
    """

    settings: Settings
    text: str
    config_id: str


def load(source: Source = None, overrides: Mapping[str, object] = NOTHING) -> Resolved:
    """The settings of a YAML file, of a shipped configuration's name, of a mapping; of the default town for None.

    A name without suffix and separator is a shipped configuration, else it is a file. A block that is given in part
    keeps the rest of its defaults; a table (affordances) and a list replace theirs. `overrides` are dotted keys, set
    last; their texts are read as YAML. A map's path is relative to the file, in overrides and mappings to the working
    directory. Raises ConfigurationError, which lists every fault with its file, line and key; MapError, where only the
    map has faults.
    """
    given = _given(source)
    tree = _over(Settings(), given.tree)
    faults = [f"override: {fault}" for key, value in overrides.items() for fault in _override(tree, key, value)]
    try:
        text = json.dumps(tree, default=str)
    except ValueError as error:
        raise ConfigurationError(f"{given.name}: a block holds itself, through a YAML alias: {error}") from error
    faults += _faults_of(json.loads(text), given, overrides)
    try:
        tree["town"]["map"], tree["map_content"] = _map_of(tree, given, overrides)
    except MapError as error:
        if not faults:
            raise
        faults += [f"{_map_name(tree)}: {fault}" for fault in error.faults]
    except ConfigurationError as error:
        faults.append(str(error))
    if faults:
        raise _refusal(given.name, faults)
    tree["people_names"] = tree["people_names"] or _shipped_names()
    return _resolved(Settings.model_validate_json(json.dumps(tree), strict=True))


def from_text(text: str, origin: str = "the run's settings") -> Resolved:
    """Resolved settings, read back from the `text` of their run; the same `config_id` as when they were written.

    Raises ConfigurationError, which begins with `origin`.
    """
    try:
        settings = Settings.model_validate_json(text, strict=True)
    except ValidationError as error:
        given = _Given({}, name=origin)
        raise _refusal(origin, [line for one in error.errors() for line in _words_of(one, given, ())]) from error
    return Resolved(settings, text, _digest(text))


def configs_folder() -> Path:
    """The shipped configurations: beside the package's modules in a wheel, at the repository's root otherwise."""
    package = Path(__file__).resolve().parents[1]
    return package / "configs" if (package / "configs").is_dir() else package.parent / "configs"


def person_name(settings: Settings, person: int) -> str:
    """The name of a person by number, for ever its own: the list's names, then alice_2, bob_2, ..., alice_3, ..."""
    names = settings.people_names or _shipped_names()
    turn, place = divmod(person, len(names))
    return names[place] if turn == 0 else f"{names[place]}_{turn + 1}"


def names_table(settings: Settings, persons: Sequence[int] | np.ndarray) -> np.ndarray:
    """The names of many persons, as an array of objects of the same shape; None for -1, which is nobody."""
    numbers, places = np.unique(np.asarray(persons, dtype="i8"), return_inverse=True)
    names = [None if number < 0 else person_name(settings, int(number)) for number in numbers]
    return np.array(names, dtype=object)[places].reshape(np.shape(persons))


# What is given


def _given(source: Source) -> _Given:
    if isinstance(source, Settings):
        return _Given(source.model_dump(mode="json"))
    if isinstance(source, Mapping):
        return _Given(dict(source))
    shipped = {file.stem: file for folder in ("", "scenarios") for file in configs_folder().glob(f"{folder or '.'}/*.yaml")}
    file = _file_of("town" if source is None else source, shipped, Path())
    name = _shown(file) if source is None or file in shipped.values() else str(source)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else f"it cannot be read: {error}"
        raise ConfigurationError(f"{name}: {reason}{_shipped_words(file.stem, shipped)}") from error
    content = _yaml(text, name)
    if not isinstance(content, Mapping | None):
        raise ConfigurationError(f"{name}:1: a configuration is a block of keys, not {_short(content)}")
    return _Given(dict(content or {}), name, text, file.parent)


def _file_of(name: Path | str, shipped: Mapping[str, Path], folder: Path) -> Path:
    """A shipped file by its plain name, else a file relative to `folder`."""
    plain = str(name)
    if Path(plain).suffix in SUFFIXES or PureWindowsPath(plain).name != plain:
        return folder / plain
    return shipped.get(plain, folder / plain)


def _shown(file: Path) -> str:
    """A shipped file as messages name it, whatever the machine: configs/town.yaml."""
    return file.relative_to(configs_folder().parent).as_posix()


def _shipped_words(wrong: str, shipped: Iterable[str]) -> str:
    return f"; shipped are {', '.join(sorted(shipped))}{_nearest(wrong, shipped)}"


def _yaml(text: str, name: str) -> Any:
    try:
        return YAML(typ="safe").load(text)
    except MarkedYAMLError as error:
        mark, words = error.problem_mark, " ".join(filter(None, (error.context, error.problem))) or "it cannot be read"
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{name}{line}: this is not YAML: {' '.join(words.split())}") from error
    except (YAMLError, ValueError) as error:
        raise ConfigurationError(f"{name}: this is not YAML: {' '.join(str(error).split())}") from error


def _over(block: BaseModel, given: Mapping[Any, Any]) -> dict[str, Any]:
    """A block's keys as given, else as its default has them; an empty block is the default."""
    tree: dict[str, Any] = block.model_dump(mode="json")
    for key, value in given.items():
        default = getattr(block, key) if key in type(block).model_fields else None
        if not isinstance(default, BaseModel):
            tree[str(key)] = deepcopy(value)
        elif value is not None:
            tree[key] = _over(default, value) if isinstance(value, Mapping) else value
    return tree


def _override(tree: dict[str, Any], dotted: str, value: object) -> Iterator[str]:
    """Sets a dotted key of whole settings; gives the fault, if there is one."""
    parts = dotted.split(".")
    if isinstance(value, str):
        try:
            value = _yaml(value, dotted)
        except ConfigurationError as error:
            yield str(error)
            return
    node: Any = tree
    for depth, part in enumerate(parts):
        last, known = depth == len(parts) - 1, list(node) if isinstance(node, dict) else []
        if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
            key: Any = int(part)
        elif isinstance(node, dict) and (part in node or _may_grow(parts[:depth], last)):
            key = part
        else:
            yield f"{dotted}: there is no key {part!r} ({_short(value)} given){_known_words(dotted, part, known)}"
            return
        if last:
            old = node.get(key) if isinstance(node, dict) else node[key]
            merges = isinstance(old, dict) and isinstance(value, Mapping) and dotted != "map_content"
            node[key] = {**old, **value} if merges else deepcopy(value)
        elif isinstance(node, dict) and node.get(key) is None:
            node[key] = {}
        node = node[key]


def _may_grow(before: Sequence[str], last: bool) -> bool:
    """Whether a key that is not there may be set: rows of a table, and what a row leaves to its defaults."""
    return before[:1] == ["affordances"] and (last or len(before) > 1)


# The map, and the names


def _map_name(tree: Mapping[str, Any]) -> str:
    return f"the map {tree['town']['map']}"


def _map_of(tree: Mapping[str, Any], given: _Given, overrides: Mapping[str, object]) -> tuple[str, dict[str, Any]]:
    """The map's plain name and its content, read, checked whole, its keys in the model's order."""
    from townlet.world.maps import parse  # brings Numba

    content, name = tree["map_content"], tree["town"].get("map") if isinstance(tree["town"], dict) else None
    if not isinstance(name, str) or not name:
        raise ConfigurationError(f"{given.where(('town', 'map'), overrides)}: town.map: without it there is no town")
    if not content or ("town.map" in overrides and "map_content" not in overrides):
        shipped = {file.stem: file for file in (configs_folder() / "maps").glob("*.yaml")}
        file = _file_of(name, shipped, Path() if "town.map" in overrides else given.folder)
        try:
            content = _yaml(file.read_text(encoding="utf-8"), f"the map {name}")
        except (OSError, UnicodeDecodeError) as error:
            reason = "there is no such map" if isinstance(error, FileNotFoundError) else f"it cannot be read: {error}"
            words = f"{reason} ({name!r} given){_shipped_words(file.stem, shipped)}"
            raise ConfigurationError(f"{given.where(('town', 'map'), overrides)}: town.map: {words}") from error
    try:
        town = Town.model_validate_json(json.dumps(tree["town"], default=str), strict=True)
        repeat, shape = town.repeat, CLASSES[town.capacity]
    except ValidationError:
        repeat, shape = (1, 1), LARGE
    parse(content, repeat, shape, _map_name(tree))
    plan = MapPlan.model_validate(content).model_dump(mode="json", exclude_none=True)
    stem = PureWindowsPath(name).name
    return stem.removesuffix(".yaml").removesuffix(".yml"), {**plan, "legend": dict(sorted(plan["legend"].items()))}


def _shipped_names() -> tuple[str, ...]:
    return tuple((configs_folder() / "names.txt").read_text(encoding="utf-8").split())


def _name_faults(names: Sequence[str]) -> Iterator[str]:
    """A name given twice, or that could be the later name of somebody else, is not for ever one person's."""
    for place, name in enumerate(names):
        stem, line, turn = name.rpartition("_")
        if name in names[:place]:
            yield f"people_names.{place}: {name!r} is given twice, and a name is one person's for ever"
        elif not name or name != name.strip() or (stem and line and turn.isdecimal()):
            yield f"people_names.{place}: a name has no space around it and no number at its end ({name!r} given)"


def _resolved(settings: Settings) -> Resolved:
    text = settings.model_dump_json()
    return Resolved(settings, text, _digest(text))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


