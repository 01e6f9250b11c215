"""Functions that fit rows and words into the width of a panel."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from tui.drawing import Row


def fitted_rows(rows: Iterable[Row], width: int) -> list[Row]:
    """The rows, each cut to the width; a row that was cut ends in an ellipsis."""
    made = list(rows)
    for row in made:
        row.text.no_wrap, row.text.end = True, ""
        if row.text.cell_len > width:
            row.text.truncate(width, overflow="ellipsis")
    return made


def word_lines(words: str, width: int) -> Sequence[str]:
    """The words as lines of at most `width` characters; at least one line."""
    return textwrap.wrap(words, max(width, 1)) or [""]


def side_by_side(pieces: Iterable[Text], width: int) -> Iterator[Text]:
    """Short texts on as few lines as possible, with two spaces between them."""
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
