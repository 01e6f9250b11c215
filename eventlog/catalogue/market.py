"""People buy goods, cook and eat."""

from eventlog.catalogue.event import Agent, Amount, Count, Event, ItemCode, Object, column


class ItemBought(Event, kind=96, cause="affordance_finished"):
    """`agent` pays `paid` for `count` of an item."""

    agent: Agent
    place: Object
    item: ItemCode
    count: Count = column("code2")
    paid: Amount = column(unit="basic meals")


class MealCooked(Event, kind=97, cause="affordance_finished"):
    """`agent` makes `count` meals of raw food."""

    agent: Agent
    place: Object
    count: Count


class MealEaten(Event, kind=98, cause="affordance_started"):
    """`agent` begins to eat a meal that it carries."""

    agent: Agent
    place: Object


class SharedMeal(Event, kind=99, cause="affordance_started of the one who sat down later"):
    """`agent` and `other` have eaten together in one venue for at least five ticks; once for a pair and a meal."""

    agent: Agent
    other: Agent = column("other")
    place: Object
