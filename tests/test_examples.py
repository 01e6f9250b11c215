"""Every example runs, is short, and says what it is about. They share one run; each prints what it promises."""

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_readme import ROOT, text_of
from tests.townlet.serving.served import TOKENS, living

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LINES_LESS_THAN = 60
QUICK = {
    "own_projection": (["first"], "talks, the last at tick"),
    "sql_notebook": (["first"], "'events': 7514"),
    "why_and_fork": (["first", "again"], "they part at tick 2160"),
    "reobserve": (["first"], "11520 steps"),
    "own_policy": (["240"], "lowest_need"),
    "what_if": (["first", "4"], "4 pairs of futures"),
    "trial": (["2"], "parted=0"),
    "sweep": (["2"], "6 towns, 0 failed"),
}
"""Its arguments, and what it prints among other things."""

ALONE = {"first_town", "train", "flight_client", "telemetry_client"}
"""Examples with a test of their own; that of the telemetry client is in tests/cli/test_telemetry.py."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the run of the first example, in which one stands."""
    made = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        ran("first_town", ["first"])
        yield made


def ran(name: str, arguments: list[str]) -> None:
    """Run an example as a program with these arguments."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [f"{name}.py", *arguments])
        runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")


def test_each_example_is_short_and_run_by_a_test() -> None:
    assert {path.stem for path in EXAMPLES} == {*QUICK, *ALONE}
    assert [path.name for path in EXAMPLES if len(text_of(path).splitlines()) >= LINES_LESS_THAN] == []


@pytest.mark.parametrize("name", QUICK)
def test_an_example_prints_what_it_is_about(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, says = QUICK[name]
    capsys.readouterr()
    ran(name, arguments)
    assert says in capsys.readouterr().out


@pytest.mark.slow
def test_the_example_of_training_draws_its_curve(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    ran("train", ["training", "4"])
    assert "4 updates" in capsys.readouterr().out
    assert (folder / "training" / "curve.svg").stat().st_size > 1000


@pytest.mark.slow
def test_the_example_of_a_client_commands_a_served_town_and_asks_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("adbc_driver_flightsql")
    monkeypatch.setenv("TOWNLET_TOKEN", TOKENS["operator"])
    with living(tmp_path, "town", "--pace", "10x", "--into", "served") as served:
        ran("flight_client", [served.place])
    said = capsys.readouterr().out
    assert "the town is living\naccepted\n" in said and "'hunger'" in said
