"""`townlet experiment`"""

from collections.abc import Sequence
from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import Name


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

    With --report nothing is trained: the file is written from the cells that are there, and names those that are
    missing. Exits with code 1 if a cell failed. Needs torch and scipy: pip install 'townlet[train,facts]'
    """,
    epilog=options.examples(
        "townlet experiment social_rewards --into runs/social_rewards --jobs 2",
        "townlet experiment social_rewards --into runs/social_rewards --arm C1 --seeds 1-5",
        "townlet experiment social_rewards --into runs/social_rewards --report report.md",
    ),
)
@click.argument("experiment", type=Name("experiment", experiments, files=True))
@click.option("--into", type=click.Path(path_type=Path), required=True, help="The experiment's folder.")
@click.option("--arm", help="Only the cells of this arm.")
@click.option("--seeds", type=options.Seeds(), help="Only the cells of these seeds: 1-5, or how many from 1 on.")
@options.jobs_option
@click.option("--report", "told", type=click.Path(path_type=Path, dir_okay=False), help="Write this Markdown file.")
@options.output_formats
def command(
    experiment: str,
    into: Path,
    arm: str | None,
    seeds: Sequence[int] | None,
    jobs: int | None,
    told: Path | None,
    form: str,
) -> None:
    from townlet.experiments.settings import planned

    plan = planned(experiment)
    if told:
        from eventlog.folder import disk
        from townlet.experiments.report import report

        disk.replace_file(told, report(plan, into).encode())
        output.words(f"wrote {told}")
        return
    from townlet.learning.kept.folders import require_torch

    require_torch()
    from townlet.experiments.running import run_experiment

    with output.Line() as line:
        tell = line.draw if output.stderr_is_terminal() else output.words
        made = run_experiment(plan, into, arm=arm, seeds=tuple(seeds or ()), jobs=jobs, progress=tell)
    rows = [{"cell": name, "state": "kept", "error": ""} for name in made.kept]
    rows += [{"cell": name, "state": "made", "error": ""} for name in made.made]
    rows += [{"cell": name, "state": "failed", "error": error} for name, error in made.failed.items()]
    output.records(rows, ("cell", "state", "error"), form)
    if made.failed:
        raise click.exceptions.Exit(1)
