"""Chats: who may talk to whom, how likely it goes well, and how well."""

import pytest

from eventlog.catalogue.registries import Option
from tests.townlet.rules.stage import Stage, columns

NONE_KNOWN = {"life.initial_ties.mode": "none"}
TALKATIVE = NONE_KNOWN | {"chat.chance": 1.0, "chat.chance_extroversion": 0.0, "chat.success": 1.0}


def beside(overrides: dict[str, object], apart: int) -> Stage:
    """Seats 0 and 1 so many tiles apart, all others far away."""
    stage = Stage(overrides).at(600)
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
    stage.call("social", "converse", 0)
    assert [int(row["other"]) for row in columns(stage.rows(), "chat_started")] == [1] * talk


@pytest.mark.parametrize(("down", "right", "talk"), [(1, 1, True), (2, 0, True), (2, 1, False), (2, 2, False)])
def test_two_tiles_are_two_steps_and_no_square(down: int, right: int, talk: bool) -> None:
    stage = beside(TALKATIVE, 1)
    apart, free = down * int(stage.plan.layout.side) + right, set(stage.free_tiles())
    here = next(tile for tile in sorted(free) if tile + apart in free)
    for seat in (0, 1):
        stage.put(seat, here + apart * seat)
    assert stage.call("social", "someone_near", 0) == (1 if talk else -1)


def test_nobody_talks_again_before_the_cooldown_is_over() -> None:
    stage = beside(TALKATIVE, 1)
    stage.call("social", "converse", 0)
    stage.rows()
    for later, free in ((1, False), (89, False), (90, True)):
        stage.at(600 + later)
        assert [bool(stage.call("social", "is_free", seat)) for seat in (0, 1)] == [free, free]


@pytest.mark.parametrize(
    ("option", "free"),
    [(Option.EAT, True), (Option.SOCIALISE, True), (Option.WORK, False), (Option.SLEEP, False), (Option.WASH, False)],
)
def test_one_talks_while_sitting_and_eating_and_not_at_work_or_in_bed(option: Option, free: bool) -> None:
    stage = Stage().at(600)
    stage.busy(0, stage.places(option)[0])
    assert bool(stage.call("social", "is_free", 0)) == free


@pytest.mark.parametrize(("rivalry", "near"), [(0.69, 1), (0.71, -1)])
def test_a_sworn_rival_is_not_addressed(rivalry: float, near: int) -> None:
    stage = beside(TALKATIVE, 1)
    stage.tie(0, 1, rivalry=rivalry)
    assert stage.call("social", "someone_near", 0) == near


def test_whom_one_likes_is_addressed_before_others() -> None:
    stage = beside(TALKATIVE, 1)
    stage.put(2, int(stage.agent(0).tile) - 1)
    for liked in (1, 2):
        stage.tie(0, liked, trust=1.0, familiarity=1.0, rivalry=-1.0)
        stage.tie(0, 3 - liked, trust=-1.0, familiarity=-1.0, rivalry=0.6)
        assert stage.call("social", "someone_near", 0) == liked


def test_success_grows_with_the_speakers_trust_and_familiarity() -> None:
    stage = beside(NONE_KNOWN, 1)
    topics = float(stage.agent(1).traits[3])
    assert 0.8 <= topics <= 1.2
    assert float(stage.call("social", "success_chance", 0, 1)) == pytest.approx(0.7 * topics)
    stage.tie(1, 0, trust=1.0)
    assert float(stage.call("social", "success_chance", 0, 1)) == pytest.approx(0.7 * topics), "it is the speaker's tie"
    stage.tie(0, 1, trust=0.5, familiarity=-0.5)
    assert float(stage.call("social", "success_chance", 0, 1)) == pytest.approx(0.7 * topics * 1.15 * 0.9)
    stage.tie(0, 1, trust=1.0, familiarity=1.0)
    assert float(stage.call("social", "success_chance", 0, 1)) == pytest.approx(min(1.0, 0.7 * topics * 1.3 * 1.2))


def test_quality_is_the_speakers_and_never_below_the_least() -> None:
    stage = beside(NONE_KNOWN, 1)
    charm = float(stage.agent(0).traits[0])
    assert float(stage.call("social", "quality", 0, 1)) == pytest.approx(0.5 + 0.3 * charm)
    stage.tie(0, 1, trust=0.5, familiarity=0.5, rivalry=0.5)
    assert float(stage.call("social", "quality", 0, 1)) == pytest.approx(0.5 + 0.3 * charm + 0.1 + 0.05 - 0.1)
    stage = beside(NONE_KNOWN | {"chat.quality": 0.0, "chat.quality_extroversion": 0.0}, 1)
    assert float(stage.call("social", "quality", 0, 1)) == 0.1


def test_a_chat_that_must_succeed_does_and_one_that_cannot_does_not() -> None:
    stage = beside(TALKATIVE | {"life.topic_preference_least": 1.0}, 1)
    stage.call("social", "converse", 0)
    (good,) = columns(stage.rows(), "chat_succeeded")
    assert 0.1 <= float(good["value"]) <= 1.0
    stage = beside(TALKATIVE | {"chat.success": 0.0}, 1)
    stage.call("social", "converse", 0)
    assert stage.kinds() == ["chat_started", "chat_failed"]
