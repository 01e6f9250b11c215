"""One pass over a log: keyframes to start folding from, bins of the timeline, windows of churn."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from eventlog.rows import Rows
from projections.churn import places_of
from projections.settings import Churn as ChurnSettings
from projections.telemetry.churning import Counts
from projections.timescale import BY_THE_MINUTE, TimeScale
from townlet.observing.event_list import sorts
from townlet.observing.shown_towns import Ground, Keyframe, Keyframes
from townlet.observing.view import SORTS, Churn, Timeline

KEYFRAMES: Final = 1024
"""The most keyframes."""

EVERY: Final = 60
"""Ticks between two keyframes; in a long run more."""

BINS: Final = 1024
"""The most bins of the timeline."""

DAY_BINS: Final = 288

WINDOWS: Final = 4096
"""How many windows of churn are kept: the last ones."""

WINDOWS_SHOWN: Final = 64
"""How many windows of churn a view shows."""


class Bins:
    """Counts events, in all and by sort, in at most `most` bins of `every` ticks.

    The bins begin at tick `first`. When there are too many, each two bins become one and `every` doubles.
    """

    def __init__(self, first: int = 0, every: int = 1, most: int = BINS) -> None:
        self.first, self.every, self._most = first, every, most
        self._counts = np.zeros((1 + len(SORTS), most), np.int64)
        self._used = 0

    def add(self, rows: Rows) -> None:
        """Count the next rows of the log."""
        if not len(rows):
            return
        ticks = rows["tick"].astype(np.int64) - self.first
        while ticks[-1] // self.every >= self._most:
            self._halve()
        bins = ticks // self.every
        self._counts[0] += np.bincount(bins, minlength=self._most)
        found = sorts(rows)
        for sort in range(len(SORTS)):
            self._counts[1 + sort] += np.bincount(bins[found == sort], minlength=self._most)
        self._used = int(bins[-1]) + 1

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """The events of each bin, i8[bins], and of each sort, i8[len(SORTS), bins]: read-only copies."""
        counts = self._counts[:, : self._used].copy()
        counts.setflags(write=False)
        return counts[0], counts[1:]

    def _halve(self) -> None:
        self.every *= 2
        paired = self._counts.reshape(len(self._counts), -1, 2).sum(axis=2)
        self._counts = np.concatenate([paired, np.zeros_like(paired)], axis=1)


class Windows:
    """The last `most` finished windows of churn, as rows of `churn_windows`."""

    def __init__(self, settings: ChurnSettings, scale: TimeScale = BY_THE_MINUTE, *, most: int = WINDOWS) -> None:
        self._settings, self._length = settings, scale.ticks(settings.window_minutes)
        self._over: deque[Mapping[str, Any]] = deque(maxlen=most)
        self._now = Counts()

    def add(self, changes: np.ndarray, tick: int) -> None:
        """Add the next rows of TIE_CHANGE. All changes before `tick` have been added then."""
        places = places_of(changes["change"], changes["reason"])
        changes, places = changes[places >= 0], places[places >= 0]
        windows = changes["tick"] // self._length
        for window in np.unique(windows).tolist():
            self._close(window)
            self._now = self._now.also(places[windows == window])
        self._close(tick // self._length)

    def before(self, tick: int) -> Churn:
        """The last WINDOWS_SHOWN windows that have ended at a tick."""
        length = self._length
        first = self._now.window - len(self._over)
        last = max(min(tick // length, self._now.window) - first, 0)
        return Churn(tuple(self._over[place] for place in range(max(last - WINDOWS_SHOWN, 0), last)))

    def _close(self, window: int) -> None:
        """Finish all windows before this one."""
        while self._now.window < window:
            self._over.append(self._row())
            self._now = self._now.at(self._now.window + 1)

    def _row(self) -> Mapping[str, Any]:
        now, length = self._now, self._length
        return {
            "window": now.window,
            "from_tick": now.window * length,
            "to_tick": (now.window + 1) * length,
            "held": now.held,
            **now.named(),
            "share": now.share,
            "warning": now.share > self._settings.warn_above,
        }


class Index:
    """A pass over a log with all riders. Every event before `tick` is folded."""

    def __init__(self, ground: Ground) -> None:
        self._town = ground.town()
        self._witness = ground.witness(self._town)
        newest = ground.settings[-1]
        self._bins, self._windows = Bins(), Windows(newest.relationships.churn, newest.town.scale)
        self._binned: tuple[int, tuple[np.ndarray, np.ndarray]] | None = None
        self.keyframes = Keyframes(Keyframe.of(self._witness), EVERY, KEYFRAMES)

    @property
    def tick(self) -> int:
        """Every event before this tick is folded."""
        return self._town.tick

    @property
    def seq(self) -> int:
        """The number of the event that is folded next."""
        return self._town.seq

    def fold(self, rows: Rows) -> None:
        """Fold the next rows of the log."""
        self._bins.add(rows)
        left = rows
        while len(left):
            left = self._witness.fold(left, self.keyframes.next_tick())
            if self.tick == self.keyframes.next_tick():
                self.keyframes.add(Keyframe.of(self._witness))
        self._windows.add(self._witness.take_changes(), self.tick)
        self._witness.forget()

    def churn(self, tick: int) -> Churn:
        """The last windows of churn that have ended at a tick."""
        return self._windows.before(tick)

    def timeline(self, day_from: int, day: Bins) -> Timeline:
        """The timeline, with the bins of the day that begins at tick `day_from`."""
        if self._binned is None or self._binned[0] != self.seq:
            self._binned = self.seq, self._bins.counts()
        return Timeline(self._bins.every, *self._binned[1], self.tick, day_from, day.every, *day.counts())


def day_bins(first: int, ticks_per_day: int, chunks: Iterable[Rows]) -> Bins:
    """The bins of the day that begins at tick `first`."""
    every = max(-(-ticks_per_day // DAY_BINS), 1)
    bins = Bins(first, every, -(-ticks_per_day // every))
    for rows in chunks:
        bins.add(rows)
    return bins
