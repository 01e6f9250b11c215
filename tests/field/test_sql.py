"""SQL that does more than read is refused, wherever it stands; what only reads is answered (rows B1 to B5).

Each text of WRITES, READS_ELSEWHERE, SETTINGS and HIDDEN was tried on DuckDB 2.0, with a file `a.csv` and a spill
folder `.tmp` in the working directory.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import townlet
from townlet.asking import database, door
from townlet.asking.database import Limits
from townlet.asking.door import Tables, answer
from townlet.asking.permitted import BRACKETS_MOST, TABLE_FUNCTIONS, TEXT_BYTES_MOST, Reading, read
from townlet.asking.query_words import with_no_values, words_of
from townlet.asking.sql import Session
from townlet.errors import QueryError
from townlet.run import Run

ROOT = Path(__file__).parents[2]
TICKS = 300

WRITES = r"""
copy (select 42) to 'x.csv'
with t as (copy (select 42) to 'x.csv') select 1
with t as (copy (select 42) to '.tmp/x') select 1
explain analyze copy (select 42) to '.tmp/x'
explain (analyze) copy (select 42) to '.tmp/x'
explain /* ( */ analyze copy (select 42) to '.tmp/x'
select * from (with t as (copy (select 42) to '.tmp/x') select 1)
select (with t as (copy (select 42) to '.tmp/x') select 1)
from agents where exists (with t as (copy (select 1) to '.tmp/x') from t)
from agents, lateral (with t as (copy (select 1) to '.tmp/x') select 1)
with a as (with b as (copy (select 1) to '.tmp/x') select 1) from a
pivot (with t as (copy (select 42) to '.tmp/x') from agents) on name using count(*)
with t as (copy (select 42) to '.tmp/x') pivot agents on name
explain analyze with t as (copy (select 42) to '.tmp/x') select 1
attach 'x.db'
attach ':memory:' as y
explain analyze create or replace macro abs(x) as 42
create macro abs(x) as 42
create temp macro abs(x) as 42
explain analyze create table q as select 1
with t as (insert into agents select * from agents returning 1) select 1
with t as (delete from agents returning 1) select 1
with t as (update agents set name = 'x' returning 1) select 1
merge into agents using agents b on true when matched then delete
drop table agents
truncate agents
create sequence s
export database 'x'
select * from query('copy (select 1) to ''x.csv''')
select write_log('x')
select 'x'.write_log()
checkpoint
from checkpoint()
from force_checkpoint()
from enable_logging()
"""

READS_ELSEWHERE = r"""
select * from read_csv('a.csv')
from 'a.csv'
from "a.csv"
select * from read_text('a.csv')
select * from read_text('.tmp/*')
select * from read_blob('.tmp/*')
select * from glob('*')
select * from sniff_csv('a.csv')
select * from read_parquet('http://localhost:1/a.parquet')
select * from 's3://bucket/x.parquet'
select * from parquet_metadata('a.parquet')
summarize 'a.csv'
describe 'a.csv'
select * from (describe 'a.csv')
pivot (from 'a.csv') on a using count(*)
pivot agents on (select a from 'a.csv') using count(*)
explain pivot (from 'a.csv') on a using count(*)
select 1 limit (select count(*) from 'a.csv')
select 1 where 1 in (from 'a.csv')
with "a.csv" as (select 1) from "a.csv"
select * from outside
select * from run
select * from arrow_scan(1, 1, 1)
select * from arrow_scan_dumb(1, 1, 1)
select * from pandas_scan(1)
from python_map_function(1)
from query_table('agents')
from seq_scan('agents')
select * from json_execute_serialized_sql(json_serialize_sql('select 1'))
select json_serialize_plan('from ''a.csv''')
from histogram('a.csv', 'a')
from _log
from temp.main._log
from _listed_tables
"""

SETTINGS = r"""
set enable_external_access = true
reset lock_configuration
pragma memory_limit = '1GB'
pragma version
explain analyze set threads = 1
set variable persons = []
install httpfs
load httpfs
call quack_serve('x')
explain analyze call checkpoint()
prepare p as select 1
execute p
begin
commit
rollback
use memory
vacuum
select 1; select 2
select 1; copy (select 1) to 'x.csv'
select getenv('HOME')
select current_setting('temp_directory')
select system.main.current_setting('temp_directory')
select "Current_Setting"('temp_directory')
select list_transform(['temp_directory'], lambda x: current_setting(x))
select [current_setting(x) for x in ['temp_directory']]
select sum(1) over (order by current_setting('temp_directory'))
select columns(lambda x: current_setting(x) = '') from agents
select * replace (current_setting('temp_directory') as name) from agents
select * from duckdb_settings()
from duckdb_functions(), duckdb_settings()
from duckdb_databases
from main.duckdb_databases
from "system".main.duckdb_databases
from pragma_database_list
from sqlite_master
from pg_settings
from pg_catalog.pg_settings
from duckdb_logs
from duckdb_secrets()
from duckdb_temporary_files()
from pragma_database_size()
from pragma_table_info('agents')
from which_secret('s3://a', 's3')
show databases
show variables
from (show databases)
select nextval('s')
select sleep_ms(100)
select pg_sleep(1)
"""

HIDDEN = r"""
with duckdb_databases as (select 1) from duckdb_databases
select * from (with duckdb_databases as (select 1) select 1) join duckdb_databases on true
with recursive duckdb_databases as (from duckdb_databases union all from duckdb_databases) from duckdb_databases
select sum(1) export_state
select __internal_compress_string_ubigint('longer than that')
select ?
select $secret
select list_aggregate([1], 'write_log')
from information_schema."a.csv"
pivot agents on name in (select a from read_csv('a.csv'))
pivot agents on columns(lambda c: current_setting(c) = '')
explain select 1; copy (select 1) to 'x.csv'
show tables; copy (select 1) to 'x.csv'
pivot agents on name; copy (select 1) to 'x.csv'
create type t as enum (select name from agents)
from repeat((from 'a.csv'), 2)
"""

ANSWERED = r"""
select 1 as x -- a comment ( ( (
/* ( */ select 1;
select '((((((' || $$ ) ( $$
from agents select name limit 2
with a as (from agents), b as (from a) select count(*) from b
with recursive a(n) as (select 1 union all select n + 1 from a where n < 5) from a
with "my table" as (select 1) from "my table"
with tables as (select 1), columns as (select 2) from tables, columns
select * from range(3), generate_series(1, 2), unnest([1, 2])
pivot (select kind, tick // 60 as hour from events) on hour using count(*)
pivot events on kind, agent using count(*) group by tick order by tick limit 2
from (pivot events on kind)
with x as (pivot agents on name using count(*)) from x
pivot agents on name in ('alice', 'bob') using sum(hunger)
pivot agents on name || 'x' using sum(hunger) as s, max(hunger) as m
select * from agents pivot (count(*) for name in ('alice', 'bob'))
unpivot agents on columns('hunger|wallet') into name need value x
summarize agents
describe select 1 as a
from (describe agents)
explain analyze select count(*) from events
explain analyze pivot events on kind
explain (analyze, format json) select 1
values (1, 2)
table agents
(select 1) union (select 2)
select 1 union all by name select 2 as b
from information_schema.tables select count(*)
from temp.main.places
explain select * from information_schema.tables
pivot information_schema.columns on table_name using count(*)
from pg_catalog.pg_class
select version(), current_date, now(), random(), uuid()
from duckdb_functions() select count(*)
select list_transform([1], lambda x: x + 1), [x for x in [1, 2] if x > 1]
select distinct on (name) name from agents order by name desc nulls last limit 1 offset 1
select name, rank() over (partition by home order by hunger) from agents qualify rank() over (order by name) < 3
from agents using sample 2
from agents select * exclude (name) replace (1 as hunger)
from agents a semi join ties t on a.name = t.owner
from events asof join agent_moved using (tick)
from json_each('{"a":1}')
select timestamp '2020-01-01' at time zone 'UTC', 'x' collate nocase = 'X', try(1 // 0)
"""


def lines(texts: str) -> list[str]:
    return texts.strip().splitlines()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    into: Path = tmp_path_factory.mktemp("door") / "town"
    return townlet.simulate({}, ticks=TICKS, seed=7, into=into)


@pytest.fixture(scope="module")
def session(run: Run) -> Iterator[Session]:
    with contextlib.closing(Session(run)) as session:
        yield session


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with files that a query might read."""
    (tmp_path / ".tmp").mkdir()
    for name in ("a.csv", ".tmp/a.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inside(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("text", lines(WRITES + READS_ELSEWHERE + SETTINGS + HIDDEN))
def test_b1_b3_b4_what_does_more_than_read_is_refused(session: Session, folder: Path, text: str) -> None:
    outside = pa.table({"secret": [1]})
    before = inside(folder)
    with pytest.raises(QueryError) as refused:
        session.query(text)
    assert "Permission Error" not in str(refused.value), "it came as far as the file system"
    assert inside(folder) == before and len(outside) == 1


@pytest.mark.parametrize("text", lines(WRITES))
def test_b1_b3_what_the_check_of_the_text_missed_is_stopped_all_the_same(
    folder: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction is read-only, and there are no files."""
    monkeypatch.setattr(door, "read", lambda text: Reading(text, {}, whole=True))
    before, tables = inside(folder), Tables({"agents": pa.table({"name": ["alice"]})}, [])
    with contextlib.suppress(duckdb.Error):
        answer(text, tables)
    assert inside(folder) == before
    monkeypatch.undo()
    assert answer("select abs(-5) as five, count(*) as rows from agents", tables).to_pylist() == [
        {"five": 5, "rows": 1}
    ]


@pytest.mark.parametrize("text", lines(ANSWERED))
def test_b1_what_only_reads_is_answered(session: Session, text: str) -> None:
    assert session.query(text).num_columns > 0


def test_b1_the_refusal_says_that_a_run_is_only_read_and_what_is_allowed(session: Session) -> None:
    for text, word in (
        ("with t as (copy (select 42) to 'x') select 1", "copy"),
        ("create table x as select 1", "create"),
    ):
        with pytest.raises(
            QueryError, match=rf"a run is only read: {word} cannot be done. Allowed are select, .*pivot"
        ):
            session.query(text)
    with pytest.raises(QueryError, match=r"read_csv cannot be read from: .* There are .* range, "):
        session.query("from read_csv('a.csv')")


def test_b2_sessions_share_nothing(run: Run) -> None:
    with contextlib.closing(Session(run)) as one, contextlib.closing(Session(run)) as another:
        for text in ("create or replace macro abs(x) as 42", "create or replace temp macro abs(x) as 42"):
            for said in (text, f"explain analyze {text}"):
                with pytest.raises(QueryError, match=r"a run is only read|Parser Error"):
                    one.query(said)
        assert [each.query("select abs(-5) as x").to_pylist() for each in (one, another)] == [[{"x": 5}]] * 2


def test_b4_a_text_that_is_too_long_or_too_deep_is_not_read(session: Session) -> None:
    begun = time.monotonic()
    for text, words in (
        (f"select '{'x' * TEXT_BYTES_MOST}'", "more than the 100,000"),
        ("select " + "(" * 50_000, "brackets in each other"),
        ("select " + "[" * (BRACKETS_MOST + 1) + "]" * (BRACKETS_MOST + 1), "brackets in each other"),
        ("from range(1)" + ", range(1)" * 3000, "nested too deeply"),
        ("select not " + "not " * 20_000 + "true", "Max expression depth"),
        ("select '\0'", "NUL"),
        ("select '\udcff'", "UTF-8"),
    ):
        with pytest.raises(QueryError, match=words):
            session.query(text)
    assert time.monotonic() - begun < 30
    assert session.query(f"select '{'(' * 5000}' as x").num_rows == 1


def test_b4_limits_end_a_query() -> None:
    nothing = Tables({}, [])
    brief, small = Limits(threads=1, time_ms=200), Limits(memory_bytes=100_000_000, threads=1)
    with pytest.raises(duckdb.InterruptException, match="time"):
        answer("select sum(a.range * b.range) from range(1000000) a, range(1000000) b", nothing, brief)
    with pytest.raises(duckdb.OutOfMemoryException):
        answer("select list(range) from range(30000000)", nothing, small)
    assert answer("select 1 as x", nothing, small).to_pylist() == [{"x": 1}]
    database.database.cache_clear()


def test_b2_after_a_fault_of_duckdb_the_next_query_has_another_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> pa.Table:
        raise duckdb.FatalException("FATAL Error: the database has been invalidated")

    nothing = Tables({}, [])
    with monkeypatch.context() as patch, pytest.raises(duckdb.FatalException):
        patch.setattr(door, "_answer", broken)
        answer("select 1 as x", nothing)
    assert database.database.cache_info().currsize == 0
    assert answer("select 1 as x", nothing).to_pylist() == [{"x": 1}]


def test_a_running_query_is_ended_from_another_thread(session: Session) -> None:
    threading.Timer(0.3, session.interrupt).start()
    with pytest.raises(QueryError, match=r"(?i)interrupt"):
        session.query("select sum(a.range * b.range) from range(10000000) a, range(10000000) b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pivot t on a", "pivot t on (a) in (null) ;"),
        ("pivot t on a, b using sum(c)", "pivot t on (a) in (null) , (b ) in (null) using sum(c);"),
        ("from (pivot t on a in (1))", "from (pivot t on a in (1));"),
        ("from (pivot (pivot t on a) on b)", "from (pivot (pivot t on (a) in (null) ) on (b) in (null) );"),
        ("pivot (from a join b on x) on y -- z", "pivot (from a join b on x) on (y  ) in (null) ;"),
    ],
)
def test_a_pivot_without_its_values(text: str, said: str) -> None:
    assert with_no_values(words_of(text)) == said


def test_a_reading_of_explain_is_of_what_it_explains() -> None:
    reading = read("explain analyze from ties")
    assert not reading.whole and "ties" in str(reading.tree)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("from tiez", "did you mean ties"),
        ("with early as (from ties) from erly", "did you mean early"),
        ("select hungr from agents", '"hunger"'),
        ("select sume(hunger) from agents", 'Did you mean "sum"'),
        ("from rang(3)", "did you mean range"),
        ("from main.agentz", "did you mean agents"),
    ],
)
def test_a_wrong_name_says_the_nearest(session: Session, text: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        session.query(text)


def test_b5_every_table_and_column_is_described(session: Session) -> None:
    described = session.query("describe agents")
    assert described.column_names == ["column_name", "column_type", "null", "key", "default", "extra", "meaning"]
    columns = session.query("select column_name, meaning from information_schema.columns where table_name = 'agents'")
    assert columns.column("column_name").to_pylist() == described.column("column_name").to_pylist()
    assert all(columns.column("meaning").to_pylist())


def test_the_document_says_what_is_allowed() -> None:
    said = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8").partition("## Tables of a run")[0]
    words = [*TABLE_FUNCTIONS, "select", "from", "with", "values", "union", "pivot", "unpivot", "summarize", "explain"]
    assert [word for word in words if f"`{word}`" not in said] == []
    assert f"{TEXT_BYTES_MOST:,} bytes" in said and f"at most {BRACKETS_MOST} deep" in said


def test_a_query_that_ends_while_it_is_stopped_is_no_fault(session: Session) -> None:
    with duckdb.connect() as connection:
        session._running = connection
    session.interrupt()
    session._running = None
    assert session.query("select 1 as one").to_pylist() == [{"one": 1}]
