"""Every sentence of a month's story is true of its log: its situation, its aside, and every value in it."""

import re
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from projections.narration.situations import ASIDES as KNOWN_ASIDES
from projections.narration.situations import SITUATIONS
from projections.narration.wording import Templates, read
from tests.projections.narration.claimed_values import VALUES
from tests.projections.narration.story_log import At, StoryLog
from tests.projections.narration.truth import ASIDES, CLAIMS, faults, faults_or_error, looked_at, untrue
from tests.townlet.towns import DAY, default_settings, lived, town_of
from townlet.history.narrator import WORDINGS, narrator, shipped_templates

SEED = 7
MONTH = 30 * DAY

BOND = (
    r"friendship\.|rivalry\.|departure\.(friends|rivals|nobody|lonely)|\.(friends|rivals)(_mine|_theirs)?$|(rivals|friends)_fail"
    r"|help_rivals"
)
QUANTITY = (
    r"work\.all_on_time|personality\.|meal\.alone|meal\.lives_alone|arrival\.|chat\.(at_night|not_met)|outage\."
    r"|departure\.(nobody|lonely|stopped)"
)

MAY_SAY: dict[str, str] = {
    r"\bwait(s|ed|ing)?\b|\bstand there\b": r"conflict\.kept|\.waited|impatient|handover|work\.missed|needier",
    r"\b(no|in a) hurry\b|\bat leisure\b|made the most": r"conflict\.kept|easygoing",
    r"\bfirst\b": r"first|always_fine|opened|streak|help\.(yielded|late)|hired_again|conflict\.squeezed|personality",
    r"\bnever\b": r"first|strangers",
    r"\b(nobody|nothing|everybody|(?<!above )all|alone)\b": QUANTITY
    + r"|first|sold_out|in_debt|strangers|rivalry\.(mended|forgotten)|empty_larder|kept|meal_given|takeover\.taken",
    r"\b(friends?|friendships?)\b": BOND,
    r"\b(rivals?|rivalr(y|ies))\b": BOND,
    r"\bagain\b": r"renewed|rivalry\.again|hired_again|outage\.|conflict\.(same_place|squeezed)|place_known"
    r"|work\.(well|healed)|personality\.released|departure\.allowed",
    r"\b(in|on) time\b|punctual": r"work\.|help\.promised|takeover\.taken|conflict\.promise",
    r"\bat once\b|\bimmediately\b|\balways\b|\busually\b": r"help\.quarrelled|arrival\.(called|usual)",
    r"\bhad gone\b|\bwent out\b|\bhad (run|fallen) into\b": r"outage\.(power|dearer)|chat\.mended|fainted",
    r"\b(sat|sits)\b|\bsitting\b": r"meal\.|outage\.(rain|dry)|help\.late_",
    r"\bpeace\b|\bforg[ai]ve": r"personality\.",
    r"\bopen(ed|s)?\b": r"outage\.(closed|opened)|chat\.will|personality\.|departure\.|outage\.rain",
    r"\bquarrel(s|led)?\b|\bfell out\b": r"conflict\.(block|first|revenge|same|again|place)|news_quarrel|after_quarrel"
    + r"|friendship\.unlikely|strangers",
    r"\btogether\b": r"meal\.|housemates|household",
}
"""Words that claim much, and the situations and asides whose claim covers them."""


@cache
def story(wording: str) -> list[dict[str, Any]]:
    """The month's story in one of the shipped wordings."""
    live = narrator(town_of(), shipped_templates(wording))
    live.fold(month().rows)
    return live.tables()["narrations"].to_pylist()


@cache
def month() -> StoryLog:
    """A month of the default town."""
    return StoryLog(default_settings(), lived(default_settings(), SEED, MONTH)[1])


@cache
def log_of_the_month() -> StoryLog:
    """The month, with the town at every event that its stories tell."""
    return looked_at(month(), *map(story, WORDINGS))


@pytest.mark.parametrize("wording", WORDINGS)
def test_every_sentence_of_a_month_is_true_of_the_log(wording: str) -> None:
    found = untrue(log_of_the_month(), story(wording), shipped_templates(wording))
    assert not found, "\n".join(found[:20])


def test_a_wrong_name_or_number_is_found() -> None:
    """Each entry with the name of somebody else, or with another number, as a broken count would have it."""
    log, entries = log_of_the_month(), story(WORDINGS[0])
    for entry in [each for each in entries if each["agent"] is not None][:200]:
        at = At(log, entry)
        people = log.of("agent_arrived")["agent"].tolist()
        stranger = next(log.name(each) for each in people if log.name(each) not in entry["text"])
        assert faults(log, {**entry, "text": entry["text"].replace(log.name(at.a), stranger)}, shipped_templates()), (
            entry
        )
    counted = [
        each for each in entries if "second" in each["text"] and each["category"] in ("meal", "chat", "conflict")
    ]
    assert counted
    for entry in counted:
        assert faults(log, {**entry, "text": entry["text"].replace("second", "third")}, shipped_templates()), entry


def test_what_is_told_of_another_event_is_found() -> None:
    """Each entry put on the event of the entry after it: what it claims no longer holds."""
    log, entries = log_of_the_month(), story(WORDINGS[0])
    moved = [{**one, "cause": other["cause"]} for one, other in pairwise(entries)]
    moved = [each for each, one in zip(moved, entries, strict=False) if each["cause"] != one["cause"]]
    caught = sum(bool(faults_or_error(log, each, shipped_templates())) for each in moved)
    assert caught >= 0.95 * len(moved) > 300


def test_every_situation_aside_and_placeholder_has_its_claim() -> None:
    assert set(CLAIMS) == set(SITUATIONS)
    assert set(ASIDES) == set(KNOWN_ASIDES)
    assert set(VALUES) == set().union(*SITUATIONS.values(), *KNOWN_ASIDES.values()) - {"times"}


@pytest.mark.parametrize("wording", WORDINGS)
def test_words_that_claim_much_stand_only_where_the_claim_covers_them(wording: str) -> None:
    assert not _unproved(shipped_templates(wording))


def test_a_wording_that_claims_too_much_is_found() -> None:
    content = shipped_templates().model_dump(mode="json")
    content["tell"]["conflict"]["block"] = ["{agent} was in no hurry at {place}.", "{agent} kept {other} waiting."]
    content["tell"]["chat"]["good"] = ["{agent} and {other}, rivals no more, had a talk."]
    assert len(_unproved(read(content, "mine"))) == 3


def _unproved(templates: Templates) -> list[str]:
    """Wordings with a word that claims more than their situation does."""
    found = []
    for block in (templates.tell, templates.asides):
        for category, situations in block.items():
            for situation, wordings in situations.items():
                name = f"{category}.{situation}"
                found += [
                    f"{name}: {text}"
                    for text in wordings
                    for word, where in MAY_SAY.items()
                    if re.search(word, re.sub(r"{[^}]*}", "_", text), re.IGNORECASE) and not re.search(where, name)
                ]
    return found
