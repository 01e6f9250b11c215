"""Settings of bodies and places: needs, affordances, goods, money, gifts."""

from typing import Annotated, Literal

from pydantic import Field

from projections.settings import Model, Share
from townlet.world.drawing import PlaceKind, VenueKind

Minutes = Annotated[int, Field(ge=1, le=1440)]
Money = Annotated[float, Field(ge=0.0, le=1000.0, description="basic meals")]
Rate = Annotated[float, Field(ge=0.0, le=0.1)]
OptionName = Literal["eat", "wash", "sleep", "work", "shop", "cook", "socialise"]
ItemName = Literal["raw", "meal"]


class Decay(Model):
    """What each need loses in a minute, in [0, 0.1]."""

    hunger: Rate = Field(0.0008, description="lost each minute; 0.0008 is 1.15 a day: three meals")
    hygiene: Rate = Field(0.00032, description="lost each minute; 0.00032 is 0.46 a day: one wash")
    energy: Rate = Field(0.0005, description="lost each minute; 0.0005 is 0.72 a day: one night of sleep")


class Start(Model):
    """The needs of a person who has just moved in."""

    hunger: Share = Field(0.75, description="hunger on arrival")
    hygiene: Share = Field(0.75, description="hygiene on arrival")
    energy: Share = Field(0.6, description="energy on arrival")


class Needs(Model):
    """Needs lie in [0, 1]; 1 is satisfied."""

    decay: Decay = Decay()
    start: Start = Start()
    urgent_below: Share = Field(
        0.15,
        description="a need below this is urgent: people choose anew, and a rival at a place no longer matters",
    )
    faint_at: Share = Field(0.03, description="hunger at or below this for `faint_minutes` ends in a faint")
    faint_minutes: Minutes = Field(30, description="minutes at or below `faint_at` that end in a faint")
    neglect_below: Share = Field(0.1, description="a need below this counts as neglected")
    neglect_share: Share = Field(0.25, description="share of a day with a neglected need, from which a person leaves")
    good_day_above: Share = Field(0.3, description="a day on which all needs stay above this is self-sufficient")
    rested_at: Share = Field(0.98, description="energy from which nobody goes on sleeping")


class Effects(Model):
    """What one whole use of a place adds to needs, spread over its minutes."""

    hunger: Annotated[float, Field(ge=-1.0, le=2.0)] = Field(0.0, description="added to hunger")
    hygiene: Annotated[float, Field(ge=-1.0, le=2.0)] = Field(0.0, description="added to hygiene")
    energy: Annotated[float, Field(ge=-1.0, le=2.0)] = Field(0.0, description="added to energy")


class Goods(Model):
    """A number of items."""

    item: ItemName = Field(description="raw food, or a meal ready to eat")
    count: Annotated[int, Field(ge=1, le=20)] = Field(1, description="number of items for one use")


class Affordance(Model):
    """What people can do at a kind of place."""

    place: PlaceKind = Field(description="the kind of place that it needs")
    venues: tuple[VenueKind, ...] = Field(
        (), description="kinds of venues whose places count; empty: those of all venues"
    )
    option: OptionName = Field(description="the option that people choose in order to do it")
    minutes: Minutes = Field(description="how long it takes; for work the shift decides")
    effects: Effects = Effects()
    fee: Money = Field(0.0, description="paid when it begins, in basic meals")
    power: bool = Field(False, description="true: it needs power")
    water: bool = Field(False, description="true: it needs water")
    open_air: bool = Field(False, description="cannot be used in rain")
    own: bool = Field(False, description="only for the person to whom the place belongs")
    queue: bool = Field(True, description="true: people wait in line for it; false: they look for another place")
    takes: Goods | None = Field(None, description="items used up: a meal by whoever eats, raw food by whoever cooks")
    gives: Goods | None = Field(None, description="items that one buys, or cooks from as many raw ones")
    sells: bool = Field(False, description="true: people pay for what it gives")
    markup: Annotated[float, Field(ge=0.1, le=10.0)] = Field(
        1.0, description="the price is this times the item's price"
    )
    stock: Annotated[int, Field(ge=0, le=30000)] = Field(0, description="items on the shelf each morning")


