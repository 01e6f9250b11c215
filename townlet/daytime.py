"""Town time in words: from ticks to days and hours, and back."""

import re
from typing import Final

from townlet.errors import QueryError

WRITTEN_MOST: Final = 40
"""The most characters of a wrong time that a message repeats."""

DIGITS_MOST: Final = 18
"""The most digits of a number in a time: no run comes that far, and Python refuses to read thousands of them."""

SPOKEN: Final = re.compile(
    rf"(?:day\s*)?(?P<day>\d{{1,{DIGITS_MOST}}})(?:\s*,?\s+(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}}))?"
)


def time_of(tick: int, ticks_per_day: int) -> str:
    """A tick as a day and an hour: `day 3, 07:42`. A day has 24 hours for any `ticks_per_day`."""
    day, within = divmod(tick, ticks_per_day)
    minutes = within * 1440 // ticks_per_day
    return f"day {day}, {minutes // 60:02}:{minutes % 60:02}"


def tick_of(said: str, ticks_per_day: int) -> int:
    """The tick of `5000`, `day 3`, `day 3 08:00`, or a text that `time_of` returned. Raises QueryError."""
    plain = said.strip().lower()
    if plain.isdecimal() and len(plain) <= DIGITS_MOST:
        return int(plain)
    found = SPOKEN.fullmatch(plain)
    minutes = int(found["hour"] or 0) * 60 + int(found["minute"] or 0) if found else 0
    if found is None or minutes > 1440 or int(found["minute"] or 0) > 59:  # a day ends at 24:00
        raise QueryError(f"{shortened(said)} is no time; write a tick such as 5000, or: day 3, or: day 3 08:00")
    return int(found["day"]) * ticks_per_day - (-minutes * ticks_per_day // 1440)


def shortened(written: str) -> str:
    """What somebody wrote, in quotation marks, and cut where it is long."""
    return repr(written if len(written) <= WRITTEN_MOST else f"{written[:WRITTEN_MOST]}…")
