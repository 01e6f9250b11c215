"""The calendar: which city events come when. It is a function of profile, seed and scene alone, drawn day by day.

Draws are of the stream `events`, addressed by day (or turn), kind, number and purpose, so the calendar of a day does
not depend on how many days are asked for, nor on what happens in the town.
"""

import math
import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import count, islice
from typing import Final, NamedTuple, TypeVar

import numpy as np

from townlet.living.perturbing.profile import KINDS, TOWNWIDE, KindOfEvent, PriceSpike, Profile
from townlet.living.perturbing.scene import Scene, Venue
from townlet.rules.draw import UNIT, philox, stream_key

COUNT_MOST: Final = 64
"""The most events of a kind that are drawn for a day."""

_PHILOX: Final = getattr(philox, "py_func", philox)
"""The generator as plain Python: the compiled one is only for kernels."""

_ID: Final = re.compile(r"p([0-9]+)\.([a-z_]+)\.([0-9]+)\.([0-9]+)")

T = TypeVar("T")


class Draw(IntEnum):
    """What a draw of the events' stream is for."""

    COUNT = 0
    RANK = 1
    PART = 2
    MOMENT = 3
    LENGTH = 4
    STRENGTH = 5
    PEOPLE = 6
    PLACES = 7
    VENUE = 8


class CityEvent(NamedTuple):
    """An event that is to begin before the events of `tick` and lasts `ticks` ticks.

    `strength` is in per cent of the ordinary (100 where the kind has none), `people` are places among those who live in
    the town, in the order of seats, and `venue` is a name, or "".
    """

    tick: int
    kind: str
    ticks: int
    strength: int = 100
    people: tuple[int, ...] = ()
    venue: str = ""

    @property
    def until(self) -> int:
        """The first tick at which it is over."""
        return self.tick + self.ticks

    @property
    def is_townwide(self) -> bool:
        """Whether it hits the whole town."""
        return self.kind in TOWNWIDE

    @property
    def id(self) -> str:
        """How its commands' ids begin. It says kind, moment, length and strength, so that the log alone can end it."""
        return f"p{self.tick}.{self.kind}.{self.ticks}.{self.strength}"


def event_of(cmd_id: str) -> tuple[CityEvent, str] | None:
    """The event to which a command's id belongs, without people and venue, and its part in it; None for any other."""
    head, _, part = cmd_id.rpartition(".")
    found = _ID.fullmatch(head)
    if found is None or found[2] not in KINDS:
        return None
    return CityEvent(int(found[1]), found[2], int(found[3]), int(found[4])), part


def calendar(profile: Profile | None, seed: int, days: int, scene: Scene) -> list[CityEvent]:
    """The events of the first `days` days, in the order of their ticks; none without a profile."""
    return [event for day in islice(days_of(profile, seed, scene), days) for event in day]


def days_of(profile: Profile | None, seed: int, scene: Scene) -> Iterator[list[CityEvent]]:
    """The events of each day from day 0 on, without end; those of a day in the order of their ticks."""
    if profile is None:
        while True:
            yield []
    yield from _Drawing(profile, seed, scene).days()


