"""Recorders of time: each appends a row, folds it and returns its seq.

Generated from the catalogue by `make generate`; not edited by hand.
"""

from eventlog.codes import (
    DAY_ENDED,
    POWER_FAILED,
    POWER_RESTORED,
    PRICE_CHANGED,
    RESTOCKED,
    TICK_ENDED,
    TOWN_FOUNDED,
    WATER_FAILED,
    WATER_RESTORED,
    WEATHER_CHANGED,
)
from projections.kernel import kernel
from projections.record.event import NAN, NOBODY, NONE, NOTHING, NOWHERE, append
from projections.town import time


@kernel
def record_town_founded(town, plan, people):
    """A town begins; all places are free, power and water work."""
    event = append(town, TOWN_FOUNDED, NOBODY, NOBODY, NOTHING, NOWHERE, people, NONE, NAN, NAN, NONE)
    time.town_founded(town, plan, event)
    return event.seq


@kernel
def record_tick_ended(town, plan):
    """A minute has passed for everybody; ties decay after every sixtieth minute."""
    event = append(town, TICK_ENDED, NOBODY, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, NONE)
    time.tick_ended(town, plan, event)
    return event.seq


@kernel
def record_day_ended(town, plan):
    """A day has passed; the counts of the day begin again."""
    event = append(town, DAY_ENDED, NOBODY, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, NONE)
    time.day_ended(town, plan, event)
    return event.seq


@kernel
def record_weather_changed(town, plan, weather, cause):
    """The day has this weather."""
    event = append(town, WEATHER_CHANGED, NOBODY, NOBODY, NOTHING, NOWHERE, weather, NONE, NAN, NAN, cause)
    time.weather_changed(town, plan, event)
    return event.seq


@kernel
def record_price_changed(town, plan, item, price, cause):
    """`item` costs `price` from now on."""
    event = append(town, PRICE_CHANGED, NOBODY, NOBODY, NOTHING, NOWHERE, item, NONE, price, NAN, cause)
    time.price_changed(town, plan, event)
    return event.seq


@kernel
def record_restocked(town, plan, place, stock):
    """A place has `stock` goods on its shelves again."""
    event = append(town, RESTOCKED, NOBODY, NOBODY, place, NOWHERE, stock, NONE, NAN, NAN, NONE)
    time.restocked(town, plan, event)
    return event.seq


@kernel
def record_power_failed(town, plan, cause):
    """Power fails: nobody can use a place that needs power."""
    event = append(town, POWER_FAILED, NOBODY, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, cause)
    time.power_failed(town, plan, event)
    return event.seq


@kernel
def record_power_restored(town, plan, cause):
    """Power works again."""
    event = append(town, POWER_RESTORED, NOBODY, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, cause)
    time.power_restored(town, plan, event)
    return event.seq


@kernel
def record_water_failed(town, plan, cause):
    """Water fails: nobody can use a place that needs water."""
    event = append(town, WATER_FAILED, NOBODY, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, cause)
    time.water_failed(town, plan, event)
    return event.seq


@kernel
def record_water_restored(town, plan, cause):
    """Water works again."""
    event = append(town, WATER_RESTORED, NOBODY, NOBODY, NOTHING, NOWHERE, NONE, NONE, NAN, NAN, cause)
    time.water_restored(town, plan, event)
    return event.seq
