"""A second ledger in plain Python, to hold the town's against.

It follows docs/world/RELATIONSHIP_MODEL.md and no kernel. Ties are kept by person, not in slots; events are
dictionaries with persons in them. Where the document leaves an order of operations open (the forgiving lose rivalry
sooner), it is the one that the settings' descriptions give. Chats are counted in the tie, so a pair whose tie was lost
begins its day anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SIDES = ("trust", "familiarity", "rivalry")
REMEMBERED = (
    "shared_meal",
    "queue_handover",
    "queue_conflict",
    "shift_takeover",
    "late_help",
    "chat_succeeded",
    "chat_failed",
    "meal_given",
    "money_lent",
    "money_returned",
)
CHATS = ("chat_succeeded", "chat_failed")


@dataclass
class Tie:
    since: int
    trust: float = 0.0
    familiarity: float = 0.0
    rivalry: float = 0.0
    bond: str = "none"
    chats: int = 0
    chatted_on: int = -1

    @property
    def liking(self) -> float:
        return self.trust + self.familiarity - self.rivalry

    @property
    def size(self) -> float:
        return abs(self.trust) + abs(self.familiarity) + abs(self.rivalry)


@dataclass
class Physics:
    """The social physics in force: deltas by kind as (trust, familiarity, rivalry), and the other numbers.

    `agents_share` is the share of a delta, by kind, for who did it (1 where none is given); `friend` and `rival` are
    the marks at which a bond is made and below which it ends. The last four are of personality, and count
    with `modifiers` alone.
    """

    deltas: Mapping[str, tuple[float, float, float]]
    agents_share: Mapping[str, float] = field(default_factory=dict)
    repeat_share: float = 1.0
    friend: tuple[float, float] = (0.9, 0.6)
    rival: tuple[float, float] = (0.25, 0.12)
    ticks_per_day: int = 1440
    capacity: int = 6
    admission: float = 0.2
    forgotten_below: float = 0.01
    retention: tuple[float, float, float] = (1.0, 1.0, 1.0)
    modifiers: bool = False
    hearsay_share: float = 0.3
    ambition_scale: float = 0.0
    forgiveness_scale: float = 0.0
    extroversion_gain: float = 0.0
    forgiveness_decay: float = 0.0


@dataclass
class Person:
    forgiveness: float = 0.0
    ambition: float = 0.0
    extroversion: float = 0.0
    workplace: int | None = None
    ties: dict[int, Tie] = field(default_factory=dict)


class ReferenceLedger:
    """People and their ties; `happen` applies an event, `pass_hour` lets an hour go by."""

    def __init__(self, physics: Physics) -> None:
        self.physics = physics
        self.people: dict[int, Person] = {}

    def happen(self, event: Mapping[str, Any]) -> None:
        """One event: `kind`, `agent`, `other`, `tick`, and what its kind needs of `value`, `value2`, `venue`, ..."""
        kind = event["kind"]
        if kind in REMEMBERED:
            share = self.physics.agents_share.get(kind, 1.0)
            if share > 0:
                self._remember(event["agent"], event["other"], event, share)
            self._remember(event["other"], event["agent"], event, 1.0)
        elif kind == "news_told":
            self._hear(event)
        elif kind == "tie_set":
            self._set(event)
        elif kind == "agent_exited":
            del self.people[event["agent"]]
            for person in self.people.values():
                person.ties.pop(event["agent"], None)
        elif kind == "agent_arrived":
            self.people[event["agent"]] = Person()
        elif kind == "trait_given":
            setattr(self.people[event["agent"]], event["trait"], event["value"])
        elif kind in ("hired", "job_lost"):
            self.people[event["agent"]].workplace = event["venue"]

    def pass_hour(self) -> None:
        """Every tie decays; one with all three sides too small is dropped."""
        for person in self.people.values():
            keep = [*self.physics.retention]
            if self.physics.modifiers:
                keep[2] = keep[2] - self.physics.forgiveness_decay * (1.0 - keep[2]) * person.forgiveness
            for other, tie in list(person.ties.items()):
                for side, share in zip(SIDES, keep, strict=True):
                    setattr(tie, side, getattr(tie, side) * share)
                self._judge(tie)
                if all(abs(getattr(tie, side)) < self.physics.forgotten_below for side in SIDES):
                    del person.ties[other]

    def raw(self, owner: int, event: Mapping[str, Any]) -> tuple[float, float, float]:
        """The table of docs/world/RELATIONSHIP_MODEL.md, What events do; of a chat each knows its own quality."""
        trust, familiarity, rivalry = self.physics.deltas[event["kind"]]
        if "share" in event:
            share, strength = event["share"], event["value"]
            return share * trust, share * familiarity, share * (rivalry * strength)
        if event["kind"] == "queue_conflict":
            return trust, familiarity, rivalry * event["value"]
        if event["kind"] == "chat_succeeded":
            quality = event["value"] if owner == event["agent"] else event["value2"]
            return trust * quality, familiarity * quality, rivalry * quality
        return trust, familiarity, rivalry

    def personal(self, owner: int, event: Mapping[str, Any]) -> tuple[float, float, float]:
        """Raw delta, ambition, forgiveness, extroversion, in this order."""
        person = self.people[owner]
        trust, familiarity, rivalry = self.raw(owner, event)
        if not self.physics.modifiers:
            return trust, familiarity, rivalry
        at_work = event["kind"] == "queue_conflict" and event["venue"] == person.workplace
        if rivalry > 0 and (event["kind"] == "shift_takeover" or at_work):
            rivalry *= 1.0 + self.physics.ambition_scale * person.ambition
        harm = 1.0 - self.physics.forgiveness_scale * person.forgiveness
        if trust < 0:
            trust *= harm
        if familiarity < 0:
            familiarity *= harm
        if rivalry > 0:
            rivalry *= harm
        if event["kind"] == "chat_succeeded":
            familiarity += self.physics.extroversion_gain * person.extroversion
        return trust, familiarity, rivalry

    def _remember(self, owner: int, other: int, event: Mapping[str, Any], share: float) -> None:
        """One side of an event: its share of the delta; of a pair's chats of a day each counts less than the last."""
        tie, weight = self.people[owner].ties.get(other), share
        if event["kind"] in CHATS:
            day = event["tick"] // self.physics.ticks_per_day
            before = tie.chats if tie and tie.chatted_on == day else 0
            repeats = 1.0
            for _ in range(before):
                repeats *= self.physics.repeat_share
            weight = share * repeats
            self._change(owner, other, event, weight)
            tie = self.people[owner].ties.get(other)
            if tie:
                tie.chats, tie.chatted_on = before + 1, day
        else:
            self._change(owner, other, event, weight)

    def _change(self, owner: int, other: int, event: Mapping[str, Any], weight: float = 1.0) -> None:
        person = self.people[owner]
        trust, familiarity, rivalry = (weight * side for side in self.personal(owner, event))
        if other not in person.ties:
            strong = abs(trust + familiarity - rivalry) > self.physics.admission
            if len(person.ties) >= self.physics.capacity and not strong:
                return
            self._admit(person, other, event["tick"])
        tie = person.ties[other]
        tie.trust = limited(tie.trust + trust)
        tie.familiarity = limited(tie.familiarity + familiarity)
        tie.rivalry = limited(tie.rivalry + rivalry)
        self._judge(tie)

    def _judge(self, tie: Tie) -> None:
        """A bond lasts until its lower mark; whoever has none may get one, and a rivalry comes before a friendship."""
        (friend_from, friend_until), (rival_from, rival_until) = self.physics.friend, self.physics.rival
        resented = tie.rivalry > tie.trust
        lasts = (tie.bond == "friend" and tie.liking >= friend_until) or (
            tie.bond == "rival" and resented and tie.rivalry >= rival_until
        )
        if lasts:
            return
        tie.bond = "none"
        if tie.rivalry >= rival_from and resented:
            tie.bond = "rival"
        elif tie.liking >= friend_from:
            tie.bond = "friend"

    def _hear(self, event: Mapping[str, Any]) -> None:
        """What is told of `about` counts as much as the listener trusts the teller, and as a deed of that kind does."""
        person = self.people[event["other"]]
        tie = person.ties.get(event["agent"])
        share = self.physics.hearsay_share * (tie.trust if tie and tie.trust > 0 else 0.0)
        if share > 0:
            deed = {"kind": event["news"], "value": event["value"], "share": share, "venue": -1}
            self._change(event["other"], event["about"], {**event, **deed})

    def _set(self, event: Mapping[str, Any]) -> None:
        person = self.people[event["agent"]]
        if event["other"] not in person.ties:
            self._admit(person, event["other"], event["tick"])
        setattr(person.ties[event["other"]], event["side"], limited(event["value"]))
        self._judge(person.ties[event["other"]])

    def _admit(self, person: Person, other: int, tick: int) -> None:
        """A new tie; with no room the weakest goes: the smallest, then the oldest, then the lowest identity."""
        if len(person.ties) >= self.physics.capacity:
            del person.ties[
                min(person.ties, key=lambda known: (person.ties[known].size, person.ties[known].since, known))
            ]
        person.ties[other] = Tie(tick)


def limited(value: float) -> float:
    """Within [-1, 1]."""
    return -1.0 if value < -1.0 else 1.0 if value > 1.0 else value