class _Drawing:
    """Draws one day after another, and knows how many of each kind came, whose turn it is, and what has not passed."""

    def __init__(self, profile: Profile, seed: int, scene: Scene) -> None:
        self._profile, self._scene = profile, scene
        self._key = np.uint64(stream_key(seed, "events"))
        self._kinds = {kind: each for kind, each in profile.kinds.items() if self._is_possible(kind)}
        self._proposed = dict.fromkeys(KINDS, 0)
        self._chosen = dict.fromkeys(KINDS, 0)
        self._recent: list[CityEvent] = []

    def days(self) -> Iterator[list[CityEvent]]:
        for day in count():
            chosen: list[CityEvent] = []
            for event in self._proposals(day):
                if len(chosen) < self._profile.budget_a_day and self._fits([*self._recent, *chosen], event):
                    chosen.append(event)
            today = [self._with_targets(event) for event in sorted(chosen)]
            reach = max([each.gap_ticks for each in self._kinds.values()], default=0) + self._profile.gap_ticks
            begins = (day + 1) * self._scene.ticks_per_day
            self._recent = [event for event in [*self._recent, *today] if event.until + reach > begins]
            yield today

    def _is_possible(self, kind: str) -> bool:
        """Whether the town has what an event of this kind hits."""
        if kind == "closed_facility":
            return bool(self._scene.closable)
        if kind == "arranged_meeting":
            return bool(self._scene.meeting) and len(self._scene.founders) >= 2
        return True

    def _proposals(self, day: int) -> list[CityEvent]:
        """The events that a day would have without gaps and budget, in the order in which they are considered."""
        found = []
        for kind, each in self._kinds.items():
            for number in range(self._count(day, kind, each.rate_a_day)):
                rank = self._unit(day, kind, number, Draw.RANK)
                found.append((rank, self._proposal(day, kind, each, number)))
        return [event for _, event in sorted(found)]

    def _proposal(self, day: int, kind: str, each: KindOfEvent, number: int) -> CityEvent:
        per_day, parts = self._scene.ticks_per_day, self._profile.fairness.parts_of_day
        first, last = (hour * per_day // 24 for hour in (each.hours.first, each.hours.last))
        part = self._turn(range(parts), kind, self._proposed[kind], Draw.PART)
        self._proposed[kind] += 1
        share = (part + self._unit(day, kind, number, Draw.MOMENT)) / parts
        within = first + int(share * (last - first))
        ticks = each.ticks.least + self._whole(each.ticks.most - each.ticks.least + 1, day, kind, number, Draw.LENGTH)
        strength = 100
        if isinstance(each, PriceSpike):
            span = each.strength_percent
            strength = span.least + self._whole(span.most - span.least + 1, day, kind, number, Draw.STRENGTH)
            within = min(within, per_day - 2)
            ticks = min(ticks, per_day - 1 - within)  # in its last tick a day sets its prices anew
        return CityEvent(day * per_day + within, kind, ticks, strength)

    def _fits(self, others: Sequence[CityEvent], event: CityEvent) -> bool:
        """Whether an event is far enough from these others."""
        gap = self._kinds[event.kind].gap_ticks
        for other in others:
            if abs(event.tick - other.tick) < self._profile.gap_ticks:
                return False
            if other.kind == event.kind and event.tick < other.until + gap and other.tick < event.until + gap:
                return False
        return True

    def _with_targets(self, event: CityEvent) -> CityEvent:
        """The event with the people and the venue that it hits."""
        turn = self._chosen[event.kind]
        self._chosen[event.kind] += 1
        if event.kind == "illness":
            return event._replace(people=(self._person(event, turn),))
        if event.kind == "arranged_meeting":
            venue = self._venue(event, turn, self._scene.meeting)
            return event._replace(people=self._pair(event, turn), venue=venue.name)
        if event.kind == "closed_facility":
            return event._replace(venue=self._venue(event, turn, self._scene.closable).name)
        return event

    def _person(self, event: CityEvent, turn: int) -> int:
        """The person of this turn."""
        everybody = range(len(self._scene.founders))
        return self._turn(everybody, event.kind, turn, Draw.PEOPLE, fair=self._profile.fairness.people == "person")

    def _pair(self, event: CityEvent, turn: int) -> tuple[int, int]:
        """The two people of this turn."""
        many = len(self._scene.founders)
        cycle, pair = divmod(turn, many // 2 if self._profile.fairness.people == "person" else 1)
        order = self._order(many, event.kind, cycle, Draw.PEOPLE)
        return order[2 * pair], order[2 * pair + 1]

    def _venue(self, event: CityEvent, turn: int, venues: Sequence[Venue]) -> Venue:
        """The venue of this turn."""
        fairness = self._profile.fairness.places
        if fairness != "kind":
            return self._turn(venues, event.kind, turn, Draw.PLACES, fair=fairness == "venue")
        kind = self._turn(list(dict.fromkeys(each.kind for each in venues)), event.kind, turn, Draw.PLACES)
        alike = [each for each in venues if each.kind == kind]
        return alike[self._whole(len(alike), turn, event.kind, 0, Draw.VENUE)]

    def _turn(self, values: Sequence[T], kind: str, turn: int, purpose: Draw, *, fair: bool = True) -> T:
        """Whose turn it is: none comes again before all others came once. Without `fair`, any of them."""
        if not fair:
            return values[self._whole(len(values), turn, kind, 0, purpose)]
        cycle, place = divmod(turn, len(values))
        return values[self._order(len(values), kind, cycle, purpose)[place]]

    def _order(self, many: int, kind: str, cycle: int, purpose: Draw) -> list[int]:
        """The numbers below `many` in the order of a cycle, each order as likely."""
        return sorted(range(many), key=lambda each: (self._unit(cycle, kind, each, purpose), each))

    def _count(self, day: int, kind: str, rate: float) -> int:
        """How many of a kind a day has: Poisson, by inversion of its distribution function."""
        left, found = self._unit(day, kind, 0, Draw.COUNT), 0
        chance = math.exp(-rate)
        while left >= chance and found < COUNT_MOST:
            left -= chance
            found += 1
            chance *= rate / found
        return found

    def _whole(self, below: int, address: int, kind: str, number: int, purpose: Draw) -> int:
        return min(int(self._unit(address, kind, number, purpose) * below), below - 1)

    def _unit(self, address: int, kind: str, number: int, purpose: Draw) -> float:
        """Uniform in [0, 1), 53 bits, of the events' stream. `address` is a day, a turn or a cycle."""
        where = np.int64(address), np.int64(KINDS.index(kind)), np.int64(number), np.int64(purpose)
        return (int(_PHILOX(self._key, *where)) >> 11) * UNIT
