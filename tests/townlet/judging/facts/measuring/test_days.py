"""Days of people: sleep, waking and meals of nights made up by hand."""

import numpy as np
import pytest

from tests.townlet.judging.facts.made import DAY, HOUR, event, sample, slept, town
from townlet.judging.facts.measuring import days


def test_a_night_counts_for_both_of_its_days() -> None:
    lived = town(slept(0, 23 * HOUR, DAY + 7 * HOUR), days=3)
    assert days.asleep_minutes(lived)[0].tolist() == [60, 7 * 60, 0]
    assert days.sleep_sums(lived).sum() == 4, "two people, the first day left out"


def test_a_sleep_of_days_is_parted_at_each_midnight_and_an_open_one_ends_with_the_town() -> None:
    lived = town([event("affordance_started", 12 * HOUR, 1, code=_sleep())], days=3)
    assert days.asleep_minutes(lived)[1].tolist() == [12 * 60, 24 * 60, 24 * 60]


def _sleep() -> int:
    return int(slept(0, 0, 1)[0]["code"])


def test_another_use_of_a_place_is_no_sleep() -> None:
    other = [event("affordance_started", 10, 0, code=_sleep() + 1), event("affordance_finished", 500, 0, code=0)]
    assert not days.asleep_minutes(town(other, days=2)).any()


def test_one_wakes_at_the_end_of_the_longest_sleep() -> None:
    nights = [
        *slept(0, 23 * HOUR, DAY + 3 * HOUR),
        *slept(0, DAY + 3 * HOUR + 20, DAY + 7 * HOUR),  # a short break: the same sleep
        *slept(0, DAY + 13 * HOUR, DAY + 14 * HOUR),  # a nap
        *slept(1, DAY + 1 * HOUR, DAY + 3 * HOUR),  # too short for a night
    ]
    woke = days.mornings(town(nights, days=3)).minute
    assert woke[0, 1] == 7 * 60
    assert np.isnan(woke[0, [0, 2]]).all() and np.isnan(woke[1]).all()


def test_a_longer_break_makes_two_sleeps_of_which_the_longest_counts() -> None:
    nights = [*slept(0, DAY, DAY + 5 * HOUR), *slept(0, DAY + 6 * HOUR, DAY + 10 * HOUR)]
    assert days.mornings(town(nights, days=2)).minute[0, 1] == 5 * 60


def test_who_comes_or_goes_on_a_day_is_not_counted_on_it() -> None:
    rows = [event("agent_arrived", DAY + 5, 2), event("agent_exited", 3 * DAY + 5, 0)]
    lived = town(rows, days=4)
    assert days.whole_days(lived).tolist() == [
        [False, True, True, False],
        [False, True, True, True],
        [False, False, True, True],
    ]


def test_nobody_wakes_on_the_day_of_the_arrival() -> None:
    rows = [event("agent_arrived", DAY, 2), event("agent_arrived", DAY + 1, 3)]
    rows += [row for person in (2, 3) for row in slept(person, DAY + 2, DAY + 8 * HOUR)]
    woke = days.mornings(town(rows, days=2)).minute
    assert woke[2, 1] == 8 * 60, "who came at midnight was there the whole day"
    assert np.isnan(woke[3, 1])


def test_early_shifts_are_those_before_noon_on_days_of_work() -> None:
    weekdays, every = 0b0011111, 0b1111111
    end = sample(3, starts=np.array([480, 840, 480]), works=np.array([weekdays, every, 0]))
    early = days.mornings(town([], days=7, people=3, ends=[end] * 7)).early
    assert early[0].tolist() == [True] * 5 + [False] * 2
    assert not early[1:].any()
    night = slept(0, DAY, DAY + 6 * HOUR)
    assert days.early_waking_sums(town(night, days=7, people=3, ends=[end] * 7)).sum() == 1
    assert days.early_waking_sums(town(slept(1, DAY, DAY + 6 * HOUR), days=7, people=3, ends=[end] * 7)).sum() == 0


def test_the_first_meal_is_the_next_one_of_the_same_person() -> None:
    rows = [
        *slept(0, 23 * HOUR, DAY + 7 * HOUR),
        *slept(1, 23 * HOUR, DAY + 8 * HOUR),
        event("meal_eaten", 22 * HOUR, 0),
        event("meal_eaten", DAY + 7 * HOUR + 45, 0),
        event("meal_eaten", DAY + 9 * HOUR, 0),
    ]
    assert days.first_meal_minutes(town(rows, days=3)).tolist() == [45, DAY], "the other one never eats"


def test_spread_is_the_standard_deviation() -> None:
    hours = np.array([5.0, 6.5, 9.0, 7.25])
    assert days.spread(np.array([4, hours.sum(), (hours**2).sum()])) == pytest.approx(hours.std(ddof=1))
    assert np.isnan(days.spread(np.array([1, 5.0, 25.0])))


def test_a_quantile_is_told_within_its_bin() -> None:
    minutes = np.arange(2000) * 0.7 % 1440
    counts = days.histogram(minutes)
    assert counts.sum() == 2000
    for share in (0.05, 0.5, 0.95):
        assert days.quantile_minutes(counts, share) == pytest.approx(np.quantile(minutes, share), abs=1.0)
    assert np.isnan(days.quantile_minutes(days.histogram([np.nan])))
    assert days.histogram([5000.0])[-1] == 1


def test_walking_is_in_hours_a_person_day() -> None:
    assert days.walking_sums(town([], days=2, steps=240)).tolist() == [4.0, 4]
