"""SQL over many runs at once, over all tiers of a log, and over a stretch of its ticks."""

import contextlib
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import townlet
from eventlog.archiving import archive
from eventlog.errors import EventLogError, LogDamaged, RunNotFound
from eventlog.folder.manifest import read_manifest, read_settings
from eventlog.rows import Rows
from eventlog.writer import LogWriter
from tests.halves import every_second_is_slow
from townlet.asking.many_runs import names_of, runs_by_name
from townlet.asking.permitted import read
from townlet.asking.query_reading import EVERY_TICK, Window, query_needs
from townlet.asking.sql import RUNS_MOST, Session, query
from townlet.asking.tables import TABLES, TIMED_TABLES
from townlet.errors import QueryError, TickOutOfRange
from townlet.run import Run

TICKS, CUT, SHORT = 900, 700, 400
SEGMENT_EVENTS = 1000
RUNS = ("a", "b", "c", "kitchen", "tiers")
ELSEWHERE = {"people_names": ["zoë", "o'brien", "wu", "ines", "ada", "kofi", "lin", "per", "sol"]}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that differ in tiers, names, map and length; `b` and `c` are forks of `a`, `b` with other names."""
    runs = tmp_path_factory.mktemp("over") / "runs"
    a = townlet.simulate({}, ticks=TICKS, seed=7, into=runs / "a")
    a.fork(runs / "b", at=0, overrides=ELSEWHERE, ticks=TICKS)
    a.fork(runs / "c", at=SHORT, seed=8, ticks=TICKS - SHORT)
    townlet.simulate("kitchen_breakfast", ticks=SHORT, seed=3, into=runs / "kitchen")
    in_tiers(a, runs / "tiers")
    (runs / "notes").mkdir()
    (runs / "notes" / "read_me.txt").write_text("no run")
    return runs


@pytest.fixture(scope="module")
def runs(lived: Path) -> dict[str, Run]:
    return {name: Run(lived / name) for name in RUNS}


@pytest.fixture(scope="module")
def session(runs: dict[str, Run]) -> Iterator[Session]:
    with contextlib.closing(Session(runs)) as session:
        yield session


@pytest.fixture(scope="module")
def singles(runs: dict[str, Run]) -> Iterator[dict[str, Session]]:
    """Each of them asked by itself."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(contextlib.closing(Session(run))) for name, run in runs.items()}


