"""`townlet experiment`"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import options, output
from cli.engines import engine_options
from cli.main import COMMANDS
from cli.names import Name

if TYPE_CHECKING:
    from townlet.experiments.settings import Planned


def experiments() -> list[str]:
    """The names of the shipped experiments."""
    from townlet.experiments.settings import shipped_experiments

    return list(shipped_experiments())


@click.command(
    "experiment",
    help=f"""{COMMANDS["experiment"]}

    EXPERIMENT is a file, or the name of a shipped one: its plan, its arms, their seeds. Each cell (an arm with a seed)
    is trained, its policy lives in the held-out towns, and what came of it is kept in the folder. Stopped at any point,
    the same command goes on; a cell that is there is not made again. The plan's digest stands in the file and in every
    cell, and another plan is refused.

    With --report or --plot nothing is trained: the files are made from the cells that are there. The report names the
    cells that are missing; the picture has the difference of each contrast with its interval, and that of every pair.

    Exits with code 1 if a cell failed. Needs torch and scipy: pip install 'townlet[train,facts]'; a picture needs
    matplotlib: pip install 'townlet[plot]'
    """,
    epilog=options.examples(
        "townlet experiment social_rewards --into runs/social_rewards --jobs 2",
        "townlet experiment social_rewards --into runs/social_rewards --arm C1 --seeds 1-5",
        "townlet experiment social_rewards --into runs/social_rewards --report report.md",
        "townlet experiment social_rewards --into runs/social_rewards --plot contrasts.svg",
    ),
)
@click.argument("experiment", type=Name("experiment", experiments, files=True))
@click.option("--into", type=options.NewPath(), required=True, help="The experiment's folder.")
@click.option("--arm", help="Only the cells of this arm.")
@click.option("--seeds", type=options.Seeds(), help="Only the cells of these seeds: 1-5, or how many from 1 on.")
@options.jobs_option
@engine_options
@click.option("--report", "told", type=options.NewPath(), help="Write this Markdown file.")
@click.option("--plot", type=options.NewPath(), help="Draw the contrasts into this PNG or SVG file.")
@options.output_formats
def command(
    experiment: str,
    into: Path,
    arm: str | None,
    seeds: Sequence[int] | None,
    jobs: int | None,
    engine: str,
    address: str | None,
    told: Path | None,
    plot: Path | None,
    form: str,
) -> None:
    from townlet.experiments.settings import planned

    if told or plot:
        if arm is not None or seeds is not None or jobs is not None:
            raise click.UsageError(
                "--report and --plot are of all cells and make none: leave out --arm, --seeds and --jobs"
            )
        _write(planned(experiment), into, told, plot)
        return
    plan = planned(experiment)
    from townlet.learning.kept.folders import require_torch

    require_torch()
    from townlet.experiments.running import run_experiment

    with output.Line() as line:
        tell = line.draw if output.stderr_is_terminal() else output.words
        how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address, "progress": tell}
        made = run_experiment(plan, into, arm=arm, seeds=tuple(seeds or ()), **how)
    rows = [{"cell": name, "state": "kept", "error": ""} for name in made.kept]
    rows += [{"cell": name, "state": "made", "error": ""} for name in made.made]
    rows += [{"cell": name, "state": "failed", "error": error} for name, error in made.failed.items()]
    output.records(rows, ("cell", "state", "error"), form)
    if made.failed:
        raise click.exceptions.Exit(1)


def _write(plan: "Planned", into: Path, told: Path | None, plot: Path | None) -> None:
    """Write the report and the picture that were asked for, from the cells that are there."""
    if plot:
        from townlet.plotting.tie_network import require_drawable

        require_drawable(plot)
    if told:
        from eventlog.folder.publishing import replacing
        from townlet.experiments.report import report

        text = report(plan, into)
        with replacing(told) as written:
            written.write_text(text, encoding="utf-8")
        output.words(f"wrote {told}")
    if plot:
        from townlet.experiments.picture import plot_contrasts

        plot_contrasts(plan, into, plot)
        output.words(f"wrote {plot}")
