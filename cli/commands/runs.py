"""`townlet runs`"""

import time
from pathlib import Path
from typing import Any

import click

from cli import names, options, output
from cli.main import COMMANDS
from cli.names import PROJECTION, Place, RunName
from cli.packing.packs import pack_rows, pack_runs, size_of, town_rows
from eventlog.folder.lineage import family_tree
from eventlog.folder.run_folders import is_folder, is_run

COLUMNS = ("run", "config", "seed", "ticks", "events", "bytes", "state", "log_digest", "parent", "updates")


DAY_S = 86_400
PRUNED = ("path", "what", "bytes", "why")
COPIED = ("run", "to", "files", "bytes", "ticks", "events", "log_digest")
ARCHIVED = ("run", "segments", "events", "bytes_before", "bytes")


class _Runs(click.Group):
    """Without a command, `runs` lists the runs of a folder. Write a folder with a command's name as ./prune."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Add the command `list` if no command is given."""
        first = next((each for each in args if not each.startswith("-")), None)
        asks_for_help = any(each in ctx.help_option_names for each in args)
        if first not in self.commands and not (asks_for_help and first is None):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(
    "runs",
    cls=_Runs,
    help=f"""{COMMANDS["runs"]}

    `townlet runs [DIR]` means `townlet runs list [DIR]`.
    """,
    epilog=options.examples(
        "townlet runs",
        "townlet runs experiments --json",
        "townlet runs archive runs/a",
        "townlet runs copy runs/a s3://bucket/runs/a",
        "townlet runs pack 'runs/town/*' --into runs/towns.zip",
        "townlet runs rebuild runs/a",
        "townlet runs prune --keep 5",
    ),
)
def command() -> None:
    pass


@command.command(
    "list",
    help="""List the runs in a folder and in its sub-folders.

    DIR is a folder of runs, by default runs/. Runs are named by their paths in it; a fork stands below the run that it
    was forked from, which `parent` names: by path, or by its run_id if it is not here. Where several equal runs may be
    the parent, it names all of them, and the fork stands by itself. A run is `closed`, `running`,
    `stopped` (its process ended without closing it; townlet resume continues it), or `damaged`.

    A pack (townlet runs pack) is one row, `packed`, with the events of all its towns. Given as DIR, each town is one.

    Trainings come last, each with its name, its seed and how many updates it made. A training is `finished`, `running`,
    `stopped` (townlet train --resume continues it), or `damaged`.
    """,
    epilog=options.examples("townlet runs list", "townlet runs list experiments --json"),
)
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@options.output_formats
def list_runs(folder: Path | None, form: str) -> None:
    if folder is not None and names.names_a_pack(str(folder)):
        output.records([_shown(row, form) for row in town_rows(COLUMNS, folder)], COLUMNS, form)
        return
    if folder is not None and not is_folder(folder):
        raise click.UsageError(
            f"there is no folder {folder}, and no command of that name: {', '.join(command.commands)}"
        )
    from townlet.keeping.listing import run_row, training_rows

    place = folder or options.RUNS
    family = family_tree(place)
    rows = [run_row(place, each) for each in family]
    packs, trained = pack_rows(COLUMNS, place), training_rows(place)
    if form == "table":
        if not rows and not packs and not trained:
            output.words(f"there is no run under {folder or options.RUNS}/ yet; make one with: townlet run")
        packs, trained = ([_shown(row, form) for row in found] for found in (packs, trained))
        rows = [
            _shown(row, form) | {"run": f"{'  ' * (each.depth - 1)}└ {row['run']}" if each.depth else row["run"]}
            for row, each in zip(rows, family, strict=True)
        ]
    output.records(rows + packs + trained, COLUMNS, form)


command.add_command(pack_runs)


