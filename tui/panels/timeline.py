"""The timeline: the whole run and the present day, each as a density of events with marks. A click goes to a tick."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
from rich.text import Text

from townlet.observing.view import SORTS, View
from tui.cursor import Cursor
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.rows import fitted_rows, side_by_side

BLOCKS: Final = " ▁▂▃▄▅▆▇█"
"""The signs for the number of events in a cell, from none to as many as in the fullest cell."""

HERE, GOING, MARK, BEGINS, ENDS, UNCOUNTED, AHEAD, NIGHT = "▼", "▽", "◆", "[", "]", "·", "╌", "░"
OVER, LIVES = "│", "»"
"""The sign at the end of a run that is over, and of one that goes on."""

GLYPHS: Final = dict(zip(SORTS, "!+-*", strict=True))

NIGHT_FROM, NIGHT_TO = 22 / 24, 6.5 / 24
"""The beginning and the end of the night, as parts of a day. Only the drawing uses them; people do not."""

LEGEND_FROM: Final = 64
"""The least width in which the legend stands beside the rows; in a narrower room it stands below them."""

LEGEND_WIDTH: Final = 18
LABELS_FROM: Final = 30
"""The least width in which each row begins with its name."""

HOURS_FROM: Final = 48
"""The least cells of a day in which its hours are written `06:00`; with fewer they are written `06`."""

DAYS_BETWEEN: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000)


class Scale(NamedTuple):
    """A row of `cells` cells of `each` ticks; the first cell begins at tick `first`."""

    first: int
    each: int
    cells: int

    @classmethod
    def over(cls, first: int, ticks: int, room: int) -> "Scale":
        """The finest scale that fits into `room` cells, with a whole number of ticks in each cell."""
        each = -(-ticks // room)
        return cls(first, each, -(-ticks // each))

    def cell(self, tick: int) -> int | None:
        """The cell that a tick lies in; None where it lies in none."""
        at = (tick - self.first) // self.each
        return at if 0 <= at < self.cells else None

    def tick(self, cell: int) -> int:
        """The first tick of a cell."""
        return self.first + cell * self.each


class Strip:
    """A row of cells. Each has a sign, a style, and the tick that a click on it goes to."""

    def __init__(self, scale: Scale, glyphs: str, style: str, last: int) -> None:
        """`last` is the last tick that a click can go to."""
        self.scale, self._last = scale, last
        self._glyphs = list(glyphs)
        self._styles = [style] * scale.cells
        self._ticks = [scale.tick(cell) for cell in range(scale.cells)]
        self._free = [True] * scale.cells

    def put(self, cell: int, glyph: str, style: str, tick: int | None = None) -> None:
        """Put a sign into a cell. A click on it goes to `tick`, if one is given."""
        self._glyphs[cell], self._styles[cell], self._free[cell] = glyph, style, False
        if tick is not None:
            self._ticks[cell] = tick

    def shade(self, cell: int, style: str, glyph: str | None = None) -> None:
        """Give a cell another style, and another sign if one is given. The cell stays free for words."""
        self._styles[cell], self._glyphs[cell] = style, glyph or self._glyphs[cell]

    def glyph(self, cell: int) -> str:
        """The sign in a cell."""
        return self._glyphs[cell]

    def put_tick(self, tick: int | None, glyph: str, style: str) -> None:
        """Put a sign into the cell of a tick, if the tick lies in a cell."""
        cell = None if tick is None else self.scale.cell(tick)
        if cell is not None:
            self.put(cell, glyph, style, tick)

    def write(self, cell: int, style: str, *choices: str) -> None:
        """Write the first of some words that fits from a cell on: its cells, and one on either side, must be free."""
        for words in choices:
            end = cell + len(words)
            if end <= self.scale.cells and all(self._free[max(cell - 1, 0) : end + 1]):
                for at, letter in enumerate(words, cell):
                    self.put(at, letter, style)
                return

    def text(self, label: str, look: Look) -> Text:
        """The row, after its label."""
        row = Text(no_wrap=True, end="").append(label, look.faint)
        for style, run in groupby(zip(self._styles, self._glyphs, strict=True), key=itemgetter(0)):
            row.append("".join(glyph for _, glyph in run), style)
        return row

    def spots(self) -> list[About | None]:
        """The tick that a click on each cell goes to."""
        return [About(tick=min(tick, self._last)) for tick in self._ticks]


def draw(view: View, look: Look, room: Room, cursor: Cursor) -> list[Row]:
    """The whole run, its marks, the present day (where there are four rows), and the day's hours and marks.

    The legend stands beside these rows, or in a narrow room below them.
    """
    day = f"day {view.timeline.day_from // view.ticks_per_day}"
    label = len(day) + 1 if room.width >= LABELS_FROM else 0
    beside = room.width >= LEGEND_FROM
    cells = max(room.width - label - 1 - (LEGEND_WIDTH if beside else 0), 1)
    rows = [*_run(view, look, cursor, cells), *_day(view, look, cursor, cells, room.height >= 4)]
    legend = _legend(view, look)
    made = []
    for at, strip in enumerate(rows):
        text, spots = strip.text({0: "run", 2: day}.get(at, "").ljust(label)[:label], look), strip.spots()
        if at == 0:
            text.append(OVER if view.closed else LIVES, look.faint)
            spots.append(About(tick=view.head))
        if beside and at < len(legend):
            text.append(" " * (room.width - LEGEND_WIDTH + 1 - text.cell_len))
            text.append_text(legend[at])
        made.append(Row(text, spots=[None] * label + spots))
    if not beside:
        made += [Row(text) for text in side_by_side(legend, room.width)]
    return fitted_rows(made, room.width)


def _run(view: View, look: Look, cursor: Cursor, room: int) -> Iterator[Strip]:
    """Two rows of the whole run: its density, with the present tick, the mark and the loop; and its days and events."""
    line, scale = view.timeline, Scale.over(0, view.head + 1, room)
    edges = np.minimum(np.arange(len(line.events) + 1) * line.every, line.upto)
    strip = Strip(scale, _density(line.events, edges, scale, line.upto), look.day, view.head)
    for cell in range(scale.cells):
        if scale.tick(cell) >= line.upto and (cell or line.upto < view.head):
            strip.put(cell, UNCOUNTED, look.faint)
    _places(strip, view, look, cursor)
    yield strip
    marks = Strip(scale, " " * scale.cells, look.faint, view.head)
    _sorts(marks, line.sorts, 0, line.every, look)
    days = (view.head // view.ticks_per_day) + 1
    between = next((step for step in DAYS_BETWEEN if days / step * 5 <= scale.cells), days)
    for number in range(0, days, between):
        marks.write(number * view.ticks_per_day // scale.each, look.faint, f"d{number}")
    yield marks


def _day(view: View, look: Look, cursor: Cursor, room: int, tall: bool) -> Iterator[Strip]:
    """The rows of the view's day: its density, where there is room; and its hours, its night and its events."""
    line, per_day = view.timeline, view.ticks_per_day
    scale = Scale.over(line.day_from, per_day, room)
    edges = line.day_from + np.arange(len(line.day_events) + 1) * line.day_every
    nights = [not NIGHT_TO <= (scale.tick(cell) - line.day_from) / per_day < NIGHT_FROM for cell in range(scale.cells)]
    density = Strip(scale, _density(line.day_events, edges, scale, edges[-1]), look.day, view.head)
    hours = Strip(scale, " " * scale.cells, look.faint, view.head)
    for cell, night in enumerate(nights):
        tick = scale.tick(cell)
        if night:
            density.shade(cell, look.night)
            hours.shade(cell, look.night, NIGHT)
        if tick > view.head:
            density.shade(cell, look.faint, AHEAD)
            hours.shade(cell, look.faint, AHEAD)
        elif tick >= line.upto and density.glyph(cell) == BLOCKS[0] and line.upto < view.head:
            density.shade(cell, look.faint, UNCOUNTED)
            hours.shade(cell, look.faint, UNCOUNTED)
    _sorts(hours, line.day_sorts, line.day_from, line.day_every, look)
    for strip in (density,) if tall else (hours,):
        _places(strip, view, look, cursor)
    for hour in (6, 12, 18):
        long = [f"{hour:02}:00"] if scale.cells >= HOURS_FROM else []
        hours.write(hour * per_day // 24 // scale.each, look.faint, *long, f"{hour:02}")
    if tall:
        yield density
    yield hours


def _density(events: np.ndarray, edges: np.ndarray, scale: Scale, upto: int) -> str:
    """A block for each cell: its events for each tick that is counted, in proportion to the fullest cell."""
    if not len(events):
        return BLOCKS[0] * scale.cells
    bounds = scale.first + np.arange(scale.cells + 1) * scale.each
    counted = np.interp(bounds, edges, np.concatenate([[0], np.cumsum(events)]))
    ticks = np.maximum(np.diff(np.minimum(bounds, max(upto, scale.first))), 1)
    rates = np.diff(counted) / ticks
    levels = np.ceil(rates / max(float(rates.max()), 1e-9) * (len(BLOCKS) - 1) - 1e-9)
    return "".join(BLOCKS[int(level)] for level in np.clip(levels, 0, len(BLOCKS) - 1))


def _sorts(strip: Strip, sorts: np.ndarray, first: int, every: int, look: Look) -> None:
    """Put the signs of events into a strip, in each cell that of the gravest. A click goes to the bin of the event."""
    styles = {"quarrel": look.bad, "help": look.good, "left": look.warn, "arrived": look.strong}
    for sort in reversed(range(len(sorts))):
        ticks = first + np.flatnonzero(sorts[sort]) * every
        _, firsts = np.unique((ticks - strip.scale.first) // strip.scale.each, return_index=True)
        for tick in ticks[firsts].tolist():
            strip.put_tick(tick, GLYPHS[SORTS[sort]], styles[SORTS[sort]])


def _places(strip: Strip, view: View, look: Look, cursor: Cursor) -> None:
    """Put signs into a strip: the loop's ends, the mark, the wanted tick, and over all the shown tick."""
    if cursor.loop is not None:
        strip.put_tick(cursor.loop[0], BEGINS, look.warn)
        strip.put_tick(cursor.loop[1], ENDS, look.warn)
    strip.put_tick(view.wanted.mark, MARK, look.warn)
    strip.put_tick(cursor.tick, GOING, look.title)
    strip.put_tick(view.tick, HERE, look.title)


def _legend(view: View, look: Look) -> list[Text]:
    """The meaning of the signs. Where events are not yet counted it explains that instead of the present tick."""
    counted = view.timeline.upto >= view.head
    third = f"{HERE} now {MARK} mark" if counted else f"{UNCOUNTED} not yet counted"
    unlived = view.head < view.timeline.day_from + view.ticks_per_day - 1
    ahead = f" {AHEAD} {'unlived' if view.closed else 'to come'}" if unlived else ""
    night = f"{NIGHT} night{ahead}"
    lines = ("! quarrel + help", "- left * arrived", third, night)
    return [Text(line, look.faint if counted or line != third else look.warn, end="") for line in lines]
