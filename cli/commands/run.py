"""`townlet run`"""

from pathlib import Path

import click

from cli import living, options, output
from cli.main import COMMANDS
from cli.names import CONFIG
from eventlog.folder.run_folders import is_run


@click.command(
    "run",
    help=f"""{COMMANDS["run"]}

    CONFIG is a YAML file or the name of a shipped configuration; left out, it is the default town. The same
    configuration and seed give the same log, byte for byte.

    With --replace the earlier run stays until the first tick of the new one is committed, and a folder that holds
    anything but a run is refused.

    At the end the run's digests are printed. Ctrl-C stops the town between two commits; committed events are kept.
    """,
    epilog=options.examples(
        "townlet run --days 5",
        "townlet run configs/town.yaml --ticks 5000 --seed 7 --into runs/a",
        "townlet run queue_conflict --days 1 --set town.people=12 --json",
        "townlet run --days 1 --pace 10x",
    ),
)
@click.argument("config", required=False, type=CONFIG)
@options.ticks_options
@click.option(
    "--seed", type=click.IntRange(0, 2**64 - 1), default=7, show_default=True, help="The seed of all random draws."
)
@click.option("--into", type=options.NewPath(), help="The run's folder; by default runs/<name>-<seed>.")
@options.settings_option
@options.durability_option
@options.pace_option
@click.option("--replace", is_flag=True, help="Replace an earlier run in that folder.")
@options.output_formats
def command(
    config: str | None,
    ticks: int | None,
    days: int | None,
    seed: int,
    into: Path | None,
    overrides: dict[str, object],
    durability: str,
    pace: str,
    replace: bool,
    form: str,
) -> None:
    from eventlog.errors import RunExists
    from townlet.configuration.load import load

    cold = living.is_cold()
    resolved = load(config, overrides, founded=True)
    wanted = options.ticks_of(ticks, days, resolved.settings.town.ticks_per_day)
    path = into or options.RUNS / f"{resolved.settings.name}-{seed}"
    replaced = is_run(path)
    if replaced and not replace:
        raise RunExists(path)
    if replace and not replaced:
        require_nothing(path)
    if cold:
        living.compile_kernels()
    import townlet

    living.live(
        lambda progress, commit_ticks: townlet.simulate(
            resolved.settings,
            ticks=wanted,
            seed=seed,
            into=path,
            durability=durability,
            progress=progress,
            replace=replace,
            commit_ticks=commit_ticks,
        ),
        path,
        form,
        pace,
    )
    if replaced:
        output.words(f"removed the earlier run in {path}")


def require_nothing(path: Path) -> None:
    """Raise `click.UsageError` if there is anything at this path that is no run: --replace removes only runs."""
    from eventlog.errors import EventLogError
    from eventlog.folder.belongings import require_free

    try:
        require_free(path)
    except EventLogError as error:
        raise click.UsageError(f"{path} is not a run: --replace does not remove it; {error}") from error
