"""`townlet story`"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import options, output
from cli.main import COMMANDS
from cli.names import CATEGORY, WORDING, Pair, Person
from cli.renamed import Renamed
from cli.served import access
from eventlog.places import is_address, is_uri, place_name

if TYPE_CHECKING:
    import pyarrow as pa

    from townlet.run import Run
    from townlet.telling.turning_points import TurningPoints

WIDTH: Final = 100
INDENT: Final = " " * 7

Entry = Mapping[str, Any]


@click.command(
    "story",
    help=f"""{COMMANDS["story"]}

    Each sentence follows from the log; in SQL the sentences are the table narrations, each with its cause. The settings
    narration.* decide what is told and how often; --set changes them for the same events, and --templates changes the
    words: literary for more colour, or a file. A time is a tick, or "day 3 08:00".

    --by-day prints the turning points of each day: new friends are on both sides, and of new rivals it says whether
    they are on one side or on both. --person NAME --life prints the life of a person, --pair NAME NAME what was between
    two people. RUN may be the address of a served town, such as grpc://127.0.0.1:7777.
    """,
    epilog=options.examples(
        'townlet story runs/a --from "day 1" --to "day 2"',
        "townlet story --person bob --category quarrel --category rivalry",
        "townlet story --by-day",
        "townlet story --person alice --life",
        "townlet story --pair alice bob",
        "townlet story --set narration.window_most=20 --set narration.categories.chat.enabled=false",
    ),
)
@options.run_argument
@click.option(
    "--from", "begins", metavar="TIME", help="Begin at this tick or time; by default at 0, with --follow now."
)
@click.option("--to", "ends", metavar="TIME", help="End before this tick or time; by default at the last tick.")
@click.option(
    "--person", cls=Renamed, old="--agent", type=Person(), metavar="NAME", help="Only sentences about this person."
)
@click.option(
    "--category",
    "categories",
    type=CATEGORY,
    multiple=True,
    help="Only sentences of this category; an everyday word does, too; may be repeated.",
)
@click.option("--by-day", is_flag=True, help="Print the turning points of each day instead of the story.")
@click.option("--life", is_flag=True, help="Print the whole life of --person instead of the story.")
@click.option(
    "--pair",
    type=Pair(),
    metavar="NAME NAME",
    help="Print what was between two people, from their first meeting on.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on with new sentences until the run is closed.")
@click.option(
    "--templates",
    type=WORDING,
    callback=lambda ctx, option, name: None if name is None else Path(name),
    metavar="NAME|FILE",
    help="Use other words: plain (the default), literary, or a YAML file of templates.",
)
@access.access_options
@options.settings_option
@options.output_formats
def command(
    run: Path | str,
    given: access.Given,
    begins: str | None,
    ends: str | None,
    person: str | None,
    categories: tuple[str, ...],
    by_day: bool,
    life: bool,
    pair: tuple[str, str] | None,
    follow: bool,
    templates: Path | None,
    overrides: dict[str, object],
    form: str,
) -> None:
    chosen = frozenset(each for name in categories for each in _categories(name))
    _require_possible(run, by_day, follow, bool(templates or overrides or ends), form)
    _require_one_of(by_day, life, pair, person, follow or bool(overrides or chosen or begins))
    import townlet
    from townlet.daytime import tick_of
    from townlet.errors import TickOutOfRange

    served = access.readable(run, given, follow=follow)
    opened = townlet.open(click.get_current_context().with_resource(served))
    per_day, last = opened.config.town.ticks_per_day, opened.head.tick
    begin = tick_of(begins, per_day) if begins is not None else last if follow else 0
    first, end = begin, last if ends is None else tick_of(ends, per_day)
    for tick in (first, end):
        if tick > last:
            raise TickOutOfRange(opened.place, tick, last)
    if ends is not None and first >= end:
        raise click.UsageError(f"--from is tick {first:,}, and --to tick {end:,} is not after it: nothing is between")
    if by_day:
        _print_days(opened, first, end, form, templates)
        return
    if life or pair is not None:
        _print_life(opened, pair or (str(person),), end, form, templates)
        return
    wanted = _Wanted(first, _person(opened, person), chosen)
    if follow:
        output.words(f"following {opened.place} from tick {first:,}, until it is closed")
        _follow(opened, wanted, form)
        return
    told = wanted.of(_story_table(opened, end, overrides, templates))
    if form == "table":
        for text in prose(told.to_pylist(), per_day):
            output.data(text)
    else:
        output.table(told, form)


class _Wanted:
    """Selects the wanted entries of a story."""

    def __init__(self, from_tick: int, agent: str | None, categories: frozenset[str]) -> None:
        self._from_tick, self._agent, self._categories = from_tick, agent, categories

    def of(self, told: "pa.Table") -> "pa.Table":
        """The wanted entries of a table."""
        import pyarrow as pa

        rows = told.select(["tick", "category", "agent", "other"]).to_pylist()
        return told.filter(pa.array([self._has(row) for row in rows], pa.bool_()))

    def _has(self, row: Entry) -> bool:
        who, sort = self._agent, self._categories
        return (
            row["tick"] >= self._from_tick
            and (who is None or who in (row["agent"], row["other"]))
            and (not sort or row["category"] in sort)
        )


def _require_possible(run: Path | str, by_day: bool, follow: bool, otherwise: bool, form: str) -> None:
    """Raise `click.UsageError` for options that do not go together."""
    if follow and is_uri(run) and not is_address(run):
        raise click.UsageError(f"{place_name(run)} is on a store, where no town is running: leave out --follow")
    if follow and (otherwise or by_day):
        raise click.UsageError(
            "--follow tells the story as the run's settings say: without --to, --by-day, --set, --templates"
        )
    if follow and form in ("csv", "arrow"):
        raise click.UsageError(f"--follow writes a line at a time: leave out --{form}, or ask for --json")
    if by_day and form in ("csv", "arrow"):
        raise click.UsageError(f"--by-day prints text or --json: leave out --{form}")


def _require_one_of(
    by_day: bool, life: bool, pair: tuple[str, str] | None, person: str | None, otherwise: bool
) -> None:
    """Raise `click.UsageError` for options that a life or a pair cannot be told with."""
    if life and person is None:
        raise click.UsageError("--life tells of one person: name it, as in --person alice --life")
    if pair is not None and (life or person is not None):
        raise click.UsageError("--pair names two people itself: leave out --person and --life")
    if (life or pair is not None) and (by_day or otherwise):
        raise click.UsageError(
            "--life and --pair tell all from the beginning: without --by-day, --from, --category, --follow and --set"
        )


def _print_life(run: "Run", names: tuple[str, ...], tick: int, form: str, templates: Path | None) -> None:
    """Print the life of one person, or what was between two."""
    from townlet.history.narrator import templates_of
    from townlet.telling.lives import life
    from townlet.telling.pairs import pair

    words = templates_of(templates) if templates else None
    told = life(run, names[0], tick, words) if len(names) == 1 else pair(run, names[0], names[1], tick, words)
    if form != "table":
        output.table(told, form)
        return
    for text in prose(told.to_pylist(), run.config.town.ticks_per_day):
        output.data(text)


def _categories(word: str) -> tuple[str, ...]:
    """The categories that a word means. Raises `click.UsageError` with the nearest word."""
    from townlet.errors import QueryError
    from townlet.history.everyday import categories_meant

    try:
        return categories_meant(word)
    except QueryError as error:
        raise click.UsageError(str(error)) from error


def _person(run: "Run", name: str | None) -> str | None:
    """The name, if somebody with this name has lived in the town. Raises QueryError with the nearest name."""
    if name is None:
        return None
    from townlet.telling.why import known_person

    return known_person(run, run.head.tick, name)


def _story_table(run: "Run", tick: int, overrides: dict[str, object], templates: Path | None) -> "pa.Table":
    from townlet.history.kept_tables import NARRATIONS
    from townlet.telling.story import narrations, narrations_under

    if overrides or templates:
        return narrations_under(run, tick, overrides, templates)[NARRATIONS]
    return narrations(run, tick)


def _follow(run: "Run", wanted: _Wanted, form: str) -> None:
    """Print every present entry, then every new one, until the run is closed."""
    from townlet.history.following import Following
    from townlet.history.kept_tables import NARRATIONS
    from townlet.telling.story import with_names

    following, said, day = Following(run, [NARRATIONS]), 0, -1
    per_day = run.config.town.ticks_per_day
    for _ in following.follow(alone=output.nobody_writes(run.place)):
        told = following.tables(NARRATIONS)[NARRATIONS]
        entries = wanted.of(with_names(run.config, told.slice(said))).to_pylist()
        said = len(told)
        if form == "json":
            for entry in entries:
                output.json_line(entry)
        else:
            for text in prose(entries, per_day, day):
                output.line(text)
        day = entries[-1]["tick"] // per_day if entries else day
    output.words(f"{run.place} is closed at tick {run.head.tick:,}")


def prose(entries: Iterable[Entry], per_day: int, day: int = -1) -> Iterator[str]:
    """The lines of a story: a heading for each day, and a paragraph for all entries of the same minute."""
    from itertools import groupby

    from townlet.daytime import time_of

    for tick, same in groupby(entries, key=lambda entry: entry["tick"]):
        when, _, clock = time_of(tick, per_day).partition(", ")
        if tick // per_day != day:
            yield when if day < 0 else f"\n{when}"
            day = tick // per_day
        text = " ".join(entry["text"] for entry in same)
        yield textwrap.fill(text, WIDTH, initial_indent=f"{clock}  ", subsequent_indent=INDENT)


def _print_days(run: "Run", first: int, end: int, form: str, templates: Path | None) -> None:
    from townlet.history.narrator import templates_of
    from townlet.telling.turning_points import sentences_of, turning_points

    found, per_day = turning_points(run, first, end), run.config.town.ticks_per_day
    if form == "json":
        output.as_json([_day_as_json(day) for day in found])
        return
    words = templates_of(templates) if templates else None
    for number, day in enumerate(found):
        output.data(("\n" if number else "") + f"day {day.day}")
        output.data(textwrap.fill(" ".join(sentences_of(day, per_day, words)), WIDTH))


def _day_as_json(day: "TurningPoints") -> dict[str, Any]:
    """A day's turning points as a dict for JSON."""
    told = day._asdict()
    for name in ("quarrel", "gained", "lost"):
        told[name] = told[name]._asdict() if told[name] else None
    for name in ("let_down", "friends", "rivals"):
        told[name] = [bond._asdict() for bond in told[name]]
    return told
