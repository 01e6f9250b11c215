"""Recorders of market: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import (
    BENEFIT_PAID,
    ITEM_BOUGHT,
    MEAL_COOKED,
    MEAL_EATEN,
    MEAL_GIVEN,
    MONEY_LENT,
    MONEY_RETURNED,
    SHARED_MEAL,
)
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOTHING, NOWHERE, append
from projections.town import market


@kernel
def record_item_bought(town, plan, agent, place, item, count, paid, cause):
    """`agent` pays `paid` for `count` of an item."""
    event = append(town, ITEM_BOUGHT, agent, NOBODY, place, NOWHERE, item, count, paid, NAN, cause)
    market.item_bought(town, plan, event)
    return event.seq


@kernel
def record_meal_cooked(town, plan, agent, place, count, cause):
    """`agent` makes `count` meals of raw food."""
    event = append(town, MEAL_COOKED, agent, NOBODY, place, NOWHERE, count, NONE, NAN, NAN, cause)
    market.meal_cooked(town, plan, event)
    return event.seq


@kernel
def record_meal_eaten(town, plan, agent, place, cause):
    """`agent` begins to eat a meal that it carries."""
    event = append(town, MEAL_EATEN, agent, NOBODY, place, NOWHERE, NONE, NONE, NAN, NAN, cause)
    market.meal_eaten(town, plan, event)
    return event.seq


@kernel
def record_shared_meal(town, plan, agent, other, place, cause):
    """`agent` and `other` have eaten together in one venue for at least five ticks; once for a pair and a meal."""
    event = append(town, SHARED_MEAL, agent, other, place, NOWHERE, NONE, NONE, NAN, NAN, cause)
    market.shared_meal(town, plan, event)
    return event.seq


@kernel
def record_meal_given(town, plan, agent, other):
    """`agent`, who has more than enough, gives a meal to `other`, who is in need."""
    event = append(town, MEAL_GIVEN, agent, other, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, NONE)
    market.meal_given(town, plan, event)
    return event.seq


@kernel
def record_money_lent(town, plan, agent, other, amount):
    """`agent` lends money to `other`, who has too little."""
    event = append(town, MONEY_LENT, agent, other, NOTHING, NOWHERE, NONE, NONE, amount, NAN, NONE)
    market.money_lent(town, plan, event)
    return event.seq


@kernel
def record_money_returned(town, plan, agent, other, amount, cause):
    """`agent` pays `other` back what it lent."""
    event = append(town, MONEY_RETURNED, agent, other, NOTHING, NOWHERE, NONE, NONE, amount, NAN, cause)
    market.money_returned(town, plan, event)
    return event.seq


@kernel
def record_benefit_paid(town, plan, agent, amount, cause):
    """The town pays `agent`, who has no job, for the day."""
    event = append(town, BENEFIT_PAID, agent, NOBODY, NOTHING, NOWHERE, NONE, NONE, amount, NAN, cause)
    market.benefit_paid(town, plan, event)
    return event.seq
