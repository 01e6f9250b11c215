"""The table of acceptance: both ends of each band are judged, for towns of any number of people."""

import re
from pathlib import Path

import pytest

from townlet.judging.acceptance import ACCEPTANCE, Band, Measured, Row, judged, scaled, seeds_needed, window_days

BANDS = {band.name: band for band in ACCEPTANCE}
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "soak.md"


def row_of(name: str, measured: Measured, seeds: int = 20, people: int = 8, days: int = 30) -> Row:
    return judged(BANDS[name], measured, seeds=seeds, people=people, days=days)


def event(figure: float, first: tuple[float | None, ...]) -> Measured:
    return Measured(figure, first_days=first)


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("self-sufficient agent-days", 0.80, None),
        ("shifts on time", 0.85, None),
        ("mean tenure", 3, None),
        ("shared_meal", 1, None),
        ("queue_handover", 1, None),
        ("chat_succeeded", 1, None),
        ("chat_failed", 1, None),
        ("chats begun", 3, None),
        ("queue_conflict", 0.4, 1.5),
        ("late_help", 0.3, None),
        ("shift_takeover", 0.3, None),
        ("agents with a tie above 0.3", 0.60, None),
        ("ties evicted a day", None, 0.20),
        ("longest wait in a line", None, 180),
        ("chat success", 0.40, 0.90),
    ],
)
def test_both_ends_are_judged(name: str, least: float | None, most: float | None) -> None:
    def holds(figure: float) -> bool:
        return row_of(name, event(figure, (0.5,) * 20)).passed

    middle = least if least is not None else most
    assert middle is not None
    for bound, outside in ((least, -1e-9), (most, 1e-9)):
        if bound is not None:
            assert holds(bound) and not holds(bound + outside)
    if most is None:
        assert holds(1000 * middle)
    if least is None:
        assert holds(0.0)


def test_every_row_of_the_table_is_tested_here() -> None:
    assert len(BANDS) == len(ACCEPTANCE) == 16
    assert (BANDS["alive and not evicted"].least, BANDS["alive and not evicted"].seed_least) == (0.95, 0.75)


def test_each_single_seed_is_bounded() -> None:
    fine, one_low = (1.0,) * 19 + (0.75,), (1.0,) * 19 + (0.74,)
    assert row_of("alive and not evicted", Measured(0.98, fine)).passed
    row = row_of("alive and not evicted", Measured(0.98, one_low))
    assert not row.passed and row.note == "lowest seed 74% of 75 %"
    assert row.must == ">= 95 %, in every seed >= 75 %"
    assert not row_of("alive and not evicted", Measured(0.94, fine)).passed


def test_what_is_missing_in_one_seed_of_eight_people_fails() -> None:
    firsts = (1.0,) * 19
    assert row_of("shared_meal", event(2, (*firsts, 4.99))).passed
    for late in (5.0, None):
        row = row_of("shared_meal", event(2, (*firsts, late)))
        assert not row.passed and row.note == "missing within 5 days in 1 of 20 seeds"
    assert row.must == ">= 1 a day, in every seed within 5 days"
    assert row.value == "2.00 a day" and row.figure == 2


@pytest.mark.parametrize(
    ("seeds", "people", "needed"), [(20, 8, 20), (3, 8, 3), (20, 16, 18), (20, 4, 18), (10, 700, 9), (2, 700, 2)]
)
def test_in_every_seed_is_in_18_of_20_at_other_sizes(seeds: int, people: int, needed: int) -> None:
    assert seeds_needed(seeds, people) == needed
    for late in range(seeds - needed + 2):
        row = row_of("shared_meal", event(1000, (None,) * late + (0.1,) * (seeds - late)), seeds, people)
        assert row.passed == (late <= seeds - needed)
        stay = (0.5,) * late + (1.0,) * (seeds - late)
        assert row_of("alive and not evicted", Measured(0.99, stay), seeds, people).passed == row.passed
    assert ("every seed" in row.must) == (seeds == needed)


