"""Questions to a run in a thread beside the screen."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import townlet
from townlet.errors import ConfigurationError, QueryError
from tui.asking import Asker, Reading, Stopped

SOON_S = 20.0


@pytest.fixture
def asker(demo: Path) -> Iterator[Asker]:
    asked = Asker(str(demo))
    yield asked
    asked.close()


def quarrels(demo: Path) -> list[int]:
    return townlet.open(demo).sql("select seq from queue_conflict order by seq").column("seq").to_pylist()


def test_a_search_goes_on_from_where_one_is_and_around_the_end(asker: Asker, demo: Path) -> None:
    known = quarrels(demo)
    assert len(known) > 1
    found = [asker.find(None, 0, "quarrel").result(SOON_S)]
    while found[-1] is not None and not found[-1].around and len(found) <= len(known) + 1:
        found.append(asker.find(found[-1].line.seq, 0, "quarrel").result(SOON_S))
    assert [each.line.seq for each in found if each] == [*known, known[0]]
    back = asker.find(known[0], 0, "quarrel", -1).result(SOON_S)
    assert back is not None and back.around and back.line.seq == known[-1]


def test_a_step_from_a_tick_passes_the_event_that_one_stands_at(asker: Asker, demo: Path) -> None:
    log = townlet.open(demo).log
    for tick in (1, 300, 2000):
        last = log.seq_at(tick) - 1
        before, after = (asker.step(None, tick, "", way).result(SOON_S) for way in (-1, 1))
        assert before is not None and after is not None
        assert (before.seq, after.seq) == (last - 1, last + 1)


def test_words_are_counted_by_kind(asker: Asker, demo: Path) -> None:
    assert asker.counted("quarrel").result(SOON_S) == {"queue_conflict": len(quarrels(demo))}
    with pytest.raises(QueryError, match="quarrel"):
        asker.counted("quarel").result(SOON_S)


def test_what_an_event_did_to_ties_is_what_the_table_says(asker: Asker, demo: Path) -> None:
    seq = quarrels(demo)[0]
    caused = asker.caused(seq).result(SOON_S)
    assert caused.lines[0].seq == seq and caused.lines[1].seq == caused.lines[0].cause
    table = townlet.open(demo).sql(f"select * from tie_changes where seq = {seq} and change <> 'decayed'").to_pylist()
    for one, other in zip(caused.changes, table, strict=True):
        for side in ("before_rivalry", "after_rivalry", "after_familiarity", "owner", "other", "change"):
            assert one[side] == other[side]


def test_two_ticks_differ_by_what_happened_between(asker: Asker, demo: Path) -> None:
    run = townlet.open(demo)
    found = asker.since(260, 360).result(SOON_S)
    counted = run.sql("select kind, count(*) as n from events where tick >= 260 and tick < 360 group by kind")
    assert dict(found.events) == {row["kind"]: row["n"] for row in counted.to_pylist()}
    assert {person["name"] for person in found.people} == set(run.at(300).table("agents").column("name").to_pylist())
    assert {"erin", "grace"} in [{tie["owner"], tie["other"]} for tie in found.ties]


def test_only_so_many_rows_are_shown_and_all_are_counted(asker: Asker) -> None:
    rows = asker.sql("select seq from events order by seq", 2000).result(SOON_S)
    assert len(rows.rows) == 2000 < rows.total and rows.columns == ("seq",) and rows.rows[-1] == (1999,)
    with pytest.raises(QueryError, match="did you mean agents"):
        asker.sql("select * from agentz", 10).result(SOON_S)


def test_a_fork_that_cannot_be_is_told_before_it_is_made(asker: Asker) -> None:
    assert asker.livable(100, {"queues.ghost_after": "100"}).result(SOON_S)
    with pytest.raises(ConfigurationError, match="did you mean ghost_after"):
        asker.livable(100, {"queues.ghost_aftre": "100"}).result(SOON_S)
    with pytest.raises(ConfigurationError, match="running town cannot change"):
        asker.livable(100, {"town.people": "9"}).result(SOON_S)


def test_what_is_let_go_of_holds_up_nobody(asker: Asker) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def long_one(_: Reading) -> int:
        begun.set()
        goes_on.wait(SOON_S)
        return 1

    waiting = asker.ask(long_one)
    assert begun.wait(SOON_S) and asker.is_busy
    asker.stop()
    assert asker.counted("quarrel").result(SOON_S)
    goes_on.set()
    with pytest.raises(Stopped):
        waiting.result(SOON_S)


def test_a_query_is_ended_at_once(asker: Asker) -> None:
    long_one = asker.sql("select count(*) from events a, events b, events c where a.tick + b.tick > c.tick", 2000)
    asker.counted("quarrel")  # waits its turn
    while asker._desk is None or asker._desk._reading is None or asker._desk._reading.session is None:
        threading.Event().wait(0.01)
    threading.Event().wait(0.3)
    asker.stop()
    with pytest.raises(Stopped):
        long_one.result(SOON_S)


def test_the_runs_beside_a_run_say_what_they_are_to_it(tmp_path: Path) -> None:
    parent = townlet.simulate(ticks=60, seed=7, into=tmp_path / "parent")
    forks = [parent.fork(tmp_path / name, at=30, seed=seed, ticks=10) for name, seed in (("b", 8), ("a", 9))]
    townlet.simulate(ticks=20, seed=1, into=tmp_path / "another")
    (tmp_path / "no run").mkdir()
    shutil.copytree(tmp_path / "another", tmp_path / ".half.forking-1")
    asked = Asker(parent.place)
    found = asked.neighbours().result(SOON_S)
    assert [(Path(each.path).name, each.kin, each.parted, each.tick) for each in found] == [
        ("a", "a fork of it", 30, 40),
        ("b", "a fork of it", 30, 40),
        ("another", "", None, 20),
    ]
    asked.close()
    of_fork = Asker(forks[0].place)
    assert [each.kin for each in of_fork.neighbours().result(SOON_S)] == [
        "the run it was forked from",
        "a fork of the same run",
        "",
    ]
    compared = of_fork.compare(parent.place).result(SOON_S)
    assert compared.found.tick == 30 and compared.here[0].tick == 30
    of_fork.close()
