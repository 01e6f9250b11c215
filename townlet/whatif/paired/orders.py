"""Reads the commands of an intervention as a person writes them: `blackout`, `set_rel alice bob rivalry 0.5`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from townlet.configuration.load import person_number
from townlet.errors import QueryError, TownletError
from townlet.history.decisions import wanted_guide
from townlet.living.commands.typed import Choose, Command
from townlet.living.commands.written import as_written, written_command
from townlet.whatif.paired.treatments import NOBODY, Intervention, command_id

if TYPE_CHECKING:
    from pathlib import Path

    from townlet.history.history import History
    from townlet.policies.file import Policy


def commanded(
    run: "History",
    at: int,
    orders: Sequence[str],
    overrides: Mapping[str, object],
    policy: "Policy | Path | str | None" = None,
    share: str | None = None,
    ticks: int | None = None,
) -> Intervention:
    """The intervention of these commands and settings at tick `at`, and of a policy by which people live from then on.

    `ticks` is for how long the options of `choose` are done, where the command does not say it.

    Raises QueryError, TickOutOfRange, PolicyError.
    """
    run.require(at)
    by = wanted_guide(run, policy, share, at)
    commands = tuple(command_of(text, at, number) for number, text in enumerate(orders, 1))
    told = [text.strip() for text in orders]
    if ticks is not None:
        commands = _lasting(commands, ticks)
        told = [as_written(command) for command in commands]
    pairs = [_pair(run, command) for command in commands]
    settings = [f"Setting: {key} = {value}." for key, value in overrides.items()]
    if policy is not None or share is not None:
        settings.append(f"Policy: {'scripted' if by is None else by}.")
    return Intervention(
        at,
        commands=commands,
        overrides=overrides,
        policy=policy,
        share=share,
        pair=next((pair for pair in pairs if pair[0] != NOBODY), (NOBODY, NOBODY)),
        words=(*(f"Command: {text}." for text in told), *settings),
    )


def _lasting(commands: Sequence[Command], ticks: int) -> tuple[Command, ...]:
    """The commands, in which each `choose` that does not say for how long lasts so many ticks. Raises QueryError."""
    endless = [isinstance(command, Choose) and command.ticks is None for command in commands]
    if not any(endless):
        raise QueryError(
            "--for says for how long an event of --without is held back, or how long an option is done that --do "
            '"choose NAME OPTION" names without ticks of its own'
        )
    both = zip(commands, endless, strict=True)
    return tuple(command.model_copy(update={"ticks": ticks}) if is_endless else command for command, is_endless in both)


def command_of(text: str, tick: int, number: int) -> Command:
    """The command that a text gives, as `written_command` reads it. Raises QueryError, which says how it is written."""
    try:
        return written_command(text, command_id(tick, number)["cmd_id"])
    except TownletError as error:
        raise QueryError(str(error)) from error


def _pair(run: "History", command: Command) -> tuple[int, int]:
    """The numbers of the two people whom a command names, -1: nobody."""
    names = (getattr(command, "agent", None), getattr(command, "other", None) or getattr(command, "towards", None))
    one, other = (NOBODY if name is None else person_number(run.config, name) for name in names)
    return NOBODY if one is None else one, NOBODY if other is None else other
