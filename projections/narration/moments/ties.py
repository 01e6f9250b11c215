"""Moments about bonds: friendships and rivalries that begin and end, each told once, by an event or by time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from eventlog import codes
from eventlog.catalogue.registries import SIDES
from eventlog.rows import MISSING
from projections.narration.bond_rule import FRIEND, NONE, RIVAL, Sides, liking
from projections.narration.entries import Moment
from projections.narration.moments.queues import DESK
from projections.narration.reasons import Reasons, cause_of
from projections.narration.scene import Scene, Tie, pair

OVER: Final = frozenset(
    int(kind)
    for kind in (
        *(codes.SHARED_MEAL, codes.CHAT_SUCCEEDED, codes.CHAT_FAILED, codes.QUEUE_HANDOVER, codes.QUEUE_CONFLICT),
        *(codes.LATE_HELP, codes.SHIFT_TAKEOVER, codes.NEWS_TOLD, codes.MEAL_GIVEN, codes.MONEY_LENT),
        codes.MONEY_RETURNED,
    )
)
"""The kinds of events that can begin and end a bond."""

IN_TIME = {
    (FRIEND, NONE): "friendship.cooled",
    (RIVAL, NONE): "rivalry.forgotten",
    (NONE, FRIEND): "friendship.grown",
    (NONE, RIVAL): "rivalry.surfaced",
}
"""The situation of a bond that time alone ended or began, by the bond before and after."""

LIKING: Final = np.array([1.0, 1.0, -1.0])
"""What each side of a tie adds to the liking."""

BEGINS: Final = {FRIEND: ("liking", 1), RIVAL: ("rivalry", 1)}
ENDS: Final = {FRIEND: ("liking", -1), RIVAL: ("liking", 1)}
"""What the reasons of a bond gave or took, where it begins and where it ends; see `Reasons`."""


class Changed(NamedTuple):
    """A bond that an event changed; `ended` and `begun` say what gave most of the end and of the beginning."""

    owner: int
    other: int
    was: int
    now: int
    ended: str
    begun: str


def tie_moments(scene: Scene) -> Iterator[Moment]:
    """Friendships and rivalries that an event began or ended; told after the event itself."""
    if scene.kind == codes.TIE_SET:
        for tie in scene.ties:
            _mark(scene, tie)
        return
    if scene.kind not in OVER:
        return
    held = [tie for tie in scene.ties if tie.held]
    for tie in held:
        _count_reason(scene, tie)
    changed = _changes(scene, held)
    yield from _ended(scene, [each for each in changed if each.was == FRIEND], "friendship.lost")
    yield from _ended(scene, [each for each in changed if each.was == RIVAL], "rivalry.mended")
    yield from _friends(scene, [each for each in changed if each.now == FRIEND])
    yield from _rivals(scene, [each for each in changed if each.now == RIVAL])
    for tie in held:
        if scene.is_friend(tie.owner, tie.other):
            if scene.is_firm(tie.after):
                scene.memory.drop("close", tie.owner, tie.other)
            elif scene.is_close(tie.after) and liking(tie.after) < liking(tie.before):
                why = {"over": _most(scene, tie.owner, tie.other, *ENDS[FRIEND])}
                yield from _close_to_the_end(scene, tie.owner, tie.other, "friendship.strained", why)


def forgotten_people(scene: Scene) -> Iterator[Moment]:
    """The friends and rivals of whom an event took the place in somebody's ledger."""
    for lost in scene.lost:
        Reasons(scene.memory).forget(lost.owner, lost.other)
    if scene.kind not in OVER:
        return
    for lost in scene.lost:
        was = scene.bond(lost.owner, lost.other)
        _remember(scene, lost.owner, lost.other, NONE)
        if was == FRIEND:
            newcomer = next((tie.other for tie in scene.ties if tie.owner == lost.owner and tie.held), scene.other)
            facts = {"newcomer": scene.name(newcomer), "capacity": scene.number(scene.capacity)}
            yield scene.moment("friendship.crowded_out", facts, who=(lost.owner, lost.other), priority=True)
        elif was == RIVAL:
            yield scene.moment("rivalry.forgotten", who=(lost.owner, lost.other), priority=True)


