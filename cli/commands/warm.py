"""`townlet warm`"""

import click

from cli import options, output
from cli.main import COMMANDS


@click.command(
    "warm",
    help=f"""{COMMANDS["warm"]}

    The kernels are compiled once for each machine and version, by the first command that needs them. This takes about
    half a minute. Do it now for a container image, for a test run, or before a demonstration.
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
