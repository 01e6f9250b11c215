"""A log for those who check a story: its rows, the town around any event, and every bond, read without the narrator."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from eventlog.catalogue import KIND_CODES
from eventlog.catalogue.registries import Reason
from eventlog.rows import Rows
from tests.townlet.towns import town_of
from townlet.configuration.load import person_name
from townlet.configuration.plans import map_of
from townlet.configuration.settings import Settings

CHANGING = (
    *("tick_ended", "tie_set", "agent_exited", "shared_meal", "chat_succeeded", "chat_failed", "queue_handover"),
    *("queue_conflict", "late_help", "shift_takeover", "news_told", "meal_given", "money_lent", "money_returned"),
)
"""Kinds of events that can change a bond; of ticks only those that end an hour."""

FOUNDING = ("agent_arrived", "tie_set", "trait_given", "hired")


def spoken(name: str) -> str:
    """A person's name in prose, such as `Alice II`."""
    first, _, turn = name.rpartition("_")
    if not first:
        return name[:1].upper() + name[1:]
    return f"{first[:1].upper()}{first[1:]} {['', 'I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII'][int(turn)]}"


@dataclass(frozen=True)
class Bond:
    """From event `seq` on, `other` is to `owner` what `bond` says: 0 nothing, 1 a friend, 2 a rival.

    `liking` is what the owner feels then; 0 where the tie is gone.
    """

    seq: int
    owner: int
    other: int
    bond: int
    before: int
    in_time: bool
    liking: float


@dataclass(frozen=True)
class Move:
    """Event `seq` changed the tie of `owner` to `other` by so much liking and rivalry; `is_end`: the tie is gone."""

    seq: int
    owner: int
    other: int
    liking: float
    rivalry: float
    is_end: bool


@dataclass
class StoryLog:
    """The rows of a town's log from its beginning, and what follows from them."""

    settings: Settings
    rows: Rows
    states: dict[int, np.ndarray] = field(default_factory=dict)
    bonds: list[Bond] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)

    def look(self, causes: set[int]) -> None:
        """Fold the log once; keep the agents before and after each of these events, and note every change of a bond."""
        kinds = self.rows["kind"]
        changing = np.isin(kinds, [KIND_CODES[name] for name in CHANGING])
        changing &= (kinds != KIND_CODES["tick_ended"]) | ((self.rows["tick"] + 1) % 60 == 0)
        stops = sorted({*causes, *(cause + 1 for cause in causes), *(np.flatnonzero(changing) + 1).tolist()})
        town, at, held = town_of(self.settings), 0, dict[tuple[int, int], int]()
        felt = dict[tuple[int, int], tuple[float, float]]()
        for stop in (stop for stop in stops if stop <= len(self.rows)):
            town.fold([self.rows[at:stop]])
            at = stop
            agents = town.record["agents"][: int(town.record["clock"]["seats"])]
            if stop in causes or stop - 1 in causes:
                self.states[stop] = agents.copy()
            if stop and changing[stop - 1]:
                now, after = _bonds(agents), _feelings(agents)
                for two in sorted({*held, *now}):
                    if held.get(two, 0) != now.get(two, 0):
                        in_time = bool(kinds[stop - 1] == KIND_CODES["tick_ended"])
                        bond = now.get(two, 0), held.get(two, 0)
                        self.bonds.append(Bond(stop - 1, *two, *bond, in_time, after.get(two, (0.0, 0.0))[0]))
                held = now
                in_time = bool(kinds[stop - 1] == KIND_CODES["tick_ended"])
                self.moves += _moves(stop - 1, felt, after, in_time=in_time)
                felt = after

    @cached_property
    def per_day(self) -> int:
        """Ticks of a day."""
        return self.settings.town.ticks_per_day

    @cached_property
    def by_kind(self) -> dict[str, Rows]:
        """The rows of each kind; quarrels and broken promises have names of their own."""
        found = {name: self.rows[self.rows["kind"] == code] for name, code in KIND_CODES.items()}
        wrongs = found["queue_conflict"]
        promises = wrongs["code"] == int(Reason.PROMISE)
        return found | {"quarrel": wrongs[~promises], "broken_promise": wrongs[promises]}

    @cached_property
    def map(self) -> Any:
        """The town's map."""
        return map_of(self.settings)

    @cached_property
    def room(self) -> np.ndarray:
        """The venue of each tile, -1: none."""
        room: np.ndarray = town_of(self.settings).plans.view(np.ndarray)[0]["layout"]["room"]
        return room

    def name(self, person: int) -> str:
        """A person's name in prose."""
        return spoken(person_name(self.settings, person)) if person >= 0 else "somebody"

    def of(self, *kinds: str, until: int | None = None, **fields: int) -> Rows:
        """The rows of these kinds with these values, before event `until`."""
        rows = np.concatenate([self.by_kind[kind] for kind in kinds])
        rows = rows[np.argsort(rows["seq"], kind="stable")]
        for name, value in fields.items():
            rows = rows[rows[name] == value]
        return rows if until is None else rows[rows["seq"] < until]

    def of_pair(self, *kinds: str, a: int, b: int, until: int | None = None) -> Rows:
        """The rows of these kinds between two people, in either order."""
        rows = self.of(*kinds, until=until)
        one, other = rows["agent"], rows["other"]
        found: Rows = rows[((one == a) & (other == b)) | ((one == b) & (other == a))]
        return found

    def bonds_of(self, owner: int, other: int, until: int) -> list[Bond]:
        """The changes of a bond up to event `until`, in order."""
        return [each for each in self.bonds if (each.owner, each.other) == (owner, other) and each.seq <= until]

    def living(self, seq: int) -> Iterator[int]:
        """The people who live in the town before event `seq`."""
        gone = set(self.of("agent_exited", until=seq)["agent"].tolist())
        return (person for person in self.of("agent_arrived", until=seq)["agent"].tolist() if person not in gone)

    def home(self, person: int) -> int:
        """The venue where a person lives or lived."""
        bed = int(self.of("agent_arrived", agent=person)["object"][0])
        return int(self.map.places[bed].venue)


