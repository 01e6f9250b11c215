"""Runs that several files of this folder try their rows on."""

import shutil
from pathlib import Path

import pytest

import townlet
from tests.field.hostile import lived
from tests.townlet.towns import KITCHEN


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run of the default town."""
    return lived(tmp_path_factory.mktemp("towns") / "demo")


@pytest.fixture
def demo(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run `runs/demo` in a folder where one stands."""
    shutil.copytree(town, tmp_path / "runs" / "demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs" / "demo"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hours of a kitchen of four."""
    return townlet.simulate(KITCHEN, ticks=120, into=tmp_path_factory.mktemp("towns") / "a").path


@pytest.fixture
def here(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with a copy of that run in runs/a; one stands in it."""
    shutil.copytree(kept, tmp_path / "runs" / "a")
    monkeypatch.chdir(tmp_path)
    return tmp_path
