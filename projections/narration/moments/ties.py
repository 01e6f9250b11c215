"""Moments about bonds: friendships and rivalries that begin and end, each told once, by an event or by time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from eventlog import codes
from eventlog.catalogue.registries import SIDES, Reason
from eventlog.rows import MISSING
from projections.narration.bond_rule import FRIEND, NONE, RIVAL, liking
from projections.narration.entries import Moment
from projections.narration.moments.queues import DESK
from projections.narration.scene import Scene, Tie, pair

OVER = {
    int(codes.SHARED_MEAL): "a shared meal",
    int(codes.CHAT_SUCCEEDED): "a talk",
    int(codes.CHAT_FAILED): "a talk that went wrong",
    int(codes.QUEUE_HANDOVER): "a kindness in line",
    int(codes.QUEUE_CONFLICT): "a quarrel",
    int(codes.LATE_HELP): "help at work",
    int(codes.SHIFT_TAKEOVER): "a shift taken over",
    int(codes.NEWS_TOLD): "a piece of news",
    int(codes.MEAL_GIVEN): "a meal as a gift",
    int(codes.MONEY_LENT): "a loan",
    int(codes.MONEY_RETURNED): "money paid back",
}
"""The words for an event that is the reason of a bond's beginning or end."""

AT_A_DESK: Final = "a handover at the desk"
"""The words for a handover at a desk, which is how one shift follows another."""

IN_TIME = {
    (FRIEND, NONE): "friendship.cooled",
    (RIVAL, NONE): "rivalry.forgotten",
    (NONE, FRIEND): "friendship.grown",
    (NONE, RIVAL): "rivalry.surfaced",
}
"""The situation of a bond that time alone ended or began, by the bond before and after."""

LIKING: Final = np.array([1.0, 1.0, -1.0])
"""What each side of a tie adds to the liking."""

Changed = tuple[int, int, int, int]
"""Owner, other, and the bond before and after."""


def tie_moments(scene: Scene) -> Iterator[Moment]:
    """Friendships and rivalries that an event began or ended; told after the event itself."""
    if scene.kind == codes.TIE_SET:
        for tie in scene.ties:
            _mark(scene, tie)
        return
    if scene.kind not in OVER:
        return
    held = [tie for tie in scene.ties if tie.held]
    changed = _changes(scene, held)
    yield from _ended(scene, [each for each in changed if each[2] == FRIEND], "friendship.lost")
    yield from _ended(scene, [each for each in changed if each[2] == RIVAL], "rivalry.mended")
    yield from _friends(scene, [each for each in changed if each[3] == FRIEND])
    yield from _rivals(scene, [each for each in changed if each[3] == RIVAL])
    for tie in held:
        if scene.is_friend(tie.owner, tie.other):
            if scene.is_firm(tie.after):
                scene.memory.drop("close", tie.owner, tie.other)
            elif scene.is_close(tie.after) and liking(tie.after) < liking(tie.before):
                yield from _close_to_the_end(scene, tie.owner, tie.other, "friendship.strained", _why(scene))


def forgotten_people(scene: Scene) -> Iterator[Moment]:
    """The friends and rivals of whom an event took the place in somebody's ledger."""
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
        _remember(scene, *each, bond)
    yield from _in_time(scene, changed)
    sides = np.stack([ties[side].astype(float) for side in SIDES], axis=1)
    friends = ties["bond"] == FRIEND
    close = friends & (sides @ LIKING < scene.close_below)
    for index in np.flatnonzero(close).tolist():
        yield from _close_to_the_end(scene, *two[index], "friendship.fading", {})


