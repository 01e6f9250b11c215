"""The observer looks as it did: its golden pictures, which `make golden` takes anew."""

import sys
from pathlib import Path

import pytest

from tests.halves import every_second_is_slow
from tests.tui.pictures import FOLDER, PICTURES, runs, taken

OWNER = (3, 11)
"""The one Python that owns the pictures."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs(tmp_path_factory.mktemp("pictures"))


def test_there_are_few_and_no_others() -> None:
    assert len(PICTURES) <= 25
    assert {path.stem for path in FOLDER.glob("*")} == set(PICTURES)


@pytest.mark.skipif(sys.version_info[:2] != OWNER, reason="Python 3.11 owns the pictures")
@pytest.mark.parametrize("name", every_second_is_slow(PICTURES))
def test_it_looks_as_it_did(name: str, town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    golden, now = FOLDER / f"{name}.svg", taken(name, town)
    if now.encode() != golden.read_bytes():
        (tmp_path / golden.name).write_text(now, encoding="utf-8")
        pytest.fail(f"{golden.name} is another now: see {tmp_path / golden.name}; if that is meant: make golden")
