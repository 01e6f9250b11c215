"""The values of an answer in SQL as Python objects. SQL knows dates and times that Python has no object for."""

from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa

ENDLESS: Final = {
    **dict.fromkeys((2**31 - 1, 2**63 - 1), "infinity"),
    **dict.fromkeys((1 - 2**31, 1 - 2**63), "-infinity"),
}
"""DuckDB's numbers for the end and the beginning of time."""

UNITS: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""The parts of a second that a time is counted in."""

CYCLE_DAYS: Final = 146_097
"""The days of 400 years."""


def values_of(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column as Python objects.

    A date or a time that Python cannot hold is its text: of a year before 1 or after 9999, of nanoseconds, endless.
    """
    try:
        found: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        return [_value(scalar) for scalar in column]
    return found


def _value(scalar: pa.Scalar) -> Any:
    """One value, nested ones included."""
    if not scalar.is_valid:
        return None
    if isinstance(scalar, pa.MapScalar):
        pairs = [_value(pair) for pair in scalar.values]
        return [(pair["key"], pair["value"]) for pair in pairs]
    if isinstance(scalar, pa.StructScalar):
        return {name: _value(each) for name, each in scalar.items()}
    if isinstance(scalar, pa.ListScalar):
        return [_value(each) for each in scalar.values]
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return ENDLESS.get(scalar.value) or _text_of(scalar)


def _text_of(scalar: pa.Scalar) -> str:
    """The text of a date or a time as DuckDB writes it, in UTC where it has a time zone."""
    if pa.types.is_date(scalar.type):
        return _day(scalar.value)
    second = UNITS[scalar.type.unit]
    seconds, parts = divmod(scalar.value, second)
    days, within = divmod(seconds, 86_400)
    clock = f"{within // 3600:02}:{within // 60 % 60:02}:{within % 60:02}"
    fraction = f".{parts:0{len(str(second)) - 1}}" if parts else ""
    return f"{_day(days)} {clock}{fraction}{'+00:00' if scalar.type.tz else ''}"


def _day(days: int) -> str:
    """The date so many days after 1970-01-01. The calendar repeats itself every 400 years."""
    cycles, rest = divmod(days, CYCLE_DAYS)
    day = date(1970, 1, 1) + timedelta(days=rest)
    year = day.year + 400 * cycles
    return f"{year:04}-{day:%m-%d}" if year > 0 else f"{1 - year:04}-{day:%m-%d} (BC)"
