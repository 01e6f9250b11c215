"""The looks as Textual's themes, for everything around the panels."""

from collections.abc import Iterator
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

from tui.looks import LOOKS, Look

OWN: Final = "ansi_default"
"""Textual's name for the terminal's own colours of background and text."""


def themes() -> Iterator[Theme]:
    """A theme for each look, with the same name."""
    for look in LOOKS.values():
        yield _own(look) if look.paper else _of_the_terminal(look)


def _own(look: Look) -> Theme:
    return Theme(
        name=look.name,
        primary=look.title.rpartition(" ")[2],
        warning=look.warn.rpartition(" ")[2],
        error=look.bad.rpartition(" ")[2],
        success=look.good.rpartition(" ")[2],
        background=look.paper,
        surface=look.paper,
        foreground=look.ink,
        dark=look.dark,
    )


def _of_the_terminal(look: Look) -> Theme:
    """A theme of the terminal's sixteen colours; for a look without colour, of none."""
    plain = not look.good
    return Theme(
        name=look.name,
        primary=OWN if plain else "ansi_blue",
        warning=OWN if plain else "ansi_yellow",
        error=OWN if plain else "ansi_red",
        success=OWN if plain else "ansi_green",
        foreground=OWN,
        background=OWN,
        surface=OWN,
        panel=OWN,
        ansi=True,
        variables=BUILTIN_THEMES["ansi-dark"].variables,
    )
