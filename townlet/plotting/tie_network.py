"""Draws a town's ties at a tick, and has the functions that all pictures share. The same run gives the same file.

Pictures are PNG or SVG files, drawn with matplotlib, which comes with `townlet[plot]`. No global state of matplotlib is
changed.
"""

import importlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from eventlog.folder.publishing import replacing
from eventlog.places import title
from townlet.daytime import time_of
from townlet.errors import QueryError
from townlet.history.network import communities_by_size, graphs
from townlet.plotting.spring_layout import pushed_apart, spring_layout

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from townlet.history.history import Moment

FORMS: Final = ("png", "svg")

STYLE: Final[dict[str, Any]] = {
    "font.family": "DejaVu Sans",
    "svg.hashsalt": "townlet",
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#8a8a8a",
    "text.color": "#262626",
    "text.parse_math": False,
    "axes.labelcolor": "#262626",
    "xtick.color": "#4d4d4d",
    "ytick.color": "#4d4d4d",
    "figure.facecolor": "white",
    "savefig.dpi": 150,
}
"""Changes to matplotlib's own defaults; the user's matplotlibrc is ignored."""

PER_INCH: Final = 72
"""Points in an inch."""

INK: Final = "#262626"
FAINT: Final = "#6b6b6b"
GOOD: Final = "#00664f"
BAD: Final = "#c8410b"
"""A bluish green and a vermilion, which differ for any colour vision (Okabe and Ito 2008)."""

LIKING: Final = (BAD, "#e08b60", "#c9c6bf", "#6fb3a1", GOOD)
"""The colours of liking from -1 over 0 to 1."""

BROKEN: Final = (0, (3.2, 1.8))
"""The dashes of a tie with liking below 0."""

KEY: Final = {1.0: "liking 1", 0.25: "0.25", 0.0: "0", -0.25: "-0.25: hostile", -1.0: "-1"}
"""The samples of liking in the legend."""

TINTS: Final = ("#dbe7f3", "#fbf0cf", "#eadcf0", "#e3efda", "#f7dfdf", "#dff1f1", "#ece5dc", "#e6e6e6")
"""The tints of communities, the largest community first; the last tint is for all others."""

ASPECT: Final = 1.4
"""The width of the graph divided by its height."""

MARGIN: Final = 0.35
ABOVE: Final = 0.95
BELOW: Final = 1.0
"""Inches around the graph: at the sides, above for the title, below for the legend."""


def form_of(into: Path) -> str:
    """`png` or `svg`, from the file's suffix. Raises QueryError for another suffix."""
    form = into.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise QueryError(f"{into} is neither a .png nor a .svg file: a plot is one of these. Next: ties.png")
    return form


def matplotlib_module(name: str) -> Any:
    """A module of matplotlib. Raises QueryError if matplotlib is not installed."""
    try:
        return importlib.import_module(f"matplotlib.{name}")
    except ImportError as error:
        raise QueryError("this needs matplotlib, which is not installed. Next: pip install 'townlet[plot]'") from error


def require_drawable(into: Path) -> None:
    """Raise QueryError for another suffix, or without matplotlib: before long work that ends in a picture."""
    form_of(into)
    matplotlib_module("figure")


def style() -> Any:
    """A context in which pictures look the same on every machine."""
    return matplotlib_module("style").context(["default", STYLE])


def save(figure: "Figure", into: Path) -> None:
    """Write a figure to a file, instead of an earlier one. Raises QueryError for a wrong suffix, OSError."""
    form = form_of(into)
    metadata = {"Date": None, "Creator": "Townlet"} if form == "svg" else {"Software": "Townlet"}
    with style(), warnings.catch_warnings(), replacing(into) as written:
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the font's own box stands in its place
        figure.savefig(written, format=form, metadata=metadata)


def plot_ties(moment: "Moment", into: Path) -> None:
    """Draw who is tied to whom at a tick into a PNG or SVG file.

    Each tie is a curve from its owner to the other: its colour is liking (trust + familiarity - rivalry), broken where
    that is below 0, and its width size. People who like each other are near. Raises QueryError for another suffix, for
    a town without people, and without matplotlib or networkx; OSError.
    """
    form_of(into)
    people, ties = moment.table("agents"), moment.table("ties")
    if not len(people):
        when = "an earlier one, at which somebody lives there" if moment.tick else "--at-tick 1, or later"
        raise QueryError(f"nobody lives in {moment.run.place} at tick {moment.tick:,}. Next: {when}")
    directed, liking = graphs(people, ties)
    names = dict(zip(people.column("id").to_pylist(), people.column("name").to_pylist(), strict=True))
    groups = communities_by_size(liking, names)
    when = time_of(moment.tick, moment.run.config.town.ticks_per_day)
    with style():
        figure, axes, radius = _sheet(len(names))
        _draw_graph(axes, directed, groups, names, radius)
        _draw_key(figure)
        write_title(
            figure,
            f"Who is tied to whom in {title(moment.run.path)}",
            f"tick {moment.tick:,}, {when}    {len(names)} people, {directed.number_of_edges()} ties",
        )
    save(figure, into)


def write_title(figure: "Figure", title: str, below: str) -> None:
    """Write a title at the upper left, and a line of smaller text below it."""
    title, below = legible(title), legible(below)
    height = figure.get_figheight()
    figure.text(MARGIN / figure.get_figwidth(), 1 - 0.38 / height, title, fontsize=14, fontweight="bold", va="center")
    figure.text(MARGIN / figure.get_figwidth(), 1 - 0.66 / height, below, fontsize=9.5, color=FAINT, va="center")


