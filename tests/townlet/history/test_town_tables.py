"""The town's tables at a tick: whole, readable, and of that tick."""

from pathlib import Path

import pyarrow as pa
import pytest

import townlet
from townlet.configuration.places import place_names
from townlet.errors import QueryError
from townlet.history.town_tables import table_names
from townlet.run import Moment, Run

TICKS = 700


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    into: Path = tmp_path_factory.mktemp("views") / "town"
    return townlet.simulate({}, ticks=TICKS, seed=7, into=into)


@pytest.fixture(scope="module")
def now(run: Run) -> Moment:
    return run.at()


@pytest.mark.parametrize("name", table_names())
def test_a_table_says_whom_and_what_by_name_and_number(now: Moment, name: str) -> None:
    table: pa.Table = now.table(name)
    assert len(set(table.column_names)) == table.num_columns
    for column in table.column_names:
        beside = f"{column}_id"
        if beside in table.column_names:
            named, numbered = table.column(column), table.column(beside)
            assert named.is_valid().to_pylist() == numbered.is_valid().to_pylist()
            if named.null_count < len(named):
                assert pa.types.is_string(named.type) and pa.types.is_int64(numbered.type)


def test_agents(now: Moment) -> None:
    agents = now.table("agents").to_pylist()
    assert len(agents) == now.town.people
    assert [agent["name"] for agent in agents[:3]] == ["alice", "bob", "carol"]
    for agent in agents:
        assert agent["row"] * 64 + agent["col"] == agent["tile"]
        assert all(0.0 <= agent[need] <= 1.0 for need in ("hunger", "hygiene", "energy"))
        assert agent["bed"].endswith(f"({agent['home']})")
        assert (agent["doing"] is None) == (agent["doing_until"] is None)
        assert agent["arrived"] <= now.tick


def test_ties_and_agents_count_the_same(now: Moment) -> None:
    owners = now.table("ties").column("owner").to_pylist()
    for agent in now.table("agents").to_pylist():
        assert owners.count(agent["name"]) == agent["ties"]
    for tie in now.table("ties").to_pylist():
        assert tie["owner"] != tie["other"]
        assert tie["size"] == abs(tie["trust"]) + abs(tie["familiarity"]) + abs(tie["rivalry"])


def test_who_holds_a_place_is_its_user(now: Moment) -> None:
    users = {place["id"]: place["user"] for place in now.table("objects").to_pylist()}
    held = {agent["holds_id"]: agent["name"] for agent in now.table("agents").to_pylist() if agent["holds"]}
    assert held and {place: user for place, user in users.items() if user} == held


def test_beds_have_owners_and_shelves_have_stock(now: Moment) -> None:
    places = now.table("objects").to_pylist()
    beds = {place["owner"] for place in places if place["kind"] == "bed"}
    assert {agent["name"] for agent in now.table("agents").to_pylist()} <= beds
    assert all((place["stock"] is not None) == (place["kind"] in ("till", "counter")) for place in places)


def test_queues_are_in_order(run: Run) -> None:
    waiting = run.sql("select tick from queue_joined order by tick limit 1").column("tick").to_pylist()
    for tick in waiting:
        (first, *_) = run.at(tick + 1).table("queues").to_pylist()
        assert first["position"] == 1 and first["since"] == tick and first["waited"] == 1
        lines = {place["name"]: place["line"] for place in run.at(tick + 1).table("objects").to_pylist()}
        assert lines[first["object"]] >= 1


def test_shifts(now: Moment) -> None:
    shifts = now.table("shifts").to_pylist()
    assert {shift["agent"] for shift in shifts} == {a["name"] for a in now.table("agents").to_pylist() if a["job"]}
    for shift in shifts:
        assert shift["workplace"].endswith(f"({shift['venue']})") and shift["starts"] < shift["ends"]
        assert shift["state"] in ("pre_shift", "on_time", "late", "absent", "post_shift")


def test_places_are_numbered_within_their_venue(now: Moment) -> None:
    names = now.table("places").column("name").to_pylist()
    assert len(set(names)) == len(names)
    assert "shower 2 (The Spring)" in names
    from townlet.configuration.plans import map_of

    assert names == place_names(map_of(now.town.settings[0]))


def test_a_table_is_of_its_tick(run: Run) -> None:
    assert len(run.at(0).table("agents")) == 0
    early, late = run.at(300).table("agents"), run.at(600).table("agents")
    assert early.column("hunger") != late.column("hunger")


def test_an_unknown_table_is_refused_with_the_nearest(now: Moment) -> None:
    with pytest.raises(QueryError, match=r"'tie'.*did you mean ties"):
        now.table("tie")
    with pytest.raises(QueryError, match="there are agents, ties, objects, queues, shifts, places"):
        now.table("weather")
