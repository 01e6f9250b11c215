"""The commands that a town takes from outside, as types. A command says what is wanted, the door whether it can be.

People are named as they are in the log, such as alice; rows and columns of the map count from 0.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from eventlog.catalogue import registries
from projections.spelling import proposal
from townlet.errors import TownletError

Name = Annotated[str, Field(min_length=1, max_length=64)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Tick = Annotated[int, Field(ge=0, le=2**32 - 1)]
Whole = Annotated[int, Field(ge=-(2**31), lt=2**31)]


def _deed(word: str) -> str:
    """The name of a deed. Raises ValueError with the nearest one."""
    known = [deed.name.lower() for deed in registries.Deed]
    if word not in known:
        raise ValueError(f"{word!r} is not a deed; {proposal(word, known, 3)}")
    return word


class Asked(BaseModel):
    """What every command has: its id, which its issuer chooses, and the tick that its issuer expects, if any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cmd_id: Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
    expected_tick: Tick | None = None


class Teleport(Asked):
    """Put a person on a free tile; what it held, queued for or did ends."""

    command: Literal["teleport"] = "teleport"
    agent: Name
    row: Whole
    column: Whole


class SetNeed(Asked):
    """Set a need of a person, in [0, 1]; 1 is satisfied."""

    command: Literal["setneed"] = "setneed"
    agent: Name
    need: Literal["hunger", "hygiene", "energy"]
    value: Number


class Price(Asked):
    """Let an item cost so many basic meals until prices are next set, at the end of a day."""

    command: Literal["price"] = "price"
    item: Literal["raw", "meal"]
    price: Number


class Blackout(Asked):
    """Let the power of the whole town fail, or, with `on: false`, come back."""

    command: Literal["blackout"] = "blackout"
    on: bool = True


class Outage(Asked):
    """Let the water of the whole town fail, or, with `on: false`, come back."""

    command: Literal["outage"] = "outage"
    on: bool = True


class Rain(Asked):
    """Let it rain until the next morning, or, with `on: false`, let the rain end."""

    command: Literal["rain"] = "rain"
    on: bool = True


class SetRel(Asked):
    """Give one side of the tie from one person to another a value in [-1, 1]."""

    command: Literal["set_rel"] = "set_rel"
    agent: Name
    other: Name
    dimension: Literal["trust", "familiarity", "rivalry"]
    value: Number


class Restrain(Asked):
    """Hold a person back from a deed for some ticks, towards one person or everybody; 0 ticks end this restraint."""

    command: Literal["restrain"] = "restrain"
    agent: Name
    deed: Annotated[str, AfterValidator(_deed)]
    towards: Name | None = None
    ticks: Whole


class ForceChat(Asked):
    """Let two who are near each other and free begin to talk."""

    command: Literal["force_chat"] = "force_chat"
    agent: Name
    other: Name


class Kill(Asked):
    """Let a person leave the town for ever; a newcomer comes later, as after every departure."""

    command: Literal["kill"] = "kill"
    agent: Name


class Announce(Asked):
    """Write words into the log; nobody in the town hears them."""

    command: Literal["announce"] = "announce"
    text: Annotated[str, Field(min_length=1, max_length=500)]


Command = (
    Teleport | SetNeed | Price | Blackout | Outage | Rain | SetRel | Restrain | ForceChat | Kill | Announce
)  # registries.Command has a code for each
"""Any command."""

_COMMAND: Final[TypeAdapter[Command]] = TypeAdapter(Annotated[Command, Field(discriminator="command")])

NAMES: Final = tuple(each.name.lower() for each in registries.Command)
"""The names of the commands."""


def read_command(content: Mapping[str, Any]) -> Command:
    """The command that this content says. Raises TownletError, which says what is wrong with it, and what is near."""
    name = content.get("command")
    if name not in NAMES:
        near = proposal(str(name), NAMES, 3) if name else f"name one of {', '.join(NAMES)}"
        raise TownletError(f"{name!r} is not a command; {near}" if name else f"this has no command: {near}")
    try:
        return _COMMAND.validate_python(dict(content))
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc'][1:]) or name}: {fault['msg']}" for fault in error.errors()
        ]
        raise TownletError(f"the command {name} cannot be read: {'; '.join(faults)}") from error


def command_text(command: Command) -> str:
    """The command as JSON, as its event keeps it."""
    return command.model_dump_json(exclude_none=True)
