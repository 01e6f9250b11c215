"""`townlet evaluate`"""

from collections.abc import Sequence
from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import CONFIG, Name

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

    An alarm goes to stderr if more people leave than under the random policy, and the digest of all towns. The figures
    need scipy: pip install 'townlet[facts]'
    """,
    epilog=options.examples(
        "townlet evaluate town scripted random --json",
        "townlet evaluate town scripted --share 4/8 --share 8/8 --seeds 1000001-1000050",
        "townlet evaluate mine.safetensors scripted random --also rewards.social.stage=c1 --plot mine.svg",
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
@click.option("--hours", is_flag=True, help="Tell the time by option for every hour of the day, too.")
@click.option("--plot", type=options.NewPath(), help="Draw the figures into this PNG or SVG file as well.")
@click.option("--into", type=options.NewPath(), help="Keep what is summed of each town in this folder, to go on later.")
@options.jobs_option
@options.output_formats
def command(
    policies: Sequence[str],
    config: str | None,
    seeds: Sequence[int],
    days: int,
    shares: Sequence[str],
    overrides: dict[str, object],
    also: dict[str, object],
    hours: bool,
    plot: Path | None,
    into: Path | None,
    jobs: int | None,
    form: str,
) -> None:
    from townlet.evaluating.evaluation import evaluate

    if plot:
        from townlet.plotting.tie_network import form_of

        form_of(plot)
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
            by_hour=hours,
            jobs=jobs,
            into=into,
            progress=line.draw,
        )
    fields = [row._asdict() for row in found.rows]
    if form == "table":
        fields = [row | {name: _short(row[name]) for name in NUMBERS} for row in fields]
    output.records(fields, COLUMNS, form)
    if plot:
        from townlet.evaluating.picture import plot_evaluation

        plot_evaluation(found.rows, plot, f"{len(seeds)} towns, {days} days    digest {found.digest[:12]}")
        output.words(f"wrote {plot}")
    for alarm in found.alarms:
        output.words(alarm)
    output.words(f"digest of {len(seeds)} towns of {days} days for each policy and share: {found.digest}")


def _short(figure: float | None) -> str | None:
    return None if figure is None else f"{figure:.4g}"
