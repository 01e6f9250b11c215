"""What a gift, a loan, its return and a benefit change, and how much was sold."""

from functools import cache
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventlog.catalogue.registries import Item, Option, Reason
from projections.record.event import NOBODY
from tests.townlet.rules.stage import Stage

STRANGERS = {"life.initial_ties.mode": "none", "features.relationship_modifiers": False, "market.start_wallet": 10.0}
SIDES = ("trust", "familiarity", "rivalry")


@cache
def long_lived() -> Stage:
    """One town for all examples: what is held true of it is true at any time."""
    return Stage(STRANGERS)


def stage_of_strangers() -> Stage:
    """A town in which nobody knows anybody."""
    stage = Stage(STRANGERS)
    stage.rows()
    return stage


def tie_of(stage: Stage, owner: int, other: int) -> tuple[float, ...]:
    """Trust, familiarity and rivalry of one seat towards another; zeros without a tie."""
    for tie in stage.agent(owner).ties:
        if tie.known and tie.other == stage.agent(other).person:
            return tuple(float(tie[side]) for side in SIDES)
    return (0.0, 0.0, 0.0)


def test_a_meal_passes_from_one_to_the_other_and_both_remember_it() -> None:
    stage = stage_of_strangers().at(600)
    stage.record("market", "meal_given", 0, 1)
    assert [int(stage.agent(seat).items[Item.MEAL]) for seat in (0, 1)] == [1, 3]
    assert (int(stage.agent(0).gave), int(stage.agent(1).gave)) == (601, 0)
    assert tie_of(stage, 1, 0) == pytest.approx((0.10, 0.05, 0.0))
    assert tie_of(stage, 0, 1) == pytest.approx((0.05, 0.025, 0.0)), "half for who gives"


def test_a_loan_is_owed_until_it_is_returned() -> None:
    stage = stage_of_strangers().at(600)
    seq = stage.record("market", "money_lent", 0, 1, 2.5)
    debtor = stage.agent(1)
    assert (float(stage.agent(0).wallet), float(debtor.wallet)) == (7.5, 12.5)
    assert (int(debtor.owes_to), float(debtor.owes), int(debtor.owes_seq)) == (stage.agent(0).person, 2.5, seq)
    assert tie_of(stage, 1, 0) == pytest.approx((0.10, 0.05, 0.0))
    assert tie_of(stage, 0, 1) == pytest.approx((0.05, 0.025, 0.0))
    stage.record("market", "money_returned", 1, 0, 2.5, seq)
    assert (float(stage.agent(0).wallet), float(debtor.wallet)) == (10.0, 10.0)
    assert (int(debtor.owes_to), float(debtor.owes), int(debtor.owes_seq)) == (NOBODY, 0.0, 0)
    assert tie_of(stage, 0, 1) == pytest.approx((0.10, 0.025, 0.0)), "trust for the lender"
    assert tie_of(stage, 1, 0) == pytest.approx((0.10, 0.05, 0.0)), "and nothing for the debtor"


def test_what_is_owed_to_somebody_who_leaves_is_owed_no_more() -> None:
    stage = stage_of_strangers()
    stage.record("market", "money_lent", 0, 1, 2.0)
    stage.record("market", "money_lent", 2, 3, 1.0)
    stage.record("life", "agent_exited", 0, int(Reason.NEGLECT), 5, -1)
    assert (int(stage.agent(1).owes_to), float(stage.agent(1).owes)) == (NOBODY, 0.0)
    assert (int(stage.agent(3).owes_to), float(stage.agent(3).owes)) == (stage.agent(2).person, 1.0)


def test_a_benefit_is_money() -> None:
    stage = stage_of_strangers()
    stage.record("market", "benefit_paid", 0, 4.25, -1)
    assert float(stage.agent(0).wallet) == 14.25


def test_what_is_sold_is_counted_by_item_and_anew_each_day() -> None:
    stage = stage_of_strangers()
    till, counter = stage.places(Option.SHOP, "grocer")[0], stage.places(Option.SHOP, "cafe")[0]
    for place, item, count in ((till, Item.RAW, 4), (till, Item.RAW, 4), (counter, Item.MEAL, 1)):
        stage.record("market", "item_bought", 0, place, int(item), count, 1.0, -1)
    assert stage.town.clock.sold.tolist() == [8, 1]
    stage.record("time", "day_ended")
    assert stage.town.clock.sold.tolist() == [0, 0]


PAIRS = st.sampled_from(list(permutations(range(4), 2)))
DEEDS = st.lists(st.tuples(st.booleans(), PAIRS, st.floats(0.125, 2.0, width=16)), max_size=20)


@given(DEEDS)
@settings(max_examples=30, deadline=None)
def test_giving_makes_and_loses_nothing(deeds: list[tuple[bool, tuple[int, int], float]]) -> None:
    """Money and meals only pass from hand to hand, as long as nobody gives what it does not have."""
    stage = long_lived()
    people = [stage.agent(seat) for seat in range(8)]
    before = (sum(float(each.wallet) for each in people), sum(int(each.items[Item.MEAL]) for each in people))
    for is_meal, (a, b), amount in deeds:
        if is_meal and stage.agent(a).items[Item.MEAL] > 0:
            stage.record("market", "meal_given", a, b)
        elif not is_meal and stage.agent(b).owes_to == NOBODY and float(stage.agent(a).wallet) >= amount:
            stage.record("market", "money_lent", a, b, amount)
        elif stage.agent(b).owes_to == stage.agent(a).person and stage.agent(b).wallet >= stage.agent(b).owes:
            stage.record("market", "money_returned", b, a, float(stage.agent(b).owes), int(stage.agent(b).owes_seq))
    after = (sum(float(each.wallet) for each in people), sum(int(each.items[Item.MEAL]) for each in people))
    assert np.isclose(before[0], after[0], atol=1e-9) and before[1] == after[1]
