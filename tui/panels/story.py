"""The story: sentences by days, the newest at the bottom. The most important ones are marked."""

from functools import lru_cache
from typing import Final

from rich.text import Text

from townlet.daytime import time_of
from townlet.observing.view import Entry, View
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.rows import fitted_rows, word_lines

PRIORITY: Final = "●"
"""The sign before a sentence so important that the story always tells it."""

INDENT: Final = len("07:42 ● ")


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """The entries before the view's tick, with a heading for each day."""
    rows, day = list[Row](), None
    for entry in view.story.entries:
        if entry.tick // view.ticks_per_day != day:
            day = entry.tick // view.ticks_per_day
            rows.append(Row(Text(f"day {day}", look.title)))
        style = look.strong if entry.priority else ""
        rows += _entry(entry, view.ticks_per_day, room.width, look.faint, style, look.warn)
    told = view.story.told
    if told < view.tick:
        behind = f"… told up to {time_of(told, view.ticks_per_day)}; the rest is being told"
        rows += [Row(Text(words, look.warn)) for words in word_lines(behind, room.width)]
    elif not rows:
        rows.append(Row(Text("Nothing has been told yet.", look.faint)))
    return fitted_rows(rows, room.width)


@lru_cache(maxsize=512)
def _entry(entry: Entry, per_day: int, width: int, faint: str, style: str, marked: str) -> tuple[Row, ...]:
    """An entry as rows, all of them about the event that caused it."""
    about = About(tick=entry.tick, seq=entry.cause)
    indent = INDENT if width > 2 * INDENT else 0
    first, *rest = word_lines(entry.text, width - indent)
    clock = time_of(entry.tick, per_day).partition(", ")[2]
    text = Text().append(f"{clock} ", faint)
    text.append(f"{PRIORITY if entry.priority else ' '} ", marked)
    if indent:
        text.append(first, style)
        return (Row(text, about), *(Row(Text(" " * indent).append(words, style), about) for words in rest))
    return (Row(text, about), *(Row(Text(words, style), about) for words in (first, *rest)))