@command.command(
    "archive",
    help="""Convert the logs of runs to Parquet, which takes less than a tenth of the space.

    All commands work on an archived run as before; resume writes new events to a file of its own. A run that is being
    written is refused. Parquet is slower to read than the original files, so archive finished runs.
    """,
    epilog=options.examples("townlet runs archive runs/a", "townlet runs archive a b c --json"),
)
@click.argument("names", type=RunName(), metavar="RUN...", nargs=-1, required=True)
@options.output_formats
def archive_runs(names: tuple[str, ...], form: str) -> None:
    from eventlog.archiving import archive

    rows: list[dict[str, Any]] = []
    runs = dict.fromkeys(options.find_own_run(name) for name in names)
    try:
        for run in runs:
            done = archive(run)
            before, after = sum(each.bytes_before for each in done), sum(each.bytes for each in done)
            events = sum(each.events for each in done)
            rows.append(dict(zip(ARCHIVED, (run.name, len(done), events, before, after), strict=True)))
            if any(each.shared for each in done):
                output.words(f"forks of {run} share its old files, which take space until the forks are archived, too")
    finally:
        if form == "table":
            rows = [row | {name: size_of(row[name]) for name in ("bytes_before", "bytes")} for row in rows]
        output.records(rows, ARCHIVED, form)


@command.command(
    "copy",
    help="""Copy a run to a store or a folder, and prove it there, also while it is being written: its backup.

    RUN is a run or the URI of one; TO is a folder or a URI: s3://bucket/path, gs://bucket/path, or file:///path. The
    digest of the whole log is recomputed, each written file is read back, and the manifest is written last. So an
    interrupted copy is not a run, and the same command finishes it. Log, settings and checkpoints are copied; derived
    tables, exports and cursors are not.

    The town of a run that is being written does not wait. The copy has whole ticks up to the last commit, and is a
    closed run: townlet resume TO goes on from there as the town itself did.

    Commands read a run on a store by its URI, and never write to it: to continue such a run, copy it back. Files that
    were read are kept in stores/ of the user's cache, 8 GB at most, and can be deleted at any time.
    Region and endpoint are taken from the environment (AWS_REGION, AWS_ENDPOINT_URL) or from the URI:
    s3://bucket/path?region=eu-west-1, or ?scheme=http&endpoint_override=localhost:9000.
    """,
    epilog=options.examples(
        "townlet runs copy runs/a s3://bucket/runs/a",
        "townlet sql s3://bucket/runs/a 'select count(*) from events'",
        "townlet runs copy s3://bucket/runs/a runs/back",
    ),
)
@click.argument("name", type=RunName(), metavar="RUN")
@click.argument("to", type=Place(), metavar="TO")
@options.output_formats
def copy_run(name: str, to: str, form: str) -> None:
    import townlet
    from eventlog.copying import copy
    from eventlog.places import is_uri, place_name

    run = townlet.open(options.find_run(name))
    with output.Waiting(f"copying {run.place}"):
        done = copy(run.log, to if is_uri(to) else Path(to))
    values = (
        run.place,
        place_name(to),
        done.files,
        size_of(done.bytes) if form == "table" else done.bytes,
        done.ticks,
        done.events,
        done.digest,
    )
    output.record(dict(zip(COPIED, values, strict=True)), form)


@command.command(
    "rebuild",
    help="""Fold a run's derived tables again from its first event, and replace the kept tables.

    NAME is a projection that is kept beside the log, such as tie_changes; without NAME, all are rebuilt. The kept
    tables stay in use until the new ones are complete, and are then removed. `kept` says whether the tables kept at the
    run's last tick were equal to the new ones.
    """,
    epilog=options.examples("townlet runs rebuild runs/a", "townlet runs rebuild a tie_changes --json"),
)
@click.argument("name", type=RunName(), metavar="RUN")
@click.argument("projections", type=PROJECTION, metavar="[NAME]...", nargs=-1)
@options.output_formats
def rebuild_run(name: str, projections: tuple[str, ...], form: str) -> None:
    path = options.find_own_run(name)
    import townlet
    from townlet.history.kept_tables import PROJECTIONS, Rebuilt, projection, rebuild

    for each in projections:
        projection(each)  # raises for an unknown name, before anything is folded
    run = townlet.open(path)
    tick = run.head.tick
    done = [rebuild(run, each, tick) for each in projections or PROJECTIONS]
    output.records([each._asdict() for each in done], Rebuilt._fields, form)
    for made in done:
        if made.kept == "different":
            output.words(f"the kept tables of {made.name} at tick {made.tick:,} differed from the log and are replaced")


