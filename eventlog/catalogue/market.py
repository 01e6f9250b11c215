"""People buy goods, cook and eat, give and lend."""

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


class MealGiven(Event, kind=100, version=2, first=2):
    """`agent`, who has more than enough, gives a meal to `other`, who is in need."""

    agent: Agent
    other: Agent = column("other")


class MoneyLent(Event, kind=101, version=2, first=2):
    """`agent` lends money to `other`, who has too little."""

    agent: Agent
    other: Agent = column("other")
    amount: Amount = column(unit="basic meals")


class MoneyReturned(Event, kind=102, version=2, first=2, cause="money_lent"):
    """`agent` pays `other` back what it lent."""

    agent: Agent
    other: Agent = column("other")
    amount: Amount = column(unit="basic meals")


class BenefitPaid(Event, kind=103, version=2, first=2, cause="agent_arrived or job_lost"):
    """The town pays `agent`, who has no job, for the day."""

    agent: Agent
    amount: Amount = column(unit="basic meals")
