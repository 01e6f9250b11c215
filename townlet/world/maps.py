"""Reads a map from text: a picture of the town, one character a tile, and the names of its venues."""

from typing import Any, get_args

import numpy as np
from pydantic import ValidationError

from projections.record.state import LARGE, CapacityClass
from projections.spelling import proposed
from townlet.errors import ConfigurationError, MapError
from townlet.world.drawing import (
    WALKABLE,
    Glyph,
    MapPlan,
    Place,
    PlaceKind,
    Tile,
    TileName,
    TownMap,
    Venue,
    VenueKind,
    VenuePlan,
)
from townlet.world.survey import survey
from townlet.yaml_text import read_yaml

MISFITS = {
    "string_too_short": "cannot be empty",
    "string_too_long": "must be a single character",
    "string": "must be text",
    "int": "must be a whole number",
    "greater_than": "must be {ge} at least",
    "tuple": "must be a list",
    "too_short": "has too few parts: {min_length} at least",
    "too_long": "has too many parts: {max_length} at most",
    "dict": "must be a table of keys",
    "model": "must be a block of keys",
}
"""What is wrong with a value, by the beginning of pydantic's word for it; the first that fits."""

__all__ = ["WALKABLE", "Place", "Tile", "TownMap", "Venue", "overflow", "parse", "repeated_district"]


def parse(
    source: str | dict[str, Any],
    repeat: tuple[int, int] = (1, 1),
    shape: CapacityClass = LARGE,
    origin: str = "the map",
) -> TownMap:
    """The map in a map file's text (or parsed content), repeated `repeat` times down and across.

    `shape` is the capacity class that the map must fit into, `origin` the file's name in messages.
    Raises MapError, which lists everything that is wrong with the map.
    """
    plan = _read(source, origin)
    district, faults = survey(plan)
    faults += overflow(district, repeat, shape)
    if faults:
        raise MapError(origin, faults)
    return repeated_district(district, repeat)


def overflow(district: TownMap, repeat: tuple[int, int], shape: CapacityClass) -> list[str]:
    """Sentences that say how the repeated district is too large for a capacity class; one row and column stay empty."""
    down, across = repeat
    if down < 1 or across < 1:
        return [f"repeat {down} by {across}: a town is at least 1 by 1 districts"]
    counts = [
        ("rows", district.height * down, shape.side - 1),
        ("columns", district.width * across, shape.side - 1),
        ("venues", len(district.venues) * down * across, shape.venues),
        ("places", len(district.places) * down * across, shape.objects),
    ]
    return [
        f"{down} by {across} districts have {count} {what}, {most} fit into the {shape.name} class; "
        "repeat fewer or draw less"
        for what, count, most in counts
        if count > most
    ]


def repeated_district(district: TownMap, repeat: tuple[int, int]) -> TownMap:
    """A map of `repeat` copies of the district, down and across. Venues are then called "Café 3-2" and so on."""
    if repeat == (1, 1):
        return district
    down, across = repeat
    venues: list[Venue] = []
    places: list[Place] = []
    for d in range(down):
        for a in range(across):
            row, column, before = d * district.height, a * district.width, len(venues)
            venues += [
                v._replace(
                    name=f"{v.name} {d + 1}-{a + 1}",
                    top=v.top + row,
                    left=v.left + column,
                    doors=tuple((r + row, c + column) for r, c in v.doors),
                )
                for v in district.venues
            ]
            places += [
                p._replace(
                    row=p.row + row,
                    column=p.column + column,
                    venue=p.venue + before,
                    waiting=tuple((r + row, c + column) for r, c in p.waiting),
                )
                for p in district.places
            ]
    return TownMap(
        district.name,
        district.height * down,
        district.width * across,
        tuple(row * across for row in district.rows) * down,
        np.tile(district.grid, repeat),
        tuple(venues),
        tuple(sorted(places, key=lambda place: (place.row, place.column))),
    )


def _read(source: str | dict[str, Any], origin: str) -> MapPlan:
    """The content of the map file. Raises MapError, which lists every wrong key."""
    content: Any = source
    if isinstance(source, str):
        try:
            content = read_yaml(source, "it")
        except ConfigurationError as error:
            raise MapError(origin, [str(error)]) from error
    try:
        return MapPlan.model_validate(content)
    except ValidationError as error:
        raise MapError(origin, [_fault_of(one) for one in error.errors()]) from error


def _fault_of(error: Any) -> str:
    """One error of pydantic as a sentence, with the nearest valid name if there is one."""
    loc, wrong, sort = [str(part) for part in error["loc"]], str(error["input"]), error["type"]
    where = ".".join(loc) or "the whole file"
    if sort == "extra_forbidden":
        keys = {key for model in (Glyph, VenuePlan, MapPlan) for key in model.model_fields}
        return f"{where}: there is no such key{proposed(loc[-1], keys)}"
    if sort == "missing":
        return f"{where}: this key is missing"
    if sort == "literal_error":
        words = {"tile": TileName, "place": PlaceKind}.get(loc[-1], VenueKind)
        known = get_args(words)
        return f"{where}: cannot be {wrong!r}, possible is one of {', '.join(known)}{proposed(wrong, known)}"
    if sort == "value_error":
        return f"{where}: {error['ctx']['error']}"
    words_for = next((words for name, words in MISFITS.items() if sort.startswith(name)), "is not of the right form")
    given = wrong if len(wrong) <= 60 else f"{wrong[:57]}..."
    return f"{where}: {words_for.format(**error.get('ctx', {}))} ({given} given)"
