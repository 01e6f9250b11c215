"""The one list of tables: every table made is as it is listed, the list is told in every way, and there is no other."""

import ast
import contextlib
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import townlet
from eventlog.catalogue import KINDS
from townlet.asking.declared.table import RUN, EventView, Scope, Table
from townlet.asking.information import REGISTERED
from townlet.asking.key_figures import kpi_tables
from townlet.asking.permitted import no_table
from townlet.asking.sql import Session
from townlet.asking.tables import TABLES, columns_of, document, is_kind, names
from townlet.history import kept_tables
from townlet.history.town_tables import table_names
from townlet.run import Run

ROOT = Path(__file__).resolve().parents[3]
TICKS = 1700

OTHER_NAMES = {
    "projections/record/tables.py": "tables of a checkpoint",
    "projections/telemetry/frame.py": "blocks of a message",
    "tui/dialogs/help.py": "panels",
    "tui/stage/screen.py": "panels",
}
"""Modules whose names are like those of tables, and what they name."""

COLUMNS = "table_name, column_name, ordinal_position, is_nullable, data_type, meaning"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Two runs, one of them just founded."""
    folder = tmp_path_factory.mktemp("tables")
    return {
        "lived": townlet.simulate({}, ticks=TICKS, seed=7, into=folder / "lived"),
        "young": townlet.simulate({}, ticks=1, seed=7, into=folder / "young"),
    }


@pytest.fixture(scope="module", params=["now", "at the founding", "many"])
def session(request: pytest.FixtureRequest, runs: dict[str, Run]) -> Iterator[Session]:
    at = 0 if request.param == "at the founding" else None
    with contextlib.closing(Session(runs if request.param == "many" else runs["lived"], at)) as session:
        yield session


def is_many(session: Session) -> bool:
    return session.query("describe ties")["column_name"][0].as_py() == RUN.name


def described_by_duckdb(made: pa.Table) -> list[tuple[str, str]]:
    """Names and types of a table's columns as DuckDB has them, from the table itself."""
    with duckdb.connect() as connection:
        connection.register("made", made)
        return [(name, kind) for name, kind, *_ in connection.execute("describe made").fetchall()]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_the_listed_columns_in_order_and_types(session: Session, name: str) -> None:
    listed = columns_of(name, many=is_many(session))
    made = session.query(f"from {name}")
    assert described_by_duckdb(made) == [(column.name, column.type) for column in listed]
    for column in listed:
        assert column.null or not made.column(column.name).null_count, f"{name}.{column.name} is NULL"


def test_the_list_is_whole() -> None:
    assert len(TABLES) == len(set(TABLES)) and all(name == table.name for name, table in TABLES.items())
    assert [table.kind for table in TABLES.values() if isinstance(table, EventView)] == [None, *KINDS]
    for name, table in TABLES.items():
        assert table.meaning.endswith(".") and table.scope in Scope, name
        columns = [column.name for column in table.columns]
        assert columns and len(columns) == len(set(columns)), name
        for column in table.columns:
            assert column.meaning.strip() == column.meaning != "", f"{name}.{column.name} says nothing"
            assert not column.meaning.endswith((".", ";")), f"{name}.{column.name} ends a sentence"


def test_what_is_kept_or_made_elsewhere_is_listed() -> None:
    assert set(table_names()) == {name for name in TABLES if TABLES[name].scope in (Scope.TOWN, Scope.MAP)}
    assert set(kept_tables.PROJECTIONS) <= {name for name in TABLES if TABLES[name].scope is Scope.HISTORY}
    exported = names(lambda table: isinstance(table, Table) and table.exported)
    assert exported == ("agents", "ties", "tie_changes", "objects", "queues", "shifts", "places", "persons")


def test_there_is_no_other_list() -> None:
    """No collection in the packages names four tables or more, but for those that name something else."""
    tables = set(names(lambda table: not is_kind(table)))
    listing = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    files = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    found = []
    for file in files:
        if file.split("/")[0] not in ("eventlog", "projections", "townlet", "cli", "tui") or file in OTHER_NAMES:
            continue
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                members = node.keys
            elif isinstance(node, ast.List | ast.Set | ast.Tuple):
                members = list(node.elts)
            else:
                continue
            words = {member.value for member in members if isinstance(member, ast.Constant)}
            if len(tables & words) >= 4:
                found.append(f"{file}:{node.lineno}: {sorted(tables & words)}")
    assert not found, "\n".join(found)


