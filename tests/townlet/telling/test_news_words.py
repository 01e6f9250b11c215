"""What is said of news: what was done, who told it, and how the teller knows; by the events, whatever they claim."""

from typing import Any

import numpy as np
import pytest

from eventlog import codes
from eventlog.catalogue.registries import News, Reason
from eventlog.rows import ROW, Rows
from projections.riders.known_news import DEEDS as BY_NEWS
from tests.townlet.handmade_news import news_run
from townlet.configuration.load import load
from townlet.observing.event_list import Events
from townlet.run import Run
from townlet.telling.news_words import DEEDS, VERBS
from townlet.telling.tie_sentences import Sentences

CUT = "Alice pushed in before Bob at stove"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return news_run(tmp_path_factory.mktemp("words") / "run")


def heard(run: Run, owner: str) -> list[dict[str, Any]]:
    """What Alice's deeds did to somebody's tie to her, by hearing of them."""
    return [row for row in run.why(owner, "alice").rows() if row["kind"] == "news_told"]


def test_why_names_the_teller_and_how_the_teller_knows(run: Run) -> None:
    (carol,), (dan,) = heard(run, "carol"), heard(run, "dan")
    assert carol["sentence"].startswith(f"Bob told Carol that {CUT}")
    assert carol["sentence"].endswith("(it happened to Bob).")
    assert dan["sentence"].startswith(f"Carol told Dan that {CUT}")
    assert dan["sentence"].endswith("(Carol had it from Bob, to whom it happened).")


def test_what_was_heard_adds_up_to_the_tie(run: Run) -> None:
    """`why` itself adds up every row; here is what the row of a hearing must be, by trust and share."""
    for owner, trust in (("carol", 0.5), ("dan", 0.25)):
        (row,) = heard(run, owner)
        share = run.config.relationships.hearsay_share * trust
        delta = run.config.relationships.deltas.queue_conflict
        sides = {"trust": delta.trust, "familiarity": delta.familiarity, "rivalry": delta.rivalry}
        assert {side: row[f"adjusted_{side}"] for side in sides} == {side: share * of for side, of in sides.items()}
        assert run.why(owner, "alice").tied


def test_whom_nobody_trusts_changes_nothing(run: Run) -> None:
    """Dan told Carol of the second quarrel, and she has no tie to him."""
    assert len(run.sql("select * from news_told where agent = 'dan'")) == 1
    assert not len(run.sql("select * from tie_changes where owner = 'carol' and tick = 1440 and kind = 'news_told'"))


def test_a_chain_of_causes_is_told_in_sentences(run: Run) -> None:
    (last,) = run.sql("select seq from news_told where telling = 2").column(0).to_pylist()
    said = [line.said for line in Events(run).chain(last)]
    assert [words.split(" that ")[0] for words in said[:2]] == ["Carol told Dan", "Bob told Carol"]
    assert said[2].startswith(CUT)


def log_of(*events: dict[str, Any]) -> Rows:
    """Rows numbered from 0; columns that are not named are missing."""
    rows = np.zeros(len(events), ROW)
    rows["object"] = rows["other"] = rows["code"] = -1
    for seq, (row, event) in enumerate(zip(rows, events, strict=True)):
        row["seq"] = seq
        for name, value in event.items():
            row[name] = value
    return rows


DEED = {"kind": codes.QUEUE_CONFLICT, "agent": 0, "other": 1, "code": int(Reason.CUT)}
TOLD = {"kind": codes.NEWS_TOLD, "tile": 0, "code": int(News.QUARREL), "cause": 1}


def said_last(*events: dict[str, Any]) -> str:
    """The clause for the last of these events."""
    rows = log_of(*events)
    return Sentences(load(None, {}).settings, lambda seqs: rows[list(seqs)]).happened(rows[-1])


@pytest.mark.parametrize(
    ("tellers", "known"),
    [
        ([1], "it happened to Bob"),
        ([2], "Carol saw it"),
        ([1, 3], "Dan had it from Bob, to whom it happened"),
        ([2, 3], "Dan had it from Carol, who saw it"),
        ([2, 3, 4], "Erin had it from Dan, who had it from Carol, who saw it"),
    ],
)
def test_how_the_teller_knows(tellers: list[int], known: str) -> None:
    chain = [
        TOLD | {"agent": teller, "other": heard_by} for teller, heard_by in zip(tellers, [*tellers[1:], 5], strict=True)
    ]
    assert said_last(DEED, *chain).endswith(f" told Frank that Alice pushed in before Bob ({known})")


@pytest.mark.parametrize("cause", [0, 1, 9])
def test_news_without_a_deed_is_told_as_far_as_it_says(cause: int) -> None:
    """Somebody wrote such a log who is no town: its causes lead to no deed, to nothing, or before the first event."""
    ended = {"kind": codes.TICK_ENDED, "agent": -1}
    said = said_last(ended, TOLD | {"agent": 1, "other": 2, "cause": cause})
    assert said == "Bob told Carol that Alice wronged somebody (Bob saw it)"


def test_every_deed_that_makes_news_has_words() -> None:
    assert set(VERBS) == set(News) == set(DEEDS.values())
    assert {news: int(kind) for news, kind in BY_NEWS.items()} == {news: kind for kind, news in DEEDS.items()}
