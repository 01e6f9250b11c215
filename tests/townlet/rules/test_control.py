"""What may be asked of people: a mask never allows what is then refused, and what it forbids is refused in words."""

import random

import numpy as np
import pytest

from eventlog.catalogue.registries import Action, Option, Reason
from tests.townlet.env.play import Play, at_random
from tests.townlet.rules.stage import Stage, columns
from tests.townlet.towns import DAY, default_settings
from townlet.rules.control import BY_ACTION, BY_OPTION, BY_SCRIPT_ALLOWED, NOT_ASKED, SCRIPTED


def asked_for(control: int, option: int, *, before: Option | None = None, minute: int = 720) -> tuple[Stage, bool]:
    """A town in which something is asked of seat 0, and whether its tick goes on after it was heeded."""
    stage = Stage().at(minute)
    if before is not None:
        stage.record("choice", "option_chosen", 0, stage.places(before)[0], int(before))
    stage.town.cursor.control = int(control)
    stage.town.allowed[0] = stage.call("control", "allow", 0)
    stage.town.asked[0] = option
    stage.rows()
    return stage, bool(stage.call("control", "heed", 0))


@pytest.mark.parametrize("control", [BY_OPTION, BY_ACTION], ids=["option", "primitive"])
def test_a_mask_never_allows_what_is_then_refused(control: int) -> None:
    play, choice = Play(default_settings(), 11, control), at_random(11)
    for _ in range(300):
        assert not len(columns(play.step(choice), "action_rejected"))


@pytest.mark.parametrize("control", [BY_OPTION, BY_ACTION], ids=["option", "primitive"])
def test_a_mask_forbids_nothing_that_would_not_be_refused(control: int) -> None:
    """Whatever it does not allow is answered by one refusal, and by nothing else that is chosen or taken."""
    play, chance = Play(default_settings(), 12, control), random.Random(12)
    for _ in range(100):
        wrong = {seat: [each for each in range(9) if each not in play.allowed(seat)] for seat in play.living()}
        rows = play.step(lambda seat, allowed, wrong=wrong: chance.choice(wrong[seat] or allowed))  # type: ignore[misc]
        refused = columns(rows, "action_rejected")
        assert sorted(int(each) & 63 for each in refused["agent"]) == [seat for seat, each in wrong.items() if each]
        assert not len(columns(rows, "action_taken"))


def test_what_may_be_asked_is_at_least_one_thing() -> None:
    stage = Stage().at(720)
    for control in (BY_OPTION, BY_ACTION):
        stage.town.cursor.control = int(control)
        allowed = np.zeros(64, np.int64)
        for seat in range(8):
            allowed[seat] = stage.call("control", "allow", seat)
        assert all(allowed[:8] > 0)


def test_a_committed_option_is_all_that_may_be_asked() -> None:
    stage, goes_on = asked_for(BY_OPTION, int(Option.EAT), before=Option.SOCIALISE)
    assert int(stage.town.allowed[0]) == 1 << int(Option.SOCIALISE)
    (refused,) = columns(stage.rows(), "action_rejected")
    assert (int(refused["code"]), int(refused["code2"])) == (Option.EAT, Reason.COMMITTED)
    assert goes_on, "the option that one is committed to goes on all the same"


@pytest.mark.parametrize(
    ("control", "asked", "reason"),
    [
        (BY_OPTION, 9, Reason.UNKNOWN),
        (BY_OPTION, -2, Reason.UNKNOWN),
        (BY_OPTION, int(Option.YIELD), Reason.NOBODY_WAITS),
        (BY_ACTION, 9, Reason.UNKNOWN),
        (BY_ACTION, int(Action.TALK), Reason.NOBODY_NEAR),
        (BY_ACTION, int(Action.USE), Reason.NOTHING_TO_USE),
    ],
)
def test_a_refusal_says_why_and_costs_the_tick(control: int, asked: int, reason: Reason) -> None:
    stage = Stage().at(720)
    stage.put(0, stage.free_tiles()[0])
    stage.town.cursor.control = int(control)
    stage.town.allowed[0] = stage.call("control", "allow", 0)
    stage.town.asked[0] = asked
    stage.rows()
    assert not stage.call("control", "heed", 0)
    (refused,) = columns(stage.rows(), "action_rejected")
    assert (int(refused["code"]), int(refused["code2"])) == (asked, reason)


