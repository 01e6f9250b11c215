"""Who gives a meal or lends money, to whom, when, and when a debt is paid back."""

from collections.abc import Mapping
from typing import Any

import pytest

from eventlog.catalogue.registries import Deed, Item, Option
from tests.townlet.rules.stage import Stage, columns
from townlet.living.commands import Driver
from townlet.rules.control import BY_ACTION

HUNGRY, STARVING = 0.3, 0.1
SURE = {
    "giving.meal_chance": 1.0,
    "giving.money_chance": 1.0,
    "life.initial_ties.mode": "none",
    "giving.hungry_below": 0.4,
    "giving.meals_kept": 2,
}
NOON = 720
EVERYBODY = -1


class Table(Stage):
    """A town in which one person, `needy`, has no meal, and `housemate` lives with it; `stranger` does not."""

    def __init__(self, hunger: float = HUNGRY, meals: int = 3, **overrides: Any) -> None:
        super().__init__({**SURE, "needs.start.hunger": hunger, "market.start_meals": meals, **overrides})
        self.at(NOON)
        seats = range(int(self.town.clock.seats))
        self.needy, self.housemate = next(
            (a, b) for a in seats for b in seats if a != b and self.home_of(a) == self.home_of(b)
        )
        self.stranger = next(a for a in seats if self.home_of(a) != self.home_of(self.needy))
        for seat in seats:
            if seat not in (self.needy, self.housemate, self.stranger):
                self.eat_all(seat)
                self.far_away(seat)
        self.eat_all(self.needy)
        self.rows()

    def home_of(self, seat: int) -> int:
        return int(self.plan.layout.place[int(self.agent(seat).home)].venue)

    def eat_all(self, seat: int) -> None:
        place = self.places(Option.EAT)[0]
        for _ in range(int(self.agent(seat).items[Item.MEAL])):
            self.record("market", "meal_eaten", seat, place, -1)

    def spend(self, seat: int, left: float) -> None:
        """Somebody pays until so much is left."""
        paid = float(self.agent(seat).wallet) - left
        self.record("life", "rent_charged", seat, paid, 0.0)

    def far_away(self, seat: int) -> None:
        self.put(seat, self.free_tiles()[-1])

    def beside(self, seat: int, other: int) -> None:
        """Both stand out of doors, next to each other."""
        tiles = self.free_tiles()
        tile = next(tile for tile in tiles if tile + 1 in tiles)
        self.put(seat, tile)
        self.put(other, tile + 1)

    def settle(self, seat: int | None = None) -> Mapping[str, list[tuple[int, int]]]:
        """What is given when it is the turn of a seat, `needy` if none is named: kind -> (who, whom)."""
        self.rows()
        self.call("company.giving", "settle", self.needy if seat is None else seat)
        rows = self.rows()
        kinds = ("meal_given", "money_lent", "money_returned")
        given = {kind: [(int(row["agent"]), int(row["other"])) for row in columns(rows, kind)] for kind in kinds}
        return {kind: found for kind, found in given.items() if found}


def test_a_housemate_with_more_than_enough_gives_a_meal() -> None:
    table = Table()
    assert table.settle() == {"meal_given": [(table.housemate, table.needy)]}
    assert int(table.agent(table.needy).items[Item.MEAL]) == 1
    assert table.settle() == {}, "who has a meal needs none"


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param({"meals": 2}, id="who keeps two has none to spare"),
        pytest.param({"hunger": 0.5}, id="nobody is hungry"),
        pytest.param({"giving.meal_chance": 0.0}, id="nobody gives"),
    ],
)
def test_no_meal_is_given_without_need_or_plenty(overrides: dict[str, Any]) -> None:
    assert Table(**overrides).settle() == {}


def test_a_housemate_who_is_out_gives_nothing() -> None:
    table = Table()
    table.far_away(table.housemate)
    assert table.settle() == {}


