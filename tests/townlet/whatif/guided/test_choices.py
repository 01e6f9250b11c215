"""Another option of a person: its choice of the run is replaced, and what cannot be asked says what can be."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import townlet
from tests.townlet.towns import DAY
from townlet.errors import QueryError
from townlet.living.commands.session import Order
from townlet.run import Run
from townlet.whatif.paired.orders import command_of
from townlet.whatif.paired.result import WhatIf

OTHERS = ("socialise", "shop", "cook", "wash")
"""Options that a person may do at many times."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(ticks=3 * DAY, seed=7, into=tmp_path_factory.mktemp("choices") / "run")


def replaced(run: Run, **wish: Any) -> tuple[Mapping[str, Any], str, WhatIf]:
    """A choice of the run after the first day, an option that is asked instead of it, and what that did."""
    for row in run.sql(f"select * from option_chosen where tick > {DAY} order by seq limit 40").to_pylist():
        for option in (option for option in OTHERS if option != row["option"]):
            try:
                return row, option, run.whatif(at=row["tick"], do=[f"choose {row['agent']} {option}"], **wish)
            except QueryError:
                continue
    raise AssertionError("nobody can be asked for another option")


def test_the_choice_of_the_run_is_in_the_control_town_and_another_in_the_treated(run: Run, tmp_path: Path) -> None:
    row, option, found = replaced(run, futures=6, days=1)
    for pair in found.pairs.to_pylist():
        assert pair["parted"] == row["tick"]
        for arm, chosen in (("control", row["option"]), ("treated", option)):
            assert (pair[f"event_{arm}"], pair[f"person_{arm}"]) == ("option_chosen", row["agent"])
            assert pair[f"code_{arm}"] == chosen
    name, lines = row["agent"].capitalize(), "\n".join(found.lines())
    assert f"{name} keeps to the option {option} until it is done once, as long as that is possible." in lines
    chosen = f"In the run {name} chose {row['option']} in that tick (event {row['seq']:,}), and so it is in control"
    assert chosen in lines
    assert "The first event that differs, in 6 of 6 pairs" in lines
    ((control, treated),) = found.keep(tmp_path, 1)
    assert townlet.open(control).log.pick([row["seq"]]).tobytes() == run.log.pick([row["seq"]]).tobytes()
    lived = townlet.open(treated)
    (ordered,) = lived.sql("select seq from option_ordered").to_pylist()
    (taken,) = lived.sql(f"select option, tick from option_chosen where cause = {ordered['seq']} limit 1").to_pylist()
    assert taken == {"option": option, "tick": row["tick"]}


@pytest.mark.parametrize("lives", [{"policy": "town"}, {"perturb": "wild"}], ids=["policy", "city events"])
def test_a_choice_is_replaced_where_a_policy_decides_and_among_city_events(
    lives: Mapping[str, str], tmp_path: Path
) -> None:
    """What lives on the disk is what lived in memory, and the control town has the choice of the run."""
    other = townlet.simulate(ticks=DAY + 400, seed=7, into=tmp_path / "run", **lives)
    row, option, found = replaced(other, futures=2, days=1)
    assert found.intervention.known == 1
    assert set(found.pairs["code_control"].to_pylist()) == {row["option"]}
    assert set(found.pairs["code_treated"].to_pylist()) == {option}
    assert len(found.keep(tmp_path, 2)) == 2


def test_for_says_for_how_long(run: Run, tmp_path: Path) -> None:
    row, option, found = replaced(run, futures=2, days=1, ticks=45)
    name = row["agent"].capitalize()
    assert f"{name} keeps to the option {option} for 45 ticks, as long as that is possible." in found.lines()
    ((_, treated),) = found.keep(tmp_path, 1)
    ended = townlet.open(treated).sql("select tick, reason from order_ended").to_pylist()
    assert len(ended) == 1 and ended[0]["tick"] <= row["tick"] + 45
    with pytest.raises(QueryError, match="names without ticks"):
        run.whatif(at=row["tick"], do=[f"choose {row['agent']} {option} 30"], ticks=45, futures=2, days=1)
    with pytest.raises(QueryError, match="names without ticks"):
        run.whatif(at=row["tick"], do=["rain"], ticks=45, futures=2, days=1)
    with pytest.raises(QueryError, match="they need --without"):
        run.whatif(at=row["tick"], do=[f"choose {row['agent']} {option}"], who="anybody", futures=2, days=1)


def test_who_is_committed_leaves_off(run: Run) -> None:
    """A person on the way chose before; the run has no choice in that tick, and the order is obeyed all the same."""
    for row in run.sql(f"select * from option_chosen where tick > {DAY} and option = 'shop' order by seq").to_pylist():
        try:
            found = run.whatif(at=row["tick"] + 1, do=[f"choose {row['agent']} socialise"], futures=2, days=1)
        except QueryError:
            continue
        name = row["agent"].capitalize()
        assert f"In the run {name} chose nothing in that tick, and went on with the option shop." in found.lines()
        assert set(found.pairs["code_treated"].to_pylist()) == {"socialise"}
        return
    raise AssertionError("nobody was on the way to a shop")


