"""`townlet telemetry`"""

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import Name
from cli.renamed import Renamed
from cli.served import access
from eventlog.places import is_address, is_uri, place_name

FAULTS = ("line", "path", "what")
GIVES_WAY = 19
"""The niceness of a feed that follows a town, so that the town gets the processor first."""

FAULTS_MOST = 100
"""The most faults that are listed."""


def titles_by_name() -> list[str]:
    """The titles of the tables of a summary, with underscores."""
    from townlet.judging.overview import TITLES

    return [title.replace(" ", "_") for title in TITLES]


TITLE = Name("table", titles_by_name, exact=True)


@click.group(
    "telemetry",
    help=f"""{COMMANDS["telemetry"]}

    Each line is a JSON message: first a snapshot of the whole state, then the changes of each tick. docs/telemetry
    describes the messages and has their JSON Schema.
    """,
    epilog=options.examples(
        "townlet telemetry stream runs/a --into feed.jsonl",
        "townlet telemetry stream runs/a --follow --into tcp://127.0.0.1:7777",
        "townlet telemetry validate feed.jsonl",
        "townlet telemetry summary runs/a",
    ),
)
def command() -> None:
    pass


@command.command(
    "stream",
    help="""Send a run's telemetry: the whole state at a tick, then the changes of each tick.

    --into is a file, - for stdout, or tcp://127.0.0.1:PORT, where any number of clients can connect. A finished run is
    sent completely, as fast as the receiver reads. With --follow the feed goes on with a running town and keeps up with
    it: a slow receiver gets a snapshot of the present state, which says how many messages were left out. The feed reads
    only the log and runs with low priority, so the town never waits. RUN may be the address of a served town, such as
    grpc://127.0.0.1:7777: its events are fetched, and the messages are made here.
    """,
    epilog=options.examples(
        "townlet telemetry stream runs/a --into feed.jsonl",
        "townlet telemetry stream runs/a --from-tick 1440 --to-tick 1500 --into - | head -n 1",
        "townlet telemetry stream runs/a --follow --into tcp://127.0.0.1:7777 --also-schema",
    ),
)
@options.run_argument
@access.access_options
@click.option(
    "--into",
    "place",
    cls=Renamed,
    old="--to",
    type=click.Path(allow_dash=True),
    required=True,
    help="A file, - for stdout, or tcp://127.0.0.1:PORT.",
)
@click.option("--from-tick", type=click.IntRange(min=0), help="Begin at this tick; with --follow, by default now.")
@click.option("--to-tick", type=click.IntRange(min=0), help="End at this tick; by default the run's last.")
@click.option("--follow", "-f", is_flag=True, help="Go on with new ticks until the run is closed.")
@click.option("--schema", type=click.IntRange(1, 2), default=2, show_default=True, help="The version of the messages.")
@click.option("--also-schema", is_flag=True, help="Also send each message in the version before this one.")
@click.option(
    "--room",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="How many messages may wait.",
)
def stream(
    run: Path | str,
    given: access.Given,
    place: str,
    from_tick: int | None,
    to_tick: int | None,
    follow: bool,
    schema: int,
    also_schema: bool,
    room: int,
) -> None:
    schemas = _schemas(schema, also_schema)
    if follow and is_uri(run) and not is_address(run):
        raise click.UsageError(f"{place_name(run)} is on a store, where no town is running: leave out --follow")
    if from_tick is not None and to_tick is not None and from_tick > to_tick:
        raise click.UsageError(f"--from-tick {from_tick} is after --to-tick {to_tick}")
    with access.readable(run, given, follow=follow) as found:
        _send(found, place, schemas, (from_tick, to_tick), follow, room)


def _send(
    run: Path | str,
    place: str,
    schemas: tuple[int, ...],
    ticks: tuple[int | None, int | None],
    follow: bool,
    room: int,
) -> None:
    """Send the messages of a run to a place. Raises TickOutOfRange, LogDamaged, TelemetryError, OSError."""
    import townlet
    from townlet.serving.feed import frames

    from_tick, to_tick = ticks
    opened = townlet.open(run)
    if follow:
        os.nice(GIVES_WAY)
    begin = from_tick if from_tick is not None else opened.head.tick if follow else 0
    feed = frames(opened, begin, to_tick, follow=follow)
    if place.startswith("tcp:"):
        from townlet.serving.tcp import Server

        server = Server(place, schemas, lossless=not follow, room=room)
        output.words(f"serving {opened.place} at {server.place}")
        server.serve(feed, output.words)
        return
    from projections.telemetry.versions import lines
    from townlet.serving.mailbox import send

    with _writer(place, follow) as write:

        def say(message: Any) -> None:
            for line in lines(message, schemas):
                write(line)

        dropped = send(feed, say, lossless=not follow, room=room)
    if dropped:
        output.words(f"{dropped:,} messages were left out, because nobody read them in time")


