"""Sentences that say more than the log has are found: each is put in the place of one that is true."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eventlog.catalogue.registries import Reason
from projections.narration.wording import read
from tests.projections.narration.claimed_reasons import main_reason
from tests.projections.narration.claimed_values import VALUES, over
from tests.projections.narration.claims import giver_sleeps
from tests.projections.narration.spelled import ordinal
from tests.projections.narration.story_log import At, StoryLog
from tests.projections.narration.test_true_commands import log_of, told_of
from tests.projections.narration.test_true_sentences import SEED, _unproved, log_of_the_month, story
from tests.projections.narration.truth import faults_or_error, looked_at
from tests.townlet.rules.stage import plain
from tests.townlet.towns import default_settings, lived, town_of
from townlet.history.narrator import narrator, shipped_templates

LAST: dict[str, str] = {
    "shared_meal": "a shared meal",
    "chat_succeeded": "a talk",
    "chat_failed": "a talk that went wrong",
    "queue_handover": "a kindness in line",
    "queue_conflict": "a quarrel",
    "shift_takeover": "a shift taken over",
    "news_told": "a piece of news",
}
"""The words for the event that was the last one before a bond changed."""


def entries(log: str, *templates: str) -> Iterator[tuple[At, dict[str, Any]]]:
    """The entries of these situations in a story, with their events: of the month, or of a town under commands."""
    told = story("plain") if log == "month" else told_of(log)
    of = log_of_the_month() if log == "month" else log_of(log)
    for entry in told:
        if entry["template"] in templates:
            yield At(of, entry), entry


def is_found(at: At, entry: dict[str, Any], text: str, template: str = "") -> bool:
    """Whether the entry is found to be untrue with this text, and as this situation."""
    log: StoryLog = at.log
    return bool(faults_or_error(log, {**entry, "text": text, "template": template or entry["template"]}, _words()))


def _words() -> Any:
    return shipped_templates()


@pytest.mark.parametrize(
    ("category", "situation", "wording"),
    [
        ("chat", "good", "{agent} had gone to talk to {other} {where}. It went well."),
        ("chat", "failed", "{agent} had gone to talk to {other} {where}, but they did not get on."),
        ("rivalry", "mended", "{agent} made peace with {other} after {over}."),
        ("help", "late", "{agent} sat at {other}'s desk {where}, because {other} was late."),
        ("meal", "out", "{agent} went out for a meal {where} {daypart}. It cost {paid}."),
        ("outage", "dry", "It is dry today, after the rain. {park} is open."),
        ("conflict", "promise", "{agent} and {other} quarrelled over a shift {where}."),
    ],
)
def test_a_wording_that_claims_what_no_claim_covers_is_found(category: str, situation: str, wording: str) -> None:
    content = _words().model_dump(mode="json")
    content["tell"][category][situation] = [wording]
    assert [each for each in _unproved(read(content, "mine")) if wording in each]


def test_nobody_is_said_to_leave_a_talk_that_ended_because_the_two_were_parted() -> None:
    found = [each for log in ("drawn", "wild", "month") for each in entries(log, "chat.parted")]
    assert found
    for at, entry in found:
        where = entry["text"].partition(at.log.name(at.b))[2].partition(" broke off")[0].partition(", until")[0]
        text = f"{at.log.name(at.a)} broke off a talk with {at.log.name(at.b)}{where.replace(' talked', '')}."
        assert is_found(at, entry, text, "chat.broken_off"), text


def test_the_last_event_is_not_told_as_the_main_reason_where_another_gave_more() -> None:
    seen = 0
    bonds = [f"{sort}.{name}" for sort in ("friendship", "rivalry") for name in ("begun", "mutual", "lost", "mended")]
    for at, entry in entries("month", *bonds):
        if at.kind in LAST and LAST[at.kind] != over(at):
            seen += 1
            assert is_found(at, entry, entry["text"].replace(over(at), LAST[at.kind])), entry
    assert seen >= 5


def test_a_broken_promise_is_no_quarrel_and_does_not_count_as_one() -> None:
    found = [each for log in ("drawn", "ordered", "month") for each in entries(log, "conflict.promise")]
    assert len(found) >= 5
    for at, entry in found:
        told = entry["text"].partition(" in time.")[0] + " in time."
        counted = at.count_pair("queue_conflict")
        assert is_found(at, entry, f"{told} It was their {ordinal(counted)} quarrel.")
        assert is_found(at, entry, entry["text"], "conflict.block")
    later = [
        each
        for each in entries("drawn", "conflict.cut", "conflict.kept", "conflict.block", "conflict.ghost")
        if each[0].code != Reason.PROMISE
    ]
    for at, entry in later:
        if at.count_pair("quarrel") != at.count_pair("queue_conflict"):
            text = (
                entry["text"].partition(".")[0] + f". It was their {ordinal(at.count_pair('queue_conflict'))} quarrel."
            )
            assert is_found(at, entry, text)


def test_who_was_in_the_middle_of_a_use_is_not_said_to_be_kept_from_it() -> None:
    stopped = [each for log in ("wild", "drawn") for each in entries(log, "outage.dark_stopped", "outage.dry_stopped")]
    kept = [each for log in ("wild", "drawn") for each in entries(log, "outage.dark", "outage.dry_shower")]
    assert stopped and kept
    for at, entry in stopped:
        what = "power" if entry["template"] == "outage.dark_stopped" else "water"
        text = f"There is no {what} for {VALUES['agent'](at)} at {VALUES['place'](at)} {VALUES['where'](at)}."
        assert is_found(at, entry, text, "outage.dark" if what == "power" else "outage.dry_shower"), entry
    for at, entry in kept:
        what = "power" if entry["template"] == "outage.dark" else "water"
        where = f"{VALUES['agent'](at)} had to stop at {VALUES['place'](at)} {VALUES['where'](at)}."
        name = "outage.dark_stopped" if what == "power" else "outage.dry_stopped"
        assert is_found(at, entry, f"There is no {what}. {where}", name), entry


def test_who_has_worked_there_as_a_help_is_not_said_to_take_the_shift_only_now() -> None:
    found = list(entries("month", "takeover.helped"))
    assert len(found) >= 3
    for at, entry in found:
        taken = f"{VALUES['other'](at)} was not at the desk {VALUES['where'](at)} in time. {VALUES['agent'](at)} took"
        assert is_found(at, entry, f"{taken} the shift.", "takeover.taken"), entry
    for at, entry in entries("month", "takeover.taken"):
        assert is_found(at, entry, entry["text"], "takeover.helped"), entry


def test_a_bond_made_again_is_not_told_with_reasons_from_before_it_last_changed() -> None:
    """The reasons of the whole tie, where they are others, are found to be wrong."""
    seen = 0
    for at, entry in entries("month", "friendship.renewed", "rivalry.again"):
        feeling = "liking" if entry["template"].startswith("friendship") else "rivalry"
        whole = main_reason(At(_without_bonds(at.log), entry), feeling, 1)
        if whole != over(at):
            seen += 1
            assert is_found(at, entry, entry["text"].replace(over(at), whole)), entry
    assert seen


def _without_bonds(log: StoryLog) -> StoryLog:
    """The same log, as if no bond had ever changed in it."""
    return replace(log, bonds=[])


def test_a_meal_of_somebody_who_sleeps_is_taken_and_not_given() -> None:
    seen = set[bool]()
    for hour in (3, 15):
        town, rows = lived(default_settings(), SEED, hour * 60)
        one, other = (town.record["agents"]["person"][seat] for seat in (0, 1))
        plain("projections.recorders.market").record_meal_given(town.towns[0], town.plans[0], one, other)
        rows = np.concatenate([rows, town.take_rows()])
        live = narrator(town_of(), shipped_templates())
        live.fold(rows)
        (entry,) = [each for each in live.tables()["narrations"].to_pylist() if each["cause"] == rows["seq"][-1]]
        at = At(looked_at(StoryLog(default_settings(), rows), [entry]), entry)
        seen.add(giver_sleeps(at))
        assert entry["template"] == ("help.meal_taken" if giver_sleeps(at) else "help.meal_given")
        assert ("slept" in entry["text"] or "asleep" in entry["text"]) == giver_sleeps(at)
        if giver_sleeps(at):
            assert is_found(at, entry, f"{VALUES['agent'](at)} gave {VALUES['other'](at)} a meal.", "help.meal_given")
    assert seen == {True, False}
