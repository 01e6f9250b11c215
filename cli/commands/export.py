"""`townlet export`"""

from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import RunName
from cli.renamed import Renamed
from eventlog.places import place_name

COLUMNS = ("check", "found", "passed")
FORMATS = ("parquet", "duckdb", "csv")


@click.command(
    "export",
    help=f"""{COMMANDS["export"]}

    parquet writes one file with the events. duckdb writes a database with the events, a view for each kind, and the
    town's tables as of the last tick. csv writes a folder: events.csv has the events, manifest.json describes it. In
    every format the events have the columns of `events` in SQL: kinds, people and places by name, and their numbers
    beside them in kind_id, agent_id and so on. Each export contains the run's settings and the digests of its log; it
    is read back and then moved to its place. --check proves an export against its own description, and against RUN or
    the run in whose exports/ it lies; it exits with code 1 if something differs.
    """,
    epilog=options.examples(
        "townlet export runs/a --format parquet",
        "townlet export runs/a --format duckdb --into town.duckdb",
        "townlet export runs/a --format csv --from-tick 1440 --to-tick 2880",
        "townlet export runs/a --check town.duckdb",
    ),
)
@click.argument("run", required=False, type=RunName())
@click.option(
    "--format", "form_of_file", cls=Renamed, old="--to", type=click.Choice(FORMATS), help="The format to write."
)
@click.option("--into", type=options.NewPath(), help="Where to write; by default in exports/ of the run's folder.")
@click.option("--from-tick", type=click.IntRange(min=0), help="The first tick; by default the run's first.")
@click.option("--to-tick", type=click.IntRange(min=0), help="The tick to end before; by default the run's last.")
@click.option("--replace", is_flag=True, help="Replace an existing export of Townlet; anything else stays.")
@click.option("--check", type=click.Path(path_type=Path), metavar="PATH", help="Prove this export; write nothing.")
@options.output_formats
def command(
    run: str | None,
    form_of_file: str | None,
    into: Path | None,
    from_tick: int | None,
    to_tick: int | None,
    replace: bool,
    check: Path | None,
    form: str,
) -> None:
    if check is not None:
        if form_of_file or into or from_tick is not None or to_tick is not None or replace:
            raise click.UsageError("--check writes nothing: it takes RUN, and no other option")
        _prove(check, run, form)
        return
    if form_of_file is None:
        raise click.UsageError(f"choose a format: --format {', --format '.join(FORMATS)}")
    if from_tick is not None and to_tick is not None and from_tick >= to_tick:
        raise click.UsageError(f"--from-tick {from_tick} is not before --to-tick {to_tick}")
    import townlet
    from townlet.keeping.export import export

    found = options.find_run(run)
    if into is None and isinstance(found, str):
        raise click.UsageError(
            f"{place_name(found)} is on a store, which is only read: give a path on this machine with --into"
        )
    opened = townlet.open(found)
    try:
        with output.Waiting(f"writing {form_of_file}"):
            done = export(opened, form_of_file, into=into, from_tick=from_tick, to_tick=to_tick, replace=replace)
    except FileExistsError as error:
        raise click.UsageError(str(error)) from error
    record = {
        "export": place_name(done.path),
        "from_tick": done.extent.from_tick,
        "to_tick": done.extent.to_tick,
        "events": done.extent.events,
        "bytes": done.bytes,
        "log_digest": done.extent.digest,
    }
    output.record(record, form)


def _prove(path: Path, run: str | None, form: str) -> None:
    """Print the checks of an export. Raises `click.ClickException` if one failed."""
    import townlet
    from townlet.errors import TownletError
    from townlet.keeping.export import is_export, verify_export

    if not is_export(path):
        raise click.UsageError(
            f"{path} is no export: a Parquet file, a DuckDB database, or a folder with manifest.json"
        )
    try:
        checks = verify_export(path, townlet.open(options.find_run(run)) if run else None)
    except TownletError as error:
        raise click.UsageError(str(error)) from error
    output.records([check._asdict() for check in checks], COLUMNS, form)
    if not all(check.passed for check in checks):
        raise click.ClickException(f"{path} is not what was exported")
