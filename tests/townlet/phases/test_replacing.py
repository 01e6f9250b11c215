"""A file is replaced whole or not at all, wherever the process dies."""

import os
from pathlib import Path

import pytest

from eventlog.folder import disk
from townlet.errors import ConfigurationError, TownletError
from townlet.phases.replacing import read_text, replace_text

OLD, NEW = "a: 1 # one\r\n", "a: 2 # one\r\n"


class Died(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_bytes(OLD.encode())
    return file


def test_a_file_is_replaced_and_nothing_is_left_beside_it(file: Path) -> None:
    replace_text(file, read_text(file), NEW)
    assert file.read_bytes() == NEW.encode()
    assert os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize("call", ["create", "write", "sync", "close", "rename", "sync_folder"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_crash_leaves_the_old_file_or_the_new_one(
    file: Path, monkeypatch: pytest.MonkeyPatch, call: str, done: bool
) -> None:
    """A process that dies runs nothing more: so the removal of the temporary file is taken away, too."""
    real = getattr(disk, call)

    def dies(*arguments: object) -> object:
        if done:
            real(*arguments)
        raise Died

    monkeypatch.setattr(disk, call, dies)
    monkeypatch.setattr(disk, "remove", lambda path: None)
    with pytest.raises(Died):
        replace_text(file, OLD, NEW)
    renamed = call == "sync_folder" or (call == "rename" and done)
    assert read_text(file) == (NEW if renamed else OLD)


def test_what_a_crash_left_does_not_stand_in_the_way(file: Path) -> None:
    file.with_name(f".{file.name}.{os.getpid()}.tmp").write_text("half")
    replace_text(file, OLD, NEW)
    assert read_text(file) == NEW
    assert os.listdir(file.parent) == [file.name]


def test_a_full_disk_leaves_the_old_file_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write", is_full)
    with pytest.raises(OSError, match="No space"):
        replace_text(file, OLD, NEW)
    assert (read_text(file), os.listdir(file.parent)) == (OLD, [file.name])


def test_a_file_that_somebody_else_changed_meanwhile_is_not_overwritten(file: Path) -> None:
    file.write_text("a: 3\n")
    with pytest.raises(TownletError, match="somebody else changed this file"):
        replace_text(file, OLD, NEW)
    assert (read_text(file), os.listdir(file.parent)) == ("a: 3\n", [file.name])


def test_who_may_read_it_stays_and_a_link_stays_a_link(file: Path) -> None:
    file.chmod(0o600)
    link = file.with_name("link.yaml")
    link.symlink_to(file)
    replace_text(link, OLD, NEW)
    assert link.is_symlink() and read_text(file) == NEW
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("content", "words"), [(None, "no such file"), (b"\xff\xfe", "it is not text in UTF-8")])
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "other.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        read_text(file)
