"""Draws the effects of an intervention over the days, each with the band of its 95 % interval."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from townlet.errors import QueryError
from townlet.plotting.tie_network import FAINT, INK, form_of, matplotlib_module, save, style, write_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Outcome = tuple[tuple[str, str | None, str | None], str]
"""An outcome's columns `outcome, person, other`, and its name in words."""

COLOURS: Final = ("#0072b2", "#c8410b", "#00664f", "#8a5a9e")
"""Colours that differ for any vision, by the order of the effects."""

WIDTH: Final = 9.0
PANEL: Final = 1.9
HEAD: Final = 1.0
FOOT: Final = 0.6
LEFT: Final = 0.9
"""Inches: the picture's width, the height of one effect, and the room above, below and at the left."""


def plot_effects(effects: pa.Table, outcomes: Sequence[Outcome], into: Path, title: str, below: str) -> None:
    """Draw some outcomes of a table of effects into a PNG or SVG file, one below the other.

    Raises QueryError for another suffix, where there is no outcome to draw, and without matplotlib; OSError.
    """
    form_of(into)
    if not outcomes:
        raise QueryError(
            "no effect is certain, so there is nothing to draw. Next: more futures, such as --futures 1000"
        )
    rows = effects.to_pylist()
    height = HEAD + FOOT + PANEL * len(outcomes)
    with style():
        figure = matplotlib_module("figure").Figure(figsize=(WIDTH, height))
        for place, ((outcome, person, other), name) in enumerate(outcomes):
            bottom = FOOT + PANEL * (len(outcomes) - 1 - place) + 0.15
            axes = figure.add_axes(
                (LEFT / WIDTH, bottom / height, (WIDTH - LEFT - 0.3) / WIDTH, (PANEL - 0.55) / height)
            )
            wanted = (outcome, person, other)
            days = [row for row in rows if (row["outcome"], row["person"], row["other"]) == wanted]
            _draw(axes, days, name, COLOURS[place % len(COLOURS)])
            if place < len(outcomes) - 1:
                axes.set_xticklabels([])
        axes.set_xlabel("days since", color=INK)
        write_title(figure, title, below)
    save(figure, into)


def _draw(axes: "Axes", days: Sequence[dict[str, Any]], name: str, colour: str) -> None:
    """Draw one effect: its mean as a line from 0, and its band where there is an interval."""
    told = [row for row in days if row["mean"] is not None]
    axes.axhline(0.0, color=FAINT, linewidth=0.8)
    axes.plot([row["day"] for row in told], [row["mean"] for row in told], color=colour, marker="o", linewidth=1.6)
    band = [row for row in told if row["low"] is not None]
    axes.fill_between(
        [row["day"] for row in band],
        [row["low"] for row in band],
        [row["high"] for row in band],
        color=colour,
        alpha=0.22,
        linewidth=0,
    )
    axes.set_xlim(0.8, max((row["day"] for row in days), default=1) + 0.2)
    axes.set_xticks([row["day"] for row in days] if len(days) <= 14 else [])
    axes.set_title(name, loc="left", fontsize=10, color=INK)
