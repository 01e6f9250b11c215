"""A folder is a run or is half made; what is half made is no run of the folder that it lies in."""

import os
from pathlib import Path

import pytest

from eventlog.folder.run_folders import half_made, is_half_made, is_run, newest, runs_in


def made(folder: Path, written_s: float) -> Path:
    """A folder with a manifest, written at this moment."""
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    os.utime(folder / "run.json", (written_s, written_s))
    return folder


@pytest.mark.parametrize(
    "name",
    [
        ".x.forking-12",
        ".x.exporting-12",
        ".x.writing-12",
        ".x.writing-12-replaced",
        ".x.y.pruning-4194305",
        ".x.replaced",
    ],
)
def test_names_of_what_is_half_made(name: str) -> None:
    assert is_half_made(name)


@pytest.mark.parametrize(
    "name", ["x", ".x", "x.forking-12", ".forking-12", ".x.forking-", ".x.forking-1a", ".x.living-12", "x.replaced"]
)
def test_names_of_what_is_not(name: str) -> None:
    assert not is_half_made(name)


@pytest.mark.parametrize("work", ["forking", "exporting", "writing", "pruning"])
def test_a_name_that_is_given_is_known_again(tmp_path: Path, work: str) -> None:
    folder = half_made(tmp_path / "x", work)
    assert folder.parent == tmp_path
    assert is_half_made(folder.name)


def test_runs_are_what_has_a_manifest_and_is_not_half_made(tmp_path: Path) -> None:
    runs = [made(tmp_path / name, written_s) for name, written_s in (("a", 200), ("b", 300), (".c", 100))]
    made(tmp_path / ".d.forking-12", 900)
    made(tmp_path / ".e.replaced", 900)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    assert runs_in(tmp_path) == sorted(runs)
    assert newest(runs_in(tmp_path)) == tmp_path / "b"
    assert is_run(tmp_path / ".d.forking-12"), "whoever names it gets it"
    assert runs_in(tmp_path / "nowhere") == []


def test_the_head_says_when_a_run_was_written_to(tmp_path: Path) -> None:
    older, newer = made(tmp_path / "older", 100), made(tmp_path / "newer", 200)
    (older / "log").mkdir()
    (older / "log" / "head").write_text("")
    os.utime(older / "log" / "head", (300, 300))
    assert newest([older, newer]) == older
