"""The figures of a rollout, from books that are written by hand."""

import numpy as np
import pytest

from eventlog import codes
from projections.riders.rewards import COLUMNS
from townlet.env.decisions.rows import BOOK
from townlet.learning.figures import figures_of


def books() -> np.ndarray:
    """Two towns of four seats that lived half a day: in the second, half of the seats were empty."""
    found = np.zeros(2, BOOK)
    found["terms"][:, COLUMNS.index("wage")] = 2.0, 3.0
    found["terms"][:, COLUMNS.index("needs")] = -1.0, -1.0
    found["terms"][:, COLUMNS.index("total")] = 1.0, 2.0
    found["lived"], found["days"], found["good_days"] = [4 * 720, 2 * 720], [4, 1], [3, 1]
    found["decisions"], found["events"][:, codes.CHAT_SUCCEEDED] = [30, 15], [5, 1]
    found["events"][:, codes.AGENT_EXITED] = 0, 2
    return found


def test_returns_are_a_seat_day_and_events_a_person_day() -> None:
    told = figures_of(books(), seats=4, ticks=720, ticks_per_day=1440)
    assert told["return"] == pytest.approx((0.5 + 1.0) / 2)  # two seat-days a town, an empty seat's included
    assert told["return.wage"] == pytest.approx((1.0 + 1.5) / 2) and told["return.needs"] == pytest.approx(-0.5)
    error = 1.96 * np.std([0.5, 1.0], ddof=1) / 2**0.5
    assert told["return_low"] == pytest.approx(0.75 - error) and told["return_high"] == pytest.approx(0.75 + error)
    assert told["person_days"] == 3.0 and told["decisions_a_person_day"] == 15.0
    assert (told["chats"], told["exits"], told["conflicts"]) == pytest.approx((2.0, 2 / 3, 0.0))
    assert told["self_sufficiency"] == pytest.approx(0.8)


def test_nobody_and_one_town_have_figures_too() -> None:
    told = figures_of(np.zeros(1, BOOK), seats=4, ticks=720, ticks_per_day=1440)
    assert set(told.values()) == {0.0}
