"""`townlet verify`"""

import contextlib
from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS

COLUMNS = ("check", "found", "passed")


@click.command(
    "verify",
    help=f"""{COMMANDS["verify"]}

    Checks the manifest, the settings, the head, every segment of the log (its frames, their order, its digests, its
    footer, its entry in the manifest), and the checkpoints. Each damage is a line, and the checks go on behind it.
    --deep also replays the log from its first event up to the first damage, and compares the state with that of the
    living town at every checkpoint. A run on a store is fetched again for this. Exits with code 3 if the log is
    damaged, with code 1 if anything else is not as it was written.
    """,
    epilog=options.examples("townlet verify runs/a", "townlet verify runs/a --deep --json"),
)
@options.run_argument
@click.option("--deep", is_flag=True, help="Also replay the log from its start and compare the state.")
@options.output_formats
def command(run: Path | str, deep: bool, form: str) -> None:
    from eventlog.folder.stores import whole_copy
    from townlet.keeping.verify import examine

    here = whole_copy(run) if isinstance(run, str) else contextlib.nullcontext(run)
    with output.Waiting("reading the whole log"), here as folder:
        report = examine(folder, deep=deep)
    output.records([check._asdict() for check in report.checks], COLUMNS, form)
    if report.damage is not None:
        raise report.damage
    failed = [check for check in report.checks if not check.passed]
    if failed:
        raise click.ClickException(f"{failed[0].check}: {failed[0].found}")
