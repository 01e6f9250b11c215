"""Draws the contrasts of an experiment: the mean difference of each with its interval, and every pair's difference."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from townlet.errors import QueryError
from townlet.evaluating.figures import Figure
from townlet.experiments.cells import Cell, kept_arms
from townlet.experiments.contrasts import Compared, compared
from townlet.experiments.figures import FIGURES
from townlet.experiments.settings import Planned, planned
from townlet.plotting.tie_network import (
    BAD,
    FAINT,
    GOOD,
    INK,
    MARGIN,
    matplotlib_module,
    require_drawable,
    save,
    style,
    write_title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

LEFT: Final = 1.6
PANEL: Final = 3.5
TOLD: Final = 1.75
"""Inches: the names of the contrasts at the left, a panel's width, and the numbers at its right."""

ABOVE: Final = 1.62
HEAD: Final = 0.45
ROW: Final = 0.55
FOOT: Final = 1.4
"""Inches: what is above the panels, the heading of a group of contrasts, a contrast, and what is below the panels."""

LANES: Final = 5
"""The pairs of a contrast are drawn on so many lines, one after another, so that few of them hide each other."""

MEAN_AT: Final = -0.2
PAIRS_FROM, PAIRS_TO = 0.02, 0.34
"""Where a contrast's mean and the lines of its pairs lie, as shares of a row's height below its middle."""

POINTS: Final = 100.0
"""A share is drawn in points of a hundred."""

LETTERS: Final = 52
"""The letters of a line of what a figure says."""

GROUPS: Final = {
    True: "Primary contrasts, tested as planned",
    False: "Exploratory contrasts: they have intervals, and nothing is claimed of them",
}
"""The headings, by whether a group is primary."""

KEY: Final = (
    "A large dot is the mean over the pairs, its line the 95 % interval. A light dot is one pair: two trainings of the "
    "same seed.",
    "Right of the line at 0 the first arm has more, left of it the second.",
)


class Row(NamedTuple):
    """A contrast of the picture: the first arm less the second, by each primary figure. At most `planned` pairs."""

    first: str
    second: str
    is_primary: bool
    planned: int
    by_figure: Mapping[str, Compared]

    @property
    def seeds(self) -> int:
        """How many pairs there are."""
        return max(each.seeds for each in self.by_figure.values())


def plot_contrasts(source: Path | str | Planned, into: Path | str, file: Path) -> None:
    """Draw the contrasts of an experiment, from the cells that its folder `into` has, into a PNG or SVG file.

    The same cells give the same file. Raises QueryError for another suffix, where no pair of cells is there, and
    without matplotlib; ConfigurationError, as `run_experiment` does; OSError.
    """
    require_drawable(file)
    plan, folder = source if isinstance(source, Planned) else planned(source), Path(into)
    save(contrasts_drawn(plan, kept_arms(folder, plan)), file)


def contrasts_drawn(plan: Planned, arms: Mapping[str, Sequence[Cell]]) -> "Sheet":
    """The picture of the cells of every arm.

    Of each contrast and figure, the pairs and the mean are lines with the names of `mark`. Raises QueryError where no
    pair of cells is there, and without matplotlib.
    """
    rows = list(_rows(plan, arms))
    if not any(row.seeds for row in rows):
        raise QueryError(
            "there is nothing to draw: no two arms of a contrast have a cell of the same seed. Next: make cells first, "
            "by townlet experiment without --plot"
        )
    groups = [lot for is_primary in GROUPS if (lot := [row for row in rows if row.is_primary == is_primary])]
    figures, held = list(plan.settings.outcomes.items()), plan.settings.towns
    width = LEFT + len(figures) * (PANEL + TOLD)
    height = ABOVE + FOOT + sum(HEAD + ROW * len(lot) for lot in groups)
    with style():
        sheet: Sheet = matplotlib_module("figure").Figure(figsize=(width, height))
        for place, (name, margin) in enumerate(figures):
            limits, top = _limits(rows, FIGURES[name], margin), height - ABOVE
            for lot in groups:
                top -= HEAD + ROW * len(lot)
                left = LEFT + place * (PANEL + TOLD)
                axes = sheet.add_axes((left / width, top / height, PANEL / width, ROW * len(lot) / height))
                _draw(axes, lot, FIGURES[name], margin, named=place == 0)
                axes.set_xlim(limits)
                if lot is groups[-1]:
                    axes.set_xlabel(_axis(FIGURES[name]), fontsize=8.5)
                else:
                    axes.tick_params(axis="x", labelbottom=False)
            _write_head(sheet, FIGURES[name], LEFT + place * (PANEL + TOLD))
        top = height - ABOVE
        for lot in groups:
            sheet.text(MARGIN / width, (top - 0.27) / height, GROUPS[lot[0].is_primary], fontsize=9.5, va="center")
            top -= HEAD + ROW * len(lot)
        for line, text in enumerate((*KEY, *_margins(plan))):
            sheet.text(MARGIN / width, (0.68 - 0.19 * line) / height, text, fontsize=8.5, color=FAINT, va="center")
        count, of = sum(map(len, arms.values())), len(plan.cells())
        below = (
            f"{count} of {of} cells    each policy in {held.count} towns of {held.days} days    plan {plan.plan[:12]}"
        )
        write_title(sheet, "How the arms of the experiment differ, pair by pair", below)
    return sheet


