"""What is published is whole in its place, or everything is as it was."""

from pathlib import Path

import pytest

from eventlog.folder import disk
from eventlog.folder.publishing import Product, bytes_of, published

BOOK = Product("writing", "book", "--to", lambda path: path.name.startswith("book"))


def write(place: Path, text: str, *, folder: bool = False, replace: bool = False) -> None:
    with published(BOOK, place, replace=replace, suffix=".txt") as written:
        assert written.suffix == ".txt"
        if folder:
            (written / "pages").mkdir(parents=True)
        (written / "pages" / "1" if folder else written).write_text(text)


def text_of(place: Path) -> str:
    return (place / "pages" / "1" if place.is_dir() else place).read_text()


@pytest.mark.parametrize("folder", [False, True])
def test_it_appears_whole_and_alone(tmp_path: Path, folder: bool) -> None:
    place = tmp_path / "shelf" / "book"
    write(place, "a story", folder=folder)
    assert (text_of(place), bytes_of(place)) == ("a story", 7)
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_it_replaces_its_like_and_nothing_else(tmp_path: Path, before: bool, after: bool) -> None:
    place = tmp_path / "book"
    write(place, "old", folder=before)
    with pytest.raises(FileExistsError, match="--replace writes it anew, --to names another place"):
        write(place, "new", folder=after)
    write(place, "new", folder=after, replace=True)
    assert text_of(place) == "new"
    (tmp_path / "diary").write_text("mine")
    with pytest.raises(FileExistsError, match="diary is no book, so it is not replaced; --to names another place"):
        write(tmp_path / "diary", "new", folder=after, replace=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "diary"]
    assert text_of(tmp_path / "diary") == "mine"


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("call", ["append_to", "sync", "rename"])
def test_a_disk_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, folder: bool
) -> None:
    def failing(*arguments: object) -> None:
        raise OSError(5, "the disk is gone")

    place = tmp_path / "book"
    write(place, "old", folder=folder)
    with monkeypatch.context() as patch:
        patch.setattr(disk, call, failing)
        with pytest.raises(OSError, match="the disk is gone"):
            write(place, "new", folder=folder, replace=True)
    assert text_of(place) == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_move_that_fails_brings_back_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = disk.rename

    def failing(path: Path, target: Path) -> None:
        if target == tmp_path / "book":
            raise OSError(5, "the disk is gone")
        original(path, target)

    write(tmp_path / "book", "old", folder=True)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "rename", failing)
        with pytest.raises(OSError, match="the disk is gone"):
            write(tmp_path / "book", "new", folder=True, replace=True)
    assert text_of(tmp_path / "book") == "old"


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no more ink"), published(BOOK, tmp_path / "book", replace=False) as written:
        written.write_text("half a")
        raise ValueError("no more ink")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_taken_meanwhile_is_let_be(tmp_path: Path) -> None:
    place = tmp_path / "book"
    with pytest.raises(FileExistsError, match="is there already"), published(BOOK, place, replace=False) as written:
        written.write_text("mine")
        place.write_text("somebody else's")
    assert place.read_text() == "somebody else's"
