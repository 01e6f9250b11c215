"""The looks as Textual's themes: what stands around the panels."""

from collections.abc import Iterator
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

from tui.looks import LOOKS, Look

ANSI: Final = {"foreground": "ansi_default", "background": "ansi_default", "panel": "ansi_default"}
"""Where a look draws on the terminal's own paper, with its own ink."""


def themes() -> Iterator[Theme]:
    """A theme for each look, of the same name."""
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
    """With the sixteen colours alone; a plain look has none of them."""
    plain = not look.good
    return Theme(
        name=look.name,
        primary="ansi_default" if plain else "ansi_blue",
        warning="ansi_default" if plain else "ansi_yellow",
        error="ansi_default" if plain else "ansi_red",
        success="ansi_default" if plain else "ansi_green",
        surface="ansi_default",
        ansi=True,
        variables=BUILTIN_THEMES["ansi-dark"].variables,
        **ANSI,
    )