class TestAskedInSql:
    def test_show_tables(self, session: Session) -> None:
        shown = session.query("SHOW TABLES;")
        assert shown.column_names == ["table", "meaning"]
        assert shown.to_pylist() == [{"table": name, "meaning": each.meaning} for name, each in TABLES.items()]

    def test_information_schema_lists_every_table(self, session: Session) -> None:
        listed = session.query("select table_name, meaning, scope, table_type from information_schema.tables")
        assert listed["table_name"].to_pylist() == list(TABLES)
        assert listed["meaning"].to_pylist() == [table.meaning for table in TABLES.values()]
        assert listed["scope"].to_pylist() == [str(table.scope) for table in TABLES.values()]
        assert set(listed["table_type"].to_pylist()) == {"VIEW", "LOCAL TEMPORARY"}

    def test_information_schema_lists_every_column(self, session: Session) -> None:
        found = session.query(f"select {COLUMNS} from information_schema.columns").to_pylist()
        wanted = [
            {
                "table_name": name,
                "column_name": column.name,
                "ordinal_position": position,
                "is_nullable": "YES" if column.null else "NO",
                "data_type": column.type,
                "meaning": column.whole_meaning,
            }
            for name in TABLES
            for position, column in enumerate(columns_of(name, many=is_many(session)), 1)
        ]
        assert found == wanted

    @pytest.mark.parametrize(
        "query",
        [
            "select column_name from information_schema.columns where table_name = 'agents' order by ordinal_position",
            "select c.column_name from Information_Schema.COLUMNS c where c.table_name = 'agents'",
            "select columns.column_name from information_schema.columns where columns.table_name = 'agents'",
            "select information_schema.columns.column_name from information_schema.columns "
            "where information_schema.columns.table_name = 'agents'",
            "with c as (from information_schema.columns) select column_name from c where table_name = 'agents'",
            "select column_name from information_schema.columns join information_schema.tables using (table_name) "
            "where table_name = 'agents' order by ordinal_position",
            "select column_name from (describe agents)",
            "select column_name from information_schema.columns where table_name in (select 'agents') "
            "and 'information_schema.columns' <> table_name",
        ],
    )
    def test_it_is_asked_as_any_table(self, session: Session, query: str) -> None:
        listed = [column.name for column in columns_of("agents", many=is_many(session))]
        assert session.query(query).column(0).to_pylist() == listed

    def test_where_a_query_has_no_syntax_tree(self, session: Session) -> None:
        counted = session.query("pivot information_schema.tables on table_type using count(*) group by table_schema")
        assert counted.to_pylist() == [{"table_schema": "main", "LOCAL TEMPORARY": 21, "VIEW": 1 + len(KINDS)}]
        assert len(session.query("explain from information_schema.columns"))

    def test_it_says_where_a_table_is(self, session: Session) -> None:
        (place,) = session.query(
            "select distinct table_catalog || '.' || table_schema as place from information_schema.columns"
        ).to_pylist()
        assert len(session.query(f"from {place['place']}.places")) == len(session.query("from places"))

    @pytest.mark.parametrize("query", ["describe {}", "DESC {};", 'describe "{}"', "describe table {}", "show {}"])
    @pytest.mark.parametrize("name", ["agents", "chat_succeeded", "events", "network"])
    def test_describe(self, session: Session, query: str, name: str) -> None:
        listed = columns_of(name, many=is_many(session))
        found = session.query(query.format(name))
        assert found.column_names == ["column_name", "column_type", "null", "key", "default", "extra", "meaning"]
        assert [tuple(row.values()) for row in found.to_pylist()] == [
            (column.name, column.type, "YES" if column.null else "NO", None, None, None, column.whole_meaning)
            for column in listed
        ]

    def test_no_table_is_made(self, runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("a table was made")

        monkeypatch.setattr(Session, "_made", refuse)
        monkeypatch.setattr(Session, "_add_views", refuse)
        for given in (runs["lived"], runs):
            with contextlib.closing(Session(given)) as session:
                monkeypatch.setattr(session._sources[0], "tables", refuse)
                session.query("show tables")
                session.query("describe tie_changes")
        made: Mapping[str, str] = REGISTERED
        assert set(made) == {"tables", "columns"}


def test_a_name_that_is_none_is_answered_from_the_list() -> None:
    assert "did you mean agents" in no_table("Agentz") and "did you mean queue_conflict" in no_table("queue_conflct")
    assert "did you mean" not in no_table("zzz")
    for word in ("quarrels", "Quarrel", "quarels", "fights"):
        assert "did you mean queue_conflict?" in no_table(word)
    assert "did you mean news_told?" in no_table("gossip")
    assert "did you mean queues" in no_table("queue") and "did you mean agents?" in no_table("agent")


def test_the_document_says_every_column() -> None:
    text = document()
    for name, table in TABLES.items():
        assert f"# {name}\n" in text
        assert all(f"| `{column.name}` | {column.type} | " in text for column in table.columns), name


class TestKeyFigures:
    def test_those_of_many_runs_are_those_of_each(self, runs: dict[str, Run]) -> None:
        with contextlib.closing(Session(runs)) as session:
            together = session.query("select * exclude (run) from kpi_days where run = 'lived'")
        assert together.equals(runs["lived"].sql("from kpi_days"))

    def test_they_stand_beside_other_tables_and_views_of_a_query(self, runs: dict[str, Run]) -> None:
        run = runs["lived"]
        query = """
            select (select value from kpis where kpi = 'chat_success') as told, (select count(*) from days) as days,
                (select count(distinct agent) from chat_succeeded) as talkers, (select max(seq) from events) as last
        """
        (row,) = run.sql(query).to_pylist()
        alone = {
            "told": "select value from kpis where kpi = 'chat_success'",
            "days": "select count(*) from days",
            "talkers": "select count(distinct agent) from chat_succeeded",
            "last": "select max(seq) from events",
        }
        assert row == {name: run.sql(text).column(0)[0].as_py() for name, text in alone.items()}

    def test_they_are_made_with_the_query_that_is_handed_in(self, runs: dict[str, Run]) -> None:
        run, seen = runs["lived"], list[str]()
        with contextlib.closing(Session(run, TICKS, from_tick=100)) as session:

            def query(text: str) -> pa.Table:
                seen.append(text)
                return session.query(text)

            made = kpi_tables(query, run.config.town.ticks_per_day, 100, TICKS)
        assert len(seen) == len(made["kpis"])
        for name, table in made.items():
            assert table.equals(run.sql(f"from {name}", from_tick=100))
