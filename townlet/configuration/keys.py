"""Describes the keys of the settings: the values allowed, the default, the meaning."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from townlet.configuration.settings import Settings

PLACE_DIGITS: Final = 9
"""The most digits of a place in a list."""

Loc = tuple[str | int, ...]
"""A place in the settings: keys, names of rows, positions in lists."""

WORDS = {int: "integer", float: "number", bool: "true or false", str: "text", dict: "table", tuple: "list"}
LIMITS = {
    "gt": "above",
    "ge": "from",
    "le": "to",
    "multiple_of": "in steps of",
    "pattern": "of the form",
    "min_length": "no shorter than",
    "max_length": "no longer than",
}


class Kind(NamedTuple):
    """The plain type of a place in the settings, and what its annotations say of it."""

    type: Any
    limits: tuple[Any, ...] = ()

    @property
    def is_block(self) -> bool:
        """Whether it is a model, with keys of its own."""
        return isinstance(self.type, type) and issubclass(self.type, BaseModel)

    @property
    def word(self) -> str:
        """The word for this kind: block, table, list, word, text, integer, number, true or false."""
        if self.is_block:
            return "block"
        origin = get_origin(self.type) or self.type
        return "word" if origin is Literal else WORDS.get(origin, "anything")

    @property
    def names(self) -> list[str]:
        """The names possible here: the keys of a block, or the words allowed."""
        if self.is_block:
            return list(self.type.model_fields)
        return [str(word) for word in get_args(self.type)] if self.word == "word" else []

    @property
    def items(self) -> list["Kind"]:
        """The kinds of a list's items, or of a table's rows."""
        parts = [one for one in get_args(self.type) if one is not Ellipsis]
        return [_plain(one) for one in parts[1 if self.word == "table" else 0 :]] if self.word in "list table" else []

    @property
    def range(self) -> str:
        """The range of values in words, such as `number from 0 to 0.1`."""
        if self.is_block:
            return f"block of {', '.join(self.names)}"
        if self.names:
            return f"one of {', '.join(self.names)}"
        said = {name: getattr(one, name, None) for one in self.limits for name in LIMITS if hasattr(one, name)}
        words = [self.word, *(f"{LIMITS[name]} {limit}" for name, limit in said.items() if limit is not None)]
        if self.word == "list" and Ellipsis not in get_args(self.type):
            words.append(f"of {len(self.items)}")
        return " ".join(words) + (f", each {self.items[0].range}" if self.word == "list" else "")


class Key(NamedTuple):
    """A key of the settings, in words. A block has no default and no range; a key that must be given is "needed"."""

    key: str
    type: str
    default: str
    range: str
    meaning: str


def kind_at(loc: Loc) -> Kind:
    """The kind of a place in the settings; a Kind of None if there is no such place."""
    kind = Kind(Settings)
    for part in loc:
        if kind.is_block:
            field = kind.type.model_fields.get(str(part))
            kind = _plain(field.annotation, field.metadata) if field else Kind(None)
        elif kind.items:
            kind = kind.items[min(int(part), len(kind.items) - 1) if isinstance(part, int) else 0]
        else:
            return Kind(None)
    return kind


def describe() -> Iterator[Key]:
    """Every key, block after block, in the order of the models; `<name>` stands for a row's name, `<n>` for a place."""
    yield from _keys_of(Settings, Settings(), "")


@cache
def setting_keys() -> tuple[str, ...]:
    """Every dotted key that one value can be given to."""
    return tuple(key.key for key in describe() if key.type != "block" and "<" not in key.key)


def words_of(key: str) -> list[str]:
    """The words that are possible for a dotted key: those of a choice, or true and false; none for other kinds."""
    parts = key.split(".")
    kind = kind_at(tuple(int(part) if part.isdecimal() and len(part) <= PLACE_DIGITS else part for part in parts))
    return ["true", "false"] if kind.type is bool else [] if kind.type is None or kind.is_block else kind.names


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration file."""
    return Settings.model_json_schema()


def _plain(kind: Any, metadata: Sequence[Any] = ()) -> Kind:
    """A type without its annotations and without `None`."""
    limits = list(metadata)
    while get_origin(kind) in (Union, UnionType) or hasattr(kind, "__metadata__"):
        if hasattr(kind, "__metadata__"):
            limits += [one for said in kind.__metadata__ for one in getattr(said, "metadata", [said])]
        kind = next(one for one in get_args(kind) if one is not type(None))
    return Kind(kind, tuple(limits))


def _keys_of(model: type[BaseModel], default: BaseModel | None, before: str) -> Iterator[Key]:
    """The keys of a block, each followed by those below it; without `default` it is a row of a table or of a list."""
    for name, field in model.model_fields.items():
        key, kind = f"{before}{name}", _plain(field.annotation, field.metadata)
        value = getattr(default, name) if default else field.default
        meaning = field.description or ""
        if isinstance(value, BaseModel):
            yield Key(key, "block", "", "", meaning or " ".join((kind.type.__doc__ or "").split()))
            yield from _keys_of(kind.type, value, f"{key}.")
            continue
        yield Key(key, kind.word, _default_words(field, value), kind.range, meaning)
        for row in [kind, *kind.items]:
            if row.is_block:
                step = {"table": ".<name>", "list": ".<n>"}.get(kind.word, "")
                yield from _keys_of(row.type, None, f"{key}{step}.")


def _default_words(field: FieldInfo, value: Any) -> str:
    """A default as YAML text; for a table or a list of blocks, the names of its rows."""
    if field.is_required():
        return "needed"
    if isinstance(value, dict):
        return f"{{{', '.join(value)}}}"
    if isinstance(value, tuple) and any(isinstance(one, BaseModel) for one in value):
        return f"[{', '.join(getattr(one, 'name', '...') for one in value)}]"
    return json.dumps(value)
