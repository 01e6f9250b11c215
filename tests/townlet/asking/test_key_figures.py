"""Key figures: each on a log made by hand, whose answer can be counted; and what holds for all of them."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import townlet
from eventlog.catalogue.registries import Reason
from tests.townlet.handmade import DAY, Event, run_of
from tests.townlet.handmade_news import EVENTS as NEWS
from tests.townlet.handmade_news import ONLY_THE_WRONGED_KNOW
from townlet.asking.key_figures import parsed, parts, shipped
from townlet.asking.sql import Session
from townlet.errors import ConfigurationError, QueryError
from townlet.run import Run

ALICE, BOB, CAROL, DAN = range(4)


def meal(tick: int, one: int, another: int) -> Event:
    return tick, "shared_meal", {"agent": one, "other": another, "object": 1}


def quarrel(tick: int, one: int, another: int, intensity: float) -> Event:
    return (
        tick,
        "queue_conflict",
        {"agent": one, "other": another, "object": 1, "code": int(Reason.CUT), "value": intensity},
    )


def chat(tick: int, one: int, another: int, quality: float | None) -> Event:
    columns = {"agent": one, "other": another}
    if quality is None:
        return tick, "chat_failed", columns
    return tick, "chat_succeeded", columns | {"value": quality, "value2": quality}


def shift(tick: int, kind: str, who: int, late: float | None = None) -> Event:
    columns: dict[str, Any] = {"agent": who, "object": 4, "code": who}
    return tick, kind, columns if late is None else columns | {"value": late}


def choice(tick: int, who: int, option: int) -> Event:
    return tick, "option_chosen", {"agent": who, "code": option}


SHIFTS = [
    shift(500, "shift_started", ALICE),
    shift(520, "arrived_late", BOB, 20.0),
    shift(540, "shift_missed", CAROL),
    shift(2000, "arrived_late", ALICE, 10.0),
]
CHATS = [
    chat(100, ALICE, BOB, 1.0),  # a stranger: it adds 0.05 of trust
    meal(150, ALICE, BOB),  # 0.1 more
    chat(160, ALICE, BOB, 1.0),
    chat(170, BOB, ALICE, None),
    chat(1500, CAROL, DAN, None),  # strangers
]
GIVEN = [(90, "tie_set", {"agent": DAN, "other": CAROL, "code": side, "value": 0.9}) for side in range(3)]

Days = Sequence[tuple[float, float]]
"""Part and whole of each of two days."""

CASES: Mapping[str, tuple[Sequence[Event], Mapping[str, object], Days]] = {
    "attendance": (SHIFTS, {}, [(2, 3), (1, 1)]),
    "punctuality": (SHIFTS, {}, [(1, 3), (0, 1)]),
    "lateness": (SHIFTS, {}, [(20, 2), (10, 1)]),
    "chat_success": (CHATS, {}, [(2, 3), (0, 1)]),
    "chat_success_trusted": (CHATS, {}, [(1, 2), (0, 0)]),
    "chat_success_untrusted": (CHATS, {}, [(1, 1), (0, 1)]),
    # Two sides of a meal of size 0.35; what grows further, or is given, grows past nothing.
    "relationship_formation": ([*GIVEN, meal(100, ALICE, BOB), meal(200, ALICE, BOB)], {}, [(2, 4), (0, 4)]),
    # The second is one more between the same two; the third is milder, the fourth another pair's, the fifth is again.
    "conflict_escalation": (
        [
            quarrel(100, ALICE, BOB, 1.0),
            quarrel(200, BOB, ALICE, 1.5),
            quarrel(300, ALICE, BOB, 1.25),
            quarrel(400, ALICE, CAROL, 2.0),
            quarrel(1500, ALICE, BOB, 1.25),
        ],
        {},
        [(1, 4), (1, 1)],
    ),
    # On the first day two people with one partner each; on the second alice and carol have two, bob and dan one.
    "meal_partners": ([meal(100, ALICE, BOB), meal(1600, ALICE, CAROL), meal(1700, CAROL, DAN)], {}, [(2, 2), (6, 4)]),
    "option_switches": (
        [choice(10, ALICE, 1), choice(20, ALICE, 1), choice(30, BOB, 2), choice(40, ALICE, 3), choice(1500, ALICE, 1)],
        {},
        [(1, 4), (1, 4)],
    ),
    "gifts": (
        [
            (100, "meal_given", {"agent": ALICE, "other": BOB}),
            (200, "money_lent", {"agent": ALICE, "other": CAROL, "value": 2.0}),
            (300, "money_returned", {"agent": CAROL, "other": ALICE, "value": 2.0}),
            (1500, "meal_given", {"agent": BOB, "other": ALICE}),
        ],
        {},
        [(2, 1), (1, 1)],
    ),
    # Bob tells carol, and she dan; on the second day carol hears of another quarrel from one who was there.
    "news_told": (NEWS, ONLY_THE_WRONGED_KNOW, [(2, 1), (1, 1)]),
    "news_second_hand": (NEWS, ONLY_THE_WRONGED_KNOW, [(1, 2), (0, 1)]),
    "exits": ([(700, "agent_exited", {"agent": DAN, "code": 19, "code2": -1})], {}, [(1, 1), (0, 1)]),
    # Hired at the founding; bob loses his job at noon, and alice hers, to have it again an hour later.
    "tenure": (
        [
            (720, "job_lost", {"agent": BOB, "object": 4, "code": 0}),
            (720, "job_lost", {"agent": ALICE, "object": 4, "code": 1}),
            (780, "hired", {"agent": ALICE, "object": 4, "code": 1}),
        ],
        {},
        [(1 + 1 + 660 / DAY, 3), (2 + 2 + 2100 / DAY, 3)],
    ),
    # Nobody sleeps: energy is 0.456 at the first midnight and 0.312 at the second.
    "self_sufficiency": (
        [],
        {"needs.good_day_above": 0.4} | {f"needs.decay.{need}": 0.0001 for need in ("hunger", "hygiene", "energy")},
        [(4, 4), (0, 4)],
    ),
    # With room for one tie each, the second meal takes the place of a quarrel for one of the two.
    "churn": (
        [quarrel(100, ALICE, BOB, 1.0), meal(200, ALICE, CAROL)],
        {"relationships.capacity": 1},
        [(1, 3), (0, 3)],
    ),
}


def test_every_key_figure_has_a_log_of_its_own() -> None:
    assert set(CASES) == set(shipped())


@pytest.mark.parametrize("name", CASES)
def test_a_key_figure_says_what_can_be_counted(name: str, tmp_path: Path) -> None:
    events, settings, days = CASES[name]
    run = run_of(tmp_path / "run", events, settings=settings)
    by_day = run.sql(f"select part, whole, value from kpi_days where kpi = '{name}' order by day").to_pylist()
    assert [(row["part"], row["whole"]) for row in by_day] == [pytest.approx(day) for day in days]
    (whole,) = run.sql(f"select value from kpis where kpi = '{name}'").to_pylist()
    part, of = (sum(day[i] for day in days) for i in (0, 1))
    assert whole["value"] == pytest.approx(part / of)
    for row in by_day:
        assert row["value"] == (None if not row["whole"] else row["part"] / row["whole"])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate({}, ticks=3 * DAY + 500, seed=3, into=tmp_path_factory.mktemp("kpis") / "town")


def test_a_day_says_the_same_however_much_later_it_is_asked(lived: Run) -> None:
    query = f"select * from kpi_days where to_tick <= {2 * DAY} order by kpi, day"
    assert lived.sql(query, at=2 * DAY).equals(lived.sql(query))


def test_every_value_lies_in_its_range(lived: Run) -> None:
    for row in lived.sql("from kpis").to_pylist():
        assert row["value"] is None or row["low"] <= row["value"] <= (row["high"] or float("inf")), row["kpi"]
    assert {row["kpi"] for row in lived.sql("from kpis").to_pylist()} == set(shipped())


def test_a_day_that_goes_on_is_told_up_to_now(lived: Run) -> None:
    rows = lived.sql("select distinct day, from_tick, to_tick from kpi_days order by day").to_pylist()
    assert [row["day"] for row in rows] == [0, 1, 2, 3]
    assert (rows[-1]["from_tick"], rows[-1]["to_tick"]) == (3 * DAY, 3 * DAY + 500)
    part = lived.sql("select distinct day, from_tick from kpi_days order by day", from_tick=DAY + 7).to_pylist()
    assert part[0] == {"day": 1, "from_tick": DAY + 7}


def test_days_add_up_to_what_the_town_has_counted(lived: Run) -> None:
    days = lived.sql("from days order by day").to_pylist()
    clock = lived.at(3 * DAY).town.record["clock"]
    for name in ("agent_days", "good_days", "shifts", "shifts_on_time", "ties_evicted", "tie_days"):
        assert sum(row[name] for row in days) == clock[name], name
    society = lived.sql("select people, ties, friendships, rivalries from society", at=3 * DAY).to_pylist()[0]
    assert {name: days[-1][name] for name in society} == society
    assert lived.sql("from days order by day", from_tick=1).to_pylist() == days[1:]


def test_punctuality_is_what_the_town_counts_of_shifts(lived: Run) -> None:
    ((counted, told),) = (
        row.values()
        for row in lived.sql(
            "select (select sum(shifts_on_time) / sum(shifts) from days) as counted, "
            "(select value from kpis where kpi = 'punctuality') as told",
            at=3 * DAY,
        ).to_pylist()
    )
    assert counted == pytest.approx(told)


def test_a_file_that_does_not_say_what_it_is_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the KPI mood does not say what it is"):
        parsed("mood", "select 1 as tick, 1 as part, 1 as whole")
    kpi = parsed("mood", "-- How it feels,\n-- all in all.\n-- unit: points\n-- range: -1 to 1\nselect 1")
    assert (kpi.meaning, kpi.unit, kpi.low, kpi.high) == ("How it feels, all in all.", "points", -1.0, 1.0)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select tick, 1 as part from exits", "there is no table exits"),
        ("select tick, 1 as part from tick_ended", "mood: its query gives tick, part, and must give"),
        ("select tick, 'x' as part, 1 as whole from day_ended", "mood: its query must give numbers"),
    ],
)
def test_a_query_that_is_none_of_a_figure_is_told(lived: Run, sql: str, words: str) -> None:
    with pytest.raises(QueryError, match=words), contextlib.closing(Session(lived)) as session:
        parts(session.query, "mood", sql)
