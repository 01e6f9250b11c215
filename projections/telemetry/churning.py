"""Churn while it happens: counts of the present window, and at most one warning in a window."""

from typing import NamedTuple

import numpy as np

from projections.churn import COUNTS, GAIN, places_of, share_of
from projections.settings import Churn
from projections.timescale import BY_THE_MINUTE, TimeScale


class Counts(NamedTuple):
    """The present window: its number, the ties held at its start, its counts so far (in the order of COUNTS), and
    whether its warning has been given."""

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
    """A warning: the event `cause` of tick `tick` raised a window's share above `above`."""

    window: int
    tick: int
    cause: int
    share: float
    above: float


def count(
    before: Counts, changes: np.ndarray, tick: int, settings: Churn, scale: TimeScale = BY_THE_MINUTE
) -> tuple[Counts, list[Alarm]]:
    """The counts after the next rows of TIE_CHANGE, which end with tick `tick`, and the warnings that they cause."""
    now, alarms, length = before, list[Alarm](), scale.ticks(settings.window_minutes)
    places = places_of(changes["change"], changes["reason"])
    for at in np.flatnonzero(places >= 0):
        row = changes[at]
        now = now.at(int(row["tick"]) // length).also(places[at : at + 1])
        if now.share > settings.warn_above and not now.warned:
            now = now._replace(warned=True)
            alarms.append(Alarm(now.window, int(row["tick"]), int(row["seq"]), now.share, settings.warn_above))
    return now.at(tick // length), alarms
