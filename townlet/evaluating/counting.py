"""Counts of a town's events by seat: who begins, helps, takes over or leaves."""

from collections import Counter
from typing import Final

import numpy as np
import numpy.typing as npt

from eventlog import codes
from eventlog.catalogue.registries import Reason
from eventlog.rows import Rows

EXITS: Final = tuple(reason for reason in Reason if Reason.FAINT <= reason <= Reason.LONELINESS)
"""The reasons for which somebody leaves the town."""

ONE: Final = {
    "chats": (codes.CHAT_STARTED,),
    "chats_good": (codes.CHAT_SUCCEEDED,),
    "chats_judged": (codes.CHAT_SUCCEEDED, codes.CHAT_FAILED),
    "helps": (codes.LATE_HELP,),
    "takeovers": (codes.SHIFT_TAKEOVER,),
    "handovers": (codes.QUEUE_HANDOVER,),
    "gifts": (codes.MEAL_GIVEN, codes.MONEY_LENT),
    "meals": (codes.MEAL_EATEN,),
    "refused": (codes.ACTION_REJECTED,),
    "exits": (codes.AGENT_EXITED,),
    "on_time": (codes.SHIFT_STARTED,),
    "shifts": (codes.SHIFT_STARTED, codes.ARRIVED_LATE, codes.SHIFT_MISSED),
}
"""What is counted for the one who acts, the event's `agent`, and of which kinds of events."""

BOTH: Final = {"shared_meals": (codes.SHARED_MEAL,), "quarrels": (codes.QUEUE_CONFLICT,)}
"""What two do together: a half for each, so that the sum over all seats is the number of events."""

COUNTED: Final = (*ONE, *BOTH, *(f"exits.{reason.name.lower()}" for reason in EXITS))


class Counts:
    """Counts by seat. `counted[name]` is f8 [seats] for every name of COUNTED."""

    def __init__(self, seats: int, capacity: int) -> None:
        """A person's number is life x `capacity` + seat."""
        self.counted: dict[str, npt.NDArray[np.float64]] = {name: np.zeros(seats) for name in COUNTED}
        self._capacity = capacity
        self._talks: Counter[tuple[int, int]] = Counter()

    def add(self, rows: Rows) -> None:
        """Count the next events."""
        for name, kinds in ONE.items():
            self._add(name, rows[np.isin(rows["kind"], kinds)]["agent"], 1.0)
        for name, kinds in BOTH.items():
            found = rows[np.isin(rows["kind"], kinds)]
            for side in ("agent", "other"):
                self._add(name, found[side], 0.5)
        talks = rows[rows["kind"] == codes.CHAT_STARTED]
        for agent, other in talks[["agent", "other"]].tolist():
            self._talks[agent, other] += 1
            self._talks[other, agent] += 1
        left = rows[rows["kind"] == codes.AGENT_EXITED]
        for reason in EXITS:
            self._add(f"exits.{reason.name.lower()}", left[left["code"] == reason]["agent"], 1.0)

    def partners(self) -> dict[str, npt.NDArray[np.float64]]:
        """The effective number of partners in talk, added up over the people of each seat, and these people's number.

        A person who talks n_i times with the i-th other has (sum of n_i)^2 / sum of n_i^2 partners: as many as there
        are where all are talked with equally often (the inverse of Simpson's index, Nature 163, 1949).
        """
        times: dict[int, list[int]] = {}
        for (person, _), count in sorted(self._talks.items()):
            times.setdefault(person, []).append(count)
        found = {name: np.zeros(len(self.counted["chats"])) for name in ("partners", "talkers")}
        for person, counts in times.items():
            found["partners"][person % self._capacity] += sum(counts) ** 2 / sum(count**2 for count in counts)
            found["talkers"][person % self._capacity] += 1.0
        return found

    def _add(self, name: str, persons: np.ndarray, each: float) -> None:
        if len(persons):
            counted = self.counted[name]
            counted += each * np.bincount(persons.astype(np.int64) % self._capacity, minlength=len(counted))


__all__ = ["COUNTED", "EXITS", "Counts"]
