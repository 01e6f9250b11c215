"""The pay for company: a talk and a shared table count, a day and a partner bring less and less, by hand."""

from typing import Any

import pytest

from eventlog.catalogue.registries import Option
from projections.settings import Company, Rewards
from tests.projections.histories import History, plans
from tests.projections.paying import ANN, BEA, CAL, FREE, earned, of, passes
from townlet.configuration.bodies import AFFORDANCES

DAN = 3
GIVEN = Rewards().company
HALF = {**FREE, "company": {"minute": 0.1, "table": 1.0, "day_minutes": 2, "partner_minutes": 1}}
"""Settings under which nothing counts but company, and its returns fall fast."""

DAY = 1440


def talks(history: History, agent: int, listener: int, ticks: int) -> None:
    """A talk of so many whole ticks, after which both are silent."""
    people = history.person(agent), history.person(listener)
    history.add("chat_started", *people, code=ticks)
    passes(history, ticks)
    history.add("chat_failed", *people)


def eats(history: History, agent: int, place: int) -> None:
    """Somebody begins to eat."""
    meal = list(AFFORDANCES).index("eat_meal")
    history.add("reservation_granted", history.person(agent), object=place)
    history.add("affordance_started", history.person(agent), object=place, code=meal, value=600.0)


def tables() -> list[int]:
    """The places to eat at of the town of the histories, all of one venue."""
    layout = plans()[0].layout
    home = layout.place[0].venue
    near = [int(each) for each in layout.near[home, Option.EAT, : layout.near_count[home, Option.EAT]]]
    venues = [int(layout.place[each].venue) for each in near]
    return [each for each, venue in zip(near, venues, strict=True) if venue == venues[0]]


def company(rows: Any, person: int) -> list[float]:
    return of(rows, person, "company")


def test_a_talk_brings_less_the_longer_it_lasts() -> None:
    history = History()
    talks(history, ANN, BEA, 4)
    passes(history)
    rows = earned(history, HALF)
    by_hand = [0.1, 0.1 / 1.5 / 2.0, 0.1 / 2.0 / 3.0, 0.1 / 2.5 / 4.0, 0.0]
    assert company(rows, ANN) == company(rows, BEA) == pytest.approx(by_hand, rel=1e-12)
    assert company(rows, CAL) == [0.0] * 5
    assert of(rows, ANN, "total") == company(rows, ANN)


def test_another_partner_brings_more_than_the_same_one_and_less_than_the_first() -> None:
    history = History()
    talks(history, ANN, BEA, 2)
    talks(history, CAL, ANN, 1)
    talks(history, ANN, BEA, 1)
    passes(history)
    rows = earned(history, HALF)
    assert company(rows, ANN) == pytest.approx([0.1, 0.1 / 1.5 / 2.0, 0.1 / 2.0, 0.1 / 2.5 / 3.0, 0.0], rel=1e-12)
    assert company(rows, CAL) == pytest.approx([0.0, 0.0, 0.1, 0.0, 0.0], rel=1e-12)


def test_the_next_day_begins_anew() -> None:
    history = History()
    history.tick = DAY - 2
    talks(history, ANN, BEA, 4)
    rows = earned(history, HALF)
    assert company(rows, ANN) == pytest.approx([0.1, 0.1 / 1.5 / 2.0] * 2, rel=1e-12)


def test_who_moves_in_begins_anew() -> None:
    history = History()
    talks(history, ANN, BEA, 2)
    history.add("agent_exited", history.person(ANN), code=0, code2=-1)
    passes(history)
    history.lives[ANN] += 1
    history.arrive(ANN)
    passes(history, 12)  # until nothing is guarded any more
    talks(history, ANN, BEA, 1)
    rows = earned(history, HALF)
    assert company(rows, history.person(ANN))[-1] == pytest.approx(0.1, rel=1e-12)
    assert company(rows, BEA)[-1] == pytest.approx(0.1 / 2.0, rel=1e-12), "a newcomer is another partner"


def test_after_so_many_people_no_further_one_counts() -> None:
    history, given = History(), {**HALF, "company": {"minute": 0.1, "day_minutes": 1440, "partner_minutes": 1440}}
    for guest in range(9):
        talks(history, ANN, BEA, 1)
        history.add("agent_exited", history.person(BEA), code=0, code2=-1)
        passes(history)
        history.lives[BEA] += 1
        history.arrive(BEA)
        assert history.person(BEA) == BEA + 64 * (guest + 1)
    paid = company(earned(history, given), ANN)
    assert paid[::2] == pytest.approx([*(0.1 / (1 + met / 1440) for met in range(8)), 0.0], rel=1e-12)
    assert not any(paid[1::2])


def test_a_shared_table_is_company_and_a_meal_alone_is_none() -> None:
    history, (first, second, *_) = History(), tables()
    eats(history, ANN, first)
    passes(history)
    eats(history, BEA, second)
    passes(history, 2)
    rows = earned(history, HALF)
    assert company(rows, ANN) == company(rows, BEA) == pytest.approx([0.0, 0.1, 0.1 / 1.5 / 2.0], rel=1e-12)


def test_a_minute_at_a_table_is_worth_more_than_one_of_talk() -> None:
    history, (first, second, *_) = History(), tables()
    eats(history, ANN, first)
    eats(history, BEA, second)
    passes(history)
    given = {**FREE, "company": {"minute": 0.01, "table": 3.0}}
    assert company(earned(history, given), ANN) == pytest.approx([0.03], rel=1e-12)


def test_at_a_table_of_three_a_tick_counts_once_for_the_one_of_whom_the_day_had_least() -> None:
    history, (first, second, third, *_) = History(), tables()
    talks(history, ANN, BEA, 1)
    for person, place in ((ANN, first), (BEA, second), (CAL, third)):
        eats(history, person, place)
    passes(history, 2)
    rows = earned(history, HALF)
    assert company(rows, ANN) == pytest.approx([0.1, 0.1 / 1.5, 0.1 / 2.0 / 2.0], rel=1e-12)


def test_nobody_in_need_is_paid_for_company() -> None:
    history = History()
    talks(history, ANN, BEA, 1)
    assert company(earned(history, {**HALF, "social": {"deficit_most": 0.0}}), ANN) == [0.0]


def test_without_the_flag_company_is_not_paid() -> None:
    history = History()
    talks(history, ANN, BEA, 3)
    given = {**HALF, "company": {**HALF["company"], "enabled": False}}
    assert company(earned(history, given), ANN) == [0.0] * 3


def test_the_half_times_of_the_defaults_are_what_they_say() -> None:
    """After `day_minutes` of company a minute brings half; after `partner_minutes` with one person, half again."""
    assert Company() == GIVEN and GIVEN.enabled
    history = History()
    talks(history, BEA, CAL, GIVEN.partner_minutes)
    talks(history, BEA, ANN, GIVEN.day_minutes - GIVEN.partner_minutes)
    talks(history, BEA, DAN, 1)
    talks(history, BEA, CAL, 1)
    paid = company(earned(history, FREE), BEA)
    assert paid[0] == GIVEN.minute
    assert paid[GIVEN.day_minutes] == pytest.approx(GIVEN.minute / 2, rel=1e-12)
    assert paid[-1] == pytest.approx(GIVEN.minute / (1 + (GIVEN.day_minutes + 1) / GIVEN.day_minutes) / 2, rel=1e-12)
