"""Churn as it happens: the counts of the window under way, and the one warning that a window can bring."""

from typing import NamedTuple

import numpy as np

from projections.churn import COUNTS, GAIN, places_of, share_of
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
        """Its share so far, as `share_of` has it."""
        return float(share_of(self.held, np.array(self.counts)))

    def named(self) -> dict[str, int]:
        """What was counted, by the names in COUNTS."""
        return dict(zip(COUNTS, self.counts, strict=True))

    def also(self, places: np.ndarray) -> "Counts":
        """With further changes of the same window, by their places in COUNTS."""
        more = np.bincount(places, minlength=len(COUNTS))
        return self._replace(counts=tuple((self.counts + more).tolist()))

    def at(self, window: int) -> "Counts":
        """As this window begins, the same one or a later one; before anything of a later one is counted."""
        if window == self.window:
            return self
        return Counts(window, self.held + int(np.dot(self.counts, GAIN)))


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
    places = places_of(changes["change"], changes["reason"])
    for at in np.flatnonzero(places >= 0):
        row = changes[at]
        now = now.at(int(row["tick"]) // settings.window_ticks).also(places[at : at + 1])
        if now.share > settings.warn_above and not now.warned:
            now = now._replace(warned=True)
            alarms.append(Alarm(now.window, int(row["tick"]), int(row["seq"]), now.share, settings.warn_above))
    return now.at(tick // settings.window_ticks), alarms
