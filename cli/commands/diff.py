"""`townlet diff`"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cli import options, output
from cli.main import COMMANDS
from townlet.daytime import time_of

if TYPE_CHECKING:
    from townlet.comparing import Difference
    from townlet.run import Run

TIES_SHOWN = 10
DIFFER = 4
"""The exit code where two runs differ."""


@click.command(
    "diff",
    help=f"""{COMMANDS["diff"]}

    Names the first event that differs, with the events that led to it in either run, and then, for some of the ticks
    since, how far ledgers and people are apart. Exits with {DIFFER} where the runs differ, also where one only goes on
    longer.
    """,
    epilog=options.examples("townlet diff runs/a runs/b", "townlet diff a b --json"),
)
@click.argument("a")
@click.argument("b")
@options.output_formats
def command(a: str, b: str, form: str) -> None:
    paths = options.find_run(a), options.find_run(b)
    import townlet
    from townlet.comparing import diff

    runs = townlet.open(paths[0]), townlet.open(paths[1])
    found = diff(*runs)
    if form == "json":
        output.as_json(_as_json(found))
    elif form != "table":
        output.table(found.drift, form)
    else:
        _print(found, runs, (a, b))
    if found.seq is not None:
        raise click.exceptions.Exit(DIFFER)


def _as_json(found: "Difference") -> dict[str, Any]:
    from townlet import formats

    return {
        "equal": found.seq is None,
        "seq": found.seq,
        "tick": found.tick,
        "chain_a": list(found.chain_a),
        "chain_b": list(found.chain_b),
        "drift": json.loads(formats.as_json(found.drift)),
        "ties": json.loads(formats.as_json(found.ties)),
    }


def _print(found: "Difference", runs: "tuple[Run, Run]", names: tuple[str, str]) -> None:
    if found.seq is None or found.tick is None:
        output.words(f"{names[0]} and {names[1]} are the same history: {runs[0].head.seq:,} events")
        return
    per_day = runs[0].config.town.ticks_per_day
    output.words(f"equal up to event {found.seq:,}, {time_of(found.tick, per_day)} (tick {found.tick:,}); then")
    for name, run, chain in zip(names, runs, (found.chain_a, found.chain_b), strict=True):
        output.data(f"{name}:")
        for depth, line in enumerate(_lines(run, chain) or ["ends here"]):
            output.data(f"{'  ' * (depth + 1)}{'because of  ' if depth else ''}{line}")
    output.data("")
    output.table(found.drift, "table")
    unequal = [row for row in found.ties.to_pylist() if row["change"] != "same"]
    differing = found.ties.from_pylist(unequal, schema=found.ties.schema)
    if len(differing):
        output.data("")
        output.table(differing.slice(0, TIES_SHOWN), "table")
        output.words(f"{len(differing)} of {len(found.ties)} ties differ at the last of these ticks")


def _lines(run: "Run", chain: Sequence[int]) -> list[str]:
    """An event and its causes, a line each."""
    from cli.telling import Teller

    teller = Teller(run.config)
    return [teller.line(said) for seq in chain for said in teller.told(run.log.batches(seq, seq + 1))]
