"""Churn as it happens: the counts of the window under way, and the one warning that a window can bring."""

from typing import NamedTuple

import numpy as np

from projections.churn import COUNTS, GAIN, REASONS
from projections.riders.tie_changes import Change, Loss
from projections.settings import Churn


class Counts(NamedTuple):
    """The window under way: its number, the ties held at its start, what was counted in it (see COUNTS), and whether
    its warning has been given."""

    window: int = 0
    held: int = 0
    counts: tuple[int, ...] = (0,) * len(COUNTS)
    warned: bool = False

    @property
    def share(self) -> float:
        """Evicted / (held + added), 0 where nothing was held or added."""
        return self.counts[COUNTS.index("evicted")] / max(self.held + self.counts[COUNTS.index("added")], 1)


class Alarm(NamedTuple):
    """A window's share rose above `above`, with the event `cause` of tick `tick`."""

    window: int
    tick: int
    cause: int
    share: float
    above: float


def count(before: Counts, changes: np.ndarray, tick: int, settings: Churn) -> tuple[Counts, list[Alarm]]:
    """The counts after the next rows of TIE_CHANGE, up to `tick`, its own included; and what they warn of."""
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
"""What else happens to a tie leaves their number as it is."""


def _place(change: int, reason: int) -> int:
    if change == Change.REMOVED:
        return COUNTS.index(REASONS[Loss(reason)])
    return COUNTS.index("added" if change == Change.ADDED else "refused")


def _counts_in_window(counts: Counts, window: int) -> Counts:
    """The counts as a later window begins."""
    if window == counts.window:
        return counts
    gained = int(np.dot(counts.counts, GAIN))
    return Counts(window, counts.held + gained)
