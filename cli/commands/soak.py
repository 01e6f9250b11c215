"""`townlet soak`"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import options, output
from cli.engines import engine_options
from cli.main import COMMANDS
from cli.names import CONFIG

if TYPE_CHECKING:
    from townlet.judging.soak_drift import Drift

COLUMNS = ("name", "value", "must", "passed", "note")
VERSUS = ("name", "value", "versus", "drift_percent", "beyond", "must", "passed", "versus_passed", "note")


@click.command(
    "soak",
    help=f"""{COMMANDS["soak"]}

    CONFIG is a YAML file or the name of a shipped configuration; left out, it is the default town. Prints a row for
    each condition, over all seeds, and exits with code 1 if one fails. A row that needs more days than the towns live
    is not judged, as its note and the last line say. In a town of n people, rates are multiplied by n / 8, and windows
    by 8 / n where n is below 8.

    With --versus the same seeds live a second time under changed settings, and each row says how far its figure drifts.
    A drift is only reported; it does not fail the soak.

    With --perturb city events come to every town, so that the rows say how much a town can bear.

    With --drawn-commands each town is also given so many commands of every kind, drawn by its seed. How a town fares
    then is only reported. What must hold is this: digests, replay and resume are equal, nobody waits too long, no place
    is held without use for too long, and money and food are what the log says.

    With --record the soak is written down as JSON: settings, code, seeds, days, every row, whether all hold.
    `townlet phase enable` asks for such a record. A name that ends with .json is the file, else it is a folder.
    """,
    epilog=options.examples(
        "townlet soak --seeds 20 --days 30",
        "townlet soak --seeds 9001-9020 --days 10 --jobs 2 --json",
        "townlet soak large --seeds 1,5,9 --days 10",
        "townlet soak --set town.people=6 --seeds 20",
        "townlet soak --seeds 20 --days 30 --record soaks",
        "townlet soak --seeds 20 --days 30 --perturb wild",
        "townlet soak --seeds 1-3 --days 30 --perturb wild --drawn-commands 500",
        "townlet soak --seeds 20 --days 30 --versus features.relationship_modifiers=true",
    ),
)
@click.argument("config", required=False, type=CONFIG)
@click.option("--seeds", type=options.Seeds(), default="20", show_default=True, help="How many towns, or which seeds.")
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True, help="How long each lives.")
@options.settings_option
@options.versus_option
@options.perturb_option
@click.option(
    "--drawn-commands", "commands", type=click.IntRange(0, 100_000), default=0, help="Drawn commands for each town."
)
@options.jobs_option
@engine_options
@click.option("--record", type=options.NewPath(), metavar="FILE|FOLDER", help="Write down the soak here.")
@options.output_formats
def command(
    config: str | None,
    seeds: Sequence[int],
    days: int,
    overrides: dict[str, object],
    versus: dict[str, object],
    perturb: str | None,
    commands: int,
    jobs: int | None,
    engine: str,
    address: str | None,
    record: Path | None,
    form: str,
) -> None:
    from townlet.judging.soak import REPORTED, soak
    from townlet.judging.soak_drift import soak_drifts
    from townlet.judging.soak_record import record_of, subject_of, write_record
    from townlet.living.perturbing.profile import profile_of

    if record is not None and versus:
        raise click.UsageError("--record writes down one soak, and --versus makes two: give only one of them")

    if record is not None and perturb is not None:
        raise click.UsageError("--record writes down a soak without city events: give --record or --perturb")
    if commands and (record is not None or versus):
        raise click.UsageError(
            "--drawn-commands soaks towns that anything may happen to: leave out --record and --versus"
        )
    profile = None if perturb is None else profile_of(perturb)

    how: dict[str, Any] = {"jobs": jobs, "engine": engine, "address": address}
    with output.Line() as line:
        line.draw(f"{len(seeds)} towns begin to live {days} days")
        if versus:
            drifts = soak_drifts(config, versus, seeds, days, line.draw, overrides=overrides, perturb=profile, **how)
        else:
            subject = subject_of(config, overrides) if record is not None else None
            if subject is None:
                rows = soak(
                    config,
                    seeds,
                    days,
                    line.draw,
                    overrides=overrides,
                    perturb=profile,
                    commands=commands,
                    **how,
                )
            else:
                rows = soak(subject.resolved.settings, seeds, days, line.draw, **how)
    if versus:
        output.records([drift._asdict() for drift in drifts], VERSUS, form)
        say_beyond(drifts)
        say_outcome({drift.name: drift.passed for drift in drifts}, seeds, days)
    else:
        output.records([row._asdict() for row in rows], COLUMNS, form)
        if record is not None and subject is not None:
            kept = record_of(subject, seeds, days, rows, time.time_ns() // 1_000_000_000)
            output.words(f"recorded as {write_record(kept, record)}")
        say_outcome({row.name: row.passed for row in rows if row.note != REPORTED}, seeds, days)


def say_beyond(drifts: "Sequence[Drift]") -> None:
    """Say which rows drift by more than BEYOND_PERCENT."""
    from townlet.judging.soak_drift import BEYOND_PERCENT

    beyond = [drift.name for drift in drifts if drift.beyond]
    which = f": {', '.join(beyond)}" if beyond else ""
    output.words(f"{len(beyond)} of {len(drifts)} rows drift by more than {BEYOND_PERCENT:g} %{which}")


def say_outcome(passed: Mapping[str, bool | None], seeds: Sequence[int], days: int) -> None:
    """Say whether all judged rows hold, and which are not judged. Raises `click.ClickException` if a row failed."""
    failed = [name for name, holds in passed.items() if holds is False]
    left = [name for name, holds in passed.items() if holds is None]
    judged = len(passed) - len(left)
    rest = f"; not judged, because more than {days} days are needed: {', '.join(left)}" if left else ""
    if failed:
        raise click.ClickException(f"{len(failed)} of {judged} rows failed: {', '.join(failed)}{rest}")
    output.words(f"all {judged} {'judged ' if left else ''}rows hold over {len(seeds)} towns of {days} days{rest}")
