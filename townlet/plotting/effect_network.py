"""Draws who is affected by an intervention: people on a circle, and the ties that it changes as arrows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from townlet.errors import QueryError
from townlet.plotting.tie_network import (
    BAD,
    FAINT,
    GOOD,
    INK,
    PER_INCH,
    form_of,
    legible,
    matplotlib_module,
    save,
    style,
    write_title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH: Final = 9.0
SIZE: Final = 7.0
ABOVE: Final = 0.95
BELOW: Final = 0.75
"""Inches: the picture's width, the side of the graph, and the room above and below it."""

BEND: Final = 0.12
"""How far an arrow bends, as a share of its length."""

LABEL: Final = 0.42
"""How far along an arrow its effect is written, as a share of its length."""

RADIUS: Final = 0.09
"""The radius of a person; that of the circle of people is 1."""

WIDTHS: Final = (1.0, 6.0)
"""The widths of the smallest and the largest effect, in points."""

LABELLED_MOST: Final = 12
"""At most so many arrows say their effect; the largest do."""

AFFECTED, TOUCHED, OTHERS = "#fbf0cf", "#f3f3f3", "#ffffff"
"""The tints of those whom the event is about, of those with a changed tie, and of all others."""


class Arrow(NamedTuple):
    """What an intervention changes of what one person feels for another.

    `liking` is the change of trust + familiarity - rivalry; `size` the sum of the sizes of the three changes.
    """

    owner: str
    other: str
    liking: float
    size: float


def plot_affected(
    people: Sequence[str], about: Sequence[str], arrows: Sequence[Arrow], into: Path, title: str, below: str
) -> None:
    """Draw the changed ties among `people` into a PNG or SVG file; `about` are those whom the event is about.

    Raises QueryError for another suffix, where no tie is changed, and without matplotlib; OSError.
    """
    form_of(into)
    if not arrows:
        raise QueryError(
            "no effect on a tie is certain, so there is nothing to draw. Next: more futures, such as --futures 1000"
        )
    height = SIZE + ABOVE + BELOW
    with style():
        figure = matplotlib_module("figure").Figure(figsize=(WIDTH, height))
        axes = figure.add_axes(((1 - SIZE / WIDTH) / 2, BELOW / height, SIZE / WIDTH, SIZE / height))
        axes.set_xlim(-1.25, 1.25)
        axes.set_ylim(-1.25, 1.25)
        axes.set_axis_off()
        _draw(axes, people, about, arrows)
        says = (
            "Green: the other is liked more; vermilion and broken: less. The thicker an arrow, the larger the change."
        )
        figure.text(0.04, 0.3 / height, says, fontsize=9, color=FAINT, va="center")
        write_title(figure, title, below)
    save(figure, into)


def _draw(axes: "Axes", people: Sequence[str], about: Sequence[str], arrows: Sequence[Arrow]) -> None:
    patches = matplotlib_module("patches")
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(people)) / max(len(people), 1)
    places = dict(zip(people, np.column_stack([np.cos(angles), np.sin(angles)]), strict=True))
    largest = max(arrow.size for arrow in arrows)
    for rank, arrow in enumerate(sorted(arrows, key=lambda arrow: -arrow.size)):
        _draw_arrow(axes, patches, places[arrow.owner], places[arrow.other], arrow, largest)
        if rank < LABELLED_MOST:
            x, y = _on_arrow(places[arrow.owner], places[arrow.other], LABEL)
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
            axes.text(x, y, f"{arrow.liking:+.2f}", fontsize=8, color=INK, ha="center", va="center", zorder=5, bbox=box)
    touched = {name for arrow in arrows for name in (arrow.owner, arrow.other)}
    for name in people:
        tint = AFFECTED if name in about else TOUCHED if name in touched else OTHERS
        edge = INK if name in touched or name in about else FAINT
        axes.add_patch(patches.Circle(places[name], RADIUS, facecolor=tint, edgecolor=edge, linewidth=0.9, zorder=3))
        axes.text(
            places[name][0],
            places[name][1],
            legible(name),
            ha="center",
            va="center",
            fontsize=8.5,
            color=edge,
            zorder=4,
        )


def _on_arrow(start: np.ndarray, end: np.ndarray, share: float) -> tuple[float, float]:
    """A point of the curve that an arrow bends along (matplotlib's arc3, a quadratic Bezier curve)."""
    across = end - start
    middle = (start + end) / 2 + BEND * np.array([across[1], -across[0]])
    point = (1 - share) ** 2 * start + 2 * share * (1 - share) * middle + share**2 * end
    return float(point[0]), float(point[1])


def _draw_arrow(axes: "Axes", patches: Any, start: np.ndarray, end: np.ndarray, arrow: Arrow, largest: float) -> None:
    """One changed tie, from the one who feels; the two ties of a pair bend to different sides."""
    inch = SIZE / 2.5
    axes.add_patch(
        patches.FancyArrowPatch(
            start,
            end,
            connectionstyle=f"arc3,rad={BEND}",
            arrowstyle="-|>,head_length=0.5,head_width=0.25",
            mutation_scale=12,
            shrinkA=RADIUS * inch * PER_INCH,
            shrinkB=RADIUS * inch * PER_INCH + 1,
            linewidth=WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * arrow.size / largest,
            linestyle="-" if arrow.liking >= 0 else (0, (2.2, 0.8)),
            color=GOOD if arrow.liking >= 0 else BAD,
            alpha=0.8,
            zorder=2,
        )
    )
