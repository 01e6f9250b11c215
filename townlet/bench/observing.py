"""Measures views of a run: any tick, one tick after another, with 8 and with 64 people; and the pass over the log."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from townlet.bench.rows import Row, Sizes, median, seconds
from townlet.observing.run_reader import RunReader
from townlet.observing.view import Wanted
from townlet.run import Run, simulate

CROWD: Final = 64
"""The people of the larger town."""

DISTRICTS: Final = {"town.repeat": [2, 2], "town.people": CROWD, "town.capacity": "large"}

PLAYED: Final = 200
"""How many ticks are viewed one after another."""

SPELL_S: Final = 0.02
"""Seconds of the pass over the log between two views."""


def rows(sizes: Sizes) -> Iterator[Row]:
    """Seconds of the pass over the log; milliseconds of a view of any tick, and of the next tick."""
    with tempfile.TemporaryDirectory() as folder:
        ticks = sizes.long_ticks
        run = simulate(ticks=ticks, seed=7, into=Path(folder) / "long", durability="never")
        reader = RunReader(run)
        passed = seconds(partial(_work, reader))
        yield Row(f"the index and the story of {ticks:,} ticks", passed, "s")
        taken = [_look(reader, (2 * number + 1) * ticks // (2 * sizes.seeks)) for number in range(sizes.seeks)]
        yield Row(f"a view of any of {ticks:,} ticks", median(taken), "ms", 50, 20, most=True)
        yield Row("the slowest of these views", max(taken), "ms", 50, 20, most=True)
        yield Row(
            "a view of the next tick, 8 people", median(_view_times_ms(reader, ticks // 2)), "ms", 8, 4, most=True
        )
        reader.close()
        crowd = simulate("large", ticks=sizes.ticks, seed=7, into=Path(folder) / "crowd", overrides=DISTRICTS)
        yield from _of_crowd(crowd)


def _of_crowd(run: Run) -> Iterator[Row]:
    """The rows for the larger town, without and with the card of a person."""
    reader = RunReader(run)
    _work(reader)
    last = run.head.tick
    person = next(iter(reader.view(Wanted(last // 2)).town.state["agents"]), None)
    alone, beside = _view_times_ms(reader, last // 2), _view_times_ms(reader, last // 2, person)
    reader.close()
    yield Row(f"a view of the next tick, {CROWD} people", median(alone), "ms", 16, 8, most=True)
    yield Row(f"the same with the card of one of {CROWD}", median(beside), "ms", 16, 8, most=True)


def _view_times_ms(reader: RunReader, tick: int, person: str | None = None) -> list[float]:
    """The milliseconds of the view of each of PLAYED ticks in turn, without the first one, which is a seek."""
    _look(reader, tick, person)
    return [_look(reader, tick + number, person) for number in range(1, PLAYED)]


def _look(reader: RunReader, tick: int, person: str | None = None) -> float:
    return seconds(partial(reader.view, Wanted(tick, person))) * 1e3


def _work(reader: RunReader) -> None:
    """Fold everything that there is to fold."""
    while reader.work(SPELL_S):
        pass
