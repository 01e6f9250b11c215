"""Lines: one user a place; who is done passes the place on, or keeps the next one waiting; who waits too long goes."""

from typing import Any

import numpy as np
import pytest

from eventlog.catalogue.registries import Action, Option, Reason
from tests.townlet.rules.stage import NAMES, Stage, columns
from townlet.rules.control import BY_ACTION, NOT_ASKED

WITH_MANNERS, WITHOUT_A_WORD, AT_THE_END = 0, 1, 2
RUDE = {"queues.block_chance": 1.0}
AT_ONCE = {"queues.held_minutes": [0, 0]}
POLITE = {"queues.block_chance": 0.0, "queues.block_rivalry": 0.0, "queues.polite_chance": 1.0}
PLAIN = POLITE | {"queues.polite_chance": 0.0, "queues.polite_trust": 0.0}
PLAIN_WORD = {"queues.polite_chance": 0.0, "queues.polite_trust": 0.0}
NO_CUTS = {"queues.cut_chance": 0.0, "queues.cut_rivalry": 0.0}


def lined_up(overrides: dict[str, Any], waiting: int) -> tuple[Stage, int]:
    """Seat 0 under a shower and so many in line: 1, 2, 3 ..."""
    stage = Stage(overrides).at(600)
    shower = stage.places(Option.WASH)[0]
    stage.busy(0, shower, 30)
    for turn in range(1, waiting + 1):
        stage.record("queues", "queue_joined", turn, shower, turn, -1)
    stage.rows()
    return stage, shower


def near(stage: Stage, place: int, steps: int) -> int:
    """A free tile so many steps from a place."""
    layout = stage.plan.layout
    for tile in range(len(layout.walkable)):
        is_free = layout.walkable[tile] and not layout.seated[tile] and stage.town.ground[tile] == 0
        if is_free and stage.call("queues", "steps", tile, place) == steps:
            return tile
    raise AssertionError(f"no free tile is {steps} steps from place {place}")


@pytest.mark.parametrize(("waiting", "intensity"), [(1, 1.0), (2, 1.25), (3, 1.5)])
def test_a_block_is_worse_the_longer_the_line(waiting: int, intensity: float) -> None:
    stage, shower = lined_up(RUDE, waiting)
    stage.call("queues", "leave_place", 0, shower, int(Reason.FINISHED), WITH_MANNERS)
    (block,) = stage.rows()
    assert (int(block["agent"]), int(block["other"]), int(block["code"])) == (0, 1, Reason.BLOCK)
    assert float(block["value"]) == intensity


@pytest.mark.parametrize(
    ("peace", "since", "temper"), [(2880, 0, 0.0), (2880, 720, 0.25), (2880, 5000, 1.0), (0, 0, 1.0)]
)
def test_after_a_quarrel_both_grow_as_ready_for_the_next_as_they_were(peace: int, since: int, temper: float) -> None:
    stage = Stage({"queues.peace_minutes": peace}).at(600)
    assert [stage.call("queues", "temper", seat) for seat in (0, 1, 2)] == [1.0] * 3
    stage.record("queues", "queue_conflict", 0, 1, stage.places(Option.WASH)[0], int(Reason.CUT), 0, 1.0, -1)
    stage.at(600 + since)
    assert [stage.call("queues", "temper", seat) for seat in (0, 1, 2)] == [temper, temper, 1.0]


def blocked(waiting: int = 1) -> tuple[Stage, int, int]:
    """Seat 0 has finished and keeps the shower from seat 1: the town, the shower, and for how many minutes."""
    stage, shower = lined_up(RUDE | NO_CUTS | {"policy.commit_minutes": 1}, waiting)
    stage.call("needs", "finish", 0)
    assert not stage.kinds(), "not yet"
    stage.at(630).call("needs", "finish", 0)
    (block,) = columns(stage.rows(), "queue_conflict")
    return stage, shower, int(block["code2"])


def test_a_block_keeps_the_place_for_three_to_ten_minutes() -> None:
    stage, shower = lined_up(RUDE, 1)
    held = set()
    for day in range(80):
        stage.at(600, day).call("queues", "block", 0, 1, shower)
        held |= {int(row["code2"]) for row in stage.rows()}
    assert held == set(range(3, 11))


def test_meanwhile_nobody_gets_the_place_and_its_holder_does_nothing_else() -> None:
    stage, shower, held = blocked(waiting=2)
    for later in range(held):
        stage.at(630 + later).call("queues", "linger", 0)
        for seat in (1, 2):
            stage.call("queues", "step_up", seat)
        assert not stage.kinds() and int(stage.agent(0).holds) == shower
        assert int(stage.town.objects[shower].user) == 0 and int(stage.town.objects[shower].line) == 2
        assert not stage.call("policy", "decides", 0)
        assert int(stage.call("primitives", "possible", 0)) == 1 << Action.WAIT


