"""A scene: one event for the tellers, with its people, its place, the ties that it changed, and the memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from eventlog.catalogue.registries import Issuer, Option, Weather
from eventlog.rows import MISSING
from projections.narration.bond_rule import FRIEND, MUCH, NONE, RIVAL, BondRule, Sides, liking
from projections.narration.entries import Moment
from projections.narration.memory import Memory
from projections.narration.words import Counted, ago, comma_list, nth, number, part_of_day
from projections.riders.tie_changes import Change

OUTDOORS = "in the street"

MEETINGS = (
    *("acquainted", "meals", "talks", "failed_talks", "broken_talks", "quarrels", "promises", "squeezed", "shifts"),
    "gifts",
)
"""The names in the memory of what two people did together, in either order."""


GIVERS = {Issuer.PERTURBATION: "a city event", Issuer.TRIAL: "a trial"}
"""Who gives commands, by issuer; every other issuer is an operator."""


class Spot(NamedTuple):
    """A place of the map: number `number` of the `of` places of its kind in its venue."""

    kind: str
    number: int
    of: int
    venue: int


class Seat(NamedTuple):
    """A place for company: what it costs, and whether rain, a closure or somebody else's use keeps people from it."""

    fee: float
    is_wet: bool
    is_shut: bool
    is_taken: bool


@dataclass(frozen=True)
class Names:
    """The names of a run's people, places, jobs and affordances. `person` maps a number to a name for prose."""

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
        """`the shower`, or `the second shower` if there are several."""
        spot = self.spots[place]
        return f"the {spot.kind}" if spot.of == 1 else f"the {nth(spot.number)} {spot.kind}"

    def where(self, venue: int) -> str:
        """`at The Kettle`, `in Mill Park`; `in the street` for -1."""
        if venue < 0:
            return OUTDOORS
        return f"{'in' if self.venue_kinds[venue] == 'park' else 'at'} {self.venues[venue]}"

    def near(self, venue: int, other: int) -> str:
        """Where two people are who stand in these venues: `at The Kettle`, or `near The Kettle` if one is not in."""
        if venue == other:
            return self.where(venue)
        return f"near {self.venues[max(venue, other) if min(venue, other) < 0 else venue]}"


class Tie(NamedTuple):
    """The change of one person's tie by an event, also if refused: trust, familiarity and rivalry before and after."""

    owner: int
    other: int
    change: int
    before: Sides
    after: Sides

    @property
    def held(self) -> bool:
        """Whether the ledger has the tie after the event."""
        return self.change not in (Change.REFUSED, Change.REMOVED)


