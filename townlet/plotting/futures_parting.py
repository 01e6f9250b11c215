"""Draws where pairs of futures part: how many have parted by when, and by which events."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from townlet.errors import QueryError
from townlet.plotting.tie_network import FAINT, INK, form_of, matplotlib_module, save, style, write_title

WIDTH, HEIGHT = 9.0, 5.2
"""Inches of the picture."""

COLOURS: Final = ("#0072b2", "#c8410b", "#00664f", "#8a5a9e", "#9a9a9a")
"""The colours of the commonest ways to part; the last is that of all others."""


class Way(NamedTuple):
    """One way in which pairs part: the kinds of the first event that differs, and after how many days they do."""

    name: str
    days: tuple[float, ...]


def plot_partings(ways: Sequence[Way], pairs: int, days: int, into: Path, title: str, below: str) -> None:
    """Draw the share of `pairs` that have parted against the days since the moment, into a PNG or SVG file.

    The ways are stacked, the first below. Raises QueryError for another suffix, where no pair parts, and without
    matplotlib; OSError.
    """
    form_of(into)
    if not any(way.days for way in ways):
        raise QueryError("no pair of futures parts, so there is nothing to draw")
    when = np.unique(np.concatenate([[0.0], *(np.array(way.days) for way in ways), [float(days)]]))
    parted = [np.searchsorted(np.sort(way.days), when, side="right") / pairs for way in ways]
    with style():
        figure = matplotlib_module("figure").Figure(figsize=(WIDTH, HEIGHT))
        axes = figure.add_axes((0.09, 0.13, 0.88, 0.68))
        axes.stackplot(
            when,
            *parted,
            labels=[f"{way.name}  ({len(way.days)})" for way in ways],
            colors=COLOURS[: len(ways) - 1] + COLOURS[-1:] if len(ways) > 1 else COLOURS[:1],
            step="post",
            alpha=0.85,
            linewidth=0,
        )
        axes.set_xlim(0.0, days)
        axes.set_ylim(0.0, 1.0)
        axes.set_xlabel("days since", color=INK)
        axes.set_ylabel("share of pairs that have parted", color=INK)
        axes.legend(
            loc="lower right",
            fontsize=8.5,
            title_fontsize=8.5,
            edgecolor=FAINT,
            title="first event that differs: control | treated",
        )
        write_title(figure, title, below)
    save(figure, into)
