"""Draws the history of one tie: its three sides over the days, what changed them, when it began and ended."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue.registries import SIDES
from eventlog.places import title
from projections.timescale import BY_THE_MINUTE
from townlet.daytime import time_of
from townlet.errors import QueryError
from townlet.plotting.tie_network import BAD, FAINT, GOOD, INK, form_of, matplotlib_module, save, style, write_title
from townlet.telling.why import why

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from townlet.history.history import History

LINES: Final = {
    "trust": ("#0072b2", "-"),
    "familiarity": ("#d08a00", (0, (6, 1.5))),
    "rivalry": ("#a3195b", (0, (2, 1))),
}
"""The colour and the dashes of each side. They differ for any colour vision, and without colour."""

MARKERS: Final = {
    "tie_set": "*",
    "shared_meal": "o",
    "chat_succeeded": "^",
    "chat_failed": "v",
    "queue_handover": "s",
    "queue_conflict": "X",
    "shift_takeover": "D",
    "late_help": "P",
    "news_told": "<",
    "meal_given": "p",
    "money_lent": "8",
    "money_returned": "d",
}
"""The marker of each kind of cause."""

ENDS: Final = {"capacity": "ended: no room", "decay": "faded", "departed": "left town", "command": "ended by command"}
"""The text at the end of a tie, by reason."""

NO_TIE: Final = "#ededed"
"""The background colour for times without a tie."""

DAYS_MOST: Final = 16
"""The most day numbers on the axis; with more days, only every second, fifth, ... is written."""

LANE: Final = 0.27
"""The height in inches of one row of markers."""

NOTHING: Final = (np.nan,) * len(SIDES)

Row = Mapping[str, Any]
Point = tuple[float, tuple[float, ...]]
Spell = tuple[int, int, str | None]


class Course(NamedTuple):
    """A tie over time: `values` [n, 3] at `ticks` [n], linear in between, NaN where there is no tie; and its spells.

    A spell is the tick at which the tie began, the tick at which it ended, and the reason (None: it still exists).
    """

    ticks: np.ndarray
    values: np.ndarray
    spells: tuple[Spell, ...]


def course(rows: Sequence[Row], tick: int, hour: int = BY_THE_MINUTE.hour) -> Course:
    """The course of one tie before `tick`, from all its rows of `tie_changes` in order; its decay by `hour` ticks."""
    points: list[Point] = []
    spells: list[Spell] = []
    began = None
    for row in rows:
        if row["change"] == "refused":
            continue
        points += _points(row, hour, begins=began is None)
        if began is None:
            began = row["tick"]
        if row["change"] == "removed":
            spells.append((began, row["tick"], row["reason"]))
            began = None
    if began is not None:
        points.append((tick, points[-1][1]))
        spells.append((began, tick, None))
    values = np.array([value for _, value in points], np.float64).reshape(-1, len(SIDES))
    return Course(np.array([when for when, _ in points], np.float64), values, tuple(spells))


def _points(row: Row, hour: int, *, begins: bool) -> list[Point]:
    """The points that one row adds to a course: the hours of a decay, a step, a beginning, an end."""
    if row["change"] == "decayed":
        hourly = [_side_values(row, "before"), *[_side_values(row, "retention")] * row["hours"]]
        first = row["tick"] + 1 - row["hours"] * hour
        left = np.multiply.accumulate(hourly)[1:].tolist()
        return [(first + k * hour, tuple(value)) for k, value in enumerate(left, 1)]
    then = NOTHING if row["change"] == "removed" else _side_values(row, "after")
    step = [(row["tick"], _side_values(row, "before")), (row["tick"], then)]
    return step[1:] if begins else step


def plot_tie(run: "History", owner: str, other: str, into: Path, at: int | None = None) -> None:
    """Draw what `owner` felt for `other` before tick `at` (None: now) into a PNG or SVG file.

    Raises QueryError for another suffix, a name that nobody had, a pair that never had a tie, and without matplotlib;
    TickOutOfRange, LogDamaged, OSError.
    """
    form_of(into)
    told = why(run, owner, other, at)
    rows = list(told.rows())
    if not rows:
        quoted = owner.replace("'", "''")
        raise QueryError(
            f"nothing ever changed what {owner} feels for {other} before tick {told.tick:,} in {run.place}.\n"
            f"  Next: townlet sql {run.place} \"select distinct other from tie_changes where owner = '{quoted}'\""
        )
    per_day = run.config.town.ticks_per_day
    kinds = [kind for kind in MARKERS if any(row["kind"] == kind and _is_cause(row) for row in rows)]
    with style():
        figure = matplotlib_module("figure").Figure(figsize=(11, 5.6 + LANE * len(kinds)))
        above, below = _panels(figure, len(kinds))
        _draw_days(above, below, rows[0]["tick"] / per_day, told.tick / per_day)
        _draw_course(above, course(rows, told.tick, run.config.town.scale.hour), per_day)
        _draw_causes(below, rows, kinds, per_day)
        _draw_key(figure)
        now = ", ".join(f"{side} {told.total[side]:.2f}" for side in SIDES) if told.tied else "no tie"
        write_title(
            figure,
            f"What {owner} feels for {other}",
            f"{title(run.path)} up to tick {told.tick:,}, {time_of(told.tick, per_day)}    now: {now}",
        )
    save(figure, into)


def _side_values(row: Row, which: str) -> tuple[float, ...]:
    return tuple(row[f"{which}_{side}"] for side in SIDES)


def _is_cause(row: Row) -> bool:
    """Whether a row is the effect of an event, not of decay, and not the end of the tie."""
    return row["change"] not in ("decayed", "removed")


def _panels(figure: Any, lanes: int) -> "tuple[Axes, Axes]":
    """Two axes with the same days: above for the lines, below for `lanes` rows of markers."""
    width, height = figure.get_size_inches()
    left, across, foot = 1.85 / width, (width - 3.35) / width, 0.75
    below = figure.add_axes((left, foot / height, across, LANE * lanes / height))
    lift = foot + LANE * lanes + 0.12
    above = figure.add_axes((left, lift / height, across, (height - lift - 0.95) / height), sharex=below)
    return above, below


def _draw_course(axes: "Axes", of: Course, per_day: int) -> None:
    """Draw the three lines, with a dot at each beginning and names at their ends, and the gaps without a tie."""
    axes.axhline(0, color="#8a8a8a", linewidth=0.8, zorder=1)
    missing = np.isnan(of.values[:, 0])
    begins = np.flatnonzero(~missing & np.concatenate([[True], missing])[: len(missing)])
    for number, (colour, dashes) in enumerate(LINES.values()):
        line: dict[str, Any] = {
            "color": colour,
            "linestyle": dashes,
            "linewidth": 1.9,
            "marker": "o",
            "markersize": 4.5,
        }
        axes.plot(of.ticks / per_day, of.values[:, number], **line, markevery=begins.tolist(), zorder=3)
    low, high = (np.nanmin(of.values), np.nanmax(of.values)) if of.spells else (0.0, 0.0)
    pad = 0.08 * max(high - low, 0.2)
    axes.set_ylim(min(low, 0.0) - pad, max(high, 0.1) + 2 * pad)
    _draw_gaps(axes, of.spells, per_day)
    _name_lines(axes, of)
    axes.set_ylabel("trust, familiarity, rivalry")


def _draw_gaps(axes: "Axes", spells: Sequence[Spell], per_day: int) -> None:
    """Draw a grey background where there is no tie, and write why each tie ended."""
    left, right = axes.get_xlim()
    ends = [left, *(ended / per_day for _, ended, _ in spells)]
    begins = [*(began / per_day for began, _, _ in spells), right]
    for start, end in zip(ends, begins, strict=True):
        axes.axvspan(start, end, color=NO_TIE, linewidth=0, zorder=0)
    for _, ended, reason in spells:
        if reason is not None:
            axes.axvline(ended / per_day, color=INK, linewidth=0.9, linestyle=":", zorder=2)
            at: dict[str, Any] = {"xy": (ended / per_day, 1), "xycoords": ("data", "axes fraction")}
            beside: dict[str, Any] = {"xytext": (3, -3), "textcoords": "offset points", "ha": "left", "va": "top"}
            axes.annotate(ENDS[reason], **at, **beside, fontsize=8, rotation=90, color=INK)


def _name_lines(axes: "Axes", of: Course) -> None:
    """Write the name of each line beside its end, without overlap; with its value if there is a tie."""
    held = of.values[~np.isnan(of.values[:, 0])]
    last = held[-1] if len(held) else np.zeros(len(SIDES))
    tied = bool(of.spells) and of.spells[-1][2] is None
    low, high = axes.get_ylim()
    heights = spread(last, 0.055 * (high - low))
    for height, value, (side, (colour, _)) in zip(heights, last, LINES.items(), strict=True):
        at: dict[str, Any] = {"xy": (1, height), "xycoords": ("axes fraction", "data")}
        beside: dict[str, Any] = {
            "xytext": (6, 0),
            "textcoords": "offset points",
            "va": "center",
            "annotation_clip": False,
        }
        text = f"{side} {value:.2f}" if tied else side
        axes.annotate(text, **at, **beside, color=colour, fontsize=9.5, fontweight="bold")


def spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """The heights [n], moved so that any two are at least `gap` apart; order and middle stay about the same."""
    order = np.argsort(heights, kind="stable")
    moved = heights[order].astype(np.float64)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    moved += heights.mean() - moved.mean()
    return moved[np.argsort(order, kind="stable")]


def _draw_causes(axes: "Axes", rows: Sequence[Row], kinds: Sequence[str], per_day: int) -> None:
    """Draw a row of markers for each kind of cause; the colour shows the change of liking, hollow means refused."""
    for lane, kind in enumerate(reversed(kinds)):
        caused = [row for row in rows if row["kind"] == kind and _is_cause(row)]
        refused = np.array([row["change"] == "refused" for row in caused])
        colours = np.array([GOOD if _liking(row) >= 0 else BAD for row in caused])
        axes.scatter(
            [row["tick"] / per_day for row in caused],
            np.full(len(caused), lane),
            marker=MARKERS[kind],
            s=38,
            facecolors=np.where(refused, "none", colours).tolist(),
            edgecolors=np.where(refused, colours, "white").tolist(),
            linewidths=np.where(refused, 1.1, 0.5).tolist(),
            clip_on=False,
            zorder=3,
        )
        at: dict[str, Any] = {"xy": (0, lane), "xycoords": ("axes fraction", "data")}
        beside: dict[str, Any] = {"xytext": (-10, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
        axes.annotate(f"{kind.replace('_', ' ')}  {len(caused)}", **at, **beside, fontsize=9)
        axes.axhline(lane, color="#e2e2e2", linewidth=0.7, zorder=0)
    axes.set_ylim(-0.6, max(len(kinds), 1) - 0.4)


def _liking(row: Row) -> float:
    """The change of liking by an event."""
    trust, familiarity, rivalry = _side_values(row, "adjusted")
    return trust + familiarity - rivalry


def _draw_days(above: "Axes", below: "Axes", first: float, last: float) -> None:
    """Draw a line for each day, and write days below."""
    start = np.floor(first)
    below.set_xlim(start, max(last, start + 1 / 24))
    days = np.arange(start, np.floor(last) + 1)
    step = next(step for step in (1, 2, 5, 7, 10, 14, 28, len(days)) if len(days) / step <= DAYS_MOST)
    below.set_xticks(days[::step], [f"day {day:.0f}" for day in days[::step]])
    for axes in (above, below):
        for day in days if step < 28 else days[::step]:
            axes.axvline(day, color="#dddddd", linewidth=0.7, zorder=0)
    above.tick_params(axis="x", length=0, labelbottom=False)
    above.spines["bottom"].set_visible(False)
    below.set_yticks([])
    below.spines["left"].set_visible(False)


def _draw_key(figure: "Figure") -> None:
    """Draw the legend of marker colours."""
    line = matplotlib_module("lines").Line2D
    looks = {"more liking": (GOOD, GOOD), "less liking": (BAD, BAD), "refused: no place for it": ("none", FAINT)}
    handles = [
        line([], [], marker="o", markersize=6, linestyle="", markerfacecolor=face, markeredgecolor=edge, label=label)
        for label, (face, edge) in looks.items()
    ]
    handles.append(matplotlib_module("patches").Patch(facecolor=NO_TIE, label="no tie"))
    width, height = figure.get_size_inches()
    at = (1.85 / width, 0.25 / height)
    figure.legend(
        handles=handles, loc="center left", bbox_to_anchor=at, ncols=4, frameon=False, fontsize=9, borderpad=0
    )
