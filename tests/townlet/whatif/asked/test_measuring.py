"""Outcomes in SQL: key figures and queries of one's own, asked of every future."""

from pathlib import Path

import pytest

import townlet
from tests.townlet.towns import DAY
from townlet.errors import QueryError
from townlet.run import Run

MOMENT = DAY + 500


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=2 * DAY, seed=7, into=tmp_path_factory.mktemp("asked") / "run")


def query(folder: Path, name: str, sql: str) -> str:
    file = folder / f"{name}.sql"
    file.write_text(sql, encoding="utf-8")
    return str(file)


def test_a_query_finds_what_is_counted_in_memory(run: Run, tmp_path: Path) -> None:
    talks = query(tmp_path, "good_talks", "select count(*) from chat_succeeded where tick >= $moment")
    rates = query(
        tmp_path, "talk_rate", "select tick, 1 as part, 0 as whole from chat_succeeded union all select 0, 0, 1"
    )
    found = run.whatif(at=MOMENT, do=["blackout"], futures=10, days=2, outcomes=[talks, rates, "self_sufficiency"])
    (asked,) = found.effect("good_talks")
    counted = found.effect("chat_succeeded")[-1]
    names = ("mean", "low", "high", "differ", "p", "pairs")
    assert {name: asked[name] for name in names} == {name: counted[name] for name in names}
    assert asked["day"] == 2, "one number is asked for at the end"
    assert [row["day"] for row in found.effect("self_sufficiency")] == [1, 2]
    assert found.effect("talk_rate")[-1]["mean"] is None, "a figure without wholes since the moment is NULL"
    assert found.asked == ("good_talks", "talk_rate", "self_sufficiency")
    assert "the outcome good_talks" in found.lines()[0]


def test_a_key_figure_of_a_future_is_that_of_its_fork(run: Run, tmp_path: Path) -> None:
    found = run.whatif(at=MOMENT, do=["blackout"], futures=2, days=1, outcomes=["option_switches"])
    figures = []
    for control, treated in found.keep(tmp_path, 2):
        for folder in (control, treated):
            future = townlet.open(folder)
            (day,) = future.sql("select to_tick - 1 as tick, agent_days from days where day = 1").to_pylist()
            (switched,) = future.sql(
                "with chosen as (select tick, option, lag(option) over (partition by agent_id order by seq) as one "
                f"from option_chosen) select count(*) as n from chosen where option <> one and tick >= {MOMENT}"
            ).to_pylist()
            assert MOMENT <= day["tick"] < MOMENT + DAY
            figures.append(switched["n"] / day["agent_days"])
    (effect,) = found.effect("option_switches")
    assert effect["mean"] == pytest.approx((figures[1] - figures[0] + figures[3] - figures[2]) / 2)


def test_a_query_without_rows_in_the_run_is_left_to_the_futures(run: Run, tmp_path: Path) -> None:
    late = query(tmp_path, "late", f"select count(*) from events having max(tick) >= {2 * DAY}")
    assert run.sql(Path(late).read_text("utf-8")).num_rows == 0
    found = run.whatif(at=MOMENT, do=["blackout"], futures=2, days=1, outcomes=[late])
    assert found.effect("late")[-1]["pairs"] == 2


def test_what_cannot_be_asked_says_which_outcome_before_any_future_lives(run: Run, tmp_path: Path) -> None:
    def live(pairs: int) -> None:
        pytest.fail(f"{pairs} pairs of futures have lived for a question that cannot be asked")

    def ask(*outcomes: str) -> None:
        run.whatif(at=MOMENT, do=["blackout"], futures=2, days=1, outcomes=outcomes, progress=live)

    with pytest.raises(QueryError, match="no key figure 'exit'; did you mean exits"):
        ask("exit")
    with pytest.raises(QueryError, match=r"gone\.sql: the query of an outcome cannot be read: no such file"):
        ask(str(tmp_path / "gone.sql"))
    with pytest.raises(QueryError, match="two outcomes are called 'hunger'"):
        ask(query(tmp_path, "hunger", "select 1"))
    with pytest.raises(QueryError, match="the outcome two: its query gives 2 rows of 1 columns"):
        ask(query(tmp_path, "two", "select unnest([1, 2])"))
    with pytest.raises(QueryError, match="the outcome word: its query must give a number"):
        ask(query(tmp_path, "word", "select 'many'"))
    with pytest.raises(QueryError, match="the outcome wrong: "):
        ask(query(tmp_path, "wrong", "select trust from nowhere"))
