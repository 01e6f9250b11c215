"""The ground of a town as cells: from near, or as a whole from afar. Each drawing is kept and used again."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from rich.color import Color, blend_rgb
from rich.style import Style

from townlet.configuration.places import place_names
from townlet.world.drawing import Tile, TownMap, Venue
from tui.drawing import About
from tui.looks import Look
from tui.panels.marks import style_of

DAY, DUSK, NIGHT = "day", "dusk", "night"
SHADE: Final = {DAY: 0.0, DUSK: 0.25, NIGHT: 0.5}
"""The share of the night's colour in the ground's colours, at each part of the day."""

NEAR: Final = 2
"""The cells of a tile, side by side, from near. A row of cells is then a row of tiles."""

LIGHTER: Final = 0.35
"""The share of white in the colour of things that grow or stand on the ground."""

WALL: Final = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"
"""The wall signs, by the sum of the sides on which the wall goes on: north 1, east 2, south 4, west 8."""

PLACE: Final = {
    "bed": "▐▌",
    "shower": "░░",
    "stove": "▣ ",
    "chair": "◦ ",
    "till": "$$",
    "counter": "¢¢",
    "desk": "▭▭",
    "bench": "══",
}
AFAR: Final = {**{kind: two[0] for kind, two in PLACE.items()}, "bed": "▪", "bench": "="}
"""The signs of each kind of place, from near in two cells and from afar in one. Letters are left to people."""

GROUND: Final = {Tile.TABLE: "▒▒", Tile.TREE: "♣ ", Tile.WATER: "≈ "}
WALLS: Final = frozenset({int(Tile.WALL), int(Tile.DOOR)})
BEFORE: Final = (Tile.DOOR, Tile.WALL, Tile.WATER, Tile.TABLE, Tile.TREE)
"""The tiles that stand out from afar, the first the most. Of all others the upper left one is shown."""


class Ground(NamedTuple):
    """Rows of cells, each with a character and a style. The style also holds what the cell is about."""

    chars: Sequence[Sequence[str]]
    styles: Sequence[Sequence[Style]]


def phase_of(tick: int, ticks_per_day: int) -> str:
    """The part of the day."""
    hour = tick % ticks_per_day * 24 / ticks_per_day
    if 7 <= hour < 20:
        return DAY
    return DUSK if 6 <= hour < 7 or 20 <= hour < 22 else NIGHT


class Palette(NamedTuple):
    """The colours of the tiles (None: the look has none), and the style of the furniture."""

    tiles: Mapping[Tile, Color | None]
    furniture: Style

    def under(self, tile: Tile) -> Style:
        """The style of a cell whose background is a tile."""
        return Style(bgcolor=self.tiles[tile])

    def on_top(self, tile: Tile) -> Style:
        """The style of a thing drawn in a tile's colour, made lighter."""
        return Style(color=_blend(self.tiles[tile], Color.parse("white"), LIGHTER))


def palette(look: Look, phase: str) -> Palette:
    """The palette of a look at a part of the day."""
    shade = style_of(look.night).color
    tiles = {
        tile: _blend(style_of(look.ground[tile.name.lower()]).color, shade, SHADE[phase]) if shade else None
        for tile in Tile
    }
    return Palette(tiles, style_of(look.furniture))


def _blend(color: Color | None, other: Color | None, share: float) -> Color | None:
    """A colour with a share of another one; unchanged where one of them cannot be mixed."""
    if color is None or other is None or color.is_default or not color.triplet or not share:
        return color
    return Color.from_triplet(blend_rgb(color.triplet, other.get_truecolor(), share))


_kept: dict[tuple[int, str, str, int], tuple[TownMap, Look, Ground]] = {}
KEPT_MOST: Final = 16


