"""Many cells of one function: in any number of processes the same, each once, and one that fails fails alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.townlet.many import trials
from townlet import many
from townlet.errors import TownletError
from townlet.many.cells import code_version, digest_of, name_of

ROOT = Path(__file__).resolve().parents[3]
PAIRS = [{"left": n, "right": 0.1} for n in range(5)]


def calls(folder: Path) -> int:
    notes = folder / "calls"
    return len(notes.read_text(encoding="utf-8")) if notes.exists() else 0


def names_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_process_and_many_give_the_same(tmp_path: Path) -> None:
    one = many.run(trials.product, PAIRS, jobs=1, into=tmp_path / "one")
    two = many.run("tests.townlet.many.trials:product", PAIRS, jobs=2, into=tmp_path / "two")
    assert one == two == many.run(trials.product, PAIRS, jobs=1)
    assert many.values(one)[3] == {"product": 3 * 0.1, "pair": [3, 0.1]}
    assert names_in(tmp_path / "one") == names_in(tmp_path / "two")
    assert set(names_in(tmp_path / "one")) == {f"{result.digest}.json" for result in one}


def test_results_stand_in_the_order_of_the_cells() -> None:
    cells = [{"number": n, "of": 6} for n in range(6)]
    assert many.values(many.run(trials.late, cells, jobs=2)) == list(range(6))


def test_two_jobs_are_other_processes_and_one_is_this() -> None:
    assert many.values(many.run(trials.process, [{}], jobs=2)) == [os.getpid()]
    cells = [{"number": n, "of": 2} for n in range(2)]
    (first, second) = many.values(many.run("tests.townlet.many.test_many:process_of", cells, jobs=2))
    assert os.getpid() not in (first, second)


def process_of(number: int, of: int) -> int:
    """The process of a cell."""
    return trials.process()


def test_a_resumed_run_runs_what_is_missing(tmp_path: Path) -> None:
    cells = [{"left": n, "right": 2, "folder": str(tmp_path)} for n in range(4)]
    kept = tmp_path / "kept"
    whole = many.run(trials.product, cells[:3], jobs=1, into=kept)
    assert calls(tmp_path) == 3
    (kept / f"{whole[1].digest}.json").unlink()
    (kept / f"{whole[2].digest}.json").write_bytes(b'{"cell": {"left"')  # torn by something else: as if missing
    again = many.run(trials.product, cells, jobs=2, into=kept)
    assert calls(tmp_path) == 6
    assert again[:3] == whole and again[3].value["product"] == 6
    assert many.run(trials.product, cells, jobs=1, into=kept) == again
    assert calls(tmp_path) == 6
    many.run(trials.product, cells, jobs=1, into=kept, resume=False)
    assert calls(tmp_path) == 10


def test_a_file_under_another_name_is_no_result(tmp_path: Path) -> None:
    first, second = many.run(trials.product, PAIRS[:2], jobs=1, into=tmp_path)
    (tmp_path / f"{first.digest}.json").rename(tmp_path / f"{second.digest}.json")
    assert many.run(trials.product, PAIRS[:2], jobs=1, into=tmp_path)[1].value["product"] == second.value["product"]


def test_the_digest_is_of_function_cell_and_code() -> None:
    (result,) = many.run(trials.product, [{"right": 2, "left": 1}], jobs=1)
    name = "tests.townlet.many.trials:product"
    code = code_version(name)
    assert result.digest == digest_of(name, '{"left":1,"right":2}', code)
    assert many.run(trials.product, [{"left": 1, "right": 2}], jobs=1)[0].digest == result.digest
    others = [
        digest_of("tests.townlet.many.trials:late", '{"left":1,"right":2}', code),
        digest_of(name, '{"left":1,"right":3}', code),
        digest_of(name, '{"left":1,"right":2}', "0" * 16),
    ]
    assert len({result.digest, *others}) == 4


def test_the_code_version_follows_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "measured_here"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "one.py").write_text("def f(): return 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    first = code_version("measured_here.one:f")
    code_version.cache_clear()
    assert code_version("measured_here.one:f") == first
    (package / "one.py").write_text("def f(): return 2\n", encoding="utf-8")
    code_version.cache_clear()
    assert code_version("measured_here.one:f") != first


def test_a_cell_that_stands_there_twice_runs_once(tmp_path: Path) -> None:
    cell = {"left": 2, "right": 2, "folder": str(tmp_path)}
    first, second = many.run(trials.product, [cell, dict(cell)], jobs=2)
    assert first == second and calls(tmp_path) == 1


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_cell_that_raises_fails_alone_and_is_retried_when_asked(tmp_path: Path, jobs: int) -> None:
    cells = [{"number": n, "folder": str(tmp_path)} for n in range(4)]

    def again(**how: Any) -> list[many.Result]:
        return many.run(trials.choosy, cells, jobs=jobs, into=tmp_path / "kept", **how)

    found = again()
    assert [result.value for result in found] == [0, None, 2, None]
    assert [result.error for result in found] == ["", "Picky: 1 is odd at the gate", "", "Picky: 3 is odd at the gate"]
    assert "in choosy" in found[1].trace
    with pytest.raises(TownletError, match=r"2 of 4 cells failed:\n  .*\"number\":1}: Picky: 1 is odd") as raised:
        many.values(found)
    assert '"number":3}: Picky: 3 is odd' in str(raised.value)
    assert again() == found and calls(tmp_path) == 4
    (tmp_path / "mended").touch()
    assert many.values(again(retry=True)) == [0, 1, 2, 3]
    assert calls(tmp_path) == 6
    assert many.values(again()) == [0, 1, 2, 3] and calls(tmp_path) == 6


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_cell_cannot_do_is_its_own_failure(jobs: int) -> None:
    found = many.run(trials.nameless, [{"number": 1}, {"number": 2}, {"number": 3}], jobs=jobs)
    assert [result.error.partition(":")[0] for result in found] == ["ValueError", "TypeError", "KeyError"]
    left = many.run(trials.leaves, [{"number": 3}, {"number": 4}], jobs=jobs)
    assert [result.error for result in left] == ["SystemExit: 3", "SystemExit: 4"]


def test_only_the_first_failures_are_named() -> None:
    found = many.run(trials.leaves, [{"number": n} for n in range(9)], jobs=1)
    with pytest.raises(TownletError, match="9 of 9 cells failed") as raised:
        many.values(found)
    assert str(raised.value).count("SystemExit") == 5 and str(raised.value).endswith("and 4 more")


def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    cells = [{"number": n, "folder": str(tmp_path), "times": 1} for n in range(6)]
    assert many.values(many.run(trials.dies, cells, jobs=2)) == list(range(6))


def test_a_cell_that_kills_twice_fails_alone(tmp_path: Path) -> None:
    cells = [{"number": n, "folder": str(tmp_path), "times": 9} for n in range(6)]
    found = many.run(trials.dies, cells, jobs=2, into=tmp_path / "kept")
    assert [result.value for result in found] == [0, 1, None, 3, 4, 5]
    assert found[2].error.startswith("its process was killed, and once more when it ran alone")
    assert len((tmp_path / "calls2").read_text(encoding="utf-8")) == 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_told_with_what_is_kept(tmp_path: Path, jobs: int) -> None:
    told: list[tuple[int, int, float | None]] = []
    many.run(trials.product, PAIRS[:2], jobs=jobs, into=tmp_path, progress=lambda *of: told.append(of))
    assert [each[:2] for each in told] == [(0, 2), (1, 2), (2, 2)]
    assert told[0][2] is None and told[1][2] > 0 and told[2][2] == 0
    told.clear()
    many.run(trials.product, PAIRS, jobs=jobs, into=tmp_path, progress=lambda *of: told.append(of))
    assert [each[:2] for each in told] == [(2, 5), (3, 5), (4, 5), (5, 5)]


def test_parts_together_are_the_whole(tmp_path: Path) -> None:
    whole = many.run(trials.product, PAIRS, jobs=1)
    parts = [
        many.run(trials.product, cells, jobs=1, shard=(part, 3), into=tmp_path)
        for part, cells in ((1, PAIRS), (2, PAIRS[::-1]), (3, PAIRS))
    ]
    assert sorted(map(len, parts)) == [1, 2, 2]
    assert {result.digest for part in parts for result in part} == {result.digest for result in whole}
    assert {path.stem for path in tmp_path.iterdir()} == {result.digest for result in whole}


def test_without_ray_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    for how in ({"engine": "ray"}, {"address": "auto"}):
        with pytest.raises(
            TownletError, match=r"pip install 'townlet\[ray\]', or in a copy of the repository: make ray"
        ):
            many.run(trials.product, PAIRS, into=tmp_path / "kept", **how)
    assert not (tmp_path / "kept").exists()


def test_nothing_to_do(tmp_path: Path) -> None:
    assert many.run(trials.product, [], jobs=2, into=tmp_path / "new") == []
    assert many.values([]) == []


def test_what_cannot_be_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        many.run(trials.product, PAIRS, jobs=0)
    with pytest.raises(ValueError, match="no engine 'spark': processes or ray"):
        many.run(trials.product, PAIRS, engine="spark")
    with pytest.raises(ValueError, match="a part is i of n"):
        many.run(trials.product, PAIRS, shard=(3, 2))
    with pytest.raises(ValueError, match="no function in a module"):
        many.run(lambda: 1, [{}])
    with pytest.raises(ValueError, match=r"there is no function 'tests\.townlet\.many\.trials:produkt'"):
        many.run("tests.townlet.many.trials:produkt", [{}])
    with pytest.raises(TypeError, match="mapping of arguments"):
        many.run(trials.product, [{1: 2}])  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        many.run(trials.product, [{"left": tmp_path, "right": 1}])
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        many.run(trials.product, [{"left": float("nan"), "right": 1}])
    assert name_of(json.dumps) == "json:dumps"


def script(tmp_path: Path, text: str) -> "subprocess.Popen[str]":
    """A Python script of its own process group, as a shell starts it."""
    file = tmp_path / "script.py"
    file.write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(file)], env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


SLEEPING = """
from townlet import many
many.run("tests.townlet.many.trials:sleeps", [{{"folder": {folder!r}, "number": n}} for n in range(4)], jobs=2)
"""


def at_work(folder: Path) -> list[int]:
    """The processes of two sleeping cells, once both are at work."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        files = sorted(folder.glob("at-work-*"))
        if len(files) == 2 and all(file.read_text(encoding="utf-8") for file in files):
            return [int(file.read_text(encoding="utf-8")) for file in files]
        time.sleep(0.02)
    raise AssertionError("the cells never began")


