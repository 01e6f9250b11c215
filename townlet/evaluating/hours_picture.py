"""Draws what people do at each hour of the day: a panel for each policy and share, with the share of every option."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from townlet.errors import QueryError
from townlet.evaluating.picture import lot_name
from townlet.evaluating.rows import Row
from townlet.plotting.tie_network import INK, form_of, matplotlib_module, save, style, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final = {
    "sleep": "#26547c",
    "work": "#e69f00",
    "eat": "#009e73",
    "socialise": "#d55e00",
    "cook": "#f0e442",
    "shop": "#cc79a7",
    "wash": "#56b4e9",
    "yield": "#7a6a5d",
    "wait": "#d0d0d0",
}
"""The options from bottom to top, with colours that differ for any colour vision (after Okabe and Ito 2008)."""

HOURS: Final = 24
ACROSS: Final = 3
WIDTH: Final = 3.1
HEIGHT: Final = 2.0
ABOVE: Final = 1.2
BELOW: Final = 0.9
GAP: Final = 0.55
"""Inches: a panel's width and height, what is above and below all panels, and what is between two rows of them."""


def plot_hours(rows: Sequence[Row], into: Path, below: str = "") -> None:
    """Draw the share of people with each option at each hour of the day into a PNG or SVG file.

    `rows` are those of an evaluation with `by_hour`; `below` stands under the title. The same rows give the same file.
    Raises QueryError for another suffix, for rows without hours, and without matplotlib; OSError.
    """
    form_of(into)
    shares = {(row.policy, row.share, row.figure): row.value for row in rows if row.figure.startswith("time.")}
    lots = [lot for lot in dict.fromkeys((row.policy, row.share) for row in rows) if (*lot, "time.wait.00") in shares]
    if not lots:
        raise QueryError(
            "there is nothing to draw: the evaluation has no rows of hours. Next: by_hour=True, or --hours"
        )
    across = min(ACROSS, len(lots))
    down = -(-len(lots) // across)
    size = 1.0 + across * WIDTH, ABOVE + BELOW + down * (HEIGHT + GAP)
    with style():
        figure = matplotlib_module("figure").Figure(figsize=size)
        panels = figure.subplots(down, across, squeeze=False, sharey=True).reshape(-1)
        for axes, lot in zip(panels, lots, strict=False):
            of_lot = {
                option: [shares[*lot, f"time.{option}.{at:02}"] or 0.0 for at in range(HOURS)] for option in COLOURS
            }
            _draw_day(axes, of_lot, lot_name(*lot))
        for axes in panels[len(lots) :]:
            axes.set_axis_off()
        figure.subplots_adjust(
            left=0.65 / size[0],
            right=1 - 0.25 / size[0],
            top=1 - ABOVE / size[1],
            bottom=BELOW / size[1],
            wspace=0.12,
            hspace=GAP / HEIGHT,
        )
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="lower center", ncols=min(len(names), 3 * across), frameon=False, fontsize=8)
        write_title(figure, "What people do at each hour of the day", below)
    save(figure, into)


def _draw_day(axes: "Axes", shares: dict[str, list[float]], title: str) -> None:
    """Stack the shares of the options, hour by hour; hours in which nobody lives there stay empty."""
    floor = [0.0] * HOURS
    for option, values in shares.items():
        axes.bar(range(HOURS), values, width=1.0, bottom=floor, align="edge", color=COLOURS[option], label=option)
        floor = [low + value for low, value in zip(floor, values, strict=True)]
    axes.set_xlim(0, HOURS)
    axes.set_ylim(0, 1)
    axes.set_xticks(range(0, HOURS + 1, 6))
    axes.set_yticks((0, 0.5, 1), ("0", "50 %", "100 %"))
    axes.tick_params(labelsize=7)
    axes.set_title(title, fontsize=9, color=INK, loc="left")


__all__ = ["COLOURS", "plot_hours"]
