"""Gymnasium's spaces for observations and actions of seats."""

from typing import Any

import numpy as np
from gymnasium import spaces

from projections.observations.layout import CELLS, WINDOW, Layout
from townlet.rules.control import ASKABLE

ACTIONS = int(ASKABLE)
"""The number of options, and also of primitives."""


def observation_space(layout: Layout, *batch: int) -> spaces.Dict:
    """The observation of one seat, or of seats of shape `batch`: scalars, the map if there is one, the action mask."""
    several = (*batch, 1)
    parts: dict[str, spaces.Space[Any]] = {
        "scalars": spaces.Box(
            np.tile(layout.low, several).reshape(*batch, layout.size),
            np.tile(layout.high, several).reshape(*batch, layout.size),
            dtype=np.float32,
        ),
        "action_mask": spaces.Box(0, 1, (*batch, ACTIONS), np.int8),
    }
    if layout.planes:
        most = np.repeat([plane.high for plane in layout.planes], CELLS).astype("u1")
        most = np.tile(most, several).reshape(*batch, len(layout.planes), WINDOW, WINDOW)
        parts["map"] = spaces.Box(np.zeros_like(most), most, dtype=np.uint8)
    return spaces.Dict(parts)


def flat_space(layout: Layout) -> spaces.Box:
    """The observation of one seat as one array: the scalars, then the map's cells as shares of their maximum."""
    cells = len(layout.planes) * CELLS
    low, high = np.zeros(cells, np.float32), np.ones(cells, np.float32)
    return spaces.Box(np.concatenate([layout.low, low]), np.concatenate([layout.high, high]), dtype=np.float32)


def state_space(layout: Layout, seats: int) -> spaces.Box:
    """The scalars of all seats of a town, one seat after another."""
    return spaces.Box(np.tile(layout.low, seats), np.tile(layout.high, seats), dtype=np.float32)


def action_space() -> spaces.Discrete[Any]:
    """The action of one seat: an option or a primitive."""
    return spaces.Discrete(ACTIONS)


def action_spaces(*batch: int) -> "spaces.MultiDiscrete[Any]":  # generic from Gymnasium 1.4 on
    """The actions of seats of shape `batch`."""
    return spaces.MultiDiscrete(np.full(batch, ACTIONS))
