"""`townlet watch`"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import options, output
from cli.main import COMMANDS
from eventlog.places import is_uri, place_name

if TYPE_CHECKING:
    from townlet.judging.watch import Watch

COLUMNS = ("rule", "must", "state", "value", "tick", "looks")


@click.command(
    "watch",
    help=f"""{COMMANDS["watch"]}

    Exits with code 1 at the first breach, and names rule, value and tick. `value` is the value of the breach, else the
    value closest to a breach, and `tick` is its tick. A rule is `unjudged` if there was too little data. --follow goes
    on with a running town until it ends or breaks a rule; the town never waits for it.

    Rules are a YAML file, or the name of a shipped one: default. docs/ops/OPS_HANDBOOK.md says how to write and tune
    them.
    """,
    epilog=options.examples(
        "townlet watch runs/a",
        "townlet watch runs/a --rules rules.yaml --json",
        "townlet watch runs/a --follow",
    ),
)
@options.run_argument
@options.rules_option
@click.option("--follow", "-f", is_flag=True, help="Go on with new ticks until the run is closed.")
@options.output_formats
def command(run: Path | str, rules: str, follow: bool, form: str) -> None:
    if follow and is_uri(run):
        raise click.UsageError(f"{place_name(run)} is on a store, where no town is running: leave out --follow")
    import townlet
    from townlet.history.following import Following
    from townlet.judging.thresholds import rules_of
    from townlet.judging.watch import Watch

    read = rules_of(rules)
    opened = townlet.open(run)
    watch = Watch(opened, read)
    breach = watch.until(opened.head.tick)
    if follow and breach is None:
        if not opened.log.manifest.closed:
            output.words(
                f"no rule is broken up to tick {opened.head.tick:,} of {opened.place}; waiting for tick "
                f"{watch.next_tick:,}, where the next one is checked, and on until the run is closed"
            )
        for _ in Following(opened, ()).follow(alone=output.nobody_writes(opened.place)):
            breach = watch.until(opened.head.tick)
            if breach is not None:
                break
    rows = [outcome._asdict() for outcome in watch.outcomes()]
    if form == "table":
        rows = [row | {"value": "" if row["value"] is None else f"{row['value']:.4g}"} for row in rows]
    output.records(rows, COLUMNS, form)
    if breach is not None:
        raise watch.error(breach)
    say_outcome(watch)


def say_outcome(watch: "Watch") -> None:
    """Say that no rule is breached, and which rules could not be judged."""
    outcomes = watch.outcomes()
    unjudged = [outcome.rule for outcome in outcomes if outcome.state == "unjudged"]
    too_little = f"; too little to judge {', '.join(unjudged)}" if unjudged else ""
    output.words(f"{len(outcomes) - len(unjudged)} of {len(outcomes)} rules hold{too_little}")
