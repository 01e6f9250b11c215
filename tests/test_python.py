"""The library as a program of one's own sees it: its names, the call of each command, notebooks, and types."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import click
import pyarrow as pa
import pytest

import townlet
from cli.documents import every_command
from tests.test_readme import PYTHON, ROOT, text_of
from townlet.notebook import Rows, html_of, register, table_html
from townlet.run import Run
from townlet.telling.why import Why

PROGRAM = """
import townlet
from townlet.notebook import Rows

run = townlet.simulate(ticks=60, seed=7, into="runs/a")
tick: int = run.head.tick
digest: str = run.at(30).state_digest
why = run.why("alice", "grace")
causes: int = why.causes.num_rows
fork: townlet.Run = run.fork("runs/b", at=30, ticks=30)
part: int | None = run.diff(fork).tick
rows = townlet.soak(None, [1, 2], 1)
first: str = rows[0].name
with townlet.vector_env(towns=2) as env:
    seats: int = env.seats
"""
"""What a user may write. Its last line, when added, is wrong."""

WRONG = "wrong: str = run.head.tick\n"


def test_dir_shows_the_public_names_and_each_is_there() -> None:
    assert dir(townlet) == sorted(townlet.__all__)
    assert [name for name in townlet.__all__ if not callable(getattr(townlet, name))] == []


def test_every_command_has_its_call() -> None:
    rows = dict(re.findall(r"^\| `(townlet [a-z ]+)` \| (.*) \|$", text_of(PYTHON), re.MULTILINE))
    commands = [name for name, command, _ in every_command() if not isinstance(command, click.Group)]
    assert sorted(rows) == sorted(commands)
    for command, text in rows.items():
        calls = re.findall(r"`((?:run|townlet|projections|eventlog|tui)\.[\w.]+)`", text)
        assert calls, command
        assert [call for call in calls if not callable(named(call))] == []


def named(call: str) -> Any:
    """What a dotted name of the page stands for; `run.` is a method of a run."""
    if call.startswith("run."):
        return getattr(Run, call.removeprefix("run."))
    module, _, name = call.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return townlet.simulate("kitchen_breakfast", ticks=300, seed=7, into=tmp_path_factory.mktemp("python") / "a")


def test_the_calls_that_are_only_passed_on_give_what_their_commands_print(run: Run, tmp_path: Path) -> None:
    assert run.events(100, 200)["tick"].to_pylist() == sorted(run.events(100, 200)["tick"].to_pylist())
    assert set(run.events(100, 200)["tick"].to_pylist()) == set(range(100, 200))
    assert run.diff(townlet.open(run.path)).seq is None
    assert all(check.passed for check in run.verify(deep=True).checks)
    assert run.watch()["rule"].to_pylist()[0] == "self_sufficiency"
    assert "town" in {title.casefold() for title in run.summary()} and run.commands().num_rows == 0
    assert [message["tick"] for message in run.telemetry(295)] == list(range(295, 301))
    assert run.export("csv", into=tmp_path / "events.csv").path.exists()
    assert run.copy(tmp_path / "copy").events == townlet.open(tmp_path / "copy").head.seq == run.head.seq
    assert [(row.name, row.kept) for row in run.rebuild("tie_changes")] == [("tie_changes", "equal")]
    assert townlet.runs(run.path.parent)["run"].to_pylist() == ["a"]
    assert townlet.city_events(seed=7, days=30, perturb="wild").num_rows > 0
    assert townlet.settings("queue_conflict").settings.town.people == 5


def test_a_notebook_shows_tables_rows_runs_and_results(run: Run) -> None:
    table = pa.table({"name": ["<b>", None], "value": [0.123456789, 2.0]})
    assert "<td>&lt;b&gt;</td><td>0.123457</td>" in table_html(table)
    assert "30 rows; the first 20 are shown" in table_html(pa.table({"n": range(30)}))
    assert run.place in run._repr_html_() and "<th>hunger</th>" in run.at(60)._repr_html_()
    why = Why("alice", "grace", 60, table, {"trust": 0.5}, True)
    assert all(part in html_of(why) for part in ("<b>Why</b>", "<td>alice</td>", "<p>causes</p>", "<td>0.5</td>"))

    class Row(NamedTuple):
        name: str
        figures: tuple[int, ...]

    rows = Rows([Row("one", (1, 2))])
    assert rows.table().to_pylist() == [{"name": "one", "figures": "(1, 2)"}]
    assert "<td>(1, 2)</td>" in rows._repr_html_()


def test_arrow_tables_are_registered_with_a_notebook_once() -> None:
    formatter = SimpleNamespace(deferred_printers={})
    formatter.for_type_by_name = lambda module, name, show: formatter.deferred_printers.update({(module, name): show})
    register(SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": formatter})))
    assert formatter.deferred_printers == {("pyarrow.lib", "Table"): table_html}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which the package is installed from its wheel, as a user has it."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=False)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder / "wheel", ROOT], check=True)
    (wheel,) = (folder / "wheel").glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    (site / "others.pth").write_text(f"{Path(pa.__file__).parents[1]}\n")
    return folder / "venv" / "bin" / "python"


def checker(name: str, python: Path, folder: Path) -> list[str | Path]:
    """The command of a type checker that reads the packages of this Python; skips the test where there is none."""
    if name == "mypy":
        (folder / "mypy.ini").write_text("[mypy]\n[mypy-pyarrow.*]\nignore_missing_imports = True\n")
        return [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--python-executable",
            python,
            "--cache-dir",
            folder / "cache",
        ]
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return [found, "--pythonpath", python]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mypy", "pyright"])
def test_a_program_is_checked_against_the_types_of_the_wheel(name: str, installed: Path, tmp_path: Path) -> None:
    command = checker(name, installed, tmp_path)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    program = tmp_path / "program.py"
    for text, faults in ((PROGRAM, 0), (PROGRAM + WRONG, 1)):
        program.write_text(text)
        done = subprocess.run([*command, program], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert len(re.findall(r"error: |- error", done.stdout)) == faults, done.stdout + done.stderr
        assert not faults or '"int"' in done.stdout
