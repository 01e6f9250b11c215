"""`townlet sweep`"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import living, options, output
from cli.engines import Shard, engine_options
from cli.main import COMMANDS
from cli.names import Name
from eventlog.places import is_uri

if TYPE_CHECKING:
    from townlet.sweeping.result import SweepResult
    from townlet.sweeping.running import Prepared

SHOWN: Final = ("points", "towns", "differences", "indices")
"""What a sweep prints: means of points, a row for each town, paired differences, or Sobol's indices."""

TOLD_MOST: Final = 5


def sweeps() -> list[str]:
    """The names of the shipped sweeps."""
    from townlet.sweeping.settings import shipped_sweeps

    return list(shipped_sweeps())


@click.command(
    "sweep",
    help=f"""{COMMANDS["sweep"]}

    PLAN is a YAML file, or the name of a shipped sweep: the town, the days, the seeds, a design (grid, list,
    latin_hypercube or sobol), the settings that it varies, and the figures that are measured. A town lives for each
    point of the design and each seed; all points have the same seeds, so that their differences are paired.

    FOLDER keeps a small file for each town, under the digest of its settings, seed, days and code, and one table of all
    rows. Stopped at any point, the same command goes on: a town that is there is not made again, with any number of
    processes, on Ray, or in parts (--shard 1/4) that several machines make, each with the same folder or with its own.
    A town that fails ends no other; exits with code 1 if one failed.

    --show says what is printed: the mean of each figure at each point with its interval over seeds (95 %); a row for
    each town; what differs between each point and the one that --point names, paired by seed, and how many times more
    towns the same would take without pairs; or Sobol's sensitivity indices, for a sobol design with indices.
    With --summary no town lives, and PLAN may be left out.
    """,
    epilog=options.examples(
        "townlet sweep talk --into runs/talk --jobs 2",
        "townlet sweep talk --into runs/talk --summary --show differences",
        "townlet sweep talk --into runs/talk --seeds 40 --extend",
        "townlet sweep quarrels --into runs/quarrels --engine ray --show indices --plot quarrels.svg",
        "townlet sweep plan.yaml --into runs/part --shard 1/4 --keep-runs s3://bucket/towns",
        "townlet sweep talk --into runs/talk --keep-runs runs/talk.zip",
        "townlet sweep plan.yaml --dry-run",
    ),
)
@click.argument("plan", required=False, type=Name("sweep", sweeps, files=True))
@click.option("--into", type=options.NewPath(), help="The sweep's folder; needed, except with --dry-run.")
@click.option("--seeds", type=options.Seeds(), help="Other seeds than the plan's: how many, or which.")
@click.option("--days", type=click.IntRange(min=1), help="Other days than the plan's: how long each town lives.")
@options.settings_option
@options.jobs_option
@engine_options
@click.option("--shard", type=Shard(), metavar="i/n", help="Let only part i of n live, from 1.")
@click.option("--retry-failed", is_flag=True, help="Let the towns live again that failed before.")
@click.option("--extend", is_flag=True, help="Add points or seeds to what the folder holds.")
@click.option(
    "--keep-runs",
    "keep",
    metavar="PLACE",
    help="Keep every town as a run, too: in a folder, a pack (FILE.zip), a store.",
)
@click.option("--dry-run", is_flag=True, help="Print the points; no town lives.")
@click.option("--summary", is_flag=True, help="Print what the folder holds; no town lives.")
@click.option("--show", type=click.Choice(SHOWN), default="points", show_default=True, help="What is printed.")
@click.option(
    "--point", type=click.IntRange(min=0), default=0, show_default=True, help="The point that differences are from."
)
@click.option("--plot", type=options.NewPath(), help="Draw the indices, or the points, into this PNG or SVG file.")
@options.output_formats
def command(
    plan: str | None,
    into: Path | None,
    seeds: Sequence[int] | None,
    days: int | None,
    overrides: dict[str, object],
    jobs: int | None,
    engine: str,
    address: str | None,
    shard: tuple[int, int] | None,
    retry_failed: bool,
    extend: bool,
    keep: str | None,
    dry_run: bool,
    summary: bool,
    show: str,
    point: int,
    plot: Path | None,
    form: str,
) -> None:
    if plan is None and not summary:
        raise click.UsageError(f"name a sweep: a YAML file, or one of {', '.join(sweeps())}")
    if into is None and not dry_run:
        raise click.UsageError("say where the sweep is kept: --into FOLDER; --dry-run only prints its points")
    if plot is not None:
        from townlet.plotting.tie_network import require_drawable

        require_drawable(plot)
    changes: dict[str, Any] = {"seeds": seeds, "days": days, "overrides": overrides}
    if dry_run:
        from townlet.sweeping import running

        say_points(running.prepared(plan or "", **changes, kept=keep is not None), form)
        return
    assert into is not None
    if summary:
        from townlet.sweeping.result import summary as summary_of

        found = summary_of(into)
    else:
        if living.is_cold():
            living.compile_kernels()
        how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address, "shard": shard}
        how |= {"retry_failed": retry_failed, "extend": extend}
        how |= {"keep": keep if keep is None or is_uri(keep) else Path(keep)}
        found = let_live(plan or "", into, changes | how)
    say(found, show, point, form)
    if plot is not None:
        from townlet.sweeping.picture import plot_sweep

        plot_sweep(found, plot)
        output.words(f"wrote {plot}")
    say_outcome(found)