def _feelings(agents: np.ndarray) -> dict[tuple[int, int], tuple[float, float]]:
    """The liking and the rivalry of all ties of those who live, by owner and other."""
    seat, slot = np.nonzero((agents["ties"]["known"] == 1) & (agents["alive"] == 1)[:, None])
    ties = agents["ties"][seat, slot]
    liking = ties["trust"].astype(float) + ties["familiarity"] - ties["rivalry"]
    two = zip(agents["person"][seat].tolist(), ties["other"].tolist(), strict=True)
    return dict(zip(two, zip(liking.tolist(), ties["rivalry"].tolist(), strict=True), strict=True))


def _moves(
    seq: int,
    before: dict[tuple[int, int], tuple[float, float]],
    after: dict[tuple[int, int], tuple[float, float]],
    *,
    in_time: bool,
) -> list[Move]:
    """What an event changed in the ties; of what time changes only that a tie is gone."""
    gone = [Move(seq, *two, 0.0, 0.0, is_end=True) for two in before if two not in after]
    moved = []
    for two, (liking, rivalry) in after.items() if not in_time else ():
        was = before.get(two, (0.0, 0.0))
        if (liking, rivalry) != was:
            moved.append(Move(seq, *two, liking - was[0], rivalry - was[1], is_end=False))
    return [*gone, *moved]


def _bonds(agents: np.ndarray) -> dict[tuple[int, int], int]:
    """The bonds of all who live, by owner and other."""
    seat, slot = np.nonzero((agents["ties"]["bond"] > 0) & (agents["alive"] == 1)[:, None])
    ties = agents["ties"][seat, slot]
    return dict(
        zip(
            zip(agents["person"][seat].tolist(), ties["other"].tolist(), strict=True),
            ties["bond"].tolist(),
            strict=True,
        )
    )


