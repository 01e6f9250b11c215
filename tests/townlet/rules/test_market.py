"""Buying, cooking, eating together, rent, and prices that leave a living."""

import pytest

from eventlog.catalogue.registries import Item, Option, Reason
from tests.townlet.rules.stage import Stage, columns

SUPPER = 1100


def code_at(stage: Stage, place: int) -> int:
    return int(stage.plan.layout.place[place].affordance)


def at_table(overlap: int) -> Stage:
    """Seat 0 sits down at the café at supper, seat 1 two ticks later; then so many ticks go by."""
    stage = Stage().at(SUPPER)
    here, there = stage.places(Option.EAT, "cafe")[:2]
    stage.busy(0, here, 15)
    stage.pass_ticks(2)
    stage.busy(1, there, 15)
    stage.pass_ticks(overlap)
    stage.rows()
    return stage


@pytest.mark.parametrize(("overlap", "shared"), [(0, 0), (4, 0), (5, 1), (6, 0)])
def test_a_meal_is_shared_when_two_have_eaten_five_ticks_together(overlap: int, shared: int) -> None:
    """At that tick and no other, so it is once."""
    stage = at_table(overlap)
    stage.call("market", "share_meals", 1)
    assert [(int(row["agent"]), int(row["other"])) for row in columns(stage.rows(), "shared_meal")] == [(1, 0)] * shared