def test_nothing_but_waiting_can_be_asked_of_who_is_busy() -> None:
    """Under primitive control nothing is committed, so a refusal ends the tick of the busy too."""
    stage = Stage().at(720)
    stage.busy(0, stage.places(Option.WASH)[0], 30)
    stage.town.cursor.control = int(BY_ACTION)
    stage.town.allowed[0] = stage.call("control", "allow", 0)
    stage.town.asked[0] = int(Action.NORTH)
    stage.rows()
    assert not stage.call("control", "heed", 0)
    assert stage.rows()["code2"].tolist() == [Reason.BUSY]


def test_work_may_be_asked_only_while_there_is_work_to_do() -> None:
    stage = Stage()
    seat = stage.worker(480)
    minutes = (389, 390, 839, 840)
    worth = [bool(stage.at(each).call("control", "is_worth_asking", seat, int(Option.WORK))) for each in minutes]
    assert worth == [False, True, True, False]


@pytest.mark.parametrize(
    ("minute", "energy", "worth"),
    [(720, 0.49, True), (720, 0.51, False), (1435, 0.61, True), (120, 0.97, True), (120, 0.99, False)],
)
def test_sleep_may_be_asked_of_the_tired_and_at_night_of_who_is_not_rested(
    minute: int, energy: float, worth: bool
) -> None:
    stage = Stage({"needs.start.energy": energy}).at(minute)
    assert bool(stage.call("control", "is_worth_asking", 0, int(Option.SLEEP))) == worth


def test_who_is_not_asked_lives_by_the_script() -> None:
    stage = Stage()
    for control, asked, by_others in ((SCRIPTED, 1, False), (BY_OPTION, int(NOT_ASKED), False), (BY_OPTION, 1, True)):
        stage.town.cursor.control = int(control)
        stage.town.asked[0] = asked
        assert bool(stage.call("control", "is_asked", 0)) == by_others


def test_the_option_that_is_asked_for_is_chosen_at_the_place_of_least_trouble() -> None:
    stage, goes_on = asked_for(BY_OPTION, int(Option.WASH))
    assert goes_on
    stage.call("control", "choose", 0)
    (chosen,) = columns(stage.rows(), "option_chosen")
    assert int(chosen["code"]) == Option.WASH
    assert int(chosen["object"]) == stage.call("policy", "place_for", 0, int(Option.WASH), 0)


@pytest.mark.parametrize(("minute", "energy", "worth"), [(720, 0.97, True), (720, 0.99, False), (120, 0.97, True)])
def test_with_the_old_threshold_sleep_may_be_asked_of_whoever_is_not_rested(
    minute: int, energy: float, worth: bool
) -> None:
    stage = Stage({"needs.start.energy": energy, "control.sleep_upto": 1.0}).at(minute)
    assert bool(stage.call("control", "is_worth_asking", 0, int(Option.SLEEP))) == worth


@pytest.mark.parametrize(
    ("upto", "hygiene", "worth"), [(0.8, 0.79, True), (0.8, 0.81, False), (1.0, 1.0, True), (0.0, 0.01, False)]
)
def test_washing_may_be_asked_of_who_is_not_clean(upto: float, hygiene: float, worth: bool) -> None:
    stage = Stage({"needs.start.hygiene": hygiene, "control.wash_upto": upto}).at(720)
    assert bool(stage.call("control", "is_worth_asking", 0, int(Option.WASH))) == worth


def test_whoever_may_not_wash_yet_is_told_that_it_is_not_due() -> None:
    stage = Stage({"needs.start.hygiene": 0.9}).at(720)
    stage.town.cursor.control = int(BY_OPTION)
    stage.town.allowed[0] = stage.call("control", "allow", 0)
    stage.town.asked[0] = int(Option.WASH)
    stage.rows()
    assert not stage.call("control", "heed", 0)
    assert stage.rows()["code2"].tolist() == [Reason.NOT_DUE]


