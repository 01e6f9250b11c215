"""Probes for what earns social pay and is no company: repeated talks, staged handovers, missed work, cliques."""

from collections import Counter
from typing import Final

import numpy as np
import numpy.typing as npt

from eventlog import codes
from eventlog.rows import Rows
from townlet.evaluating.paying import mutual_likes

TALKS: Final = (codes.CHAT_STARTED, codes.CHAT_SUCCEEDED, codes.CHAT_FAILED)

Numbers = npt.NDArray[np.float64]


class Probes:
    """Sums of a town's probes by seat. It is given all events, in their order."""

    def __init__(self, seats: int, capacity: int, ticks_per_day: int) -> None:
        """A person's number is life x `capacity` + seat."""
        self._seats, self._capacity, self._day = seats, capacity, ticks_per_day
        self._sums: dict[str, Numbers] = {name: np.zeros(seats) for name in ("talks_again", "handed", "handed_back")}
        self._sums |= {name: np.zeros(seats) for name in ("late_talking", "shifts_due")}
        self._talks: Counter[tuple[int, int]] = Counter()
        self._last: dict[tuple[int, int], int] = {}
        self._spoke: dict[int, int] = {}
        self._gave: dict[tuple[int, int], int] = {}

    def add(self, rows: Rows) -> None:
        """Look at the next events."""
        kinds = (*TALKS, codes.QUEUE_HANDOVER, codes.SHIFT_STARTED, codes.ARRIVED_LATE, codes.SHIFT_MISSED)
        found = rows[np.isin(rows["kind"], kinds)]
        for kind, tick, agent, other in found[["kind", "tick", "agent", "other"]].tolist():
            if kind in TALKS:
                self._talk(kind == codes.CHAT_STARTED, tick, agent, other)
            elif kind == codes.QUEUE_HANDOVER:
                self._hand(tick, agent, other)
            else:
                self._note("shifts_due", agent)
                spoke = self._spoke.get(agent)
                if kind != codes.SHIFT_STARTED and spoke is not None and tick - spoke <= self._day // 24:
                    self._note("late_talking", agent)

    def _talk(self, begins: bool, tick: int, agent: int, other: int) -> None:
        for one, two in ((agent, other), (other, agent)):
            if begins:
                self._talks[one, two] += 1
                last = self._last.get((one, two))
                if last is not None and tick - last <= self._day // 24:
                    self._note("talks_again", one)
            self._last[one, two] = self._spoke[one] = tick

    def _hand(self, tick: int, agent: int, other: int) -> None:
        self._note("handed", agent)
        given = self._gave.get((other, agent))
        if given is not None and tick - given <= self._day:
            self._note("handed_back", agent)
        self._gave[agent, other] = tick

    def _note(self, name: str, person: int) -> None:
        self._sums[name][person % self._capacity] += 1.0

    def sums(self, agents: np.ndarray) -> dict[str, Numbers]:
        """Everything that was counted, and of the town's `agents` at the end who is tied to whom; each f8 [seats]."""
        found = {**self._sums, **{name: np.zeros(self._seats) for name in ("talks", "talks_best")}}
        best: dict[int, int] = {}
        for (person, _), count in sorted(self._talks.items()):
            found["talks"][person % self._capacity] += count
            best[person] = max(best.get(person, 0), count)
        for person, count in best.items():
            found["talks_best"][person % self._capacity] += count
        likes = mutual_likes(agents).astype(float)
        ties, living = likes.sum(axis=1), agents["alive"] > 0
        found |= {"pairs": ties * (ties - 1.0), "closed": np.asarray(np.diag(likes @ likes @ likes))}
        found |= {"alone": (living & (ties == 0.0)).astype(float), "seated": living.astype(float)}
        return found


__all__ = ["Probes"]
