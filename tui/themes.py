"""The looks as Textual's themes: what stands around the panels."""

from collections.abc import Iterator

from textual.theme import Theme

from tui.looks import LOOKS


def themes() -> Iterator[Theme]:
    """A theme for each look, of the same name."""
    for look in LOOKS.values():
        yield Theme(
            name=look.name,
            primary="#4f86c6",
            warning="#ffc66d",
            error="#ff7b72",
            success="#8fd18a",
            background="#16181d",
            surface="#1d2026",
            panel="#262a33",
            foreground="#d7dae0",
        )
