"""Measures a long run: the time to reach any tick, the bytes of an event, sealed and archived, and of telemetry."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from eventlog.archiving import archive
from projections.telemetry.messages import SCHEMA
from projections.telemetry.versions import lines
from townlet.bench.rows import Row, Sizes, median, seconds
from townlet.run import Run, simulate
from townlet.serving.feed import frames
from townlet.serving.mailbox import in_full


def rows(sizes: Sizes) -> Iterator[Row]:
    """Milliseconds to reach ticks spread over the run, bytes of a tick's telemetry, and bytes an event."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        simulate(ticks=sizes.long_ticks, seed=7, into=path, durability="never")
        ticks = [(2 * number + 1) * sizes.long_ticks // (2 * sizes.seeks) for number in range(sizes.seeks)]
        run = Run(path)
        taken = [seconds(partial(run.at, tick)) * 1e3 for tick in ticks]
        opened = [seconds(partial(_open_at, path, tick)) * 1e3 for tick in ticks]
        name = f"any tick of a run of {sizes.long_ticks:,}, from disk"
        yield Row(name, median(taken), "ms", 20, 8, most=True)
        yield Row("the slowest of them", max(taken), "ms", 20, 8, most=True)
        yield Row("opening that run and going to any tick", median(opened), "ms")
        yield Row("a tick's telemetry, 8 people", _telemetry_bytes(run), "bytes", 1_200, 800, most=True)
        sealed = archive(path)
        events = sum(each.events for each in sealed)
        before, after = sum(each.bytes_before for each in sealed), sum(each.bytes for each in sealed)
    yield Row("an event in a sealed segment", before / events, "bytes", 50, 40, most=True)
    yield Row("an event as Parquet", after / events, "bytes", 5, 3, most=True)


def _telemetry_bytes(run: Run) -> float:
    """The bytes of the messages of a tick, a mean of the second day without the snapshot that comes first."""
    day = run.config.town.ticks_per_day
    snapshot, *differences = in_full(frames(run, day, 2 * day))
    assert snapshot["type"] == "snapshot"
    return sum(len(line.encode()) + 1 for each in differences for line in lines(each, (SCHEMA,))) / len(differences)


def _open_at(path: Path, tick: int) -> None:
    Run(path).at(tick)
