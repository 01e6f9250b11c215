"""Reads the times that a user writes, some of them relative to the present tick."""

import re
from typing import Final

from townlet.daytime import DIGITS_MOST, shortened, tick_of, time_of
from townlet.errors import QueryError

TIMES: Final = "a tick: 5000 · a day: day 3 · a time: day 3 08:00 · from here: +60, -2h, +1d"
"""The forms of a time, for the user."""

COUNT: Final = rf"(?P<count>\d{{1,{DIGITS_MOST}}})\s*(?P<unit>[a-z]*)"
AWAY: Final = re.compile(rf"(?P<sign>[+-])\s*{COUNT}")
LENGTH: Final = re.compile(COUNT)
UNITS: Final = {"": "tick", "t": "tick", "ticks": "tick", "m": "minute", "min": "minute", "h": "hour", "hours": "hour"}
DAYS: Final = ("d", "day", "days")


def tick_meant(written: str, now: int, last: int, ticks_per_day: int) -> int:
    """The tick that a user at tick `now` means, in a run that ends at `last`. Raises QueryError with the forms.

    A relative time that leads out of the run means its first or last tick; any other time out of the run is refused.
    """
    plain = written.strip().lower().replace(",", "" if re.fullmatch(r"[\d,]+", written.strip()) else ",")
    if found := AWAY.fullmatch(plain):
        away = int(found["count"]) * _ticks_of(found["unit"], written, ticks_per_day)
        return min(max(now + (away if found["sign"] == "+" else -away), 0), last)
    try:
        tick = tick_of(plain, ticks_per_day)
    except QueryError:
        raise QueryError(f"{shortened(written)} is no time; write {TIMES}") from None
    if tick > last:
        ends = f"tick {last:,}, {time_of(last, ticks_per_day)}"
        raise QueryError(f"tick {tick:,} is not there yet: this run has come to {ends}")
    return tick


def ticks_meant(written: str, ticks_per_day: int) -> int:
    """The ticks of a length of time: `600`, `90m`, `12h`, `3d`. Raises QueryError."""
    found = LENGTH.fullmatch(written.strip().lower().replace(",", ""))
    if not found:
        raise QueryError(f"{shortened(written)} is no length of time; write ticks such as 600, or: 12h, or: 3d")
    return int(found["count"]) * _ticks_of(found["unit"], written, ticks_per_day)


def _ticks_of(unit: str, written: str, ticks_per_day: int) -> int:
    """The number of ticks in a unit, at least one."""
    if unit in DAYS:
        return ticks_per_day
    if unit not in UNITS:
        raise QueryError(f"{written!r}: there is no unit {unit!r}; there are h for hours and d for days")
    return max(ticks_per_day // {"tick": ticks_per_day, "minute": 1440, "hour": 24}[UNITS[unit]], 1)
