"""The program `townlet`. It finds the command, and turns each error into one message and an exit code."""

import contextlib
import gc
import importlib
import os
import signal
import sys
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any, Final, NoReturn

import click

from cli import output
from projections.spelling import proposal

GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    "Let a town live": {
        "run": "Let a town live, every action an event in its log.",
        "resume": "Let the town of a run live on.",
        "console": "Operate a living town at a prompt: let it live, look at it, command it.",
        "perturb": "List the city events that a seed brings, or give a run another profile of them.",
        "commands": "List the commands that a town was given, or write them as a session for any other run.",
    },
    "Look at it": {
        "observe": "Watch a town on the screen, finished or running, at any tick.",
        "story": "Tell what happened in a few sentences a day, each with its cause in the log.",
        "tail": "Print the last events of a run, or follow those of a running town.",
        "sql": "Ask a run a question in SQL, as of any tick.",
        "plot": "Draw the town's ties, the history of one, or how word spread.",
        "replay": "Rebuild the town at a tick from its log.",
    },
    "Explain what happened": {
        "why": "Explain what one person feels about another: list every cause; the causes add up.",
        "diff": "Show where two runs diverge, and how much their towns differ since.",
        "whatif": "Measure what one event did, over many pairs of futures with and without it.",
        "offpolicy": "Estimate how people would fare by another policy, from the decisions that a run keeps.",
    },
    "Change its history": {
        "fork": "Give a town another future, from any tick of its history.",
        "refold": "Compute the ties again from the same events, under other settings.",
    },
    "Let people learn": {
        "train": "Train a policy by which people live, from the decisions of many towns.",
        "evaluate": "Let towns live under policies, learned or not, and compare what people then do.",
        "policy": "Show a policy that was learned, or write it for other runtimes.",
        "dataset": "Write what people observed, did and earned in a run, as a dataset for learning.",
        "phase": "Plan, check and edit the social stages of a training file.",
        "experiment": "Train and evaluate the arms of a planned experiment, and report what came of it.",
    },
    "Study many towns": {
        "sweep": "Let towns of many settings live, each with the same seeds, and compare them.",
        "trial": "Run a randomised trial: arms that live on from one moment, and a plan made before.",
        "soak": "Let many towns live and check what must be true of every town.",
        "accept": "Measure the acceptance of a milestone: its criteria and risks, each by a command.",
        "facts": "Hold a town against what is known of people, each fact with its source.",
    },
    "Serve it to others": {
        "serve": "Serve a living town, or a finished run, to other people and machines.",
        "telemetry": "Send the state of a town to other programs, tick by tick, or summarise a run.",
        "export": "Write a run's events as Parquet, a DuckDB database or CSV, with digests that prove them.",
    },
    "Take care of runs": {
        "runs": "List runs; archive, copy, rebuild or remove them.",
        "verify": "Prove that a log is what was written and folds to the town that lived.",
        "watch": "Check a town against thresholds, running or finished.",
        "config": "Show, check or describe a configuration.",
        "bench": "Measure this machine.",
        "warm": "Compile every kernel now, so that later commands do not wait.",
    },
}
"""The commands by what one wants, each with the first line of its help. A command is imported when it is called."""

COMMANDS: Final[Mapping[str, str]] = {name: line for group in GROUPS.values() for name, line in group.items()}
"""All commands, in the order of the groups, each with the first line of its help."""

NAME_WIDTH: Final = max(map(len, COMMANDS))
"""The width of the column of names in the list of commands."""

EXIT_CODES: Final[Mapping[int, str]] = {
    0: "ok",
    1: "failed",
    2: "wrong usage or configuration",
    3: "the log is corrupt",
    4: "two runs differ",
    5: "the log is locked by another process",
    129: "its terminal went away (SIGHUP)",
    130: "interrupted by Ctrl-C (SIGINT)",
    143: "stopped by SIGTERM, in the same orderly way",
}
"""The exit codes of the process."""

VARIABLES: Final[Mapping[str, str]] = {
    "TOWNLET_CACHE": "the folder for what is made once: compiled kernels, surveyed maps, copies of runs on stores",
    "TOWNLET_TOKEN": "the token that is shown to a served town; with _VIEWER, _OPERATOR or _ADMIN, one of the server's",
    "TOWNLET_KEYS": "the file with your keys of the observer",
    "TOWNLET_TRACEBACK": "set to 1, an unexpected error shows where it happened",
    "NO_COLOR": "set, nothing is coloured",
}
"""The environment variables that commands read."""

COMPLETES: Final = "_TOWNLET_COMPLETE"
"""The variable by which a shell asks for completions."""

COMPLETION: Final[Mapping[str, str]] = {
    "bash": f'eval "$({COMPLETES}=bash_source townlet)"',
    "zsh": f'eval "$({COMPLETES}=zsh_source townlet)"',
    "fish": f"{COMPLETES}=fish_source townlet | source",
}
"""The line that brings completion to each shell; in zsh, `compinit` comes before it."""

NEW_OBJECTS: Final = 100_000
"""The garbage collector runs after so many new objects."""

