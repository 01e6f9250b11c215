"""Computes positions for people, so that people who like each other are near: a spring layout without randomness."""

from typing import Final

import numpy as np

STEPS: Final = 300
GRAVITY: Final = 0.6
"""The strength of the pull to the middle, so that people without ties do not drift away."""

CLOSE: Final = 0.02
"""Two people may be nearer than their room by this share of it."""

STRETCH: Final = 1.6
"""The largest ratio of stretching in one direction to the other, to fill the sheet."""


def spring_layout(pull: np.ndarray) -> np.ndarray:
    """Positions [n, 2], float64, in the square from -1 to 1. The longest direction is horizontal.

    `pull` [n, n] is symmetric and >= 0. Springs pull with pull x distance^2 / k, and each two people push each other
    with k^2 / distance (Fruchterman and Reingold 1991, 10.1002/spe.4380211102). The start is a circle in the given
    order; the steps get smaller.
    """
    count = len(pull)
    angles = 2 * np.pi * np.arange(count) / max(count, 1)
    places = np.column_stack([np.cos(angles), np.sin(angles)])
    k = 2 / np.sqrt(max(count, 1))
    for step in range(STEPS):
        distance = _distances(places)
        force = k**2 / distance - pull * distance**2 / k
        moves = _moves(places, force / distance) - GRAVITY * places
        length = np.maximum(np.hypot(*moves.T), 1e-9)
        reach = 0.2 * (1 - step / STEPS) + 1e-3
        places = places + moves / length[:, None] * np.minimum(length, reach)[:, None]
    return _stretched(places)


def pushed_apart(places: np.ndarray, room: float) -> np.ndarray:
    """The positions after a few rounds of pushing apart neighbours that are nearer than `room`."""
    for _ in range(STEPS):
        distance = _distances(places)
        short = np.clip(room - distance, 0, None)
        np.fill_diagonal(short, 0)
        if short.max(initial=0) <= CLOSE * room:
            break
        places = places + _moves(places, short / distance) / 2
    return places


def _stretched(places: np.ndarray) -> np.ndarray:
    """The positions, rotated so that the widest direction is horizontal, and stretched towards the square."""
    if len(places) < 2:
        return np.zeros_like(places)
    middled = places - places.mean(axis=0)
    across = np.linalg.eigh(middled.T @ middled)[1][:, ::-1]
    turned = middled @ (across * np.sign(across[np.abs(across).argmax(axis=0), [0, 1]]))
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = 1 / np.maximum(high - low, 1e-6)
    filling: np.ndarray = (2 * turned - low - high) * np.minimum(scale, STRETCH * scale.min())
    return filling


def _distances(places: np.ndarray) -> np.ndarray:
    """The distance from each to each, [n, n], never 0."""
    x, y = places.T
    distance: np.ndarray = np.maximum(np.hypot(x[:, None] - x, y[:, None] - y), 1e-6)
    return distance


def _moves(places: np.ndarray, away: np.ndarray) -> np.ndarray:
    """The moves [n, 2] that result from pushes `away` [n, n], each a share of the way between two people."""
    moves: np.ndarray = places * away.sum(axis=1)[:, None] - away @ places
    return moves
