"""Draws how one piece of news spread: who saw the deed, who told whom, and when."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from eventlog.places import title
from townlet.daytime import time_of
from townlet.errors import QueryError
from townlet.history.kept_tables import known_news
from townlet.plotting.tie_network import FAINT, INK, form_of, matplotlib_module, save, style, write_title
from townlet.telling.tie_sentences import Sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from townlet.history.history import History

TELLINGS: Final = ("#262626", "#0072b2", "#c8410b", "#00664f")
"""The colours by how often news was told: seen or suffered, once, twice, more often. They differ for any vision."""

LANE: Final = 0.42
"""The height of a person's line in inches."""

LEFT, RIGHT, FOOT, HEAD = 1.5, 0.5, 0.95, 1.0
"""Inches around the lines: for the names, at the right, for times and the key, for the title."""

STEPS: Final = (1 / 24, 1 / 8, 1 / 4, 1 / 2, 1, 2, 5, 7, 14, 28, 91, 364)
"""Distances of two times on the axis, in days; the first is taken that gives few enough."""

TIMES_MOST: Final = 6

Row = Mapping[str, Any]


class Spread(NamedTuple):
    """How one deed came to be known: the event, and a row of the table `news` for each knower.

    The rows are in the order of their lines: whoever was told stands below the teller, the earlier told first.
    """

    deed: Any
    rows: tuple[Row, ...]


def spread_of(run: "History", deed: int | None = None, at: int | None = None) -> Spread:
    """How a deed (its event's number) had come to be known before tick `at` (None: now).

    Without `deed` it is the one that most people know of, of these the first. Raises QueryError if nobody knows of
    such a deed, TickOutOfRange, LogDamaged.
    """
    tick = run.head.tick if at is None else at
    run.require(tick)
    known = known_news(run, tick).to_pylist()
    if deed is None:
        counts: dict[int, int] = {}
        for row in known:
            counts[row["deed_seq"]] = counts.get(row["deed_seq"], 0) + 1
        deed = min(counts, key=lambda seq: (-counts[seq], seq), default=None)
    found = [row for row in known if row["deed_seq"] == deed]
    if deed is None or not found:
        what = "of anything that somebody did" if deed is None else f"of event {deed:,} as of somebody's deed"
        raise QueryError(
            f"nobody knew {what} before tick {tick:,} in {run.place}.\n"
            f'  Next: townlet sql {run.place} "select deed_seq, kind, about, whom, count(*) from news group by all"'
        )
    (event,) = run.log.pick([deed])
    return Spread(event, tuple(_in_lines(found)))


def _in_lines(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows of a deed, everybody followed by those whom they told."""
    told: dict[int, list[Row]] = {}
    for row in rows:
        if row["teller_id"] is not None:
            told.setdefault(row["teller_id"], []).append(row)

    def below(teller: int) -> Iterator[Row]:
        for row in told.pop(teller, ()):
            yield row
            yield from below(row["knower_id"])

    for row in rows:
        if row["teller_id"] is None:
            yield row
            yield from below(row["knower_id"])


def plot_news(run: "History", into: Path, deed: int | None = None, at: int | None = None) -> None:
    """Draw how a deed came to be known before tick `at` (None: now) into a PNG or SVG file.

    A line stands for a person from the moment that he or she knows; an arrow leads from the teller to the listener.
    Raises QueryError for another suffix, for a deed that nobody knows of, and without matplotlib; TickOutOfRange,
    LogDamaged, OSError.
    """
    form_of(into)
    deed_event, rows = spread_of(run, deed, at)
    per_day = run.config.town.ticks_per_day
    happened = Sentences(run.config, run.log.pick).event_sentence(deed_event) or ""
    told = sum(row["teller_id"] is not None for row in rows)
    when = time_of(int(deed_event["tick"]), per_day)
    with style():
        figure = matplotlib_module("figure").Figure(figsize=(11, HEAD + FOOT + LANE * len(rows)))
        axes = _sheet(figure)
        _draw_lines(axes, deed_event, rows)
        _draw_tellings(axes, rows)
        _draw_times(axes, int(deed_event["tick"]), rows, per_day)
        _draw_key(figure, rows)
        saw = f"{len(rows) - told} saw or suffered it, {told} {'was' if told == 1 else 'were'} told"
        write_title(
            figure, happened.rstrip("."), f"{title(run.path)}, event {int(deed_event['seq']):,}, {when}    {saw}"
        )
    save(figure, into)


def _sheet(figure: "Figure") -> "Axes":
    """The axes for the lines, between the names, the title and the key."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (LEFT / width, FOOT / height, (width - LEFT - RIGHT) / width, (height - FOOT - HEAD) / height)
    )