def test_when_its_time_is_over_the_first_in_line_gets_the_place() -> None:
    stage, shower, held = blocked(waiting=2)
    stage.at(630 + held).call("queues", "linger", 0)
    assert stage.kinds() == ["reservation_released", "cooldown_started"]
    assert (int(stage.agent(0).holds), int(stage.agent(0).lingers_until)) == (-1, 0)
    stage.call("queues", "step_up", 2)
    (granted,) = stage.rows()
    assert (int(granted["agent"]), int(granted["object"])) == (1, shower)


def test_nobody_keeps_a_place_from_nobody() -> None:
    stage, shower, held = blocked()
    assert held > 1
    stage.record("queues", "queue_left", 1, shower, int(Reason.CHANGED_MIND), -1)
    stage.rows()
    stage.at(631).call("queues", "linger", 0)
    assert stage.kinds() == ["reservation_released"]


def test_a_block_that_keeps_nothing_frees_the_place_at_once() -> None:
    """As in towns of the first version."""
    stage, shower = lined_up(RUDE | AT_ONCE, 1)
    stage.call("queues", "leave_place", 0, shower, int(Reason.FINISHED), WITH_MANNERS)
    rows = stage.rows()
    assert columns(rows, "queue_conflict")["code2"].tolist() == [0]
    assert len(rows) == 3 and len(columns(rows, "reservation_released")) == len(columns(rows, "cooldown_started")) == 1


def test_whoever_leaves_town_keeps_no_place() -> None:
    stage, shower, _ = blocked()
    stage.record("life", "agent_exited", 0, int(Reason.NEGLECT), 5, -1)
    assert int(stage.town.objects[shower].user) == -1
    stage.call("queues", "step_up", 1)
    assert int(stage.agent(1).holds) == shower


def test_no_quarrel_is_worse_than_the_worst_or_milder_than_the_mildest() -> None:
    stage, shower = lined_up(RUDE | {"queues.intensity_step": 1.0, "queues.intensity_most": 2.0}, 3)
    stage.call("queues", "quarrel", 0, 1, shower, int(Reason.BLOCK), 0, -1)
    assert stage.rows()["value"].tolist() == [2.0]
    stage, shower = lined_up(RUDE | {"queues.intensity_least": 4.0}, 1)
    stage.call("queues", "quarrel", 0, 1, shower, int(Reason.BLOCK), 0, -1)
    assert stage.rows()["value"].tolist() == [4.0]


def test_a_courtesy_passes_the_place_to_the_first_in_line() -> None:
    stage, shower = lined_up(POLITE, 2)
    stage.call("queues", "leave_place", 0, shower, int(Reason.FINISHED), WITH_MANNERS)
    assert [int(row["other"]) for row in columns(stage.rows(), "queue_handover")] == [1]
    assert (int(stage.agent(1).holds), int(stage.town.objects[shower].user)) == (shower, 1)


@pytest.mark.parametrize("overrides", [RUDE, POLITE], ids=["rude", "polite"])
def test_without_a_word_there_is_neither_quarrel_nor_courtesy(overrides: dict[str, float]) -> None:
    stage, shower = lined_up(overrides, 2)
    stage.call("queues", "leave_place", 0, shower, int(Reason.HUNGER), WITHOUT_A_WORD)
    assert stage.kinds() == ["reservation_released", "cooldown_started"]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (RUDE | PLAIN_WORD, ["reservation_released", "cooldown_started"]),
        (POLITE, ["queue_handover", "cooldown_started"]),
    ],
    ids=["rude", "polite"],
)
def test_at_the_end_of_ones_time_there_may_be_a_courtesy_and_never_a_block(
    overrides: dict[str, float], said: list[str]
) -> None:
    stage, shower = lined_up(overrides, 1)
    stage.call("queues", "leave_place", 0, shower, int(Reason.FINISHED), AT_THE_END)
    assert stage.kinds() == said


def test_nobody_rests_from_a_place_for_which_nobody_waited() -> None:
    stage, shower = lined_up(PLAIN, 0)
    stage.call("queues", "leave_place", 0, shower, int(Reason.FINISHED), WITH_MANNERS)
    assert stage.kinds() == ["reservation_released"]


