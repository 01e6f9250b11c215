"""The layout of an observation, declared once: names, sizes, ranges, meanings, in the order of the floats.

Kernels, the documents, a policy's check and the public arrays all follow from this declaration. What every variant has
stands first, so that its places are constants; what settings add stands behind.
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
"""Goes up when a number comes to mean something else though its name and range stay."""

REACH = 5
"""Tiles that are seen in each direction."""

WINDOW = 2 * REACH + 1
CELLS = WINDOW * WINDOW

VALUES = 256
"""Room for the floats of a row: more than any layout has."""

TARGETS = ("bed", "desk", "eat", "wash", "shop", "cook", "socialise")
"""Places that an agent is told the way to: its own bed, the desk of its shift or of the one it covers, and of each
sort the nearest to its home."""

NO_WAY = 255
"""Of the steps in the map: no way, or nothing to go to."""


class Feature(NamedTuple):
    """One or more floats of an observation: name, how many, the least and the most they can be, what they mean."""

    name: str
    size: int
    low: float
    high: float
    meaning: str


class Plane(NamedTuple):
    """One 11x11 plane of the map, the agent in its middle: name, the most a cell can be, what it means."""

    name: str
    high: int
    meaning: str


def _ways() -> Iterator[Feature]:
    for target in TARGETS:
        whose = {"bed": "its own bed", "desk": "its desk"}.get(target, f"the place to {target} nearest to its home")
        yield Feature(
            f"to_{target}", 2, -1, 1, f"down and right to {whose}, as shares of the tiles between; 0 if there is none"
        )
        yield Feature(f"steps_to_{target}", 1, 0, 1, "steps there / (steps + 16); 1 without a way")


OWN = (
    Feature("needs", 3, 0, 1, "hunger, hygiene, energy; 1 is satisfied"),
    Feature("wallet", 1, 0, 1, "money / (money + 10), in basic meals"),
    Feature("items", 2, 0, 1, "raw food and meals at hand: count / (count + 4)"),
    Feature("day", 2, -1, 1, "sine and cosine of the time of day, 0 at midnight"),
    Feature("has_job", 1, 0, 1, "1 with a job"),
    Feature("shift", 5, 0, 1, "one of: before or away from it, on time, late, absent, over; none without a job"),
    Feature("until_shift", 1, 0, 1, "ticks to the beginning of today's shift, as a share of a day; 1 if none is ahead"),
    Feature("lateness", 1, 0, 1, "ticks missed of the shift under way, as a share of those that make one absent"),
    Feature("attendance", 1, 0, 1, "share of the job's shifts begun in time; 1 before the first"),
    Feature("option", 9, 0, 1, f"the option in force, one of: {', '.join(option.name.lower() for option in Option)}"),
    Feature("doing", 1, 0, 1, "1 while a place is being used"),
    Feature("last_success", 1, 0, 1, "1 if what was done last was finished"),
    Feature("last_ticks", 1, 0, 1, "how long that took: ticks / (ticks + 60)"),
    Feature("in_queue", 1, 0, 1, "1 while waiting in a line"),
    Feature("place_in_line", 1, 0, 1, "how many stand before, and oneself, / 8; 0 in no line"),
    Feature("reservation", 1, 0, 1, "1 while holding a place"),
    Feature("slot", 1, 0, 1, "the embedding slot (seat) / the town's seats"),
    Feature("ctx_reset", 1, 0, 1, "1 in the tick that begins with a new person or episode"),
    Feature("nearest", 1, 0, 1, "tiles down and right to whoever is nearest in sight / 11; 1 with nobody in sight"),
    *_ways(),
)
"""What every variant has, first and in this order."""

PERSONALITY = (Feature("personality", 3, -1, 1, "extroversion, forgiveness, ambition"),)
HINT = (Feature("path_hint", 4, 0, 1, "the next step to where it is bound, one of N, E, S, W; none if it is there"),)
AGGREGATES = (
    Feature("trust_mean", 1, -1, 1, "of the trust in those in sight; a stranger counts 0, as does nobody in sight"),
    Feature("trust_most", 1, -1, 1, "the most of it"),
    Feature("rivalry_mean", 1, -1, 1, "of the rivalry with those in sight"),
    Feature("rivalry_most", 1, -1, 1, "the most of it"),
)

MAPS = {
    "full": (
        Plane("self", 1, "1 in the middle"),
        Plane("agents", 1, "1 where somebody else stands"),
        Plane("objects", 7, "the option that a place serves, by its code; 0 where there is none"),
        Plane("reservations", 2, "1 on a place that somebody holds, 2 on one's own"),
        Plane("walkable", 1, "1 where anybody may walk: floor without a place on it"),
        Plane("distance", NO_WAY, "steps to the place one is bound for, 254 at most; 255 without a way or a place"),
    ),
    "hybrid": (
        Plane("agents", 2, "1 where somebody else stands, 2 where one stands oneself: in the middle"),
        Plane("reservations", 2, "1 on a place that somebody holds, 2 on one's own"),
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
        """Where each feature stands among the floats, by name."""
        ends = np.cumsum([feature.size for feature in self.features]).tolist()
        return {feature.name: slice(end - feature.size, end) for feature, end in zip(self.features, ends, strict=True)}

    @property
    def size(self) -> int:
        """How many floats an observation has."""
        return sum(feature.size for feature in self.features)

    @cached_property
    def dtype(self) -> np.dtype:
        """The floats as a record: `scalars.view(layout.dtype)["needs"]` are the needs, f4[..., 1, 3]."""
        return np.dtype([(one.name, "f4", (one.size,)) if one.size > 1 else (one.name, "f4") for one in self.features])

    @cached_property
    def low(self) -> np.ndarray:
        """The least that each float can be, f4[size]."""
        return np.repeat([feature.low for feature in self.features], self._sizes).astype("f4")

    @cached_property
    def high(self) -> np.ndarray:
        """The most that each float can be, f4[size]."""
        return np.repeat([feature.high for feature in self.features], self._sizes).astype("f4")

    @property
    def _sizes(self) -> list[int]:
        return [feature.size for feature in self.features]

    @cached_property
    def hash(self) -> str:
        """Sixteen hex digits over names, sizes and ranges in their order: what a policy that learned on them records.

        A meaning that is only said in other words keeps it; one that changes raises `VERSION`.
        """
        lines = [f"{VERSION} {self.variant}"]
        lines += [f"{one.name} {one.size} {one.low:g} {one.high:g}" for one in self.features]
        lines += [f"plane {one.name} {one.high}" for one in self.planes]
        return sha256("\n".join(lines).encode()).hexdigest()[:16]


def layout_of(settings: Observations) -> Layout:
    """The layout of an observation under these settings."""
    features = list(OWN)
    if settings.personality:
        features += PERSONALITY
    if settings.variant == "compact":
        features += HINT
    if settings.social.enabled:
        features += _snippet(settings.social.top_k, settings.social.embed_dim)
        features += AGGREGATES if settings.social.include_aggregates else ()
    return Layout(settings.variant, tuple(features), MAPS[settings.variant])


def starts(*names: str) -> Iterator[np.int64]:
    """Where features that every variant has begin, for kernels."""
    places = Layout("", OWN, ()).slices
    return (np.int64(places[name].start) for name in names)


def _snippet(top_k: int, embed_dim: int) -> Iterator[Feature]:
    """Friends by trust + familiarity, then rivals by rivalry; nobody twice, zeros where there is nobody."""
    for sort in ("friend", "rival"):
        for rank in range(1, top_k + 1):
            who, merit = f"{sort}_{rank}", "trust + familiarity" if sort == "friend" else "rivalry"
            yield Feature(f"{who}_present", 1, 0, 1, f"1 if there is one: {merit} above 0")
            yield Feature(f"{who}_identity", embed_dim, -1, 1, "the code of its embedding slot")
            yield Feature(f"{who}_trust", 1, -1, 1, "the tie's trust")
            yield Feature(f"{who}_familiarity", 1, -1, 1, "the tie's familiarity")
            yield Feature(f"{who}_rivalry", 1, -1, 1, "the tie's rivalry")
            yield Feature(f"{who}_age", 1, 0, 1, "days since the tie began: days / (days + 5)")
