"""Draws the family `growth`: the cost of an agent-step by people, and the rate by towns, on two axes side by side."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from townlet.bench.growth import MANY, OBSERVED, ONE_OF
from townlet.bench.rows import Row
from townlet.plotting.tie_network import BAD, FAINT, GOOD, matplotlib_module, save, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE: Final = (9.6, 3.6)
"""The size of the picture in inches."""


def draw_growth(rows: Sequence[Row], into: Path) -> None:
    """Draw the rows of `growth` into a PNG or SVG file.

    Raises QueryError for another suffix and if matplotlib is not installed, OSError.
    """
    with style():
        figure = matplotlib_module("figure").Figure(figsize=SIZE, layout="constrained")
        cost, rate = figure.subplots(1, 2)
        _draw(cost, _points(rows, ONE_OF), "all rules", GOOD)
        _draw(cost, _points(rows, OBSERVED), "observed, masked and paid too", BAD)
        _label(cost, "people in one town", "ns an agent-step")
        millions = [(towns, value / 1e6) for towns, value in _points(rows, MANY)]
        _draw(rate, millions, "observed, masked and paid", BAD)
        _label(rate, "towns of 8", "million agent-steps a second")
    save(figure, into)


def _points(rows: Sequence[Row], name: str) -> list[tuple[int, float]]:
    """The number in the name and the value, of the rows with such a name."""
    before, after = re.split(r"\{[^}]*\}", name)
    like = re.compile(f"{re.escape(before)}([0-9,]+){re.escape(after)}")
    found = [(like.fullmatch(row.figure), row.value) for row in rows]
    return [(int(match[1].replace(",", "")), value) for match, value in found if match]


def _draw(axes: "Axes", points: Sequence[tuple[int, float]], words: str, colour: str) -> None:
    axes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=colour)
    axes.annotate(words, points[-1], (0, 7), textcoords="offset points", ha="right", fontsize=8, color=colour)


def _label(axes: Any, across: str, up: str) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylim(bottom=0)
    axes.margins(x=0.05, y=0.2)
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color=FAINT, alpha=0.2)
