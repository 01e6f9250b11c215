"""Recorders of market: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import ITEM_BOUGHT, MEAL_COOKED, MEAL_EATEN, SHARED_MEAL
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOWHERE, append
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
