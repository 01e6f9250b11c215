"""The story: sentences, the newest at the bottom, by days. What mattered most is marked; each leads to its cause."""

from functools import lru_cache
from typing import Final

from rich.text import Text

from townlet.daytime import time_of
from townlet.observing.view import Entry, View
from tui.drawing import About, Room, Row
from tui.looks import Look
from tui.panels.rows import fitted, wrapped

PRIORITY: Final = "●"
"""Before what mattered so much that it was told in any case."""

INDENT: Final = len("07:42 ● ")


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """The entries before the view's tick; a day's first stands under its heading."""
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
        rows += [Row(Text(words, look.warn)) for words in wrapped(behind, room.width)]
    elif not rows:
        rows.append(Row(Text("Nothing has been told yet.", look.faint)))
    return fitted(rows, room.width)


@lru_cache(maxsize=512)
def _entry(entry: Entry, per_day: int, width: int, faint: str, style: str, marked: str) -> tuple[Row, ...]:
    """An entry as rows, all about its cause."""
    about = About(tick=entry.tick, seq=entry.cause)
    indent = INDENT if width > 2 * INDENT else 0
    first, *rest = wrapped(entry.text, width - indent)
    clock = time_of(entry.tick, per_day).partition(", ")[2]
    text = Text().append(f"{clock} ", faint)
    text.append(f"{PRIORITY if entry.priority else ' '} ", marked)
    if indent:
        text.append(first, style)
        return (Row(text, about), *(Row(Text(" " * indent).append(words, style), about) for words in rest))
    return (Row(text, about), *(Row(Text(words, style), about) for words in (first, *rest)))