def test_a_rival_gives_nothing_unless_somebody_starves() -> None:
    for hunger, given in ((HUNGRY, False), (STARVING, True)):
        table = Table(hunger)
        table.tie(table.housemate, table.needy, rivalry=0.9)
        assert ("meal_given" in table.settle()) is given


@pytest.mark.parametrize(("liking", "given"), [(0.0, False), (0.4, False), (0.6, True)])
def test_among_those_of_other_houses_only_a_friend_gives(liking: float, given: bool) -> None:
    table = Table()
    table.far_away(table.housemate)
    table.beside(table.needy, table.stranger)
    if liking:
        table.tie(table.stranger, table.needy, trust=liking)
    assert table.settle() == ({"meal_given": [(table.stranger, table.needy)]} if given else {})


def test_a_friend_who_is_far_away_does_not_see_the_need() -> None:
    table = Table()
    table.far_away(table.housemate)
    table.tie(table.stranger, table.needy, trust=1.0)
    assert table.settle() == {}


def test_who_has_given_rests_from_giving() -> None:
    table = Table(meals=9, **{"giving.rest_minutes": 100})
    table.settle()
    table.eat_all(table.needy)
    for minute, given in ((NOON + 99, False), (NOON + 100, True)):
        assert ("meal_given" in table.at(minute).settle()) is given


def test_who_sleeps_gives_nothing_and_who_is_about_to_eat_gets_nothing() -> None:
    table = Table()
    table.busy(table.housemate, int(table.agent(table.housemate).home))
    assert table.settle() == {}
    for option in (Option.COOK, Option.EAT, Option.SHOP):
        table = Table()
        table.busy(table.needy, table.places(option)[0])
        table.put(table.housemate, neighbours(table, table.needy)[0])
        assert table.settle() == {}


def neighbours(table: Table, seat: int) -> list[int]:
    """Walkable, empty tiles next to somebody."""
    tile, side = int(table.agent(seat).tile), int(table.plan.layout.side)
    around = (tile - 1, tile + 1, tile - side, tile + side)
    return [each for each in around if table.plan.layout.walkable[each] and table.town.ground[each] == 0]


def test_nobody_starves_beside_a_full_larder() -> None:
    """The last meals of a housemate are given, at once, by who sleeps or has just given, and whatever it feels."""
    table = Table(STARVING, meals=2, **{"giving.meal_chance": 1e-9})
    table.busy(table.housemate, int(table.agent(table.housemate).home))
    table.tie(table.housemate, table.needy, rivalry=1.0)
    assert table.settle() == {"meal_given": [(table.housemate, table.needy)]}
    table.eat_all(table.needy)
    assert table.settle() == {}, "who is hungry itself keeps its last meal"


@pytest.mark.parametrize(
    ("hunger", "money", "feels", "given"),
    [
        pytest.param(HUNGRY, 5.0, {}, False, id="who can buy a meal is no stranger's care"),
        pytest.param(STARVING, 5.0, {}, True, id="who starves is anybody's"),
        pytest.param(HUNGRY, 1.0, {}, True, id="who can buy no food is, too"),
        pytest.param(STARVING, 1.0, {"rivalry": 0.9}, False, id="but not a rival's"),
    ],
)
def test_a_stranger_feeds_who_cannot_help_itself(
    hunger: float, money: float, feels: dict[str, float], given: bool
) -> None:
    table = Table(hunger, **{"market.start_raw": 0, "giving.money_chance": 0.0})
    table.spend(table.needy, money)
    table.far_away(table.housemate)
    table.beside(table.needy, table.stranger)
    table.tie(table.stranger, table.needy, **feels)
    assert table.settle() == ({"meal_given": [(table.stranger, table.needy)]} if given else {})


