"""Measures the cost of an agent-step in larger towns and in more towns, and the memory of a town."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from projections.record.state import ORDINARY
from townlet.bench import memory
from townlet.bench.rows import Row, Sizes, median
from townlet.configuration.load import Source, load
from townlet.env.vector import VectorEnv
from townlet.living.town import Town
from townlet.rules.control import NOT_ASKED

DISTRICT = 28
"""The people of a district. A larger town is a square of districts."""

ONE_OF = "an agent-step in a town of {people}"
OBSERVED = "an agent-step in a town of {people}, observed"
MANY = "towns of 8 observed, {towns:,} of them"
"""Names of rows. The chart finds its rows by them."""


class Size(NamedTuple):
    """A town of `people` people, and how many such towns are measured at once; the total of people is the same."""

    people: int
    towns: int
    config: Source
    overrides: Mapping[str, object]


def rows(sizes: Sizes) -> Iterator[Row]:
    """Nanoseconds of an agent-step from 8 to 700 people in one town; rates over 1 to 1,024 towns; memory."""
    most = max(sizes.districts) ** 2 * DISTRICT
    towns = [Size(8, most // 8, None, {}), *(_of_districts(side, most) for side in sizes.districts)]
    yield from _over_people(towns, _living_rate, sizes, ONE_OF, (1.3, 1.1))
    yield from _over_people(towns, _observed_rate, sizes, OBSERVED, (2.0, 1.3))
    yield from _over_towns(sizes)


def _of_districts(side: int, most: int) -> Size:
    people = side * side * DISTRICT
    capacity = "ordinary" if people <= ORDINARY.agents else "large"
    settings = {"town.repeat": [side, side], "town.people": people, "town.capacity": capacity}
    return Size(people, most // people, "large", settings)


def _living_rate(size: Size, sizes: Sizes) -> Callable[[], float]:
    """A measurement with all rules and every event copied out, as in the family `memory`."""
    first = Town([load(size.config, size.overrides).settings])
    return lambda: memory.live_days(first, size.towns, sizes.growth_days).rate


def _observed_rate(size: Size, sizes: Sizes) -> Callable[[], float]:
    env = VectorEnv(size.config, towns=size.towns, overrides=size.overrides)
    return partial(rate_of, env, sizes.growth_days)


def _over_people(
    towns: list[Size],
    measured: Callable[[Size, Sizes], Callable[[], float]],
    sizes: Sizes,
    name: str,
    bounds: tuple[float, float],
) -> Iterator[Row]:
    """The rows by size of town. Sizes are measured in turn, so that changes of the machine's speed affect all."""
    measures = [measured(size, sizes) for size in towns]
    for measure in measures:
        measure()  # the first call compiles for another capacity class
    costs = [[1e9 / measure() for measure in measures] for _ in range(sizes.repeats)]
    for place, size in enumerate(towns):
        yield Row(name.format(people=size.people), median(each[place] for each in costs), "ns")
    times = median(each[-1] / each[0] for each in costs)
    yield Row(f"{name.format(people=towns[-1].people)}, over one of 8", times, "times", *bounds, most=True)


def _over_towns(sizes: Sizes) -> Iterator[Row]:
    for count in sizes.many_towns:
        before = resident_bytes()
        with VectorEnv(towns=count) as env:
            rates = [rate_of(env, sizes.growth_days) for _ in range(min(sizes.repeats, 3))]
            taken = resident_bytes() - before
        yield Row(MANY.format(towns=count), median(rates), "agent-steps/s")
    yield Row(f"memory of a town, of {count:,}", taken / count / 1e6, "MB")


def rate_of(env: VectorEnv, days: int) -> float:
    """Agent-steps a second by the clock, over `days` whole days from the founding, with the scripted policy."""
    env.reset(seed=0)
    actions = np.full((env.num_envs, env.seats), NOT_ASKED)
    clocks: Any = env.towns.view(np.ndarray)["clock"]
    ticks = days * env.settings.town.ticks_per_day
    began, living = time.perf_counter(), 0
    for _ in range(ticks):
        env.step(actions)
        living += int(clocks["people"].sum())
    return living / (time.perf_counter() - began)


def resident_bytes() -> int:
    """The resident memory of this process in bytes; 0 if the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