def test_whoever_used_it_while_others_waited_may_not_come_back_for_an_hour() -> None:
    stage, shower = lined_up(PLAIN, 1)
    stage.call("queues", "leave_place", 0, shower, int(Reason.FINISHED), WITH_MANNERS)
    rests = [bool(stage.at(600 + later).call("queues", "rests_from", 0, shower)) for later in (0, 59, 60)]
    assert rests == [True, True, False]


def test_a_free_place_goes_to_the_first_in_line() -> None:
    stage, shower = lined_up(PLAIN | NO_CUTS, 3)
    stage.record("queues", "reservation_released", 0, shower, int(Reason.FINISHED), -1)
    stage.rows()
    stage.call("queues", "step_up", 3)
    assert stage.rows()["agent"].tolist() == [1]
    stage.call("queues", "step_up", 3)
    assert not len(stage.rows()), "one user a place"


def test_who_pushes_in_wrongs_the_first_in_line() -> None:
    stage, shower = lined_up(PLAIN | {"queues.cut_chance": 1.0}, 2)
    stage.record("queues", "reservation_released", 0, shower, int(Reason.FINISHED), -1)
    stage.rows()
    stage.call("queues", "serve", shower)
    rows = stage.rows()
    (cut,) = columns(rows, "queue_conflict")
    assert (int(cut["agent"]), int(cut["other"]), int(cut["code"])) == (2, 1, Reason.CUT)
    assert columns(rows, "reservation_granted")["agent"].tolist() == [2]


def test_nobody_pushes_in_before_nobody() -> None:
    stage, shower = lined_up(PLAIN | {"queues.cut_chance": 1.0}, 1)
    stage.record("queues", "reservation_released", 0, shower, int(Reason.FINISHED), -1)
    assert stage.call("queues", "who_cuts", shower, 1) == -1


@pytest.mark.parametrize(("waited", "said"), [(119, []), (120, ["queue_left"])])
def test_two_hours_in_line_are_too_long(waited: int, said: list[str]) -> None:
    stage, _ = lined_up(PLAIN, 1)
    stage.at(600 + waited).call("queues", "lose_patience", 1)
    assert stage.kinds() == said


@pytest.mark.parametrize(("later", "said"), [(44, []), (45, ["reservation_timed_out"])])
def test_a_place_that_is_not_used_is_lost(later: int, said: list[str]) -> None:
    stage = Stage().at(600)
    stage.seat_at(0, stage.places(Option.WASH)[0])
    stage.rows()
    stage.at(600 + later).call("queues", "lose_patience", 0)
    assert stage.kinds() == said


def test_one_asks_for_a_place_when_it_is_four_steps_away() -> None:
    stage = Stage().at(600)
    shower = stage.places(Option.WASH)[0]
    for away, said in ((5, []), (4, ["reservation_granted"])):
        stage.put(0, near(stage, shower, away))
        stage.record("choice", "option_chosen", 0, shower, int(Option.WASH))
        stage.rows()
        stage.call("queues", "ask", 0)
        assert stage.kinds() == said


@pytest.mark.parametrize(("short", "said"), [(1, ["queue_joined"]), (0, [])])
def test_a_taken_place_is_waited_for_as_far_as_there_is_room(short: int, said: list[str]) -> None:
    stage = Stage().at(600)
    chair = next(o for o in stage.places(Option.EAT) if stage.plan.layout.place[o].line == 3)
    stage.busy(0, chair, 15)
    for turn in range(1, 4 - short):
        stage.record("queues", "queue_joined", turn, chair, turn, -1)
    stage.put(7, near(stage, chair, 4))
    stage.record("choice", "option_chosen", 7, chair, int(Option.EAT))
    stage.rows()
    stage.call("queues", "ask", 7)
    assert stage.kinds() == said


def test_who_asks_for_what_it_may_not_keeps_a_place_no_longer_for_that() -> None:
    """An outside policy that is refused at each step frees the place when its time is over."""
    stage, shower, held = blocked()
    town = stage.town
    town.cursor.control = BY_ACTION
    said: list[str] = []
    for _ in range(held + 2):
        town.asked[:], town.asked[0] = NOT_ASKED, int(Action.NORTH)
        town.allowed[0] = 1 << Action.WAIT
        rows = np.concatenate(list(stage.life.live(1)))
        said += [NAMES[int(row["kind"])] for row in rows if row["agent"] == 0]
        if int(stage.agent(0).holds) != shower:
            break
    assert int(stage.agent(0).holds) == -1 and int(town.clock.tick) <= 630 + held + 1
    assert said.count("action_rejected") > 1 and said.count("reservation_released") == 1
