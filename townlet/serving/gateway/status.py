"""How the served town is, seen from its log: one thread looks at the head, and all streams wait for it."""

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread
from typing import Final, Literal

import pyarrow as pa

from eventlog.errors import EventLogError
from eventlog.folder.head import Head
from eventlog.folder.holding import is_written_to
from eventlog.reader import LogReader
from townlet.history.history import History

LOOK_S: Final = 0.05
"""How often the head is looked at, in seconds."""

WRITER_LOOKS: Final = 20
"""After so many looks it is seen anew whether somebody writes."""

RECENT_MOST: Final = 64
"""So many of the last batches are kept for all streams, so that a commit is read once and not once a stream."""

SPEED_S: Final = 10.0
"""The time over which ticks a second are counted."""

State = Literal["living", "still", "closed"]


@dataclass
class Streams:
    """The open streams of events: by number, how many events each has left, and since when it waits for its reader."""

    lags: dict[int, int] = field(default_factory=dict)
    waiting_s: dict[int, float] = field(default_factory=dict)
    too_slow: int = 0

    def longest_wait_s(self, now_s: float) -> float:
        """How long a stream has waited for its reader now, at most, in seconds."""
        return max((now_s - since_s for since_s in list(self.waiting_s.values())), default=0.0)


class Status:
    """Follows a run. `head` is the newest, `state` says whether it is written to."""

    def __init__(self, run: Path) -> None:
        """Raises RunNotFound, LogDamaged."""
        history = History(run)
        self.ticks_per_day = history.config.town.ticks_per_day
        self._path, self._log = run, LogReader(run)
        self.head: Head = self._log.head
        self.state: State = self._state_now()
        self.streams = Streams()
        self.damaged = False
        self._recent: deque[tuple[int, pa.RecordBatch]] = deque(maxlen=RECENT_MOST)
        self._changed = Condition()
        self._seen: deque[tuple[float, int]] = deque([(time.monotonic(), self.head.tick)])
        self._moved_s = time.monotonic()
        self.is_over = False

    def begin(self) -> None:
        """Begin to look."""
        Thread(target=self._look, daemon=True).start()

    def end(self) -> None:
        """Say that the gateway ends: nobody waits any longer."""
        with self._changed:
            self.is_over = True
            self._changed.notify_all()

    def wait_beyond(self, seq: int, timeout_s: float) -> bool:
        """Wait until there are events beyond `seq`, the run is closed, or the gateway ends; False after the time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.head.seq > seq or self.is_over or self.state == "closed", timeout_s
            )

    def recent_since(self, seq: int) -> list[pa.RecordBatch] | None:
        """The batches from event `seq` on that all streams share; None where it is not among them."""
        with self._changed:
            recent = list(self._recent)
        if not recent or seq < recent[0][0]:
            return None
        return [
            batch if first >= seq else batch.slice(seq - first)
            for first, batch in recent
            if first + batch.num_rows > seq
        ]

    def present(self) -> Head:
        """The head as it is now: a stream may have come further than the last look. Raises LogDamaged, OSError."""
        return LogReader(self._path).head

    @property
    def epochs(self) -> int:
        """How many epochs the run has."""
        return len(self._log.manifest.epochs)

    @property
    def idle_s(self) -> float:
        """How long ago a commit was last seen, in seconds."""
        return time.monotonic() - self._moved_s

    @property
    def ticks_per_second(self) -> float:
        """The ticks a second of the last seconds."""
        now_s = time.monotonic()
        seen = list(self._seen)
        if now_s - self._moved_s > SPEED_S or len(seen) < 2:
            return 0.0
        return (seen[-1][1] - seen[0][1]) / max(now_s - seen[0][0], 1e-9)

    @property
    def durable_gap_bytes(self) -> int:
        """Bytes that are committed and are not on the disk yet."""
        return max(self.head.appended - self.head.durable, 0)

    def _look(self) -> None:
        looks = 0
        while not self.is_over:
            time.sleep(LOOK_S)
            looks += 1
            try:
                head = self._log.refresh()
                new = list(self._log.batches(self.head.seq, head.seq)) if head.seq > self.head.seq else []
                state = self._state_now() if looks % WRITER_LOOKS == 0 or self._log.manifest.closed else self.state
            except (EventLogError, OSError):
                self.damaged = True
                continue
            self.damaged = False
            with self._changed:
                moved = head.seq != self.head.seq
                if moved or state != self.state:
                    self._changed.notify_all()
                if head.seq < self.head.seq:
                    self._recent.clear()  # a repair has cut what was never on the disk
                self.head, self.state = head, state
                first = head.seq - sum(batch.num_rows for batch in new)
                for batch in new:
                    self._recent.append((first, batch))
                    first += batch.num_rows
            now_s = time.monotonic()
            if moved:
                self._moved_s = now_s
                self._seen.append((now_s, head.tick))
            while len(self._seen) > 2 and now_s - self._seen[0][0] > SPEED_S:
                self._seen.popleft()

    def _state_now(self) -> State:
        if self._log.manifest.closed:
            return "closed"
        return "living" if is_written_to(self._log.path) else "still"
