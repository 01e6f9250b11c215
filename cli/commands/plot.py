"""`townlet plot`"""

from pathlib import Path

import click

from cli import options, output
from cli.main import COMMANDS, Group
from cli.names import RunOrPeople


@click.group(
    "plot",
    cls=Group,
    help=f"""{COMMANDS["plot"]}

    A picture is a PNG or an SVG file, depending on its suffix. The same run gives the same picture. The path of the
    file goes to stdout. Plots need matplotlib and networkx: pip install 'townlet[plot]'
    """,
    epilog=options.examples(
        "townlet plot ties runs/a --into ties.svg",
        "townlet plot tie alice grace",
        "townlet plot news --seq 7331",
    ),
)
def command() -> None:
    pass


@command.command(
    "ties",
    help="""Draw who is tied to whom.

    Each tie is an arrow from its owner to the other: green for liking, orange and dashed for dislike; a large tie is
    wide. People who like each other are near, and each community has a tint. An existing file is replaced.
    """,
    epilog=options.examples("townlet plot ties", "townlet plot ties runs/a --at-tick 5000 --into day3.svg"),
)
@options.run_argument
@click.option("--at-tick", type=click.IntRange(min=0), help="Draw the town as it was at this tick.")
@click.option("--into", type=options.NewPath(), default="ties.png", show_default=True, help="The file.")
def ties(run: Path | str, at_tick: int | None, into: Path) -> None:
    import townlet
    from townlet.plotting.tie_network import form_of, plot_ties

    form_of(into)
    with output.Waiting("drawing ties"):
        plot_ties(townlet.open(run).at(at_tick), into)
    _say_written(into)


@command.command(
    "tie",
    help="""Draw the history of what OWNER feels for OTHER.

    The picture shows trust, familiarity and rivalry over the days, every cause below them, and when the tie began and
    ended. Without RUN it is of the newest run. An existing file is replaced.
    """,
    epilog=options.examples("townlet plot tie alice grace", "townlet plot tie runs/a frank erin --into feud.svg"),
)
@click.argument("names", type=RunOrPeople(), nargs=-1, required=True, metavar="[RUN] OWNER OTHER")
@click.option("--at-tick", type=click.IntRange(min=0), help="Draw what was before this tick.")
@click.option("--into", type=options.NewPath(), default="tie.png", show_default=True, help="The file.")
def tie(names: tuple[str, ...], at_tick: int | None, into: Path) -> None:
    run, owner, other = options.run_and_pair(names)
    import townlet
    from townlet.plotting.tie_history import plot_tie
    from townlet.plotting.tie_network import form_of

    form_of(into)
    with output.Waiting(f"drawing what {owner} feels for {other}"):
        plot_tie(townlet.open(run), owner, other, into, at_tick)
    _say_written(into)


@command.command(
    "news",
    help="""Draw how word of one deed spread.

    The picture shows who saw the deed, who told whom, and when. A deed is a quarrel, a help or a takeover; the table
    news has them all. Without --seq it is the deed that most people know of. An existing file is replaced.
    """,
    epilog=options.examples("townlet plot news", "townlet plot news runs/a --seq 7331 --into rumour.svg"),
)
@options.run_argument
@click.option("--seq", type=click.IntRange(min=0), help="The number of the event that is the deed.")
@click.option("--at-tick", type=click.IntRange(min=0), help="Draw what was known before this tick.")
@click.option("--into", type=options.NewPath(), default="news.png", show_default=True, help="The file.")
def news(run: Path | str, seq: int | None, at_tick: int | None, into: Path) -> None:
    import townlet
    from townlet.plotting.news_spread import plot_news
    from townlet.plotting.tie_network import form_of

    form_of(into)
    with output.Waiting("drawing how word spread"):
        plot_news(townlet.open(run), into, seq, at_tick)
    _say_written(into)


def _say_written(into: Path) -> None:
    output.words(f"wrote {into} ({into.stat().st_size / 1024:,.0f} KiB)")
    output.data(str(into))
