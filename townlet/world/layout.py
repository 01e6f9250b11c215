"""Turns a map into the record that kernels read: rooms, distances, waiting lines, and near places."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from projections.record.plan import DOORS, FAR
from projections.record.state import CapacityClass
from townlet.errors import ConfigurationError, MapError
from townlet.world.maps import WALKABLE, TownMap, overflow
from townlet.world.paths import NO_WAY, measure_fields, measure_rooms, rank_places

HOMES = {"home"}
"""Kinds of venues that only their own residents use."""


def fill(
    layout: Any,
    town_map: TownMap,
    shape: CapacityClass,
    affordance_of: Mapping[str, int],
    option_of: Sequence[int],
) -> None:
    """Fill one layout record (or an array of one) with a town's map.

    `affordance_of` maps the kind of a place to its affordance code, `option_of` an affordance code to its option.
    Unused elements hold -1, FAR or NO_WAY, so that a number read from them is never a place. To walk to place g of
    venue v, step to a neighbour tile that is not `seated` (unless it is g) and that has fewer steps to g.

    Raises MapError if the map is too large for the capacity class, ConfigurationError for a place without affordance.
    """
    if faults := overflow(town_map, (1, 1), shape):
        raise MapError(f"map {town_map.name!r}", faults)
    if missing := sorted({place.kind for place in town_map.places} - set(affordance_of)):
        raise ConfigurationError(
            f"map {town_map.name!r} has places that no affordance uses: {', '.join(missing)}. "
            f"Affordances use {', '.join(sorted(affordance_of))}; add one, or take these places off the map."
        )
    record = layout.reshape(-1)[0] if isinstance(layout, np.ndarray) else layout
    record["side"], record["height"], record["width"] = shape.side, town_map.height, town_map.width
    record["places"], record["venues"] = len(town_map.places), len(town_map.venues)
    _lay_ground(record, town_map, shape.side)
    _measure(record, town_map, shape.side)
    _furnish(record["place"], town_map, shape.side, affordance_of)
    _rank(record, town_map, shape.side, option_of)


def _lay_ground(record: Any, town_map: TownMap, side: int) -> None:
    """Fill in which tiles are walkable, where places stand, and which venue each tile belongs to."""
    height, width = town_map.height, town_map.width
    room, spot = record["room"].reshape(side, side), record["spot"].reshape(side, side)
    room[:], spot[:] = -1, -1
    record["walkable"][:], record["seated"][:] = 0, 0
    record["walkable"].reshape(side, side)[:height, :width] = np.isin(town_map.grid, list(WALKABLE))
    for place in town_map.places:
        record["seated"][place.row * side + place.column] = 1
    record["private"][:], record["doors"][:] = 0, -1
    for v, venue in enumerate(town_map.venues):
        here = slice(venue.top, venue.top + venue.height), slice(venue.left, venue.left + venue.width)
        room[here] = v
        spot[here] = np.arange(venue.height * venue.width).reshape(venue.height, venue.width)
        record["private"][v] = venue.kind in HOMES
        record["doors"][v, : len(venue.doors)] = [spot[door] for door in venue.doors]


def _door_tiles(town_map: TownMap, side: int) -> np.ndarray:
    """The tiles of each venue's doors, int64[venues, DOORS]; -1 means no door."""
    tiles = np.full((len(town_map.venues), DOORS), -1, np.int64)
    for v, venue in enumerate(town_map.venues):
        tiles[v, : len(venue.doors)] = [row * side + column for row, column in venue.doors]
    return tiles


def _measure(record: Any, town_map: TownMap, side: int) -> None:
    """Fill in the steps from every tile to every venue, and between the spots of each venue."""
    many = len(town_map.venues)
    ground = (record["room"], record["walkable"], record["seated"])
    boxes = np.array([venue[2:6] for venue in town_map.venues], np.int64)
    record["field"][:], record["inside"][:] = FAR, NO_WAY
    measure_fields(record["field"][:many], _door_tiles(town_map, side), ground, side)
    measure_rooms(record["inside"][:many], boxes, ground, side)


def _furnish(place: np.ndarray, town_map: TownMap, side: int, affordance_of: Mapping[str, int]) -> None:
    """Fill in the places, in reading order, with the tiles of their lines."""
    for field in ("affordance", "tile", "venue", "waiting"):
        place[field] = -1
    place["line"] = 0
    many = len(town_map.places)
    place["affordance"][:many] = [affordance_of[one.kind] for one in town_map.places]
    place["tile"][:many] = [one.row * side + one.column for one in town_map.places]
    place["venue"][:many] = [one.venue for one in town_map.places]
    place["line"][:many] = [len(one.waiting) for one in town_map.places]
    for o, one in enumerate(town_map.places):
        place["waiting"][o, : len(one.waiting)] = [row * side + column for row, column in one.waiting]


def _rank(record: Any, town_map: TownMap, side: int, option_of: Sequence[int]) -> None:
    """Fill in, for each venue and option, the nearest places that serve the option.

    A distance is the number of steps from the venue's nearest door to the other venue's nearest door, plus the steps
    from that venue's nearest door to the place.
    """
    venues, place = len(town_map.venues), record["place"][: len(town_map.places)]
    doors, tiles = record["doors"][:venues], _door_tiles(town_map, side)
    apart = np.empty((venues, venues), np.int64)
    for w in range(venues):
        apart[:, w] = np.where(tiles >= 0, record["field"][w][tiles], FAR).min(axis=1)
    homes, spots = place["venue"].copy(), record["spot"][place["tile"]]
    from_doors = record["inside"][homes[:, None], doors[homes], spots[:, None]].astype(np.int64)
    depth = np.where(doors[homes] >= 0, from_doors, FAR).min(axis=1, initial=FAR)
    options = np.array([option_of[code] for code in place["affordance"]], np.int64)
    record["near"][:], record["near_count"][:] = -1, 0
    rank_places(record["near"], record["near_count"], apart, depth, homes, options, record["private"])
