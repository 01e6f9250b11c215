"""Draws an evaluation: one panel for each figure, a row for each policy and share, with its interval."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from townlet.errors import QueryError
from townlet.evaluating.entrants import SCRIPTED
from townlet.evaluating.rows import Row
from townlet.plotting.tie_network import FAINT, GOOD, INK, form_of, matplotlib_module, save, style, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWN: Final = (
    "return",
    "exits",
    "self_sufficiency",
    "sleep_at_night",
    "wallet_slope",
    "chats",
    "shared_meals",
    "quarrels",
)
"""The figures that are drawn, in this order."""

ACROSS: Final = 4
WIDTH: Final = 2.6
ABOVE: Final = 1.1
ROW: Final = 0.34
AROUND: Final = 1.0
"""Inches: a panel's width, what is above the panels, a policy's row, and what is around the rows of a panel."""


def plot_evaluation(rows: Sequence[Row], into: Path, below: str = "") -> None:
    """Draw the figures of DRAWN into a PNG or SVG file; `below` stands under the title.

    A dot is the figure of all towns, a line its 95 % interval; a broken line goes through the script's figure. The same
    rows give the same file. Raises QueryError for another suffix, for no rows, and without matplotlib; OSError.
    """
    form_of(into)
    lots = list(dict.fromkeys((row.policy, row.share) for row in rows))
    if not lots:
        raise QueryError("there is nothing to draw: the evaluation has no rows")
    shown = [name for name in DRAWN if any(row.figure == name for row in rows)]
    down = -(-len(shown) // ACROSS)
    height = ABOVE + down * (AROUND + ROW * len(lots))
    with style():
        figure = matplotlib_module("figure").Figure(figsize=(1.6 + ACROSS * WIDTH, height))
        panels = figure.subplots(down, ACROSS, squeeze=False).reshape(-1)
        for place, axes in enumerate(panels):
            if place < len(shown):
                _draw_panel(axes, [row for row in rows if row.figure == shown[place]], lots, named=place % ACROSS == 0)
            else:
                axes.set_axis_off()
        figure.subplots_adjust(
            left=1.5 / figure.get_figwidth(),
            right=0.98,
            top=1 - ABOVE / height,
            bottom=0.55 / height,
            wspace=0.15,
            hspace=AROUND / (ROW * len(lots)),
        )
        write_title(figure, "What people do under each policy", below)
    save(figure, into)


def _draw_panel(axes: "Axes", rows: Sequence[Row], lots: Sequence[tuple[str, str]], *, named: bool) -> None:
    for row in rows:
        place = lots.index((row.policy, row.share))
        if row.value is None:
            continue
        colour = INK if row.policy == SCRIPTED else GOOD
        if row.policy == SCRIPTED:
            axes.axvline(row.value, color=FAINT, linewidth=0.8, linestyle=(0, (3, 2)), zorder=0)
        if row.low is not None and row.high is not None:
            axes.plot((row.low, row.high), (place, place), color=colour, linewidth=1.6, solid_capstyle="butt")
        axes.plot((row.value,), (place,), color=colour, marker="o", markersize=5, linestyle="none")
    axes.set_ylim(len(lots) - 0.5, -0.5)
    axes.set_yticks(range(len(lots)), [lot_name(*lot) if named else "" for lot in lots], fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
    axes.locator_params(axis="x", nbins=4)
    axes.set_title(rows[0].figure, fontsize=9, color=INK, loc="left")
    axes.set_xlabel(rows[0].unit, fontsize=7)


def lot_name(policy: str, share: str) -> str:
    """A policy and share as a picture names them: a file by its name."""
    return f"{Path(policy).stem} {share}"


__all__ = ["DRAWN", "lot_name", "plot_evaluation"]
