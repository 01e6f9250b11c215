"""`townlet telemetry`"""

import difflib
from collections.abc import Sequence
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
    epilog=options.examples(
        "townlet telemetry summary runs/a",
        "townlet telemetry summary a --at-tick 4320 --json",
        "townlet telemetry summary --table story --table held_back",
    ),
)
@options.run_argument
@click.option("--at-tick", type=click.IntRange(min=0), help="As of this tick; by default now.")
@click.option("--table", "titles", multiple=True, help="This table alone, such as held_back; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, a list of rows for each table.")
def summary(run: Path | str, at_tick: int | None, titles: tuple[str, ...], as_json: bool) -> None:
    import townlet
    from townlet.overview import TITLES, as_markdown, as_plain, overview

    asked = [_title(title, TITLES) for title in titles] or TITLES
    tables = overview(townlet.open(run), at_tick, asked)
    if as_json:
        output.as_json(as_plain(tables))
    else:
        output.data(as_markdown(tables))


def _title(name: str, titles: Sequence[str]) -> str:
    """A table's title by its name in one word. Raises `click.UsageError` with the nearest."""
    by_name = {title.replace(" ", "_"): title for title in titles}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, 1)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(by_name)}"
        raise click.UsageError(f"there is no table {name!r}; {meant}")
    return by_name[name]
