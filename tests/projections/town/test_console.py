"""What a restraint leaves in a person's record: by deed and person, until a tick; the ninth takes a place."""

import numpy as np
import pytest

from eventlog.catalogue.registries import Deed
from projections.record.state import RESTRAINTS
from tests.townlet.rules.stage import Stage

START = 600


def restrained(stage: Stage, towards: int, deed: Deed, ticks: int) -> None:
    """Hold seat 0 back by a recorded event."""
    stage.record("console", "restrained", 0, towards, int(deed), float(ticks))


def held(stage: Stage, deed: Deed, towards: int) -> bool:
    """Whether seat 0 is held back now from a deed towards a seat."""
    return bool(stage.call("restraint", "is_held_back", 0, int(deed), towards))


def test_a_restraint_holds_for_its_ticks_the_present_one_included() -> None:
    stage = Stage().at(START)
    restrained(stage, -1, Deed.CHAT, 3)
    assert [held(stage.at(START + late), Deed.CHAT, 1) for late in range(4)] == [True, True, True, False]


def test_it_holds_for_its_deed_and_towards_its_person_alone() -> None:
    stage = Stage().at(START)
    restrained(stage, 1, Deed.GIFT, 5)
    assert held(stage, Deed.GIFT, 1)
    assert not held(stage, Deed.GIFT, 2) and not held(stage, Deed.GIFT, -1) and not held(stage, Deed.LOAN, 1)
    restrained(stage, -1, Deed.GIFT, 5)
    assert held(stage, Deed.GIFT, 2)
    assert not stage.call("restraint", "is_held_back", 1, int(Deed.GIFT), 0), "only who is restrained is held back"


def test_it_holds_towards_the_person_and_not_towards_the_seat() -> None:
    stage = Stage().at(START)
    restrained(stage, 1, Deed.GIFT, 2000)
    stage.agent(1).person += len(stage.town.agents)
    assert not held(stage, Deed.GIFT, 1)


@pytest.mark.parametrize("towards", [-1, 1])
def test_no_ticks_end_a_restraint_and_leave_no_trace(towards: int) -> None:
    stage = Stage().at(START)
    before = stage.agent(0).tobytes()
    restrained(stage, towards, Deed.CUT, 0)
    assert stage.agent(0).tobytes() == before
    restrained(stage, towards, Deed.CUT, 9)
    assert stage.agent(0).tobytes() != before
    restrained(stage, towards, Deed.CUT, 0)
    assert stage.agent(0).tobytes() == before


def test_the_last_word_counts_for_one_deed_and_person() -> None:
    stage = Stage().at(START)
    restrained(stage, 1, Deed.CUT, 9)
    restrained(stage, 1, Deed.CUT, 2)
    assert held(stage, Deed.CUT, 1) and not held(stage.at(START + 2), Deed.CUT, 1)
    assert np.count_nonzero(stage.agent(0).held_until) == 1


def test_one_more_takes_the_place_of_the_one_that_ends_first() -> None:
    stage = Stage().at(START)
    deeds = [deed for deed in Deed if deed >= Deed.CHAT][: RESTRAINTS + 1]
    for number, deed in enumerate(deeds[:RESTRAINTS]):
        restrained(stage, 1, deed, 20 - number)
    restrained(stage, 1, deeds[RESTRAINTS], 50)
    assert [held(stage, deed, 1) for deed in deeds] == [True] * (RESTRAINTS - 1) + [False, True]
    assert int(stage.agent(0).restrained_until) == START + 50


def test_one_that_has_ended_gives_its_place_first() -> None:
    stage = Stage().at(START)
    deeds = [deed for deed in Deed if deed >= Deed.CHAT][: RESTRAINTS + 1]
    for number, deed in enumerate(deeds[:RESTRAINTS]):
        restrained(stage, 1, deed, 2 if number == 4 else 30)
    restrained(stage.at(START + 2), 1, deeds[RESTRAINTS], 1)
    assert [held(stage, deed, 1) for deed in deeds] == [number != 4 for number in range(RESTRAINTS + 1)]
