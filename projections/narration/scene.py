"""An event as the narrator sees it: who, where, what the ledgers made of it, what is remembered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from eventlog.catalogue.registries import Option
from eventlog.rows import MISSING
from projections.narration.entries import Moment
from projections.narration.memory import Memory
from projections.narration.words import ago, comma_list, nth, number, part_of_day
from projections.riders.tie_changes import Change
from projections.settings import Bonds

OUTDOORS = "in the street"

MEETINGS = ("acquainted", "meals", "talks", "failed_talks", "quarrels", "squeezed")
"""What the narrator remembers of two people, whoever began."""


class Spot(NamedTuple):
    """A place of the map: the `number`-th of `of` of its kind in its venue."""

    kind: str
    number: int
    of: int
    venue: int


@dataclass(frozen=True)
class Names:
    """What a run calls people, places, jobs and deeds. `person` gives a name as prose writes it."""

    person: Callable[[int], str]
    spots: Sequence[Spot]
    venues: Sequence[str]
    venue_kinds: Sequence[str]
    jobs: Sequence[str]
    deeds: Sequence[str]
    ticks_per_day: int

    @cached_property
    def venue_of_spot(self) -> np.ndarray:
        """The venue of each place."""
        return np.array([spot.venue for spot in self.spots], np.int64)

    def spot(self, place: int) -> str:
        """`the shower`, or where there are several `the second shower`."""
        spot = self.spots[place]
        return f"the {spot.kind}" if spot.of == 1 else f"the {nth(spot.number)} {spot.kind}"

    def where(self, venue: int) -> str:
        """`at The Kettle`, `in Mill Park`; in the street for no venue."""
        if venue < 0:
            return OUTDOORS
        return f"{'in' if self.venue_kinds[venue] == 'park' else 'at'} {self.venues[venue]}"


class Tie(NamedTuple):
    """What an event did to one side of a tie, or would have done: liking is trust + familiarity - rivalry."""

    owner: int
    other: int
    change: int
    trust: tuple[float, float]
    rivalry: tuple[float, float]
    liking: tuple[float, float]

    @property
    def held(self) -> bool:
        """Whether the ledger took it."""
        return self.change not in (Change.REFUSED, Change.REMOVED)


class Scene:
    """One event, just folded: `ties` it changed, or would have, and `lost` for it; `agents` are as it left them."""

    def __init__(
        self, event: Any, names: Names, memory: Memory, bonds: Bonds, capacity: int, town: Any, plan: Any, ties: Any
    ) -> None:
        self.names, self.memory, self.bonds, self.capacity = names, memory, bonds, capacity
        self.seq, self.tick, self.kind = int(event["seq"]), int(event["tick"]), int(event["kind"])
        self.agent, self.other, self.place = int(event["agent"]), int(event["other"]), int(event["object"])
        self.code, self.code2 = int(event["code"]), int(event["code2"])
        self.value, self.value2 = (float(np.nan_to_num(event[name])) for name in ("value", "value2"))
        told = [tie_of(row) for row in ties]
        self.ties = [tie for tie in told if tie.change != Change.REMOVED]
        self.lost = [tie for tie in told if tie.change == Change.REMOVED]
        self._town, self._plan = town, plan

    @property
    def day(self) -> int:
        """The day, from 0."""
        return self.tick // self.names.ticks_per_day

    def moment(
        self,
        template: str,
        facts: Mapping[str, str] | None = None,
        *,
        who: tuple[int, int] | None = None,
        place: int | None = None,
        priority: bool = False,
        asides: Sequence[str] = (),
    ) -> Moment:
        """Something worth telling, with the facts that every situation has; `who` instead of the event's two."""
        agent, other = (self.agent, self.other) if who is None else who
        at = self.place if place is None else place
        return Moment(
            template, self._facts(agent, other, at) | dict(facts or {}), agent, other, at, priority, tuple(asides)
        )

    def _facts(self, agent: int, other: int, place: int) -> dict[str, str]:
        known = place >= 0
        venue = self.venue_of(place) if known else self.stands(agent)
        return {
            "daypart": part_of_day(self.tick, self.names.ticks_per_day),
            "agent": self.name(agent),
            "other": self.name(other),
            "place": self.names.spot(place) if known else "the place",
            "kind": self.names.spots[place].kind if known else "place",
            "where": self.names.where(venue),
            "venue": self.names.venues[venue] if venue >= 0 else "the town",
        }

    def name(self, person: int) -> str:
        """A person as prose writes it."""
        return self.names.person(person) if person >= 0 else "somebody"

    def names_of(self, persons: Sequence[int]) -> str:
        """`Alice, Bob and Carol`."""
        return comma_list([self.name(person) for person in persons])

    def venue_of(self, place: int) -> int:
        """The venue of a place."""
        return self.names.spots[place].venue

    def ago(self, then: int) -> str:
        """How long before this event something was."""
        return ago(then, self.tick, self.names.ticks_per_day)

    def job(self, code: int) -> str:
        """A job by its code."""
        return self.names.jobs[code] if 0 <= code < len(self.names.jobs) else "worker"

    def number(self, count: int) -> str:
        """A count in words."""
        return number(count)

    @cached_property
    def agents(self) -> np.ndarray:
        """The records of all seats ever used."""
        clock = self._town["clock"]
        agents: np.ndarray = self._town["agents"][: int(clock["seats"])]
        return agents

    def of(self, person: int) -> Any:
        """The record of somebody who lives here, or None."""
        seats = np.flatnonzero((self.agents["person"] == person) & (self.agents["alive"] == 1))
        return self.agents[seats[0]] if len(seats) else None

    @cached_property
    def living(self) -> list[int]:
        """Everybody who lives here, by number."""
        return sorted(self.agents["person"][self.agents["alive"] == 1].tolist())

    def stands(self, person: int) -> int:
        """The venue that somebody stands in; -1 for the street."""
        record = self.of(person)
        return MISSING if record is None else int(self._plan["layout"]["room"][int(record["tile"])])

    def home(self, person: int) -> int:
        """The venue that somebody lives in, or lived in."""
        bed = self.memory.get("bed", person, default=MISSING)
        return MISSING if bed < 0 else self.venue_of(bed)

    def housemates(self, person: int) -> list[int]:
        """Who else lives under the same roof."""
        home = self.home(person)
        return [] if home < 0 else self._persons(self.names.venue_of_spot[self.agents["home"]] == home, person)

    def others_at(self, venue: int, *but: int) -> list[int]:
        """Who stands in a venue, besides these; nobody does in none."""
        return [] if venue < 0 else self._persons(self._plan["layout"]["room"][self.agents["tile"]] == venue, *but)

    def awake(self, *but: int) -> list[int]:
        """Who is not asleep, besides these."""
        doing = self.agents["doing"]
        asleep = (doing >= 0) & (self._plan["affordances"]["option"][doing] == Option.SLEEP)
        return self._persons(~asleep, *but)

    def _persons(self, chosen: np.ndarray, *but: int) -> list[int]:
        """The living among the chosen seats, by number, without some."""
        persons = self.agents["person"][chosen & (self.agents["alive"] == 1)]
        return sorted(set(persons.tolist()) - set(but))

    def tie(self, owner: int, other: int) -> Tie | None:
        """What the event did to one side of a tie, if anything."""
        return next((tie for tie in self.ties if (tie.owner, tie.other) == (owner, other)), None)

    def tie_now(self, owner: int, other: int) -> Tie | None:
        """A side of a tie as it is, if there is one, as a change that changed nothing."""
        record = self.of(owner)
        for tie in [] if record is None else record["ties"]:
            if tie["known"] and tie["other"] == other:
                trust, rivalry = float(tie["trust"]), float(tie["rivalry"])
                liking = float(tie["trust"] + tie["familiarity"] - tie["rivalry"])
                return Tie(owner, other, int(Change.UPDATED), (trust,) * 2, (rivalry,) * 2, (liking,) * 2)
        return None

    def are_strangers(self, a: int, b: int) -> bool:
        """Whether nothing that is remembered ever happened between two who do not share a house."""
        two = pair(a, b)
        met = any(self.memory.get(what, *two) for what in MEETINGS)
        helped = any(self.memory.get("helped", *each) for each in ((a, b), (b, a)))
        return not met and not helped and b not in self.housemates(a)

    def is_rivalry(self, tie: Tie, when: int) -> bool:
        """Whether a side of a tie was (0), or is (1), a rivalry."""
        return tie.rivalry[when] >= self.bonds.rival_rivalry and tie.rivalry[when] > tie.trust[when]

    def is_friend(self, owner: int, other: int) -> bool:
        """Whether `owner` has counted `other` as a friend."""
        return self.memory.get("friend", owner, other) == 1

    def is_rival(self, owner: int, other: int) -> bool:
        """Whether `owner` has counted `other` as a rival."""
        return self.memory.get("rival", owner, other) == 1


def pair(a: int, b: int) -> tuple[int, int]:
    """The same for two people whichever of them is named first."""
    return (a, b) if a < b else (b, a)


def tie_of(row: Any) -> Tie:
    """A row of TIE_CHANGE."""
    before, after = row["before"], row["after"]
    return Tie(
        int(row["owner"]),
        int(row["other"]),
        int(row["change"]),
        (float(before[0]), float(after[0])),
        (float(before[2]), float(after[2])),
        (float(before[0] + before[1] - before[2]), float(after[0] + after[1] - after[2])),
    )
