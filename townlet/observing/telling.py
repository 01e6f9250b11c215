"""The story of a run as it is told on: what is kept of it, and what comes."""

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventlog import codes
from projections.narration.narrator import Narrator
from townlet.configuration.load import person_name
from townlet.derived import NARRATIONS, begun, nearest, projection
from townlet.observing.view import Entry, Story

if TYPE_CHECKING:
    from eventlog.rows import Rows
    from townlet.run import Run

LAST: Final = 128
"""How many entries a view has."""


class Telling:
    """The story of a run, from what is kept of it on. `tick` is how far it is told."""

    def __init__(self, run: "Run") -> None:
        """Raises LogDamaged, BadEvent."""
        kept = nearest(run, NARRATIONS, run.head.tick)
        live, self.seq = begun(run, projection(NARRATIONS), kept)
        assert isinstance(live, Narrator)
        self._run, self._live = run, live
        self._settings = run.config
        self.tick = 0 if kept is None else kept.point.tick
        self._kept: pa.Table = live.tables()[NARRATIONS]
        self._kept_ticks: np.ndarray = self._kept.column("tick").to_numpy()
        self._entries: list[Entry] = []
        self._story: tuple[tuple[int, int], tuple[Entry, ...]] = (0, 0), ()

    def fold(self, rows: "Rows") -> None:
        """Tell what the next rows of the log come to. Raises BadEvent."""
        since = self._live.count
        self._live.fold(rows)
        self._entries += [self._entry(each) for each in self._live.entries(since)]
        last = rows[-1]
        self.seq, self.tick = int(last["seq"]) + 1, int(last["tick"]) + int(last["kind"] == codes.TICK_ENDED)

    def before(self, tick: int) -> Story:
        """The last entries of ticks before this one."""
        last = int(np.searchsorted(self._kept_ticks, tick))
        if last == len(self._kept):
            last += bisect_left(self._entries, tick, key=lambda entry: entry.tick)
        first = max(last - LAST, 0)
        if self._story[0] != (first, last):
            self._story = (first, last), self._between(first, last)
        return Story(self._story[1], self.tick)

    def _between(self, first: int, last: int) -> tuple[Entry, ...]:
        kept = len(self._kept)
        early = self._kept.slice(first, max(min(last, kept) - first, 0)).to_pylist() if first < kept else []
        return (*map(self._entry, early), *self._entries[max(first - kept, 0) : max(last - kept, 0)])

    def _entry(self, told: Any) -> Entry:
        people = (told[field] for field in ("agent", "other") if told[field] is not None)
        return Entry(
            number=told["seq"],
            tick=told["tick"],
            category=told["category"],
            priority=told["priority"],
            text=told["text"],
            cause=told["cause"],
            people=tuple(person_name(self._settings, each) for each in people),
        )
