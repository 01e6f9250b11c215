"""The content of a map file, and the map of the town that is made from it."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

TileName = Literal["wall", "floor", "door", "road", "grass", "table", "tree", "water"]
PlaceKind = Literal["bed", "shower", "stove", "chair", "till", "counter", "desk", "bench"]
VenueKind = Literal["home", "cafe", "grocer", "office", "park", "gym"]


class Tile(IntEnum):
    """The ground of a tile. Places stand on floor, in a park on grass."""

    WALL = 0
    FLOOR = 1
    DOOR = 2
    ROAD = 3
    GRASS = 4
    TABLE = 5
    TREE = 6
    WATER = 7


WALKABLE = frozenset({Tile.FLOOR, Tile.DOOR, Tile.ROAD, Tile.GRASS})


class Glyph(BaseModel):
    """What a character of the picture means: a tile, or a place."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    tile: TileName | None = None
    place: PlaceKind | None = None

    @model_validator(mode="after")
    def _one_meaning(self) -> "Glyph":
        if (self.tile is None) == (self.place is None):
            raise ValueError("give either `tile` or `place`")
        return self


class VenuePlan(BaseModel):
    """A venue in a map file: a rectangle of the picture, including its walls."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    name: str = Field(min_length=1)
    kind: VenueKind
    at: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
    """Row and column of its upper left corner, from 0."""
    size: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
    """Height and width in tiles."""

    def holds(self, row: int, column: int) -> bool:
        """Whether a tile lies in the rectangle."""
        return 0 <= row - self.at[0] < self.size[0] and 0 <= column - self.at[1] < self.size[1]


class MapPlan(BaseModel):
    """A map file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    name: str = Field(min_length=1)
    legend: dict[Annotated[str, Field(min_length=1, max_length=1)], Glyph] = Field(min_length=1)
    rows: str = Field(min_length=1)
    venues: tuple[VenuePlan, ...] = Field(min_length=1)


class Venue(NamedTuple):
    """A rectangle of tiles with a name. Doors are (row, column) of tiles on its edge."""

    name: str
    kind: str
    top: int
    left: int
    height: int
    width: int
    doors: tuple[tuple[int, int], ...]

    def holds(self, row: int, column: int) -> bool:
        """Whether a tile lies in the rectangle."""
        return 0 <= row - self.top < self.height and 0 <= column - self.left < self.width


class Place(NamedTuple):
    """A place that one person at a time can use. `waiting` are the tiles of its line, nearest first."""

    kind: str
    row: int
    column: int
    venue: int
    waiting: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class TownMap:
    """The map of a town: `rows` is the picture, `grid[row, column]` are the tiles (`Tile`, u1), places are in reading
    order."""

    name: str
    height: int
    width: int
    rows: tuple[str, ...]
    grid: np.ndarray
    venues: tuple[Venue, ...]
    places: tuple[Place, ...]
