"""Folds of news: who comes to know what somebody did, how long it is kept, and what hearing of it does to a tie."""

from typing import Any

import numpy as np
import pytest

from eventlog import codes
from eventlog.catalogue.registries import News, Option, Reason, Trait
from projections.record.state import NEWS_KEPT
from projections.riders.fold import fold_rows_with_riders
from projections.riders.tie_changes import Change
from tests.projections.histories import History, empty_town, riders, settings_of
from tests.townlet.rules.stage import Stage
from townlet.configuration.plans import compile_plan

NONE_KNOWN = {"life.initial_ties.mode": "none", "features.relationship_modifiers": False}
DOER, VICTIM, NEAR, FAR, ASLEEP = range(5)
SHARE = 0.3


def scene(overrides: dict[str, Any] | None = None) -> Stage:
    """The doer and others out of doors: one within sight, one beyond it, one asleep, and the victim far away."""
    stage = Stage(NONE_KNOWN | (overrides or {})).at(600)
    free = set(stage.free_tiles())
    here = next(tile for tile in sorted(free) if {tile + right for right in range(8)} <= free)
    for seat, apart in ((DOER, 0), (NEAR, 4), (FAR, 5)):
        stage.put(seat, here + apart)
    stage.busy(ASLEEP, int(stage.agent(ASLEEP).home))
    assert int(stage.plan.affordances[stage.agent(ASLEEP).doing].option) == Option.SLEEP
    stage.rows()
    return stage


def quarrel(stage: Stage, doer: int = DOER, victim: int = VICTIM, intensity: float = 1.0) -> int:
    """One cuts in before another; gives the number of the event."""
    return stage.record("queues", "queue_conflict", doer, victim, 0, int(Reason.CUT), 0, intensity, -1)


def told(stage: Stage, teller: int, listener: int, slot: int = 0) -> int:
    """The teller tells the listener the news in a slot; gives the number of the event."""
    piece = stage.agent(teller).news[slot]
    given = (int(piece.about), int(piece.news), int(piece.telling) + 1, float(piece.strength), int(piece.source))
    return stage.record("social", "news_told", teller, listener, *given)


def knowers(stage: Stage, deed: int) -> set[int]:
    """The seats of those who know of a deed."""
    news = np.asarray(stage.life.towns)["agents"][0]["news"]
    return set(np.flatnonzero((news["deed"] == deed + 1).any(axis=1)).tolist())


def felt(stage: Stage, owner: int, other: int) -> tuple[float, float, float] | None:
    """What one feels for another, None without a tie."""
    for tie in stage.agent(owner).ties:
        if tie.known and int(tie.other) == int(stage.agent(other).person):
            return float(tie.trust), float(tie.familiarity), float(tie.rivalry)
    return None


def test_the_wronged_one_and_whoever_is_near_and_awake_know_of_it() -> None:
    stage = scene()
    assert knowers(stage, quarrel(stage)) == {VICTIM, NEAR}


def test_whoever_sleeps_beside_it_sees_nothing_and_whoever_wakes_does() -> None:
    stage = scene()
    bed = int(stage.agent(ASLEEP).home)
    tile = int(stage.plan.layout.place[bed].tile)
    beside = next(each for each in (tile - 1, tile + 1) if stage.plan.layout.walkable[each])
    stage.put(DOER, beside)
    assert ASLEEP not in knowers(stage, quarrel(stage))
    stage.put(ASLEEP, tile)
    assert ASLEEP in knowers(stage, quarrel(stage))


def test_nobody_sees_through_a_wall() -> None:
    stage = scene()
    layout = stage.plan.layout
    side, inside = int(layout.side), [int(tile) for tile in np.flatnonzero((layout.room >= 0) & (layout.walkable > 0))]
    free = set(stage.free_tiles())
    pairs = [(tile, tile + step) for tile in inside for step in (2, 3, 2 * side) if tile + step in free]
    within, without = pairs[0]
    stage.put(DOER, within)
    stage.put(NEAR, without)
    assert NEAR not in knowers(stage, quarrel(stage))


