"""What the panels' rows have in common: they keep to the room, wrap, and have bars in them."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from tui.drawing import Row


def fitted(rows: Iterable[Row], width: int) -> list[Row]:
    """The rows, none wider than there is room for; what was cut ends in an ellipsis."""
    made = list(rows)
    for row in made:
        row.text.no_wrap, row.text.end = True, ""
        if row.text.cell_len > width:
            row.text.truncate(width, overflow="ellipsis")
    return made


def wrapped(words: str, width: int) -> Sequence[str]:
    """Words in lines, none longer than `width`; at least one."""
    return textwrap.wrap(words, max(width, 1)) or [""]


def side_by_side(pieces: Iterable[Text], width: int) -> Iterator[Text]:
    """Short texts in as few lines as they fit in, two spaces between."""
    line = Text(end="")
    for piece in pieces:
        if line.cell_len and line.cell_len + 2 + piece.cell_len > width:
            yield line
            line = Text(end="")
        if line.cell_len:
            line.append("  ")
        line.append_text(piece)
    if line.cell_len:
        yield line