def is_gone(process: int) -> bool:
    """Whether a process ends within seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(("number", "group"), [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGKILL, False)])
def test_workers_end_with_their_parent(tmp_path: Path, number: int, group: bool) -> None:
    """By Ctrl-C, which reaches the whole group, by a signal to the parent alone, and when the parent is killed."""
    with script(tmp_path, SLEEPING.format(folder=str(tmp_path))) as parent:
        workers = at_work(tmp_path)
        (os.killpg if group else os.kill)(parent.pid, number)
        said = parent.communicate(timeout=20)[1]
    assert parent.returncode == -number
    assert all(map(is_gone, workers))
    if number == signal.SIGINT:
        assert said.count("Traceback") == 1 and said.rstrip().endswith("KeyboardInterrupt")


def test_a_script_needs_no_guard_and_is_read_once(tmp_path: Path) -> None:
    text = (
        "import sys; print('read', file=sys.stderr)\nfrom townlet import many\n"
        "print(many.values(many.run('textwrap:shorten', [{'text': 'a b', 'width': n} for n in (8, 9)], jobs=2)),\n"
        "      __name__, sys.modules['__main__'].many is many, file=sys.stderr)\n"
    )
    with script(tmp_path, text) as process:
        said = process.communicate(timeout=60)[1]
    assert said.splitlines() == ["read", "['a b', 'a b'] __main__ True"]
    assert process.returncode == 0


def test_workers_that_cannot_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their initializer ends each process at once."""
    monkeypatch.setattr("townlet.many.workers._live_with_parent", trials.gives_up)
    with pytest.raises(TownletError, match="no worker process could start"):
        many.run(trials.product, PAIRS, jobs=2)
