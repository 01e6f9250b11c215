"""Telling news: what is told, to whom it is not told, how often; and that all that a town tells can be known."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from eventlog.catalogue.registries import News, Reason
from projections.record.state import NEWS_KEPT
from tests.townlet.rules.stage import Stage, columns
from tests.townlet.towns import default_settings, lived

CERTAIN = {"life.initial_ties.mode": "none", "news.chance": 1.0}
DOER, VICTIM, LISTENER, THIRD = range(4)


def scene(overrides: dict[str, Any] | None = None) -> Stage:
    """A town in which one has cut in before another, and nobody else knows of it."""
    stage = Stage(CERTAIN | (overrides or {})).at(600)
    for seat, tile in zip(range(int(stage.town.clock.seats)), stage.free_tiles()[::20], strict=False):
        stage.put(seat, tile)
    wrong(stage)
    stage.rows()
    return stage


def wrong(stage: Stage, doer: int = DOER, victim: int = VICTIM, intensity: float = 1.5) -> int:
    """A quarrel that only the wronged one knows of."""
    return stage.record("queues", "queue_conflict", doer, victim, 0, int(Reason.CUT), 0, intensity, -1)


def tellings(stage: Stage, a: int, b: int) -> list[tuple[int, int, int]]:
    """Who tells whom about whom after a good chat between two; all by seat, who were the first in theirs."""
    stage.call("company.news", "tell", a, b)
    rows = columns(stage.rows(), "news_told")
    return [(int(row["agent"]), int(row["other"]), int(row["tile"])) for row in rows]


def test_the_listener_is_told_what_the_teller_knows() -> None:
    stage = scene()
    deed = int(stage.agent(VICTIM).news[0].source)
    stage.call("company.news", "tell", VICTIM, LISTENER)
    (row,) = columns(stage.rows(), "news_told")
    assert (int(row["agent"]), int(row["other"]), int(row["tile"])) == (VICTIM, LISTENER, DOER)
    assert (int(row["code"]), int(row["code2"]), float(row["value"])) == (News.QUARREL, 1, 1.5)
    assert int(row["seq"]) - int(row["cause"]) == deed


def test_either_of_the_two_may_tell() -> None:
    assert tellings(scene(), LISTENER, VICTIM) == [(VICTIM, LISTENER, DOER)]


def test_each_tells_one_piece_the_newest() -> None:
    stage = scene()
    wrong(stage, THIRD)
    assert tellings(stage, VICTIM, LISTENER) == [(VICTIM, LISTENER, THIRD)]
    assert tellings(stage, VICTIM, LISTENER) == [(VICTIM, LISTENER, DOER)]
    assert tellings(stage, VICTIM, LISTENER) == []


def test_nobody_is_told_about_oneself() -> None:
    assert tellings(scene(), VICTIM, DOER) == []


def test_nobody_is_told_again_what_was_forgotten() -> None:
    stage = scene()
    assert tellings(stage, VICTIM, LISTENER) == [(VICTIM, LISTENER, DOER)]
    for _ in range(NEWS_KEPT):
        wrong(stage, THIRD, LISTENER)
    stage.rows()
    assert not any(int(piece.about) == DOER for piece in stage.agent(LISTENER).news)
    assert LISTENER not in [listener for _, listener, _ in tellings(stage, VICTIM, LISTENER)]


def test_nobody_is_told_what_was_done_to_oneself_though_it_be_forgotten() -> None:
    stage = scene()
    assert tellings(stage, VICTIM, LISTENER) == [(VICTIM, LISTENER, DOER)]
    while any(int(piece.about) == DOER for piece in stage.agent(VICTIM).news if piece.deed):
        wrong(stage, THIRD)
    stage.rows()
    assert VICTIM not in [listener for _, listener, _ in tellings(stage, LISTENER, VICTIM)]


@pytest.mark.parametrize(("most", "told"), [(0, 0), (1, 1), (2, 2), (3, 3)])
def test_so_many_tellings_from_the_eye_witness(most: int, told: int) -> None:
    stage = scene({"news.tellings_most": most})
    chain = [VICTIM, LISTENER, THIRD, 4, 5]
    made = [tellings(stage, a, b) for a, b in pairwise(chain)]
    assert [len(each) for each in made] == [1] * told + [0] * (len(made) - told)


def test_the_second_teller_s_source_is_the_first_telling() -> None:
    stage = scene()
    stage.call("company.news", "tell", VICTIM, LISTENER)
    stage.call("company.news", "tell", LISTENER, THIRD)
    first, second = columns(stage.rows(), "news_told")
    assert int(second["seq"]) - int(second["cause"]) == int(first["seq"])
    assert int(second["code2"]) == 2


def test_it_is_told_by_chance() -> None:
    stage, told = scene({"news.chance": 0.25}), 0
    for minute in range(80):
        wrong(stage)
        told += len(tellings(stage.at(600 + minute), VICTIM, LISTENER))
    assert 5 <= told <= 35, "a quarter of 80 is 20, and these are nearly four standard deviations away"


@pytest.mark.parametrize("overrides", [{"features.hearsay": False}, {"news.chance": 0.0}])
def test_it_can_be_switched_off(overrides: dict[str, Any]) -> None:
    assert tellings(scene(overrides), VICTIM, LISTENER) == []


def test_a_good_chat_is_followed_by_news_and_a_bad_one_is_not() -> None:
    for success, kinds in ((1.0, ["chat_succeeded", "news_told"]), (0.0, ["chat_failed"])):
        stage = scene({"chat.success": success, "chat.talk_minutes": [0, 0]})
        stage.record("social", "chat_started", VICTIM, LISTENER, 0)
        stage.rows()
        stage.call("company.talk", "conclude", VICTIM)
        assert stage.kinds() == kinds


def test_all_that_is_told_in_a_town_is_known_by_the_teller_and_new_to_the_listener() -> None:
    """From the events alone: every telling follows from a deed, or from a telling to who tells it now."""
    settings = default_settings()
    _, rows = lived(settings, 7, 12 * settings.town.ticks_per_day)
    deeds = {
        int(row["seq"]): row
        for kind in ("queue_conflict", "late_help", "shift_takeover")
        for row in columns(rows, kind)
    }
    origin: dict[int, tuple[int, int]] = {seq: (seq, 0) for seq in deeds}
    heard: set[tuple[int, int]] = set()
    told = columns(rows, "news_told")
    assert len(told) > 10
    for row in told:
        seq, cause = int(row["seq"]), int(row["seq"]) - int(row["cause"])
        teller, listener, about = int(row["agent"]), int(row["other"]), int(row["tile"])
        deed, tellings_before = origin[cause]
        done = deeds[deed]
        assert about == int(done["agent"]) and about not in (teller, listener)
        assert int(done["other"]) != listener and (listener, deed) not in heard
        if cause != deed:
            (before,) = told[told["seq"] == cause]
            assert int(before["other"]) == teller
        assert int(row["code2"]) == tellings_before + 1 <= settings.news.tellings_most
        assert float(row["value"]) == (float(done["value"]) if row["code"] == News.QUARREL else 1.0)
        origin[seq] = (deed, tellings_before + 1)
        heard.add((listener, deed))
    at_once = np.isin(told["tick"], columns(rows, "chat_succeeded")["tick"])
    assert at_once.all(), "somebody told news without a good chat"
