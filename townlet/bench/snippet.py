"""Measures what the social snippet adds to a step: the same towns observed with it and without it, in turn."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, Literal

from townlet.bench.environment import live_days
from townlet.bench.rows import Row, Sizes, in_turn
from townlet.env.vector import VectorEnv

VARIANTS: Final[tuple[Literal["full", "hybrid", "compact"], ...]] = ("full", "hybrid", "compact")

SWITCH: Final = "observations.social.enabled"
"""The setting without which no snippet is observed."""


def rows(sizes: Sizes) -> Iterator[Row]:
    """Of each variant, the processor's time of an agent-step with the snippet, and over that without, on one core."""
    for variant in VARIANTS:
        lasting = partial(VectorEnv, towns=sizes.towns, episodes=sizes.days + 1, variant=variant)
        with lasting() as present, lasting(overrides={SWITCH: False}) as absent:
            without = _nanoseconds(absent, sizes.days)
            value, (beside,) = in_turn(_nanoseconds(present, sizes.days), {"without": without}, sizes.repeats)
        yield Row(f"an agent-step, {variant}, with the snippet", value, "ns")
        yield Row(f"over one without the snippet, {variant}", beside.ratio or 0.0, "times", 1.15, most=True)


def _nanoseconds(env: VectorEnv, days: int) -> Callable[[], float]:
    """Measures the processor's time of an agent-step, observed, masked and paid, in nanoseconds."""
    return lambda: 1e9 / live_days(env, days).busy
