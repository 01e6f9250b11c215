"""The styles of each theme, as rich styles. No meaning depends on colour alone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Look(NamedTuple):
    """The styles of a theme. People take the styles `people` in turn, by their numbers; `ground` has a style for each
    tile, by `Tile.name.lower()`.

    `paper` is the colour of the background and `ink` that of the text; empty: the terminal's own. `dark` says whether
    the background is the darker of the two.
    """

    name: str
    people: tuple[str, ...]
    good: str
    bad: str
    warn: str
    faint: str
    strong: str
    title: str
    chosen: str
    day: str
    night: str
    ground: Mapping[str, str]
    furniture: str
    paper: str = ""
    ink: str = ""
    dark: bool = True


READABLE: Final = 4.5
"""The least contrast of text and what is behind it (WCAG 2.2, AA)."""


def lightness(colour: str) -> float:
    """Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((lightness(one), lightness(other)))
    return (high + 0.05) / (low + 0.05)


def badge(look: Look, colour: str) -> str:
    """The style of text on a colour: reversed, or where that is hard to read, in white or black, whichever is not."""
    if not look.paper or contrast(colour, look.paper) >= READABLE:
        return f"reverse bold {colour}"
    return f"bold {max('#ffffff', '#000000', key=lambda ink: contrast(ink, colour))} on {colour}"


def text_in(look: Look, colour: str) -> str:
    """The style of text in a colour; on it, where it is hard to read on the look's own paper."""
    return colour if not look.paper or contrast(colour, look.paper) >= READABLE else badge(look, colour)


TILES: Final = ("wall", "floor", "door", "road", "grass", "table", "tree", "water")


def _ground(*styles: str) -> Mapping[str, str]:
    return MappingProxyType(dict(zip(TILES, styles, strict=True)))


DARK: Final = Look(
    name="townlet-dark",
    people=("#7cc4ff", "#ffb86b", "#9be38f", "#ff8fa3", "#c9a5ff", "#ffe27a", "#6fe0d2", "#f0a6e8"),
    good="#8fd18a",
    bad="#ff7b72",
    warn="#ffc66d",
    faint="#8b949e",
    strong="bold",
    title="bold #7cc4ff",
    chosen="reverse",
    day="#e6c873",
    night="#7089b8",
    ground=_ground("#6e6a78", "#3a3a42", "#b07a4a", "#55555c", "#3f5f3a", "#7d6248", "#4f8a4a", "#4f86c6"),
    furniture="#a58fc9",
    paper="#16181d",
    ink="#d7dae0",
)

LIGHT: Final = Look(
    name="townlet-light",
    people=("#0b5cad", "#9a4d00", "#1f6f2b", "#b3203f", "#6b3fa0", "#6f5b00", "#00666b", "#97307f"),
    good="#1f6f2b",
    bad="#b3261e",
    warn="#8a5300",
    faint="#5f6670",
    strong="bold",
    title="bold #0b5cad",
    chosen="reverse",
    day="#8a6400",
    night="#41598c",
    ground=_ground("#77727f", "#c9c7cf", "#96602f", "#a5a5ac", "#8fb886", "#9c7b58", "#3f7a3a", "#2f6fb0"),
    furniture="#6f55a0",
    paper="#fbfaf7",
    ink="#24272d",
    dark=False,
)

SAFE: Final = Look(
    name="townlet-safe",
    people=("#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2", "#ffffff"),
    good="#56b4e9",
    bad="bold #e69f00",
    warn="#f0e442",
    faint="#a0a0a0",
    strong="bold",
    title="bold #56b4e9",
    chosen="reverse",
    day="#f0e442",
    night="#56b4e9",
    ground=_ground("#8a8a8a", "#3c3c3c", "#e69f00", "#5a5a5a", "#2f5f50", "#7a6a4a", "#009e73", "#0072b2"),
    furniture="#cc79a7",
    paper="#121212",
    ink="#e6e6e6",
)
"""The colours of Okabe and Ito (2008): people with any kind of colour vision can tell them apart."""

SIXTEEN: Final = Look(
    name="townlet-16",
    people=("bright_cyan", "bright_yellow", "bright_green", "bright_red", "bright_magenta", "bright_blue", "cyan"),
    good="green",
    bad="red",
    warn="yellow",
    faint="bright_black",
    strong="bold",
    title="bold cyan",
    chosen="reverse",
    day="yellow",
    night="blue",
    ground=_ground("bright_black", "bright_black", "yellow", "bright_black", "green", "yellow", "green", "blue"),
    furniture="magenta",
)
"""The sixteen colours that every terminal has, as its owner has set them."""

PLAIN: Final = Look(
    name="townlet-plain",
    people=("bold",),
    good="",
    bad="bold",
    warn="underline",
    faint="",
    strong="bold",
    title="bold underline",
    chosen="reverse",
    day="",
    night="",
    ground=_ground(*[""] * len(TILES)),
    furniture="",
)
"""No colour at all."""

LOOKS: Final[Mapping[str, Look]] = MappingProxyType({look.name: look for look in (DARK, LIGHT, SAFE, SIXTEEN, PLAIN)})
"""The themes by name; the first is the default."""

BARE: Final = PLAIN.name
"""The theme without colour; the observer begins with it where NO_COLOR is set."""
