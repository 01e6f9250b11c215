"""The parts of a panel: rows of styled text, each with the thing that it is about. This module knows no Textual."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.style import Style
from rich.text import Text

from townlet.observing.view import View
from tui.looks import Look


class About(NamedTuple):
    """The thing that a line, or a spot in it, is about. A click goes to it, and the action `why` explains it.

    It is one of: an event (`seq`, with its `tick`), a tie (`person` and `other`), a person, a tick, a place.
    """

    tick: int | None = None
    seq: int | None = None
    person: str | None = None
    other: str | None = None
    place: str | None = None


class Row(NamedTuple):
    """A line of a panel. Where `about` is None the user cannot choose it; headings are such lines.

    `spots` are the things that single cells are about, from the first cell on; None: the same as the row.
    """

    text: Text
    about: About | None = None
    spots: Sequence[About | None] = ()


class Room(NamedTuple):
    """The size of a panel, in cells."""

    width: int
    height: int


Draw = Callable[[View, Look, Room], Sequence[Row]]
"""Draws a panel: a pure function of the view. Where it returns more rows than fit, the panel scrolls."""


def spot(text: str, about: About, style: str = "") -> Text:
    """A part of a line that is about a thing of its own."""
    return Text(text, style=Style.parse(style) + Style(meta={"about": about}))


def plain(rows: Sequence[Row]) -> str:
    """The rows as text, without colour."""
    return "\n".join(row.text.plain.rstrip() for row in rows)
