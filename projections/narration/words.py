"""Words for numbers, times and names in prose."""

from collections.abc import Sequence
from typing import Final, Self

NUMBERS: Final = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
ORDINALS: Final = (
    *("zeroth", "first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
ROMAN: Final = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")),
    *((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
ROMAN_MOST: Final = 3999
"""The largest number that has a Roman numeral."""

HOURS: Final = (
    (5, "in the night"),
    (7, "early in the morning"),
    (11, "in the morning"),
    (12, "late in the morning"),
    (14, "in the middle of the day"),
    (17, "in the afternoon"),
    (18, "late in the afternoon"),
    (22, "in the evening"),
    (24, "late in the evening"),
)
"""The words for the parts of the day, each with the hour at which it ends."""


class Counted(str):
    """A number in words, which in a template can bring its noun: `{homes:house|houses}` is `one house`, `two houses`.

    With `=` it brings the noun alone: `{people:=lives|live}`.
    """

    amount: int

    def __new__(cls, count: int) -> Self:
        """The number in words up to twelve, in digits above."""
        words = super().__new__(cls, NUMBERS[count] if 0 <= count < len(NUMBERS) else f"{count:,}")
        words.amount = count
        return words

    def __format__(self, nouns: str) -> str:
        one, _, more = nouns.removeprefix("=").partition("|")
        noun = one if self.amount == 1 else more or f"{one}s"
        return noun if nouns.startswith("=") else f"{self} {noun}" if nouns else str(self)


def number(count: int) -> Counted:
    """The number in words up to twelve, in digits above."""
    return Counted(count)


def many(count: int, one: str, more: str | None = None) -> str:
    """`one talk`, `two talks`, `13 talks`."""
    return format(Counted(count), f"{one}|{more or ''}")


def nth(count: int) -> str:
    """`first`, ..., `twelfth`, `13th`, `21st`."""
    if count < len(ORDINALS):
        return ORDINALS[count]
    last = count % 10 if count % 100 not in (11, 12, 13) else 0
    return f"{count}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def times(count: int) -> str:
    """`once`, `twice`, `three times`."""
    return {1: "once", 2: "twice"}.get(count) or f"{number(count)} times"


def with_article(noun: str) -> str:
    """`a clerk`, `an attendant`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def comma_list(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def with_capital(name: str) -> str:
    """A name with a capital at its beginning. The rest stays as it was given: `O'Neil`."""
    return name[:1].upper() + name[1:]


def prose_name(name: str) -> str:
    """A person's name for prose: `Alice`, or `Alice II` for the second person of that name."""
    first, mark, turn = name.rpartition("_")
    if not mark or not turn.isdecimal():
        return with_capital(name)
    left, roman = int(turn), ""
    if left > ROMAN_MOST:
        return f"{with_capital(first)} {left:,}"
    for value, letters in ROMAN:
        roman += letters * (left // value)
        left %= value
    return f"{with_capital(first)} {roman}"


def part_of_day(tick: int, per_day: int) -> str:
    """`in the night`, ..., `late in the evening`."""
    hour = tick % per_day * 24 / per_day
    return next(words for until, words in HOURS if hour < until)


def ago(then: int, tick: int, per_day: int) -> str:
    """`earlier that day`, `the day before`, `three days before`."""
    days = tick // per_day - then // per_day
    return {0: "earlier that day", 1: "the day before"}.get(days) or f"{number(days)} days before"


def duration(ticks: int, per_day: int) -> str:
    """`14 minutes`, `an hour`, `three hours`, `two days`: a duration, rounded down."""
    minutes = ticks * 1440 // per_day
    if minutes < 60:
        return many(minutes, "minute")
    if minutes < 1440:
        return "an hour" if minutes < 120 else many(minutes // 60, "hour")
    return "a day" if minutes < 2880 else many(minutes // 1440, "day")


def stay(ticks: int, per_day: int) -> str:
    """`three hours`, `seven days`, `more than seven days`, `almost eight days`: how long somebody lived in town."""
    days, rest = divmod(ticks, per_day)
    if rest * 4 >= per_day * 3:
        return f"almost {duration((days + 1) * per_day, per_day)}"
    return f"{'more than ' if days and rest * 4 >= per_day else ''}{duration(ticks, per_day)}"


def span(ticks: int, per_day: int) -> str:
    """`40 minutes`, `one hour and five minutes`, `two days`: a duration in its two largest units, rounded down."""
    minutes = ticks * 1440 // per_day
    hours, days = minutes // 60, minutes // 1440
    if days:
        large, small = many(days, "day"), many(hours % 24, "hour") if hours % 24 else ""
    elif hours:
        large, small = many(hours, "hour"), many(minutes % 60, "minute") if minutes % 60 else ""
    else:
        large, small = many(minutes, "minute"), ""
    return f"{large} and {small}" if small else large


def clock(then: int, tick: int, per_day: int) -> str:
    """The moment `then` as it is told later, at `tick`: `14:30`, `14:30 the day before`."""
    minutes = then % per_day * 1440 // per_day
    day = "" if then // per_day == tick // per_day else f" {ago(then, tick, per_day)}"
    return f"{minutes // 60:02}:{minutes % 60:02}{day}"


def until(end: int, tick: int, per_day: int) -> str:
    """The moment `end` as it is told at `tick`: `14:30`, `14:30 the next day`, `14:30, three days later`."""
    minutes = end % per_day * 1440 // per_day
    clock, days = f"{minutes // 60:02}:{minutes % 60:02}", end // per_day - tick // per_day
    if days == 0:
        return clock
    return f"{clock} the next day" if days == 1 else f"{clock}, {number(days)} days later"
