"""The layout of an observation: names, sizes, ranges and meanings of its floats and planes, in their order.

Kernels, documents, the check of a policy and the public arrays use this declaration. The features that every variant
has come first, so their positions are constants; features that settings add come after them.
"""

# kernel source: kernels are compiled from this file, so it is part of the name of their cache.

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from eventlog.catalogue.registries import Option
from projections.settings import Observations

VERSION = 1
"""Raise it when a number gets another meaning but keeps its name and range."""

REACH = 5
"""How many tiles an agent sees in each direction."""

WINDOW = 2 * REACH + 1
CELLS = WINDOW * WINDOW

VALUES = 256
"""The length of a row of floats in kernels: more than any layout has."""

TARGETS = ("bed", "desk", "eat", "wash", "shop", "cook", "socialise")
"""Places whose ways an agent observes: its own bed, the desk of its shift or of the one that it covers, and the place
of each sort nearest to its home."""

NO_WAY = 255
"""The value in the plane `distance` for no way or no goal."""


class Feature(NamedTuple):
    """One or more floats of an observation: name, number of floats, least and greatest value, meaning."""

    name: str
    size: int
    low: float
    high: float
    meaning: str


class Plane(NamedTuple):
    """One plane of the map, 11x11 with the agent in the middle: name, greatest value of a cell, meaning."""

    name: str
    high: int
    meaning: str


def _ways() -> Iterator[Feature]:
    for target in TARGETS:
        whose = {"bed": "its own bed", "desk": "its desk"}.get(target, f"the place to {target} nearest to its home")
        yield Feature(
            f"to_{target}", 2, -1, 1, f"tiles down and tiles right to {whose} / tiles between; 0 if there is none"
        )
        yield Feature(f"steps_to_{target}", 1, 0, 1, "steps there / (steps + 16); 1 without a way")


OWN = (
    Feature("needs", 3, 0, 1, "hunger, hygiene, energy; 1 is satisfied"),
    Feature("wallet", 1, 0, 1, "money / (money + 10), in basic meals"),
    Feature("items", 2, 0, 1, "raw food and meals at hand: count / (count + 4)"),
    Feature("day", 2, -1, 1, "sine and cosine of the time of day, 0 at midnight"),
    Feature("has_job", 1, 0, 1, "1 with a job"),
    Feature("shift", 5, 0, 1, "one of: not begun or not there, on time, late, absent, over; all 0 without a job"),
    Feature("until_shift", 1, 0, 1, "ticks to the beginning of today's shift / ticks of a day; 1 if none is ahead"),
    Feature("lateness", 1, 0, 1, "ticks missed of the present shift / the ticks that make an agent absent"),
    Feature("attendance", 1, 0, 1, "share of the job's shifts begun in time; 1 before the first"),
    Feature("option", 9, 0, 1, f"the option in force, one of: {', '.join(option.name.lower() for option in Option)}"),
    Feature("doing", 1, 0, 1, "1 while the agent uses a place"),
    Feature("last_success", 1, 0, 1, "1 if the agent finished the last use of a place"),
    Feature("last_ticks", 1, 0, 1, "ticks of the last use: ticks / (ticks + those of an hour)"),
    Feature("in_queue", 1, 0, 1, "1 while the agent waits in a line"),
    Feature("place_in_line", 1, 0, 1, "position in the line, from 1, / 8; 0 outside of lines"),
    Feature("reservation", 1, 0, 1, "1 while the agent holds a place"),
    Feature("slot", 1, 0, 1, "the embedding slot (seat) / the town's seats"),
    Feature("ctx_reset", 1, 0, 1, "1 in the tick that begins with a new person or episode"),
    Feature("nearest", 1, 0, 1, "tiles down plus tiles right to the nearest person in sight / 11; 1 without one"),
    *_ways(),
)
"""The features that every variant has, first and in this order."""

DEBTS = (
    Feature("debt", 1, 0, 1, "rent that the agent owes / (that + 4), in basic meals"),
    Feature("unpaid_days", 1, 0, 1, "days of rent that is not fully paid / the days that mean eviction, at most 1"),
)
EPISODE_SUM = (
    Feature("episode_sum", 1, -1, 1, "sum of the episode's rewards so far / rewards.episode_clip; 0 without a clip"),
)
PERSONALITY = (Feature("personality", 3, -1, 1, "extroversion, forgiveness, ambition"),)
HINT = (Feature("path_hint", 4, 0, 1, "the next step to the agent's goal, one of N, E, S, W; all 0 at the goal"),)
AGGREGATES = (
    Feature("trust_mean", 1, -1, 1, "mean trust in those in sight; a stranger counts as 0; 0 with nobody in sight"),
    Feature("trust_most", 1, -1, 1, "the greatest trust in somebody in sight"),
    Feature("rivalry_mean", 1, -1, 1, "mean rivalry with those in sight"),
    Feature("rivalry_most", 1, -1, 1, "the greatest rivalry with somebody in sight"),
)