def test_who_cannot_pay_rent_and_a_meal_is_lent_what_a_day_costs() -> None:
    table = Table(0.9, **{"market.start_wallet": 20.0})
    table.spend(table.needy, 1.0)
    assert table.settle() == {"money_lent": [(table.housemate, table.needy)]}
    assert float(table.agent(table.needy).owes) == pytest.approx(1.2 + 3.0 * 1.0 - 1.0)
    table.spend(table.needy, 0.0)
    assert table.settle() == {}, "one debt at a time"


def test_a_loan_is_a_share_of_what_one_has_and_leaves_enough() -> None:
    for wallet, lent in ((12.0, 3.0), (5.7, 1.425), (5.5, None)):
        table = Table(0.9, **{"market.start_wallet": wallet})
        table.spend(table.needy, 0.0)
        table.settle()
        owed = float(table.agent(table.needy).owes)
        assert owed == (pytest.approx(lent) if lent else 0.0)


def test_who_can_pay_borrows_nothing() -> None:
    table = Table(0.9)
    table.spend(table.needy, 2.5)
    assert table.settle() == {}


def in_debt(left: float) -> Table:
    """The needy one owes 3.0 to its housemate, and has so much."""
    table = Table(0.9)
    table.record("market", "money_lent", table.housemate, table.needy, 3.0)
    table.spend(table.needy, left)
    return table


@pytest.mark.parametrize(("money", "paid"), [(8.9, False), (9.1, True)])
def test_a_debt_is_paid_back_when_enough_is_left(money: float, paid: bool) -> None:
    table = in_debt(money)
    assert table.settle() == ({"money_returned": [(table.needy, table.housemate)]} if paid else {})
    assert float(table.agent(table.needy).owes) == (0.0 if paid else 3.0)


def test_a_debt_is_paid_back_to_whom_one_meets() -> None:
    table = in_debt(12.0)
    table.far_away(table.housemate)
    assert table.settle() == {}
    table.beside(table.needy, table.housemate)
    rows_of = table.settle()
    assert rows_of == {"money_returned": [(table.needy, table.housemate)]}


def test_the_return_names_its_loan() -> None:
    table = Table(0.9)
    lent = table.record("market", "money_lent", table.housemate, table.needy, 3.0)
    table.rows()
    table.call("company.giving", "settle", table.needy)
    (returned,) = columns(table.rows(), "money_returned")
    assert int(returned["seq"]) - int(returned["cause"]) == lent and float(returned["value"]) == 3.0


def test_who_is_asked_for_every_step_gives_nothing_unasked() -> None:
    table = Table()
    table.town.cursor.control = BY_ACTION
    table.town.asked[: int(table.town.clock.seats)] = 0
    assert table.settle() == {}


def test_trust_makes_gifts_likelier() -> None:
    given = []
    for trust in (0.0, 1.0):
        changes = {"giving.meal_chance": 0.3, "giving.rest_minutes": 0, "relationships.deltas.meal_given.trust": 0.0}
        table = Table(meals=50, **changes)
        table.tie(table.housemate, table.needy, trust=trust)
        given.append(0)
        for minute in range(60):
            given[-1] += "meal_given" in table.at(minute).settle()
            table.eat_all(table.needy)
    assert 10 <= given[0] <= 26 and 28 <= given[1] <= 44


def test_who_is_held_back_from_a_gift_or_from_paying_back_gives_nothing() -> None:
    table = Table()
    Driver(table.life).restrain(table.housemate, Deed.GIFT, table.needy, 60)
    assert table.settle() == {}
    table = in_debt(12.0)
    Driver(table.life).restrain(table.needy, Deed.REPAYMENT, EVERYBODY, 60)
    assert table.settle() == {}


def test_who_is_held_back_from_a_loan_lends_nothing() -> None:
    table = Table(0.9)
    table.spend(table.needy, 1.0)
    Driver(table.life).restrain(table.housemate, Deed.LOAN, EVERYBODY, 60)
    assert table.settle() == {}
    Driver(table.life).restrain(table.housemate, Deed.LOAN, EVERYBODY, 0)
    assert table.settle() == {"money_lent": [(table.housemate, table.needy)]}
