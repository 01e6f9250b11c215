"""Minutes become ticks: the nearest number, never none where there was one, and rates that add up to the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.timescale import BY_THE_MINUTE, MINUTES_PER_DAY, TimeScale

POSSIBLE = range(1200, 2881, 120)
SCALES = st.sampled_from([TimeScale(each) for each in POSSIBLE])
MINUTES = st.integers(0, 1_000_000)


@given(MINUTES, st.floats(0.0, 1.0))
def test_where_a_tick_is_a_minute_nothing_changes_to_the_last_bit(minutes: int, rate: float) -> None:
    same = BY_THE_MINUTE
    assert same.ticks_at_least(minutes) == same.ticks_at_most(minutes) == minutes
    assert (same.ticks(minutes), same.per_tick(rate), same.chance(rate)) == (minutes, rate, rate)
    assert (same.hour, same.day_given, same.minute_of_day(minutes % 1440)) == (60, 1440, minutes % 1440)


@given(st.integers(240, 14400), MINUTES, st.floats(0.0, 1.0))
def test_settings_that_count_in_ticks_are_not_converted(per_day: int, ticks: int, rate: float) -> None:
    old = TimeScale(per_day, in_minutes=False)
    assert old.ticks_at_least(ticks) == old.ticks_at_most(ticks) == ticks
    assert (old.ticks(ticks), old.per_tick(rate), old.chance(rate)) == (ticks, rate, rate)
    assert (old.hour, old.day_given) == (60, per_day)


@given(SCALES, MINUTES)
def test_a_duration_is_the_nearest_number_of_ticks_and_at_least_one(scale: TimeScale, minutes: int) -> None:
    ticks = scale.ticks(minutes)
    assert abs(ticks - minutes * scale.ticks_per_day / MINUTES_PER_DAY) <= (0.5 if minutes != 1 else 1)
    assert (ticks == 0) == (minutes == 0)


@given(SCALES, MINUTES)
def test_a_margin_is_not_shorter_and_a_choice_not_longer(scale: TimeScale, minutes: int) -> None:
    least, most = scale.ticks_at_least(minutes), scale.ticks_at_most(minutes)
    exact = minutes * scale.ticks_per_day / MINUTES_PER_DAY
    assert exact <= least < exact + 1 and (exact - 1 < most <= exact or most == minutes == 1)
    assert (least == 0) == (most == 0) == (minutes == 0)


@given(SCALES, MINUTES, MINUTES)
def test_a_longer_duration_has_no_fewer_ticks(scale: TimeScale, one: int, other: int) -> None:
    least, most = sorted((one, other))
    assert scale.ticks(least) <= scale.ticks(most)


@given(SCALES, st.integers(0, 1440))
def test_a_minute_of_the_day_is_found_again_within_half_a_tick(scale: TimeScale, minute: int) -> None:
    assert abs(scale.minute_of_day(scale.ticks(minute)) - minute) <= 1
    assert scale.minute_of_day(np.array([scale.ticks(minute)])).tolist() == [scale.minute_of_day(scale.ticks(minute))]


@given(SCALES, st.floats(0.0, 0.1))
def test_a_day_takes_what_it_took(scale: TimeScale, rate: float) -> None:
    assert scale.per_tick(rate) * scale.ticks_per_day == pytest.approx(rate * MINUTES_PER_DAY)


@given(SCALES, st.floats(0.0, 1.0), st.integers(1, 48))
def test_a_chance_over_some_hours_is_what_it_was(scale: TimeScale, chance: float, hours: int) -> None:
    fails = (1.0 - scale.chance(chance)) ** (hours * scale.hour)
    assert fails == pytest.approx((1.0 - chance) ** (hours * 60), abs=1e-9)


@pytest.mark.parametrize("per_day", POSSIBLE)
def test_an_hour_is_a_whole_number_of_ticks(per_day: int) -> None:
    scale = TimeScale(per_day)
    assert scale.hour * 24 == per_day and scale.ticks(60) == scale.hour and scale.ticks(1440) == per_day