@command.command(
    "prune",
    help="""Remove runs, or parts of runs.

    PLACE is a run or a folder of runs; by default runs/. Removes each run given as PLACE. With --keep or --older-than,
    removes runs in a folder, except the newest --keep and those written in the last --older-than days. Without them, it
    removes from a folder only unfinished files that ended processes left behind. With --derived, --exports or --torn,
    removes these parts of the runs that stay, and a run given as PLACE stays, too. A run that is being written always
    stays, and so do the parent of a run that stays, a link to a run, and a run whose folder holds anything that is no
    part of a run. Nothing is removed without --yes.
    """,
    epilog=options.examples(
        "townlet runs prune --keep 5",
        "townlet runs prune experiments --older-than 30 --yes",
        "townlet runs prune runs/a runs/b --yes",
        "townlet runs prune --derived --torn",
    ),
)
@click.argument("names", type=RunName(), metavar="[PLACE]...", nargs=-1)
@click.option("--keep", type=click.IntRange(min=0), help="Keep the newest so many runs of each folder.")
@click.option(
    "--older-than", type=click.IntRange(min=0), metavar="DAYS", help="Remove only runs not written for so many days."
)
@click.option("--derived", is_flag=True, help="Remove derived tables, and all checkpoints but the last.")
@click.option("--exports", is_flag=True, help="Remove the exports in the runs' folders.")
@click.option("--torn", is_flag=True, help="Remove incomplete commits that were cut off and kept.")
@click.option("--with-parents", is_flag=True, help="Also remove parents of runs that stay.")
@click.option("--yes/--dry-run", "do_it", default=False, help="Remove, or only show what would go (the default).")
@options.output_formats
def prune_runs(
    names: tuple[str, ...],
    keep: int | None,
    older_than: int | None,
    derived: bool,
    exports: bool,
    torn: bool,
    with_parents: bool,
    do_it: bool,
    form: str,
) -> None:
    from townlet.keeping.pruning import PARTS, carry_out, plan

    places = [_place(name) for name in names] or [options.RUNS]
    if not names and not options.RUNS.is_dir():
        raise click.UsageError(f"there is no folder {options.RUNS}/ here; name the runs, or a folder of them")
    if keep is not None and any(is_run(place) for place in places):
        raise click.UsageError("--keep counts the runs of a folder: give only folders with it")
    planned = plan(
        places,
        keep=keep,
        older_than=None if older_than is None else time.time_ns() / 1e9 - older_than * DAY_S,
        parts=[part for part, wanted in zip(PARTS, (derived, exports, torn), strict=True) if wanted],
        with_parents=with_parents,
    )
    for item in planned.stays:
        output.words(f"{item.path} stays: it {item.why}")
    goes = carry_out(planned) if do_it else planned.goes
    rows = [{"path": str(item.path), "what": item.what, "bytes": item.bytes, "why": item.why} for item in goes]
    freed = size_of(sum(item.bytes for item in goes))
    if form == "table":
        rows = [row | {"bytes": size_of(item.bytes)} for row, item in zip(rows, goes, strict=True)]
    output.records(rows, PRUNED, form)
    output.words(
        f"{freed} freed" if do_it else f"{freed} would be free; nothing was removed. Next: the same with --yes"
    )


def _place(name: str) -> Path:
    """The path of a folder of runs, or of a run. Raises `click.UsageError`."""
    return Path(name) if is_folder(Path(name)) and not is_run(Path(name)) else options.find_own_run(name)


def _shown(row: dict[str, Any], form: str) -> dict[str, Any]:
    """A row as a table shows it."""
    if form != "table":
        return row
    return row | {"bytes": size_of(row["bytes"]), "log_digest": (row["log_digest"] or "")[:12]}
