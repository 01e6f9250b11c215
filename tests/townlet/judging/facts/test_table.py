"""The table of facts, and how a figure is judged by it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.townlet.judging.facts.made import sample, town
from townlet.errors import TownletError
from townlet.judging.facts.judged import bounds, interval_of, judged, state_of, words
from townlet.judging.facts.measuring.quarrels import share
from townlet.judging.facts.table import ALL, CHATS, FACTS, FRIENDS, SLEEP, TIE_ADDS, TOLD, measured, require_facts

LONG = ("wallets", "wallets_later", "friendship_spell", "broken_again", "full_ties", "tie_adds", "tie_partial")
"""What two weeks are too short for."""

MADE = replace(FRIENDS, name="made", figure=share, least=0.2, most=0.4)


def test_every_fact_has_a_source_a_band_and_a_sentence() -> None:
    assert len(ALL) == len(FACTS) + len(TOLD)
    for fact in FACTS:
        assert fact.what.endswith(".") and len(fact.source) > 20 and fact.kind != "told"
        assert fact.least is not None or fact.most is not None
        assert fact.least is None or fact.most is None or fact.least < fact.most
    for fact in TOLD:
        assert fact.what.endswith(".") and fact.least is fact.most is None
    assert {fact.name for fact in FACTS if fact.kind == "may fail"} == {"tie_adds", "traits_explain", "transitivity"}


def test_every_fact_can_be_counted_of_a_town_in_which_nothing_happens() -> None:
    lived = town([], days=120, people=3, ends=[sample(3)] * 120)
    for fact in ALL.values():
        sums = fact.sums(lived)
        assert np.isfinite(sums).all() and sums.ndim == 1, fact.name
        fact.figure(2 * sums)  # two such towns


@pytest.mark.parametrize(
    ("people", "days", "unmeasured"),
    [
        (8, 60, {"wallets_later", "transitivity"}),
        (8, 365, {"transitivity"}),
        (8, 14, {*LONG, "transitivity"}),
        (700, 14, {*LONG, "friends"}),
    ],
)
def test_what_is_measured_depends_on_people_and_days(people: int, days: int, unmeasured: set[str]) -> None:
    assert set(ALL) - {fact.name for fact in measured(people, days)} == unmeasured


@pytest.mark.parametrize(
    ("kind", "figure", "state"),
    [
        ("must", 0.2, "holds"),
        ("must", 0.4, "holds"),
        ("must", 0.19, "fails"),
        ("must", None, "fails"),
        ("may fail", 0.3, "holds"),
        ("may fail", 0.1, "misses"),
        ("may fail", 0.6, "misses"),
        ("may fail", 0.09, "fails"),
        ("may fail", 0.61, "fails"),
        ("may fail", None, "fails"),
        ("told", 0.0, "told"),
        ("told", None, "told"),
    ],
)
def test_a_fact_that_may_fail_does_so_by_half_its_bound(kind, figure: float | None, state: str) -> None:
    assert state_of(replace(MADE, kind=kind), figure)[0] == state


def test_a_figure_is_that_of_all_towns_together() -> None:
    sums = np.array([[10.0, 1.0], [90.0, 49.0]])
    row = judged(MADE, {"made": sums}, people=8, days=20)
    assert row.figure == 0.5 and row.state == "fails" and not row.passed and row.towns == 2
    assert (row.value, row.must) == ("50.0 %", "20 % to 40 %")
    assert row.towns_low == pytest.approx(0.1 + 0.05 * (49 / 90 - 0.1))
    single = judged(MADE, {"made": sums[:1]}, people=8, days=20)
    assert (single.figure, single.interval, single.low) == (0.1, "", None)


def test_the_interval_grows_with_the_difference_of_towns() -> None:
    alike = np.array([[100.0, 30.0 + n % 2] for n in range(20)])
    mixed = np.array([[100.0, 10.0 + 40.0 * (n % 2)] for n in range(20)])
    (low, high), (far_low, far_high) = interval_of(MADE, alike), interval_of(MADE, mixed)
    assert low is not None and high is not None and far_low is not None and far_high is not None
    assert far_low < 0.25 < low < 0.305 < high < 0.35 < far_high
    assert interval_of(MADE, alike, alike + np.array([0.0, 5.0])) == pytest.approx((0.05, 0.05))
    assert interval_of(MADE, np.zeros((5, 2))) == (None, None)


def test_what_is_not_measured_says_why_and_fails_nothing() -> None:
    row = judged(TIE_ADDS, {}, people=8, days=20)
    assert (row.state, row.note, row.passed, row.figure) == ("not measured", "needs 60 days", True, None)
    assert judged(FRIENDS, {}, people=700, days=20).note == "for 16 people at most"


def test_words() -> None:
    assert bounds(SLEEP) == "7 to 8.5 hours" and bounds(CHATS) == ">= 3 a person-day"
    assert words(6.7, "time") == "06:42" and words(0.123, "share") == "12.3 %"
    assert words(45.4, "minutes", with_unit=True) == "45 minutes" and words(-0.5, "", with_unit=True) == "-0.50"
    assert bounds(replace(SLEEP, least=None)) == "<= 8.5 hours" and bounds(TOLD[0]) == ""


def test_an_unknown_fact_is_refused_with_the_nearest() -> None:
    assert [fact.name for fact in require_facts(["friends", "sleep"])] == ["sleep", "friends"]
    with pytest.raises(TownletError, match=r"there is no fact 'slep'; did you mean sleep\?"):
        require_facts(["sleep", "slep"])
