"""`townlet refold`"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np

from cli import options, output
from cli.main import COMMANDS
from townlet.daytime import time_of

if TYPE_CHECKING:
    import pyarrow as pa

    from townlet.run import Run
    from townlet.whatif.refold import Refold

TABLES: Final = ("comparison", "ties", "tie_changes")
FIRST: Final = ("owner", "other", "change", "difference")


@click.command(
    "refold",
    help=f"""{COMMANDS["refold"]}

    The events stay the same; only their effect on ties is computed again, under the settings given with --set. So only
    the ties differ from the original town, and nobody acts on these feelings. To see what people would have done, let a
    new town live: townlet run --set.

    You can change every setting of relationships that decides the effect of an event on a tie, and
    features.relationship_modifiers; any other setting is refused with exit code 2. Prints the number of ties under both
    settings, the ties lost for lack of room, and the ties that differ, the largest difference first. --table prints
    only one table.
    """,
    epilog=options.examples(
        "townlet refold runs/a --set relationships.capacity=2",
        "townlet refold --set relationships.deltas.queue_conflict.rivalry=0.5 --at-tick 5000",
        "townlet refold --set features.relationship_modifiers=true --table ties --csv",
    ),
)
@options.run_argument
@options.settings_option
@click.option("--at-tick", type=click.IntRange(min=0), help="Compare as of this tick; by default the run's last.")
@click.option("--table", type=click.Choice(TABLES), help="Print only this table.")
@options.output_formats
def command(run: Path | str, overrides: dict[str, object], at_tick: int | None, table: str | None, form: str) -> None:
    if table is None and form in ("csv", "arrow"):
        raise click.UsageError(f"--{form} writes one table; say which, such as --table comparison")
    import townlet

    opened = townlet.open(run)
    refolded = opened.refold(overrides, at=at_tick)
    if table is not None:
        output.table(getattr(refolded, table), form)
    elif form == "json":
        output.as_json(_as_json(refolded))
    else:
        _print(opened, refolded)


def _as_json(refolded: "Refold") -> dict[str, Any]:
    from cli import formats

    return {
        "tick": refolded.tick,
        "overrides": dict(refolded.overrides),
        "summary": dict(refolded.summary),
        **{name: json.loads(formats.as_json(getattr(refolded, name))) for name in ("comparison", "ties")},
    }


def _print(run: "Run", refolded: "Refold") -> None:
    """Print the meaning of a refold, its counts, and the ties that differ."""
    from townlet.whatif.refold import MEANING

    physics = ", ".join(f"{key} = {json.dumps(value)}" for key, value in refolded.overrides.items())
    when = time_of(refolded.tick, run.config.town.ticks_per_day)
    output.words(f"{when}, refolded under {physics or 'the settings it had'}.\n{MEANING}")
    output.record(refolded.summary, "table")
    output.data("")
    output.table(_differing(refolded.comparison), "table")


def _differing(comparison: "pa.Table") -> "pa.Table":
    """The ties that differ between the towns, with `difference` among the first columns, for narrow terminals."""
    changes = np.array(comparison.column("change").to_pylist(), object)
    return comparison.take(np.flatnonzero(changes != "same")).select(
        [*FIRST, *(name for name in comparison.column_names if name not in FIRST)]
    )
