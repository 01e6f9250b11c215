"""Time, the sky, the market's prices, the mains."""

from eventlog.catalogue.event import Amount, Count, Event, ItemCode, Object, WeatherCode, column


class TownFounded(Event, kind=1):
    """A town begins: places are empty, the mains work."""

    people: Count = column(meaning="how many people are expected at the founding")


class TickEnded(Event, kind=2):
    """A minute has passed for everybody; every sixtieth is also an hour, at which ties decay."""


class DayEnded(Event, kind=3):
    """A day has passed: the day's counts begin again."""


class WeatherChanged(Event, kind=4):
    """The sky of the day."""

    weather: WeatherCode


class PriceChanged(Event, kind=7):
    """`item` costs `price` from now on."""

    item: ItemCode
    price: Amount = column(unit="basic meals")


class Restocked(Event, kind=8):
    """The shelves of a place hold `stock` again."""

    place: Object
    stock: Count


class PowerFailed(Event, kind=9):
    """No place that needs power can be used."""


class PowerRestored(Event, kind=10, cause="power_failed"):
    """Power is back."""


class WaterFailed(Event, kind=11):
    """No place that needs water can be used."""


class WaterRestored(Event, kind=12, cause="water_failed"):
    """Water is back."""