def test_rates_grow_with_people_and_windows_with_fewer() -> None:
    quarrels = BANDS["queue_conflict"]
    assert scaled(quarrels, 8) == quarrels
    many = scaled(quarrels, 700)
    assert (many.least, many.most, many.within_days) == (35, 131.25, 5)
    assert (many.aim_least, many.aim_most) == pytest.approx((70, 113.75))
    few = scaled(quarrels, 4)
    assert (few.least, few.most, few.within_days) == (0.2, 0.75, 10)
    assert row_of("queue_conflict", event(0.2, (9.9,) * 20), people=4).passed
    assert not row_of("queue_conflict", event(0.76, (9.9,) * 20), people=4).passed
    assert row_of("queue_conflict", event(0.2, (9.9,) * 20), people=4).must == (
        "0.2 to 0.75 a day, in 18 of 20 seeds within 10 days"
    )
    assert scaled(BANDS["late_help"], 6).within_days == 20


def test_what_is_of_one_person_does_not_grow() -> None:
    for name, band in BANDS.items():
        grows = band.unit == "a day"
        assert band.grows == grows == band.every_seed, name
        assert ((scaled(band, 40).least, scaled(band, 40).most) == (band.least, band.most)) != grows


def test_a_row_whose_window_is_longer_than_the_soak_is_not_judged() -> None:
    nothing = event(0.3, (None,) * 20)
    row = row_of("late_help", nothing, days=14)
    assert (row.passed, row.note, row.figure) == (None, "not judged: needs 15 days", 0.3)
    assert row_of("late_help", nothing, days=15).passed is False
    assert row_of("late_help", event(0.29, (1.0,) * 20), days=14).passed is None
    assert row_of("late_help", nothing, people=4, days=29).passed is None  # its window is 30 days
    assert row_of("shared_meal", event(1.0, (1.0,) * 20), days=5).passed is True
    unjudged = {name for name in BANDS if row_of(name, Measured(1.0, (1.0,), (0.1,)), seeds=1, days=4).passed is None}
    assert unjudged == {name for name, band in BANDS.items() if band.within_days is not None} and len(unjudged) == 8


def test_nobody_holds_a_job_longer_than_the_town_lives() -> None:
    assert row_of("mean tenure", Measured(1.0), days=2).passed
    assert not row_of("mean tenure", Measured(0.9), days=2).passed
    assert row_of("mean tenure", Measured(2.9), days=30).must == ">= 3 days"


def test_what_is_aimed_at_is_told_and_fails_nothing() -> None:
    row = row_of("chats begun", Measured(2.5))
    assert (row.passed, row.value, row.must) == (False, "2.50 a person-day", ">= 3 a person-day")
    for figure, told in ((0.7, True), (0.8, False), (1.3, False), (1.4, True)):
        row = row_of("queue_conflict", event(figure, (1.0,) * 20))
        assert row.passed and (row.note == "not the 0.8 to 1.3 that is aimed at") == told


def test_the_tie_is_measured_at_the_end_of_its_window() -> None:
    tied = BANDS["agents with a tie above 0.3"]
    assert [window_days(tied, people, 30) for people in (4, 6, 8, 40)] == [20, pytest.approx(40 / 3), 10, 10]
    assert window_days(tied, 4, 12) == 12
    assert row_of(tied.name, Measured(0.7), people=4).name == "agents with a tie above 0.3 after 20 days"
    assert row_of(tied.name, Measured(0.7), days=6).name == "agents with a tie above 0.3 after 6 days"


def in_words(band: Band) -> tuple[str, str, str]:
    """What the document's table says of a band: what must be, what is aimed at, whether it grows."""
    row = judged(band, Measured(0.0, (0.0,), (None,)), seeds=1, people=8, days=30)
    aim = re.search(r"not the (.*) that is aimed at", row.note)
    reached = "" if band.aim_least is None else aim[1] if aim else "?"
    return row.must, reached, "times n / 8" if band.grows else ""


def test_the_document_shows_the_table() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")]
    told = {row[0]: tuple(row[1:]) for row in rows if row[0] != "figure"}
    names = {name: f"{name} after 10 days" if "tie above" in name else name for name in BANDS}
    assert told == {names[name]: in_words(band) for name, band in BANDS.items()}
