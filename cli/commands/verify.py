"""`townlet verify`"""

from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS

COLUMNS = ("check", "found", "passed")


@click.command(
    "verify",
    help=f"""{COMMANDS["verify"]}

    Looks at every segment of the log by itself: its frames, their order, its digests, its footer, what the manifest and
    the head say of it; then at the checkpoints. --deep folds the log from its first event too, and compares the state
    with that of the living town at every checkpoint. Exits with 3 where the log is damaged, with 1 where a state
    differs.
    """,
    epilog=options.examples("townlet verify runs/a", "townlet verify runs/a --deep --json"),
)
@options.run_argument
@click.option("--deep", is_flag=True, help="Fold the log from its start and compare the state.")
@options.output_formats
def command(run: Path, deep: bool, form: str) -> None:
    import townlet
    from townlet.verify import examine

    with output.Waiting("reading the whole log"):
        checks, damage = examine(townlet.open(run), deep=deep)
    output.records([check._asdict() for check in checks], COLUMNS, form)
    if damage is not None:
        raise damage
    if not all(check.passed for check in checks):
        raise click.ClickException("the log folds to another town than the one that lived")