def ground(town_map: TownMap, look: Look, phase: str, across: int) -> Ground:
    """The whole town. From near `across` is 0; else a cell is `across` tiles wide and twice as many high."""
    key = (id(town_map), look.name, phase, across)
    found = _kept.get(key)
    if found is None or found[0] is not town_map or found[1] is not look:
        colours = palette(look, phase)
        made = _afar(town_map, colours, across, plate(look)) if across else _near(town_map, colours)
        while len(_kept) >= KEPT_MOST:
            _kept.pop(next(iter(_kept)))
        found = _kept[key] = (town_map, look, made)
    return found[2]


@lru_cache(maxsize=4096)
def about_place(name: str) -> Style:
    """The style of text that is about a place."""
    return Style(meta={"about": About(place=name)})


def _near(town_map: TownMap, colours: Palette) -> Ground:
    """The town from near, two cells for each tile, seen from above; walls are lines. It has no names."""
    floor = colours.under(Tile.FLOOR)
    plain = [colours.under(tile) + colours.on_top(tile) for tile in Tile]
    plain[Tile.WALL], plain[Tile.DOOR] = floor + colours.on_top(Tile.WALL), floor + colours.on_top(Tile.DOOR)
    plain[Tile.TREE] = colours.under(Tile.GRASS) + Style(color=colours.tiles[Tile.TREE])
    said = [GROUND.get(tile, "  ") for tile in Tile]
    chars, styles, tiles = [], [], town_map.grid.tolist()
    for row, line in enumerate(tiles):
        drawn = (_line(tiles, row, at, tile) if tile in WALLS else said[tile] for at, tile in enumerate(line))
        chars.append(list("".join(drawn)))
        styles.append([plain[tile] for tile in line for _ in range(NEAR)])
    for name, place in zip(place_names(town_map), town_map.places, strict=True):
        column = NEAR * place.column
        chars[place.row][column : column + NEAR] = PLACE[place.kind]
        style = styles[place.row][column] + colours.furniture + about_place(name)
        styles[place.row][column : column + NEAR] = [style] * NEAR
    return Ground(chars, styles)


def _line(tiles: Sequence[Sequence[int]], row: int, column: int, tile: int) -> str:
    """The two characters of a wall or a door: where its lines meet, and the line to the next tile."""
    line = tiles[row]
    north = row > 0 and tiles[row - 1][column] in WALLS
    east = column + 1 < len(line) and line[column + 1] in WALLS
    south = row + 1 < len(tiles) and tiles[row + 1][column] in WALLS
    west = column > 0 and line[column - 1] in WALLS
    if tile == Tile.DOOR:
        return "╌╌" if east or west else "╎ "
    return WALL[north + 2 * east + 4 * south + 8 * west] + ("─" if east else " ")


def plate(look: Look) -> Style:
    """The style of a name on the map: text on the look's own paper, so that it can be read whatever is below."""
    return Style(bold=True, color=look.ink or "default", bgcolor=look.paper or "default")


