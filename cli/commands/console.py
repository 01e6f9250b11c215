"""`townlet console`"""

from pathlib import Path
from typing import Any

import click

from cli import founding, living, names, options, output
from cli.main import COMMANDS
from cli.names import CONFIG
from cli.served import access
from eventlog.folder.run_folders import is_run
from projections.spelling import proposal


class RunOrConfig(names.RunName):
    """A run that goes on, or a configuration by which a town is founded."""

    name = "run or configuration"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Any:
        """Runs and configurations that begin so."""
        return [*CONFIG.shell_complete(ctx, param, incomplete), *super().shell_complete(ctx, param, incomplete)]


@click.command(
    "console",
    help=f"""{COMMANDS["console"]}

    Given a run, its town lives on; given a configuration, a town is founded, by default into runs/<name>-<seed>. Left
    out, it is the newest run. The town stands still while you type. `step 60`, `until day 3 08:00` and `run` let it
    live, `who`, `ties`, `why`, `story` and `sql` look at it, and a command such as `set_rel alice bob rivalry 0.8`
    changes it: accepted or rejected, it is an event of the log. `help` lists all, with an example for each.

    With --perturb city events come to a new town, by a profile. A run goes on with its own profile; townlet perturb
    --reload RUN PROFILE gives it another.

    An operator commands. A viewer looks and lets the town live, and a viewer's commands are rejected.

    RUN may be the address of a served town, such as grpc://127.0.0.1:7777. Then the town lives at its server's pace,
    the token says who you are, and an operator's commands are answered once the served log has them.

    Lines may come from a file or a pipe, too, a word each; stderr then shows every line, and the exit code is 1 if one
    of them could not be followed. Ctrl-C stops a town that lives; `quit`, Ctrl-D and SIGTERM end the session. The log
    is whole whatever ends it. --transcript keeps the session's commands, which townlet run --commands gives to any
    other town.
    """,
    epilog=options.examples(
        "townlet console runs/a",
        "townlet console town --seed 8 --into runs/b --pace 10x",
        "townlet console town --perturb wild",
        "townlet console runs/a --as viewer",
        "townlet console runs/a --transcript session.yaml < words.txt",
        "townlet console grpc://127.0.0.1:7777 --token-file operator.token",
    ),
)
@click.argument("place", metavar="[RUN|CONFIG]", required=False, type=RunOrConfig())
@access.access_options
@click.option(
    "--as",
    "role",
    type=click.Choice(["operator", "viewer"]),
    default="operator",
    show_default=True,
    help="Who you are: a viewer's commands are rejected.",
)
@options.pace_option
@click.option("--transcript", type=options.NewPath(), help="Write the session's commands to this YAML file at the end.")
@founding.new_town_options
@click.pass_context
def command(
    ctx: click.Context,
    place: str | None,
    given: access.Given,
    role: str,
    pace: str,
    transcript: Path | None,
    seed: int | None,
    into: Path | None,
    overrides: dict[str, object],
    perturb: str | None,
    durability: str,
) -> None:
    if transcript is not None and not transcript.resolve().parent.is_dir():
        raise click.UsageError(f"--transcript {transcript}: there is no folder {transcript.parent}")
    if (address := access.address_of(place, given)) is not None:
        _require_served(ctx)
        if living.is_cold():
            living.compile_kernels()
        from cli.served.console import operate

        _end(ctx, *operate(address, given, transcript))
        return
    founds = place is not None and not is_run(Path(place)) and not is_run(options.RUNS / place) and _is_config(place)
    if not founds:
        of_new = {"seed": seed, "into": into, "set": overrides, "perturb": perturb}
        of_new_given = [f"--{flag}" for flag, value in of_new.items() if value not in (None, {})]
        path = _run_to_operate(place)
        if of_new_given:
            raise click.UsageError(
                f"{path} is a run, and {of_new_given[0]} is for a new town: leave it out, or name a CONFIG"
            )
    cold = living.is_cold()
    if cold:
        living.compile_kernels()
    from cli.console import operating

    how: Any = {"role": role, "pace": pace, "durability": durability}
    with operating.Operated(transcript, **how) as operated:
        if founds:
            operated.found(str(place), seed, into, overrides, perturb)
        else:
            operated.go_on(path)
    _end(ctx, operated.signal, operated.wrong)


def _end(ctx: click.Context, signal: int, wrong: int) -> None:
    """End with the exit code of a session that a signal ended (0: none), or in which lines were wrong."""
    if signal:
        ctx.exit(128 + signal)
    if wrong and not output.stdin_is_terminal():
        output.words(f"{'1 line was' if wrong == 1 else f'{wrong} lines were'} wrong and not followed")
        ctx.exit(1)


def _require_served(ctx: click.Context) -> None:
    """Raise `click.UsageError` for an option of a town of this machine that was given with an address."""
    for option in ctx.command.params:
        of_served = {*access.FLAGS, "place", "transcript"}
        name = option.name or ""
        if name not in of_served and ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{option.opts[0]} is for a town of this machine, and a served one lives by its server"
            )


def _is_config(name: str) -> bool:
    """Whether a name is that of a configuration: a file, or a shipped one."""
    return Path(name).is_file() or name in names.configurations()


def _run_to_operate(name: str | None) -> Path:
    """The folder of the run. Raises `click.UsageError` with the nearest names of runs and configurations."""
    try:
        return options.find_own_run(name)
    except click.UsageError as error:
        if name is None:
            more = "; or found a town at the prompt: townlet console town"
        else:
            more = f"\n  There is no configuration {name!r} either; {proposal(name, names.configurations())}"
        raise click.UsageError(error.message + more, error.ctx) from error