def tiles_apart(stage: Stage, some: int, other: int) -> int:
    side = int(stage.plan.layout.side)
    here, there = (int(stage.plan.layout.place[each].tile) for each in (some, other))
    return abs(here // side - there // side) + abs(here % side - there % side)


@pytest.mark.parametrize("radius", [3, 1000])
def test_a_meal_is_shared_at_a_table_and_not_by_a_whole_cafe(radius: int) -> None:
    """Two chairs within three tiles of each other, down plus across; with a radius of 1000 the venue is one table."""
    chairs = Stage().places(Option.EAT, "cafe")
    apart = {tiles_apart(Stage(), chairs[0], chair) for chair in chairs[1:]}
    assert min(apart) <= 3 < max(apart), "the cafe has near chairs and far ones"
    for chair in chairs[1:]:
        stage = Stage({"chat.meal_radius": radius}).at(SUPPER)
        stage.busy(0, chairs[0], 15)
        stage.busy(1, chair, 15)
        stage.pass_ticks(5)
        stage.rows()
        stage.call("market", "share_meals", 1)
        assert len(columns(stage.rows(), "shared_meal")) == (tiles_apart(stage, chairs[0], chair) <= radius)


def test_a_meal_is_shared_once() -> None:
    stage = at_table(5)
    stage.call("market", "share_meals", 1)
    stage.rows()
    stage.call("market", "share_meals", 1)
    stage.call("market", "share_meals", 0)
    assert not stage.kinds()


def test_no_meal_is_shared_from_house_to_house() -> None:
    stage = Stage().at(SUPPER)
    stage.busy(0, stage.places(Option.EAT, "cafe")[0], 15)
    stage.busy(1, stage.places(Option.EAT, "home")[0], 15)
    stage.pass_ticks(5)
    stage.rows()
    stage.call("market", "share_meals", 1)
    assert not stage.kinds()


def test_no_meal_is_shared_with_somebody_who_only_sits_there() -> None:
    stage = Stage().at(SUPPER)
    here, there = stage.places(Option.EAT, "cafe")[:2]
    stage.seat_at(0, here)
    stage.busy(1, there, 15)
    stage.pass_ticks(5)
    stage.rows()
    stage.call("market", "share_meals", 1)
    assert not stage.kinds()


def test_goods_cost_their_price_and_leave_the_shelf() -> None:
    stage = Stage().at(SUPPER)
    till = stage.places(Option.SHOP, "grocer")[0]
    stage.seat_at(0, till)
    wallet, stock = float(stage.agent(0).wallet), int(stage.town.objects[till].stock)
    stage.call("market", "collect", 0, till, code_at(stage, till), -1)
    (bought,) = columns(stage.rows(), "item_bought")
    assert (int(bought["code2"]), float(bought["value"])) == (6, 6.0)
    assert float(stage.agent(0).wallet) == wallet - 6.0
    assert int(stage.town.objects[till].stock) == stock - 6
    assert int(stage.agent(0).items[Item.RAW]) == 2 + 6


@pytest.mark.parametrize(
    ("stock", "waiting", "setting", "quarrels"),
    [(4, 2, True, 1), (7, 1, True, 1), (8, 1, True, 0), (4, 0, True, 0), (4, 1, False, 0), (3, 1, True, 0)],
    ids=["the last", "too few are left", "enough is left", "nobody waits", "switched off", "nothing to take"],
)
def test_the_last_portion_is_taken_from_under_the_hand_of_the_first_in_line(
    stock: int, waiting: int, setting: bool, quarrels: int
) -> None:
    four = {"affordances.buy_groceries.gives.count": 4, "affordances.buy_groceries.stock": stock}
    stage = Stage({**four, "queues.portion_quarrels": setting}).at(SUPPER)
    till = stage.places(Option.SHOP, "grocer")[0]
    stage.seat_at(0, till)
    joined = [stage.record("queues", "queue_joined", turn, till, turn, -1) for turn in range(1, waiting + 1)]
    stage.rows()
    stage.call("market", "collect", 0, till, code_at(stage, till), -1)
    rows = stage.rows()
    assert len(columns(rows, "item_bought")) == (stock >= 4)
    assert len(columns(rows, "queue_conflict")) == quarrels
    for row in columns(rows, "queue_conflict"):
        assert (int(row["agent"]), int(row["other"]), int(row["object"])) == (0, 1, till)
        assert (int(row["code"]), int(row["code2"])) == (Reason.PORTION, 0)
        assert float(row["value"]) == 1.0 + 0.25 * (waiting - 1)
        assert int(row["seq"]) - int(row["cause"]) == joined[0]


def test_who_cannot_pay_gets_nothing() -> None:
    stage = Stage({"market.start_wallet": 3.99}).at(SUPPER)
    till = stage.places(Option.SHOP, "grocer")[0]
    stage.seat_at(0, till)
    stage.rows()
    stage.call("market", "collect", 0, till, code_at(stage, till), -1)
    assert not stage.kinds()


def test_two_raw_foods_make_two_meals() -> None:
    stage = Stage().at(SUPPER)
    stove = stage.places(Option.COOK)[0]
    stage.seat_at(0, stove)
    for raw, meals in ((0, 4), (0, 4)):
        stage.call("market", "collect", 0, stove, code_at(stage, stove), -1)
        assert [int(count) for count in stage.agent(0).items] == [raw, meals]


def test_rent_is_paid_or_owed_and_two_unpaid_days_cost_the_home() -> None:
    stage = Stage({"market.start_wallet": 2.0, "market.rent": 1.2})
    said: list[float] = []
    for _ in range(3):
        stage.rows()
        stage.call("market", "charge_rent", 0)
        rows = stage.rows()
        (rent,) = columns(rows, "rent_charged")
        said.append(
            (round(float(rent["value"]), 6), round(float(rent["value2"]), 6), len(columns(rows, "eviction_served")))
        )
    assert said == [(1.2, 0.0, 0), (0.8, 0.4, 0), (0.0, 1.6, 1)]
    assert float(stage.agent(0).wallet) == 0.0


def test_every_shelf_is_full_again_in_the_morning() -> None:
    stage = Stage().at(SUPPER)
    till = stage.places(Option.SHOP, "grocer")[0]
    stage.seat_at(0, till)
    stage.call("market", "collect", 0, till, code_at(stage, till), -1)
    stage.rows()
    stage.call("market", "restock")
    assert [(int(row["object"]), int(row["code"])) for row in columns(stage.rows(), "restocked")] == [(till, 120)]


def test_prices_move_within_their_spread_and_both_alike() -> None:
    stage = Stage({"market.price_spread": 0.02})
    seen = set()
    for day in range(20):
        stage.at(1439, day).call("market", "set_prices")
        raw, meal = (float(price) for price in stage.town.clock.prices)
        assert 0.98 <= raw <= 1.02 and meal == pytest.approx(1.25 * raw)
        seen.add(raw)
    assert len(seen) > 10


def test_no_price_is_set_that_leaves_no_living() -> None:
    stage = Stage({"market.price_spread": 0.5})
    assert [bool(stage.call("market", "is_living_wage", raw)) for raw in (0.5, 1.0, 2.0)] == [False, True, False]
    for day in range(40):
        stage.at(1439, day).call("market", "set_prices")
        assert stage.call("market", "is_living_wage", float(stage.town.clock.prices[Item.RAW]))


SPENDING = {"market.spend_above": 10.0, "market.treat_rise": 0.1, "market.treat_most": 0.5}


@pytest.mark.parametrize(
    ("wallet", "rise"), [(9.0, 0.0), (10.0, 0.0), (12.0, 0.2), (15.0, 0.5), (40.0, 0.5)], ids=lambda value: f"{value:g}"
)
def test_who_has_money_to_spare_takes_a_dearer_dish(wallet: float, rise: float) -> None:
    stage = Stage({**SPENDING, "market.start_wallet": wallet}).at(SUPPER)
    counter, till = stage.places(Option.SHOP, "cafe")[0], stage.places(Option.SHOP, "grocer")[0]
    assert stage.call("market", "price_paid", 0, code_at(stage, counter)) == pytest.approx(1.25 * (1.0 + rise))
    assert stage.call("market", "price_paid", 0, code_at(stage, till)) == 6.0, "raw food is raw food"


def test_nobody_pays_more_for_a_dish_than_it_has() -> None:
    stage = Stage(
        {"market.start_wallet": 10.0, "market.spend_above": 0.0, "market.treat_rise": 10.0, "market.treat_most": 10.0}
    )
    stage.record("life", "rent_charged", 0, 8.0, 0.0)
    counter = stage.places(Option.SHOP, "cafe")[0]
    stage.seat_at(0, counter)
    stage.rows()
    stage.call("market", "collect", 0, counter, code_at(stage, counter), -1)
    (bought,) = columns(stage.rows(), "item_bought")
    assert float(bought["value"]) == 2.0 and float(stage.agent(0).wallet) == 0.0


def raw_price(stage: Stage, sold: int) -> float:
    """The price of raw food on the day after so many were sold."""
    till = stage.places(Option.SHOP, "grocer")[0]
    stage.record("market", "item_bought", 0, till, int(Item.RAW), sold, 0.0, -1)
    stage.at(1439).call("market", "set_prices")
    return float(stage.town.clock.prices[Item.RAW])


def test_prices_rise_with_what_was_sold_and_stay_within_their_spread() -> None:
    """Eight people are expected to need 24 a day: a quarter more is the whole spread, a quarter less too."""
    by_demand = {"market.demand": 1.0, "market.demand_steepness": 4.0, "market.price_spread": 0.02, "market.rent": 1.2}
    prices = [raw_price(Stage(by_demand), sold) for sold in (0, 18, 21, 24, 27, 30, 60)]
    assert prices == pytest.approx([0.98, 0.98, 0.99, 1.0, 1.01, 1.02, 1.02], abs=1e-6)


def test_without_demand_prices_are_chance_alone() -> None:
    chance = {"market.demand": 0.0}
    assert raw_price(Stage(chance), 0) == raw_price(Stage(chance), 60)


def jobless_of(stage: Stage) -> list[int]:
    """The seats of those without a job."""
    return [seat for seat in range(int(stage.town.clock.seats)) if stage.agent(seat).job < 0]


def test_who_has_no_job_in_a_town_of_too_few_is_paid_for_the_day_before_the_rent() -> None:
    stage = Stage({"work.jobs": [], "market.start_wallet": 0.0, "market.benefit": 4.0}).at(1439)
    stage.rows()
    stage.call("time", "close_day")
    rows = stage.rows()
    paid = columns(rows, "benefit_paid")
    assert sorted(paid["agent"].tolist()) == jobless_of(stage) and set(paid["value"].tolist()) == {4.0}
    assert all(float(row["value2"]) == 0.0 for row in columns(rows, "rent_charged"))
    cause = int(paid[0]["seq"]) - int(paid[0]["cause"])
    assert cause == int(stage.agent(int(paid[0]["agent"])).jobless_seq), "the arrival, here"


@pytest.mark.parametrize(
    "changes", [{"market.benefit": 0.0, "work.jobs": []}, {}], ids=["no benefit", "jobs for everybody"]
)
def test_no_benefit_is_paid_otherwise(changes: dict[str, object]) -> None:
    stage = Stage(changes).at(1439)
    for seat in range(8):
        if stage.agent(seat).job >= 0:
            job = int(stage.agent(seat).job)
            stage.record("work", "job_lost", seat, int(stage.plan.jobs[job].desk), job, -1)
    stage.rows()
    stage.call("time", "close_day")
    assert not len(columns(stage.rows(), "benefit_paid"))