def in_tiers(run: Run, into: Path) -> None:
    """The same history in another folder: some of it cold, some sealed, the rest active and its writer gone."""
    rows = np.concatenate(list(run.log.rows()))
    commits = np.split(rows, np.searchsorted(rows["tick"], range(50, TICKS, 50)))
    texts = {epoch.config_id: read_settings(run.path, epoch.config_id) for epoch in run.epochs}
    with LogWriter.create(
        into,
        run_id="tiers",
        name="tiers",
        epochs=run.epochs,
        versions={},
        settings=texts,
        segment_events=SEGMENT_EVENTS,
    ) as writer:
        commit(writer, commits[: len(commits) // 2])
    archive(into)
    with LogWriter.open(into, segment_events=SEGMENT_EVENTS) as writer:
        commit(writer, commits[len(commits) // 2 :])


def commit(writer: LogWriter, commits: list[Rows]) -> None:
    for rows in commits:
        writer.commit(rows, expected_seq=int(rows["seq"][0]))


def same(found: pa.Table, wanted: pa.Table) -> bool:
    """Whether two answers hold the same rows under the same names, in whatever order."""
    rows = [sorted(map(repr, table.to_pylist())) for table in (found, wanted)]
    return found.column_names == wanted.column_names and rows[0] == rows[1]


def alone(run: Run, text: str, at: int | None = None, from_tick: int | None = None) -> pa.Table:
    return run.sql(text, at=at, from_tick=from_tick)


def test_a_log_of_every_tier_answers_as_it_did(runs: dict[str, Run]) -> None:
    tiers = {Path(segment.file).suffix for segment in read_manifest(runs["tiers"].path).segments}
    assert tiers == {".parquet", ".arrow", ".arrows"}
    for text in ("from events", "from tie_changes", "from agents", "from ties", "from persons", "from society"):
        assert same(alone(runs["tiers"], text), alone(runs["a"], text))


@pytest.mark.parametrize("name", every_second_is_slow(TABLES))
def test_every_table_is_that_of_each_run(session: Session, singles: dict[str, Session], name: str) -> None:
    together = session.query(f"from {name}")
    assert together.column_names[0] == "run"
    rows = [single.query(f"select '{run}' as run, * from {name}").to_pylist() for run, single in singles.items()]
    assert sorted(map(repr, together.to_pylist())) == sorted(map(repr, itertools.chain(*rows)))


def test_codes_are_named_by_the_settings_of_their_own_run(runs: dict[str, Run], session: Session) -> None:
    assert runs["b"].config.people_names[:2] == ("zoë", "o'brien")
    named = session.query("select run, agent from agent_arrived where agent_id = 1 order by run").to_pylist()
    first = runs["kitchen"].config.people_names[1]
    assert [row["agent"] for row in named] == ["bob", "o'brien", "bob", first, "bob"]
    used = session.query("select distinct run, object_id, object from events where object_id is not null").to_pylist()
    places = {name: run.sql("from places order by id")["name"].to_pylist() for name, run in runs.items()}
    assert {row["run"] for row in used} == set(runs)
    assert [row["object"] for row in used] == [places[row["run"]][row["object_id"]] for row in used]
    assert any(places["a"][row["object_id"]] != row["object"] for row in used if row["run"] == "kitchen")
    nobody = session.query("select count(*) as n from events where agent_id is null and agent is not null")
    assert nobody.to_pylist() == [{"n": 0}]


def test_runs_are_joined(session: Session) -> None:
    shared = session.query(
        f"select count(*) as n from events a join events b using (seq) where a.run = 'a' and b.run = 'c' "
        f"and a.kind = b.kind and a.agent_id is not distinct from b.agent_id and a.tick < {SHORT}"
    )
    assert (
        shared.to_pylist()
        == session.query(f"select count(*) as n from events where run = 'a' and tick < {SHORT}").to_pylist()
    )


@pytest.mark.parametrize("at", [None, SHORT, 0])
def test_each_run_is_asked_as_of_the_tick(runs: dict[str, Run], at: int | None) -> None:
    columns = "max(tick) as last, count(*) as n"
    found = query(runs.values(), f"select run, {columns} from events group by run", at=at).to_pylist()
    wanted = {name: alone(run, f"select {columns} from events", at=at).to_pylist()[0] for name, run in runs.items()}
    assert {row.pop("run"): row for row in found} == {name: row for name, row in wanted.items() if row["n"]}


def test_a_run_that_has_not_come_so_far_is_named(runs: dict[str, Run]) -> None:
    for bounds in ({"at": SHORT + 1}, {"from_tick": SHORT + 1}):
        with pytest.raises(TickOutOfRange, match=r"kitchen has no tick 401: it runs from 0 to 400"):
            query(runs.values(), "select 1", **bounds)


def test_a_run_whose_settings_are_damaged_is_named(lived: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(lived / name, tmp_path / name)
    (settings,) = (tmp_path / "b" / "configs").iterdir()
    settings.write_text("{")
    with pytest.raises(EventLogError, match=rf"/b/configs/{settings.name} was changed"):
        query(str(tmp_path / "*"), "select run, count(*) from events group by run")
    settings.unlink()
    with pytest.raises(EventLogError, match=r"/b has no settings of its epoch"):
        query(str(tmp_path / "*"), "select run, count(*) from events group by run")


def test_a_damaged_run_is_named(lived: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copytree(lived / name, tmp_path / name)
    log = next((tmp_path / "b" / "log").glob("*.arrows"))
    content = bytearray(log.read_bytes())
    content[len(content) - 100] ^= 1
    log.write_bytes(content)
    with pytest.raises(LogDamaged, match=r"/b/log/.* is damaged at event"):
        query(str(tmp_path / "*"), "select run, count(*) from events group by run")
    (tmp_path / "b" / "log" / "head").unlink()
    with pytest.raises(LogDamaged, match=r"/b/log/head is damaged"):
        query(str(tmp_path / "*"), "select run, count(*) from events group by run")


class TestWhichRuns:
    def test_a_pattern_takes_what_is_a_run(self, lived: Path) -> None:
        assert list(runs_by_name(lived / "*")) == list(RUNS)
        assert list(runs_by_name(str(lived / "[ab]"))) == ["a", "b"]
        assert list(runs_by_name(str(lived / "a"))) == ["a"]
        assert list(runs_by_name([lived / "b", Run(lived / "a"), lived / "a" / ".." / "b"])) == ["b", "a"]

    def test_none_is_refused(self, lived: Path) -> None:
        with pytest.raises(QueryError, match=r"no folder that matches .*nothing-\* holds a run"):
            query(str(lived / "nothing-*"), "select 1")
        with pytest.raises(QueryError, match="there is no run to ask"):
            query([], "select 1")
        with pytest.raises(QueryError, match="65,537 runs are more than the 65,536"):
            Session(dict.fromkeys(map(str, range(RUNS_MOST + 1)), Run(lived / "a")))
        with pytest.raises(RunNotFound, match="notes holds no run"):
            query([lived / "a", lived / "notes"], "select 1")

    def test_folders_of_one_name_are_told_apart(self) -> None:
        places = [Path("/x/one/a"), Path("/x/two/a"), Path("/y/two/a"), Path("/x/two/b")]
        assert names_of(places) == ["one/a", "x/two/a", "y/two/a", "b"]

    def test_it_is_exported(self, lived: Path) -> None:
        answer = townlet.query(lived / "*", "select distinct run from events order by run")
        assert answer["run"].to_pylist() == list(RUNS)


class TestAStretchOfTicks:
    @pytest.mark.parametrize("bounds", [(0, TICKS), (300, 305), (SHORT, CUT), (TICKS - 1, TICKS), (50, 50)])
    @pytest.mark.parametrize("name", ["a", "tiers"])
    def test_what_happened_is_that_of_its_ticks(self, runs: dict[str, Run], name: str, bounds: tuple[int, int]) -> None:
        first, last = bounds
        for table in ("events", "agent_moved", "tie_changes"):
            found = alone(runs[name], f"from {table}", at=last, from_tick=first)
            assert same(found, alone(runs["a"], f"from {table} where tick >= {first}", at=last))
        for table in ("agents", "ties", "persons"):
            found = alone(runs[name], f"from {table}", at=last, from_tick=first)
            assert same(found, alone(runs["a"], f"from {table}", at=last))

    def test_of_many_runs(self, runs: dict[str, Run]) -> None:
        found = query(runs.values(), "from events", at=SHORT, from_tick=SHORT - 20)
        wanted = query(runs.values(), f"from events where tick between {SHORT - 20} and {SHORT - 1}", at=SHORT)
        assert same(found, wanted) and len(found) > 20 * len(RUNS)

    def test_that_is_none_is_refused(self, runs: dict[str, Run]) -> None:
        with pytest.raises(QueryError, match="nothing can lie from tick 300 on and before tick 200"):
            alone(runs["a"], "from events", at=200, from_tick=300)

    def test_what_lies_outside_is_not_opened(self, lived: Path, tmp_path: Path) -> None:
        run = Run(shutil.copytree(lived / "tiers", tmp_path / "tiers"))
        seal = read_manifest(run.path).segments[0].seal
        assert seal is not None
        begins = seal.last_tick + 1
        asked_alone = "select kind, count(*) as n from events where tick >= {0} group by kind order by kind"
        wanted = alone(run, asked_alone.format(begins))
        (run.path / "log" / read_manifest(run.path).segments[0].file).unlink()
        told = Run(run.path)
        assert alone(told, asked_alone.format(begins)) == wanted
        assert alone(told, asked_alone.format(0), from_tick=begins) == wanted
        with pytest.raises(LogDamaged, match="the file is missing"):
            alone(told, asked_alone.format(begins - 1))

    def test_a_session_that_holds_all_answers_from_it(self, runs: dict[str, Run]) -> None:
        narrow = "select count(*) as n from events where tick < 10"
        with contextlib.closing(Session(runs["a"])) as session:
            before = session.query(narrow)
            session.query("select count(*), max(tick) from events")
            assert session.query(narrow) == before
            wide = session.query("select agent, count(*) as n from events group by agent order by agent")
            session.query("select agent from events where tick < 1")
            assert session.query("select agent, count(*) as n from events group by agent order by agent") == wide


class TestTheTicksOfAQuery:
    @pytest.mark.parametrize(
        ("text", "window"),
        [
            ("from events where tick >= 10 and tick < 20", (10, 20)),
            ("from events where tick between 2 * 60 and 3 * 60 - 1", (120, 180)),
            ("select count(*) from chat_succeeded c where c.tick > 10 and 20 >= c.TICK and agent = 'bob'", (11, 21)),
            ("from events where 10 < tick and tick > 12 and tick <> 14 and (tick < 30 and tick <= 40)", (13, 30)),
            ("select * from (select kind from events where tick = 5) where kind = 'tick_ended'", (5, 6)),
            ("with e as (from events where tick < 9) select e.kind, a.name from e, agents a", (None, 9)),
            ("select * from events where -1 < tick", (0, None)),
            ("from events where tick < 10 or tick > 20", (None, None)),
            ("from events where not tick < 10", (None, None)),
            ("from events where tick + 1 < 10", (None, None)),
            ("from events where tick < 10.5", (None, None)),
            ("from events where tick < '10'", (None, None)),
            ("from events where tick < (select max(arrived) from agents)", (None, None)),
            ("from events where tick >= 5 and tick < (select max(arrived) from agents)", (5, None)),
            ("select * from events, agents where tick < 10", (None, None)),
            ("select * from events a join chat_succeeded b using (seq) where a.tick < 10", (None, None)),
            ("from events where tick < 10 union all from events", (None, None)),
            ("from events e(tick, seq) where tick < 10", (None, None)),
            ("select seq as tick from events where tick < 10", (None, None)),
            ("from events tablesample 5 rows where tick < 10", (None, None)),
            ("select * from (from events) where tick < 10", (None, None)),
            ("select count(*) filter (tick < 10) from events", (None, None)),
            ("select kind, max(tick) from events group by kind having max(tick) < 10", (None, None)),
            ("select * from events qualify tick < 10", (None, None)),
        ],
    )
    def test_are_read_where_they_are_plain(self, session: Session, text: str, window: tuple[int | None, ...]) -> None:
        found = query_needs(read(text).tree, TABLES, TIMED_TABLES)
        assert found.window == Window(*window)
        assert (found.window == EVERY_TICK) is (window == (None, None))

    @pytest.mark.parametrize(
        "where",
        [
            "tick >= 100 and tick < 103",
            "tick between 100 and 99",
            "-5 < tick and tick <= 2",
            "tick = 899",
            "tick > 5000",
        ],
    )
    def test_and_change_no_answer(self, runs: dict[str, Run], where: str) -> None:
        unread = alone(runs["tiers"], f"from events where tick + 0 > -1 and ({where} or false) order by seq")
        assert alone(runs["tiers"], f"from events where {where} order by seq") == unread

    def test_within_a_stretch_lie_in_it(self) -> None:
        assert Window(5, 10).within(7, 20) == (7, 10)
        assert Window(None, 3).within(7, 20) == (7, 7)
        assert Window(30, None).within(7, 20) == (20, 20)
        assert EVERY_TICK.within(7, 20) == (7, 20)
