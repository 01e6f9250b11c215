"""Settings of bodies and places: needs, affordances, goods."""

from typing import Annotated, Literal

from pydantic import Field

from projections.settings import Model, Share
from townlet.world.drawing import PlaceKind, VenueKind

Ticks = Annotated[int, Field(ge=1, le=1440)]
Money = Annotated[float, Field(ge=0.0, le=1000.0, description="basic meals")]
Rate = Annotated[float, Field(ge=0.0, le=0.1)]
OptionName = Literal["eat", "wash", "sleep", "work", "shop", "cook", "socialise"]
ItemName = Literal["raw", "meal"]


class Decay(Model):
    """What each need loses in a tick, in [0, 0.1]."""

    hunger: Rate = Field(0.0008, description="1.15 a day: three meals")
    hygiene: Rate = Field(0.00032, description="0.46 a day: one wash")
    energy: Rate = Field(0.0005, description="0.72 a day: one night")


class Start(Model):
    """The needs of a person who has just moved in."""

    hunger: Share = 0.75
    hygiene: Share = 0.75
    energy: Share = 0.6


class Needs(Model):
    """Needs lie in [0, 1]; 1 is satisfied."""

    decay: Decay = Decay()
    start: Start = Start()
    urgent_below: Share = Field(0.15, description="below this a need breaks off work and sleep, and rivals are borne")
    faint_at: Share = Field(0.03, description="hunger at or below this for `faint_ticks` ends in a faint")
    faint_ticks: Ticks = 30
    neglect_below: Share = Field(0.1, description="a need below this counts as neglected")
    neglect_share: Share = Field(0.25, description="the share of a day in neglect after which one leaves")
    good_day_above: Share = Field(0.3, description="a day on which all needs stay above this is self-sufficient")
    rested_at: Share = Field(0.98, description="energy from which nobody sleeps on")


class Effects(Model):
    """What one whole use of a place adds to needs, spread over its ticks."""

    hunger: Annotated[float, Field(ge=-1.0, le=2.0)] = 0.0
    hygiene: Annotated[float, Field(ge=-1.0, le=2.0)] = 0.0
    energy: Annotated[float, Field(ge=-1.0, le=2.0)] = 0.0


class Goods(Model):
    """A number of items."""

    item: ItemName
    count: Annotated[int, Field(ge=1, le=20)] = 1


class Affordance(Model):
    """What people can do at a kind of place."""

    place: PlaceKind
    venues: tuple[VenueKind, ...] = Field((), description="only places of these venues; of all where it is empty")
    option: OptionName
    ticks: Ticks = Field(description="how long it takes; of work the shift decides")
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
    "sleep": Affordance(place="bed", option="sleep", ticks=480, effects=Effects(energy=0.768), own=True),
    "shower": Affordance(
        place="shower", option="wash", ticks=30, effects=Effects(hygiene=0.45), fee=0.1, water=True, power=True
    ),
    "eat_meal": Affordance(
        place="chair", option="eat", ticks=15, effects=Effects(hunger=0.4), takes=Goods(item="meal")
    ),
    "cook": Affordance(
        place="stove",
        option="cook",
        ticks=40,
        power=True,
        takes=Goods(item="raw", count=2),
        gives=Goods(item="meal", count=2),
    ),
    "buy_groceries": Affordance(
        place="till", option="shop", ticks=3, gives=Goods(item="raw", count=6), sells=True, stock=120
    ),
    "buy_meal": Affordance(place="counter", option="shop", ticks=2, gives=Goods(item="meal"), sells=True, stock=60),
    "work": Affordance(place="desk", option="work", ticks=360, own=True),
    "sit": Affordance(place="bench", option="socialise", ticks=20, queue=False),
    "sit_outdoors": Affordance(
        place="bench", venues=("park",), option="socialise", ticks=20, open_air=True, queue=False
    ),
}


class Prices(Model):
    """Prices in basic meals."""

    raw: Money = 1.0
    meal: Money = 1.25


class Market(Model):
    """Money, in basic meals; a day's wages cover rent, meals and sundries with something to spare."""

    prices: Prices = Prices()
    price_spread: Annotated[float, Field(ge=0.0, le=0.5)] = Field(0.03, description="how far prices move, either way")
    rent: Money = Field(1.2, description="a day")
    sundries: Money = Field(0.4, description="a day: showers and meals out")
    meals_a_day: Annotated[float, Field(ge=0.0, le=10.0)] = 3.0
    spare_least: Share = Field(0.10, description="the least share of a week's costs that its wages leave over")
    spare_most: Share = 0.20
    start_wallet: Money = 14.0
    start_raw: Annotated[int, Field(ge=0, le=50)] = 2
    start_meals: Annotated[int, Field(ge=0, le=50)] = 2
    rain_chance: Share = Field(0.25, description="of a day")
