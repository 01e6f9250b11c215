"""The themes: each style is one, what is written can be read, and two of them keep to what a terminal has."""

import pytest
from rich.color import ColorType
from rich.style import Style

from townlet.world.drawing import Tile
from tui.looks import LOOKS, PLAIN, SAFE, SIXTEEN, Look, contrast, lightness

OKABE_ITO = {"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#ffffff"}
BRIGHT = "good", "bad", "warn", "faint", "title", "day", "night"


def styles(look: Look) -> dict[str, Style]:
    """Every style of a look, by what it is for."""
    named = {name: getattr(look, name) for name in (*BRIGHT, "strong", "chosen", "furniture")}
    named |= {f"people {number}": style for number, style in enumerate(look.people)}
    return {name: Style.parse(style) for name, style in (named | dict(look.ground)).items()}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_look_is_whole(look: Look) -> None:
    assert styles(look)
    assert set(look.ground) == {tile.name.lower() for tile in Tile}
    assert look.people
    assert look.name.startswith("townlet-")


@pytest.mark.parametrize("look", [look for look in LOOKS.values() if look.paper], ids=lambda look: look.name)
def test_what_is_written_can_be_read(look: Look) -> None:
    assert contrast(look.ink, look.paper) >= 7
    assert (lightness(look.paper) < lightness(look.ink)) == look.dark
    for name, style in styles(look).items():
        if style.color is None:
            continue
        least = 4.5 if name in BRIGHT else 3.0 if name.startswith("people") else 1.3
        assert contrast(style.color.name, look.paper) >= least, name


def test_sixteen_colours_are_the_terminals_own() -> None:
    for style in styles(SIXTEEN).values():
        assert style.color is None or style.color.type == ColorType.STANDARD


def test_plain_has_no_colour() -> None:
    for style in styles(PLAIN).values():
        assert style.color is None and style.bgcolor is None


def test_the_safe_colours_are_okabe_s_and_ito_s() -> None:
    assert set(SAFE.people) == OKABE_ITO
    assert len(set(SAFE.people)) == len(SAFE.people)
