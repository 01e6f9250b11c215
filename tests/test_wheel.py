"""What a wheel holds: the packages, and what a shipped configuration reads, where it is looked for."""

import os
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path, PurePosixPath
from sysconfig import get_path
from typing import Any

import pytest
import yaml

from townlet.experiments.settings import planned, shipped_experiments

ROOT = Path(__file__).resolve().parents[1]


def built() -> dict[str, Any]:
    """What pyproject.toml says of the wheel and of the source distribution."""
    targets: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return targets["tool"]["hatch"]["build"]["targets"]


def place_in_wheel(name: str) -> str:
    """Where a file of the repository lies in a wheel."""
    for source, place in built()["wheel"]["sources"].items():
        if PurePosixPath(name).is_relative_to(source):
            return str(PurePosixPath(place) / PurePosixPath(name).relative_to(source))
    return name


def is_included(name: str, listed: list[str]) -> bool:
    """Whether a file is one of these files, or below one of these folders."""
    return any(PurePosixPath(name).is_relative_to(each.removeprefix("/")) for each in listed)


@pytest.mark.parametrize("name", sorted(shipped_experiments()))
def test_a_shipped_experiment_finds_its_plan_in_a_wheel(name: str, tmp_path: Path) -> None:
    """Its file and its plan are laid out as a wheel has them; there it is read as it is here."""
    file = shipped_experiments()[name]
    plan = (file.parent / yaml.safe_load(file.read_text(encoding="utf-8"))["plan"]).resolve()
    for each in (file, plan):
        place = each.relative_to(ROOT).as_posix()
        assert is_included(place, built()["wheel"]["only-include"]), place
        assert is_included(place, built()["sdist"]["include"]), place
        laid = tmp_path / place_in_wheel(place)
        laid.parent.mkdir(parents=True, exist_ok=True)
        laid.write_bytes(each.read_bytes())
    assert planned(tmp_path / "townlet" / "configs" / "experiments" / file.name) == planned(name)
    assert planned(name).plan == sha256(plan.read_bytes()).hexdigest()


Do = Callable[..., str]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Do:
    """A function that runs the `townlet` of a wheel, installed apart, in a folder that is no repository.

    What Townlet depends on is taken from this environment; Townlet itself is not.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--disable-pip-version-check"]
    made = subprocess.run([*pip, "-w", str(folder / "dist"), str(ROOT)], capture_output=True, text=True)
    if made.returncode != 0 and "hatchling" in made.stderr:
        pytest.skip("hatchling cannot be had here, and a wheel is built with it")
    assert made.returncode == 0, made.stderr
    venv.create(folder / "env", with_pip=False)
    place = Path(get_path("purelib", vars={"base": str(folder / "env")}))
    wheel = next((folder / "dist").glob("*.whl"))
    into = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check", "--target"]
    subprocess.run([*into, str(place), str(wheel)], check=True)
    (place / "dependencies.pth").write_text(get_path("purelib") + "\n", encoding="utf-8")  # its .pth files are not read
    there = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    (folder / "anywhere").mkdir()

    def do(*arguments: str, code: int = 0) -> str:
        command = [str(folder / "env" / "bin" / "python"), "-m", "cli.start", *arguments]
        done = subprocess.run(command, cwd=folder / "anywhere", env=there, capture_output=True, text=True, timeout=1200)
        assert done.returncode == code, done.stderr
        return done.stdout

    where = subprocess.run(
        [str(folder / "env" / "bin" / "python"), "-c", "import townlet; print(townlet.__file__)"],
        cwd=folder / "anywhere", env=there, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(place)
    return do


@pytest.mark.slow
def test_a_wheel_runs_the_demo_from_any_folder(installed: Do) -> None:
    lived = installed("run", "--ticks", "7200", "--seed", "7", "--into", "runs/demo")
    assert "ticks             7200" in lived
    assert "state_digest" in installed("replay", "runs/demo", "--to-tick", "5000", "--verify")
    assert "chat_succeeded" in installed("sql", "runs/demo", "select distinct kind from tie_changes")
    assert "23:59" in installed("story", "runs/demo", "--from", "day 2", "--to", "day 3")


@pytest.mark.slow
def test_a_wheel_has_every_shipped_file(installed: Do) -> None:
    assert "people            8" in installed("run", "--ticks", "60", "--policy", "town", "--into", "runs/policy")
    assert "queue_conflict" in installed("config", "show", "queue_conflict")
    assert "stage" in installed("phase", "plan", "town")
    assert "blackout" in installed("perturb", "--calendar", "1")
    assert "self_sufficiency" in installed("watch", "runs/policy")
    installed("dataset", "runs/policy", "--rewards", "c1", "--into", "steps.parquet")
