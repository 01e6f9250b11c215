"""Sweeps: each town once, whatever runs it and whenever it was stopped; rows that are asked at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import townlet
from eventlog.errors import EventLogError
from tests.townlet.sweeping.small import SMALL, small
from tests.townlet.towns import ROOT
from townlet.errors import ConfigurationError, QueryError
from townlet.sweeping.folder import claim, keep_table
from townlet.sweeping.result import summary
from townlet.sweeping.running import prepared, sweep

SQL = {"name": "loud", "sql": "select count(*) from chat_succeeded"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pa.Table]:
    """The folder and rows of the small sweep, in one process and unbroken."""
    folder = tmp_path_factory.mktemp("whole") / "sweep"
    return folder, sweep(SMALL, into=folder, jobs=1).rows


def lives(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of towns that live in this process from now on."""
    seeds: list[int] = []
    from townlet.sweeping import living

    real = living._in_memory

    def noted(settings: str, seed: int, ticks: int) -> Any:
        seeds.append(seed)
        return real(settings, seed, ticks)

    monkeypatch.setattr(living, "_in_memory", noted)
    return seeds


def test_a_row_for_each_town_says_what_it_was_and_what_came_of_it(whole: tuple[Path, pa.Table]) -> None:
    folder, rows = whole
    assert rows.column_names[:4] == ["point", "seed", "cell", "error"]
    assert rows["point"].to_pylist() == [0, 0, 0, 1, 1, 1] and rows["seed"].to_pylist() == [1, 2, 3] * 2
    assert rows["chat.chance"].to_pylist() == [0.0] * 3 + [0.3] * 3
    silent, loud = rows["chat_succeeded"].to_pylist()[:3], rows["chat_succeeded"].to_pylist()[3:]
    assert silent == [0.0] * 3 and all(count > 0 for count in loud)
    assert {path.stem for path in (folder / "cells").iterdir()} == set(rows["cell"].to_pylist())
    assert pq.read_table(folder / "rows.parquet").equals(rows)


def test_a_town_in_memory_is_the_town_of_its_run(whole: tuple[Path, pa.Table], tmp_path: Path) -> None:
    kept = townlet.sweep(small(figures=[*SMALL["figures"], SQL]), keep=tmp_path / "towns", jobs=1).rows
    names = [name for name in kept.column_names if name not in ("cell", "run", "loud")]
    assert kept.select(names).equals(whole[1].select(names))
    assert kept["loud"].to_pylist() == kept["chat_succeeded"].to_pylist()
    row = kept.to_pylist()[4]
    run = townlet.open(tmp_path / "towns" / row["run"])
    assert (run.log_digest, run.at().state_digest) == (row["log_digest"], row["state_digest"])
    assert run.at().town.people == row["people"] and run.seed == row["seed"]
    hunger = run.sql("select avg(hunger) as hunger from agents")["hunger"][0].as_py()
    assert hunger == pytest.approx(row["hunger"])


