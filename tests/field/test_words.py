"""Words of the story, and the causes that the catalogue declares."""

import re

import numpy as np
import pytest

from eventlog.catalogue import KINDS
from eventlog.rows import Rows
from projections.errors import BadTemplates
from projections.narration.wording import read
from projections.narration.words import Counted, many, number
from tests.townlet.env.play import at_random, played
from tests.townlet.towns import default_settings, lived, town_of
from townlet.configuration.load import from_yaml, load
from townlet.configuration.settings import Settings
from townlet.history.narrator import WORDINGS, templates_file
from townlet.history.narrator import narrator as narrator_of
from townlet.rules.control import BY_ACTION

MONTH = 30 * 1440
"""Ticks."""


def told(settings: Settings, rows: Rows) -> list[tuple[int, str, str]]:
    """Tick, template and text of each entry of a history's story."""
    narrator = narrator_of(town_of(settings))
    narrator.fold(rows)
    entries = narrator.tables()["narrations"].to_pylist()
    return [(entry["tick"], entry["template"], entry["text"]) for entry in entries]


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            "kitchen_breakfast",
            r"^(Four people live in this town, in one house\.|The town begins with four people in one house\.)",
        ),
        (
            {"name": "alone", "town": {"people": 1}},
            r"^(One person lives in this town, in one house\.|The town begins with one person in one house\.)",
        ),
        (
            "town",
            r"^(Eight people live in this town, in four houses\.|The town begins with eight people in four houses\.)",
        ),
    ],
    ids=["house", "person", "town"],
)
def test_e1_one_and_many_have_their_grammar(config: object, sentence: str) -> None:
    settings = load(config).settings  # type: ignore[arg-type]
    (_, template, text), *_ = told(settings, lived(settings, 7, 2)[1])
    assert template == "arrival.founding"
    assert re.match(sentence, text)


def test_e1_counts_bring_their_nouns() -> None:
    assert f"{number(1):house|houses}, {number(2):house|houses}" == "one house, two houses"
    assert f"{number(1):=lives|live}, {number(13):=lives|live}, {number(1)}" == "lives, live, one"
    assert (many(1, "person", "people"), many(2, "talk")) == ("one person", "two talks")
    assert isinstance(number(3), Counted)


@pytest.mark.parametrize("wording", WORDINGS)
def test_e1_no_wording_has_a_bare_plural_behind_a_count_that_can_be_one(wording: str) -> None:
    """Counts that are told from one on bring their nouns; others are told from two on, or are numbers of something."""
    from projections.narration.situations import COUNTS

    text = templates_file(wording).read_text()
    often = {"shifts", "company", "failures", "here", "all", "run", "fine"}  # told where there are several
    bare = re.findall(rf"{{({'|'.join(sorted(COUNTS - often))})}} [a-z]+s?\b", text)
    assert bare == []


@pytest.mark.parametrize("wording", ["{homes:house}", "{homes:>9}", "{agent:a|b}", "{homes!r}", "{homes:a|b|c}"])
def test_e1_a_wrong_noun_is_refused(wording: str) -> None:
    content = from_yaml(templates_file(), "plain")
    content["tell"]["arrival"]["founding"] = [f"x {wording}"]
    with pytest.raises(BadTemplates, match=r"arrival\.founding, wording 1"):
        read(content, "t")


@pytest.fixture(scope="module")
def primitive() -> Rows:
    """Ten hours of a town whose people do at random what they can."""
    return played(default_settings(), 3, BY_ACTION, 600, at_random(1)).rows


def test_e2_the_founding_is_told_before_the_first_talk(primitive: Rows) -> None:
    story = told(default_settings(), primitive)
    assert story[0][1] == "arrival.founding"
    assert [template for tick, template, _ in story if tick == 0 and not template.startswith("arrival")] != []


def test_e2_the_story_does_not_depend_on_how_the_first_tick_is_cut(primitive: Rows) -> None:
    settings = default_settings()
    narrator = narrator_of(town_of(settings))
    for some in np.array_split(primitive[:4000], 40):
        narrator.fold(some)
    entries = narrator.tables()["narrations"].to_pylist()
    assert [entry["text"] for entry in entries] == [text for *_, text in told(settings, primitive[:4000])]


def pairs(rows: Rows) -> set[tuple[int, int]]:
    """The kinds of events with the kinds of what led to them."""
    caused = np.flatnonzero(rows["cause"])
    causes = caused - rows["cause"][caused].astype(np.int64)
    return set(zip(rows["kind"][caused].tolist(), rows["kind"][causes].tolist(), strict=True))


def test_e5_every_cause_is_declared(primitive: Rows) -> None:
    """Over a lived month, a crowded town, and one under primitive control."""
    names = {kind.kind: kind.snake() for kind in KINDS}
    declared = {kind.kind: set(re.findall(r"[a-z_]+", kind.cause)) for kind in KINDS}
    crowd = load({"name": "crowd", "town": {"people": 12}, "work": {"absences_max": 1, "unwell_chance": 0.3}}).settings
    lives = [lived(default_settings(), 7, MONTH)[1], lived(crowd, 7, MONTH // 3)[1], primitive]
    found = set[tuple[int, int]]().union(*map(pairs, lives))
    assert [(names[kind], names[cause]) for kind, cause in sorted(found) if names[cause] not in declared[kind]] == []
    assert len(found) > 40
