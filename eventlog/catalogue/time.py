"""Time, weather, prices, stock, power and water."""

from eventlog.catalogue.event import Amount, Count, Event, ItemCode, Object, WeatherCode, column


class TownFounded(Event, kind=1):
    """A town begins; all places are free, power and water work."""

    people: Count = column(meaning="how many people will arrive at the founding")


class TickEnded(Event, kind=2):
    """A minute has passed for everybody; ties decay after every sixtieth minute."""


class DayEnded(Event, kind=3):
    """A day has passed; the counts of the day begin again."""


class WeatherChanged(Event, kind=4, cause="command_accepted, or none at dawn"):
    """The day has this weather."""

    weather: WeatherCode


class PriceChanged(Event, kind=7, cause="command_accepted, or none at the end of a day"):
    """`item` costs `price` from now on."""

    item: ItemCode
    price: Amount = column(unit="basic meals")


class Restocked(Event, kind=8):
    """A place has `stock` goods on its shelves again."""

    place: Object
    stock: Count


class PowerFailed(Event, kind=9, cause="command_accepted"):
    """Power fails: nobody can use a place that needs power."""


class PowerRestored(Event, kind=10, cause="command_accepted or power_failed"):
    """Power works again."""


class WaterFailed(Event, kind=11, cause="command_accepted"):
    """Water fails: nobody can use a place that needs water."""


class WaterRestored(Event, kind=12, cause="command_accepted or water_failed"):
    """Water works again."""
