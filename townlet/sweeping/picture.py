"""Draws a sweep: Sobol's indices of every setting, or the mean of every figure at every point."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from townlet.errors import QueryError
from townlet.plotting.tie_network import (
    BAD,
    FAINT,
    GOOD,
    INK,
    matplotlib_module,
    require_drawable,
    save,
    style,
    write_title,
)
from townlet.sweeping.result import SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT: Final = 3.4
PANEL: Final = 5.2
ROW: Final = 0.32
GAP: Final = 0.75
HEAD: Final = 0.95
FOOT: Final = 0.35
"""Inches: the names at the left, a panel's width, a row, what is between panels, above, and below them."""

ROWS_MOST: Final = 60
"""A panel has at most so many rows; more points cannot be told apart."""

Row = tuple[str, Sequence[tuple[float | None, float | None, float | None]]]
"""A row's name, and of each of its marks the value and the ends of its interval."""


def plot_sweep(found: SweepResult, into: Path) -> None:
    """Draw the indices of a design that has them, else the means of its points, into a PNG or SVG file.

    Raises QueryError for another suffix, too many points, no town, and without matplotlib; OSError.
    """
    require_drawable(into)
    if found.plan.same["indices"]:
        rows = found.indices().to_pylist()
        panels = {figure: [_index(row) for row in rows if row["figure"] == figure] for figure in found.figures}
        title = "Sobol's indices: a setting alone (dots), with all others (rings)"
    else:
        if len(found.points) > ROWS_MOST:
            raise QueryError(f"{len(found.points)} points are too many to draw; {ROWS_MOST} are the most")
        rows = found.means().to_pylist()
        panels = {figure: [_mean(row) for row in rows if row["figure"] == figure] for figure in found.figures}
        title = "The mean of each figure at each point, with its 95 % interval over seeds"
    if not any(mark[0] is not None for lot in panels.values() for _, marks in lot for mark in marks):
        raise QueryError("there is nothing to draw: no town of this sweep has lived. Next: townlet sweep")
    _draw(panels, title, f"{len(found.rows):,} towns    {len(found.plan.seeds):,} seeds at each point", into)


def _draw(panels: Mapping[str, Sequence[Row]], title: str, below: str, into: Path) -> None:
    """One panel for each figure, one below the other."""
    width = LEFT + PANEL + 0.3
    height = HEAD + FOOT + sum(GAP + ROW * len(rows) for rows in panels.values())
    with style():
        sheet = matplotlib_module("figure").Figure(figsize=(width, height))
        top = height - HEAD
        for figure, rows in panels.items():
            bottom = top - ROW * len(rows) - 0.3
            axes = sheet.add_axes((LEFT / width, bottom / height, PANEL / width, ROW * len(rows) / height))
            _draw_panel(axes, figure, rows)
            top -= GAP + ROW * len(rows)
        write_title(sheet, title, below)
        save(sheet, into)


def _draw_panel(axes: "Axes", figure: str, rows: Sequence[Row]) -> None:
    for place, (_, marks) in enumerate(rows):
        for number, ((value, low, high), colour) in enumerate(zip(marks, (GOOD, BAD), strict=False)):
            y = place + 0.18 * (2 * number - 1) * (len(marks) > 1)
            gid = f"{figure}.{place}.{number}"
            if low is not None and high is not None:
                axes.plot(
                    (low, high), (y, y), color=colour, linewidth=1.6, solid_capstyle="butt", gid=f"{gid}.interval"
                )
            if value is not None:
                filled = "white" if number else colour
                axes.plot((value,), (y,), color=colour, markerfacecolor=filled, marker="o", markersize=5, gid=gid)
    if any(len(marks) > 1 for _, marks in rows):
        axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.set_title(figure, loc="left", fontsize=10, color=INK)


def _index(row: Mapping[str, Any]) -> Row:
    return row["setting"], [(row[sort], row[f"{sort}_low"], row[f"{sort}_high"]) for sort in ("first", "total")]


def _mean(row: Mapping[str, Any]) -> Row:
    return row["settings"], [(row["mean"], row["low"], row["high"])]


__all__ = ["plot_sweep"]
