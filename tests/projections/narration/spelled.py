"""Words for numbers, spelled anew for those who check a story."""

from typing import Final

SMALL: Final = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
ORDINALS: Final = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
]


class Number(str):
    """A number in words that brings its noun where a wording asks for it: `{homes:house|houses}`."""

    value: int

    def __new__(cls, value: int) -> "Number":
        new = super().__new__(cls, SMALL[value] if value < len(SMALL) else f"{value:,}")
        new.value = value
        return new

    def __format__(self, nouns: str) -> str:
        one, _, more = nouns.lstrip("=").partition("|")
        noun = one if self.value == 1 else more
        return str(self) if not nouns else noun if nouns[0] == "=" else f"{self} {noun}"


def ordinal(value: int) -> str:
    """`third`, `16th`, `21st`, `113th`."""
    if value < len(ORDINALS):
        return ORDINALS[value]
    ending = "th" if 10 < value % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def noun(value: int, one: str) -> str:
    """`one meal`, `two meals`."""
    return f"{Number(value)} {one}{'' if value == 1 else 's'}"
