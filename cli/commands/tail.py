"""`townlet tail`"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import KIND
from cli.served import access
from cli.served.printing import last_events, say
from eventlog.places import is_uri, place_name

if TYPE_CHECKING:
    import pyarrow as pa

    from townlet.run import Run
    from townlet.serving.address import Address

LAST = "last"
"""What `--from` says to go on from a cursor."""


@click.command(
    "tail",
    help=f"""{COMMANDS["tail"]}

    Each line says when, what, who and whom, where, and how much. --follow goes on with a running town until it ends; it
    takes no lock, and the town never waits for it. --watch also checks the town against rules, as `townlet watch` does,
    and exits with code 1 at the first breach.

    RUN may be the address of a served town, such as grpc://127.0.0.1:7777. Then --cursor keeps your place at the
    server, under a name, and --from last goes on from it; stderr says how far you are behind. With --follow the events
    go on where the connection was lost, none twice, once the server is there again.
    """,
    epilog=options.examples(
        "townlet tail -n 50",
        "townlet tail runs/a --kind quarrel --kind chat_failed",
        "townlet tail runs/a --follow --json",
        "townlet tail runs/a --follow --watch --rules default",
        "townlet tail grpc://127.0.0.1:7777 --cursor desk --from last --follow",
    ),
)
@options.run_argument
@access.access_options
@click.option("--follow", "-f", is_flag=True, help="Go on with new events until the run is closed.")
@click.option("--last", "-n", type=click.IntRange(min=0), default=20, show_default=True, help="How many events.")
@click.option("--from-tick", type=click.IntRange(min=0), help="Print all events from this tick on, not the last ones.")
@click.option(
    "--from",
    "begins",
    metavar="TIME",
    help="Begin at this tick or time; last: where the cursor stands, at event 0 if it is new.",
)
@click.option("--cursor", metavar="NAME", help="Keep your place at the server of the town under this name.")
@click.option(
    "--kind",
    "kinds",
    type=KIND,
    multiple=True,
    help="Only events of this kind; an everyday word such as quarrel does, too; may be repeated.",
)
@click.option("--watch", is_flag=True, help="Check the town against the rules, and stop at the first breach.")
@options.rules_option
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object on each line.")
def command(
    run: Path | str,
    given: access.Given,
    follow: bool,
    last: int,
    from_tick: int | None,
    begins: str | None,
    cursor: str | None,
    kinds: tuple[str, ...],
    watch: bool,
    rules: str,
    as_json: bool,
) -> None:
    codes = frozenset(code for kind in kinds for code in _codes(kind))
    if begins is not None and from_tick is not None:
        raise click.UsageError("--from and --from-tick both say where to begin: leave one out")
    if begins == LAST and cursor is None:
        raise click.UsageError(f"--from {LAST} begins where a cursor stands: name it with --cursor")
    address = access.address_of(run, given)
    if cursor is not None and (address is None or watch):
        why = "--watch reads the whole run" if watch else f"{place_name(run)} is no served town"
        raise click.UsageError(f"--cursor keeps a place at the server of a town, and {why}: leave out --cursor")
    if address is not None and not watch:
        _tail_served(address, given, (last, from_tick, begins, codes, as_json, follow), cursor)
        return
    if follow and is_uri(run) and address is None:
        raise click.UsageError(f"{place_name(run)} is on a store, where no town is running: leave out --follow")
    with access.readable(run, given, follow=follow) as found:
        _tail(found, follow, last, from_tick if begins is None else begins, codes, rules if watch else None, as_json)


def _tail_served(
    address: "Address",
    given: access.Given,
    wanted: tuple[int, int | None, str | None, frozenset[int], bool, bool],
    cursor: str | None,
) -> None:
    """Print events of a served town. Raises QueryError, ServingError, TickOutOfRange, OSError."""
    from cli.served.tail import Wanted, tail

    last, from_tick, begins, codes, as_json, follow = wanted
    time = None if begins == LAST else begins
    tail(address, given, Wanted(last, from_tick, time, begins == LAST, codes, as_json, follow), cursor)


def _tail(
    run: Path | str,
    follow: bool,
    last: int,
    begins: int | str | None,
    codes: frozenset[int],
    rules: str | None,
    as_json: bool,
) -> None:
    """Print events of a run, checked against rules (None: not checked). Raises TickOutOfRange, ThresholdBreached."""
    import townlet
    from townlet.daytime import tick_of
    from townlet.errors import TickOutOfRange
    from townlet.telling.event_lines import Teller

    opened = townlet.open(run)
    from_tick = tick_of(begins, opened.config.town.ticks_per_day) if isinstance(begins, str) else begins
    held = None if rules is None else _RuleCheck(opened, rules)
    log, teller = opened.log, Teller(opened.config)
    head = log.head
    if from_tick is not None and from_tick > head.tick and not follow:
        raise TickOutOfRange(opened.place, from_tick, head.tick)
    breach = held.breach(head.tick) if held else None
    until = head.seq if breach is None else log.seq_at(breach.tick)
    if from_tick is None:
        say(teller, last_events(log, teller, last, codes, until), as_json)
    else:
        say(teller, teller.events(log.batches(from_tick=from_tick, to_seq=until), codes), as_json)
    if held and breach:
        raise held.error(breach)
    if follow:
        batches = log.follow(from_seq=head.seq, alone=output.nobody_writes(opened.place))
        say(teller, teller.events(held.checked_batches(batches) if held else batches, codes), as_json)
        output.words(f"{opened.place} is closed at tick {log.head.tick:,}")


class _RuleCheck:
    """Checks a run against rules while its events are printed."""

    def __init__(self, run: "Run", rules: str) -> None:
        from townlet.judging.thresholds import rules_of
        from townlet.judging.watch import Watch

        watch = Watch(run, rules_of(rules))
        self._run = run
        self.breach, self.error = watch.until, watch.error

    def checked_batches(self, batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """The same batches. After each batch is printed, the rules are checked up to its last tick.

        Raises ThresholdBreached.
        """
        for batch in batches:
            yield batch
            self._require(batch.column("tick")[-1].as_py())
        self._require(self._run.head.tick)

    def _require(self, tick: int) -> None:
        breach = self.breach(tick)
        if breach is not None:
            raise self.error(breach)


def _codes(word: str) -> list[int]:
    """The codes of the kinds that a word means. Raises `click.UsageError` with the nearest word."""
    from eventlog.catalogue import KIND_CODES
    from townlet.errors import QueryError
    from townlet.history.everyday import kinds_meant

    try:
        return [KIND_CODES[kind] for kind in kinds_meant(word)]
    except QueryError as error:
        raise click.UsageError(str(error)) from error