@pytest.mark.parametrize("sight", [0, 5])
def test_how_far_one_sees_is_a_setting(sight: int) -> None:
    stage = scene({"news.sight_tiles": sight})
    assert knowers(stage, quarrel(stage)) == ({VICTIM} if sight == 0 else {VICTIM, NEAR, FAR})


def test_a_piece_says_what_was_done_to_whom_and_how_badly() -> None:
    stage = scene()
    worker, other = stage.worker(480), stage.worker(840)
    job, desk = int(stage.agent(worker).job), int(stage.plan.jobs[stage.agent(worker).job].desk)
    deeds = [quarrel(stage, other, worker, 2.5)]
    deeds.append(stage.record("work", "late_help", other, worker, desk, job, -1))
    deeds.append(stage.record("work", "shift_takeover", other, worker, desk, job, -1))
    pieces = stage.agent(worker).news[: len(deeds)]
    assert [int(piece.deed) - 1 for piece in pieces] == [int(piece.source) for piece in pieces] == deeds[::-1]
    assert [int(piece.news) for piece in pieces] == [News.TAKEOVER, News.HELP, News.QUARREL]
    assert [float(piece.strength) for piece in pieces] == [1.0, 1.0, 2.5]
    assert {int(piece.about) for piece in pieces} == {int(stage.agent(other).person)}
    assert {int(piece.whom) for piece in pieces} == {int(stage.agent(worker).person)}
    assert {int(piece.telling) for piece in pieces} == {0}


def test_the_oldest_news_is_forgotten() -> None:
    stage = scene()
    deeds = [quarrel(stage) for _ in range(NEWS_KEPT + 2)]
    assert [int(piece.deed) - 1 for piece in stage.agent(VICTIM).news] == deeds[::-1][:NEWS_KEPT]


def test_without_hearsay_nobody_keeps_anything() -> None:
    stage = scene({"features.hearsay": False})
    quarrel(stage)
    assert not np.asarray(stage.life.towns)["agents"]["news"]["deed"].any()


def test_who_is_told_knows_by_the_telling_and_only_once() -> None:
    stage = scene()
    deed = quarrel(stage)
    first = told(stage, NEAR, FAR)
    (piece,) = [piece for piece in stage.agent(FAR).news if piece.deed]
    assert (int(piece.deed) - 1, int(piece.source), int(piece.telling)) == (deed, first, 1)
    second = told(stage, FAR, ASLEEP)
    piece = stage.agent(ASLEEP).news[0]
    assert (int(piece.deed) - 1, int(piece.source), int(piece.telling)) == (deed, second, 2)
    told(stage, VICTIM, FAR)
    assert [int(piece.source) for piece in stage.agent(FAR).news if piece.deed] == [first]


def test_hearing_of_it_gives_a_share_of_what_the_wronged_one_felt_by_the_trust_in_the_teller() -> None:
    stage = scene()
    quarrel(stage, intensity=2.0)
    stage.tie(FAR, NEAR, trust=0.5)
    told(stage, NEAR, FAR)
    share = SHARE * 0.5
    assert felt(stage, FAR, DOER) == (share * 0.0, share * -0.05, share * (0.15 * 2.0))
    assert felt(stage, VICTIM, DOER) == (0.0, -0.05, 0.15 * 2.0)
    assert felt(stage, NEAR, DOER) is None
    assert felt(stage, DOER, FAR) is None


@pytest.mark.parametrize("trust", [None, 0.0, -0.5])
def test_whom_one_does_not_trust_one_does_not_believe(trust: float | None) -> None:
    stage = scene()
    deed = quarrel(stage)
    if trust is not None:
        stage.tie(FAR, NEAR, trust=trust)
    told(stage, NEAR, FAR)
    assert felt(stage, FAR, DOER) is None
    assert FAR in knowers(stage, deed)


