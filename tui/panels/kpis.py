"""The key figures of the last whole day: each with its name, value, unit, range and meaning."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.text import Text

from townlet.observing.view import View
from tui.drawing import Room, Row
from tui.looks import Look
from tui.panels.lines import bar
from tui.panels.rows import fitted_rows, word_lines

BAR: Final = 10


def draw(view: View, look: Look, room: Room) -> list[Row]:
    """The day, then each figure with its meaning below it."""
    kpis = view.kpis
    if kpis.day < 0:
        return fitted_rows(
            _paragraph("The first day is not over; key figures are of whole days.", look.faint, room), room.width
        )
    rows = [Row(Text(f"day {kpis.day}, the last whole day", look.title))]
    if kpis.rows is None:
        rows += _paragraph("… being worked out", look.warn, room)
    elif not kpis.rows:
        rows += _paragraph("No key figures are defined.", look.faint, room)
    width = max((len(row["kpi"]) for row in kpis.rows or ()), default=0)
    for row in kpis.rows or ():
        rows += _figure(row, width, look, room)
    return fitted_rows(rows, room.width)


def _paragraph(words: str, style: str, room: Room) -> list[Row]:
    return [Row(Text(line, style)) for line in word_lines(words, room.width)]


def _figure(row: Mapping[str, Any], width: int, look: Look, room: Room) -> Iterator[Row]:
    """A figure: its value, unit and range behind its name, or below it in a narrow room; then its meaning."""
    name, value, low, high = row["kpi"].replace("_", " "), row["value"], row["low"], row["high"]
    text = Text().append(f"{name:<{width}}  ", look.strong)
    if value is None:
        text.append("nothing to tell it from", look.faint)
    else:
        text.append(f"{value:.4g}", look.strong).append(f" {row['unit']}")
        if high is not None and high > low:
            text.append(f"  {bar((value - low) / (high - low), BAR)}│", look.good)
    text.append(f"  {_range(low, high)}", look.faint)
    if text.cell_len <= room.width:
        yield Row(text)
    else:
        yield Row(Text(name, look.strong))
        yield from _paragraph(text.plain[width + 2 :].strip(), "", room)
    yield from (Row(Text(f"  {words}", look.faint)) for words in word_lines(row["meaning"], room.width - 2))


def _range(low: float | None, high: float | None) -> str:
    """The range of a figure, in words; empty where it has no ends."""
    if low is None:
        return "" if high is None else f"up to {high:g}"
    return f"from {low:g}" if high is None else f"{low:g} to {high:g}"