def legible(text: str) -> str:
    """A text for a picture: characters that cannot be printed, which no SVG may hold, are written as escapes."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _sheet(count: int) -> "tuple[Figure, Axes, float]":
    """A figure for `count` people, its axes in inches from the middle, and the radius of a person in inches."""
    width = float(np.clip(1.95 * np.sqrt(count), 7.2, 40))
    height = width / ASPECT
    figure = matplotlib_module("figure").Figure(figsize=(width + 2 * MARGIN, height + ABOVE + BELOW))
    whole = figure.get_size_inches()
    axes = figure.add_axes((MARGIN / whole[0], BELOW / whole[1], width / whole[0], height / whole[1]))
    axes.set_xlim(-width / 2, width / 2)
    axes.set_ylim(-height / 2, height / 2)
    axes.set_axis_off()
    return figure, axes, float(np.clip(0.4 - 0.0025 * count, 0.2, 0.36))


def _draw_graph(
    axes: "Axes", directed: "nx.DiGraph", groups: Sequence[Sequence[int]], names: dict[int, str], radius: float
) -> None:
    """Draw the ties, the weakest first, and over them the people in the tints of their communities."""
    patches, colours = matplotlib_module("patches"), _liking_colours()
    half = np.array([axes.get_xlim()[1], axes.get_ylim()[1]]) - 1.1 * radius
    places = _positions(directed, groups, half, radius)
    for owner, other, tie in sorted(directed.edges(data=True), key=lambda edge: abs(edge[2]["liking"])):
        axes.add_patch(_arrow(patches, places[owner], places[other], tie, colours, radius))
    for number, group in enumerate(groups):
        tint = TINTS[min(number, len(TINTS) - 1)]
        for person in group:
            circle = patches.Circle(places[person], radius, facecolor=tint, edgecolor=INK, linewidth=0.9, zorder=3)
            axes.add_patch(circle)
            letters = min(11.0, 2 * radius * PER_INCH * 0.86 / (0.62 * max(len(names[person]), 4)))
            axes.text(
                places[person][0],
                places[person][1],
                legible(names[person]),
                ha="center",
                va="center",
                fontsize=letters,
                zorder=4,
            )


def _positions(
    directed: "nx.DiGraph", groups: Sequence[Sequence[int]], half: np.ndarray, radius: float
) -> dict[int, np.ndarray]:
    """The position of each person, at most `half` (half the width and height) from the middle."""
    persons = [person for group in groups for person in group]
    place = {person: i for i, person in enumerate(persons)}
    pull = np.zeros((len(persons), len(persons)))
    for owner, other, tie in directed.edges(data=True):
        pull[place[owner], place[other]] += max(tie["liking"], 0.0) + 0.05
    places = pushed_apart(spring_layout(pull + pull.T) * half, 3.0 * radius)
    return dict(zip(persons, np.clip(places, -half, half), strict=True))


def _arrow(patches: Any, start: np.ndarray, end: np.ndarray, tie: dict[str, float], colours: Any, radius: float) -> Any:
    """A tie as a curved arrow between two circles. The two ties of a pair bend to different sides."""
    return patches.FancyArrowPatch(
        start,
        end,
        connectionstyle="arc3,rad=0.14",
        arrowstyle="-|>,head_length=0.45,head_width=0.2",
        mutation_scale=9 + 4 * min(tie["size"], 1.0),
        shrinkA=radius * PER_INCH,
        shrinkB=radius * PER_INCH + 1,
        linewidth=_width(tie["size"]),
        linestyle=BROKEN if tie["liking"] < 0 else "-",
        color=colours(_shade(tie["liking"])),
        alpha=0.9,
        zorder=2,
    )


def _width(size: float) -> float:
    """The width of a line in points, for a tie's size in [0, 3]."""
    return 0.6 + 1.7 * min(size, 2.0)


def _shade(liking: float) -> float:
    """The position on the colour scale, in [0, 1]. The square root makes small likings visible."""
    bounded = float(np.clip(liking, -1, 1))
    return 0.5 + 0.5 * float(np.copysign(np.sqrt(abs(bounded)), bounded))


def _liking_colours() -> Any:
    return matplotlib_module("colors").LinearSegmentedColormap.from_list("liking", LIKING)


def _draw_key(figure: "Figure") -> None:
    """Draw the legend of colours, lines and widths."""
    line, colours = matplotlib_module("lines").Line2D, _liking_colours()
    by_liking = [
        line([], [], color=colours(_shade(liking)), linewidth=2.2, linestyle=BROKEN if liking < 0 else "-", label=label)
        for liking, label in KEY.items()
    ]
    by_size = [line([], [], color=FAINT, linewidth=_width(size), label=f"size {size:g}") for size in (0.2, 1.0, 2.0)]
    width, height = figure.get_size_inches()
    for handles, above in ((by_liking, 0.72), (by_size, 0.48)):
        figure.legend(
            handles=handles,
            loc="center left",
            bbox_to_anchor=(MARGIN / width - 0.005, above / height),
            ncols=len(handles),
            frameon=False,
            borderpad=0,
            fontsize=9,
            handlelength=2.6,
            columnspacing=1.5,
        )
    says = "An arrow points from the one who feels to the one it is felt for. A tint is a community."
    figure.text(MARGIN / width, 0.24 / height, says, fontsize=9, color=FAINT, va="center")