def _draw_lines(axes: "Axes", deed: Any, rows: Sequence[Row]) -> None:
    """Draw a line for each knower from when it knows, with its name; a diamond marks the one to whom it was done."""
    start, end = _span(int(deed["tick"]), rows)
    axes.set_xlim(start, end)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axvline(int(deed["tick"]), color=FAINT, linewidth=0.8, linestyle=":", zorder=1)
    for lane, row in enumerate(rows):
        colour = _colour(row["telling"])
        axes.plot([row["tick"], end], [lane, lane], color=colour, linewidth=1.6, alpha=0.45, zorder=2)
        marker = "D" if row["knower_id"] == row["whom_id"] else "o"
        axes.scatter([row["tick"]], [lane], marker=marker, s=46, color=colour, zorder=4)
        at: dict[str, Any] = {"xy": (0, lane), "xycoords": ("axes fraction", "data")}
        beside: dict[str, Any] = {"xytext": (-8, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
        axes.annotate(row["knower"], **at, **beside, fontsize=10, color=INK)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _draw_tellings(axes: "Axes", rows: Sequence[Row]) -> None:
    """Draw an arrow for each telling, from the teller's line to the listener's."""
    lanes = {row["knower_id"]: lane for lane, row in enumerate(rows)}
    for lane, row in enumerate(rows):
        if row["teller_id"] is not None:
            arrow = {
                "arrowstyle": "-|>",
                "color": _colour(row["telling"]),
                "linewidth": 1.3,
                "shrinkA": 0,
                "shrinkB": 4,
            }
            axes.annotate("", xy=(row["tick"], lane), xytext=(row["tick"], lanes[row["teller_id"]]), arrowprops=arrow)


def _draw_times(axes: "Axes", start: int, rows: Sequence[Row], per_day: int) -> None:
    """Write some times below the lines, evenly spaced, beginning with a whole one."""
    first, last = _span(start, rows)
    step = next((step for step in STEPS if (last - first) / (step * per_day) <= TIMES_MOST), STEPS[-1])
    ticks = round(step * per_day)
    times = range(-(-int(first) // ticks) * ticks, int(last) + 1, ticks)
    axes.set_xticks(list(times), [f"day {tick // per_day}" if step >= 1 else time_of(tick, per_day) for tick in times])
    for tick in times:
        axes.axvline(tick, color="#e2e2e2", linewidth=0.7, zorder=0)


def _draw_key(figure: "Figure", rows: Sequence[Row]) -> None:
    """Draw the key of colours and markers."""
    line = matplotlib_module("lines").Line2D
    words = {
        0: "saw it",
        1: "heard it from an eye-witness",
        2: "heard it at second hand",
        3: "heard it at third hand or later",
    }
    shown = sorted({min(int(row["telling"]), len(TELLINGS) - 1) for row in rows})
    dot: dict[str, Any] = {"linestyle": "", "markersize": 7}
    handles = [line([], [], marker="D", color=TELLINGS[0], label="to whom it was done", **dot)]
    handles += [line([], [], marker="o", color=TELLINGS[telling], label=words[telling], **dot) for telling in shown]
    width, height = figure.get_size_inches()
    at = (LEFT / width, 0.3 / height)
    figure.legend(
        handles=handles,
        loc="center left",
        bbox_to_anchor=at,
        ncols=len(handles),
        frameon=False,
        fontsize=9,
        borderpad=0,
    )


def _span(start: int, rows: Sequence[Row]) -> tuple[float, float]:
    """The first and the last tick of the picture: a little more than from the deed to the last telling."""
    last = max(row["tick"] for row in rows)
    room = max((last - start) * 0.04, 30.0)
    return start - room, last + room


def _colour(telling: int) -> str:
    return TELLINGS[min(telling, len(TELLINGS) - 1)]
