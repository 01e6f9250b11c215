"""Talk: who may talk to whom, for how long, what breaks it off, how likely it goes well, and how well for each."""

from typing import Any

import pytest

from eventlog.catalogue.registries import Action, Option, Reason
from tests.townlet.rules.stage import Stage, columns

NONE_KNOWN = {"life.initial_ties.mode": "none"}
NO_WORK: dict[str, Any] = {"work.jobs": []}
TALKATIVE = NONE_KNOWN | NO_WORK | {"chat.chance": 1.0, "chat.chance_extroversion": 0.0, "chat.success": 1.0}
AT_ONCE = {"chat.talk_minutes": [0, 0]}
NO_LUCK = {"chat.quality_luck": 0.0}
NOON = 600


def beside(overrides: dict[str, Any], apart: int) -> Stage:
    """Seats 0 and 1 so many tiles apart, all others far away."""
    stage = Stage(overrides).at(NOON)
    side = int(stage.plan.layout.side)
    free = set(stage.free_tiles())
    here = next(tile for tile in sorted(free) if {tile + right for right in range(-6, 7)} <= free)
    for seat in (0, 1):
        stage.put(seat, here + apart * seat)
    for seat in range(2, 8):
        row = int(stage.agent(seat).tile) // side
        assert abs(row - here // side) > 3, "somebody else is near"
    stage.rows()
    return stage


@pytest.mark.parametrize(("apart", "talk"), [(1, True), (2, True), (3, False)])
def test_those_within_two_tiles_may_talk(apart: int, talk: bool) -> None:
    stage = beside(TALKATIVE, apart)
    stage.call("company.talk", "converse", 0)
    assert [int(row["other"]) for row in columns(stage.rows(), "chat_started")] == [1] * talk


@pytest.mark.parametrize(("down", "right", "talk"), [(1, 1, True), (2, 0, True), (2, 1, False), (2, 2, False)])
def test_two_tiles_are_two_steps_and_no_square(down: int, right: int, talk: bool) -> None:
    stage = beside(TALKATIVE, 1)
    apart, free = down * int(stage.plan.layout.side) + right, set(stage.free_tiles())
    here = next(tile for tile in sorted(free) if tile + apart in free)
    for seat in (0, 1):
        stage.put(seat, here + apart * seat)
    assert stage.call("company.talk", "someone_near", 0) == (1 if talk else -1)


@pytest.mark.parametrize("ticks", [0, 12])
def test_nobody_talks_again_before_the_cooldown_after_a_talk_is_over(ticks: int) -> None:
    stage = beside(TALKATIVE | {"chat.talk_minutes": [ticks, ticks]}, 1)
    stage.call("company.talk", "converse", 0)
    if ticks:
        stage.at(NOON + ticks).call("company.talk", "converse", 0)
    assert stage.kinds()[-1] == "chat_succeeded"
    cooldown = int(stage.plan.chat.cooldown)
    for later, free in ((1, False), (cooldown - 1, False), (cooldown, True)):
        stage.at(NOON + ticks + later)
        assert [bool(stage.call("company.talk", "is_free", seat)) for seat in (0, 1)] == [free, free]


@pytest.mark.parametrize(
    ("option", "free"),
    [(Option.EAT, True), (Option.SOCIALISE, True), (Option.WORK, True), (Option.SLEEP, False), (Option.WASH, False)],
)
def test_one_talks_while_sitting_eating_and_working_and_not_in_bed(option: Option, free: bool) -> None:
    stage = Stage().at(NOON)
    stage.busy(0, stage.places(option)[0])
    assert bool(stage.call("company.talk", "is_free", 0)) == free


@pytest.mark.parametrize(("waiting", "overrides"), [(1, {}), (0, AT_ONCE)], ids=["somebody waits", "at once"])
def test_nobody_talks_at_a_desk_for_which_somebody_waits(waiting: int, overrides: dict[str, Any]) -> None:
    """Nor where talk takes no time, as in old towns."""
    stage = Stage(overrides).at(NOON)
    desk = stage.places(Option.WORK)[0]
    stage.busy(0, desk)
    for turn in range(1, waiting + 1):
        stage.record("queues", "queue_joined", turn, desk, turn, -1)
    assert not stage.call("company.talk", "is_free", 0)


@pytest.mark.parametrize(("rivalry", "near"), [(0.69, 1), (0.71, -1)])
def test_a_sworn_rival_is_not_addressed(rivalry: float, near: int) -> None:
    stage = beside(TALKATIVE, 1)
    stage.tie(0, 1, rivalry=rivalry)
    assert stage.call("company.talk", "someone_near", 0) == near


def test_whom_one_likes_is_addressed_before_others() -> None:
    stage = beside(TALKATIVE, 1)
    stage.put(2, int(stage.agent(0).tile) - 1)
    for liked in (1, 2):
        stage.tie(0, liked, trust=1.0, familiarity=1.0, rivalry=-1.0)
        stage.tie(0, 3 - liked, trust=-1.0, familiarity=-1.0, rivalry=0.6)
        assert stage.call("company.talk", "someone_near", 0) == liked


def test_success_grows_with_the_speakers_trust_and_familiarity() -> None:
    stage = beside(NONE_KNOWN, 1)
    topics = float(stage.agent(1).traits[3])
    assert 0.72 <= topics <= 1.12
    assert float(stage.call("company.talk", "success_chance", 0, 1)) == pytest.approx(0.7 * topics)
    stage.tie(1, 0, trust=1.0)
    assert float(stage.call("company.talk", "success_chance", 0, 1)) == pytest.approx(0.7 * topics), (
        "it is the speaker's tie"
    )
    stage.tie(0, 1, trust=0.5, familiarity=-0.5)
    assert float(stage.call("company.talk", "success_chance", 0, 1)) == pytest.approx(0.7 * topics * 1.15 * 0.9)
    stage.tie(0, 1, trust=1.0, familiarity=1.0)
    assert float(stage.call("company.talk", "success_chance", 0, 1)) == pytest.approx(
        min(1.0, 0.7 * topics * 1.3 * 1.2)
    )


def quality(stage: Stage, a: int, b: int) -> float:
    return float(stage.call("company.talk", "quality", a, b))


def test_quality_is_by_ones_own_character_and_tie_and_never_below_the_least() -> None:
    stage = beside(NONE_KNOWN | NO_LUCK, 1)
    charm = float(stage.agent(0).traits[0])
    assert quality(stage, 0, 1) == pytest.approx(0.5 + 0.3 * charm)
    stage.tie(1, 0, trust=-1.0)
    assert quality(stage, 0, 1) == pytest.approx(0.5 + 0.3 * charm), "what the other feels is the other's"
    stage.tie(0, 1, trust=0.5, familiarity=0.5, rivalry=0.5)
    assert quality(stage, 0, 1) == pytest.approx(0.5 + 0.3 * charm + 0.1 + 0.05 - 0.1)
    stage = beside(NONE_KNOWN | NO_LUCK | {"chat.quality": 0.0, "chat.quality_extroversion": 0.0}, 1)
    assert quality(stage, 0, 1) == 0.1


def test_luck_moves_each_ones_judgement_by_as_much_as_the_setting_says() -> None:
    plain = {"chat.quality": 0.5, "chat.quality_extroversion": 0.0}
    stage = beside(NONE_KNOWN | plain | {"chat.quality_luck": 0.4}, 1)
    found = [[quality(stage.at(NOON + minute), a, 1 - a) for a in (0, 1)] for minute in range(200)]
    for mine in zip(*found, strict=True):
        assert 0.3 <= min(mine) < 0.32 and 0.68 < max(mine) <= 0.7
    assert all(mine != theirs for mine, theirs in found)


def begun(overrides: dict[str, Any] | None = None) -> tuple[Stage, int, int]:
    """Seat 0 has begun to talk to seat 1: the town, the number of the event, and how long the talk is to take."""
    stage = beside(TALKATIVE | {"life.topic_preference_least": 1.0} | (overrides or {}), 1)
    stage.call("company.talk", "converse", 0)
    (row,) = columns(stage.rows(), "chat_started")
    return stage, int(row["seq"]), int(row["code"])


def talking(stage: Stage) -> list[int]:
    """With whom seats 0 and 1 talk, -1: with nobody."""
    return [int(stage.agent(seat).talks_with) for seat in (0, 1)]


def test_a_talk_takes_five_to_twenty_minutes() -> None:
    stage, found = beside(TALKATIVE, 1), set()
    for day in range(150):
        stage.at(NOON, day).call("company.talk", "converse", 0)
        (row,) = columns(stage.rows(), "chat_started")
        found.add(int(row["code"]))
        stage.at(NOON + int(row["code"]), day).call("company.talk", "converse", 0)
    assert found == set(range(5, 21))


def test_meanwhile_both_are_busy_with_each_other() -> None:
    stage, _, ticks = begun({"policy.commit_minutes": 1})
    assert talking(stage) == [1, 0]
    for later in (1, ticks - 1):
        stage.at(NOON + later)
        for seat in (0, 1):
            assert not stage.call("company.talk", "is_free", seat)
            assert not stage.call("policy", "decides", seat)
            assert int(stage.call("primitives", "possible", seat)) == 1 << Action.WAIT
    stage.put(2, int(stage.agent(0).tile) - 1)
    assert stage.call("company.talk", "someone_near", 2) == -1, "neither is free for a third"


def test_whoever_began_it_ends_it_when_its_time_is_over() -> None:
    stage, seq, ticks = begun()
    for later, seats in ((ticks - 1, (0, 1)), (ticks, (1,))):
        for seat in seats:
            stage.at(NOON + later).call("company.talk", "converse", seat)
            assert stage.kinds() == [] and talking(stage) == [1, 0]
    stage.call("company.talk", "converse", 0)
    (row,) = columns(stage.rows(), "chat_succeeded")
    assert (int(row["agent"]), int(row["other"]), int(row["seq"]) - int(row["cause"])) == (0, 1, seq)
    assert talking(stage) == [-1, -1]


def test_each_of_the_two_judges_a_talk_by_itself() -> None:
    for own in (True, False):
        stage, _, ticks = begun({"chat.own_judgement": own})
        stage.tie(1, 0, rivalry=0.5)
        stage.at(NOON + ticks)
        mine, theirs = quality(stage, 0, 1), quality(stage, 1, 0)
        assert mine != theirs
        stage.call("company.talk", "converse", 0)
        (row,) = columns(stage.rows(), "chat_succeeded")
        judged = pytest.approx((mine, theirs if own else mine), abs=1e-6)
        assert (float(row["value"]), float(row["value2"])) == judged


def broken_off(stage: Stage, seat: int) -> tuple[int, int, Reason, int] | None:
    """Who leaves whom, why, and by what cause, when it is this one's turn; None if they go on."""
    stage.rows()
    stage.call("company.talk", "converse", seat)
    rows = stage.rows()
    if not len(rows):
        assert -1 not in talking(stage)
        return None
    (row,) = columns(rows, "chat_broken_off")
    assert len(rows) == 1 and talking(stage) == [-1, -1]
    return int(row["agent"]), int(row["other"]), Reason(int(row["code"])), int(row["seq"]) - int(row["cause"])


@pytest.mark.parametrize("seat", [0, 1])
def test_who_gets_a_place_for_which_it_waited_leaves(seat: int) -> None:
    stage, seq, _ = begun()
    shower = stage.places(Option.WASH)[0]
    stage.record("queues", "queue_joined", seat, shower, 1, -1)
    assert broken_off(stage.at(NOON + 1), seat) is None, "in line one can talk"
    stage.record("queues", "reservation_granted", seat, shower, -1)
    assert broken_off(stage, seat) == (seat, 1 - seat, Reason.TURN, seq)


@pytest.mark.parametrize(("hunger", "leaves"), [(0.16, False), (0.14, True)])
def test_who_is_very_hungry_leaves(hunger: float, leaves: bool) -> None:
    stage, seq = beside(TALKATIVE | {"needs.start.hunger": hunger}, 1), 0
    seq = stage.record("social", "chat_started", 0, 1, 10)
    assert broken_off(stage, 1) == ((1, 0, Reason.HUNGER, seq) if leaves else None)


def test_who_eats_stays_at_the_table_however_hungry() -> None:
    stage = beside(TALKATIVE | {"needs.start.hunger": 0.1}, 1)
    chair, other = stage.places(Option.EAT, "cafe")[:2]
    stage.busy(0, chair, 15)
    stage.busy(1, other, 15)
    stage.record("social", "chat_started", 0, 1, 10)
    side, tiles = int(stage.plan.layout.side), [int(stage.agent(seat).tile) for seat in (0, 1)]
    assert abs(tiles[0] // side - tiles[1] // side) + abs(tiles[0] % side - tiles[1] % side) <= 2
    assert broken_off(stage, 0) is None


def test_who_has_to_set_out_for_work_leaves_and_who_waits_at_the_desk_stays() -> None:
    calm = {"work.oversleep_chance": 0.0, "work.unwell_chance": 0.0}
    stage = beside(NONE_KNOWN | calm, 1)
    seat = 0
    assert int(stage.agent(seat).job) >= 0
    leaves = int(stage.call("work", "leaves_at", seat))
    seq = stage.at(leaves - 1).record("social", "chat_started", 0, 1, 10)
    assert broken_off(stage, seat) is None
    desk = int(stage.plan.jobs[int(stage.agent(seat).job)].desk)
    stage.at(leaves).record("queues", "queue_joined", seat, desk, 1, -1)
    assert broken_off(stage, seat) is None
    stage.record("queues", "queue_left", seat, desk, int(Reason.CHANGED_MIND), -1)
    assert broken_off(stage, seat) == (seat, 1 - seat, Reason.DUE, seq)


@pytest.mark.parametrize(("apart", "leaves"), [(2, False), (3, True)])
def test_they_stop_when_they_are_out_of_hearing(apart: int, leaves: bool) -> None:
    stage, seq, _ = begun()
    stage.put(1, int(stage.agent(0).tile) + apart)
    assert broken_off(stage.at(NOON + 1), 0) == ((0, 1, Reason.APART, seq) if leaves else None)


def test_no_tie_changes_by_a_talk_that_is_broken_off() -> None:
    stage, seq, _ = begun()
    stage.record("social", "chat_broken_off", 0, 1, int(Reason.TURN), seq)
    assert not any(tie.known for seat in (0, 1) for tie in stage.agent(seat).ties) and talking(stage) == [-1, -1]


@pytest.mark.parametrize("leaver", [0, 1])
def test_the_other_is_free_when_one_leaves_town(leaver: int) -> None:
    stage, _, _ = begun()
    stage.record("life", "agent_exited", leaver, int(Reason.NEGLECT), 5, -1)
    stayer = stage.agent(1 - leaver)
    assert (int(stayer.talks_with), int(stayer.speaks), int(stayer.talk_until)) == (-1, 0, 0)
    stage.rows()
    stage.at(NOON + 200).call("company.talk", "converse", 1 - leaver)
    assert stage.kinds() == [], "there is nothing left to end"


def test_who_keeps_a_place_from_another_can_go_on_talking() -> None:
    """It holds a place, but is not called to it."""
    stage, _, _ = begun()
    shower = stage.places(Option.WASH)[0]
    stage.record("queues", "reservation_granted", 0, shower, -1)
    stage.record("queues", "queue_joined", 2, shower, 1, -1)
    stage.record("queues", "queue_conflict", 0, 2, shower, int(Reason.BLOCK), 4, 1.0, -1)
    assert broken_off(stage.at(NOON + 1), 0) is None


@pytest.mark.parametrize(("hunger", "talks"), [(0.16, True), (0.14, False)])
def test_nobody_begins_a_talk_whom_hunger_would_take_from_it_at_once(hunger: float, talks: bool) -> None:
    stage = beside(TALKATIVE | {"needs.start.hunger": hunger}, 1)
    stage.call("company.talk", "converse", 0)
    assert ("chat_started" in stage.kinds()) == talks


def test_who_has_no_time_is_passed_over_for_another_and_may_not_be_asked_to_talk() -> None:
    stage = beside(TALKATIVE, 1)
    stage.record("queues", "reservation_granted", 1, stage.places(Option.WASH)[0], -1)
    assert not int(stage.call("primitives", "possible", 0)) >> Action.TALK & 1
    stage.put(2, int(stage.agent(0).tile) - 1)
    for minute in range(20):
        assert stage.at(NOON + minute).call("company.talk", "someone_near", 0) == 2
    assert int(stage.call("primitives", "possible", 0)) >> Action.TALK & 1
    assert not int(stage.call("primitives", "possible", 1)) >> Action.TALK & 1


def test_nobody_who_has_no_time_is_addressed() -> None:
    for busy in (0, 1):
        stage = beside(TALKATIVE, 1)
        stage.record("queues", "reservation_granted", busy, stage.places(Option.WASH)[0], -1)
        stage.rows()
        stage.call("company.talk", "converse", 0)
        assert stage.kinds() == []


def test_a_talk_that_takes_no_time_ends_in_the_tick_in_which_it_began() -> None:
    """As in towns of the first version, for which nobody was ever too busy to talk."""
    stage = beside(TALKATIVE | AT_ONCE | {"life.topic_preference_least": 1.0}, 1)
    for seat, shower in zip((0, 1), stage.places(Option.WASH), strict=False):
        stage.record("queues", "reservation_granted", seat, shower, -1)
    stage.rows()
    stage.call("company.talk", "converse", 0)
    assert stage.kinds() == ["chat_started", "chat_succeeded"] and talking(stage) == [-1, -1]
    stage = beside(TALKATIVE | AT_ONCE | {"chat.success": 0.0}, 1)
    stage.call("company.talk", "converse", 0)
    assert stage.kinds() == ["chat_started", "chat_failed"]
