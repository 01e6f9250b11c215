"""Churn while it happens: counts of the present window, and at most one warning in a window."""

from typing import NamedTuple

import numpy as np

from projections.churn import COUNTS, GAIN, REASONS
from projections.riders.tie_changes import Change, Loss
from projections.settings import Churn


class Counts(NamedTuple):
    """The present window: its number, the ties held at its start, its counts so far (in the order of COUNTS), and
    whether its warning has been given."""

    window: int = 0
    held: int = 0
    counts: tuple[int, ...] = (0,) * len(COUNTS)
    warned: bool = False

    @property
    def share(self) -> float:
        """evicted / (held + added), 0 if nothing was held or added."""
        return self.counts[COUNTS.index("evicted")] / max(self.held + self.counts[COUNTS.index("added")], 1)


class Alarm(NamedTuple):
    """A warning: the event `cause` of tick `tick` raised a window's share above `above`."""

    window: int
    tick: int
    cause: int
    share: float
    above: float


def count(before: Counts, changes: np.ndarray, tick: int, settings: Churn) -> tuple[Counts, list[Alarm]]:
    """The counts after the next rows of TIE_CHANGE, which end with tick `tick`, and the warnings that they cause."""
    now, alarms = before, []
    for row in changes[np.isin(changes["change"], COUNTED)]:
        now = _counts_in_window(now, int(row["tick"]) // settings.window_ticks)
        place = _place(int(row["change"]), int(row["reason"]))
        now = now._replace(counts=(*now.counts[:place], now.counts[place] + 1, *now.counts[place + 1 :]))
        if now.share > settings.warn_above and not now.warned:
            now = now._replace(warned=True)
            alarms.append(Alarm(now.window, int(row["tick"]), int(row["seq"]), now.share, settings.warn_above))
    return _counts_in_window(now, tick // settings.window_ticks), alarms


COUNTED = (Change.ADDED, Change.REFUSED, Change.REMOVED)
"""The changes that are counted; others do not change the number of ties."""


def _place(change: int, reason: int) -> int:
    if change == Change.REMOVED:
        return COUNTS.index(REASONS[Loss(reason)])
    return COUNTS.index("added" if change == Change.ADDED else "refused")


def _counts_in_window(counts: Counts, window: int) -> Counts:
    """The counts at the start of a later window; unchanged for the same window."""
    if window == counts.window:
        return counts
    gained = int(np.dot(counts.counts, GAIN))
    return Counts(window, counts.held + gained)
