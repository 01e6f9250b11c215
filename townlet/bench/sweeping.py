"""Measures sweeps: towns of many settings and seeds in two processes, short towns, and what it takes to ask them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from townlet.bench.peers import models
from townlet.bench.rows import Row, Sizes, in_turn, median, seconds
from townlet.sweeping.result import summary
from townlet.sweeping.running import sweep

JOBS: Final = 2
PEOPLE: Final = 8
STEPS_A_DAY: Final = 1440
POINTS: Final = 2
"""The points of the design: each has half of the towns."""

MS: Final = 1e3


def rows(sizes: Sizes) -> Iterator[Row]:
    """Agent-steps a second of a sweep in two processes beside Mesa's `batch_run`, and the cost of a one-day town."""
    towns, days = sizes.sweep_towns, sizes.sweep_days
    steps = PEOPLE * STEPS_A_DAY * days * towns

    def rate() -> float:
        return steps / seconds(lambda: sweep(_plan(towns, days), jobs=JOBS))

    value, peers = in_turn(rate, models.beside_sweeps(sizes, JOBS), sizes.repeats)
    yield Row(f"a sweep of {towns} towns of {days} days, two processes", value, "agent-steps/s", peers=peers)
    with tempfile.TemporaryDirectory() as folder:
        kept, count = Path(folder) / "sweep", sizes.asked_towns
        taken_s = seconds(lambda: sweep(_plan(count, 1), into=kept, jobs=1))
        yield Row("a one-day town of a sweep, kept", MS * taken_s / count, "ms", 50.0, 20.0, most=True)
        files = sum(path.is_file() for path in kept.rglob("*"))
        yield Row("its files", files / count, "files", 4.0, 2.0, most=True)
        asked_s = median(seconds(lambda: summary(kept).means()) for _ in range(sizes.repeats))
        yield Row(f"{count:,} towns of a sweep, asked for all means", asked_s, "s", 1.0, 0.2, most=True)


def _plan(towns: int, days: int) -> dict[str, Any]:
    """A sweep of so many towns of the default configuration."""
    return {
        "days": days,
        "seeds": max(1, towns // POINTS),
        "design": {"kind": "grid"},
        "parameters": {"chat.chance": [0.05, 0.1]},
        "figures": ["mean_trust", "chat_succeeded", "queue_conflict"],
    }
