"""The recording in the README is of a path that can be gone, and every picture of it is there."""

from pathlib import Path

from tests.tui.recording import CAPTIONS, FOLDER, record

README = Path(__file__).parents[2] / "README.md"


def test_the_path_can_be_gone_and_each_picture_shows_what_it_says(demo: Path, tmp_path: Path) -> None:
    said = record(demo, tmp_path)
    assert list(said) == list(CAPTIONS)
    assert "queue conflict  erin, grace" in said["2-find"]
    assert "Erin squeezed past Grace" in said["3-why"] and "rivalry 0.000 +0.150 = 0.150" in " ".join(
        said["3-why"].replace("│", " ").split()
    )
    assert "queues.ghost_after=100" in said["4-fork"]
    assert "demo-fork-" in said["5-held"] and "queue conflict" not in said["5-held"]
    assert "they part at day 0, 04:30" in said["6-parted"]
    assert {path.stem for path in tmp_path.glob("*.svg")} == set(CAPTIONS)


def test_the_readme_has_every_picture() -> None:
    text = README.read_text(encoding="utf-8")
    for name in CAPTIONS:
        assert f"docs/recording/{name}.svg" in text
        assert (FOLDER / f"{name}.svg").is_file()
