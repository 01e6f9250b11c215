"""`townlet soak`"""

import re
from typing import Any

import click

from cli import options, output
from cli.main import COMMANDS

COLUMNS = ("name", "value", "must", "passed", "note")


class Seeds(click.ParamType[range]):
    """`20` counts from 1; `9001-9020` is a range."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> range:
        """The seeds; fails for anything else."""
        found = re.fullmatch(r"(?:(\d+)-)?(\d+)", str(value).strip())
        if found:
            first, last = int(found[1] or 1), int(found[2])
            if first <= last:
                return range(first, last + 1)
        return self.fail(f"{value!r} are no seeds: 20 means 1 to 20, 9001-9020 is a range", param, ctx)


@click.command(
    "soak",
    help=f"""{COMMANDS["soak"]}

    Prints a row for each thing that must be true of a town, over all its seeds, and exits with 1 if one fails.
    """,
    epilog=options.examples("townlet soak --seeds 20 --days 30", "townlet soak --seeds 9001-9020 --days 10 --json"),
)
@click.option("--seeds", type=Seeds(), default="20", show_default=True, help="How many towns, or which seeds.")
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True, help="How long each lives.")
@click.option("--config", help="A YAML file or a shipped configuration's name; by default the default town.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many towns at a time; by default as many as processors.")
@options.output_formats
def command(seeds: range, days: int, config: str | None, jobs: int | None, form: str) -> None:
    from townlet.soak import soak

    with output.Line() as line:
        line.draw(f"{len(seeds)} towns begin to live {days} days")
        rows = soak(config, seeds, days, line.draw, jobs=jobs)
    output.records([row._asdict() for row in rows], COLUMNS, form)
    failed = [row.name for row in rows if not row.passed]
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(rows)} rows failed: {', '.join(failed)}")
    output.words(f"all {len(rows)} rows hold over {len(seeds)} towns of {days} days")
