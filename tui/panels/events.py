"""The list of events: a stretch of the log around the one it stands at, with what the filter let through marked out."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from rich.text import Text

from townlet.daytime import time_of
from townlet.observing.view import TICK_END, EventLine, View
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.rows import fitted, wrapped

HERE, CONTEXT, MATCH = "▸", "┊", " "
"""The event that it stands at, one that the filter did not let through, one that it did."""

END_OF_TICK: Final = "- the minute ends"

KIND_WIDTH: Final = 20
"""Of the kinds' names, in a room where what was said has a column of its own."""

COLUMNS_FROM: Final = 70
NUMBERS_FROM: Final = 100
"""The width from which the number of each event is shown."""


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """What is filtered, then the events in order, by days."""
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
    return fitted(rows, room.width)


def _about_filter(view: View, look: Look, width: int) -> Iterator[Row]:
    """Which filter holds, how to undo it, and what is wrong with it."""
    page = view.events
    if page.error:
        yield from (Row(Text(words, look.bad)) for words in wrapped(f"! {page.error}", width))
    if page.filter:
        said = f"Filter: {page.filter}. {CONTEXT} others around them. Filter with no words shows all."
        yield from (Row(Text(words, look.warn)) for words in wrapped(said, width))


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
