"""`townlet telemetry`"""

from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS


@click.group(
    "telemetry",
    help=COMMANDS["telemetry"],
    epilog=options.examples("townlet telemetry summary runs/a"),
)
def command() -> None:
    pass


@command.command(
    "summary",
    help="""A run in a few tables, as Markdown or JSON.

    The town, its key figures, what happened between people, society, churn, the story, and what people earned.
    """,
    epilog=options.examples("townlet telemetry summary runs/a", "townlet telemetry summary a --at-tick 4320 --json"),
)
@options.run_argument
@click.option("--at-tick", type=click.IntRange(min=0), help="As of this tick; by default now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, a list of rows for each table.")
def summary(run: Path | str, at_tick: int | None, as_json: bool) -> None:
    import townlet
    from townlet.overview import as_markdown, as_plain, overview

    tables = overview(townlet.open(run), at_tick)
    if as_json:
        output.as_json(as_plain(tables))
    else:
        output.data(as_markdown(tables))
