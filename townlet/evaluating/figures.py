"""The table of figures: what each is a part of, and its unit. A figure is the ratio of two sums of the same seats."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from townlet.evaluating.counting import COUNTED, EXITS
from townlet.evaluating.living import OPTIONS
from townlet.evaluating.paying import TERMS

SEAT_DAY: Final = "a seat-day"
PERSON_DAY: Final = "a person-day"

RETURN: Final = "return"
EXITS_FIGURE: Final = "exits"
ALSO: Final = "also."
"""Goes before the figures of the reward that is paid beside the town's own."""


class Figure(NamedTuple):
    """A figure's name, what it says, its unit, and the sums whose ratio it is."""

    name: str
    what: str
    unit: str
    part: str
    whole: str

    @property
    def is_event(self) -> bool:
        """Whether the part counts events, which may happen though none was seen."""
        return self.unit == PERSON_DAY and self.part in COUNTED


PLAIN: Final = (
    Figure("exits", "people who leave the town", PERSON_DAY, "exits", "person_days"),
    *(
        Figure(f"exits.{word}", f"of these for {word}", PERSON_DAY, f"exits.{word}", "person_days")
        for word in (reason.name.lower() for reason in EXITS)
    ),
    Figure(
        "self_sufficiency", "days on which no need fell to the mark of a good day", "share", "good_days", "agent_days"
    ),
    Figure("on_time", "shifts that begin in time", "share", "on_time", "shifts"),
    Figure("wallet", "money at the last day's end", "basic meals", "wallet", "wallet_people"),
    Figure(
        "wallet_slope",
        "what a wallet gains in the last two weeks",
        "basic meals a day",
        "wallet_gains",
        "wallet_weeks",
    ),
    Figure("meals", "meals eaten", PERSON_DAY, "meals", "person_days"),
    Figure("sleep", "hours asleep", "hours a person-day", "sleep_hours", "person_days"),
    Figure(
        "sleep_at_night", "sleep from policy.night_from to night_to, of all sleep", "share", "asleep_at_night", "asleep"
    ),
    Figure("chats", "chats that a person begins", PERSON_DAY, "chats", "person_days"),
    Figure("chat_success", "chats that succeed, of those that succeed or fail", "share", "chats_good", "chats_judged"),
    Figure("shared_meals", "meals that two share; a half for each", PERSON_DAY, "shared_meals", "person_days"),
    Figure(
        "chat_partners",
        "people with whom a person talks, by the inverse of Simpson's index",
        "people",
        "partners",
        "talkers",
    ),
    Figure(
        "mutual_ties",
        "people at the last day's end whom a person likes by more than 0.3, and who return it",
        "people",
        "mutual_ties",
        "wallet_people",
    ),
    Figure("helps", "late ones whom a person helps", PERSON_DAY, "helps", "person_days"),
    Figure("takeovers", "shifts of absent ones that a person takes over", PERSON_DAY, "takeovers", "person_days"),
    Figure("handovers", "places that a person gives to the next in line", PERSON_DAY, "handovers", "person_days"),
    Figure("gifts", "meals and loans that a person gives", PERSON_DAY, "gifts", "person_days"),
    Figure("quarrels", "quarrels; a half for each of the two", PERSON_DAY, "quarrels", "person_days"),
    Figure("decisions", "options that the policy is asked for", PERSON_DAY, "decisions", "person_days"),
    Figure("refused", "choices that the rules refuse", PERSON_DAY, "refused", "person_days"),
    *(
        Figure(f"time.{option}", f"time with the option {option}", "share", f"time.{option}", "time")
        for option in OPTIONS
    ),
)
"""The figures beside returns."""

OTHERS: Final = "others."
"""Goes before the figures of the scripted people among whom learned ones live."""

SHORT: Final = (
    RETURN,
    f"{RETURN}.improves",
    f"{ALSO}{RETURN}",
    f"{ALSO}{RETURN}.improves",
    EXITS_FIGURE,
    f"{EXITS_FIGURE}.most",
    "self_sufficiency",
    "on_time",
    "sleep_at_night",
    "wallet",
    "wallet_slope",
    "chats",
    "shared_meals",
    "mutual_ties",
    "quarrels",
    f"{OTHERS}{RETURN}",
    f"{OTHERS}self_sufficiency",
)
"""The figures that say whether people live well under a policy: they are told unless all are asked for."""

SHORT_OF_OTHERS: Final = (RETURN, "exits", "self_sufficiency", "chats", "shared_meals", "quarrels")
"""The figures that are told of the scripted people among whom learned ones live, as `others.<figure>`."""


def returns(prefix: str = "") -> Iterator[Figure]:
    """The return and its terms; with the prefix `also.`, under the other reward."""
    yield Figure(f"{prefix}{RETURN}", "the reward", SEAT_DAY, f"{prefix}total", "seat_days")
    for term in TERMS[:-1]:
        yield Figure(f"{prefix}{RETURN}.{term}", f"the term {term} of it", SEAT_DAY, f"{prefix}{term}", "seat_days")


def hours() -> Iterator[Figure]:
    """The share of time with each option in each hour of the day: `time.<option>.<hour>`, hours from 00 to 23."""
    for option in OPTIONS:
        for at in range(24):
            name = f"time.{option}.{at:02}"
            yield Figure(name, f"time with the option {option} from {at:02}:00 on", "share", name, f"time_at.{at:02}")


def is_of_hour(name: str) -> bool:
    """Whether a figure is of one hour of the day, as those of `hours` are."""
    return name.startswith("time.") and name[-2:].isdigit()


__all__ = [
    "ALSO",
    "EXITS_FIGURE",
    "OTHERS",
    "PLAIN",
    "RETURN",
    "SHORT",
    "SHORT_OF_OTHERS",
    "Figure",
    "hours",
    "is_of_hour",
    "returns",
]
