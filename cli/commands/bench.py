"""`townlet bench`"""

from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import options, output
from cli.main import COMMANDS
from townlet.bench import FAMILIES

if TYPE_CHECKING:
    from townlet.bench.rows import Row

COLUMNS: Final = ("figure", "value", "unit", "must", "aim", "reached", "peer", "peer_value", "ratio")


@click.command(
    "bench",
    help=f"""{COMMANDS["bench"]}

    Prints every figure with its requirement (must), its aim, and the figure of a peer in the same run if the peer is
    installed; `ratio` says how many times better Townlet's figure is. Other work on the machine changes the figures.
    A time is inf (JSON: null) if what it is the time of did not happen. All families take some minutes; --only
    measures some.

    Families: {"; ".join(f"{name}, {what}" for name, what in FAMILIES.items())}.
    """,
    epilog=options.examples(
        "townlet bench",
        "townlet bench --only appending --json > bench.json",
        "townlet bench --only growth --chart growth.svg",
    ),
)
@click.option("--only", type=click.Choice(list(FAMILIES)), multiple=True, help="Measure this family; may be repeated.")
@click.option(
    "--chart",
    type=options.NewPath(),
    help="Draw the family growth into this SVG or PNG file too; needs matplotlib (townlet[plot]).",
)
@options.output_formats
def command(only: tuple[str, ...], chart: Path | None, form: str) -> None:
    from townlet import bench

    if chart:
        from townlet.plotting.tie_network import require_drawable

        if only and "growth" not in only:
            raise click.UsageError("--chart draws the family growth: leave out --only, or add --only growth")
        require_drawable(chart)
    machine = bench.machine()
    output.words(f"a load average of {machine['load_average']} on {machine['processors']} processors, before this")
    measured: list[tuple[str, Row]] = []
    for family, what in FAMILIES.items():
        if not only or family in only:
            with output.Waiting(f"measuring {what}"):
                measured += [(family, row) for row in bench.measure(family)]
    if chart:
        from townlet.bench.chart import draw_growth

        draw_growth([row for family, row in measured if family == "growth"], chart)
        output.words(f"drawn: {chart}")
    if form == "json":
        output.as_json({"machine": machine, "rows": [_whole(family, row) for family, row in measured]})
    else:
        output.records([line for _, row in measured for line in _lines(row, form)], COLUMNS, form)


def _whole(family: str, row: "Row") -> dict[str, Any]:
    bounds = {"must": row.must, "aim": row.aim, "bound": "at most" if row.most else "at least"}
    return {
        "family": family,
        "figure": row.figure,
        "value": row.value if isfinite(row.value) else None,
        "unit": row.unit,
        **(bounds if row.reached else {}),
        "reached": row.reached or None,
        "peers": [peer._asdict() for peer in row.peers],
    }


def _lines(row: "Row", form: str) -> Iterator[dict[str, Any]]:
    """A line for each peer, at least one. In the form "table" only the first line names the figure."""
    told: dict[str, Any] = {
        "figure": row.figure,
        "value": _number(row.value),
        "unit": row.unit,
        "must": _bound(row.must, row.most),
        "aim": _bound(row.aim, row.most),
        "reached": row.reached,
        "peer": "",
        "peer_value": "",
        "ratio": "",
    }
    if not row.peers:
        yield told
    for place, peer in enumerate(row.peers):
        if place and form == "table":
            told = dict.fromkeys(told, "")
        value = "not installed" if peer.value is None else _number(peer.value)
        ratio = "" if peer.ratio is None else f"{peer.ratio:.3g}"
        yield told | {"peer": peer.name, "peer_value": value, "ratio": ratio}


def _number(value: float) -> str:
    """A number with three significant digits, or whole with thousands separators."""
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


def _bound(bound: float | None, most: bool) -> str:
    return "" if bound is None else f"{'<=' if most else '>='} {_number(bound)}"
