"""SQL over a run: what can be asked, as of any tick, and what is said to what cannot."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import townlet
from cli import formats
from eventlog.catalogue import KINDS
from eventlog.views import KIND_BY_NAME, event_columns, kind_columns
from townlet.asking.permitted import read
from townlet.asking.query_reading import QueryNeeds, query_needs
from townlet.asking.sql import Session
from townlet.asking.tables import TABLES, TIMED_TABLES, is_kind, names
from townlet.errors import QueryError, TickOutOfRange
from townlet.run import Run

TICKS, NOON = 1000, 720


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    into: Path = tmp_path_factory.mktemp("sql") / "town"
    return townlet.simulate({}, ticks=TICKS, seed=7, into=into)


@pytest.fixture(scope="module")
def session(run: Run) -> Iterator[Session]:
    with contextlib.closing(Session(run)) as session:
        yield session


def rows(answer: pa.Table) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = answer.to_pylist()
    return listed


def one(answer: pa.Table) -> object:
    (row,) = rows(answer)
    (value,) = row.values()
    return value


@pytest.mark.parametrize("name", names(lambda table: not is_kind(table)))
def test_every_table_answers(session: Session, name: str) -> None:
    assert len(session.query(f"select * from {name}")) == one(session.query(f"select count(*) from {name}"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.snake())
def test_every_kind_answers_with_its_fields_and_earlier_causes(session: Session, kind: type) -> None:
    name = next(name for name, known in KIND_BY_NAME.items() if known is kind)
    answer = session.query(f"from {name}")
    assert answer.column_names == [column.name for column in kind_columns(KIND_BY_NAME[name])]
    assert all(row["cause"] is None or row["cause"] < row["seq"] for row in rows(answer))  # type: ignore[operator]
    assert len(answer) == one(session.query(f"select count(*) from events where kind = '{name}'"))


def test_events_are_counted_by_kind(run: Run, session: Session) -> None:
    counted = rows(session.query("select kind, count(*) as n from events group by kind order by 2 desc"))
    assert sum(int(str(row["n"])) for row in counted) == run.head.seq
    assert {"kind": "tick_ended", "n": TICKS} in counted


def test_events_are_the_log(run: Run, session: Session) -> None:
    answer = session.query("select * from events order by seq")
    assert answer.column_names == [column.name for column in event_columns()]
    log = run.log.table()
    assert answer.column("seq").to_pylist() == log.column("seq").to_pylist()
    agents = [None if agent == -1 else agent for agent in log.column("agent").to_pylist()]
    assert answer.column("agent_id").to_pylist() == agents
    assert not any(value != value for value in answer.column("value").to_pylist() if value is not None)


def test_names_are_those_of_persons_and_places(session: Session) -> None:
    assert rows(session.query("from persons"))[:2] == [
        {"id": 0, "name": "alice", "arrived": 0, "left": None},
        {"id": 1, "name": "bob", "arrived": 0, "left": None},
    ]
    strangers = "select count(*) from events e left join persons p on p.id = e.agent_id where p.name <> e.agent"
    elsewhere = "select count(*) from events e left join places p on p.id = e.object_id where p.name <> e.object"
    assert one(session.query(strangers)) == one(session.query(elsewhere)) == 0
    homes = "select count(*) from agent_arrived a join agents b on a.agent = b.name and a.home = b.bed"
    assert one(session.query(homes)) == 8


def test_an_earlier_tick_knows_nothing_of_what_comes(run: Run) -> None:
    with contextlib.closing(Session(run, NOON)) as noon:
        assert one(noon.query("select max(tick) from events")) == NOON - 1
        assert one(noon.query("select count(*) from tick_ended")) == NOON
        assert noon.query("from ties") == run.at(NOON).table("ties")
        assert one(noon.query("select max(tick) < 720 from tie_changes")) is True
    with contextlib.closing(Session(run, 0)) as before:
        assert one(before.query("select count(*) from events")) == 0
        assert len(before.query("from agents")) == len(before.query("from persons")) == 0
        assert len(before.query("from tie_changes")) == 0


def test_a_tick_that_was_not_reached_is_refused(run: Run) -> None:
    with pytest.raises(TickOutOfRange):
        Session(run, TICKS + 1)


def test_tie_changes_add_up_to_the_ties(session: Session) -> None:
    last = """select owner, other, arg_max(after_trust, (seq, change <> 'decayed')) as trust
              from tie_changes group by all having arg_max(change, (seq, change <> 'decayed')) <> 'removed'"""
    assert one(session.query(f"select count(*) from ties t join ({last}) c using (owner, other, trust)")) == one(
        session.query("select count(*) from ties")
    )


def test_tie_changes_are_kept_beside_the_log(run: Run, session: Session) -> None:
    told = session.query("from tie_changes")
    kept = sorted((run.path / "derived").glob("tie_changes/*/*/tie_changes.arrow"))
    assert kept
    with contextlib.closing(Session(run)) as again:
        assert again.query("from tie_changes") == told
    for file in kept:
        file.write_bytes(b"torn")
    with contextlib.closing(Session(run)) as again:
        assert again.query("from tie_changes") == told


@pytest.mark.parametrize(
    "query",
    [
        "select kind from (select * from events) where tick < 5",
        "with early as (from events where tick < 5) select e from early e",
        "select e from events e limit 3",
        "select t.row from agent_moved t natural join agent_moved",
        "select e.x from events as e(x, y) limit 3",
        "select columns('ti.*') from events limit 3",
        "select events.tick from EVENTS limit 3",
        "pivot (select kind, tick // 60 as hour from events) on hour using count(*)",
        "unpivot (select seq, tick, cause from events) on tick, cause",
        "summarize ties",
        "describe events",
        "explain select count(*) from events",
        "select agent, sum(size) from ties, events where owner = agent group by agent",
        "select max(quality) from chat_succeeded where agent in (select name from agents)",
    ],
)
def test_a_query_may_name_columns_in_any_way(session: Session, query: str) -> None:
    assert session.query(query).num_columns > 0


def test_only_what_a_query_names_is_read(session: Session) -> None:
    def named(query: str) -> QueryNeeds:
        return query_needs(read(query).tree, TABLES, TIMED_TABLES)

    early = named("select kind, count(*) from Events e where tick > 5 group by all")
    assert early.tables == ("events",) and early.columns is not None
    assert {"kind", "tick"} <= early.columns and "agent" not in early.columns
    assert named("select count(*), agents.* from agents").columns is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select * from tiez", "there is no table tiez; did you mean ties"),
        ("select * from chat_succeded", "did you mean chat_succeeded"),
        ("select qualty from chat_succeeded", "chat_succeeded has seq, tick, agent, agent_id, listener"),
        ("select nam from agents", "agents has id, name, seat"),
        ("selec 1", "Parser Error"),
        ("select 1; select 2", "one query at a time"),
        ("", "one query at a time"),
        ("create table x as select 1", "a run is only read"),
        ("drop view events", "a run is only read"),
        ("copy (select 1) to 'x.csv'", "a run is only read"),
        ("set threads = 1", "a run is only read"),
        ("attach 'x.db'", "a run is only read"),
        ("select * from read_csv('pyproject.toml')", "read_csv cannot be read from"),
        ("select * from 'pyproject.toml'", "no table"),
        ("select * from session", "no table session"),
        ("select cast('a' as int)", "Conversion Error"),
    ],
)
def test_what_cannot_be_answered_is_said(session: Session, query: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        session.query(query)


def test_show_tables_lists_everything(session: Session) -> None:
    listed = session.query("show tables;")
    assert listed.column("table").to_pylist() == list(TABLES) and set(KIND_BY_NAME) < set(TABLES)
    assert all(listed.column("meaning").to_pylist())


def test_sessions_know_nothing_of_each_other(run: Run, session: Session) -> None:
    counted = "select count(*), count(agent), max(tick) from events"
    now = session.query(counted)
    with contextlib.closing(Session(run, NOON)) as noon, contextlib.closing(Session(run, 0)) as before:
        then = noon.query(counted)
        assert one(before.query("select count(*) from agents")) == 0
        assert session.query(counted) == now != then == noon.query(counted)
        assert one(session.query("select count(*) from agents")) == len(noon.query("from agents")) == 8
        for variable in ("persons", "places"):
            assert one(before.query(f"select getvariable('{variable}') is null"))
    assert session.query(counted) == now


def test_a_run_answers(run: Run) -> None:
    answer = run.sql("select agent, listener, quality from chat_succeeded where quality > 0.5", at=NOON)
    assert answer.column_names == ["agent", "listener", "quality"]
    assert all(quality > 0.5 for quality in answer.column("quality").to_pylist())


class TestFormats:
    ODD = pa.table(
        {
            "name": ["zoë", "a\nb", None],
            "share": pa.array([0.1, float("nan"), 12.0], pa.float32()),
            "size": pa.array([1.0, float("inf"), 0.00001]),
            "list": [[1.5, None], [], None],
        }
    )

    def test_table(self) -> None:
        text = formats.as_table(self.ODD, rows=2, width=200)
        head, rule, first, *_ = text.splitlines()
        assert head.split() == ["name", "share", "size", "list"] and set(rule) <= {"─", " "}
        assert first.split() == ["zoë", "0.1", "1.0", "[1.5,", "null]"]
        assert text.endswith("… 1 more of 3 rows\n")
        assert "nan" not in text and "None" not in text

    def test_a_narrow_terminal_names_the_columns_it_leaves_out(self) -> None:
        text = formats.as_table(self.ODD, width=14)
        assert all(len(line) <= 14 for line in text.splitlines()[:-1])
        assert text.endswith("… more columns: size, list\n")

    def test_an_explanation_stays_a_drawing(self, session: Session) -> None:
        assert "PYTHON_ARROW_SCAN" in formats.as_table(session.query("explain select tick from events")).replace(
            "…", ""
        )

    def test_json(self) -> None:
        told = json.loads(formats.as_json(self.ODD))
        assert told[0] == {"name": "zoë", "share": 0.1, "size": 1.0, "list": [1.5, None]}
        assert told[1] == {"name": "a\nb", "share": None, "size": None, "list": []}
        assert json.loads(formats.as_json(self.ODD.slice(0, 0))) == []

    def test_csv(self) -> None:
        assert formats.as_csv(self.ODD) == (
            'name,share,size,list\nzoë,0.1,1.0,"[1.5, null]"\n"a\nb",,,[]\n,12.0,1e-05,\n'
        )

    def test_arrow(self) -> None:
        read = pa.ipc.open_stream(formats.as_arrow(self.ODD)).read_all()
        assert read.schema == self.ODD.schema and str(read) == str(self.ODD)
