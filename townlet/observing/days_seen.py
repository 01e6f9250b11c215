"""Folds the days that somebody looks at: the town before any event of these days, and everybody's needs."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from eventlog.catalogue import THIRD_PERSON
from eventlog.catalogue.life import AgentArrived, AgentExited
from eventlog.rows import ROW, Rows
from projections.record.state import NEEDS
from townlet.living.town import Town

if TYPE_CHECKING:
    from townlet.history.history import History

KEPT_DAYS: Final = 4
SAMPLES_A_DAY: Final = 60
SAMPLES_A_KEPT_TOWN: Final = 15
"""Every so many samples a town is kept: four times a day."""


class KeptTown(NamedTuple):
    """The town just before event `seq`: an array with its record."""

    seq: int
    towns: np.ndarray


class DaySeen:
    """One day of a run, as far as it is committed: its events `rows` in order, and samples of its people.

    Sample i shows the moment before tick `begins + i * every`: `persons`, i8[seats], holds the person in each seat
    (-1: nobody), and `needs`, f8[3, seats], their needs.
    """

    def __init__(self, town: Town, begins: int, every: int) -> None:
        self.begins, self.every = begins, every
        self.until = begins
        self.first_seq = town.seq
        self.rows: Rows = np.zeros(0, ROW)
        self.persons: list[np.ndarray] = []
        self.needs: list[np.ndarray] = []
        self._edge = KeptTown(town.seq, town.towns.copy())
        self._keyframes = [self._edge]
        self._sample(town)

    @property
    def next_seq(self) -> int:
        """The number of the event after `rows`."""
        return self.first_seq + len(self.rows)

    def extend(self, town: Town, rows: Rows, until: int) -> None:
        """Add the next events of the day, whole ticks up to `until`. `town` is overwritten: it is scratch space."""
        self.rows, self.until = np.concatenate([self.rows, rows]), until
        town.towns[:], seq = self._edge.towns, self._edge.seq
        while (tick := self.begins + len(self.persons) * self.every) <= until and len(self.persons) < SAMPLES_A_DAY:
            end = int(np.searchsorted(self.rows["tick"], tick))
            town.fold([self.rows[seq - self.first_seq : end]])
            seq = self.first_seq + end
            if len(self.persons) % SAMPLES_A_KEPT_TOWN == 0:
                self._keyframes.append(KeptTown(seq, town.towns.copy()))
            self._sample(town)
        self._edge = KeptTown(seq, town.towns.copy())

    def nearest(self, seq: int) -> KeptTown:
        """The last kept town at or before event `seq`."""
        return self._keyframes[bisect_right(self._keyframes, seq, key=attrgetter("seq")) - 1]

    def before(self, tick: int) -> Rows:
        """The day's events before a tick."""
        return self.rows[: int(np.searchsorted(self.rows["tick"], tick))]

    def _sample(self, town: Town) -> None:
        agents, seats = town.record["agents"], town.record["seats"]
        numbers = seats["lives"] * len(agents) + np.arange(len(agents))
        self.persons.append(np.where(agents["alive"] == 1, numbers, -1))
        self.needs.append(np.array([agents[need] for need in NEEDS]))


