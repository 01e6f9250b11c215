"""News as SQL, exports and lists of events have it: who knew what, and a third person in place of a tile."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from eventlog.catalogue import KIND_CODES, THIRD_PERSON
from eventlog.format.arrow import from_batch
from projections.errors import BadEvent
from projections.riders.known_news import KnownNews
from tests.townlet.handmade_news import ALICE, BOB, CAROL, DAN, NOON, news_run
from townlet.keeping import export_duckdb
from townlet.keeping.export import export
from townlet.observing.event_list import Events, Filter
from townlet.run import Run

NAMES = ("alice", "bob", "carol", "dan")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return news_run(tmp_path_factory.mktemp("news") / "run")


def number_of(run: Run, kind: str) -> list[int]:
    """The numbers of the events of a kind."""
    return [row["seq"] for row in run.sql(f"select seq from {kind} order by seq").to_pylist()]


def test_who_knew_what_when_and_from_whom(run: Run) -> None:
    first, second = number_of(run, "queue_conflict")
    to_carol, to_dan, _ = number_of(run, "news_told")
    rows = run.sql("select * from news order by source_seq").to_pylist()
    said = [(row["knower"], row["teller"], row["telling"], row["deed_seq"], row["source_seq"]) for row in rows]
    assert said == [
        ("bob", None, 0, first, first),
        ("carol", "bob", 1, first, to_carol),
        ("dan", "carol", 2, first, to_dan),
        ("bob", None, 0, second, second),
    ], "Dan, who knows nothing of the second quarrel, has nothing to pass on"
    assert {(row["kind"], row["about"], row["whom"]) for row in rows} == {("queue_conflict", "alice", "bob")}
    assert [row["teller_id"] for row in rows] == [None, BOB, CAROL, None]
    assert [row["tick"] for row in rows] == [NOON, NOON, NOON, 2 * NOON]


def test_as_of_a_tick_it_has_what_was_known_before_it(run: Run) -> None:
    assert len(run.sql("from news", at=2 * NOON)) == 3
    assert not len(run.sql("from news", at=NOON))


@pytest.mark.parametrize("every", [1, 7, 20])
def test_the_table_does_not_depend_on_how_the_log_is_cut(run: Run, every: int) -> None:
    rows = np.concatenate(list(run.log.rows()))
    town = run.empty_town()
    known = KnownNews(town.towns, town.plans)
    noon = int(np.searchsorted(rows["tick"], NOON))
    for begin, end in pairwise([0, *range(noon, noon + 20, every), len(rows)]):
        known.fold(rows[begin:end])
    assert known.tables()["news"].num_rows == 4


def test_what_was_kept_is_continued(run: Run) -> None:
    rows = np.concatenate(list(run.log.rows()))
    whole = run.empty_town()
    all_at_once = KnownNews(whole.towns, whole.plans)
    all_at_once.fold(rows)
    town, half = run.empty_town(), int(np.searchsorted(rows["tick"], 2 * NOON))
    before = KnownNews(town.towns, town.plans)
    before.fold(rows[:half])
    later = KnownNews(town.towns, town.plans)
    later.restore(before.tables())
    later.fold(rows[half:])
    assert later.tables()["news"].equals(all_at_once.tables()["news"])


def test_the_view_of_all_events_has_a_third_person_and_no_tile(run: Run) -> None:
    rows = run.sql("select kind, tile, row, col, third, third_id from events where third is not null or tile >= 0")
    by_kind = {row["kind"]: row for row in rows.to_pylist()}
    assert by_kind["news_told"] == {
        "kind": "news_told", "tile": None, "row": None, "col": None, "third": "alice", "third_id": ALICE,
    }  # fmt: skip
    assert by_kind["agent_arrived"]["tile"] is not None and by_kind["agent_arrived"]["third"] is None
    told = run.sql("select agent, listener, about, about_id, news, telling from news_told order by seq").to_pylist()
    assert (told[0]["agent"], told[0]["listener"], told[0]["about"]) == ("bob", "carol", "alice")
    assert {row["news"] for row in told} == {"quarrel"} and {row["about_id"] for row in told} == {ALICE}
    assert frozenset({KIND_CODES["news_told"]}) == THIRD_PERSON


def test_an_export_gives_back_the_third_person(run: Run, tmp_path: Path) -> None:
    path = export(run, "parquet", into=tmp_path / "events.parquet").path
    rows = from_batch(export_duckdb.stored_batch(pq.read_table(path)))
    assert rows.tobytes() == np.concatenate(list(run.log.rows())).tobytes()


def test_a_search_for_somebody_finds_what_was_told_of_them_and_a_quarrel_is_no_news(run: Run) -> None:
    def found(words: str) -> list[str]:
        rows = np.concatenate(list(run.log.rows()))
        kinds = rows["kind"][Filter.of(words, run).mask(rows)]
        return [each for each in ("queue_conflict", "news_told") if KIND_CODES[each] in kinds]

    assert found("alice") == ["queue_conflict", "news_told"]
    assert found("dan") == ["news_told"]
    assert found("quarrel") == ["queue_conflict"]
    assert found("news") == found("gossip") == found("news quarrel") == ["news_told"]
    rows = np.concatenate(list(run.log.rows()))
    news = rows[rows["kind"] == KIND_CODES["news_told"]]
    assert Filter.of("alice", run).mask(news).all() and not Filter.of("alice help", run).mask(news).any()


def test_the_list_of_events_names_all_three(run: Run) -> None:
    (told, *_) = Events(run).lines(number_of(run, "news_told"))
    assert told.people == ("bob", "carol", "alice") and told.place is None
    assert told.said.startswith("bob, carol, alice  news quarrel, telling 1")


@pytest.mark.parametrize(
    ("about", "possible"), [(DAN, True), (60, False), (64 + ALICE, False), (-1, False), (10**6, False)]
)
def test_news_is_of_somebody_who_lives_in_the_town(run: Run, about: int, possible: bool) -> None:
    rows = np.concatenate(list(run.log.rows(to_tick=NOON + 1)))
    rows["tile"][rows["kind"] == KIND_CODES["news_told"]] = about
    town = run.empty_town()
    known = KnownNews(town.towns, town.plans)
    if possible:
        known.fold(rows)
    else:
        with pytest.raises(BadEvent, match=r"news_told (is|speaks)|tile of news_told"):
            known.fold(rows)
