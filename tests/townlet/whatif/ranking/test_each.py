"""`whatif_each`: events of a kind, drawn by address, ranked by what holding each back changes."""

from pathlib import Path

import pytest

import townlet
from tests.townlet.towns import DAY
from townlet.errors import QueryError, TownletError
from townlet.run import Run
from townlet.whatif.ranking.drawing import drawn
from townlet.whatif.ranking.outcome import RANKED_BY


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=3 * DAY, seed=7, into=tmp_path_factory.mktemp("each") / "run")


def test_every_event_of_a_kind_has_a_rank_and_the_certain_ones_come_first(run: Run) -> None:
    seen: list[tuple[int, int]] = []
    found = run.whatif_each("queue_conflict", futures=12, days=1, progress=lambda *done: seen.append(done))
    rows = found.ranks.to_pylist()
    seqs = run.sql("select seq from queue_conflict order by seq")["seq"].to_pylist()
    assert sorted(row["seq"] for row in rows) == seqs and found.events == len(seqs)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows == sorted(rows, key=lambda row: (not row["certain"], -row["size"]))
    assert seen == [(number, len(seqs)) for number in range(1, len(seqs) + 1)]
    assert found.certain and rows[0]["q"] >= rows[0]["p"]
    assert str(f"{rows[0]['seq']:,}") in found.answer()
    assert any("pairs of futures of 1 day with the same" in line for line in found.lines())


def test_a_size_agrees_with_the_effects_of_that_event(run: Run) -> None:
    found = run.whatif_each("queue_conflict", limit=1, futures=12, days=1, outcome="rivalry")
    (row,) = found.ranks.to_pylist()
    one = run.whatif(without=row["seq"], futures=12, days=1)
    effects = [each["mean"] for each in one.at_the_end().to_pylist() if each["outcome"] == "rivalry"]
    squares = sum(mean**2 for mean in effects if mean is not None)
    assert row["size"] ** 2 <= squares < 4 * row["size"] ** 2
    quarrels = run.whatif_each("queue_conflict", limit=1, futures=12, days=1, outcome="queue_conflict")
    (effect,) = one.effect("queue_conflict")
    assert quarrels.ranks["size"].to_pylist() == [effect["mean"]]
    assert quarrels.ranks["p"].to_pylist() == [effect["p"]]


def test_fewer_events_are_drawn_by_address(run: Run) -> None:
    seqs = run.sql("select seq from chat_started order by seq")["seq"].to_pylist()
    few, more = drawn(seqs, 5, 1), drawn(seqs, 9, 1)
    assert set(few) < set(more) < set(seqs) and few == sorted(few)
    assert drawn(seqs[:-1], 5, 1) in (few, drawn(seqs, 5, 1)) or seqs[-1] in few
    assert drawn(seqs, 5, 2) != few
    assert drawn(seqs, len(seqs) + 1, 1) == seqs


def test_what_cannot_be_held_back_is_said_and_the_others_are_ranked(run: Run) -> None:
    waits = run.sql("select count(*) as n from option_chosen where option = 'wait'").to_pylist()[0]["n"]
    assert waits, "this run has nobody who waits; take another seed"
    found = run.whatif_each("option_chosen", limit=12, futures=2, days=1)
    assert len(found.refused) + found.ranks.num_rows == 12
    assert all("cannot be held back" in why for why in found.refused.values())
    assert found.as_json()["refused"].keys() == {str(seq) for seq in found.refused}


def test_a_town_in_which_nobody_quarrels_has_an_empty_ranking(tmp_path: Path) -> None:
    quiet = townlet.simulate(ticks=60, seed=7, into=tmp_path / "quiet")
    found = quiet.whatif_each("queue_conflict", futures=2, days=1)
    assert found.ranks.num_rows == found.events == 0
    assert found.lines()[0].startswith("None of the 0 of 0 events")


def test_what_cannot_be_ranked_is_refused_with_the_nearest_name(run: Run) -> None:
    with pytest.raises(QueryError, match="did you mean queue_conflict"):
        run.whatif_each("queue_conflicts")
    with pytest.raises(QueryError, match="a rent_charged is nothing that anybody decides"):
        run.whatif_each("rent_charged")
    with pytest.raises(QueryError, match="did you mean hunger"):
        run.whatif_each("shared_meal", outcome="hungr")
    with pytest.raises(TownletError, match="limit: 0 given"):
        run.whatif_each("shared_meal", limit=0)


@pytest.mark.parametrize("name", ["trust", "wallet", "departed", "chat_failed", "mean_trust"])
def test_outcomes_of_every_sort_can_be_asked_for(run: Run, name: str) -> None:
    assert name in RANKED_BY
    assert run.whatif_each("shared_meal", limit=1, futures=2, days=1, outcome=name).ranks.num_rows == 1