@command.command(
    "validate",
    help="""Check a file of telemetry: each message against its schema, and the order of the messages.

    FILE may be - for stdin. Lists line, path and fault, and exits with code 1 if there are faults.
    """,
    epilog=options.examples(
        "townlet telemetry validate feed.jsonl",
        "townlet telemetry stream runs/a --into - | townlet telemetry validate -",
    ),
)
@click.argument("file", type=click.File("r", encoding="utf-8"))
@options.output_formats
def validate(file: Any, form: str) -> None:
    from itertools import islice

    from projections.telemetry.validating import faults

    count = 0

    def counted() -> Iterator[str]:
        nonlocal count
        for count, line in enumerate(iter(file.buffer.readline, b""), 1):  # noqa: B007
            yield line.decode("utf-8", "backslashreplace")

    found = list(islice(faults(counted()), FAULTS_MOST))
    if found or form != "table":
        output.records([fault._asdict() for fault in found], FAULTS, form)
    if found:
        many = "1 fault" if len(found) == 1 else f"{len(found)} faults{', or more' * (len(found) == FAULTS_MOST)}"
        raise click.ClickException(f"{file.name} has {many}; the first is in line {found[0].line:,}")
    if not count:
        raise click.ClickException(f"{file.name} is empty: a feed begins with a snapshot")
    output.words(f"{file.name}: {count:,} messages, all as they should be")


@command.command(
    "summary",
    help="""Summarise a run in a few tables, as Markdown or JSON.

    The tables: the town, its key figures, events between people, society, churn, the story, and rewards.
    """,
    epilog=options.examples(
        "townlet telemetry summary runs/a",
        "townlet telemetry summary a --at-tick 4320 --json",
        "townlet telemetry summary --table story --table held_back",
    ),
)
@options.run_argument
@access.access_options
@click.option("--at-tick", type=click.IntRange(min=0), help="Summarise as of this tick; by default the last.")
@click.option(
    "--table", "titles", type=TITLE, multiple=True, help="Print only this table, such as held_back; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, a list of rows for each table.")
def summary(run: Path | str, given: access.Given, at_tick: int | None, titles: tuple[str, ...], as_json: bool) -> None:
    import townlet
    from townlet.judging.overview import TITLES, as_markdown, as_plain, overview

    asked = [TITLES[titles_by_name().index(title)] for title in titles] or TITLES
    with access.readable(run, given, follow=False) as found:
        tables = overview(townlet.open(found), at_tick, asked)
    if as_json:
        output.as_json(as_plain(tables))
    else:
        output.data(as_markdown(tables))


def _schemas(schema: int, also: bool) -> tuple[int, ...]:
    """The versions to send. Raises `click.UsageError` if there is no version before."""
    if also and schema == 1:
        raise click.UsageError("there is no version before 1: leave out --also-schema, or --schema 1")
    return (schema, schema - 1) if also else (schema,)


@contextmanager
def _writer(place: str, grows: bool) -> Iterator[Callable[[str], None]]:
    """A context with a function that writes a line to stdout or to a file. `grows`: the file is read meanwhile."""
    if place == "-":
        yield output.line
        return
    if is_uri(place):
        raise click.UsageError(
            f"nothing can be sent to {place_name(place)}: give a file here, -, or tcp://127.0.0.1:PORT"
        )
    from eventlog.folder.publishing import replacing, require_no_part_of_a_run

    file = Path(place)
    if grows:  # a feed that goes on for ever is read while it is written
        require_no_part_of_a_run(file)
    with (
        contextlib.nullcontext(file) if grows else replacing(file) as written,
        written.open("w", encoding="utf-8", newline="\n", buffering=1 if grows else -1) as lines,
    ):
        yield lambda line: print(line, file=lines)
