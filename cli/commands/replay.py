"""`townlet replay`"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import options, output
from cli.main import COMMANDS
from townlet.asking.declared.table import Scope
from townlet.asking.tables import names
from townlet.daytime import time_of

if TYPE_CHECKING:
    from townlet.keeping.verify import Proof
    from townlet.run import Moment

TABLES: Final = names(lambda table: table.scope is Scope.TOWN)
"""What `--table` prints."""

GLANCE: Final = {
    "agents": ("name", "venue", "hunger", "hygiene", "energy", "wallet", "option", "doing", "job", "shift"),
    "ties": ("owner", "other", "trust", "familiarity", "rivalry"),
}
"""The columns that are printed without --table, by table."""


@click.command(
    "replay",
    help=f"""{COMMANDS["replay"]}

    Tick N is the moment before tick N: every event with a smaller tick is folded. Prints the digests of the log up to
    that tick and of the state, then all people and their ties; --table prints only one table.

    --verify recomputes the digest of the whole log, replays it from its start, and compares the state with that of the
    living town at every checkpoint. It exits with code 3 if the log is not what was written, and with code 1 at the
    first state that differs.
    """,
    epilog=options.examples(
        "townlet replay runs/a --to-tick 5000 --verify",
        "townlet replay --to-tick 720 --table ties --csv",
        "townlet replay runs/a --json",
    ),
)
@options.run_argument
@click.option("--to-tick", type=click.IntRange(min=0), help="The tick to end before; by default the run's last.")
@click.option("--verify", is_flag=True, help="Prove that the log is whole and that it folds to the town that lived.")
@click.option("--from-start", is_flag=True, help="Fold from the first event, not from the nearest checkpoint.")
@click.option("--table", type=click.Choice(TABLES), help="Print only this table.")
@options.output_formats
def command(run: Path | str, to_tick: int | None, verify: bool, from_start: bool, table: str | None, form: str) -> None:
    if table is None and form in ("csv", "arrow"):
        raise click.UsageError(f"--{form} writes one table; say which, such as --table agents")
    import townlet

    opened = townlet.open(run)
    proof = None
    if verify:
        from townlet.keeping.verify import verify as prove

        with output.Waiting("folding the log from its start"):
            proof = prove(opened, to_tick)
    moment = opened.at(to_tick, from_start=from_start)
    place = {
        "tick": moment.tick,
        "seq": moment.seq,
        "log_digest": opened.log.digest_at(moment.seq)[1].hex(),
        "state_digest": moment.state_digest,
    }
    if table is not None:
        output.table(moment.table(table), form)
    elif form == "json":
        output.as_json(place | {name: _rows(moment, name) for name in GLANCE} | _proof_fields(proof))
    else:
        _print(moment, place)
    if proof is not None:
        _conclude(proof)


def _rows(moment: "Moment", name: str) -> Any:
    from cli import formats

    return json.loads(formats.as_json(moment.table(name)))


def _print(moment: "Moment", place: dict[str, Any]) -> None:
    per_day = moment.run.config.town.ticks_per_day
    output.words(f"{time_of(moment.tick, per_day)}, {moment.town.people} people")
    output.record(place, "table")
    for name, columns in GLANCE.items():
        output.data("")
        output.table(moment.table(name).select(columns), "table")


def _proof_fields(proof: "Proof | None") -> dict[str, Any]:
    if proof is None:
        return {}
    return {
        "verified": {
            "events": proof.events,
            "checkpoints": proof.checkpoints,
            "passed_over": proof.passed_over,
            "difference": proof.difference,
        }
    }


def _conclude(proof: "Proof") -> None:
    """Say what was verified. Raises `click.ClickException` if something differs."""
    if proof.difference is not None:
        raise click.ClickException(f"the log folds to another town than the one that lived: {proof.difference}")
    passed = f" ({proof.passed_over} were made by another version and not used)" if proof.passed_over else ""
    output.words(
        f"verified: the digest of all {proof.events:,} events, and the state folded from the start: "
        f"equal at {proof.checkpoints} checkpoints{passed} and at tick {proof.tick:,}"
    )
