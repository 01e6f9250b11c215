"""What belongs to a run, and that nothing else is ever removed or written to."""

import os
import shutil
from pathlib import Path

import pytest

from eventlog.errors import EventLogError, RunExists
from eventlog.folder import belongings
from eventlog.folder.belongings import (
    MARK,
    begin_half_made,
    foreign_in,
    is_kept,
    is_marked,
    is_plain,
    own_copy,
    remove_half_made,
    remove_run,
    remove_state,
    require_free,
    require_own,
    why_it_stays,
)
from eventlog.folder.run_folders import half_made
from tests.eventlog.towns import new_log


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A closed run without events."""
    new_log(tmp_path / "a").close()
    return tmp_path / "a"


@pytest.mark.parametrize("name", ["run.json", "log/head", f"configs/{0:016}.json", f"checkpoints/{7:012}/ties.arrow"])
def test_names_that_a_copy_has(name: str) -> None:
    assert is_plain(name) and is_kept(name)


@pytest.mark.parametrize(
    "name", ["", "/run.json", "../run.json", "log/../../x", "log//head", "log/./head", "log\\head", "log/\x1b", "a\n"]
)
def test_names_that_no_list_may_hold(name: str) -> None:
    assert not is_plain(name)
    assert not is_kept(name)


@pytest.mark.parametrize("name", ["notes.txt", "log/x.arrow", "log/head.tmp", "configs/me.json", "derived/x", "lock"])
def test_names_that_a_copy_has_not(name: str) -> None:
    assert is_plain(name) and not is_kept(name)


def test_a_run_as_it_is_made_is_all_its_own(run: Path) -> None:
    assert foreign_in(run) is None
    require_own(run)
    assert why_it_stays(run) is None


@pytest.mark.parametrize("name", ["notes.txt", "log/notes.txt", "derived/me/x", "exports/me.pdf", "checkpoints/me"])
def test_what_does_not_belong_to_a_run_keeps_it(run: Path, name: str) -> None:
    (run / name).parent.mkdir(parents=True, exist_ok=True)
    (run / name).write_text("years of work")
    with pytest.raises(EventLogError, match="no part of a run: nothing was removed"):
        remove_run(run)
    assert (run / name).read_text() == "years of work"


@pytest.mark.parametrize("name", ["run.json", "lock", "lock.holder", "log", "configs", "checkpoints", "log/head"])
def test_a_link_in_a_run_is_refused_by_every_writer(run: Path, tmp_path: Path, name: str) -> None:
    if (run / name).exists():
        (run / name).rename(tmp_path / "moved")
    (run / name).symlink_to(tmp_path / "moved")
    with pytest.raises(EventLogError, match="is a link to"):
        require_own(run)
    with pytest.raises(EventLogError, match="nothing was removed"):
        remove_run(run)


def test_a_run_is_made_where_nothing_is_or_where_one_was_begun(run: Path, tmp_path: Path) -> None:
    require_free(tmp_path / "new")
    with pytest.raises(RunExists):
        require_free(run)
    (run / "run.json").unlink()
    require_free(run)
    (run / "notes.txt").write_text("")
    with pytest.raises(EventLogError, match=r"holds files, and no run, such as notes\.txt"):
        require_free(run)


def test_a_run_is_not_made_around_the_one_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in (Path(), Path(), tmp_path, tmp_path.parent):
        with pytest.raises(EventLogError, match="holds the working directory"):
            require_free(place)


def test_what_is_removed_is_never_seen_half(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def failing(path: Path) -> None:
        seen.append((Path(path).parent, run.exists()))
        raise OSError(5, "the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", failing)
        with pytest.raises(OSError, match="the disk is gone"):
            remove_run(run)
    going = half_made(run, "pruning")
    assert seen == [(going, False)]
    assert is_marked(going), "the mark goes last"
    remove_half_made(going)
    assert os.listdir(run.parent) == []


def test_a_hidden_folder_without_the_mark_is_somebody_elses(tmp_path: Path) -> None:
    hidden = half_made(tmp_path / "x", "writing")
    hidden.mkdir()
    (hidden / "thesis").write_text("mine")
    remove_half_made(hidden)
    with pytest.raises(FileExistsError):
        begin_half_made(tmp_path / "x", "writing")
    assert (hidden / "thesis").read_text() == "mine"
    shutil.rmtree(hidden)
    assert is_marked(begin_half_made(tmp_path / "x", "writing"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / MARK).write_text("")
    (tmp_path / ".y.writing-1").symlink_to(tmp_path / "elsewhere")
    remove_half_made(tmp_path / ".y.writing-1")
    assert (tmp_path / "elsewhere" / MARK).exists()


def test_a_state_goes_only_with_its_tables(tmp_path: Path) -> None:
    state = tmp_path / f"{7:012}"
    state.mkdir()
    (state / "ties.arrow").write_text("")
    (state / "mine.txt").write_text("")
    with pytest.raises(OSError, match=r"mine\.txt"):
        remove_state(state)
    (state / "mine.txt").unlink()
    remove_state(state)
    assert not state.exists()


def test_a_file_with_two_names_is_copied_before_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    os.link(tmp_path / "a", tmp_path / "b")
    own_copy(tmp_path / "b")
    (tmp_path / "b").write_text("y")
    assert (tmp_path / "a").read_text() == "x"
    own_copy(tmp_path / "nowhere")
    assert belongings.foreign_in(tmp_path) == "a"
