"""The commands that a town takes from outside, as types. A command says what is wanted, the door whether it can be.

People are named as they are in the log, such as alice; rows and columns of the map count from 0.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from eventlog.catalogue import registries
from projections.spelling import proposal
from townlet.errors import TownletError

TICK_MOST: Final = 2**32 - 1
"""The last tick of any town."""

Name = Annotated[str, Field(min_length=1, max_length=64)]
Venue = Annotated[str, Field(min_length=1, max_length=64, description="the name or the kind of a venue")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Tick = Annotated[int, Field(ge=0, le=TICK_MOST)]
Whole = Annotated[int, Field(ge=-(2**31), lt=2**31)]

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "deed": tuple(deed.name.lower() for deed in registries.Deed),
    "option": tuple(option.name.lower() for option in registries.Option),
}
"""By field, the words that it may be."""


def _word_of(field: str) -> AfterValidator:
    """A validator of the words of a field, which raises ValueError with the nearest one."""

    def known(word: str) -> str:
        if word not in WORDS[field]:
            article = "an" if field[0] in "aeiou" else "a"
            raise ValueError(f"{word!r} is not {article} {field}; {proposal(word, WORDS[field], 3)}")
        return word

    return AfterValidator(known)


class Asked(BaseModel):
    """What every command has: its id, which its issuer chooses, and the tick that its issuer expects, if any."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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
    deed: Annotated[str, _word_of("deed")]
    towards: Name | None = None
    ticks: Whole


class ForceChat(Asked):
    """Let two who are near each other and free begin to talk; with `succeeds`, the talk ends well, or badly.

    Without `succeeds` chance decides. Either of the two may still break the talk off.
    """

    command: Literal["force_chat"] = "force_chat"
    agent: Name
    other: Name
    succeeds: bool | None = None


class ArrangeMeet(Asked):
    """Send two people to a venue, to sit near each other, and to talk there as soon as both may.

    Each goes once it is free of what it does, and pays what a place costs, if it can. The meeting is off after so many
    ticks, or when one of the two finds no place there.
    """

    command: Literal["arrange_meet"] = "arrange_meet"
    agent: Name
    other: Name
    venue: Venue
    ticks: Whole


class Choose(Asked):
    """Have a person do an option for some ticks, or until it is done once; what could not be asked now is rejected.

    What may be asked is what an environment may ask. The order ends early when it becomes impossible.
    """

    command: Literal["choose"] = "choose"
    agent: Name
    option: Annotated[str, _word_of("option")]
    ticks: Whole | None = None


class Possess(Asked):
    """Let a person do nothing but what its possessor has it `choose`; what it has begun to use, it finishes.

    It then waits, begins no talk, promises nothing and gives nothing away. Until it is released, only who possesses it
    may choose for it.
    """

    command: Literal["possess"] = "possess"
    agent: Name


class Release(Asked):
    """Let a person who is possessed choose by itself again."""

    command: Literal["release"] = "release"
    agent: Name


class Spawn(Asked):
    """Let the next newcomer on the way come in this tick, if a bed is free."""

    command: Literal["spawn"] = "spawn"


class Oversleep(Asked):
    """Let a person oversleep for its next shift, or, with `on: false`, surely rise in time."""

    command: Literal["oversleep"] = "oversleep"
    agent: Name
    on: bool = True


class Ill(Asked):
    """Let a person be unwell for some ticks, and stay at home from a shift that it has not begun; 0 ticks end this."""

    command: Literal["ill"] = "ill"
    agent: Name
    ticks: Whole


class Close(Asked):
    """Let nobody begin to use the places of a venue, or of a kind of venue, for some ticks; 0 ticks open them.

    What is in use is finished. Desks and beds stay open: who works there works on.
    """

    command: Literal["close"] = "close"
    venue: Venue
    ticks: Whole


class ToggleMortality(Asked):
    """Let nobody leave the town by itself, or let people leave again; without `on`, whichever is not so now."""

    command: Literal["toggle_mortality"] = "toggle_mortality"
    on: bool | None = None


class SetExitCap(Asked):
    """Let so many people leave a day at most; without a number, as the settings say."""

    command: Literal["set_exit_cap"] = "set_exit_cap"
    exits: Whole | None = None


class SetSpawnDelay(Asked):
    """Let newcomers come so many ticks after each departure from now on; without a number, as the settings say.

    They come in the order of the departures, so none before those who are on the way already.
    """

    command: Literal["set_spawn_delay"] = "set_spawn_delay"
    ticks: Whole | None = None


class Kill(Asked):
    """Let a person leave the town for ever; a newcomer comes later, as after every departure."""

    command: Literal["kill"] = "kill"
    agent: Name


class Announce(Asked):
    """Write words into the log; nobody in the town hears them."""

    command: Literal["announce"] = "announce"
    text: Annotated[str, Field(min_length=1, max_length=500)]


Command = (
    Teleport
    | SetNeed
    | Price
    | Blackout
    | Outage
    | Rain
    | SetRel
    | Restrain
    | ForceChat
    | Kill
    | Announce
    | Spawn
    | ArrangeMeet
    | Choose
    | Possess
    | Release
    | ToggleMortality
    | SetExitCap
    | SetSpawnDelay
    | Oversleep
    | Close
    | Ill
)  # registries.Command has a code for each
"""Any command."""

NAMES: Final = tuple(each.name.lower() for each in registries.Command)
"""The names of the commands."""


def read_command(content: Mapping[str, Any]) -> Command:
    """The command that this content says. Raises TownletError, which says what is wrong with it, and what is near."""
    name = content.get("command")
    if name not in NAMES:
        near = proposal(str(name), NAMES, 3) if name else f"name one of {', '.join(NAMES)}"
        raise TownletError(f"{name!r} is not a command; {near}" if name else f"this has no command: {near}")
    try:
        return _any_command().validate_python(dict(content))
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc'][1:]) or name}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        ]
        raise TownletError(f"the command {name} cannot be read: {'; '.join(faults)}") from error


@cache
def _any_command() -> TypeAdapter[Command]:
    """What reads any command. It is made when the first one is read, because most processes read none."""
    return TypeAdapter(Annotated[Command, Field(discriminator="command")])


def command_text(command: Command) -> str:
    """The command as JSON, as its event keeps it."""
    return command.model_dump_json(exclude_none=True)
