"""Moments about ties: friendships and rivalries that begin and end, and ties that are evicted or decay."""

from collections.abc import Iterator, Sequence

from eventlog import codes
from projections.narration.entries import Moment
from projections.narration.scene import Scene, Tie, pair

OVER = {
    int(codes.SHARED_MEAL): "a shared meal",
    int(codes.CHAT_SUCCEEDED): "a talk",
    int(codes.CHAT_FAILED): "a talk that went wrong",
    int(codes.QUEUE_HANDOVER): "a place in line",
    int(codes.QUEUE_CONFLICT): "a quarrel",
    int(codes.LATE_HELP): "a helping hand at work",
    int(codes.SHIFT_TAKEOVER): "a lost shift",
    int(codes.MEAL_GIVEN): "a meal given away",
    int(codes.MONEY_LENT): "a loan",
    int(codes.MONEY_RETURNED): "a debt paid back",
}
"""The words for an event that is the reason of a new friendship or rivalry."""


def tie_moments(scene: Scene) -> Iterator[Moment]:
    """Friendships and rivalries that an event began or ended between its two people; told after the event itself."""
    if scene.kind == codes.TIE_SET:
        for tie in scene.ties:
            _mark(scene, tie)
        return
    if scene.kind not in OVER:
        return
    held = [tie for tie in scene.ties if tie.held]
    yield from _friends(scene, held)
    yield from _rivals(scene, held)


def forgotten_people(scene: Scene) -> Iterator[Moment]:
    """The ties that the event evicted to make room for a new one."""
    if scene.kind not in OVER:
        return
    for lost in scene.lost:
        newcomer = scene.other if lost.owner == scene.agent else scene.agent
        _forget(scene, lost)
        facts = {"newcomer": scene.name(newcomer), "capacity": scene.number(scene.capacity)}
        yield scene.moment("friendship.crowded_out", facts, who=(lost.owner, lost.other))


def faded_tie(scene: Scene, lost: Tie) -> Iterator[Moment]:
    """A tie ended by decay."""
    _forget(scene, lost)
    yield scene.moment("friendship.faded", who=(lost.owner, lost.other))


def _friends(scene: Scene, ties: Sequence[Tie]) -> Iterator[Moment]:
    """Friendships that this event ended or began, one-sided or mutual."""
    memory, mark = scene.memory, scene.bonds.friend_liking
    begun = [tie for tie in ties if tie.liking[1] >= mark and not scene.is_friend(tie.owner, tie.other)]
    over = [tie for tie in ties if tie.liking[1] < mark and scene.is_friend(tie.owner, tie.other)]
    for tie in begun:
        memory.put(1, "friend", tie.owner, tie.other)
    for tie in over:
        memory.drop("friend", tie.owner, tie.other)
    if over:
        name = "friendship.lost" if len(over) == 1 else "friendship.lost_mutually"
        yield scene.moment(name, _why(scene), who=(over[0].owner, over[0].other), priority=True)
    if not begun:
        return
    tie = begun[0]
    mutual = scene.is_friend(tie.other, tie.owner)
    known = [memory.add("befriended", each.owner, each.other) for each in begun]
    if max(known) > 1:
        if memory.get("befriended_on", tie.owner, tie.other, -2) < scene.day - 1:
            yield scene.moment("friendship.renewed", _why(scene), who=(tie.owner, tie.other))
    elif mutual:
        asides = ["friendship.first_in_town"] if memory.add("friendships") == 1 else []
        asides += ["friendship.unlikely"] if memory.get("wronged", tie.owner, tie.other) else []
        yield scene.moment("friendship.mutual", _why(scene), who=(tie.owner, tie.other), priority=True, asides=asides)
    else:
        asides = ["friendship.one_sided"]
        yield scene.moment("friendship.begun", _why(scene), who=(tie.owner, tie.other), asides=asides)
    for each in begun:
        memory.put(scene.day, "befriended_on", each.owner, each.other)


def _rivals(scene: Scene, ties: Sequence[Tie]) -> Iterator[Moment]:
    """Rivalries that this event ended or began."""
    memory = scene.memory
    made = [tie for tie in ties if scene.is_rivalry(tie, 1) and not scene.is_rival(tie.owner, tie.other)]
    over = [tie for tie in ties if not scene.is_rivalry(tie, 1) and scene.is_rival(tie.owner, tie.other)]
    for tie in made:
        memory.put(1, "rival", tie.owner, tie.other)
    for tie in over:
        memory.drop("rival", tie.owner, tie.other)
    if over:
        name = "rivalry.mended" if len(over) == 1 else "rivalry.mended_mutually"
        yield scene.moment(name, _why(scene), who=(over[0].owner, over[0].other), priority=True)
    if not made:
        return
    tie = next((each for each in made if each.owner == scene.other), made[0])
    again = max(memory.add("rivalled", each.owner, each.other) for each in made) > 1
    mutual = scene.is_rival(tie.other, tie.owner)
    name = "rivalry.again" if again else "rivalry.mutual" if mutual else "rivalry.begun"
    asides = ["rivalry.first_in_town"] if memory.add("rivalries") == 1 else []
    asides += ["rivalry.housemates"] if tie.other in scene.housemates(tie.owner) else []
    facts = _why(scene) | {"home": scene.names.where(scene.home(tie.owner))}
    yield scene.moment(name, facts, who=(tie.owner, tie.other), priority=True, asides=asides)


def let_lapse(scene: Scene) -> None:
    """Before the event's own changes, forget friendships and rivalries of the two that decay has ended meanwhile."""
    if scene.kind not in OVER:
        return
    for owner, other in ((scene.agent, scene.other), (scene.other, scene.agent)):
        tie = scene.tie(owner, other) or scene.tie_now(owner, other)
        if tie is None or tie.liking[0] < scene.bonds.friend_liking:
            scene.memory.drop("friend", owner, other)
        if tie is None or not scene.is_rivalry(tie, 0):
            scene.memory.drop("rival", owner, other)


def _mark(scene: Scene, tie: Tie) -> None:
    """Remember, without telling, the friendship, rivalry and acquaintance that a set tie makes."""
    scene.memory.put(1, "acquainted", *pair(tie.owner, tie.other))
    _forget(scene, tie)
    if tie.held and tie.liking[1] >= scene.bonds.friend_liking:
        scene.memory.put(1, "friend", tie.owner, tie.other)
        scene.memory.put(1, "befriended", tie.owner, tie.other)
        scene.memory.put(scene.day, "befriended_on", tie.owner, tie.other)
    if tie.held and scene.is_rivalry(tie, 1):
        scene.memory.put(1, "rival", tie.owner, tie.other)


def _forget(scene: Scene, tie: Tie) -> None:
    scene.memory.drop("friend", tie.owner, tie.other)
    scene.memory.drop("rival", tie.owner, tie.other)


def _why(scene: Scene) -> dict[str, str]:
    return {"over": OVER[scene.kind]}
