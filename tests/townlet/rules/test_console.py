"""Commands from outside: what can be is recorded as an event, what cannot be changes nothing and is told in words."""

import pytest

from eventlog.catalogue.registries import Dimension, Option
from tests.townlet.rules.stage import Stage
from tests.townlet.towns import default_settings, town_of
from townlet.configuration.load import load
from townlet.errors import TownletError
from townlet.living.commands import Driver


def driven() -> tuple[Stage, Driver]:
    stage = Stage().at(600)
    stage.rows()
    return stage, Driver(stage.life)


def test_whoever_is_put_elsewhere_holds_and_does_nothing_any_more() -> None:
    stage, driver = driven()
    stage.busy(0, stage.places(Option.WASH)[0], 30)
    tile = stage.free_tiles()[0]
    stage.rows()
    driver.teleport(0, tile)
    assert stage.kinds() == ["teleported"]
    assert (int(stage.agent(0).tile), int(stage.agent(0).doing), int(stage.agent(0).holds)) == (tile, -1, -1)
    assert not driver.is_free(tile)


@pytest.mark.parametrize("main", ["power", "water"])
def test_a_main_fails_and_comes_back(main: str) -> None:
    stage, driver = driven()
    driver.switch(main, works=False)
    driver.switch(main, works=True)
    rows = stage.rows()
    assert int(rows["cause"][1]) == 1, "it comes back from that failure"
    assert bool(stage.life.record["clock"][main])


def test_a_side_of_a_tie_is_what_it_is_said_to_be() -> None:
    stage, driver = driven()
    driver.set_tie(0, 1, Dimension.TRUST, -0.5)
    assert stage.kinds() == ["tie_set"]
    assert float(stage.call("ledger", "trust", 0, 1)) == -0.5


@pytest.mark.parametrize(
    ("said", "ask"),
    [
        ("nobody sits in seat 8", lambda driver: driver.teleport(8, 100)),
        ("nobody sits in seat 64", lambda driver: driver.teleport(64, 100)),
        ("not a free, walkable tile", lambda driver: driver.teleport(0, -1)),
        ("not a free, walkable tile", lambda driver: driver.teleport(0, int(driver.town.record["agents"]["tile"][1]))),
        ("not one of the town's mains", lambda driver: driver.switch("gas", works=False)),
        ("the power works already", lambda driver: driver.switch("power", works=True)),
        ("nobody sits in seat 9", lambda driver: driver.set_tie(0, 9, Dimension.TRUST, 0.5)),
        ("no tie to itself", lambda driver: driver.set_tie(0, 0, Dimension.TRUST, 0.5)),
        ("trust lies in", lambda driver: driver.set_tie(0, 1, Dimension.TRUST, 1.5)),
        ("not a dimension of a tie", lambda driver: driver.set_tie(0, 1, 7, 0.5)),
        ("there is no epoch 1", lambda driver: driver.change_settings(1)),
        ("there is no epoch -1", lambda driver: driver.change_settings(-1)),
    ],
)
def test_what_cannot_be_is_told_and_leaves_no_trace(said: str, ask: object) -> None:
    stage, driver = driven()
    with pytest.raises(TownletError, match=said):
        ask(driver)  # type: ignore[operator]
    assert not stage.kinds()


def test_settings_change_only_to_ones_with_room_for_every_tie() -> None:
    fewer = load(None, {"relationships.capacity": 5}).settings
    town = town_of(default_settings(), fewer)
    town.found(7)
    with pytest.raises(TownletError, match="cannot fall from 6 to 5"):
        Driver(town).change_settings(1)
    more = town_of(fewer, default_settings())
    more.found(7)
    Driver(more).change_settings(1)
    assert int(more.record["clock"]["epoch"]) == 1