EPILOG: Final = f"""
\b
Data goes to stdout, words and progress to stderr. Exit codes:
{chr(10).join(f"  {code:<4}{meaning}" for code, meaning in EXIT_CODES.items())}

\b
Environment variables:
{chr(10).join(f"  {name:<19}{meaning}" for name, meaning in VARIABLES.items())}

\b
A run is given as a folder or as a name under runs/; commands that only read also take a URI such
as s3://bucket/runs/a, and observe, tail, story, why, sql, telemetry and console the address of a
served town, such as grpc://127.0.0.1:7777. Without a run, commands use the newest.
Completion of commands, options, files, runs, configurations, kinds, people and settings:
{chr(10).join(f"  {shell:<6}{line}" for shell, line in COMPLETION.items())}

\b
Examples:
  townlet run configs/town.yaml --ticks 5000 --seed 7 --into runs/a
  townlet replay runs/a --to-tick 5000 --verify
  townlet sql runs/a "select kind, count(*) from events group by kind"
"""


class Group(click.Group):
    """Commands under one name; for an unknown name the error names the nearest."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called. Raises `click.UsageError` with the nearest name."""
        _require_known(args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)


class Townlet(Group):
    """The group of all commands. It imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what one wants, each with its first line, from GROUPS alone."""
        for wanted, commands in GROUPS.items():
            with formatter.section(wanted):
                formatter.write_dl([(name.ljust(NAME_WIDTH), line) for name, line in commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. If the reader of stdout goes away, the command ends without a message, and with 0."""
        try:
            super().invoke(ctx)
            output.finish()
        except BrokenPipeError:
            output.hang_up()
        return 0

    def main(self, *arguments: Any, **options: Any) -> NoReturn:
        """Run the command line and end the process with its exit code."""
        output.begin()
        if COMPLETES in os.environ:
            importlib.import_module("cli.completion")
        options["standalone_mode"] = False
        options["prog_name"] = "townlet"
        sys.exit(self._outcome(*arguments, **options))

    def _outcome(self, *arguments: Any, **options: Any) -> int:
        with Interrupts() as interrupts:
            try:
                return int(super().main(*arguments, **options) or 0)
            except click.exceptions.NoArgsIsHelpError as error:
                output.words(error.format_message())
                return error.exit_code
            except click.UsageError as error:
                where = f"{error.ctx.command_path} --help" if error.ctx else "townlet --help"
                output.failure(f"{error.format_message()}\n  Next: {where}")
                return error.exit_code
            except click.ClickException as error:
                output.failure(error.format_message())
                return error.exit_code
            except (click.Abort, KeyboardInterrupt):
                return interrupts.code
            except Exception as error:
                if interrupts.came:
                    return interrupts.code  # a library such as DuckDB raised its own error for the interrupt
                if os.environ.get("TOWNLET_TRACEBACK"):
                    raise
                from townlet.outcome import exit_code, unexpected_words, words_of

                code = exit_code(error)
                output.failure(unexpected_words(error) if code is None else words_of(error))
                return 1 if code is None else code


class Interrupts:
    """Remembers whether Ctrl-C (SIGINT) or SIGTERM came during a command; each ends it by KeyboardInterrupt.

    A signal that is ignored or handled already stays so.
    """

    def __init__(self) -> None:
        self.came: int | None = None
        self._before: dict[int, Any] = {}

    @property
    def code(self) -> int:
        """The exit code for the signal that came, by default for Ctrl-C."""
        return 128 + (self.came or signal.SIGINT)

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
                if signal.getsignal(number) is usual:
                    self._before[number] = signal.signal(number, self._come)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _come(self, number: int, frame: FrameType | None) -> None:
        self.came = number
        raise KeyboardInterrupt


def _require_known(name: str, known: list[str], ctx: click.Context) -> None:
    """Raise `click.UsageError` for an unknown command, with the nearest known one."""
    if name not in known and not name.startswith("-"):
        raise click.UsageError(f"there is no command {name!r}; {proposal(name, known, 1)}", ctx)


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version and exit."""
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        output.data(f"townlet {version('townlet')}")
        ctx.exit()


@click.group(
    cls=Townlet,
    help="A living town whose every action is a typed event in an append-only log.",
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version, help="Show the version."
)
def townlet() -> None:
    """The group of all commands."""


def allow_many_files() -> None:
    """Raise the number of files that this process may open to the most: a query may be of many runs."""
    import resource

    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # where "no limit" is refused, what was allowed stays
        if allowed != most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> NoReturn:
    """Run the program `townlet`, with a fast start and a fast end.

    Objects from imports live until the end, and collecting garbage among them takes a fifth of a short command. So the
    collector runs less often.
    """
    gc.set_threshold(NEW_OBJECTS)
    allow_many_files()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # the search reads the metadata of every package
    try:
        townlet.main()
    finally:
        if "duckdb" not in sys.modules:  # DuckDB complains at the end about what is left of it
            gc.freeze()


if __name__ == "__main__":
    main()
