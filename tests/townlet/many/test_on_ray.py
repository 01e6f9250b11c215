"""Ray as the engine of many cells: what processes give, Ray gives, and a worker that is killed loses nothing."""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import townlet
from tests.townlet.many import trials
from tests.townlet.sweeping.small import SMALL
from townlet import many
from townlet.errors import TownletError
from townlet.judging.soak import soak
from townlet.many import on_ray
from townlet.warming import warm

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed; `make ray` installs it"
)

PAIRS = [{"left": n, "right": 0.1} for n in range(5)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A cluster of two processors, to which all tests of this module are connected: it starts in some seconds."""
    with on_ray._cluster(on_ray.ray_module(), 2, None):
        yield


@pytest.mark.usefixtures("cluster")
def test_ray_gives_what_processes_give(tmp_path: Path) -> None:
    there = many.run(trials.product, PAIRS, engine="ray", jobs=2, into=tmp_path / "ray")
    assert there == many.run(trials.product, PAIRS, jobs=2, into=tmp_path / "processes")
    kept = [{path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("ray", "processes")]
    assert kept[0] == kept[1] and len(kept[0]) == 5
    assert many.values(many.run(trials.process, [{}], engine="ray")) != [os.getpid()]


@pytest.mark.usefixtures("cluster")
def test_results_stand_in_the_order_of_the_cells_and_progress_is_told() -> None:
    told: list[int] = []
    cells = [{"number": n, "of": 6} for n in range(6)]
    found = many.run(trials.late, cells, engine="ray", progress=lambda done, of, left_s: told.append(done))
    assert many.values(found) == list(range(6)) and told == list(range(7))


@pytest.mark.usefixtures("cluster")
def test_a_killed_worker_loses_nothing_and_a_cell_that_kills_twice_fails_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for folder, times in (("once", 1), ("always", 9)):
        (tmp_path / folder).mkdir()
        cells = [{"number": n, "folder": str(tmp_path / folder), "times": times} for n in range(4)]
        found = many.run(trials.dies, cells, engine="ray", jobs=2)
        assert [result.value for result in found] == [0, 1, 2 if times == 1 else None, 3]
        assert found[2].error == ("" if times == 1 else on_ray.KILLED)
        assert len((tmp_path / folder / "calls2").read_text(encoding="utf-8")) == 2
    assert capfd.readouterr().out == ""  # stdout is data


@pytest.mark.usefixtures("cluster")
def test_a_cell_that_raises_fails_alone(tmp_path: Path) -> None:
    found = many.run(trials.choosy, [{"number": n, "folder": str(tmp_path)} for n in range(3)], engine="ray")
    assert [result.error for result in found] == ["", "Picky: 1 is odd at the gate", ""]
    assert "in choosy" in found[1].trace


@pytest.mark.usefixtures("cluster")
def test_workers_with_other_code_are_refused() -> None:
    attempted = on_ray.attempts_on_ray("tests.townlet.many.trials:process", {"a": "{}"}, "0" * 16, 1, None)
    with pytest.raises(TownletError, match="other code than this process"):
        list(attempted)


def test_an_address_without_ray_is_told() -> None:
    for address in ("127.0.0.1:9", "ray://127.0.0.1:9"):
        with pytest.raises(TownletError, match=f"Ray cannot be reached at {address}: connection refused"):
            many.run(trials.process, [{}], address=address)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "ended"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_cluster_of_our_own_ends_with_its_parent(tmp_path: Path, number: int, ended: int) -> None:
    """Where the parent is killed, interrupted or stopped, which ends a command in its own words."""
    code = (
        "from tests.townlet.many import trials; from townlet import many\n"
        "from cli.main import Interrupts; import sys\n"
        f"cells = [{{'folder': {str(tmp_path)!r}, 'number': n}} for n in range(2)]\n"
        "with Interrupts() as interrupts:\n"
        "    try:\n"
        "        many.run(trials.sleeps, cells, engine='ray', jobs=2)\n"
        "    except KeyboardInterrupt:\n"
        "        sys.exit(interrupts.code)\n"
    )
    with (
        tempfile.TemporaryDirectory(prefix="ray-test-", ignore_cleanup_errors=True) as folder,
        subprocess.Popen(
            [sys.executable, "-c", code],
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": folder},
            start_new_session=True,
        ) as parent,
    ):
        until = time.monotonic() + 60
        while len(workers := [p.read_text(encoding="utf-8") for p in tmp_path.glob("at-work-*")]) < 2 or not all(
            workers
        ):
            assert time.monotonic() < until and parent.poll() is None, "the cells never began"
            time.sleep(0.05)
        parent.send_signal(number)
        assert parent.wait(timeout=30) == ended
    until = time.monotonic() + 20
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < until, "a worker outlived its parent"
        time.sleep(0.05)


def texts_in(folder: Path) -> list[str]:
    """What the cells that are at work have written: their processes."""
    return [path.read_text(encoding="utf-8") for path in folder.glob("at-work-*")]


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_a_sweep_on_ray_is_that_of_one_process(tmp_path: Path) -> None:
    there = townlet.sweep(SMALL, engine="ray", jobs=2, into=tmp_path / "ray").rows
    assert there.equals(townlet.sweep(SMALL, jobs=1, into=tmp_path / "one").rows)
    kept = [{path.name: path.read_bytes() for path in (tmp_path / name / "cells").iterdir()} for name in ("ray", "one")]
    assert kept[0] == kept[1] and len(kept[0]) == 6


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_whatever_runs_cells_gives_the_same_on_ray(tmp_path: Path) -> None:
    """Facts, a soak, an evaluation and runs: the same figures and digests."""
    warm()
    on: dict[str, Any] = {"engine": "ray", "jobs": 2}
    changes, few = {"town.map": "kitchen", "town.people": 4}, {"seeds": [5, 9], "days": 1}
    told = {"overrides": changes, **few}
    assert townlet.facts(only=["shared_meals"], **told, **on) == townlet.facts(only=["shared_meals"], **told, jobs=1)
    evaluated = [townlet.evaluate("scripted", **told, **how).digest for how in (on, {"jobs": 1})]
    assert evaluated[0] == evaluated[1]
    soaked = [soak(None, [5], 1, overrides=changes, **how) for how in (on, {"jobs": 1})]
    assert soaked[0] == soaked[1]
    runs = {"seeds": [5, 9], "days": 1, "overrides": changes}
    there = townlet.simulate_many(into=tmp_path / "ray", **runs, **on)
    here = townlet.simulate_many(into=tmp_path / "here", **runs, jobs=1)
    assert [run.log_digest for run in there] == [run.log_digest for run in here]
    trial = {"question": "Does rain matter?", "config": "town4", "moment": 600, "futures": 4, "days": 1}
    trial |= {"arms": {"control": {}, "wet": {"do": ["rain"]}}, "outcomes": ["hunger", "chat_success"]}
    tried = [townlet.trial(trial, **how) for how in (on, {"jobs": 2}, {})]
    assert tried[0].digest == tried[1].digest == tried[2].digest
    assert tried[0].effects.equals(tried[1].effects) and tried[0].effects.equals(tried[2].effects)