def test_what_is_heard_is_taken_as_the_listener_takes_things() -> None:
    stage = scene({"features.relationship_modifiers": True})
    stage.record("life", "trait_given", FAR, int(Trait.FORGIVENESS), 1.0, -1)
    quarrel(stage)
    stage.tie(FAR, NEAR, trust=1.0)
    told(stage, NEAR, FAR)
    assert felt(stage, FAR, DOER) == (SHARE * 0.0, SHARE * -0.05 * 0.5, SHARE * 0.15 * 0.5)


def test_news_of_who_has_left_is_forgotten_and_the_rest_stays_in_order() -> None:
    stage = scene()
    deeds = [quarrel(stage, doer) for doer in (DOER, NEAR, DOER, FAR)]
    person = int(stage.agent(DOER).person)
    stage.record("life", "agent_exited", DOER, int(Reason.EVICTION), -1, -1)
    pieces = stage.agent(VICTIM).news
    assert [int(piece.deed) - 1 for piece in pieces if piece.deed] == [deeds[3], deeds[1]]
    assert not pieces[2:].view(np.uint8).any()
    news = np.asarray(stage.life.towns)["agents"][0]["news"]
    assert not ((news["deed"] > 0) & (news["about"] == person)).any()


def test_a_newcomer_in_the_seat_of_the_wronged_one_knows_nothing() -> None:
    """A shift can be taken over after its owner has left: the event then names who is gone."""
    stage = scene()
    empty = next(seat for seat in range(64) if not stage.agent(seat).alive)
    deed = quarrel(stage, DOER, empty)
    assert knowers(stage, deed) == {NEAR}
    assert not stage.agent(empty).news.view(np.uint8).any()


def changes_of(history: History, **relationships: Any) -> list[Any]:
    """The rows of tie_changes that news made, under these settings of relationships."""
    towns, outs, rows = empty_town(), riders(), history.log.view(np.recarray)
    plans = compile_plan(settings_of(False, **relationships)).view(np.recarray)
    assert fold_rows_with_riders(towns, plans, 0, rows, 0, outs) == len(rows)
    ledger = outs["tie_changes"][0]
    return [row for row in ledger["rows"][: ledger["count"]] if row["kind"] == codes.NEWS_TOLD]


def trusting(trusts: dict[int, float]) -> History:
    """Seat 0 trusts others so much."""
    history = History()
    for other, trust in trusts.items():
        history.add("tie_set", 0, other, code=0, value=trust)
    return history


HELPED = {"code": int(News.HELP), "code2": 1, "value": 1.0}


def test_a_row_of_the_ledger_says_what_was_heard_and_adds_up() -> None:
    history = trusting({1: 0.5, 2: 0.75, 3: 0.75})
    history.add("news_told", 2, 0, tile=3, **HELPED)
    history.add("news_told", 3, 0, tile=4, **HELPED)
    history.add("news_told", 4, 0, tile=5, **HELPED)
    rows = changes_of(history)
    assert [(int(row["owner"]), int(row["other"]), Change(row["change"]).name) for row in rows] == [
        (0, 3, "UPDATED"),
        (0, 4, "REFUSED"),
    ], "and nothing of whom one does not trust"
    for row, trust in zip(rows, (0.75, rows[0]["after"][0]), strict=True):
        assert ((row["before"] + row["adjusted"]) + row["clamp"]).tolist() == row["after"].tolist()
        assert row["raw"].tolist() == row["adjusted"].tolist() == [SHARE * trust * side for side in (0.2, 0.1, -0.1)]


def test_the_trust_that_counts_is_that_from_before_though_the_tie_to_the_teller_makes_room() -> None:
    history = trusting({2: 0.0625})
    history.add("news_told", 2, 0, tile=3, **HELPED)
    lost, added = changes_of(history, capacity=1, admission=0.0, hearsay_share=1.0)
    assert [(int(row["other"]), Change(row["change"]).name) for row in (lost, added)] == [(2, "REMOVED"), (3, "ADDED")]
    assert added["raw"].tolist() == added["after"].tolist() == [0.0625 * side for side in (0.2, 0.1, -0.1)]
