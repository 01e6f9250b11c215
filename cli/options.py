"""The options and arguments that commands share, so that each has the same meaning everywhere."""

import errno
import functools
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from cli import names, output
from cli.names import RUNS as RUNS
from cli.names import Name, RunName, Setting
from eventlog.folder.run_folders import is_folder, is_run, newest, runs_below
from eventlog.places import is_uri, refusal
from projections.spelling import near_names

NEWEST: Final = "townlet.newest"
"""The key of a command's `meta` that is there if its run was chosen for want of a name."""

SEEDS_MOST: Final = 10_000
"""The most seeds that one command takes: each is a town of its own."""

Command = TypeVar("Command", bound=Callable[..., Any])


def output_formats(command: Command) -> Command:
    """`--json`, `--csv` and `--arrow`, as the argument `form`: one of `output.FORMS`, by default a table to read."""

    @functools.wraps(command)
    def with_form(*arguments: Any, **options: Any) -> Any:
        chosen = [form for form in output.FORMS[1:] if options.pop(form)]
        if len(chosen) > 1:
            raise click.UsageError(f"give only one of: --{' or --'.join(chosen)}", click.get_current_context())
        if chosen == ["arrow"] and output.stdout_is_terminal():
            raise click.UsageError("--arrow writes bytes, not text: redirect them to a file or a pipe")
        return command(*arguments, form=chosen[0] if chosen else "table", **options)

    meaning = {"json": "Print JSON.", "csv": "Print CSV.", "arrow": "Print an Arrow IPC stream, for a file or a pipe."}
    wrapped: Any = with_form
    for form in reversed(output.FORMS[1:]):
        wrapped = click.option(f"--{form}", is_flag=True, help=meaning[form])(wrapped)
    return cast(Command, wrapped)


def run_argument(command: Command) -> Command:
    """`RUN`, as the argument `run`: the path of a run's folder, or its URI."""
    return _saying_which(click.argument("run", required=False, type=RunName(), callback=_run_named)(command))


def own_run_argument(command: Command) -> Command:
    """`RUN`, as the argument `run`: the path of a run's folder, for commands that write to it."""
    return _saying_which(click.argument("run", required=False, type=RunName(), callback=_own_run_named)(command))


def _saying_which(command: Command) -> Command:
    """The command, which first names the run on stderr if it was chosen by itself."""

    @functools.wraps(command)
    def saying(*arguments: Any, **options: Any) -> Any:
        if NEWEST in click.get_current_context().meta:
            say_newest(options["run"])
        return command(*arguments, **options)

    return cast(Command, saying)


def _run_named(ctx: click.Context, _: click.Parameter, name: str | None) -> Path | str | None:
    return name if ctx.resilient_parsing else _newest_or(_run, ctx, name)


def _own_run_named(ctx: click.Context, _: click.Parameter, name: str | None) -> Path | str | None:
    return name if ctx.resilient_parsing else _newest_or(_own_run, ctx, name)


def _newest_or(find: Callable[[str | None], Any], ctx: click.Context, name: str | None) -> Any:
    """The run of this name; it is remembered whether it is the newest one for want of a name."""
    if name is None:
        ctx.meta[NEWEST] = True
    return find(name)


def say_newest(run: Path | str) -> None:
    """Name the run that was chosen, because none was given."""
    output.words(f"the newest run: {run}")


def find_run(name: str | None) -> Path | str:
    """A run: a URI as it is given, else the folder of the run.

    Raises `click.UsageError` with the nearest names if there is no such run. A URI is not checked.
    """
    return name if name is not None and is_uri(name) else names.packed_town(name) or find_own_run(name)


def find_own_run(name: str | None) -> Path:
    """The folder of a run, given by path, by name under `runs/`, or None for the newest run, which stderr then names.

    Raises `click.UsageError` with the nearest names; for a URI it says what to do.
    """
    path = _own_run(name)
    if name is None:
        say_newest(path)
    return path


def _run(name: str | None) -> Path | str:
    return name if name is not None and is_uri(name) else names.packed_town(name) or _own_run(name)


