"""The list of events: a part of the log around one event. Events that do not fit the filter are faint."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from rich.text import Text

from townlet.daytime import time_of
from townlet.observing.view import TICK_END, EventLine, View
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.rows import fitted_rows, word_lines

HERE, CONTEXT, MATCH = "▸", "┊", " "
"""The signs before an event: the one that the list stands at, one that does not fit the filter, one that does."""

END_OF_TICK: Final = "- the minute ends"

KIND_WIDTH: Final = 20
"""The width of the column of kinds, in a room that is wide enough for columns."""

COLUMNS_FROM: Final = 70
NUMBERS_FROM: Final = 100
"""The least width in which each event has its number."""


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """The filter, then the events in order, with a heading for each day."""
    page = view.events
    rows, day = list(_about_filter(view, look, room.width)), None
    if page.before:
        rows.append(Row(Text("… earlier events", look.faint)))
    for at, line in enumerate(page.lines):
        if line.tick // view.ticks_per_day != day:
            day = line.tick // view.ticks_per_day
            rows.append(Row(Text(f"day {day}", look.title)))
        here = at == page.at
        style = look.chosen if here else "" if line.matches else look.faint
        rows.append(_line(line, view.ticks_per_day, room.width, here, style, look.faint))
    if not page.lines:
        rows.append(Row(Text("No event yet." if not page.filter else "No event like that so far.", look.faint)))
    if page.after:
        rows.append(Row(Text("… later events", look.faint)))
    return fitted_rows(rows, room.width)


def _about_filter(view: View, look: Look, width: int) -> Iterator[Row]:
    """The present filter, how to remove it, and its error if it has one."""
    page = view.events
    if page.error:
        yield from (Row(Text(words, look.bad)) for words in word_lines(f"! {page.error}", width))
    if page.filter:
        said = f"Filter: {page.filter}. {CONTEXT} others around them. Filter with no words shows all."
        yield from (Row(Text(words, look.warn)) for words in word_lines(said, width))


@lru_cache(maxsize=512)
def _line(line: EventLine, per_day: int, width: int, here: bool, style: str, faint: str) -> Row:
    clock = time_of(line.tick, per_day).partition(", ")[2]
    text = Text().append(HERE if here else MATCH if line.matches else CONTEXT, style)
    if line.kind == TICK_END:
        text.append(f"{clock} {END_OF_TICK}", style or faint)
        return Row(text, About(tick=line.tick, seq=line.seq))
    text.append(f"{clock} ", style or faint)
    if width >= NUMBERS_FROM:
        text.append(f"{line.seq:>11,}  ", style or faint)
    text.append(f"{line.what:<{KIND_WIDTH}}" if width >= COLUMNS_FROM else line.what, style)
    if line.said:
        text.append(f"  {line.said}", style)
    return Row(text, About(tick=line.tick, seq=line.seq))
