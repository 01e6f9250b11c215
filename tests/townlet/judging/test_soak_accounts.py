"""What a log says of places, money and food: as the towns themselves have it, and a wrong row is found."""

import numpy as np

from eventlog import codes
from eventlog.rows import Rows
from tests.townlet.towns import DAY, default_settings, lived, town_of
from townlet.judging.soak_accounts import longest_idle_hold, miscounted


def longest_seen(seed: int, ticks: int) -> tuple[int, Rows]:
    """The longest hold without use that anybody sees who looks at a town after every tick, and the town's log."""
    town = town_of(default_settings())
    rows, since, longest = [town.found(seed)], dict[int, int](), 0
    for tick in range(ticks):
        rows.extend(town.live(1))
        agents = town.record["agents"]
        idle = (agents["alive"] == 1) & (agents["holds"] >= 0) & (agents["doing"] < 0)
        since = {seat: since.get(seat, tick) for seat in np.flatnonzero(idle).tolist()}
        longest = max([longest, *(tick + 1 - at for at in since.values())])
    return longest, np.concatenate(rows)


def test_the_longest_hold_is_that_of_the_town() -> None:
    seen, rows = longest_seen(7, 2 * DAY)
    assert abs(longest_idle_hold(rows, 2 * DAY) - seen) <= 1
    assert seen >= 3


def test_a_hold_that_nothing_ends_counts_to_the_end() -> None:
    rows = lived(default_settings(), 7, 600)[1]
    granted = rows[rows["kind"] == codes.RESERVATION_GRANTED][:1]
    assert longest_idle_hold(granted, 5000) == 5000 - int(granted["tick"][0])


def test_a_payment_or_a_meal_that_the_log_lacks_is_found() -> None:
    town, rows = lived(default_settings(), 7, DAY)
    assert miscounted(town, rows) == []
    for kind in (codes.WAGE_PAID, codes.MEAL_COOKED, codes.MEAL_EATEN, codes.ITEM_BOUGHT, codes.RENT_CHARGED):
        row = rows[rows["kind"] == kind][0]
        assert miscounted(town, rows[rows["seq"] != row["seq"]]) == [int(row["agent"])], kind