class Past:
    """The days of a run; the last KEPT_DAYS are in memory. Used by one thread."""

    def __init__(self, run: "History") -> None:
        self._run = run
        self.ticks_per_day = run.config.town.ticks_per_day
        self._days: OrderedDict[int, DaySeen] = OrderedDict()
        self._scratch: Town | None = None

    @property
    def every(self) -> int:
        """The ticks between two samples."""
        return self.ticks_per_day // SAMPLES_A_DAY

    def day(self, number: int) -> DaySeen:
        """Day `number`, up to its last committed tick. Raises TickOutOfRange, LogDamaged."""
        begins = number * self.ticks_per_day
        if number not in self._days:
            self._days[number] = DaySeen(self._town_at(number), begins, self.every)
            if len(self._days) > KEPT_DAYS:
                self._days.popitem(last=False)
        self._days.move_to_end(number)
        day, ends = self._days[number], begins + self.ticks_per_day
        if day.until < ends:
            log = self._run.log
            until = min(log.head.tick, ends)
            if until > day.until:
                day.extend(self._town(), np.concatenate(list(log.rows(from_seq=day.next_seq, to_tick=until))), until)
        return day

    def last(self, person: int, kinds: Collection[int], tick: int) -> Any | None:
        """The last event of these kinds by a person before a tick, that day or the day before, or None."""
        for day in self._days_before(tick):
            rows = day.before(tick)
            found = np.flatnonzero((rows["agent"] == person) & np.isin(rows["kind"], list(kinds)))
            if len(found):
                return rows[found[-1]]
        return None

    def lives(self, person: int, tick: int) -> bool:
        """Whether a person lives in the town just before a tick."""
        day = self._days_before(tick)[0]
        sample = min((tick - day.begins) // self.every, len(day.persons) - 1)
        rows = day.before(tick)
        rows = rows[int(np.searchsorted(rows["tick"], day.begins + sample * self.every)) :]
        moved = rows["kind"][(rows["agent"] == person) & np.isin(rows["kind"], (AgentArrived.kind, AgentExited.kind))]
        return bool(moved[-1] == AgentArrived.kind) if len(moved) else person in day.persons[sample]

    def needs(self, person: int, tick: int) -> np.ndarray:
        """A person's needs at the samples of the last 24 hours before a tick, f8[samples, 3], oldest first."""
        last, span = tick // self.every, SAMPLES_A_DAY
        numbers = range(max(last - span + 1, 0), last + 1)
        days = {number: self.day(number) for number in sorted({sample // span for sample in numbers})}
        found = [
            days[sample // span].needs[sample % span][:, days[sample // span].persons[sample % span] == person]
            for sample in numbers
        ]
        return np.concatenate(found, axis=1).T

    def events_with(self, person: int, but: Collection[int], tick: int, count: int) -> list[int]:
        """The numbers of the last `count` events with a person, before a tick, except the kinds `but`; ascending."""
        found = list[int]()
        for day in self._days_before(tick):
            rows = day.before(tick)
            third = np.isin(rows["kind"], list(THIRD_PERSON)) & (rows["tile"] == person)
            part = (rows["agent"] == person) | (rows["other"] == person) | third
            seqs = rows["seq"][part & ~np.isin(rows["kind"], list(but))]
            found = [*seqs[-count:].tolist(), *found][-count:]
            if len(found) == count:
                break
        return found

    def town_before(self, seq: int, tick: int) -> Town:
        """The town with its seed, just before event `seq` of tick `tick`. The next call overwrites it."""
        town = self._town_of_day(self.day(tick // self.ticks_per_day), seq)
        town.set_seed([epoch.seed for epoch in self._run.epochs if epoch.from_seq <= seq][-1])
        return town

    def _town(self) -> Town:
        """The town that serves as scratch space, with the settings of all present epochs."""
        if self._scratch is None or len(self._scratch.settings) != len(self._run.epochs):
            self._scratch = self._run.empty_town()
        return self._scratch

    def _town_at(self, number: int) -> Town:
        """The town at the beginning of a day, folded from the day before if it is in memory, or from a checkpoint."""
        before = self._days.get(number - 1)
        if before is None or before.until < before.begins + self.ticks_per_day:
            return self._run.at(number * self.ticks_per_day).town
        return self._town_of_day(before, before.next_seq)

    def _town_of_day(self, day: DaySeen, seq: int) -> Town:
        kept, town = day.nearest(seq), self._town()
        town.towns[:] = kept.towns
        town.fold([day.rows[kept.seq - day.first_seq : seq - day.first_seq]])
        return town

    def _days_before(self, tick: int) -> list[DaySeen]:
        """The day of the tick before this one, and the day before that if there is one."""
        number = max(tick - 1, 0) // self.ticks_per_day
        return [self.day(each) for each in range(max(number - 1, 0), number + 1)][::-1]
