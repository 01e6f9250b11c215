"""Measures a long run: the time to reach any tick, and the bytes of an event, sealed and archived."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eventlog.archiving import archive
from townlet.bench.rows import Row, Sizes, median, seconds
from townlet.run import Run, simulate


def rows(sizes: Sizes) -> Iterator[Row]:
    """Milliseconds to reach ticks spread over the run, and bytes an event."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        simulate(ticks=sizes.long_ticks, seed=7, into=path, durability="never")
        ticks = [(2 * number + 1) * sizes.long_ticks // (2 * sizes.seeks) for number in range(sizes.seeks)]
        run = Run(path)
        taken = [seconds(partial(run.at, tick)) * 1e3 for tick in ticks]
        opened = [seconds(partial(_open_at, path, tick)) * 1e3 for tick in ticks]
        name = f"any tick of a run of {sizes.long_ticks:,}, from disk"
        yield Row(name, median(taken), "ms", 50, 20, most=True)
        yield Row("the slowest of them", max(taken), "ms", 50, 20, most=True)
        yield Row("opening that run and going to any tick", median(opened), "ms")
        sealed = archive(path)
        events = sum(each.events for each in sealed)
        before, after = sum(each.bytes_before for each in sealed), sum(each.bytes for each in sealed)
    yield Row("an event in a sealed segment", before / events, "bytes", 54, 44, most=True)
    yield Row("an event as Parquet", after / events, "bytes", 12, 9, most=True)


def _open_at(path: Path, tick: int) -> None:
    Run(path).at(tick)