def let_live(plan: str, into: Path, how: dict[str, Any]) -> "SweepResult":
    """Let the towns live that are missing. Ctrl-C or SIGTERM ends all at once, and what has lived stays."""
    from townlet.sweeping.running import sweep

    with output.Line() as line:
        line.draw("the sweep is read")
        try:
            return sweep(plan, into=into, progress=line.draw, **how)
        except KeyboardInterrupt:
            line.clear()
            output.words("stopped: the towns that have lived stay\n  Next: the same command goes on from there")
            raise


def say_points(made: "Prepared", form: str) -> None:
    """Print the points of a design, and say how many towns there are."""
    from townlet.sweeping.rows import keys_of

    points = [point for _, point in made.plan.points]
    keys = keys_of(points)
    rows = [{"point": number, **{key: point.get(key) for key in keys}} for number, point in enumerate(points)]
    output.records(rows, ("point", *keys), form)
    towns = len(points) * len(made.plan.seeds)
    output.words(
        f"{len(points):,} points, {len(made.plan.seeds):,} seeds: {towns:,} towns of {made.plan.same['ticks']:,} ticks"
    )


def say(found: "SweepResult", show: str, versus: int, form: str) -> None:
    """Print what is asked for; in a table for reading, numbers are rounded."""
    if show == "towns":
        output.table(found.rows, form)
        return
    table = {
        "points": found.means,
        "differences": lambda: found.differences(versus),
        "indices": found.indices,
    }[show]()
    if form == "arrow":
        output.table(table, form)
        return
    rows = table.to_pylist()
    if form == "table":
        rows = [{name: _short(value) for name, value in row.items()} for row in rows]
    output.records(rows, table.column_names, form)


def say_outcome(found: "SweepResult") -> None:
    """Say how many towns are there. Raises `click.exceptions.Exit` with 1 if some failed, which are named."""
    towns = len(found.plan.points) * len(found.plan.seeds)
    missing = f", {found.missing:,} of {towns:,} have not lived yet" if found.missing else ""
    failed = found.failed.to_pylist()
    output.words(f"{len(found.rows) - len(failed):,} towns have lived{missing}")
    if failed:
        output.words(f"{len(failed):,} towns failed; --retry-failed lets them live again:")
        for row in failed[:TOLD_MOST]:
            output.words(f"  point {row['point']}, seed {row['seed']}: {row['error']}")
        raise click.exceptions.Exit(1)


def _short(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value
