"""The tables that tell and count a history: its story, rewards, days and key figures."""

from typing import Final

from townlet.asking.declared.table import Column, Scope, Table, real, texts, whole, with_number

NARRATIONS: Final = Table(
    "narrations",
    "The story: what happened, in few sentences, each with its cause.",
    Scope.HISTORY,
    lambda of: of.narrations(),
    (
        *whole(("seq", "number of the entry in the story, from 0"), ("tick", "tick of the event that it tells of")),
        *texts(("category", "sort of news, such as work or conflict")),
        Column("priority", "BOOLEAN", "whether the entry was told because it matters, past the limits of its window"),
        *texts(("text", "the sentences")),
        *whole(("cause", "number (seq) of the event that it tells of")),
        *with_number("agent", "person of whom it tells", "nobody in particular"),
        *with_number("other", "other person of whom it tells", "nobody else"),
        *with_number("place", "place where it happened", "no place in particular"),
        *texts(("template", "name of the situation in the templates, such as conflict.cut")),
    ),
)

REWARDS: Final = Table(
    "rewards",
    "What everybody earned in each tick, term by term.",
    Scope.TICKS,
    lambda of: of.rewards(),
    (
        *whole(("tick", "tick in which it was earned")),
        *with_number("agent", "person who earned it"),
        *texts(("ended", "how the episode ended with this tick: left or cut_off", "the episode goes on")),
        *real(
            ("survival", "for having lived through the tick"),
            ("needs", "cost of unsatisfied needs, 0 or less"),
            ("shaping", "change of the potential of needs; 0 where shaping is off"),
            ("wage", "for the wage of the minute"),
            ("punctuality", "for arriving near the start of the shift"),
            ("social", "for chats and avoided conflicts, by the stage of the settings"),
            ("company", "for time in a talk or at a shared table"),
            ("terminal", "for leaving the town"),
            ("guard", "what is positive shortly after a faint, an eviction or an exit, taken back: 0 or less"),
            ("clip", "what the limits of a tick and of an episode take from the sum"),
            ("total", "the reward: the sum of the ten terms, in their order"),
            ("episode", "sum of total over the episode so far"),
        ),
    ),
)

DAYS: Final = Table(
    "days",
    "Whole days: people, wants, shifts and ties, as the town itself counts them.",
    Scope.HISTORY,
    lambda of: of.days(),
    whole(
        ("day", "number of the day, from 0"),
        ("from_tick", "first tick of the day"),
        ("to_tick", "tick at which the day ends, exclusive"),
        ("agent_days", "people who lived through the day's end"),
        ("good_days", "people of these whose needs all stayed above needs.good_day_above"),
        ("shifts", "shifts that were due"),
        ("shifts_on_time", "shifts of these that were begun in time"),
        ("ties_evicted", "ties lost to make room for another"),
        ("tie_days", "ties held at the day's end, as the clock counts them"),
        ("people", "people who live in the town at the day's end"),
        ("ties", "ties at the day's end"),
        ("friendships", "pairs at the day's end in which each counts the other as a friend"),
        ("rivalries", "pairs at the day's end in which at least one counts the other as a rival"),
    ),
)

_VALUE: Final = real(
    ("value", "the figure: part / whole", "there is nothing to tell it from"),
    ("part", "sum of part over these ticks"),
    ("whole", "sum of whole over these ticks"),
)

KPIS: Final = Table(
    "kpis",
    "Key figures over all ticks that are asked for, one a row: how well the town does.",
    Scope.SUMMARY,
    lambda of: of.kpis()["kpis"],
    (
        *texts(("kpi", "name of the key figure")),
        *_VALUE,
        *texts(("unit", "what value is counted in")),
        *real(("low", "the least that value can be"), ("high", "the most that value can be", "there is no limit")),
        *texts(("meaning", "what the key figure says")),
    ),
)

KPI_DAYS: Final = Table(
    "kpi_days",
    "Key figures of each day, the one that goes on included.",
    Scope.SUMMARY,
    lambda of: of.kpis()["kpi_days"],
    (
        *texts(("kpi", "name of the key figure")),
        *whole(
            ("day", "number of the day, from 0"),
            ("from_tick", "first tick of the day that is counted"),
            ("to_tick", "tick up to which the day is counted, exclusive"),
        ),
        *_VALUE,
    ),
)
