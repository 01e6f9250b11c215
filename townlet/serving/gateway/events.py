"""A stream of events: from the log on the disk, so that a reader who is slow costs nobody memory."""

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import flight

from eventlog.format.arrow import SCHEMA
from eventlog.reader import LogReader
from townlet.serving.gateway.status import Status
from townlet.serving.protocol import Reach

SIGN_OF_LIFE_S: Final = 1.0
"""A stream without events sends a batch without rows so often, in seconds."""

PATIENCE_S: Final = 30.0
"""A reader who takes longer for a batch is sent away, to come again from where it was."""

BATCH_EVENTS: Final = 1 << 14
"""The most events of one batch."""

Sent = tuple[pa.RecordBatch, pa.Buffer]

_numbers = count()


def events(
    run: Path,
    status: Status,
    from_seq: int,
    to_seq: int | None,
    follow: bool,
    is_cancelled: Callable[[], bool],
    require_valid: Callable[[], None],
) -> Iterator[Sent]:
    """The events from one number on and before another (None: the end), each batch with its `Reach`.

    The first batch has no rows: it says where the stream begins. With `follow` it goes on until the run is closed.
    `require_valid` is called before each batch, and raises once the reader's token has expired. Raises what it raises,
    flight.FlightTimedOutError for a reader that is too slow, flight.FlightUnavailableError where the gateway ends,
    LogDamaged, OSError.
    """
    log, number = LogReader(run), next(_numbers)
    seq, until = from_seq, to_seq if to_seq is not None else None if follow else log.head.seq
    nothing = pa.RecordBatch.from_arrays([pa.array([], column.type) for column in SCHEMA], schema=SCHEMA)
    try:
        yield _sent(nothing, seq, status)
        while until is None or seq < until:
            if is_cancelled():
                return
            require_valid()
            head = status.head
            if head.seq <= seq:
                if not follow or status.state == "closed":
                    return
                if status.is_over:
                    raise flight.FlightUnavailableError(f"the gateway ends; go on from event {seq}")
                if not status.wait_beyond(seq, SIGN_OF_LIFE_S):
                    yield _sent(nothing, seq, status)
                continue
            for batch in _batches(log, status, seq, min(head.seq, until) if until is not None else head.seq):
                if status.is_over:
                    raise flight.FlightUnavailableError(f"the gateway ends; go on from event {seq}")
                require_valid()
                seq += batch.num_rows
                status.streams.lags[number] = max(head.seq - seq, 0)
                given_s = status.streams.waiting_s[number] = time.monotonic()
                yield _sent(batch, seq, status)
                del status.streams.waiting_s[number]
                _require_patience(time.monotonic() - given_s, seq, status)
    finally:
        status.streams.lags.pop(number, None)
        status.streams.waiting_s.pop(number, None)


def _batches(log: LogReader, status: Status, from_seq: int, to_seq: int) -> Iterator[pa.RecordBatch]:
    """The events of a range: those that were committed just now as all streams share them, others from the log."""
    shared = status.recent_since(from_seq)
    if shared is None:
        log.refresh()
    left = to_seq - from_seq
    for batch in log.batches(from_seq, to_seq) if shared is None else shared:
        for begin in range(0, min(batch.num_rows, left), BATCH_EVENTS):
            yield batch.slice(begin, min(BATCH_EVENTS, left - begin))
        left -= min(batch.num_rows, left)


def _sent(batch: pa.RecordBatch, seq: int, status: Status) -> Sent:
    head = status.head
    reach = Reach(next_seq=seq, head_seq=max(head.seq, seq), head_tick=head.tick, epochs=status.epochs)
    return batch, pa.py_buffer(reach.encoded())


def _require_patience(took_s: float, seq: int, status: Status) -> None:
    if took_s > PATIENCE_S:
        status.streams.too_slow += 1
        raise flight.FlightTimedOutError(
            f"this reader is too slow: it took {took_s:.0f} s for one batch; go on from event {seq}"
        )