def _bound(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """All ties that are bonds, and the numbers of their owners."""
    agents = scene.agents[scene.agents["alive"] == 1]
    owner, slot = np.nonzero((agents["ties"]["bond"] != NONE) & (agents["ties"]["known"] == 1))
    return agents["ties"][owner, slot], agents["person"][owner]


def _close_to_the_end(scene: Scene, owner: int, other: int, name: str, facts: Mapping[str, str]) -> Iterator[Moment]:
    """A friendship that is close to its end; once, until it is firm again or over, and of two sides the first."""
    if not scene.memory.get("close", owner, other):
        scene.memory.put(1, "close", owner, other)
        if scene.memory.get("close", other, owner):
            return
        yield scene.moment(name, facts, who=(owner, other), place=MISSING, priority=True)


def _in_time(scene: Scene, changed: Mapping[tuple[int, int], tuple[int, int]]) -> Iterator[Moment]:
    """The bonds that time changed, with the bond before and after; one moment where it holds for both sides."""
    told = set[tuple[int, int]]()
    for (owner, other), how in changed.items():
        name = IN_TIME.get(how) or IN_TIME[how[0], NONE]
        mutual = how[1] == NONE and changed.get((other, owner)) == how
        if mutual and pair(owner, other) in told:
            continue
        told.add(pair(owner, other))
        yield scene.moment(f"{name}_mutually" if mutual else name, who=(owner, other), place=-1, priority=True)


def _changes(scene: Scene, ties: Sequence[Tie]) -> list[Changed]:
    """The bonds that an event changes; they are remembered."""
    found = []
    for tie in ties:
        was, now = scene.bond(tie.owner, tie.other), scene.bond_after(tie.owner, tie.other, tie.after)
        if now != was:
            _remember(scene, tie.owner, tie.other, now)
            found.append((tie.owner, tie.other, was, now))
    return found


def _ended(scene: Scene, over: Sequence[Changed], name: str) -> Iterator[Moment]:
    """Bonds of one sort that this event ended."""
    if over:
        yield scene.moment(f"{name}_mutually" if len(over) > 1 else name, _why(scene), who=over[0][:2], priority=True)


def _friends(scene: Scene, begun: Sequence[Changed]) -> Iterator[Moment]:
    """Friendships that this event began, one-sided or mutual, for the first time or again."""
    if not begun:
        return
    memory, who = scene.memory, begun[0][:2]
    to_rival = scene.is_rival(who[1], who[0])
    mutual = scene.is_friend(who[1], who[0])
    known = max(memory.add("befriended", *each[:2]) for each in begun)
    first = mutual and memory.add("friendships") == 1
    if known > 1 and len(begun) == 1:
        asides = ["friendship.to_rival"] if to_rival else []
        yield scene.moment("friendship.renewed", _why(scene), who=who, priority=True, asides=asides)
    elif mutual:
        asides = ["friendship.first_in_town"] if first else []
        asides += ["friendship.unlikely"] if memory.get("quarrels", *pair(*who)) else []
        yield scene.moment("friendship.mutual", _why(scene), who=who, priority=True, asides=asides)
    else:
        asides = ["friendship.to_rival" if to_rival else "friendship.one_sided"]
        yield scene.moment("friendship.begun", _why(scene), who=who, priority=True, asides=asides)


def _rivals(scene: Scene, made: Sequence[Changed]) -> Iterator[Moment]:
    """Rivalries that this event began."""
    if not made:
        return
    memory = scene.memory
    owner, other = next((each[:2] for each in made if each[0] == scene.other), made[0][:2])
    again = max(memory.add("rivalled", *each[:2]) for each in made) > 1
    begun = "rivalry.mutual" if scene.is_rival(other, owner) else "rivalry.begun"
    name = "rivalry.again" if again and len(made) == 1 else begun
    asides = ["rivalry.first_in_town"] if memory.add("rivalries") == 1 else []
    asides += ["rivalry.housemates"] if other in scene.housemates(owner) else []
    facts = _why(scene) | {"home": scene.names.where(scene.home(owner))}
    yield scene.moment(name, facts, who=(owner, other), priority=True, asides=asides)


def _mark(scene: Scene, tie: Tie) -> None:
    """Remember, without telling, the bond and the acquaintance that a set tie makes."""
    scene.memory.put(1, "acquainted", *pair(tie.owner, tie.other))
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


def _remember(scene: Scene, owner: int, other: int, bond: int) -> None:
    scene.memory.drop("close", owner, other)
    if bond == NONE:
        scene.memory.drop("bond", owner, other)
    else:
        scene.memory.put(bond, "bond", owner, other)


def _why(scene: Scene) -> dict[str, str]:
    if scene.kind == codes.QUEUE_CONFLICT and scene.code == Reason.PROMISE:
        return {"over": "a broken promise"}
    if scene.kind == codes.QUEUE_HANDOVER and scene.names.spots[scene.place].kind == DESK:
        return {"over": AT_A_DESK}
    return {"over": OVER[scene.kind]}
