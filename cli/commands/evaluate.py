"""`townlet evaluate`"""

from collections.abc import Sequence
from math import floor, isfinite, log10
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import options, output
from cli.engines import engine_options
from cli.main import COMMANDS
from cli.names import CONFIG, Name

if TYPE_CHECKING:
    from townlet.evaluating.rows import Row

COLUMNS = (
    "policy",
    "share",
    "figure",
    "value",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "unit",
)
NUMBERS = COLUMNS[3:9]

DIGITS = 3
PLACES_MOST = 12
"""The significant digits of a number in the table, and the most places after its point."""


def known_policies() -> list[str]:
    """The names of policies: scripted, random and the shipped ones."""
    from townlet.evaluating.entrants import known_names

    return known_names()


@click.command(
    "evaluate",
    help=f"""{COMMANDS["evaluate"]}

    A POLICY is scripted, random, the name of a shipped policy, or a policy's file; NAME=FILE,FILE,... are trainings
    under the same settings, which are told together under this name. Each lives the same towns, from their founding,
    and every figure has its 95 % interval over towns (and trainings) and its difference to the script's, paired by
    town. `return` is of a seat-day, whether or not somebody lives there; other rates are of a person-day.

    The table for reading has the figures that say whether people live well: with --all it has every figure, as --json,
    --csv and --arrow always have.

    An alarm goes to stderr if more people leave than under the random policy, and the digest of all towns.
    """,
    epilog=options.examples(
        "townlet evaluate town scripted random --json",
        "townlet evaluate town scripted --share 4/8 --share 8/8 --seeds 1000001-1000050",
        "townlet evaluate mine.safetensors scripted random --also rewards.social.stage=c1 --plot mine.svg",
        "townlet evaluate town scripted --plot-hours day.svg",
        "townlet evaluate c1=a.safetensors,b.safetensors scripted --config town16",
    ),
)
@click.argument(
    "policies", nargs=-1, required=True, type=Name("policy", known_policies, files=True), metavar="POLICY..."
)
@click.option("--config", type=CONFIG, help="The town: a YAML file or a shipped name; by default the default town.")
@click.option(
    "--seeds",
    type=options.Seeds(),
    default="1000001-1000020",
    show_default=True,
    help="How many towns, or which seeds; no training with a seed below 100 has the default ones.",
)
@click.option("--days", type=click.IntRange(min=1), default=28, show_default=True, help="How long each lives.")
@click.option(
    "--share",
    "shares",
    multiple=True,
    default=("8/8",),
    show_default=True,
    metavar="K/N",
    help="For how many of the people a file decides, the others follow the script; may be repeated.",
)
@options.settings_option
@options.also_option
@click.option(
    "--all", "whole", is_flag=True, help="Print every figure, not only those that say whether people live well."
)
@click.option("--hours", is_flag=True, help="Tell the time by option for every hour of the day, too; implies --all.")
@click.option("--plot", type=options.NewPath(), help="Draw the figures into this PNG or SVG file as well.")
@click.option(
    "--plot-hours", type=options.NewPath(), help="Draw what people do at each hour of the day into this file as well."
)
@click.option("--into", type=options.NewPath(), help="Keep what is summed of each town in this folder, to go on later.")
@options.jobs_option
@engine_options
@options.output_formats
def command(
    policies: Sequence[str],
    config: str | None,
    seeds: Sequence[int],
    days: int,
    shares: Sequence[str],
    overrides: dict[str, object],
    also: dict[str, object],
    whole: bool,
    hours: bool,
    plot: Path | None,
    plot_hours: Path | None,
    into: Path | None,
    jobs: int | None,
    engine: str,
    address: str | None,
    form: str,
) -> None:
    from townlet.evaluating.evaluation import evaluate

    for picture in filter(None, (plot, plot_hours)):
        from townlet.plotting.tie_network import require_drawable

        require_drawable(picture)
    with output.Line() as line:
        line.draw(f"towns of {len(seeds)} seeds begin to live {days} days")
        found = evaluate(
            policies,
            config,
            seeds=seeds,
            days=days,
            shares=shares,
            overrides=overrides,
            also=also,
            by_hour=hours or plot_hours is not None,
            jobs=jobs,
            engine=engine,
            address=address,
            into=into,
            progress=line.draw,
        )
    _say(found.rows, whole or hours, hours, form)
    below = f"{len(seeds)} towns, {days} days    digest {found.digest[:12]}"
    if plot:
        from townlet.evaluating.picture import plot_evaluation

        plot_evaluation(found.rows, plot, below)
        output.words(f"wrote {plot}")
    if plot_hours:
        from townlet.evaluating.hours_picture import plot_hours as draw_hours

        draw_hours(found.rows, plot_hours, below)
        output.words(f"wrote {plot_hours}")
    for alarm in found.alarms:
        output.words(alarm)
    output.words(f"digest of {len(seeds)} towns of {days} days for each policy and share: {found.digest}")


def _say(rows: "Sequence[Row]", whole: bool, hours: bool, form: str) -> None:
    """Print the rows: in a table for reading only those of SHORT, unless the `whole` is asked for."""
    from townlet.evaluating.figures import SHORT, is_of_hour

    told = [row for row in rows if hours or not is_of_hour(row.figure)]
    fields = [row._asdict() for row in told]
    if form == "table":
        kept = [row for row in fields if whole or row["figure"] in SHORT]
        fields = [row | {name: figure_in_words(row[name]) for name in NUMBERS} for row in kept]
    output.records(fields, COLUMNS, form)
    if len(fields) < len(told):
        output.words(f"{len(told) - len(fields):,} more rows: --all")


def figure_in_words(figure: float | None) -> str | None:
    """A number with DIGITS significant digits and no exponent, so that none but 0 is written as 0."""
    if figure is None or not isfinite(figure):
        return None if figure is None else str(figure)
    places = max(0, DIGITS - 1 - floor(log10(abs(figure)))) if figure else 0
    return f"{figure:.{min(places, PLACES_MOST)}f}"
