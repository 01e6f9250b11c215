"""`townlet bench`"""

import click

from cli import options, output
from cli.main import COMMANDS

COLUMNS = ("name", "value", "unit", "must", "aim")


@click.command(
    "bench",
    help=f"""{COMMANDS["bench"]}

    Prints what this machine reaches beside what Townlet must reach and aims at. Other work on the machine shows.
    """,
    epilog=options.examples("townlet bench", "townlet bench --json > bench.json"),
)
@options.output_formats
def command(form: str) -> None:
    from townlet.bench import measure

    with output.Waiting("measuring, a minute or so"):
        rows = measure()
    output.records([dict(zip(COLUMNS, row, strict=True)) for row in rows], COLUMNS, form)
