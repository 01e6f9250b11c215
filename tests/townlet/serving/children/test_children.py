"""SQL of strangers: every known escape is refused by a child, and every hostile query ends at its deadline."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import townlet
from tests.field.test_sql import HIDDEN, READS_ELSEWHERE, SETTINGS, WRITES, lines
from tests.townlet.serving.served import is_alive
from tests.townlet.towns import KITCHEN
from townlet.errors import QueryError, ServingError
from townlet.serving.children import pool
from townlet.serving.children.asked import MIB, Asked, ChildLimits
from townlet.serving.children.pool import Answer, Children

DEADLINE_S = 0.4
LATE_S = 0.2
SLACK_S = 0.5
"""The machine of a test is shared: so much later a process may be waked."""

HOSTILE = {
    "a range": "select * from range(200000000) order by range desc",
    "a result": "select sum(a.range * b.range) from range(200000000) a, range(200000000) b",
    "repeat": "select repeat('x', 500000000)",
    "lpad": "select lpad('x', 2000000000, 'y')",
    "list_sort": "select list_sort(range(100000000))",
    "list_reduce": "select list_reduce(range(30000000), lambda x, y: x + y)",
    "levenshtein": "select sum(levenshtein(a.s, b.s)) from (select repeat('ab', 20) || range as s from range(60000)) a,"
    " (select repeat('ba', 20) || range as s from range(60000)) b",
    "brackets": f"select {'(' * 200_000}1{')' * 200_000}",
    "brackets that fit": f"select {'(' * 40_000}1{')' * 40_000}",
}
"""The nine of the research, and what a text that is short enough could do to the parser."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return townlet.simulate(KITCHEN, ticks=300, seed=7, into=tmp_path_factory.mktemp("children") / "town").path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of the children, with files that a query might read or write."""
    folder = tmp_path_factory.mktemp("around")
    (folder / ".tmp").mkdir()
    for name in ("a.csv", ".tmp/a.csv"):
        (folder / name).write_text("a,b\n1,2\n")
    return folder


@pytest.fixture(scope="module")
def children(run: Path, folder: Path) -> Iterator[Children]:
    before = Path.cwd()
    os.chdir(folder)
    children = Children(run, ChildLimits(rows_most=1000, bytes_most=MIB), count=2)
    try:
        assert children.wait(), "no child has begun"
        yield children
    finally:
        os.chdir(before)
        children.close()


@pytest.fixture(scope="module")
def hurried(run: Path) -> Iterator[Children]:
    """Children whose queries have little time."""
    children = Children(run, ChildLimits(time_s=DEADLINE_S), count=2)
    yield children
    children.close()


def asked(children: Children, query: str, client: str = "one", **more: int) -> Answer:
    assert children.wait()
    return children.ask(Asked(client=client, query=query, **more))  # type: ignore[arg-type]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("text", lines(WRITES + READS_ELSEWHERE + SETTINGS + HIDDEN))
def test_an_escape_is_refused_and_leaves_nothing(children: Children, folder: Path, text: str) -> None:
    before = files(folder)
    with pytest.raises(QueryError) as refused:
        asked(children, text)
    assert "Permission Error" not in str(refused.value), "it came as far as the file system"
    assert str(folder) not in str(refused.value)
    assert files(folder) == before


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_ends_at_its_deadline(hurried: Children, name: str) -> None:
    assert hurried.wait()
    began_s = time.monotonic()
    with pytest.raises(QueryError, match=r"was ended after 0.4 s|more than the 1,024 MiB|brackets|bytes, more than"):
        hurried.ask(Asked(client="one", query=HOSTILE[name]))
    assert time.monotonic() - began_s < DEADLINE_S + LATE_S + SLACK_S


def test_after_hostile_queries_others_are_answered(hurried: Children) -> None:
    assert asked(hurried, "select 1 as one").table.to_pylist() == [{"one": 1}]


def test_an_answer_is_that_of_the_run(children: Children, run: Path) -> None:
    query = "select kind, count(*) as events from events group by kind order by kind"
    answer = asked(children, query)
    assert answer.table.equals(townlet.open(run).sql(query)) and answer.tick == 300 and not answer.cut
    earlier = asked(children, query, at_tick=100)
    assert earlier.table.equals(townlet.open(run).sql(query, at=100)) and earlier.tick == 100
    with pytest.raises(QueryError, match="there is no tick 301: the run goes from 0 to 300"):
        asked(children, query, at_tick=301)


def test_rows_and_bytes_of_an_answer_are_bounded_and_that_is_said(children: Children) -> None:
    many = asked(children, "from range(1000000000)")
    assert many.cut and many.table.column(0).to_pylist() == list(range(1000))
    large = asked(children, "select repeat('x', 100000) as text from range(100)")
    assert large.cut and 0 < large.table.nbytes <= MIB
    whole = asked(children, "from range(1000)")
    assert not whole.cut and len(whole.table) == 1000


def test_the_columns_of_an_answer_come_without_it(children: Children) -> None:
    answer = asked(children, "select range as n, 'x' as s from range(1000000000) order by n", columns_only=1)
    assert answer.table.schema.names == ["n", "s"] and not len(answer.table)


def test_no_client_sees_what_another_made(children: Children) -> None:
    for client in ("one", "two"):
        with pytest.raises(QueryError, match="a run is only read"):
            asked(children, "create temp macro abs(x) as 42", client)
        assert asked(children, "select abs(-5) as five", client).table.to_pylist() == [{"five": 5}]


def test_a_child_that_has_died_is_replaced_and_another_answers(children: Children) -> None:
    assert children.wait()
    before = set(children.pids())
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until_s = time.monotonic() + 5
    while any(map(is_alive, before)):
        assert time.monotonic() < until_s
    assert asked(children, "select 1 as one").table.to_pylist() == [{"one": 1}]
    assert not before & set(children.pids())


def test_where_all_are_busy_that_is_said_and_no_child_outlives_the_pool(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "FIRST_S", 0.1)
    children = Children(run, ChildLimits(time_s=0.2), count=0)
    with pytest.raises(ServingError, match="busy"):
        children.ask(Asked(client="one", query="select 1"))
    one = Children(run, ChildLimits(time_s=0.2), count=1)
    assert one.wait()
    pids = one.pids()
    one.close()
    assert pids and not any(map(is_alive, pids))
