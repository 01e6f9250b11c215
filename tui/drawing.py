"""What panels are made of: lines of styled text that say what they are about. It knows no Textual."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.style import Style
from rich.text import Text

from townlet.observing.view import View
from tui.looks import Look


class About(NamedTuple):
    """What a line, or a spot in it, is about: what a click goes to, what `w` explains, what is copied.

    One of: an event (`seq`, with its `tick`), a tie (`person` and `other`), a person, a tick, a place.
    """

    tick: int | None = None
    seq: int | None = None
    person: str | None = None
    other: str | None = None
    place: str | None = None


class Row(NamedTuple):
    """A line of a panel. Where `about` is None it cannot be chosen, as a heading.

    `spots` say what its cells are about, from the first on, where they are about something of their own.
    """

    text: Text
    about: About | None = None
    spots: Sequence[About | None] = ()


class Room(NamedTuple):
    """The cells there are to draw in."""

    width: int
    height: int


Draw = Callable[[View, Look, Room], Sequence[Row]]
"""A panel: a pure function of the view. It may give more rows than there is height; the list is then scrolled."""


def spot(text: str, about: About, style: str = "") -> Text:
    """Text that is about something of its own, inside a line."""
    return Text(text, style=Style.parse(style) + Style(meta={"about": about}))


def plain(rows: Sequence[Row]) -> str:
    """The rows as text, without colour."""
    return "\n".join(row.text.plain.rstrip() for row in rows)
