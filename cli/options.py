"""The options and arguments that commands share, so that each means the same everywhere."""

import difflib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from cli import output

RUNS: Final = Path("runs")
"""Where runs are kept, from the folder one stands in."""

Command = TypeVar("Command", bound=Callable[..., Any])


def output_formats(command: Command) -> Command:
    """`--json`, `--csv` and `--arrow`, as the argument `form`: one of `output.FORMS`, by default a table to read."""

    @functools.wraps(command)
    def with_form(*arguments: Any, **options: Any) -> Any:
        chosen = [form for form in output.FORMS[1:] if options.pop(form)]
        if len(chosen) > 1:
            raise click.UsageError(f"one form at a time: --{' or --'.join(chosen)}", click.get_current_context())
        if chosen == ["arrow"] and output.is_watched():
            raise click.UsageError("--arrow writes bytes, not text: send them to a file or a pipe")
        return command(*arguments, form=chosen[0] if chosen else "table", **options)

    meaning = {"json": "Print JSON.", "csv": "Print CSV.", "arrow": "Print an Arrow IPC stream, for a file or a pipe."}
    wrapped: Any = with_form
    for form in reversed(output.FORMS[1:]):
        wrapped = click.option(f"--{form}", is_flag=True, help=meaning[form])(wrapped)
    return cast(Command, wrapped)


def run_argument(command: Command) -> Command:
    """`RUN`, as the argument `run`: the path of a run's folder."""
    return click.argument("run", required=False, callback=_found, shell_complete=_runs_like)(command)


def _found(ctx: click.Context, _: click.Parameter, name: str | None) -> Path | None:
    return None if ctx.resilient_parsing else find_run(name)


def find_run(name: str | None) -> Path:
    """The folder of a run: a path, the name of one under `runs/`, or None for the newest.

    Raises `click.UsageError` with the nearest names.
    """
    known = runs_in(RUNS)
    if name is None:
        if not known:
            raise click.UsageError(f"there is no run under {RUNS}/ yet; name one, or make one with: townlet run")
        return max(known, key=last_written)
    for path in (Path(name), RUNS / name):
        if is_run(path):
            return path
    near = difflib.get_close_matches(Path(name).name, [path.name for path in known], n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(str(RUNS / each) for each in near)}?" if near else "see: townlet runs"
    raise click.UsageError(f"there is no run {name!r}; {meant}")


def is_run(path: Path) -> bool:
    """Whether there is a run in this folder."""
    return (path / "run.json").is_file()


def runs_in(folder: Path) -> list[Path]:
    """The runs in a folder, by name."""
    return sorted(path for path in folder.iterdir() if is_run(path)) if folder.is_dir() else []


def last_written(run: Path) -> float:
    """When the run was written to last, in seconds of the machine's clock."""
    return max(path.stat().st_mtime for path in (run / "run.json", run / "log" / "head") if path.exists())


def _runs_like(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    return [path.name for path in runs_in(RUNS) if path.name.startswith(begun)]


def settings_option(command: Command) -> Command:
    """`--set KEY=VALUE`, as the argument `overrides`: dotted keys with their values' texts, which are read as YAML."""
    option = click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        callback=_overrides,
        help="Change a setting, by its dotted key; may be repeated.",
    )
    return option(command)


def _overrides(ctx: click.Context, _: click.Parameter, pairs: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise click.UsageError(f"--set {pair!r} is not KEY=VALUE, such as --set town.people=12", ctx)
        found[key.strip()] = value
    return found


def ticks_options(command: Command) -> Command:
    """`--ticks N` or `--days D`: how long to live."""
    days = click.option("--days", type=click.IntRange(min=1), help="How many days of town time.")
    ticks = click.option("--ticks", type=click.IntRange(min=0), help="How many ticks, each a minute of town time.")
    return ticks(days(command))


def ticks_of(ticks: int | None, days: int | None, ticks_per_day: int) -> int:
    """The ticks that were asked for. Raises `click.UsageError` unless just one of both was given."""
    if (ticks is None) == (days is None):
        raise click.UsageError("say how long to live: --ticks N or --days D")
    return ticks if ticks is not None else (days or 0) * ticks_per_day


def durability_option(command: Command) -> Command:
    """`--durability`: when a commit is synced."""
    option = click.option(
        "--durability",
        type=click.Choice(["every-commit", "interval", "never"]),
        default="interval",
        show_default=True,
        help="When commits are forced to the disk.",
    )
    return option(command)


def examples(*lines: str) -> str:
    """The epilog of a command's help: how it is used."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def time_of(tick: int, ticks_per_day: int) -> str:
    """A tick as people say it: `day 3, 07:42`; a day has 24 hours, whatever its ticks."""
    day, within = divmod(tick, ticks_per_day)
    minutes = within * 1440 // ticks_per_day
    return f"day {day}, {minutes // 60:02}:{minutes % 60:02}"
