"""The lens: one record, compiled from settings and plan, that observing reads and never writes.

A lens of the ordinary class takes 1.2 MB, one of the large class 17 MB, nearly all of it for the windows of its tiles.
This module also has the types of the records that observing writes.
"""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

import math
from functools import cache
from typing import Any

import numpy as np

from eventlog.catalogue.registries import Option
from projections.observations.gates import require_ties
from projections.observations.layout import CELLS, REACH, VALUES, WINDOW, Layout, layout_of
from projections.record.state import CLASSES, CapacityClass
from projections.settings import Observations

PADDED = 128
"""Bytes of a plane: its 121 cells, rounded up to whole words."""

PLANES = ("self", "agents", "objects", "reservations", "walkable", "distance")
STILL = ("objects", "walkable")
"""Planes that depend only on the tile on which the agent stands."""

DAY_MOST = 14400
CODES = 16
SORTS = ("eat", "wash", "shop", "cook", "socialise")

FEATURES = np.dtype([("values", "f4", (VALUES,))])
"""A row of floats in kernels. It is longer than any layout, so that rows have the same type under all settings.

In memory a row takes only the layout's length, and rows overlap: a kernel must not write more floats than that.
"""

VIEW = np.dtype(
    [
        ("person", "i8"),  # the observing person + 1; 0: nobody, all is zero
        ("tile", "i8"),  # the tile for which the STILL planes were drawn
        ("bound", "i8"),  # the goal for which `distance` was drawn
        ("home", "i8"),
        ("desk", "i8"),
        ("epoch", "i8"),
        ("spare", "i8", (2,)),
        ("planes", "u1", (len(PLANES) + 1, PADDED)),  # one more than any map has, for the same reason as FEATURES
    ]
)
"""The map of one seat, and the values that it was drawn for: planes whose values did not change are not redrawn."""

HEAD = 64
"""Bytes of a view before its planes."""


@cache
def lens_type(shape: CapacityClass) -> np.dtype:
    """The type of the lens of a town of this capacity class. The position of an absent feature or plane is -1."""
    tiles = shape.side * shape.side
    return np.dtype(
        [
            ("shift", "i8"),  # tile >> shift is a row
            ("mask", "i8"),  # tile & mask is a column
            ("floats", "i8"),
            ("planes", "i8"),
            ("plane", [(name, "i8") for name in PLANES]),
            ("debts", "i8"),
            ("episode_sum", "i8"),
            ("personality", "i8"),
            ("hint", "i8"),
            ("social", "i8"),
            ("aggregates", "i8"),
            ("top_k", "i8"),
            ("embed_dim", "i8"),
            ("sky", "f4", (DAY_MOST, 2)),
            ("code", "f4", (shape.agents, CODES)),
            ("nearest", "i8", (shape.venues, len(SORTS))),  # the place of each sort nearest to a venue
            ("place_at", "i2", (tiles,)),  # place + 1 on a tile, 0: none
            ("furnished", "i2", (tiles,)),  # bit r: there is a place in row r of a tile's window
            ("still", "u1", (tiles, len(STILL), PADDED)),
        ]
    )


def compile_lens(settings: Observations, plans: np.ndarray) -> np.ndarray:
    """The lens of each plan (a view as `np.recarray`), in the plans' order: `lenses[clock.epoch]`.

    Raises NotImplementedError if the settings ask for a social snippet but relationships are off.
    """
    shape = shape_of(plans)
    layout = layout_of(settings)
    lenses = np.zeros(len(plans), lens_type(shape)).view(np.recarray)
    for lens, plan in zip(lenses.view(np.ndarray), plans.view(np.ndarray), strict=True):
        require_ties(settings, int(plan["social"]["capacity"]))
        _place_features(lens, layout, settings)
        _draw_sky(lens["sky"], int(plan["life"]["ticks_per_day"]))
        lens["code"] = identity_codes(shape.agents)
        _look_round(lens, plan, shape)
    return lenses


def shape_of(plans: np.ndarray) -> CapacityClass:
    """The capacity class of the towns of these plans."""
    seats = plans["jobs"].shape[1]
    return next(shape for shape in CLASSES.values() if shape.agents == seats)


def identity_codes(slots: int) -> np.ndarray:
    """The code of each embedding slot, f4[slots, 16] in [-1, 1]. No two codes have an equal number; codes never change.

    They are the fractional parts of multiples of the square roots of the first primes (Weyl's sequence), scaled.
    """
    primes = [n for n in range(2, 60) if all(n % d for d in range(2, n))][:CODES]
    turns = np.arange(1, slots + 1)[:, None] * np.sqrt(np.array(primes, "f8"))
    codes: np.ndarray = 2.0 * (turns - np.floor(turns)) - 1.0
    return codes.astype("f4")


def _place_features(lens: Any, layout: Layout, settings: Observations) -> None:
    """Write the positions of the features that settings add, and the indexes of the planes."""
    slices = layout.slices
    for name, first in (
        ("debts", "debt"),
        ("episode_sum", "episode_sum"),
        ("personality", "personality"),
        ("hint", "path_hint"),
        ("social", "friend_1_present"),
        ("aggregates", "trust_mean"),
    ):
        lens[name] = slices[first].start if first in slices else -1
    planes = [plane.name for plane in layout.planes]
    lens["plane"] = tuple(planes.index(name) if name in planes else -1 for name in PLANES)
    lens["floats"], lens["planes"] = layout.size, len(planes)
    lens["top_k"] = settings.social.top_k if settings.social.enabled else 0
    lens["embed_dim"] = settings.social.embed_dim


def _draw_sky(sky: np.ndarray, ticks_per_day: int) -> None:
    turns = [2.0 * math.pi * tick / ticks_per_day for tick in range(ticks_per_day)]
    sky[:ticks_per_day] = [(math.sin(turn), math.cos(turn)) for turn in turns]


def _look_round(lens: Any, plan: Any, shape: CapacityClass) -> None:
    """Write the STILL planes of every tile, and the places on and near tiles."""
    layout, side = plan["layout"], shape.side
    lens["shift"], lens["mask"] = side.bit_length() - 1, side - 1
    lens["nearest"] = layout["near"][:, [Option[name.upper()] for name in SORTS], 0]
    places = layout["place"][: int(layout["places"])]
    lens["place_at"][places["tile"]] = np.arange(1, len(places) + 1)
    objects = np.zeros(side * side, "u1")
    objects[places["tile"]] = plan["affordances"]["option"][places["affordance"]]
    for plane, cells in enumerate((objects, layout["walkable"] & (1 - layout["seated"]))):
        edged = np.pad(cells.reshape(side, side), REACH)
        windows = np.lib.stride_tricks.sliding_window_view(edged, (WINDOW, WINDOW))
        lens["still"][:, plane, :CELLS] = windows.reshape(side * side, CELLS)
    rows = lens["still"][:, 0, :CELLS].reshape(-1, WINDOW, WINDOW).any(axis=2)
    lens["furnished"] = rows @ (1 << np.arange(WINDOW))
