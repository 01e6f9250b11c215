"""Reads the commands of an intervention as a person writes them: `blackout`, `set_rel alice bob rivalry 0.5`."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, get_args

from townlet.configuration.load import person_number
from townlet.errors import QueryError, TownletError
from townlet.living.commands.typed import NAMES, Asked, Command, read_command
from townlet.whatif.paired.treatments import NOBODY, Intervention, command_id

if TYPE_CHECKING:
    from townlet.history.history import History

KEYED: Final = re.compile(r"([a-z_]+)=(.*)")

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    each.model_fields["command"].default: tuple(
        name for name in each.model_fields if name not in (*Asked.model_fields, "command")
    )
    for each in get_args(Command)
}
"""The fields of each command, in the order in which their values may be written."""

REST: Final = ("announce",)
"""The commands whose one value is all the rest of the text."""


def commanded(run: "History", at: int, orders: Sequence[str], overrides: Mapping[str, object]) -> Intervention:
    """The intervention of these commands and settings at tick `at`. Raises QueryError, TickOutOfRange."""
    run.require(at)
    commands = tuple(command_of(text, at, number) for number, text in enumerate(orders, 1))
    pairs = [_pair(run, command) for command in commands]
    settings = (f"Setting: {key} = {value}." for key, value in overrides.items())
    return Intervention(
        at,
        commands=commands,
        overrides=overrides,
        pair=next((pair for pair in pairs if pair[0] != NOBODY), (NOBODY, NOBODY)),
        words=(*(f"Command: {text.strip()}." for text in orders), *settings),
    )


def command_of(text: str, tick: int, number: int) -> Command:
    """The command that a text gives: its name, then values in the order of its fields, or as `field=value`.

    Raises QueryError, which says how the command is written.
    """
    name, *words = text.split() or [""]
    fields = FIELDS.get(name, ())
    content: dict[str, Any] = {"command": name, **command_id(tick, number)}
    try:
        if name in REST:
            words = [" ".join(words)] if words else []
        plain = iter(fields)
        for word in words:
            keyed = KEYED.fullmatch(word)
            field = keyed[1] if keyed and keyed[1] in fields else next((one for one in plain if one not in content), "")
            if not field:
                raise TownletError(f"{word!r} is one value too many")
            content[field] = keyed[2] if keyed and keyed[1] in fields else word
        return read_command(content)
    except TownletError as error:
        written = " ".join((name, *fields))
        usage = f"  It is written as: {written}" if name in FIELDS else f"  Commands: {', '.join(NAMES)}"
        raise QueryError(f"{text!r} cannot be commanded: {error}\n{usage}") from error


def _pair(run: "History", command: Command) -> tuple[int, int]:
    """The numbers of the two people whom a command names, -1: nobody."""
    names = (getattr(command, "agent", None), getattr(command, "other", None) or getattr(command, "towards", None))
    one, other = (NOBODY if name is None else person_number(run.config, name) for name in names)
    return NOBODY if one is None else one, NOBODY if other is None else other
