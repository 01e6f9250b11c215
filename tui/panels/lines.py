"""Lines of a panel: text made of pieces, cut to the room or set in columns; and bars."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.style import Style
from rich.text import Span, Text

from tui.drawing import About, Row
from tui.panels.marks import style_of

BLOCKS = " ▏▎▍▌▋▊▉█"
SPARKS = "▁▂▃▄▅▆▇█"

Piece = tuple[str, Style | str]
"""Text of one style."""


def line(pieces: Iterable[Piece], width: int) -> Text:
    """The pieces as one line, cut to a width with an ellipsis. Each character must be one cell wide."""
    plain, spans, at = [], [], 0
    for text, style in pieces:
        plain.append(text)
        if style:
            spans.append(Span(at, at + len(text), style))
        at += len(text)
    said = "".join(plain)
    if at > width:
        said = said[: max(width - 1, 0)] + "…"[:width]
        spans = [Span(span.start, min(span.end, width), span.style) for span in spans if span.start < width]
    return Text(said, spans=spans, no_wrap=True, end="")


@lru_cache(maxsize=4096)
def about(spot: About, style: str = "") -> Style:
    """A style of a theme, or none, for text that is about something."""
    return style_of(style) + Style(meta={"about": spot})


def columns(entries: Sequence[Row], width: int, count: int) -> list[Row]:
    """The rows in columns, from top to bottom of the first, then of the next. In one column they stay as they are."""
    if count <= 1:
        return list(entries)
    each, down = width // count, -(-len(entries) // count)
    rows = []
    for first in range(down):
        made = Text(no_wrap=True, end="")
        for entry in entries[first::down]:
            made.append_text(entry.text)
            made.append(" " * (each - len(entry.text)))
        made.rstrip()
        rows.append(Row(made))
    return rows


def group_lines(first: Piece, pieces: Sequence[Sequence[Piece]], width: int, most: int) -> list[Text]:
    """Groups of pieces after a first piece, on at most `most` lines. The last line says how many did not fit."""
    lines, now, used, left = list[Text](), [first], len(first[0]), len(pieces)
    for group in pieces:
        long = 1 + sum(len(text) for text, _ in group)
        last = len(lines) == most - 1
        rest = len(f" +{left - 1} more") if last and left > 1 else 0
        if used + long + rest > width:
            if last:
                now.append((f" +{left} more", ""))
                break
            lines.append(line(now, width))
            now, used = [], 0
        now += [(" ", ""), *group]
        used += long
        left -= 1
    return [*lines, line(now, width)]


def bar(share: float, width: int) -> str:
    """A bar of `width` cells, drawn in eighths of a cell; `share` is from 0 to 1."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (BLOCKS[rest] if rest else "")).ljust(width)


def sparkline(values: Sequence[float], width: int) -> str:
    """Values from 0 to 1 as a line of at most `width` cells, the newest last. A cell shows the mean of its values."""
    count = min(width, len(values))
    made = []
    for cell in range(count):
        among = values[cell * len(values) // count : (cell + 1) * len(values) // count]
        mean = min(max(sum(among) / len(among), 0.0), 1.0)
        made.append(SPARKS[min(int(mean * len(SPARKS)), len(SPARKS) - 1)])
    return "".join(made).rjust(width)
