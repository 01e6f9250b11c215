"""`townlet why`"""

import json
from typing import TYPE_CHECKING, Any, Final

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import RunOrPeople
from cli.served import access
from projections.narration.words import with_capital
from townlet.daytime import time_of

if TYPE_CHECKING:
    from townlet.telling.why import Why

SIDES: Final = ("trust", "familiarity", "rivalry")


@click.command(
    "why",
    help=f"""{COMMANDS["why"]}

    Without RUN, the newest run is used. Lists each event between OWNER and OTHER with its effect on OWNER's trust,
    familiarity and rivalry, the decay between events, and the values after each. The rows add up exactly to the values
    of the tie. A tie that was lost and made again is listed from its first event. --csv and --arrow write the rows of
    tie_changes with their sentences.
    """,
    epilog=options.examples(
        "townlet why alice grace",
        "townlet why runs/a frank erin --at-tick 5000",
        "townlet why grace alice --json",
    ),
)
@click.argument("names", type=RunOrPeople(), nargs=-1, required=True, metavar="[RUN] OWNER OTHER")
@access.access_options
@click.option("--at-tick", type=click.IntRange(min=0), help="Explain as of the moment before this tick.")
@options.output_formats
def command(names: tuple[str, ...], given: access.Given, at_tick: int | None, form: str) -> None:
    path, owner, other = options.run_and_pair(names)
    import townlet

    with access.readable(path, given, follow=False) as found:
        run = townlet.open(found)
        told, back = (run.why(*pair, at=at_tick) for pair in ((owner, other), (other, owner)))
    if form == "json":
        output.as_json(_as_json(told) | {"the_other_way": dict(back.total)})
    elif form == "table":
        show(told, back, run.config.town.ticks_per_day)
    else:
        output.table(told.causes, form)


def _as_json(told: "Why") -> dict[str, Any]:
    from cli import formats

    return {
        "owner": told.owner,
        "other": told.other,
        "tick": told.tick,
        "tied": told.tied,
        "total": dict(told.total),
        "causes": json.loads(formats.as_json(told.causes)),
    }


def show(told: "Why", back: "Why", per_day: int) -> None:
    """Print a line for each cause, then the sum, then what the other person feels."""
    output.words(f"{time_of(told.tick, per_day)}: {_in_words(told)}")
    rows = list(told.rows())
    if rows:
        output.records([_line(row, per_day) for row in rows], ["when", *SIDES, "what happened"], "table")
    output.data("")
    output.record({**told.total, "causes": sum(row["change"] != "decayed" for row in rows)}, "table")
    output.words(f"The other way round, {_in_words(back)}")


def _line(row: dict[str, Any], per_day: int) -> dict[str, str]:
    """A change as the row of a table: when, each side's new value and change, what happened."""
    when = "" if row["change"] == "decayed" else time_of(row["tick"], per_day)
    return {"when": when, **{side: _side(row, side) for side in SIDES}, "what happened": row["sentence"]}


def _side(row: dict[str, Any], side: str) -> str:
    """The new value of one side and its change: `0.350 +0.100`."""
    before, after = row[f"before_{side}"], row[f"after_{side}"]
    if row["change"] == "refused":
        refused = row[f"adjusted_{side}"]
        return f"       ({refused:+.3f})" if refused else ""
    return f"{after:6.3f} {after - before:+.3f}" if after != before else f"{after:6.3f}"


def _in_words(told: "Why") -> str:
    owner, other = with_capital(told.owner), with_capital(told.other)
    if not told.tied:
        return f"{owner} keeps no tie to {other}."
    sides = ", ".join(f"{side} {value:.3f}" for side, value in told.total.items())
    return f"what {owner} feels about {other} is {sides}."
