"""The recording in the tour is of a path that can be gone, and every picture of it is there."""

from pathlib import Path

from tests.tui.acting import grudge_of, holding_back, quarrels, wrong_of
from tests.tui.recording import CAPTIONS, FOLDER, record
from townlet.daytime import time_of

TOUR = Path(__file__).parents[2] / "docs" / "tour.md"


def test_the_path_can_be_gone_and_each_picture_shows_what_it_says(demo: Path, tmp_path: Path) -> None:
    first, said = quarrels(demo)[0], record(demo, tmp_path)
    assert list(said) == list(CAPTIONS)
    assert f"queue conflict  {first['agent']}, {first['other']}" in said["2-find"]
    assert wrong_of(first) in said["3-why"]
    assert grudge_of(demo, first) in " ".join(said["3-why"].replace("│", " ").split())
    assert holding_back(first) in " ".join(said["4-fork"].replace("│", " ").split())
    assert "demo-fork-" in said["5-held"] and "queue conflict" not in said["5-held"]
    assert f"they part at {time_of(first['tick'], 1440)}" in said["6-parted"]
    assert {path.stem for path in tmp_path.glob("*.svg")} == set(CAPTIONS)


def test_the_tour_has_every_picture() -> None:
    text = TOUR.read_text(encoding="utf-8")
    for name in CAPTIONS:
        assert f"(recording/{name}.svg)" in text
        assert (FOLDER / f"{name}.svg").is_file()