def test_who_is_busy_is_not_asked_and_the_next_choice_is_named(run: Run) -> None:
    row = run.sql(
        f"select agent, tick from affordance_started where affordance = 'sleep' and tick > {DAY} limit 1"
    ).to_pylist()[0]
    with pytest.raises(QueryError, match=f"{row['agent']} cannot eat now: it is busy") as refused:
        run.whatif(at=row["tick"] + 30, do=[f"choose {row['agent']} eat"], futures=2, days=1)
    assert "can be asked now" not in str(refused.value)
    words = str(refused.value).split("--at-tick ")[1]
    tick = int(words.split(",")[0])
    (chosen,) = run.sql(
        f"select option from option_chosen where tick = {tick} and agent = '{row['agent']}'"
    ).to_pylist()
    assert f"where {row['agent']} chose {chosen['option']} in the run, and can eat" in words
    assert run.whatif(at=tick, do=[f"choose {row['agent']} eat"], futures=2, days=1).pairs.num_rows == 2


def test_what_the_mask_forbids_is_refused_with_what_may_be_asked(run: Run) -> None:
    noon = DAY + DAY // 2
    for row in run.sql(f"select * from option_chosen where tick > {noon} order by seq limit 20").to_pylist():
        with pytest.raises(QueryError, match=f"{row['agent']} cannot .* now: .*") as refused:
            run.whatif(at=row["tick"], do=[f"choose {row['agent']} yield"], futures=2, days=1)
        told = str(refused.value)
        if "can be asked now for" in told:
            can = told.split("can be asked now for ")[1].split(";")[0].split("\n")[0].split(", ")
            assert "wait" in can and "yield" not in can
            run.whatif(at=row["tick"], do=[f"choose {row['agent']} {can[-1]} 20"], futures=2, days=1)
            return
    raise AssertionError("nobody could be asked for anything")


def test_unknown_names_get_the_nearest_and_the_end_of_a_run_a_query(run: Run) -> None:
    with pytest.raises(QueryError, match="option: 'eaat' is not an option; did you mean eat"):
        run.whatif(at=DAY, do=["choose bob eaat"])
    with pytest.raises(QueryError, match="nobody called 'bbo' lives here now; did you mean bob"):
        run.whatif(at=DAY, do=["choose bbo eat"])
    (asleep,) = run.sql("select name from agents where doing is not null order by id limit 1").to_pylist()
    with pytest.raises(QueryError, match=r"it is busy\n  Next: townlet sql .* says where"):
        run.whatif(at=run.head.tick, do=[f"choose {asleep['name']} eat"], futures=2, days=1)


def test_among_other_settings_a_choice_is_drawn_anew(run: Run) -> None:
    row, option, _ = replaced(run, futures=2, days=1)
    do = [f"choose {row['agent']} {option}"]
    found = run.whatif(at=row["tick"], do=do, overrides={"chat.chance": 0.0}, futures=2, days=1)
    assert found.intervention.known == 0
    name = row["agent"].capitalize()
    assert f"In the run {name} chose {row['option']} in that tick (event {row['seq']:,})." in found.lines()


def test_where_a_command_came_in_that_tick_the_choice_is_drawn_anew(run: Run, tmp_path: Path) -> None:
    row, option, _ = replaced(run, futures=2, days=1)
    hello = Order(row["tick"], command_of("announce hello", row["tick"], 9))
    given = run.fork(tmp_path / "given", at=row["tick"] - 5, ticks=60, orders=[hello])
    found = given.whatif(at=row["tick"], do=[f"choose {row['agent']} {option}"], futures=2, days=1)
    assert found.intervention.known == 0


@pytest.mark.parametrize("option", ["socialise", "eat", "shop"])
def test_without_an_option_the_person_keeps_from_it_for_its_commitment(run: Run, tmp_path: Path, option: str) -> None:
    row = run.sql(
        f"select * from option_chosen where tick > {DAY} and option = '{option}' order by seq limit 1"
    ).to_pylist()[0]
    found = run.whatif(without=row["seq"], futures=4, days=1)
    for pair in found.pairs.to_pylist():
        assert (pair["parted"], pair["person_control"], pair["code_control"]) == (row["tick"], row["agent"], option)
        assert pair["code_treated"] != option
    assert not found.instead.num_rows, "other options of a person are not what came instead of this one"
    (_, treated), *_ = found.keep(tmp_path, 1)
    until = row["tick"] + run.config.policy.commit_minutes
    (again,) = (
        townlet.open(treated)
        .sql(
            f"select count(*) as n from option_chosen where agent = '{row['agent']}' and option = '{option}' "
            f"and tick >= {row['tick']} and tick < {until}"
        )
        .to_pylist()
    )
    assert again["n"] == 0


def test_to_wait_is_held_back_by_another_option(run: Run) -> None:
    row = run.sql("select * from option_chosen where option = 'wait' and tick > 60 limit 1").to_pylist()[0]
    do = f"choose {row['agent']} OPTION"
    with pytest.raises(QueryError, match=rf"to wait is no deed(.|\n)*--at-tick {row['tick']} --do \"{do}\""):
        run.whatif(without=row["seq"], futures=2, days=1)
