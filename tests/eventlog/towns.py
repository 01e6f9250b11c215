"""Small histories for tests: what a town could have recorded, made from a number."""

from pathlib import Path

import numpy as np

from eventlog.folder.manifest import Epoch
from eventlog.rows import MISSING, MISSING_VALUE, ROW, Rows
from eventlog.writer import Durability, LogWriter

EPOCHS = (Epoch(from_seq=0, config_id="c0ffee", seed=7),)


def history(events: int, *, seq: int = 0, tick: int = 0, events_per_tick: int = 10) -> Rows:
    """`events` rows from `seq` and `tick` on; every column varies, and is missing in some rows."""
    number = np.arange(seq, seq + events)
    rows = np.zeros(events, ROW)
    rows["seq"] = number
    rows["tick"] = tick + np.arange(events) // events_per_tick
    rows["kind"] = number * 7 % 97
    rows["agent"] = number * 31 % 64
    rows["other"] = np.where(number % 3, number * 17 % 64, MISSING)
    rows["object"] = np.where(number % 4, number % 256, MISSING)
    rows["tile"] = number * 13 % 2304
    rows["code"] = number % 11
    rows["code2"] = MISSING
    rows["value"] = np.sin(number)
    rows["value2"] = np.where(number % 2, number / 7, MISSING_VALUE)
    rows["cause"] = number % 5
    return rows


def new_log(path: Path, *, durability: Durability = "never", interval_ms: float = 50) -> LogWriter:
    """A new run's writer."""
    return LogWriter.create(
        path,
        run_id="0190",
        name=path.name,
        epochs=EPOCHS,
        versions={"townlet": "0.1"},
        durability=durability,
        interval_ms=interval_ms,
    )


def commit(writer: LogWriter, events: int, notes: dict[int, str] | None = None) -> Rows:
    """Commit so many events after the writer's head; gives them."""
    head = writer.head
    rows = history(events, seq=head.seq, tick=head.tick)
    writer.commit(rows, notes, expected_seq=head.seq)
    return rows


def segment_of(run: Path) -> Path:
    """The run's active segment."""
    return run / "log" / f"{0:020}.arrows"


def written(path: Path, sizes: list[int], *, durable: int | None = None) -> LogWriter:
    """A run with commits of these sizes, still open; the first `durable` commits are synced."""
    writer = new_log(path)
    for number, size in enumerate(sizes):
        if durable == number:
            writer.sync()
        commit(writer, size)
    if durable == len(sizes):
        writer.sync()
    return writer


def abandon(writer: LogWriter) -> None:
    """Let go of the run as a process that dies does: nothing synced, nothing marked, the lock free."""
    writer._poison = ("it died", writer.head.seq)
    writer.close()