def _own_run(name: str | None) -> Path:
    if is_uri(name):
        raise click.UsageError(refusal(name))
    names.refuse_packed(name)
    known = runs_below(RUNS)
    if name is None:
        if not known:
            raise click.UsageError(f"there is no run under {RUNS}/ yet; name one, or make one with: townlet run")
        return newest(known)
    for path in (Path(name), RUNS / name):
        if is_run(path):
            return path
        if is_folder(path) and not os.access(path, os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    asked = Path(name).as_posix().removeprefix(f"{RUNS}/")
    near = near_names(asked, [path.relative_to(RUNS).as_posix() for path in known], 3)
    meant = f"did you mean {' or '.join(str(RUNS / each) for each in near)}?" if near else "see: townlet runs"
    raise click.UsageError(f"there is no run {name!r}; {meant}")


def find_runs(given: Sequence[str]) -> list[Path | str]:
    """The runs of these arguments: each as in `find_run`, a pattern such as `runs/*`, a pack, or a list with commas.

    Raises `click.UsageError` for an argument without a run.
    """
    found: list[Path | str] = []
    for name in given:
        if is_uri(name) or is_run(Path(name)) or is_run(RUNS / name):
            found.append(find_run(name))
        elif packed := names.packed_towns(name):
            found += packed
        elif "," in name:
            found += find_runs([part.strip() for part in name.split(",") if part.strip()])
        elif names_many(name):
            from townlet.asking.many_runs import matching

            matched = matching(name) or matching(str(RUNS / name))
            if not matched:
                raise click.UsageError(f"no folder that matches {name!r} holds a run; see: townlet runs")
            found += matched
        else:
            found.append(find_run(name))
    return found


def names_many(name: str) -> bool:
    """Whether an argument names many runs: a pattern, a list with commas, or a pack."""
    many = bool(set("*?[,") & set(name)) or names.names_a_pack(name)
    return many and not is_uri(name) and not is_run(Path(name))


def run_and_pair(names: tuple[str, ...]) -> tuple[Path | str, str, str]:
    """The run and the two names of `[RUN] OWNER OTHER`. Raises `click.UsageError`."""
    if not 2 <= len(names) <= 3:
        raise click.UsageError("name two people, and before them the run if it is not the newest, such as: alice grace")
    return find_run(names[0] if len(names) == 3 else None), names[-2], names[-1]


class NewPath(click.Path):
    """A file or folder to write, on this machine. An empty text, as from an unset shell variable, is refused."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Its path; fails for a URI and for an empty text."""
        if value == "":
            self.fail("it is empty: give a path, such as runs/a", param, ctx)
        if is_uri(value):
            raise click.UsageError(refusal(value), ctx)
        return super().convert(value, param, ctx)


def settings_option(command: Command) -> Command:
    """`--set KEY=VALUE`, as the argument `overrides`: dotted keys with texts, which are read as YAML."""
    return changes_option("--set", "overrides", "Change a setting, by its dotted key; may be repeated.")(command)


def versus_option(command: Command) -> Command:
    """`--versus KEY=VALUE`, as the argument `versus`: the settings of the other side of a comparison, as in `--set`."""
    return changes_option("--versus", "versus", "Compare with this setting changed; may be repeated.")(command)


def compare_option(command: Command) -> Command:
    """`--compare KEY=VALUE`, as the argument `compare`: the settings of the other side, as in `--set`."""
    return changes_option("--compare", "compare", "Compare with this setting changed; may be repeated.")(command)


def also_option(command: Command) -> Command:
    """`--also KEY=VALUE`, as the argument `also`: settings of a second reward, by which the same towns are paid."""
    meaning = "Pay the same towns by a second reward, too, with this setting changed; may be repeated."
    return changes_option("--also", "also", meaning)(command)


def changes_option(
    flag: str, name: str, meaning: str, *, kind: Setting | None = None, example: str = "town.people=12"
) -> Callable[[Command], Command]:
    """`FLAG KEY=VALUE`, which may be repeated, as a mapping in the argument `name`; `kind` completes the keys."""

    def changes(ctx: click.Context, _: click.Parameter, pairs: tuple[str, ...]) -> dict[str, object]:
        found: dict[str, object] = {}
        for pair in pairs:
            key, sign, value = pair.partition("=")
            if not sign or not key.strip():
                raise click.UsageError(f"{flag} {pair!r} is not KEY=VALUE, such as {flag} {example}", ctx)
            found[key.strip()] = value
        return found

    sort = kind or Setting()
    return click.option(flag, name, type=sort, multiple=True, metavar="KEY=VALUE", callback=changes, help=meaning)


def rules_option(command: Command) -> Command:
    """`--rules FILE`, as the argument `rules`: the rules that a town must keep."""
    meaning = "The rules: a YAML file, or the name of a shipped one."
    return click.option(
        "--rules", type=names.RULES, default="default", show_default=True, metavar="FILE", help=meaning
    )(command)


def ticks_options(command: Command) -> Command:
    """`--ticks N` or `--days D`: how long to live."""
    days = click.option("--days", type=click.IntRange(min=1), help="How many days of town time.")
    ticks = click.option("--ticks", type=click.IntRange(min=0), help="How many ticks, each a minute of town time.")
    return ticks(days(command))


def ticks_of(ticks: int | None, days: int | None, ticks_per_day: int) -> int:
    """The number of ticks to live. Raises `click.UsageError` unless exactly one of both is given."""
    if (ticks is None) == (days is None):
        if ticks is not None:
            raise click.UsageError("--ticks and --days both say how long to live: give only one of them")
        raise click.UsageError("say how long to live: --ticks N or --days D")
    return ticks if ticks is not None else (days or 0) * ticks_per_day


def pace_option(command: Command) -> Command:
    """`--pace`, as the argument `pace`: how fast the town lives."""
    option = click.option(
        "--pace",
        type=click.Choice(["1x", "10x", "100x", "max"]),
        default="max",
        show_default=True,
        help="How fast the town lives: at 1x a tick takes 250 ms of real time, at max it never waits.",
    )
    return option(command)


def perturb_option(command: Command) -> Command:
    """`--perturb PROFILE`, as the argument `perturb`: by which profile city events come; None if it is left out."""

    def known() -> list[str]:
        from townlet.living.perturbing.profile import NOTHING, shipped_profiles

        return [*shipped_profiles(), NOTHING]

    option = click.option(
        "--perturb",
        type=Name("profile", known, files=True),
        metavar="PROFILE|FILE",
        help="City events by this profile: calm, classic, wild, a YAML file, or none.",
    )
    return option(command)


def commands_option(command: Command) -> Command:
    """`--commands FILE`, as the argument `orders`: the commands of a session, each with its tick."""

    def orders_of(ctx: click.Context, _: click.Parameter, path: Path | None) -> Any:
        if path is None or ctx.resilient_parsing:
            return ()
        from townlet.errors import TownletError
        from townlet.living.commands.session import read_session

        try:
            return read_session(path.read_text("utf-8"), str(path))
        except (TownletError, UnicodeDecodeError) as error:
            raise click.UsageError(str(error), ctx) from error

    option = click.option(
        "--commands",
        "orders",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        callback=orders_of,
        help="Give the commands of this session (YAML), each at its tick; townlet commands writes such a file.",
    )
    return option(command)


def durability_option(command: Command) -> Command:
    """`--durability`, as the argument `durability`: when commits are synced."""
    option = click.option(
        "--durability",
        type=click.Choice(["every-commit", "interval", "never"]),
        default="interval",
        show_default=True,
        help="When commits are forced to the disk.",
    )
    return option(command)


def policy_options(command: Command) -> Command:
    """`--policy` and `--share`, as the arguments `policy` and `share`: by whom people live, and how many of them."""
    share = click.option(
        "--share",
        metavar="N/M",
        help="How many live by the policy: N of every M seats, such as 4/8; by default all.",
    )
    policy = click.option(
        "--policy",
        type=names.POLICY,
        help="Live by a policy: a shipped name such as town, a file (.safetensors), or scripted for the script.",
    )
    return policy(share(command))


def examples(*lines: str) -> str:
    """The epilog of a command's help, with examples."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


class Seeds(click.ParamType[Sequence[int]]):
    """Seeds: `20` means 1 to 20; `9001-9020` is a range; `1,5,9` are single ones, and may be ranges."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sequence[int]:
        """The seeds, in the order given; fails for anything else."""
        parts = str(value).split(",")
        if len(parts) == 1:
            return self._range_of(parts[0], "1", str(value), param, ctx)
        seeds = [seed for part in parts for seed in self._range_of(part, None, str(value), param, ctx)]
        self._require_few(len(seeds), str(value), seeds[0], param, ctx)
        twice = next((seed for seed, count in Counter(seeds).items() if count > 1), None)
        if twice is not None:
            self.fail(f"{value!r} has the seed {twice} twice: give each once", param, ctx)
        return seeds

    def _range_of(
        self,
        part: str,
        first_of_count: str | None,
        value: str,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> range:
        """The seeds of one part: a range, or a number: then a count from `first_of_count`, or that single seed."""
        found = re.fullmatch(r"(?:(\d{1,20})-)?(\d{1,20})", part.strip())
        if found:
            first, last = int(found[1] or first_of_count or found[2]), int(found[2])
            self._require_few(last - first + 1, value, first, param, ctx)
            if last >= 2**64:
                self.fail(f"{value!r} has a seed above 2**64 - 1", param, ctx)
            if first <= last:
                return range(first, last + 1)
        meant = "20 means 1 to 20, 9001-9020 is a range, 1,5,9 are three"
        return self.fail(f"{value!r} does not give seeds: {meant}", param, ctx)

    def _require_few(
        self, count: int, value: str, first: int, param: click.Parameter | None, ctx: click.Context | None
    ) -> None:
        if count > SEEDS_MOST:
            text = f"{value} are {count:,} seeds, each a town of its own; {SEEDS_MOST:,} are the most"
            self.fail(f"{text}: give fewer, such as {first}-{first + 19}", param, ctx)


def jobs_option(command: Command) -> Command:
    """`--jobs N`, as the argument `jobs`: how many processes, None for as many as there are processors."""
    option = click.option(
        "--jobs",
        type=click.IntRange(min=1),
        help="How many towns live at a time, each in a process; by default as many as processors.",
    )
    return option(command)
