"""A town for each seed: the runs that single ones write, in any number of processes, and nothing twice."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import townlet
from eventlog.errors import RunExists
from tests.townlet.towns import KITCHEN, ROOT
from townlet import many_towns
from townlet.configuration.load import load
from townlet.errors import ConfigurationError, TownletError
from townlet.many_towns import Lived, live_many

SEEDS = (3, 1, 2**64 - 1)


def towns_in(folder: Path, **how: Any) -> list[Lived]:
    """What came of the kitchen's towns."""
    return live_many(load(KITCHEN, founded=True), SEEDS, 700, folder, **how)


def content_of(run: Path) -> dict[str, bytes]:
    """The bytes of a run's log."""
    return {path.name: path.read_bytes() for path in sorted((run / "log").iterdir()) if path.suffix != ".lock"}


def digests(lived: list[Lived]) -> list[tuple[str, str]]:
    return [(each.log_digest, each.state_digest) for each in lived]


def test_each_is_the_run_of_its_seed(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    runs = townlet.simulate_many(
        KITCHEN,
        seeds=SEEDS,
        ticks=700,
        into=tmp_path / "many",
        jobs=2,
        progress=lambda done, of, _: told.append((done, of)),
    )
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    for seed, run in zip(SEEDS, runs, strict=True):
        alone = townlet.simulate(KITCHEN, ticks=700, seed=seed, into=tmp_path / f"alone-{seed}")
        assert (run.seed, run.head.tick, run.place) == (seed, 700, str(tmp_path / "many" / f"seed-{seed}"))
        assert (run.log_digest, run.at().state_digest) == (alone.log_digest, alone.at().state_digest)
        assert run.epochs == alone.epochs
    assert len({run.log_digest for run in runs}) == 3


def test_days_are_those_of_the_settings(tmp_path: Path) -> None:
    short = {"town.ticks_per_day": 600, "town.units": "ticks", "work.jobs": []}
    (run,) = townlet.simulate_many(KITCHEN, seeds=[1], days=2, into=tmp_path, overrides=short)
    assert run.head.tick == 1200


def test_the_runs_lie_below_the_name_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    townlet.simulate_many(KITCHEN, seeds=range(1, 3), ticks=10, jobs=1)
    assert sorted(path.name for path in (tmp_path / "runs" / "kitchen").iterdir()) == ["seed-1", "seed-2"]


def test_resumed_whole_towns_stay_and_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = towns_in(tmp_path / "whole", jobs=1)
    parts = tmp_path / "parts"
    live_many(load(KITCHEN), SEEDS[:1], 700, parts, jobs=1)
    live_many(load(KITCHEN), SEEDS[1:2], 300, parts, jobs=1)
    before = content_of(parts / "seed-3")
    resumed = towns_in(parts, jobs=1, resume=True)
    assert [each.done for each in resumed] == ["was whole", "went on", "lived"]
    assert digests(resumed) == digests(whole)
    assert content_of(parts / "seed-3") == before
    monkeypatch.setattr(many_towns, "begin", lambda *_, **__: pytest.fail("a town was founded"))
    again = towns_in(parts, jobs=1, resume=True)
    assert {each.done for each in again} == {"was whole"} and digests(again) == digests(whole)


def test_a_town_goes_on_from_where_its_log_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a town that was killed more may be committed than was told, or its process may still write for a moment."""
    (whole,) = live_many(load(KITCHEN), [1], 700, tmp_path / "whole", jobs=1)
    live_many(load(KITCHEN), [1], 300, tmp_path / "part", jobs=1)
    go_on = many_towns.go_on

    def after_more(path: Path, *arguments: Any, **how: Any) -> None:
        townlet.open(path).resume(150)
        go_on(path, *arguments, **how)

    monkeypatch.setattr(many_towns, "go_on", after_more)
    (resumed,) = live_many(load(KITCHEN), [1], 700, tmp_path / "part", jobs=1, resume=True)
    assert (resumed.ticks, resumed.done) == (700, "went on")
    assert digests([resumed]) == digests([whole])


def test_what_is_there_is_refused_before_anybody_lives(tmp_path: Path) -> None:
    live_many(load(KITCHEN), [1], 20, tmp_path, jobs=1)
    for how, words in (
        ({}, "already holds a run"),
        ({"resume": True, "resolved": load(KITCHEN, {"chat.chance": 0.5})}, "it is under other settings"),
        ({"resume": True, "ticks": 19}, "it has 20 ticks, more than the 19 that are asked for"),
    ):
        asked = {"resolved": load(KITCHEN), "seeds": [2, 1], "ticks": 30, "into": tmp_path, "jobs": 1, **how}
        with pytest.raises((RunExists, ConfigurationError), match=words):
            live_many(**asked)  # type: ignore[arg-type]
        assert not (tmp_path / "seed-2").exists()
    (tmp_path / "seed-1").rename(tmp_path / "seed-2")
    with pytest.raises(ConfigurationError, match="its seed is 1"):
        live_many(load(KITCHEN), [2], 30, tmp_path, resume=True)
    with pytest.raises(RunExists):
        live_many(load(KITCHEN), [2], 30, tmp_path / "seed-2", resume=True)


def test_replaced_towns_are_new(tmp_path: Path) -> None:
    (first,) = live_many(load(KITCHEN), [1], 20, tmp_path, jobs=1)
    (second,) = live_many(load(KITCHEN), [1], 10, tmp_path, jobs=1, replace=True)
    assert (first.ticks, second.ticks, second.done) == (20, 10, "lived")


@pytest.mark.parametrize(("days", "ticks"), [(None, None), (1, 20)])
def test_how_long_is_said_once(tmp_path: Path, days: int | None, ticks: int | None) -> None:
    with pytest.raises(TownletError, match="days or ticks, one of them"):
        townlet.simulate_many(KITCHEN, days=days, ticks=ticks, into=tmp_path)


def test_what_cannot_be_a_seed_or_a_time_is_refused(tmp_path: Path) -> None:
    for how in ({"seeds": [-1], "ticks": 1}, {"seeds": [2**64], "ticks": 1}, {"seeds": [1], "ticks": 0}):
        with pytest.raises(TownletError, match=r"seed|ticks: 0 given"):
            townlet.simulate_many(KITCHEN, into=tmp_path, **how)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_town_that_fails_is_named_and_the_others_live(tmp_path: Path) -> None:
    (tmp_path / "seed-2").mkdir()
    (tmp_path / "seed-2" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(TownletError, match=r"1 of 3 towns failed; the others have lived:\n  seed 2: EventLogError: "):
        live_many(load(KITCHEN), [1, 2, 3], 20, tmp_path, jobs=2)
    assert [townlet.open(tmp_path / f"seed-{seed}").head.tick for seed in (1, 3)] == [20, 20]


@pytest.mark.slow
def test_the_document_says_what_its_python_does(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "soak.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for number, block in enumerate(blocks):
        script = tmp_path / f"shown_{number}.py"
        script.write_text(block, encoding="utf-8")
        told = subprocess.run(
            [sys.executable, str(script)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.splitlines() == re.findall(r"^ *print.*  # (.*)$", block, re.MULTILINE)