AFFORDANCES: dict[str, Affordance] = {
    "sleep": Affordance(place="bed", option="sleep", minutes=480, effects=Effects(energy=0.768), own=True),
    "shower": Affordance(
        place="shower", option="wash", minutes=30, effects=Effects(hygiene=0.45), fee=0.1, water=True, power=True
    ),
    "eat_meal": Affordance(
        place="chair", option="eat", minutes=15, effects=Effects(hunger=0.4), takes=Goods(item="meal")
    ),
    "cook": Affordance(
        place="stove",
        option="cook",
        minutes=40,
        power=True,
        takes=Goods(item="raw", count=2),
        gives=Goods(item="meal", count=2),
    ),
    "buy_groceries": Affordance(
        place="till", option="shop", minutes=3, gives=Goods(item="raw", count=6), sells=True, stock=120
    ),
    "buy_meal": Affordance(place="counter", option="shop", minutes=2, gives=Goods(item="meal"), sells=True, stock=4),
    "work": Affordance(place="desk", option="work", minutes=360, own=True),
    "sit": Affordance(place="bench", option="socialise", minutes=20, queue=False),
    "sit_outdoors": Affordance(
        place="bench", venues=("park",), option="socialise", minutes=20, open_air=True, queue=False
    ),
    "relax": Affordance(place="bench", venues=("gym",), option="socialise", minutes=30, fee=0.4, queue=False),
}


class Prices(Model):
    """Prices in basic meals."""

    raw: Money = Field(1.0, description="price of raw food at the founding, in basic meals")
    meal: Money = Field(1.25, description="price of a meal at the founding, in basic meals")


class Market(Model):
    """Money, in basic meals; a day's wages cover rent, meals and sundries with something to spare."""

    prices: Prices = Prices()
    price_spread: Annotated[float, Field(ge=0.0, le=0.5)] = Field(
        0.03, description="share by which a price may rise or fall at most"
    )
    rent: Money = Field(1.15, description="rent for each day, in basic meals")
    sundries: Money = Field(0.4, description="what showers and meals out are expected to cost in a day, in basic meals")
    meals_a_day: Annotated[float, Field(ge=0.0, le=10.0)] = Field(
        3.0, description="meals that a person is expected to eat in a day; wages must cover them"
    )
    spare_least: Share = Field(0.10, description="the smallest share of a week's costs that its wages leave over")
    spare_most: Share = Field(0.20, description="the largest share of a week's costs that its wages leave over")
    start_wallet: Money = Field(10.5, description="money that a person has on arrival, in basic meals")
    start_raw: Annotated[int, Field(ge=0, le=50)] = Field(2, description="raw food that a person has on arrival")
    start_meals: Annotated[int, Field(ge=0, le=50)] = Field(2, description="meals that a person has on arrival")
    rain_chance: Share = Field(0.25, description="chance that it rains on a day")
    demand: Share = Field(
        0.5, description="share of a price's change that follows what was sold the day before; the rest is chance"
    )
    demand_steepness: Annotated[float, Field(ge=0.0, le=100.0)] = Field(
        4.0, description="times `price_spread`: the rise of a price where twice as much was sold as expected"
    )
    benefit: Money = Field(4.8, description="paid each day to everybody without a job, while the town has too few jobs")
    spend_above: Money = Field(12.0, description="money from which a person pays for leisure and better dishes")
    treat_rise: Annotated[float, Field(ge=0.0, le=10.0)] = Field(
        0.1, description="rise in quality and price of a dish bought ready, for each basic meal above `spend_above`"
    )
    treat_most: Annotated[float, Field(ge=0.0, le=10.0)] = Field(
        1.0, description="the largest such rise of the price; 1: a dish costs twice its price"
    )


class Giving(Model):
    """Gifts and loans between housemates and friends. A friend is a bond, or somebody whom one likes enough."""

    reach: Annotated[int, Field(ge=0, le=5)] = Field(3, description="tiles within which a person sees who is in need")
    liking_above: Annotated[float, Field(ge=0.0, le=3.0)] = Field(
        0.5, description="liking from which a person also gives to somebody who is neither housemate nor friend"
    )
    hungry_below: Share = Field(0.55, description="whoever has no meal and a hunger below this needs one")
    meals_kept: Annotated[int, Field(ge=0, le=20)] = Field(1, description="meals that the giver keeps")
    meal_chance: Share = Field(
        0.1, description="chance in each minute that somebody who can gives a meal; 0: nobody does"
    )
    money_chance: Share = Field(
        0.05, description="chance in each minute that somebody who can lends money; 0: nobody does"
    )
    lend_share: Share = Field(0.25, description="the largest share of its money that a person lends")
    return_above: Money = Field(6.0, description="money that must be left to whoever pays a debt back")
    rest_minutes: Annotated[int, Field(ge=0, le=100000)] = Field(
        360, description="minutes between two gifts or loans of one person"
    )
