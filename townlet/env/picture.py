"""Pictures of a town's map with its people, as text or as pixels."""

import colorsys
import string
from collections.abc import Iterator
from typing import Any

import numpy as np

from eventlog.catalogue.registries import Option
from projections.record.state import NEEDS
from townlet.configuration.load import person_name
from townlet.configuration.plans import map_of
from townlet.configuration.settings import Settings
from townlet.daytime import time_of
from townlet.errors import TownletError
from townlet.world.drawing import Tile, TownMap

PIXELS = 8
"""The width and height of a tile in pixels."""

GROUND = {
    Tile.WALL: (70, 66, 74),
    Tile.FLOOR: (226, 214, 190),
    Tile.DOOR: (166, 116, 74),
    Tile.ROAD: (186, 184, 180),
    Tile.GRASS: (150, 190, 120),
    Tile.TABLE: (146, 112, 82),
    Tile.TREE: (66, 120, 72),
    Tile.WATER: (110, 160, 210),
}
FURNITURE = (120, 96, 150)
GOLDEN_ANGLE = 0.6180339887498949
"""A share of the colour circle: seats with neighbouring numbers get very different hues."""

RENDER_MODES = ("ansi", "rgb_array")


def checked_mode(mode: str | None) -> str | None:
    """The render mode, if it is valid or None. Raises TownletError."""
    if mode is not None and mode not in RENDER_MODES:
        raise TownletError(f"render_mode {mode!r} is none of {', '.join(RENDER_MODES)}")
    return mode


def picture_of(mode: str | None, settings: Settings, town: Any) -> str | np.ndarray | None:
    """A picture of a town's record in this render mode; None if the mode is None."""
    if mode is None:
        return None
    town_map = map_of(settings)
    return as_text(settings, town_map, town) if mode == "ansi" else as_pixels(town_map, town)


def as_text(settings: Settings, town_map: TownMap, town: Any) -> str:
    """The map with a mark for each person, and a line for each: mark, name, venue, option and needs.

    `town` is a town's record.
    """
    rows = [list(row) for row in town_map.rows]
    marks = _marks(town_map)
    lines = []
    for seat, agent in _living(town):
        mark = marks[seat % len(marks)]
        row, column = _where(town, agent)
        rows[row][column] = mark
        needs = "  ".join(f"{need} {float(agent[need]):.2f}" for need in NEEDS)
        venue = next((venue.name for venue in town_map.venues if venue.holds(row, column)), "outdoors")
        name = person_name(settings, int(agent["person"]))
        lines.append(f"{mark} {name:<12} {Option(int(agent['option'])).name.lower():<10} {venue:<16} {needs}")
    tick = int(town["clock"]["tick"])
    head = f"tick {tick:,}: {time_of(tick, settings.town.ticks_per_day)}"
    return "\n".join([head, *("".join(row) for row in rows), *lines]) + "\n"


def as_pixels(town_map: TownMap, town: Any) -> np.ndarray:
    """The map from above, u1 [8 x height, 8 x width, 3]: ground, places, and each person in the colour of its seat."""
    colours = np.zeros((len(Tile), 3), np.uint8)
    for tile, colour in GROUND.items():
        colours[tile] = colour
    image: np.ndarray = colours[town_map.grid].repeat(PIXELS, 0).repeat(PIXELS, 1)
    for place in town_map.places:
        _square(image, place.row, place.column, 1)[:] = FURNITURE
    for seat, agent in _living(town):
        row, column = _where(town, agent)
        shade = colorsys.hsv_to_rgb(seat * GOLDEN_ANGLE % 1.0, 0.85, 0.95)
        _square(image, row, column, 2)[:] = [round(255 * part) for part in shade]
    return image


def _square(image: np.ndarray, row: int, column: int, margin: int) -> np.ndarray:
    """The pixels of a tile without its margin."""
    top, left = row * PIXELS, column * PIXELS
    return image[top + margin : top + PIXELS - margin, left + margin : left + PIXELS - margin]


def _living(town: Any) -> Iterator[tuple[int, Any]]:
    agents = town["agents"]
    for seat in np.flatnonzero(agents["alive"]).tolist():
        yield seat, agents[seat]


def _where(town: Any, agent: Any) -> tuple[int, int]:
    side = round(len(town["ground"]) ** 0.5)
    row, column = divmod(int(agent["tile"]), side)
    return row, column


def _marks(town_map: TownMap) -> str:
    """Digits and letters that this map does not use; "@" if it uses all."""
    taken = set("".join(town_map.rows))
    return "".join(mark for mark in string.digits + string.ascii_letters if mark not in taken) or "@"
