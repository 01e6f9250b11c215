"""What a wheel holds: the packages, and what a shipped configuration reads, where it is looked for."""

import tomllib
from hashlib import sha256
from pathlib import Path, PurePosixPath
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