def bonds_of_the_hour(scene: Scene) -> Iterator[Moment]:
    """At the end of an hour, when ties fade: the bonds that time made or ended, and friendships close to their end."""
    ties, owners = _bound(scene)
    two = list(zip(owners.tolist(), ties["other"].tolist(), strict=True))
    now = dict(zip(two, ties["bond"].tolist(), strict=True))
    before = scene.memory.all("bond")
    changed = {
        each: (before.get(each, NONE), now.get(each, NONE))
        for each in sorted({*before, *now})
        if before.get(each, NONE) != now.get(each, NONE)
    }
    for each, (_, bond) in changed.items():
        tie = scene.tie_now(*each)
        _remember(scene, *each, bond, None if tie is None else tie.after)
    yield from _in_time(scene, changed)
    sides = np.stack([ties[side].astype(float) for side in SIDES], axis=1)
    friends = ties["bond"] == FRIEND
    close = friends & (sides @ LIKING < scene.close_below)
    for index in np.flatnonzero(close).tolist():
        yield from _worn(scene, *two[index], sides[index])


def _bound(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """All ties that are bonds, and the numbers of their owners."""
    agents = scene.agents[scene.agents["alive"] == 1]
    owner, slot = np.nonzero((agents["ties"]["bond"] != NONE) & (agents["ties"]["known"] == 1))
    return agents["ties"][owner, slot], agents["person"][owner]


def _worn(scene: Scene, owner: int, other: int, sides: np.ndarray) -> Iterator[Moment]:
    """A friendship that comes close to its end at an hour's end: through time, or mostly through earlier events."""
    trust, familiarity, rivalry = sides.tolist()
    if Reasons(scene.memory).is_faded(owner, other, (trust, familiarity, rivalry)):
        yield from _close_to_the_end(scene, owner, other, "friendship.fading", {})
    else:
        why = {"over": _most(scene, owner, other, *ENDS[FRIEND])}
        yield from _close_to_the_end(scene, owner, other, "friendship.strained", why)


def _close_to_the_end(scene: Scene, owner: int, other: int, name: str, facts: Mapping[str, str]) -> Iterator[Moment]:
    """A friendship that is close to its end; once, until it is firm again or over, and of two sides the first."""
    if not scene.memory.get("close", owner, other):
        scene.memory.put(1, "close", owner, other)
        if scene.memory.get("close", other, owner):
            return
        yield scene.moment(name, facts, who=(owner, other), place=MISSING, priority=True)


def _in_time(scene: Scene, changed: Mapping[tuple[int, int], tuple[int, int]]) -> Iterator[Moment]:
    """The bonds that time ended and began, with the bond before and after; one moment where both sides ended."""
    told = set[tuple[int, int]]()
    for (owner, other), (was, now) in changed.items():
        mutual = now == NONE and changed.get((other, owner)) == (was, now)
        if was != NONE and pair(owner, other) not in told:
            name = f"{IN_TIME[was, NONE]}_mutually" if mutual else IN_TIME[was, NONE]
            asides = [] if mutual else _still(scene, owner, other, was)
            yield scene.moment(name, who=(owner, other), place=MISSING, priority=True, asides=asides)
        if mutual:
            told.add(pair(owner, other))
        if now != NONE:
            asides = _unreturned(scene, owner, other) if now == RIVAL else []
            yield scene.moment(IN_TIME[NONE, now], who=(owner, other), place=MISSING, priority=True, asides=asides)


def _unreturned(scene: Scene, owner: int, other: int) -> list[str]:
    """The aside that says what `owner` is to somebody whom it sees as a rival, if not a rival, too."""
    if scene.is_rival(other, owner):
        return []
    return ["rivalry.to_friend" if scene.is_friend(other, owner) else "rivalry.one_sided"]


def _changes(scene: Scene, ties: Sequence[Tie]) -> list[Changed]:
    """The bonds that an event changes; they are remembered."""
    found = []
    for tie in ties:
        was, now = scene.bond(tie.owner, tie.other), scene.bond_after(tie.owner, tie.other, tie.after)
        if now != was:
            two = tie.owner, tie.other
            ended = _most(scene, *two, *ENDS[was]) if was != NONE else ""
            begun = _most(scene, *two, *BEGINS[now]) if now != NONE else ""
            _remember(scene, *two, now)
            found.append(Changed(*two, was, now, ended, begun))
    return found


def _ended(scene: Scene, over: Sequence[Changed], name: str) -> Iterator[Moment]:
    """Bonds of one sort that this event ended."""
    if not over:
        return
    first, mutual = over[0], len(over) > 1
    asides = [] if mutual else _still(scene, first.owner, first.other, first.was)
    facts = {"over": first.ended}
    yield scene.moment(f"{name}_mutually" if mutual else name, facts, who=first[:2], priority=True, asides=asides)


def _still(scene: Scene, owner: int, other: int, bond: int) -> list[str]:
    """The aside that the other one still sees `owner` so, if that is the case."""
    back = scene.bond(other, owner) == bond
    return [f"{'friendship' if bond == FRIEND else 'rivalry'}.still"] if back else []


def _friends(scene: Scene, begun: Sequence[Changed]) -> Iterator[Moment]:
    """Friendships that this event began, one-sided or mutual, for the first time or again."""
    if not begun:
        return
    memory, who, why = scene.memory, begun[0][:2], {"over": begun[0].begun}
    to_rival = scene.is_rival(who[1], who[0])
    mutual = scene.is_friend(who[1], who[0])
    known = max(memory.add("befriended", *each[:2]) for each in begun)
    first = mutual and memory.add("friendships") == 1
    one_sided = [] if mutual else ["friendship.to_rival" if to_rival else "friendship.one_sided"]
    if known > 1 and len(begun) == 1:
        asides = one_sided or ["friendship.returned"]
        yield scene.moment("friendship.renewed", why, who=who, priority=True, asides=asides)
    elif mutual:
        asides = ["friendship.first_in_town"] if first else []
        asides += ["friendship.unlikely"] if memory.get("quarrels", *pair(*who)) else []
        yield scene.moment("friendship.mutual", why, who=who, priority=True, asides=asides)
    else:
        yield scene.moment("friendship.begun", why, who=who, priority=True, asides=one_sided)


def _rivals(scene: Scene, made: Sequence[Changed]) -> Iterator[Moment]:
    """Rivalries that this event began. Of one that is not returned, that is said."""
    if not made:
        return
    memory = scene.memory
    begun = next((each for each in made if each.owner == scene.other), made[0])
    owner, other = begun[:2]
    again = max(memory.add("rivalled", *each[:2]) for each in made) > 1
    mutual = scene.is_rival(other, owner)
    name = "again" if again and len(made) == 1 else "mutual" if mutual else "begun"
    first = memory.add("rivalries") == 1
    if mutual:
        asides = ["rivalry.first_in_town"] if first else []
        asides += ["rivalry.returned"] if name == "again" else []
        asides += ["rivalry.housemates"] if other in scene.housemates(owner) else []
    else:
        asides = _unreturned(scene, owner, other)
    facts = {"over": begun.begun, "home": scene.names.where(scene.home(owner))}
    yield scene.moment(f"rivalry.{name}", facts, who=(owner, other), priority=True, asides=asides)


def _mark(scene: Scene, tie: Tie) -> None:
    """Remember, without telling, the bond and the acquaintance that a set tie makes."""
    scene.memory.put(1, "acquainted", *pair(tie.owner, tie.other))
    if tie.held:
        _count_reason(scene, tie)
    was, now = scene.bond(tie.owner, tie.other), scene.bond_after(tie.owner, tie.other, tie.after if tie.held else None)
    if now != was:
        _remember(scene, tie.owner, tie.other, now)
        if now != NONE:
            scene.memory.add("befriended" if now == FRIEND else "rivalled", tie.owner, tie.other)
        if now == RIVAL:
            scene.memory.add("rivalries")
        elif now == FRIEND and scene.tick and scene.is_friend(tie.other, tie.owner):
            scene.memory.add("friendships")
    if now == FRIEND and scene.is_close(tie.after):
        scene.memory.put(1, "close", tie.owner, tie.other)


def _remember(scene: Scene, owner: int, other: int, bond: int, sides: Sides | None = None) -> None:
    """Remember a bond; `sides` are those of the tie where time changed it."""
    scene.memory.drop("close", owner, other)
    Reasons(scene.memory).bond_changed(owner, other, sides)
    if bond == NONE:
        scene.memory.drop("bond", owner, other)
    else:
        scene.memory.put(bond, "bond", owner, other)


def _count_reason(scene: Scene, tie: Tie) -> None:
    """Count what this event gave to a tie."""
    at_a_desk = scene.place >= 0 and scene.names.spots[scene.place].kind == DESK
    founding = scene.tick == 0 and scene.cause == MISSING
    cause = cause_of(scene.kind, scene.code, scene.agent, tie.owner, scene.day, at_a_desk=at_a_desk, founding=founding)
    Reasons(scene.memory).add(tie.owner, tie.other, cause, tie.before, tie.after)


def _most(scene: Scene, owner: int, other: int, feeling: str, sign: int) -> str:
    """What gave most of a feeling, or took most of it away, in words."""
    return Reasons(scene.memory).most(owner, other, feeling, sign, scene.day, scene.name)