MAPS = {
    "full": (
        Plane("self", 1, "1 in the middle"),
        Plane("agents", 1, "1 where somebody else stands"),
        Plane("objects", 7, "the code of the option that a place serves; 0 without a place"),
        Plane("reservations", 2, "1 on a place that somebody else holds, 2 on the agent's own"),
        Plane("walkable", 1, "1 where anybody may walk: floor without a place on it"),
        Plane("distance", NO_WAY, "steps to the agent's goal, at most 254; 255 without a way or a goal"),
    ),
    "hybrid": (
        Plane("agents", 2, "1 where somebody else stands, 2 in the middle, where the agent stands"),
        Plane("reservations", 2, "1 on a place that somebody else holds, 2 on the agent's own"),
        Plane("walkable", 1, "1 where anybody may walk: floor without a place on it"),
    ),
    "compact": (),
}


@dataclass(frozen=True)
class Layout:
    """The floats and planes of one observation, in order."""

    variant: str
    features: tuple[Feature, ...]
    planes: tuple[Plane, ...]

    @cached_property
    def slices(self) -> dict[str, slice]:
        """The slice of the floats of each feature, by name."""
        ends = np.cumsum([feature.size for feature in self.features]).tolist()
        return {feature.name: slice(end - feature.size, end) for feature, end in zip(self.features, ends, strict=True)}

    @property
    def size(self) -> int:
        """The number of floats of an observation."""
        return sum(feature.size for feature in self.features)

    @cached_property
    def dtype(self) -> np.dtype:
        """The floats as a record type: `scalars.view(layout.dtype)["needs"]` are the needs, f4[..., 1, 3]."""
        return np.dtype([(one.name, "f4", (one.size,)) if one.size > 1 else (one.name, "f4") for one in self.features])

    @cached_property
    def low(self) -> np.ndarray:
        """The least value of each float, f4[size]."""
        return np.repeat([feature.low for feature in self.features], self._sizes).astype("f4")

    @cached_property
    def high(self) -> np.ndarray:
        """The greatest value of each float, f4[size]."""
        return np.repeat([feature.high for feature in self.features], self._sizes).astype("f4")

    @property
    def _sizes(self) -> list[int]:
        return [feature.size for feature in self.features]

    @cached_property
    def hash(self) -> str:
        """The first 16 hex digits of sha256 over VERSION and the names, sizes and ranges in order. A policy records it.

        Rewording a meaning does not change the hash. If a meaning changes, raise `VERSION`.
        """
        lines = [f"{VERSION} {self.variant}"]
        lines += [f"{one.name} {one.size} {one.low:g} {one.high:g}" for one in self.features]
        lines += [f"plane {one.name} {one.high}" for one in self.planes]
        return sha256("\n".join(lines).encode()).hexdigest()[:16]


def layout_of(settings: Observations) -> Layout:
    """The layout of an observation under these settings."""
    features = list(OWN)
    if settings.debts:
        features += DEBTS
    if settings.episode_sum:
        features += EPISODE_SUM
    if settings.personality:
        features += PERSONALITY
    if settings.variant == "compact":
        features += HINT
    if settings.social.enabled:
        features += _snippet(settings.social.top_k, settings.social.embed_dim)
        features += AGGREGATES if settings.social.include_aggregates else ()
    return Layout(settings.variant, tuple(features), MAPS[settings.variant])


def starts(*names: str) -> Iterator[np.int64]:
    """The position of the first float of each of these features, which every variant has, for kernels."""
    places = Layout("", OWN, ()).slices
    return (np.int64(places[name].start) for name in names)


def _snippet(top_k: int, embed_dim: int) -> Iterator[Feature]:
    """The features of friends by trust + familiarity, then of rivals by rivalry; nobody twice, zeros for nobody."""
    for sort in ("friend", "rival"):
        for rank in range(1, top_k + 1):
            who, merit = f"{sort}_{rank}", "trust + familiarity" if sort == "friend" else "rivalry"
            yield Feature(f"{who}_present", 1, 0, 1, f"1 if there is one: {merit} above 0")
            yield Feature(f"{who}_identity", embed_dim, -1, 1, "the code of its embedding slot")
            yield Feature(f"{who}_trust", 1, -1, 1, "the tie's trust")
            yield Feature(f"{who}_familiarity", 1, -1, 1, "the tie's familiarity")
            yield Feature(f"{who}_rivalry", 1, -1, 1, "the tie's rivalry")
            yield Feature(f"{who}_age", 1, 0, 1, "days since the tie began: days / (days + 5)")
