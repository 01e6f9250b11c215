"""Measures many towns at once on one core: all rules, every event copied out; only living agents count."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from projections.record.state import town_type
from townlet.bench.rows import Row, Sizes, median
from townlet.configuration.load import load
from townlet.living import day, founding
from townlet.living.town import Town
from townlet.rules import draw

CHUNK = 20
"""Ticks at a time. Their events fit into the outbox of a town of any size, and a day is a multiple of it."""


class Lived(NamedTuple):
    """Agent-steps a second, events an agent-step, and the smallest share of people alive."""

    rate: float
    events: float
    alive: float


def rows(sizes: Sizes) -> Iterator[Row]:
    """Agent-steps a second, events an agent-step, and the smallest share of people alive."""
    first = Town([load(None).settings])
    taken = [live_days(first, sizes.towns, sizes.days) for _ in range(sizes.repeats)]
    rate = median(each.rate for each in taken)
    yield Row(f"{sizes.towns} towns of 8 in memory, one core", rate, "agent-steps/s", 6e6, 10e6)
    yield Row("recorded meanwhile", median(each.events for each in taken), "events/agent-step")
    yield Row("alive meanwhile, the fewest", min(each.alive for each in taken) * 100, "%", 90)


def live_days(first: Town, count: int, days: int) -> Lived:
    """Found `count` towns like `first` and let them live for `days` days; only living is timed."""
    settings = first.settings[0]
    towns = _founded_towns(first, count)
    plain = towns.view(np.ndarray)
    seconds, events, steps, alive = 0.0, 0, 0, 1.0
    for _ in range(days * settings.town.ticks_per_day // CHUNK):
        began = time.perf_counter()
        assert int(day.live(towns, first.plans, CHUNK, first.reserve)) == CHUNK, "an outbox was full too early"
        events += _copy_out(plain)
        seconds += time.perf_counter() - began
        steps += CHUNK * int(plain["clock"]["people"].sum())
        alive = min(alive, float(plain["clock"]["people"].mean()) / settings.town.people)
    return Lived(steps / seconds, events / steps, alive)


def _founded_towns(first: Town, count: int) -> np.ndarray:
    towns = np.zeros(count, town_type(first.shape)).view(np.recarray)
    for index in range(count):
        draw.set_seed(towns, index, index)
        founding.found(towns, first.plans, index)
    towns["cursor"]["pending"] = 0
    return towns


def _copy_out(plain: np.ndarray) -> int:
    """Copy the rows of all towns; returns their number. `plain` is the towns' array as an ndarray: it is faster."""
    outboxes, pending = plain["outbox"], plain["cursor"]["pending"]
    events = sum(len(outboxes[index, :count].copy()) for index, count in enumerate(pending.tolist()))
    pending[:] = 0
    return events