def test_the_same_again_lets_no_town_live(whole: tuple[Path, pa.Table], monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = lives(monkeypatch)
    assert sweep(SMALL, into=whole[0], jobs=1).rows.equals(whole[1])
    assert sweep(small(seeds=2), into=whole[0], jobs=1).rows.num_rows == 4
    assert not seeds


def test_parts_together_are_the_whole(whole: tuple[Path, pa.Table], tmp_path: Path) -> None:
    first = sweep(SMALL, into=tmp_path / "s", jobs=1, shard=(1, 2))
    assert first.rows.num_rows == 3 and first.missing == 3
    assert sweep(SMALL, into=tmp_path / "s", jobs=1, shard=(2, 2)).rows.equals(whole[1])
    assert summary(tmp_path / "s").missing == 0


def test_parts_may_begin_and_end_at_the_same_time_in_one_folder(tmp_path: Path) -> None:
    plan, at_once = prepared(SMALL).plan, threading.Barrier(8)

    def begin(folder: Path) -> None:
        at_once.wait()
        claim(folder, plan, extend=False)
        keep_table(folder, plan, [])

    with ThreadPoolExecutor(8) as pool:
        for number in range(5):
            list(pool.map(begin, [tmp_path / str(number)] * 8))
            assert {path.name for path in (tmp_path / str(number)).iterdir()} == {"sweep.json", "rows.parquet"}


def test_more_seeds_and_points_keep_what_is_there(
    whole: tuple[Path, pa.Table], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = small(seeds=2, parameters={"chat.chance": [0.3]})
    sweep(few, into=tmp_path / "s", jobs=1)
    with pytest.raises(ConfigurationError, match=r"1 points and 2 seeds, and 2 points and 3 seeds (.|\n)*--extend"):
        sweep(SMALL, into=tmp_path / "s")
    seeds = lives(monkeypatch)
    assert sweep(SMALL, into=tmp_path / "s", jobs=1, extend=True).rows.equals(whole[1])
    assert sorted(seeds) == [1, 2, 3, 3]
    with pytest.raises(ConfigurationError, match="of which some are not in this plan"):
        sweep(small(seeds=5, parameters={"chat.chance": [0.3]}), into=tmp_path / "s", extend=True)


def test_a_folder_of_something_else_is_refused(whole: tuple[Path, pa.Table], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds another sweep: its ticks differ"):
        sweep(SMALL, into=whole[0], days=2)
    with pytest.raises(ConfigurationError, match="holds another sweep: its settings differ"):
        sweep(SMALL, into=whole[0], overrides={"chat.success": 0.5})
    (tmp_path / "mine.txt").touch()
    with pytest.raises(ConfigurationError, match="holds something else than a sweep"):
        sweep(SMALL, into=tmp_path)
    with pytest.raises(ConfigurationError, match=r"holds no sweep: there is no sweep.json"):
        summary(tmp_path)
    with pytest.raises(EventLogError):
        sweep(SMALL, into="s3://bucket/sweep")
    with pytest.raises(ConfigurationError, match=r"point 1 of the sweep: (.|\n)*chat.chance: cannot be this \(3"):
        sweep(small(parameters={"chat.chance": [0.1, 3.0]}))
    with pytest.raises(QueryError, match="no sensitivity indices"):
        summary(whole[0]).indices()


def test_a_town_that_fails_fails_alone_and_lives_again_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from townlet.sweeping import living

    real = living._in_memory
    monkeypatch.setattr(living, "_in_memory", lambda *of: 1 // 0 if of[1] == 2 else real(*of))
    found = sweep(small(seeds=2), into=tmp_path / "s", jobs=1)
    assert found.failed["seed"].to_pylist() == [2, 2] and found.rows["chat_succeeded"].to_pylist()[1] is None
    assert found.failed["error"][0].as_py().startswith("ZeroDivisionError")
    monkeypatch.setattr(living, "_in_memory", real)
    assert sweep(small(seeds=2), into=tmp_path / "s", jobs=1).failed.num_rows == 2
    assert sweep(small(seeds=2), into=tmp_path / "s", jobs=1, retry_failed=True).failed.num_rows == 0


def test_a_query_that_cannot_be_answered_is_told_for_its_town() -> None:
    wrong = {"name": "wrong", "sql": "select nothing from chat_succeeded"}
    found = sweep(small(seeds=1, parameters={"chat.chance": [0.1]}, figures=[wrong]), jobs=1)
    assert "the outcome wrong: " in found.failed["error"][0].as_py()


def test_a_sweep_that_was_killed_goes_on_as_if_it_had_not_been(whole: tuple[Path, pa.Table], tmp_path: Path) -> None:
    """Killed after its second town, with its table not written."""
    code = f"import townlet; townlet.sweep({SMALL!r}, into={str(tmp_path / 's')!r}, jobs=1)"
    slowly = (
        "import time, eventlog.folder.disk as d; r = d.sync_folder; d.sync_folder = lambda p: (r(p), time.sleep(0.3))"
    )
    code = f"{slowly}\n{code}"
    with subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}) as parent:
        until = time.monotonic() + 60
        while len(list((tmp_path / "s" / "cells").glob("*.json"))) < 2:
            assert parent.poll() is None and time.monotonic() < until, "no town was written"
            time.sleep(0.01)
        parent.send_signal(signal.SIGKILL)
    assert not (tmp_path / "s" / "rows.parquet").exists()
    part = summary(tmp_path / "s")
    assert 2 <= part.rows.num_rows < 6 and part.missing == 6 - part.rows.num_rows
    assert sweep(SMALL, into=tmp_path / "s", jobs=1).rows.equals(whole[1])
