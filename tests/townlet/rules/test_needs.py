"""Beginning and ending the use of a place: what it needs, how long it takes, what breaks it off."""

import pytest

from eventlog.catalogue.registries import Option, Reason, Weather
from tests.townlet.rules.stage import Stage, columns


def ready(option: Option, overrides: dict[str, object] | None = None, venue: str = "", minute: int = 600) -> Stage:
    """Seat 0 stands on a place that it holds."""
    stage = Stage(overrides).at(minute)
    stage.seat_at(0, stage.places(option, venue)[0])
    stage.rows()
    return stage


def reason_of(stage: Stage) -> int:
    """Why seat 0 cannot begin; -1 where it can."""
    place = int(stage.agent(0).holds)
    return int(stage.call("needs", "obstacle", 0, place, int(stage.plan.layout.place[place].affordance)))


@pytest.mark.parametrize(
    ("option", "venue", "said"),
    [
        (Option.EAT, "cafe", ["affordance_started", "meal_eaten"]),
        (Option.WASH, "gym", ["affordance_started"]),
        (Option.COOK, "home", ["affordance_started"]),
        (Option.SHOP, "grocer", ["affordance_started"]),
    ],
)
def test_on_its_place_one_begins(option: Option, venue: str, said: list[str]) -> None:
    stage = ready(option, venue=venue)
    stage.call("needs", "begin", 0)
    assert stage.kinds() == said


def test_beside_its_place_one_does_not() -> None:
    stage = Stage().at(600)
    place = stage.places(Option.WASH)[0]
    stage.put(0, stage.free_tiles()[0])
    stage.record("queues", "reservation_granted", 0, place, -1)
    stage.rows()
    stage.call("needs", "begin", 0)
    assert not stage.kinds()


@pytest.mark.parametrize(
    ("option", "venue", "overrides", "reason"),
    [
        (Option.EAT, "cafe", {"market.start_meals": 0}, Reason.NOTHING_TO_USE),
        (Option.COOK, "home", {"market.start_raw": 1}, Reason.NOTHING_TO_USE),
        (Option.WASH, "gym", {"market.start_wallet": 0.05}, Reason.MONEY),
        (Option.SHOP, "grocer", {"market.start_wallet": 3.5}, Reason.MONEY),
        (Option.SHOP, "grocer", {"affordances.buy_groceries.stock": 3}, Reason.STOCK),
    ],
)
def test_what_is_missing_is_named_and_the_place_is_left(
    option: Option, venue: str, overrides: dict[str, object], reason: Reason
) -> None:
    stage = ready(option, overrides, venue)
    assert reason_of(stage) == reason
    stage.call("needs", "begin", 0)
    (failed,) = columns(rows := stage.rows(), "affordance_failed")
    assert int(failed["code2"]) == reason
    assert len(columns(rows, "reservation_released")) == 1


@pytest.mark.parametrize(
    ("main", "option", "reason"),
    [("water", Option.WASH, Reason.WATER), ("power", Option.WASH, Reason.POWER), ("power", Option.COOK, Reason.POWER)],
)
def test_without_the_mains_nothing_begins_and_what_has_begun_is_broken_off(
    main: str, option: Option, reason: Reason
) -> None:
    stage = ready(option)
    stage.call("needs", "begin", 0)
    stage.record("time", f"{main}_failed")
    stage.rows()
    stage.call("needs", "finish", 0)
    (failed,) = columns(stage.rows(), "affordance_failed")
    assert int(failed["code2"]) == reason
    stage.seat_at(0, stage.places(option)[0])
    assert reason_of(stage) == reason


def test_the_park_is_of_no_use_in_rain_and_a_bench_indoors_is() -> None:
    for venue, reason in (("park", Reason.WEATHER), ("gym", -1)):
        stage = ready(Option.SOCIALISE, venue=venue)
        assert reason_of(stage) == -1
        stage.record("time", "weather_changed", int(Weather.RAIN))
        assert reason_of(stage) == reason


def test_a_meal_takes_a_quarter_of_an_hour_and_satisfies() -> None:
    stage = ready(Option.EAT, {"needs.start.hunger": 0.3}, "cafe")
    stage.call("needs", "begin", 0)
    for _ in range(15):
        stage.rows()
        stage.call("needs", "finish", 0)
        assert not stage.kinds()
        stage.pass_ticks(1)
    stage.rows()
    stage.call("needs", "finish", 0)
    assert "affordance_finished" in stage.kinds()
    assert float(stage.agent(0).hunger) == pytest.approx(0.3 + 0.4 - 15 * 0.0008)


def test_who_is_broken_off_keeps_what_was_done() -> None:
    stage = ready(Option.WASH, {"needs.start.hygiene": 0.3})
    stage.call("needs", "begin", 0)
    stage.pass_ticks(10)
    stage.record("time", "water_failed")
    stage.call("needs", "finish", 0)
    assert float(stage.agent(0).hygiene) == pytest.approx(0.3 + 10 * (0.45 / 30 - 0.00032))


@pytest.mark.parametrize(("energy", "wakes"), [(0.97, False), (0.98, True)])
def test_nobody_sleeps_on_who_is_rested(energy: float, wakes: bool) -> None:
    stage = Stage({"needs.start.energy": energy, "work.jobs": []}).at(120)
    stage.busy(0, int(stage.agent(0).home), 480)
    stage.rows()
    stage.call("needs", "finish", 0)
    assert ("affordance_finished" in stage.kinds()) == wakes


@pytest.mark.parametrize(("hunger", "meals", "broken_off"), [(0.14, 2, True), (0.16, 2, False), (0.14, 0, False)])
def test_urgent_hunger_ends_sleep_where_there_is_something_to_eat(hunger: float, meals: int, broken_off: bool) -> None:
    poor = {"market.start_wallet": 0.5, "market.start_meals": meals, "needs.start.hunger": hunger}
    stage = Stage({**poor, "work.jobs": []}).at(120)
    stage.busy(0, int(stage.agent(0).home), 480)
    stage.rows()
    stage.call("needs", "finish", 0)
    assert ("affordance_failed" in stage.kinds()) == broken_off