def _afar(town_map: TownMap, colours: Palette, across: int, named: Style) -> Ground:
    """The town from afar, two squares of tiles in each cell. Only walls are blocks, to stand out without colour.

    `named` is the style of names.
    """
    height, width = -(-town_map.height // (2 * across)), -(-town_map.width // across)
    seen = _squares(town_map, across, 2 * height, width)
    chars, styles = [], []
    for row in range(height):
        line, looks = list[str](), list[Style]()
        for upper, lower in zip(seen[2 * row], seen[2 * row + 1], strict=True):
            walls = (upper == Tile.WALL) + 2 * (lower == Tile.WALL)
            other = lower if walls == 1 else upper
            line.append(" ▀▄█"[walls])
            looks.append(Style(color=colours.tiles[Tile.WALL] if walls else None, bgcolor=colours.tiles[other]))
        chars.append(line)
        styles.append(looks)
    if across == 1:
        _furnish(town_map, colours, chars, styles)
    for top, left, name, venue in _names(town_map, across):
        for column, char in enumerate(name, start=left):
            chars[top][column] = char
            styles[top][column] = named + about_place(venue)
    return Ground(chars, styles)


def _squares(town_map: TownMap, across: int, height: int, width: int) -> list[list[Tile]]:
    """The tile that is shown of each square, which is `across` tiles wide. Beyond the town there is grass."""
    grid = np.full((height * across, width * across), Tile.GRASS, np.uint8)
    grid[: town_map.height, : town_map.width] = town_map.grid
    squares = grid.reshape(height, across, width, across).swapaxes(1, 2).reshape(height, width, -1)
    seen = squares[:, :, 0].copy()
    for tile in reversed(BEFORE):
        seen[(squares == tile).any(axis=2)] = tile
    by_number = list(Tile)
    return [[by_number[tile] for tile in row] for row in seen.tolist()]


def _furnish(town_map: TownMap, colours: Palette, chars: list[list[str]], styles: list[list[Style]]) -> None:
    """Draw the places into the cells without a wall."""
    for name, place in zip(place_names(town_map), town_map.places, strict=True):
        row = place.row // 2
        styles[row][place.column] += about_place(name)
        if chars[row][place.column] == " ":
            chars[row][place.column] = AFAR[place.kind]
            styles[row][place.column] += colours.furniture


def _names(town_map: TownMap, across: int) -> Iterator[tuple[int, int, str, str]]:
    """The names of venues from afar, on their upper walls: row, first column, the name as it fits, the whole name."""
    for venue in town_map.venues:
        left, width = venue.left // across, venue.width // across
        name = _short_name(venue.name, width + max(_margin(town_map, venue, across), int(across > 1)))
        if name:
            first = min(left + max((width - len(name)) // 2, 0), -(-town_map.width // across) - len(name))
            yield venue.top // (2 * across), max(first, 0), name, venue.name


def _margin(town_map: TownMap, venue: Venue, across: int) -> int:
    """The cells by which the name of a venue may be longer than its upper wall: up to its neighbours, less one.

    The edge of the map is no neighbour: a name may reach it.
    """
    row = venue.top // (2 * across)
    beside = [other for other in town_map.venues if other is not venue and _holds_row(other, row, across)]
    right = min((other.left for other in beside if other.left > venue.left), default=town_map.width + 1)
    left = max((other.left + other.width for other in beside if other.left < venue.left), default=-1)
    gaps = right - venue.left - venue.width, venue.left - left
    return max(2 * (min(gaps) // (2 * across)) - 1, 0)


def _holds_row(venue: Venue, row: int, across: int) -> bool:
    return venue.top // (2 * across) <= row <= (venue.top + venue.height - 1) // (2 * across)


class NamesWritten(NamedTuple):
    """The cells of the whole town, row and column, in which names are written, and the venues whose names are cut."""

    cells: frozenset[tuple[int, int]]
    cut: tuple[str, ...]


def names_written(town_map: TownMap, across: int) -> NamesWritten:
    """What is written on the map from afar; from near nothing is, because names follow the window."""
    written = list(_names(town_map, across)) if across else []
    cells = ((row, first + i) for row, first, name, _ in written for i in range(len(name)))
    return NamesWritten(frozenset(cells), tuple(venue for *_, name, venue in written if is_cut(name, venue)))


def is_cut(name: str, venue: str) -> bool:
    """Whether a name on the map is less than the venue's, its article aside."""
    return len(name) < len(venue.removeprefix("The "))


def names_near(town_map: TownMap, top: int, left: int, height: int, width: int) -> Iterator[tuple[int, int, str, str]]:
    """The same from near, for the cells of a window: each name is written on the part of the wall that is seen."""
    for venue in town_map.venues:
        first = max(NEAR * venue.left - left, 0)
        room = min(NEAR * (venue.left + venue.width) - left, width) - first - NEAR
        if 0 <= venue.top - top < height and room > NEAR and (name := _short_name(venue.name, room)):
            yield venue.top - top, first + (room + NEAR - len(name)) // 2, name, venue.name


def _short_name(name: str, width: int) -> str:
    """The longest form of a name that fits: whole, without its article, its first word, or nothing."""
    short = name.removeprefix("The ")
    return next((each for each in (name, short, short.partition(" ")[0]) if len(each) <= width), "")