@dataclass
class At:
    """An entry of a story, with the event that it is about, and the town before and after that event."""

    log: StoryLog
    entry: dict[str, Any]

    @cached_property
    def row(self) -> Any:
        """The event."""
        return self.log.rows[self.entry["cause"]]

    @cached_property
    def kind(self) -> str:
        """The name of the event's kind."""
        return next(name for name, code in KIND_CODES.items() if code == self.row["kind"])

    @cached_property
    def seq(self) -> int:
        return int(self.row["seq"])

    @cached_property
    def tick(self) -> int:
        return int(self.row["tick"])

    @cached_property
    def day(self) -> int:
        return self.tick // self.log.per_day

    @cached_property
    def a(self) -> int:
        """The entry's person."""
        return -1 if self.entry["agent"] is None else int(self.entry["agent"])

    @cached_property
    def b(self) -> int:
        """The entry's second person."""
        return -1 if self.entry["other"] is None else int(self.entry["other"])

    @cached_property
    def place(self) -> int:
        return int(self.row["object"])

    @cached_property
    def code(self) -> int:
        return int(self.row["code"])

    def person(self, number: int, *, before: bool = False) -> Any:
        """The record of a person before or after the event; None if there is none."""
        agents = self.log.states[self.seq if before else self.seq + 1]
        found = agents[(agents["person"] == number) & (agents["alive"] == 1)]
        return found[0] if len(found) else None

    def venue(self, number: int, *, before: bool = False) -> int:
        """The venue where a person stands; -1: none."""
        record = self.person(number, before=before)
        return -1 if record is None else int(self.log.room[int(record["tile"])])

    def others_in(self, venue: int, *but: int) -> set[int]:
        """The people in a venue after the event, except some."""
        agents = self.log.states[self.seq + 1]
        here = agents[(agents["alive"] == 1) & (self.log.room[agents["tile"]] == venue)]
        return set(here["person"].tolist()) - set(but) if venue >= 0 else set()

    def count(self, *kinds: str, **fields: int) -> int:
        """How many events of these kinds and values there were up to this one, itself counted."""
        return len(self.log.of(*kinds, until=self.seq + 1, **fields))

    def count_pair(self, *kinds: str, before: bool = False) -> int:
        """How many events of these kinds the two had up to this one."""
        return len(self.log.of_pair(*kinds, a=self.a, b=self.b, until=self.seq + (not before)))

    def today(self, *kinds: str, **fields: int) -> Rows:
        """The events of these kinds and values on this day, up to this one."""
        rows = self.log.of(*kinds, until=self.seq + 1, **fields)
        found: Rows = rows[rows["tick"] // self.log.per_day == self.day]
        return found

    def last(self, *kinds: str, **fields: int) -> int:
        """The tick of the last such event before this one, or -1."""
        rows = self.log.of(*kinds, until=self.seq, **fields)
        return int(rows["tick"][-1]) if len(rows) else -1

    def last_of_pair(self, *kinds: str) -> int:
        """The tick of the two's last such event before this one, or -1."""
        rows = self.log.of_pair(*kinds, a=self.a, b=self.b, until=self.seq)
        return int(rows["tick"][-1]) if len(rows) else -1

    def waited(self, number: int) -> int:
        """Ticks since a person joined the line in which it was before the event."""
        return self.tick - self.last("queue_joined", agent=number)

    def bond(self, owner: int, other: int, *, before: bool = False) -> int:
        """What `other` is to `owner` before or after the event."""
        record = self.person(owner, before=before)
        for tie in [] if record is None else record["ties"]:
            if tie["known"] and tie["other"] == other:
                return int(tie["bond"])
        return 0

    def liking(self, owner: int, other: int, *, before: bool = False) -> float:
        """Trust + familiarity - rivalry of the owner's tie to the other, before or after the event."""
        (tie,) = [
            each for each in self.person(owner, before=before)["ties"] if each["known"] and each["other"] == other
        ]
        return float(tie["trust"]) + float(tie["familiarity"]) - float(tie["rivalry"])

    @cached_property
    def order(self) -> Any:
        """The event's cause, if it is a command that was accepted; else None."""
        cause = self.log.rows[self.seq - int(self.row["cause"])] if self.row["cause"] else None
        return cause if cause is not None and cause["kind"] == KIND_CODES["command_accepted"] else None

    def changed(self, owner: int, other: int, was: int, now: int) -> bool:
        """Whether this very event changed a bond so."""
        return any(
            (each.seq, each.before, each.bond) == (self.seq, was, now)
            for each in self.log.bonds_of(owner, other, self.seq)
        )