def mark(row: Row, figure: str, what: str) -> str:
    """The name in the picture of the `mean`, the `interval` or the `pairs` of a contrast by a figure."""
    return f"{figure}.{row.first}.less.{row.second}.{what}"


def scale(figure: Figure) -> float:
    """What a figure is multiplied by when it is drawn."""
    return POINTS if figure.unit == "share" else 1.0


def _rows(plan: Planned, arms: Mapping[str, Sequence[Cell]]) -> "Sequence[Row]":
    """The contrasts, the primary ones first."""
    given = plan.settings
    pairs = [(pair, True) for pair in given.contrasts] + [(pair, False) for pair in given.explored]
    return [
        Row(
            first,
            second,
            is_primary,
            min(given.arms[first].seeds, given.arms[second].seeds),
            {
                name: compared(arms[first], arms[second], FIGURES[name], margin)
                for name, margin in given.outcomes.items()
            },
        )
        for (first, second), is_primary in pairs
    ]


def _limits(rows: Sequence[Row], figure: Figure, margin: float | None) -> tuple[float, float]:
    """The ends of the axis of a figure: everything that is drawn lies between them."""
    found = [row.by_figure[figure.name] for row in rows]
    values = [value for each in found for value in (*each.each.values(), *each.difference) if value is not None]
    drawn = scale(figure) * np.array([0.0, -(margin or 0.0), *(value for value in values if np.isfinite(value))])
    room = 0.05 * max(float(np.ptp(drawn)), 1e-9)
    return float(drawn.min()) - room, float(drawn.max()) + room


def _draw(axes: "Axes", rows: Sequence[Row], figure: Figure, margin: float | None, *, named: bool) -> None:
    """Draw one figure of a group of contrasts."""
    by = scale(figure)
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    if margin is not None:
        line = axes.axvline(-margin * by, color=BAD, linewidth=1.0, linestyle=(0, (3, 2)), zorder=0)
        line.set_gid(f"{figure.name}.margin.{'primary' if rows[0].is_primary else 'exploratory'}")
    for place, row in enumerate(rows):
        _draw_contrast(axes, row, figure, place)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    labels = [f"{row.first} - {row.second}\n{row.seeds} of {row.planned} pairs" if named else "" for row in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.locator_params(axis="x", nbins=7)


def _draw_contrast(axes: "Axes", row: Row, figure: Figure, place: int) -> None:
    by, found = scale(figure), row.by_figure[figure.name]
    colour = GOOD if row.is_primary else FAINT
    told = [value * by for value in found.each.values() if np.isfinite(value)]
    lanes = [place + PAIRS_FROM + (PAIRS_TO - PAIRS_FROM) * (i % LANES) / (LANES - 1) for i in range(len(told))]
    axes.plot(
        told,
        lanes,
        color=colour,
        alpha=0.35,
        marker="o",
        markersize=4,
        markeredgewidth=0,
        linestyle="none",
        gid=mark(row, figure.name, "pairs"),
    )
    value, low, high = found.difference
    middle = place + MEAN_AT
    if low is not None and high is not None:
        ends, gid = (low * by, high * by), mark(row, figure.name, "interval")
        axes.plot(ends, (middle, middle), color=colour, linewidth=1.8, solid_capstyle="butt", gid=gid)
    if value is not None:
        filled = colour if row.is_primary else "white"
        gid = mark(row, figure.name, "mean")
        axes.plot((value * by,), (middle,), color=colour, markerfacecolor=filled, marker="o", markersize=6, gid=gid)
    words = in_words(found, figure)
    axes.text(1.03, middle, words, fontsize=8, color=INK, va="center", transform=axes.get_yaxis_transform())


def in_words(found: Compared, figure: Figure) -> str:
    """A difference and its interval as the picture says them."""
    by, places = scale(figure), 1 if figure.unit == "share" else 2
    value, low, high = found.difference
    if value is None:
        return "no pair yet" if not found.seeds else "unknown"
    if low is None or high is None:
        return f"{value * by:+.{places}f}"
    return f"{value * by:+.{places}f} ({low * by:.{places}f} to {high * by:.{places}f})"


def _write_head(sheet: "Sheet", figure: Figure, left: float) -> None:
    """The name of a figure above its panel, and what it says."""
    width, height = sheet.get_size_inches()
    name = figure.name.replace("_", " ").replace(".", " ")
    sheet.text(left / width, 1 - 1.08 / height, name, fontsize=10.5, fontweight="bold", va="center")
    says = fill(figure.what, LETTERS)
    sheet.text(left / width, 1 - 1.24 / height, says, fontsize=8.5, color=FAINT, va="top")


def _axis(figure: Figure) -> str:
    """What the axis of a figure counts."""
    return f"difference, in {'percentage points' if figure.unit == 'share' else figure.unit}"


def _margins(plan: Planned) -> list[str]:
    """What a broken line says, if there is one."""
    told = [
        f"{margin * scale(FIGURES[name]):g}{' points' if FIGURES[name].unit == 'share' else ''} of "
        f"{name.replace('_', ' ')}"
        for name, margin in plan.settings.outcomes.items()
        if margin is not None
    ]
    return [f"The broken line is the margin of the plan: worse by {' and by '.join(told)}."] if told else []


__all__ = ["Row", "contrasts_drawn", "in_words", "mark", "plot_contrasts", "scale"]
