"""Town time in words: from ticks to days and hours, and back."""

import re
from typing import Final

from townlet.errors import QueryError

SPOKEN: Final = re.compile(r"(?:day\s*)?(?P<day>\d+)(?:\s*,?\s+(?P<hour>\d{1,2}):(?P<minute>\d{2}))?")

DIGITS_MOST: Final = 1000
"""The most digits of a tick or a day that is read."""


def time_of(tick: int, ticks_per_day: int) -> str:
    """A tick as a day and an hour: `day 3, 07:42`. A day has 24 hours for any `ticks_per_day`."""
    day, within = divmod(tick, ticks_per_day)
    minutes = within * 1440 // ticks_per_day
    return f"day {day}, {minutes // 60:02}:{minutes % 60:02}"


def tick_of(said: str, ticks_per_day: int) -> int:
    """The tick of `5000`, `day 3`, `day 3 08:00`, or a text that `time_of` returned. Raises QueryError."""
    plain = said.strip().lower()
    found = SPOKEN.fullmatch(plain)
    minutes = int(found["hour"] or 0) * 60 + int(found["minute"] or 0) if found else 0
    # A day ends at 24:00. Python refuses to read an integer of more than some thousand digits.
    if found is None or minutes > 1440 or int(found["minute"] or 0) > 59 or len(found["day"]) > DIGITS_MOST:
        given = repr(said if len(said) <= 60 else f"{said[:57]}...")
        raise QueryError(f"{given} is no time; write a tick such as 5000, or: day 3, or: day 3 08:00")
    if plain.isdecimal():
        return int(plain)
    return int(found["day"]) * ticks_per_day - (-minutes * ticks_per_day // 1440)
