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

    hunger: Rate = Field(0.0008, description="1.15 a day: three meals")
    hygiene: Rate = Field(0.00032, description="0.46 a day: one wash")
    energy: Rate = Field(0.0005, description="0.72 a day: one night")


class Start(Model):
    """The needs of a person who has just moved in."""

    hunger: Share = Field(0.75, description="hunger on arrival")
    hygiene: Share = Field(0.75, description="hygiene on arrival")
    energy: Share = Field(0.6, description="energy on arrival")


class Needs(Model):
    """Needs lie in [0, 1]; 1 is satisfied."""

    decay: Decay = Decay()
    start: Start = Start()
    urgent_below: Share = Field(0.15, description="below this a need breaks off work and sleep, and rivals are borne")
    faint_at: Share = Field(0.03, description="hunger at or below this for `faint_minutes` ends in a faint")
    faint_minutes: Minutes = Field(30, description="minutes at or below `faint_at` that end in a faint")
    neglect_below: Share = Field(0.1, description="a need below this counts as neglected")
    neglect_share: Share = Field(0.25, description="the share of a day in neglect after which one leaves")
    good_day_above: Share = Field(0.3, description="a day on which all needs stay above this is self-sufficient")
    rested_at: Share = Field(0.98, description="energy from which nobody sleeps on")


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
    venues: tuple[VenueKind, ...] = Field((), description="only places of these venues; of all where it is empty")
    option: OptionName = Field(description="the option that people choose in order to do it")
    minutes: Minutes = Field(description="how long it takes; of work the shift decides")
    effects: Effects = Effects()
    fee: Money = Field(0.0, description="paid when it begins, in basic meals")
    power: bool = Field(False, description="needs power")
    water: bool = Field(False, description="needs water")
    open_air: bool = Field(False, description="of no use in rain")
    own: bool = Field(False, description="only for whom it is assigned to")
    queue: bool = Field(True, description="whether one waits in line for it; else one looks for another")
    takes: Goods | None = Field(None, description="items used up: a meal by whoever eats, raw food by whoever cooks")
    gives: Goods | None = Field(None, description="items that one buys, or cooks from as many raw ones")
    sells: bool = Field(False, description="what it gives is bought")
    markup: Annotated[float, Field(ge=0.1, le=10.0)] = Field(1.0, description="times the item's price")
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

    raw: Money = 1.0
    meal: Money = 1.25


class Market(Model):
    """Money, in basic meals; a day's wages cover rent, meals and sundries with something to spare."""

    prices: Prices = Prices()
    price_spread: Annotated[float, Field(ge=0.0, le=0.5)] = Field(0.03, description="how far prices move, either way")
    rent: Money = Field(1.15, description="a day")
    sundries: Money = Field(0.4, description="a day: showers and meals out")
    meals_a_day: Annotated[float, Field(ge=0.0, le=10.0)] = Field(
        3.0, description="meals that a person is expected to eat in a day; wages must cover them"
    )
    spare_least: Share = Field(0.10, description="the least share of a week's costs that its wages leave over")
    spare_most: Share = Field(0.20, description="the largest share of a week's costs that its wages leave over")
    start_wallet: Money = Field(10.5, description="money that a person has on arrival, in basic meals")
    start_raw: Annotated[int, Field(ge=0, le=50)] = Field(2, description="raw food that a person has on arrival")
    start_meals: Annotated[int, Field(ge=0, le=50)] = Field(2, description="meals that a person has on arrival")
    rain_chance: Share = Field(0.25, description="of a day")
    demand: Share = Field(0.5, description="how much of a price's change answers to what was sold the day before")
    demand_steepness: Annotated[float, Field(ge=0.0, le=100.0)] = Field(
        4.0, description="shares of price_spread by which a price rises where twice as much was sold as expected"
    )
    benefit: Money = Field(4.8, description="a day, to everybody without a job while the town has too few jobs")
    spend_above: Money = Field(12.0, description="with more money than this one pays for leisure and better dishes")
    treat_rise: Annotated[float, Field(ge=0.0, le=10.0)] = Field(
        0.1, description="by how much a dish bought ready is better and dearer, for each basic meal above spend_above"
    )
    treat_most: Annotated[float, Field(ge=0.0, le=10.0)] = Field(
        1.0, description="by how much a dish is dearer at most; 1: it costs twice the price"
    )


class Giving(Model):
    """Gifts and loans between housemates and friends. A friend is a bond, or somebody whom one likes enough."""

    reach: Annotated[int, Field(ge=0, le=5)] = Field(3, description="tiles from which one sees who is in need")
    liking_above: Annotated[float, Field(ge=0.0, le=3.0)] = Field(
        0.5, description="liking from which one gives also to somebody who is neither housemate nor friend"
    )
    hungry_below: Share = Field(0.55, description="with no meal and a hunger below this one is in need of a meal")
    meals_kept: Annotated[int, Field(ge=0, le=20)] = Field(1, description="meals that who gives one keeps")
    meal_chance: Share = Field(0.1, description="a minute, that one who can gives a meal; 0: nobody gives any")
    money_chance: Share = Field(0.05, description="a minute, that one who can lends money; 0: nobody lends any")
    lend_share: Share = Field(0.25, description="the greatest share of its money that one lends")
    return_above: Money = Field(6.0, description="money that has to be left to who pays back a debt")
    rest_minutes: Annotated[int, Field(ge=0, le=100000)] = Field(
        360, description="between two gifts or loans of one person"
    )
