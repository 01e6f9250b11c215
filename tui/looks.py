"""How things look: the styles of each theme, as rich styles. Nothing is told by colour alone."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Look(NamedTuple):
    """The styles of a theme: `people` in turn, by their numbers; `ground` of each tile, by `Tile.name.lower()`."""

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
    night="#4f6d9e",
    ground=MappingProxyType(
        {
            "wall": "#6e6a78",
            "floor": "#3a3a42",
            "door": "#b07a4a",
            "road": "#55555c",
            "grass": "#3f5f3a",
            "table": "#7d6248",
            "tree": "#4f8a4a",
            "water": "#4f86c6",
        }
    ),
    furniture="#a58fc9",
)

LOOKS: Final[Mapping[str, Look]] = MappingProxyType({DARK.name: DARK})
"""The themes by name; the first is the default."""
