"""`townlet`: the outermost frame. It finds the command, and turns what went wrong into one message and an exit code."""

import difflib
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

COMMANDS: Final[Mapping[str, str]] = {
    "run": "Let a town live, every action an event in its log.",
    "resume": "Let the town of a run live on.",
    "replay": "Rebuild the town as it was at a tick, from its log.",
    "sql": "Ask a run a question in SQL, as of any tick.",
    "observe": "Watch a town, finished or running, with its time in your hand.",
    "story": "What happened, told: few sentences a day, each with its cause in the log.",
    "why": "Why somebody feels about another as they do: every cause, adding up.",
    "refold": "The same history under other social physics.",
    "fork": "Another future for a town, from any tick of its history.",
    "diff": "Where two runs part, and how far apart they came.",
    "verify": "Prove that a log is what was written and folds to the town that lived.",
    "plot": "Draw the town's ties, or the history of one.",
    "tail": "The last events of a run, or those of a running town.",
    "watch": "Hold a town to thresholds, running or finished.",
    "telemetry": "All about a town, tick by tick for other programs, or summed up.",
    "export": "A run's events as Parquet, a DuckDB database or CSV, to be proved by themselves.",
    "dataset": "What people saw, did and earned in a run, under any observations and rewards, to learn from.",
    "runs": "The runs in a folder, kept small.",
    "config": "Show, check or describe a configuration.",
    "soak": "Let many towns live and hold them to what a town must be.",
    "bench": "Measure this machine.",
    "warm": "Compile every kernel, so that nothing waits for it later.",
}
"""The commands with the line that each help begins with, so that nothing is imported before it is called."""

EXIT_CODES: Final[Mapping[int, str]] = {
    0: "ok",
    1: "failed",
    2: "wrong usage or configuration",
    3: "the log is corrupt",
    4: "two runs differ",
    5: "the log is locked by another process",
    130: "interrupted",
}
"""What the process ends with."""

NEW_OBJECTS: Final = 100_000
"""How many more objects there must be before the process looks for garbage."""

EPILOG: Final = f"""
\b
Data goes to stdout, words and progress to stderr. Exit codes:
{chr(10).join(f"  {code:<4}{meaning}" for code, meaning in EXIT_CODES.items())}

\b
A run is a folder, the name of one under runs/, or where it is only read a URI such as
s3://bucket/runs/a; left out, it is the newest.
NO_COLOR is honoured. Completion for bash (or zsh, or fish):
  eval "$(_TOWNLET_COMPLETE=bash_source townlet)"

\b
Examples:
  townlet run configs/town.yaml --ticks 5000 --seed 7 --into runs/a
  townlet replay runs/a --to-tick 5000 --verify
  townlet sql runs/a "select kind, count(*) from events group by kind"
"""


class Group(click.Group):
    """Commands under one name; of a name that is none, the nearest is told."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called. Raises `click.UsageError` with the nearest name."""
        _require_known(args[0], self.list_commands(ctx), ctx)
        return super().resolve_command(ctx, args)


class Townlet(Group):
    """The commands by name, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands and their first lines, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that goes away ends it quietly."""
        try:
            super().invoke(ctx)
            output.finish()
        except BrokenPipeError:
            output.hang_up()
        return 0

    def main(self, *arguments: Any, **options: Any) -> NoReturn:
        """Run the command line and end the process with its exit code."""
        options["standalone_mode"] = False
        options["prog_name"] = "townlet"
        sys.exit(self._outcome(*arguments, **options))

    def _outcome(self, *arguments: Any, **options: Any) -> int:
        with Interrupts() as interrupts:
            try:
                return int(super().main(*arguments, **options) or 0)
            except click.UsageError as error:
                where = f"{error.ctx.command_path} --help" if error.ctx else "townlet --help"
                output.failure(f"{error.format_message()}\n  Next: {where}")
                return error.exit_code
            except click.ClickException as error:
                output.failure(error.format_message())
                return error.exit_code
            except (click.Abort, KeyboardInterrupt):
                return 130
            except Exception as error:
                if interrupts.came:
                    return 130  # what was interrupted calls it an error of its own, as DuckDB does
                if os.environ.get("TOWNLET_TRACEBACK"):
                    raise
                from townlet.outcome import exit_code, unexpected_words, words_of

                code = exit_code(error)
                output.failure(unexpected_words(error) if code is None else words_of(error))
                return 1 if code is None else code


class Interrupts:
    """Remembers whether Ctrl-C came while a command ran; where it is not listened to, nothing is changed."""

    def __init__(self) -> None:
        self.came = False
        self._before: Any = None

    def __enter__(self) -> "Interrupts":
        here = threading.current_thread() is threading.main_thread()
        if here and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._come)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _come(self, number: int, frame: FrameType | None) -> None:
        self.came = True
        signal.default_int_handler(number, frame)


def _require_known(name: str, known: list[str], ctx: click.Context) -> None:
    """Refuse a command that does not exist, with the nearest that does."""
    if name not in known and not name.startswith("-"):
        near = difflib.get_close_matches(name, known, n=1) or difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        meant = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
        raise click.UsageError(f"there is no command {name!r}; {meant}", ctx)


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Say which version this is, and end."""
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
    """The commands."""


def main() -> NoReturn:
    """The program `townlet`: quick to begin, and quick to end.

    What the imports make lives until the end, so looking for garbage among it costs a fifth of a short command.
    """
    gc.set_threshold(NEW_OBJECTS)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for some reads what every package declares
    try:
        townlet.main()
    finally:
        if "duckdb" not in sys.modules:  # which complains of what is left of it at the end
            gc.freeze()


if __name__ == "__main__":
    main()
