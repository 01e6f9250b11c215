"""`townlet warm`"""

import click

from cli import options, output
from cli.main import COMMANDS


@click.command(
    "warm",
    help=f"""{COMMANDS["warm"]}

    The kernels are compiled once for a machine and a version, half a minute or so, by whatever needs them first. This
    does it now: for an image, for a test run, before a demonstration.
    """,
    epilog=options.examples("townlet warm", "townlet warm --json"),
)
@options.output_formats
def command(form: str) -> None:
    with output.Waiting("compiling or loading every kernel") as waiting:
        from projections.kernel import is_compiled
        from townlet.warming import warm

        had_to = not is_compiled()
        warm()
    output.record({"compiled": had_to, "seconds": round(waiting.seconds, 2)}, form)