def test_whose_option_ends_in_the_middle_of_a_tick_chooses_in_the_next_one() -> None:
    """What was asked of it was no decision: its mask allowed the option that it was committed to, and nothing else."""
    stage = Stage().at(720)
    stage.record("choice", "option_chosen", 0, stage.places(Option.EAT)[0], int(Option.EAT))
    stage.town.cursor.control = int(BY_OPTION)
    stage.town.allowed[0] = stage.call("control", "allow", 0)
    assert int(stage.town.allowed[0]) == 1 << int(Option.EAT)
    stage.town.asked[0] = int(Option.EAT)
    assert stage.call("control", "heed", 0)
    stage.town.agents[0].option_until = stage.town.clock.tick  # as somebody else's act would do
    assert stage.call("policy", "decides", 0)
    stage.rows()
    assert not stage.call("control", "heed", 0)
    assert not len(stage.rows())
    stage.town.allowed[0] = stage.call("control", "allow", 0)
    assert stage.call("control", "heed", 0)


def chosen_outside(asked: int, days: int) -> tuple[int, int]:
    """Of a town left to the script in this way: the options chosen, and those of them that no mask allowed."""
    play, chosen, outside = Play(default_settings(), 5, BY_OPTION), 0, 0
    for _ in range(days * DAY):
        allowed = {seat: set(play.allowed(seat)) for seat in play.living()}
        for row in columns(play.step(lambda *_: asked), "option_chosen"):
            chosen += 1
            outside += int(row["code"]) not in allowed.get(int(row["agent"]) & 63, set())
    return chosen, outside


def test_the_script_that_is_asked_by_the_mask_never_chooses_outside_of_it() -> None:
    """Left alone it does, rarely: where somebody else ends its option in that tick, or asks it to stand in."""
    assert chosen_outside(int(NOT_ASKED), 2)[1] > 0
    chosen, outside = chosen_outside(int(BY_SCRIPT_ALLOWED), 2)
    assert chosen > 300 and outside == 0


@pytest.mark.parametrize(
    ("control", "asked", "by_script"),
    [
        (SCRIPTED, int(Option.WAIT), True),
        (BY_OPTION, int(NOT_ASKED), True),
        (BY_OPTION, int(Option.WAIT), False),
        (BY_OPTION, int(BY_SCRIPT_ALLOWED), False),
        (BY_ACTION, int(Action.WAIT), False),
    ],
)
def test_whose_order_becomes_impossible_is_asked_again_by_who_chooses_for_it(
    control: int, asked: int, by_script: bool
) -> None:
    stage = Stage().at(720)
    stage.town.cursor.control, stage.town.asked[0] = int(control), asked
    stage.record("console", "option_ordered", 0, int(Option.SLEEP), 0)  # at noon nobody is tired
    stage.rows()
    assert bool(stage.call("control", "obey", 0)) == by_script
    assert stage.kinds() == ["order_ended", *(["option_chosen"] if by_script else [])]
    if control == BY_OPTION and not by_script:
        assert int(stage.call("control", "allow", 0)) & 1 << 9, "it decides in the next tick"


def arranged(overrides: dict[str, float] | None = None, kind: str = "park") -> tuple[Stage, list[int]]:
    """A town in which seats 0 and 1 are to meet at the first bench of a venue of this kind, and its places."""
    stage = Stage(overrides).at(720)
    places = stage.places(Option.SOCIALISE, kind)
    for one, other in ((0, 1), (1, 0)):
        stage.record("console", "meeting_arranged", one, other, places[0], 120.0)
    return stage, places


def test_who_is_sent_to_a_meeting_pays_for_a_place_also_without_money_to_spare() -> None:
    stage, places = arranged({"market.spend_above": 1000.0}, "gym")
    assert not stage.call("policy", "is_of_use", 0, places[0]), "nobody goes there of its own will"
    assert stage.call("control", "place_to_meet", 0) == places[0]
    poor, _ = arranged({"market.start_wallet": 0.0}, "gym")
    assert poor.call("control", "place_to_meet", 0) == -1


def test_two_who_are_to_meet_sit_near_each_other_wherever_the_first_found_a_place() -> None:
    stage, places = arranged()
    tiles, side = stage.plan.layout.place["tile"], int(stage.plan.layout.side)

    def apart(one: int, other: int) -> int:
        (row, column), (there, across) = divmod(int(tiles[one]), side), divmod(int(tiles[other]), side)
        return abs(row - there) + abs(column - across)

    far = max(places, key=lambda place: apart(place, places[0]))
    stage.seat_at(1, far)
    found = int(stage.call("control", "place_to_meet", 0))
    assert apart(found, far) == min(apart(place, far) for place in places if place != far)
    assert stage.call("control", "place_to_meet", 1) == far, "who sits there stays"
