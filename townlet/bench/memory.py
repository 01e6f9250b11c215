"""Many towns at once on one core: all rules, every event copied out, living agents only."""

import time
from collections.abc import Iterator

import numpy as np

from projections.state import town_type
from townlet import day, draw
from townlet.bench.rows import Row, Sizes, median
from townlet.configuration.load import load
from townlet.town import Town
from townlet.world import founding

CHUNK = 64


def rows(sizes: Sizes) -> Iterator[Row]:
    """Agent-steps a second, what was recorded meanwhile, and how many were alive."""
    settings = load(None).settings
    first = Town([settings])
    rates, shares, alive = [], [], []
    for _ in range(sizes.repeats):
        towns = _founded(first, sizes.towns)
        plain = towns.view(np.ndarray)
        seconds, events, steps = 0.0, 0, 0
        for _ in range(sizes.days * settings.town.ticks_per_day // CHUNK):
            began = time.perf_counter()
            lived = day.live(towns, first.plans, CHUNK, first.reserve)
            events += _copied_out(plain)
            seconds += time.perf_counter() - began
            steps += int(lived) * int(plain["clock"]["people"].sum())
        rates.append(steps / seconds)
        shares.append(events / steps)
        alive.append(float(towns["clock"]["people"].mean()) / settings.town.people)
    yield Row(f"{sizes.towns} towns of 8 in memory, one core", median(rates), "agent-steps/s", 5e6, 10e6)
    yield Row("recorded meanwhile", median(shares), "events/agent-step")
    yield Row("alive meanwhile, the fewest", min(alive) * 100, "%", 90)


def _founded(first: Town, count: int) -> np.ndarray:
    towns = np.zeros(count, town_type(first.shape)).view(np.recarray)
    for index in range(count):
        draw.set_seed(towns, index, index)
        founding.found(towns, first.plans, index)
    towns["cursor"]["pending"] = 0
    return towns


def _copied_out(plain: np.ndarray) -> int:
    """Every town's rows, copied and counted. `plain` is the towns' array as an ndarray, whose fields are cheap."""
    outboxes, pending = plain["outbox"], plain["cursor"]["pending"]
    events = sum(len(outboxes[index, :count].copy()) for index, count in enumerate(pending.tolist()))
    pending[:] = 0
    return events
