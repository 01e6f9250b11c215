"""The sky in the morning, the accounts at night, and the event that ends a tick."""

import pytest

from tests.townlet.rules.stage import Stage, columns

LAST = 1439


@pytest.mark.parametrize(("chance", "said"), [(1.0, ["weather_changed"]), (0.0, [])])
def test_the_sky_is_of_a_whole_day(chance: float, said: list[str]) -> None:
    stage = Stage({"market.rain_chance": chance})
    stage.rows()
    stage.at(1, 1).call("time", "dawn")
    assert stage.kinds() == []
    stage.at(0, 1).call("time", "dawn")
    assert stage.kinds() == said
    stage.at(0, 2).call("time", "dawn")
    assert stage.kinds() == [], "it rains already, or still not"


def test_a_tick_ends_with_one_event() -> None:
    stage = Stage().at(700)
    stage.rows()
    stage.call("time", "end_tick")
    assert stage.kinds() == ["tick_ended"]
    assert int(stage.town.clock.tick) == 701


def test_the_last_tick_of_a_day_settles_accounts() -> None:
    stage = Stage().at(LAST)
    stage.rows()
    stage.call("time", "end_tick")
    kinds = stage.kinds()
    ended = kinds.index("day_ended")
    assert kinds[:8] == ["rent_charged"] * 8
    assert set(kinds[8:ended]) == {"price_changed"}, "prices follow what was sold today, which is forgotten after it"
    assert set(kinds[ended + 1 : -1]) <= {"restocked"} and kinds[-1] == "tick_ended"


def test_episodes_end_within_the_tick_that_is_asked() -> None:
    stage = Stage().at(700)
    stage.rows()
    stage.call("time", "end_episodes")
    assert columns(stage.rows(), "episode_ended")["agent"].tolist() == list(range(8))
