"""The table of facts: what is known of people, where it is known from, its band, and how a town is measured."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from projections.spelling import proposal
from townlet.errors import TownletError
from townlet.judging.facts.fact import Fact, Unit
from townlet.judging.facts.measuring import told
from townlet.judging.facts.measuring.bonds import (
    apart_sums,
    broken_sums,
    friend_sums,
    friendship_sums,
    full_sums,
    mirror_sums,
    mirrored,
    reciprocity_sums,
    transitivity_sums,
)
from townlet.judging.facts.measuring.days import (
    early_waking_sums,
    first_meal_sums,
    quantile_minutes,
    sleep_sums,
    spread,
    waking_sums,
    walking_sums,
)
from townlet.judging.facts.measuring.explained import (
    explained,
    later_wallet_sums,
    tie_adds,
    tie_partial,
    tie_sums,
    trait_sums,
    wallet_sums,
)
from townlet.judging.facts.measuring.living import HOURS, Lived
from townlet.judging.facts.measuring.quarrels import block_sums, desk_sums, hour_sums, largest_share, ratio, share
from townlet.judging.facts.measuring.samples import Real
from townlet.judging.facts.measuring.spells import median_spell_hours


def _hours(sums: Real) -> float:
    return quantile_minutes(sums) / 60.0


def _spell_days(sums: Real) -> float:
    return median_spell_hours(sums) / HOURS


SLEEP = Fact(
    "sleep",
    "Hours asleep on a day, from midnight to midnight, the median person-day.",
    "Basner and others, Sleep 30 (2007), from the American Time Use Survey; "
    "Hirshkowitz and others, Sleep Health 1 (2015)",
    "hours",
    "must",
    sleep_sums,
    _hours,
    7.0,
    8.5,
)
WAKING = Fact(
    "waking",
    "The time at which one wakes from the night before an early shift (one that begins before noon), the median.",
    "Roenneberg, Wirz-Justice and Merrow, J. Biol. Rhythms 18 (2003); Basner and others, Sleep 30 (2007)",
    "time",
    "must",
    early_waking_sums,
    _hours,
    5.5,
    8.5,
)
WAKING_SPREAD = Fact(
    "waking_spread",
    "The standard deviation of the times at which people wake, all people and days together.",
    "Roenneberg, Wirz-Justice and Merrow, J. Biol. Rhythms 18 (2003)",
    "minutes",
    "must",
    waking_sums,
    lambda sums: 60.0 * spread(sums),
    45.0,
)
FIRST_MEAL = Fact(
    "first_meal",
    "Hours from waking to the first meal, the median morning.",
    "Gill and Panda, Cell Metabolism 22 (2015)",
    "hours",
    "must",
    first_meal_sums,
    _hours,
    most=2.0,
)
WALKING = Fact(
    "walking",
    "Hours on foot on a day, the mean of all person-days, indoors too.",
    "Schafer and Victor, Transportation Research A 34 (2000): about an hour of travel a day, everywhere",
    "hours",
    "must",
    walking_sums,
    ratio,
    most=2.5,
)
QUARREL_HOUR = Fact(
    "quarrel_hour",
    "The hour of the day with most quarrels: its share of all.",
    "Bolger and others, J. Pers. Soc. Psychol. 57 (1989); Almeida, Curr. Dir. Psychol. Sci. 14 (2005): diaries",
    "share",
    "must",
    hour_sums,
    largest_share,
    most=0.25,
)
BLOCKS_DELAY = Fact(
    "blocks_delay",
    "Of the quarrels over a place that is kept, those that delay the other by three minutes or more.",
    "Mann, Am. J. Sociol. 75 (1969): in lines people quarrel over time that they lose",
    "share",
    "must",
    block_sums,
    share,
    0.95,
)
DESK_QUARRELS = Fact(
    "desk_quarrels",
    "Quarrels between two who have the same desk in different shifts, of all quarrels.",
    "Almeida, Curr. Dir. Psychol. Sci. 14 (2005): tensions are spread over family, work and others",
    "share",
    "must",
    desk_sums,
    share,
    most=0.30,
)
MIRRORED = Fact(
    "mirrored",
    "The correlation of what two feel for each other: liking of one side with that of the other.",
    "Kenny and La Voie, Adv. Exp. Soc. Psychol. 18 (1984): liking is returned in part",
    "",
    "must",
    mirror_sums,
    mirrored,
    most=0.95,
)
RECIPROCITY = Fact(
    "reciprocity",
    "Of all likings above the mark, those that are returned.",
    "Almaatouq and others, PLoS ONE 11 (2016); Vaquera and Kao, Soc. Sci. Res. 37 (2008)",
    "share",
    "must",
    reciprocity_sums,
    share,
    0.40,
    0.85,
)
WALLETS = Fact(
    "wallets",
    "What a person's wallet gains a day from day 30 to day 60, the mean slope.",
    "Carroll, Q. J. Econ. 112 (1997): people hold a buffer, and spend what is above it",
    "meals a day",
    "must",
    wallet_sums,
    ratio,
    most=0.1,
    least_days=60,
)
WALLETS_LATER = Fact(
    "wallets_later",
    "The same from day 60 on, in a long life.",
    WALLETS.source,
    "meals a day",
    "must",
    later_wallet_sums,
    ratio,
    most=0.1,
    least_days=120,
)
FRIENDS = Fact(
    "friends",
    "Pairs of friends, of all pairs.",
    "Festinger, Schachter and Back, Social Pressures in Informal Groups (1950); "
    "Newcomb, The Acquaintance Process (1961)",
    "share",
    "must",
    friend_sums,
    share,
    0.15,
    0.30,
    most_people=16,  # among more, six ties a person are fewer than that share
)
SPELL = Fact(
    "friendship_spell",
    "How long two stay friends, the median; what lasts at the end counts as long as it was seen (Kaplan and Meier).",
    "Burt, Social Networks 22 (2000); Kaplan and Meier, J. Am. Stat. Assoc. 53 (1958)",
    "days",
    "must",
    friendship_sums,
    _spell_days,
    14.0,
    least_days=30,
)
BROKEN_AGAIN = Fact(
    "broken_again",
    "How often a friendship that was broken and made up breaks again in 60 days, for each pair who were ever friends.",
    "Chan and Poulin, Merrill-Palmer Q. 53 (2007)",
    "a pair",
    "must",
    broken_sums,
    ratio,
    most=0.5,
    least_days=30,
)
FULL_TIES = Fact(
    "full_ties",
    "Ties of which a side has reached 1.0, of all ties from day 30 on.",
    "A scale whose end many reach measures nothing there",
    "share",
    "must",
    full_sums,
    share,
    most=0.10,
    least_days=30,
)
CHATS = Fact(
    "chats",
    "Chats that a person begins on a day.",
    "Reis and Wheeler, Adv. Exp. Soc. Psychol. 24 (1991): diaries of interactions of ten minutes or more",
    "a person-day",
    "must",
    told.chat_sums,
    ratio,
    3.0,
)
TIE_ADDS = Fact(
    "tie_adds",
    "What the liking of day 10 adds to explaining that of the last day, beyond home, shift, desk and traits (R2).",
    "Newcomb, The Acquaintance Process (1961); Snijders, van de Bunt and Steglich, Social Networks 32 (2010)",
    "share",
    "may fail",
    tie_sums,
    tie_adds,
    0.15,
    least_days=60,
    reason="Whom one lives with explains half of all liking after two months, so little is left for others to add. "
    "What the tie of day 10 explains of the rest is the row `tie_partial`.",
)
TRAITS_EXPLAIN = Fact(
    "traits_explain",
    "How much of the number of a person's friends traits explain (R2).",
    "Selfhout and others, J. Pers. 78 (2010)",
    "share",
    "may fail",
    trait_sums,
    explained,
    0.15,
    reason="Most friendships are those of housemates, whatever their traits are: three of four in the town of eight, "
    "where few others are left to choose from. The figure depends much on the seeds.",
)
TRANSITIVITY = Fact(
    "transitivity",
    "How often two with a friend in common are friends, in the large town.",
    "Holland and Leinhardt, Comp. Group Stud. 2 (1971); Watts and Strogatz, Nature 393 (1998)",
    "share",
    "may fail",
    transitivity_sums,
    share,
    0.2,
    0.5,
    least_people=100,
)

FACTS: Final = (
    SLEEP,
    WAKING,
    WAKING_SPREAD,
    FIRST_MEAL,
    WALKING,
    QUARREL_HOUR,
    BLOCKS_DELAY,
    DESK_QUARRELS,
    MIRRORED,
    RECIPROCITY,
    WALLETS,
    WALLETS_LATER,
    FRIENDS,
    SPELL,
    BROKEN_AGAIN,
    FULL_TIES,
    CHATS,
    TIE_ADDS,
    TRAITS_EXPLAIN,
    TRANSITIVITY,
)
"""The facts with a band."""

_TOLD: Final[Sequence[tuple[str, str, Unit, Callable[[Lived], Real]]]] = (
    ("shared_meals", "Meals that two have shared.", "a person-day", told.meal_sums),
    ("handovers", "Places that were given to the next in line.", "a person-day", told.handover_sums),
    ("quarrels", "Quarrels over a place.", "a person-day", told.quarrel_sums),
    ("late_help", "Late ones who were helped.", "a person-day", told.help_sums),
    ("takeovers", "Shifts of absent ones that were taken over.", "a person-day", told.takeover_sums),
    ("talking", "Hours in talk, speaking or listening, on a day.", "hours", told.talk_sums),
    ("news", "Pieces of news that are told.", "a person-day", told.news_sums),
    ("gifts", "Meals given, and loans.", "a person-day", told.gift_sums),
    ("chat_success", "Chats that succeeded, of those that succeeded or failed.", "share", told.success_sums),
    ("on_time", "Shifts on time.", "share", told.on_time_sums),
    ("good_days", "Person-days on which no need was low.", "share", told.good_sums),
    ("friends_apart", "Friends who live in different homes, of all pairs of friends.", "share", apart_sums),
    ("ties", "Ties that a person holds, the mean.", "", told.tie_sums),
    ("money", "A wallet at the last day's end, the mean, in basic meals.", "", told.money_sums),
)

TOLD: Final = (
    *(
        Fact(name, what, "", unit, "told", sums, share if unit == "share" else ratio)
        for name, what, unit, sums in _TOLD
    ),
    Fact(
        "tie_partial",
        "What the liking of day 10 explains of what home, shift, desk and traits leave open of the last day's.",
        "",
        "share",
        "told",
        tie_sums,
        tie_partial,
        least_days=TIE_ADDS.least_days,
    ),
)
"""What is told beside the facts, without a band, so that a comparison and a screen show what a setting does."""

ALL: Final = {fact.name: fact for fact in (*FACTS, *TOLD)}
"""Every row of the table, by its name."""


def measured(people: int, days: int) -> list[Fact]:
    """The facts that are measured in a town of so many people that lives so many days, in the table's order."""
    return [fact for fact in ALL.values() if not unmeasured(fact, people, days)]


def unmeasured(fact: Fact, people: int, days: int) -> str:
    """Why a fact is not measured in such a town, in words; empty where it is."""
    if days < fact.least_days:
        return f"needs {fact.least_days} days"
    if people < fact.least_people:
        return f"needs {fact.least_people} people"
    return f"for {fact.most_people} people at most" if people > fact.most_people else ""


def require_facts(names: Iterable[str]) -> list[Fact]:
    """The facts of these names, in the table's order. Raises TownletError with the nearest name for an unknown one."""
    asked = list(names)
    for name in asked:
        if name not in ALL:
            raise TownletError(f"there is no fact {name!r}; {proposal(name, ALL)}")
    return [fact for name, fact in ALL.items() if name in asked]


__all__ = ["ALL", "FACTS", "TOLD", "measured", "require_facts", "unmeasured"]
