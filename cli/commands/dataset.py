"""`townlet dataset`"""

from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import REWARDS
from cli.renamed import Renamed

FORMATS = ("arrow", "parquet", "minari")
VARIANTS = ("full", "hybrid", "compact")
CONTROLS = ("option", "primitive")


@click.command(
    "dataset",
    help=f"""{COMMANDS["dataset"]}

    Nothing is simulated: observations and rewards are computed from the log, under the run's own settings or under
    others. --rewards takes a file with a block rewards, or a shipped one: off, c1, c2, c3. --set changes any key of
    observations and rewards; a key that decides what happens is refused with exit code 2.

    A row is one person in one tick: the observation at the beginning of the tick, the allowed actions, the action, the
    reward term by term, and whether the episode ended. arrow and parquet write one file, steps.arrow or steps.parquet;
    minari writes episodes for Minari, if it is installed. dataset.json describes the dataset.
    """,
    epilog=options.examples(
        "townlet dataset runs/a --into datasets/a",
        "townlet dataset runs/a --variant compact --rewards c1 --into datasets/a --format arrow",
        "townlet dataset runs/a --from-tick 1440 --to-tick 2880 --set observations.social.top_k=4 --into datasets/day",
        "townlet dataset runs/a --format minari --into datasets/town-v0",
    ),
)
@options.run_argument
@click.option("--into", cls=Renamed, old="--to", type=options.NewPath(), required=True, help="The folder to write.")
@click.option(
    "--format",
    "form_of_file",
    type=click.Choice(FORMATS),
    default="parquet",
    show_default=True,
    help="The format to write.",
)
@click.option(
    "--variant", type=click.Choice(VARIANTS), help="The kind of observations; by default that of the run's settings."
)
@click.option("--rewards", type=REWARDS, metavar="NAME|FILE", help="The reward settings; by default the run's own.")
@options.settings_option
@click.option("--from-tick", type=click.IntRange(min=0), help="The first tick; by default the run's first.")
@click.option("--to-tick", type=click.IntRange(min=0), help="The tick to end before; by default the run's last.")
@click.option(
    "--control",
    type=click.Choice(CONTROLS),
    help="The kind of actions; by default primitive if the log has a primitive action.",
)
@click.option("--replace", is_flag=True, help="Replace an existing dataset, if its folder holds nothing else.")
@options.output_formats
def command(
    run: Path | str,
    into: Path,
    form_of_file: str,
    variant: str | None,
    rewards: str | None,
    overrides: dict[str, object],
    from_tick: int | None,
    to_tick: int | None,
    control: str | None,
    replace: bool,
    form: str,
) -> None:
    if from_tick is not None and to_tick is not None and from_tick >= to_tick:
        raise click.UsageError(f"--from-tick {from_tick} is not before --to-tick {to_tick}")
    import townlet
    from townlet.dataset.files import write

    asked = {"variant": variant, "rewards": rewards, "overrides": overrides, "control": control}
    try:
        dataset = townlet.open(run).dataset(from_tick or 0, to_tick, **asked)
        with output.Waiting(f"writing {form_of_file}"):
            done = write(dataset, form_of_file, into, replace=replace)
    except (FileExistsError, NotImplementedError) as error:
        raise click.UsageError(str(error)) from error
    record = {
        "dataset": str(done.path),
        "from_tick": dataset.from_tick,
        "to_tick": dataset.to_tick,
        "steps": done.steps,
        "bytes": done.bytes,
        "control": dataset.control,
        "layout": dataset.layout.hash,
        "log_digest": dataset.digest,
    }
    output.record(record, form)
