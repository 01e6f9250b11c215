"""Goods and meals."""

from eventlog.catalogue.event import Agent, Amount, Count, Event, ItemCode, Object, column


class ItemBought(Event, kind=96, cause="affordance_finished"):
    """`agent` pays `paid` for `count` of an item."""

    agent: Agent
    place: Object
    item: ItemCode
    count: Count = column("code2")
    paid: Amount = column(unit="basic meals")


class MealCooked(Event, kind=97, cause="affordance_finished"):
    """Raw food becomes `count` meals."""

    agent: Agent
    place: Object
    count: Count


class MealEaten(Event, kind=98, cause="affordance_started"):
    """A meal is taken from the inventory, at the moment it is begun."""

    agent: Agent
    place: Object


class SharedMeal(Event, kind=99, cause="affordance_started of the one who sat down later"):
    """Two have eaten at the same venue for at least five ticks together; once per pair and meal."""

    agent: Agent
    other: Agent = column("other")
    place: Object
