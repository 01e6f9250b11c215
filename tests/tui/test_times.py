"""Times as somebody writes them."""

import pytest

from townlet.errors import QueryError
from tui.times import tick_meant, ticks_meant

DAY = 1440


@pytest.mark.parametrize(
    ("written", "tick"),
    [
        ("5000", 5000),
        ("5,000", 5000),
        ("day 3", 3 * DAY),
        ("day 3 08:00", 3 * DAY + 480),
        ("Day 3, 08:00", 3 * DAY + 480),
        ("+60", 3060),
        ("+2h", 3120),
        ("-1d", 3000 - DAY),
        ("- 30 min", 2970),
        ("-9d", 0),
        ("+9d", 7200),
    ],
)
def test_a_time_is_meant_as_it_is_written(written: str, tick: int) -> None:
    assert tick_meant(written, 3000, 7200, DAY) == tick


@pytest.mark.parametrize("written", ["", "soon", "day", "day 3 25:00", "+", "+2 weeks", "-1.5d"])
def test_what_is_no_time_says_what_is(written: str) -> None:
    with pytest.raises(QueryError, match=r"h for hours|a tick: 5000"):
        tick_meant(written, 3000, 7200, DAY)


def test_a_time_that_is_not_there_yet_says_where_the_run_ends() -> None:
    with pytest.raises(QueryError, match="has come to tick 7,200, day 5, 00:00"):
        tick_meant("day 9", 3000, 7200, DAY)


def test_an_hour_of_a_day_of_few_ticks_is_a_tick_at_least() -> None:
    assert tick_meant("+1h", 0, 100, 24) == 1
    assert tick_meant("+1m", 0, 100, 24) == 1


@pytest.mark.parametrize(("written", "ticks"), [("600", 600), ("1,000", 1000), ("12h", 720), ("3d", 4320), ("90m", 90)])
def test_a_length_is_counted_in_ticks(written: str, ticks: int) -> None:
    assert ticks_meant(written, DAY) == ticks


@pytest.mark.parametrize("written", ["", "-5", "long", "3 weeks"])
def test_what_is_no_length_is_refused(written: str) -> None:
    with pytest.raises(QueryError):
        ticks_meant(written, DAY)
