"""ADBC's driver of Flight SQL connects to a served run, lists what is there, and queries; it writes nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import townlet
from tests.townlet.serving.served import TOKENS, Served, still
from tests.townlet.towns import KITCHEN
from townlet.asking.tables import TABLES
from townlet.run import Run

adbc = pytest.importorskip("adbc_driver_flightsql.dbapi")
HEADER = "adbc.flight.sql.rpc.call_header.authorization"
AT_TICK = "adbc.flight.sql.rpc.call_header.townlet-at-tick"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate(KITCHEN, ticks=300, seed=7, into=tmp_path_factory.mktemp("adbc") / "town")


@pytest.fixture(scope="module")
def served(run: Run) -> Iterator[Served]:
    with still(run.path) as served:
        yield served


def connection(served: Served, token: str, **more: str) -> Any:
    return adbc.connect(served.place, db_kwargs={HEADER: f"Bearer {token}", **more}, autocommit=True)


@pytest.fixture(scope="module")
def connected(served: Served) -> Iterator[Any]:
    with connection(served, TOKENS["viewer"]) as connected:
        yield connected


def test_a_query_is_answered(connected: Any, run: Run) -> None:
    query = "select name, hunger from agents order by name"
    with connected.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetch_arrow_table().to_pylist() == run.sql(query).to_pylist()
        cursor.execute(query)
        assert [name for name, _ in cursor.fetchall()] == run.sql(query).column("name").to_pylist()
        cursor.adbc_prepare(query)
        cursor.execute(query)
        assert len(cursor.fetchall()) == 4


def test_a_full_name_of_a_table_is_understood(connected: Any) -> None:
    with connected.cursor() as cursor:
        cursor.execute('select count(*) from "temp"."main"."agents"')
        assert cursor.fetchall() == [(4,)]


def test_a_query_is_as_of_the_tick_of_its_header(served: Served, run: Run) -> None:
    query = "select count(*) from events"
    with connection(served, TOKENS["viewer"], **{AT_TICK: "100"}) as connected, connected.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetch_arrow_table().to_pylist() == run.sql(query, at=100).to_pylist()


def test_the_columns_of_a_query_come_without_its_answer(connected: Any, run: Run) -> None:
    with connected.cursor() as cursor:
        schema = cursor.adbc_execute_schema("select name, hunger from agents")
    assert schema.names == ["name", "hunger"]


def test_what_there_is_is_listed(connected: Any) -> None:
    (catalog,) = connected.adbc_get_objects(depth="all").read_all().to_pylist()
    (schema,) = catalog["catalog_db_schemas"]
    assert (catalog["catalog_name"], schema["db_schema_name"]) == ("temp", "main")
    tables = {each["table_name"]: each for each in schema["db_schema_tables"]}
    assert set(tables) == set(TABLES)
    columns = [column["column_name"] for column in tables["agents"]["table_columns"]]
    assert columns == [column.name for column in TABLES["agents"].columns]
    assert connected.adbc_get_table_types() == ["TABLE", "VIEW"]
    assert connected.adbc_get_info()["vendor_name"] == "Townlet"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_columns_that_are_listed(connected: Any, run: Run, name: str) -> None:
    assert connected.adbc_get_table_schema(name).names == run.sql(f"select * from {name} limit 0").column_names


def test_a_pattern_finds_tables(connected: Any) -> None:
    found = connected.adbc_get_objects(depth="tables", table_name_filter="tie%").read_all().to_pylist()
    names = {each["table_name"] for each in found[0]["catalog_db_schemas"][0]["db_schema_tables"]}
    assert names == {name for name in TABLES if name.startswith("tie")}


@pytest.mark.parametrize(
    "query",
    [
        "copy agents to 'x.csv'",
        "insert into agents select * from agents",
        "create table x as select 1",
        "set threads = 1",
    ],
)
def test_nothing_is_written(connected: Any, query: str) -> None:
    with connected.cursor() as cursor, pytest.raises(adbc.Error, match="a run is only read"):
        cursor.execute(query)


def test_a_parameter_and_an_ingestion_are_refused(connected: Any, run: Run) -> None:
    with connected.cursor() as cursor:
        with pytest.raises(adbc.Error, match="a parameter cannot be used"):
            cursor.execute("select ?", [1])
        with pytest.raises(adbc.Error) as refused:
            cursor.adbc_ingest("x", run.sql("select 1 as one"))
    assert "Traceback" not in str(refused.value)


@pytest.mark.parametrize("token", ["wrong-0123456789abcdef", ""])
def test_a_wrong_token_is_refused(served: Served, token: str, tmp_path: Path) -> None:
    with connection(served, token) as connected, connected.cursor() as cursor:
        with pytest.raises(adbc.Error, match="no valid token"):
            cursor.execute("select 1")
        with pytest.raises(adbc.Error, match="no valid token"):
            connected.adbc_get_objects()
