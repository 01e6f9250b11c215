"""Commands as a person writes them on one line: `blackout`, `set_rel alice bob rivalry 0.5`, `rain on=false`.

How each is written, what it means and an example follow from the types in `typed.py`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

from townlet.errors import TownletError
from townlet.living.commands.typed import NAMES, WORDS, Asked, Command, Name, read_command

KEYED: Final = re.compile(r"([a-z_]+)=(.*)")

TYPES: Final[Mapping[str, type[Asked]]] = {each.model_fields["command"].default: each for each in get_args(Command)}
"""By name, the type of each command."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(field for field in each.model_fields if field not in (*Asked.model_fields, "command"))
    for name, each in TYPES.items()
}
"""The fields of each command, in the order in which their values may be written."""

REST: Final = tuple(name for name, fields in FIELDS.items() if fields == ("text",))
"""The commands whose one value is all the rest of the line."""

EXAMPLES: Final[Mapping[str, str]] = {
    "text": "the fair begins at noon",
    "deed": "chat",
    "option": "eat",
    "venue": "Mill_Park",
    "row": "12",
    "column": "30",
}
"""By field, the value that an example has where its type proposes none."""


def written_command(text: str, cmd_id: str) -> Command:
    """The command that a line gives: its name, then values in the order of its fields, or as `field=value`.

    Raises TownletError, which says how the command is written.
    """
    name, *words = text.split() or [""]
    fields = FIELDS.get(name, ())
    content: dict[str, Any] = {"command": name, "cmd_id": cmd_id}
    try:
        if name in REST:
            words = [text.strip()[len(name) :].strip()] if words else []
        plain = iter(fields)
        for word in words:
            keyed = KEYED.fullmatch(word)
            field = keyed[1] if keyed and keyed[1] in fields else next((one for one in plain if one not in content), "")
            if not field:
                raise TownletError(f"{word!r} is one value too many")
            content[field] = keyed[2] if keyed and keyed[1] in fields else word
        return read_command(content)
    except TownletError as error:
        usage = f"  It is written as: {written_form(name)}" if name in FIELDS else f"  Commands: {', '.join(NAMES)}"
        raise TownletError(f"{text.strip()!r} cannot be commanded: {error}\n{usage}") from error


def as_written(command: Command) -> str:
    """The line that gives this command, but for its id and the tick that it expects: `written_command` reads it back.

    What a command does without being told is left out, and what may be left out is written as `field=value`.
    """
    content = command.model_dump(exclude_none=True)
    if command.command in REST:
        return f"{command.command} {content['text']}"
    words: list[str] = [command.command]
    skipped = False
    for field, info in ((field, type(command).model_fields[field]) for field in FIELDS[command.command]):
        if not info.is_required() and content.get(field) == info.default:
            skipped = True
            continue
        value = str(content[field]).lower() if isinstance(content[field], bool) else str(content[field])
        words.append(f"{field}={value}" if skipped or not info.is_required() else value)
    return " ".join(words)


def written_form(name: str) -> str:
    """How a command is written, such as `restrain agent deed [towards] ticks`: what may be left out is in brackets.

    A field after one that may be left out is written as `field=value` where that one is left out.
    """
    needed = TYPES[name].model_fields
    return " ".join([name, *(field if needed[field].is_required() else f"[{field}]" for field in FIELDS[name])])


def meaning(name: str) -> str:
    """What a command does, in a sentence."""
    return " ".join((TYPES[name].__doc__ or "").split())


def example(name: str, people: Sequence[str]) -> str:
    """A command of this name as it may be written, about two of these people where it names any.

    A field that may be left out is left out, but for a switch, which is written where it is all that there is.
    """
    who, words = iter(people), [name]
    for field in FIELDS[name]:
        info = TYPES[name].model_fields[field]
        if not info.is_required():
            continue
        value = next(who, "somebody") if names_person(name, field) else _example_value(name, field)
        optional_before = any(not TYPES[name].model_fields[one].is_required() for one in _before(name, field))
        words.append(f"{field}={value}" if optional_before else value)
    return " ".join(words)


def choices(name: str, field: str) -> tuple[str, ...]:
    """The words that a field may be, if its type says which: () for people, numbers and texts."""
    kinds = _kinds(name, field)
    if literals := [str(word) for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]:
        return tuple(literals)
    if bool in kinds:
        return ("true", "false")
    return WORDS.get(field, ())


def names_person(name: str, field: str) -> bool:
    """Whether a field of a command names a person."""
    return Name in _kinds(name, field)


def completions(line: str, begun: str, people: Iterable[str]) -> list[str]:
    """What the word that has begun so may become, at the end of a line whose first word is a command's name."""
    name, *before = line[: len(line) - len(begun)].split()
    fields = FIELDS.get(name, ())
    if name in REST:
        return []
    field, sign, value = begun.partition("=")
    if sign and field in fields:
        return [f"{field}={word}" for word in _words_of(name, field, people) if word.startswith(value)]
    given = {keyed[1] for word in before if (keyed := KEYED.fullmatch(word)) and keyed[1] in fields}
    open_fields = [one for one in fields if one not in given][len(before) - len(given) :]
    now = [word for one in open_fields[:1] for word in _words_of(name, one, people) if word.startswith(begun)]
    return now or [f"{one}=" for one in open_fields if begun and one.startswith(begun)]


def _words_of(name: str, field: str, people: Iterable[str]) -> tuple[str, ...]:
    return tuple(people) if names_person(name, field) else choices(name, field)


def _before(name: str, field: str) -> tuple[str, ...]:
    return FIELDS[name][: FIELDS[name].index(field)]


def _example_value(name: str, field: str) -> str:
    if words := choices(name, field):
        return EXAMPLES.get(field, words[0])
    if field in EXAMPLES:
        return EXAMPLES[field]
    whole = any(get_origin(kind) is Annotated and get_args(kind)[0] is int for kind in _kinds(name, field))
    return "60" if whole else "0.5"


def _kinds(name: str, field: str) -> tuple[Any, ...]:
    """The types that a field's value may have, without None."""
    hint = get_type_hints(TYPES[name], include_extras=True)[field]
    if get_origin(hint) in (Annotated, Literal) or hint in (bool, int, float, str):
        return (hint,)
    return tuple(kind for kind in get_args(hint) if kind is not NoneType)
