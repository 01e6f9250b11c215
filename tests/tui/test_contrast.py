"""Every text on the screen can be read: the cells as they are rendered, in each theme with colours of its own."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.color import Color
from textual.screen import ModalScreen

from tests.tui.acting import LARGE, Play, acted, find, told
from townlet.run import Run
from townlet.world.drawing import Venue
from tui.looks import LOOKS, READABLE, contrast
from tui.panels.ground import names_written

THEMES = [name for name, look in LOOKS.items() if look.paper]
"""The others use the terminal's own colours, which its owner sets."""


class Cells(NamedTuple):
    """Some text of one style, and the contrast that it has."""

    text: str
    contrast: float


def rendered(play: Play) -> Iterator[Cells]:
    """The text on the screen; of a dialog without the dimmed screen behind it."""
    look, screen = LOOKS[play.app.theme], play.app.screen
    seen = screen.children[0].region if isinstance(screen, ModalScreen) else screen.region
    for strip in screen._compositor.render_strips()[seen.y : seen.bottom]:
        for text, style, control in strip.crop(seen.x, seen.right):
            if style is not None and not control and any(map(str.isalnum, text)):
                yield Cells(text, contrast(hex_of(style.color, look.ink), hex_of(style.bgcolor, look.paper)))


def hex_of(colour: Color | None, default: str) -> str:
    return default if colour is None or colour.is_default else colour.get_truecolor().hex


@pytest.mark.parametrize("theme", THEMES)
def test_e6_every_text_can_be_read(theme: str, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "NO_COLOR" not in os.environ
    faint: list[Cells] = []

    async def act(play: Play) -> None:
        async def look(*keys: str) -> None:
            await play.press(*keys)
            cells = list(rendered(play))
            assert len(cells) > 20
            faint.extend(each for each in cells if each.contrast < READABLE)

        play.app.sight.person = "grace"
        play.app.sight.ask()
        await look("t", "down")
        await find(play)
        await play.press("w")
        await told(play)
        await look("down")
        await look("escape", "colon")

    acted(demo, act, size=LARGE, tick=2040, theme=theme)
    assert faint == []


@pytest.mark.parametrize("across", [1, 2])
def test_e6_names_fit_or_are_told_below_the_map(run: Run, across: int) -> None:
    from townlet.configuration.plans import map_of

    town_map = map_of(run.config)
    written = names_written(town_map, across)
    venues: list[Venue] = list(town_map.venues)
    assert written.cells and set(written.cut) <= {venue.name for venue in venues}
    assert (written.cut == ()) == (across == 1)


def test_e6_nobody_stands_on_a_name(demo: Path) -> None:
    async def act(play: Play) -> None:
        text = play.text()
        for name in ("The Kettle", "Corner Shop", "Town Office", "Orchard House", "Mill Park", "The Spring"):
            assert name in text

    acted(demo, act, size=LARGE, tick=2040)

    async def narrow(play: Play) -> None:
        text = play.text()
        assert all(part in text for part in ("names: Pond House,", "Corner Shop,", "Meadow House"))

    acted(demo, narrow, size=(100, 32), tick=2040)
