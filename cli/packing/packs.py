"""`townlet runs pack`, and the rows of packs and their towns in `townlet runs`."""

import contextlib
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, Final

import click

from cli import names, options, output
from cli.names import RunName
from eventlog.folder.run_folders import is_folder

PACKED: Final = ("pack", "towns", "events", "bytes")


@click.command(
    "pack",
    help="""Pack many short runs into one file, which commands read as they are.

    Each RUN is a run, a pattern such as 'runs/town/*', or another pack; the pack is a zip file, and each run in it is
    called by its folder's name. Commands read such a run as PACK.zip/NAME: sql, observe, verify, why, replay and all
    that only read; townlet sql PACK.zip QUERY asks all of them together. The log of each is proved before it is packed,
    and the file is read back. Checkpoints, derived tables and exports are left out. The runs stay; townlet runs prune
    removes them. To go on with a packed run, copy it: townlet runs copy PACK.zip/NAME FOLDER.
    """,
    epilog=options.examples(
        "townlet runs pack 'runs/town/*' --into runs/towns.zip",
        "townlet runs runs/towns.zip",
        "townlet sql runs/towns.zip 'select run, count(*) as chats from chat_succeeded group by run'",
        "townlet observe runs/towns.zip/seed-7",
        "townlet runs pack a.zip b.zip --into all.zip",
    ),
)
@click.argument("runs", type=RunName(), metavar="RUN...", nargs=-1, required=True)
@click.option("--into", type=options.NewPath(), required=True, help="The pack, FILE.zip.")
@click.option("--replace", is_flag=True, help="Replace a pack that is there.")
@options.output_formats
def pack_runs(runs: tuple[str, ...], into: Path, replace: bool, form: str) -> None:
    import townlet
    from eventlog.packs import pack

    opened = [townlet.open(place) for place in options.find_runs(runs)]
    by_name = {PurePath(run.place).name: run for run in opened}
    if len(by_name) < len(opened):
        twice = next(run for run in opened if by_name[PurePath(run.place).name] is not run)
        raise click.UsageError(
            f"{twice.place} and {by_name[PurePath(twice.place).name].place} have the same name, and a pack has each "
            "name once: pack them into two files"
        )
    with output.Waiting(f"packing {len(opened):,} runs"):
        done = pack({name: run.log for name, run in by_name.items()}, into, replace=replace)
    size = size_of(done.bytes) if form == "table" else done.bytes
    output.record(dict(zip(PACKED, (str(into), done.towns, done.events, size), strict=True)), form)


def pack_rows(columns: Sequence[str], place: Path) -> list[dict[str, Any]]:
    """A row for each pack in a folder."""
    if not is_folder(place) or not any(place.glob(f"*{names.PACK}")):
        return []
    from eventlog.packs import packs_in

    rows: list[dict[str, Any]] = []
    for pack in packs_in(place):
        events = sum(row["events"] or 0 for row in town_rows(columns, pack))
        name = {"run": pack.relative_to(place).as_posix(), "bytes": pack.stat().st_size, "state": "packed"}
        rows.append(dict.fromkeys(columns) | name | {"events": events})
    return rows


def town_rows(columns: Sequence[str], pack: Path) -> list[dict[str, Any]]:
    """A row for each town of a pack."""
    from eventlog.errors import EventLogError
    from eventlog.packs import open_pack

    opened = open_pack(pack if pack.is_file() else options.RUNS / pack)
    rows: list[dict[str, Any]] = []
    for name in opened.names:
        row = dict.fromkeys(columns) | {"run": name, "bytes": opened.bytes_of(name), "state": "damaged"}
        with contextlib.suppress(EventLogError):
            manifest = opened.manifest(name)
            row |= {"config": manifest.name, "seed": manifest.epochs[-1].seed}
            if (head := opened.head(name, manifest)) is not None:
                row |= {"ticks": head.tick, "events": head.seq, "log_digest": head.digest, "state": "packed"}
        rows.append(row)
    return rows


def size_of(many: int) -> str:
    """A number of bytes with a unit: `12.4 MB`."""
    size = float(many)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
