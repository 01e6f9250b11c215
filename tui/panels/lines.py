"""Lines of a panel: pieces of text set side by side, cut to the room, shared out into columns; bars."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.style import Style
from rich.text import Span, Text

from tui.drawing import About, Row
from tui.panels.marks import parsed

BLOCKS = " ▏▎▍▌▋▊▉█"
SPARKS = "▁▂▃▄▅▆▇█"

Piece = tuple[str, Style | str]
"""Text of one style."""


def line(pieces: Iterable[Piece], width: int) -> Text:
    """Pieces in a line, cut to a width with an ellipsis. Its characters are one cell each."""
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
    """A style of a theme, or none, for what is about something."""
    return parsed(style) + Style(meta={"about": spot})


def columns(entries: Sequence[Row], width: int, count: int) -> list[Row]:
    """Rows shared out into columns, down the first, then the next; in one column each keeps what it is about."""
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


def wrapped(first: Piece, pieces: Sequence[Sequence[Piece]], width: int, most: int) -> list[Text]:
    """Groups of pieces after a first word, over at most so many lines; how many did not fit is said."""
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
    """A bar over so many cells, in eighths; `share` from 0 to 1."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (BLOCKS[rest] if rest else "")).ljust(width)


def sparkline(values: Sequence[float], width: int) -> str:
    """Values from 0 to 1 as a line of so many cells, the newest last: the mean of those that share a cell."""
    count = min(width, len(values))
    made = []
    for cell in range(count):
        among = values[cell * len(values) // count : (cell + 1) * len(values) // count]
        mean = min(max(sum(among) / len(among), 0.0), 1.0)
        made.append(SPARKS[min(int(mean * len(SPARKS)), len(SPARKS) - 1)])
    return "".join(made).rjust(width)