class Scene:
    """An event that was just folded: `ties` has the changed and refused ties, `lost` those that it ended.

    `agents` are the agents after the event.
    """

    def __init__(
        self,
        event: Any,
        names: Names,
        memory: Memory,
        capacity: int,
        town: Any,
        plan: Any,
        rule: BondRule,
        ties: Any,
    ) -> None:
        self.names, self.memory, self.capacity = names, memory, capacity
        self.seq, self.tick, self.kind = int(event["seq"]), int(event["tick"]), int(event["kind"])
        self.agent, self.other, self.place = int(event["agent"]), int(event["other"]), int(event["object"])
        self.cause = self.seq - int(event["cause"]) if event["cause"] else MISSING
        self.code, self.code2 = int(event["code"]), int(event["code2"])
        self.third = int(event["tile"])  # a third person, in kinds that tell of one
        self.value, self.value2 = (float(np.nan_to_num(event[name])) for name in ("value", "value2"))
        told = [tie_of(row) for row in ties]
        self.ties = [tie for tie in told if tie.change != Change.REMOVED]
        self.lost = [tie for tie in told if tie.change == Change.REMOVED]
        self._town, self._plan, self._rule = town, plan, rule

    @property
    def day(self) -> int:
        """The number of the day, from 0."""
        return self.tick // self.names.ticks_per_day

    @cached_property
    def issuer(self) -> int:
        """The issuer of the command that led to this event, or -1."""
        is_led = self.cause != MISSING and self.cause == self.memory.get("command", default=MISSING)
        return self.memory.get("issuer") if is_led else MISSING

    @property
    def by(self) -> str:
        """Who gave the command that led to this event: `an operator`, `a city event`; "" if no command did."""
        return "" if self.issuer == MISSING else GIVERS.get(Issuer(self.issuer), "an operator")

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
        """A moment with these facts and those that every situation has; `who` replaces the event's two people."""
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
        """A person's name for prose, `somebody` for -1."""
        return self.names.person(person) if person >= 0 else "somebody"

    def names_of(self, persons: Sequence[int]) -> str:
        """`Alice, Bob and Carol`."""
        return comma_list([self.name(person) for person in persons])

    def venue_of(self, place: int) -> int:
        """The venue of a place."""
        return self.names.spots[place].venue

    def ago(self, then: int) -> str:
        """The time from tick `then` to this event, in words."""
        return ago(then, self.tick, self.names.ticks_per_day)

    def job(self, code: int) -> str:
        """The name of a job."""
        return self.names.jobs[code] if 0 <= code < len(self.names.jobs) else "worker"

    def number(self, count: int) -> Counted:
        """A count in words."""
        return number(count)

    @cached_property
    def agents(self) -> np.ndarray:
        """The records of AGENT of all seats ever used."""
        clock = self._town["clock"]
        agents: np.ndarray = self._town["agents"][: int(clock["seats"])]
        return agents

    def of(self, person: int) -> Any:
        """The record of a living person, or None."""
        seats = np.flatnonzero((self.agents["person"] == person) & (self.agents["alive"] == 1))
        return self.agents[seats[0]] if len(seats) else None

    @cached_property
    def living(self) -> list[int]:
        """The numbers of all living people, in order."""
        return sorted(self.agents["person"][self.agents["alive"] == 1].tolist())

    def stands(self, person: int) -> int:
        """The venue in which a person stands; -1: in the street."""
        record = self.of(person)
        return MISSING if record is None else int(self._plan["layout"]["room"][int(record["tile"])])

    def seats_for_company(self, venue: int, person: int) -> list[Seat]:
        """The places for company in a venue, as they are for a person."""
        found, clock, layout = [], self._town["clock"], self._plan["layout"]["place"]
        seats = np.flatnonzero((self.agents["person"] == person) & (self.agents["alive"] == 1))
        seat = int(seats[0]) if len(seats) else MISSING
        for place in np.flatnonzero(self.names.venue_of_spot == venue).tolist():
            deed, here = self._plan["affordances"][layout[place]["affordance"]], self._town["objects"][place]
            if deed["option"] == Option.SOCIALISE:
                wet = bool(deed["open_air"]) and clock["weather"] == Weather.RAIN
                is_taken = int(here["user"]) not in (MISSING, seat)
                found.append(Seat(float(deed["fee"]), wet, self.tick < int(here["closed_until"]), is_taken))
        return found

    @property
    def spend_above(self) -> float:
        """The money that people keep where they pay for company."""
        return float(self._plan["market"]["spend_above"])

    def home(self, person: int) -> int:
        """The venue in which a person lives, or lived; -1 if not known."""
        bed = self.memory.get("bed", person, default=MISSING)
        return MISSING if bed < 0 else self.venue_of(bed)

    def housemates(self, person: int) -> list[int]:
        """The numbers of the others who live in the same venue."""
        home = self.home(person)
        return [] if home < 0 else self._persons(self.names.venue_of_spot[self.agents["home"]] == home, person)

    def others_at(self, venue: int, *but: int) -> list[int]:
        """The numbers of the people in a venue, except `but`; none for venue -1."""
        return [] if venue < 0 else self._persons(self._plan["layout"]["room"][self.agents["tile"]] == venue, *but)

    def awake(self, *but: int) -> list[int]:
        """The numbers of the people who are awake, except `but`."""
        doing = self.agents["doing"]
        asleep = (doing >= 0) & (self._plan["affordances"]["option"][doing] == Option.SLEEP)
        return self._persons(~asleep, *but)

    def at_work_since(self, person: int, place: int) -> int | None:
        """The tick at which a person began to use a place, where the person uses it now."""
        record, user = self.of(person), int(self._town["objects"][place]["user"])
        uses = record is not None and user >= 0 and int(self.agents["person"][user]) == person and record["doing"] >= 0
        return int(record["busy_since"]) if uses else None

    def _persons(self, chosen: np.ndarray, *but: int) -> list[int]:
        """The numbers of the living in the chosen seats, in order, except `but`."""
        persons = self.agents["person"][chosen & (self.agents["alive"] == 1)]
        return sorted(set(persons.tolist()) - set(but))

    def tie(self, owner: int, other: int) -> Tie | None:
        """The event's change of `owner`'s tie to `other`, or None."""
        return next((tie for tie in self.ties if (tie.owner, tie.other) == (owner, other)), None)

    def tie_now(self, owner: int, other: int) -> Tie | None:
        """`owner`'s present tie to `other` as a change with equal values before and after, or None."""
        record = self.of(owner)
        for tie in [] if record is None else record["ties"]:
            if tie["known"] and tie["other"] == other:
                sides = float(tie["trust"]), float(tie["familiarity"]), float(tie["rivalry"])
                return Tie(owner, other, int(Change.UPDATED), sides, sides)
        return None

    def are_strangers(self, a: int, b: int) -> bool:
        """Whether two people have no common event in the memory and no common home."""
        two = pair(a, b)
        met = any(self.memory.get(what, *two) for what in MEETINGS)
        helped = any(self.memory.get("helped", *each) for each in ((a, b), (b, a)))
        return not met and not helped and b not in self.housemates(a)

    def bond(self, owner: int, other: int) -> int:
        """What `other` is to `owner`, as far as it was told: NONE, FRIEND or RIVAL."""
        return self.memory.get("bond", owner, other, default=NONE)

    @property
    def close_below(self) -> float:
        """The liking below which a friendship is close to its end."""
        return self._rule.close

    def is_close(self, sides: Sides) -> bool:
        """Whether a friendship with these sides is close to its end."""
        return liking(sides) < self._rule.close

    def is_firm(self, sides: Sides) -> bool:
        """Whether a tie with these sides would make a friend."""
        return liking(sides) >= self._rule.friend_from

    def bond_after(self, owner: int, other: int, sides: Sides | None) -> int:
        """What `other` becomes to `owner` where the tie comes to have these sides; None: there is no tie."""
        return self._rule.after(self.bond(owner, other), sides)

    @property
    def changes_bonds(self) -> bool:
        """Whether this event makes or ends a bond that was told."""
        held = (tie for tie in self.ties if tie.held)
        return any(self.bond_after(tie.owner, tie.other, tie.after) != self.bond(tie.owner, tie.other) for tie in held)

    def resents(self, owner: int, other: int) -> bool:
        """Whether `owner` holds much against `other`, also if they are friends."""
        tie = self.tie_now(owner, other)
        return tie is not None and tie.after[2] >= MUCH

    def stays(self, owner: int, other: int, bond: int) -> bool:
        """Whether `other` is this to `owner`, and this event does not end it."""
        tie = self.tie(owner, other)
        return self.bond(owner, other) == bond and (
            tie is None or not tie.held or self.bond_after(owner, other, tie.after) == bond
        )

    def is_friend(self, owner: int, other: int) -> bool:
        """Whether `other` is a friend of `owner`."""
        return self.bond(owner, other) == FRIEND

    def is_rival(self, owner: int, other: int) -> bool:
        """Whether `other` is a rival of `owner`."""
        return self.bond(owner, other) == RIVAL


def pair(a: int, b: int) -> tuple[int, int]:
    """The two numbers in ascending order."""
    return (a, b) if a < b else (b, a)


def tie_of(row: Any) -> Tie:
    """A row of TIE_CHANGE as a `Tie`."""
    (*before,), (*after,) = map(float, row["before"]), map(float, row["after"])
    return Tie(
        int(row["owner"]),
        int(row["other"]),
        int(row["change"]),
        (before[0], before[1], before[2]),
        (after[0], after[1], after[2]),
    )
