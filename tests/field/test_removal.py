"""What is removed or replaced: only what is ours, and only when nothing can refuse any more."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import townlet
from eventlog.errors import DiskFull, EventLogError
from eventlog.folder import disk
from eventlog.folder.belongings import MARK
from eventlog.writer import LogWriter
from tests.cli.test_commands import from_json, said

GONE = 4194305
"""No process has this number."""


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below a folder, but the locks."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: path.read_bytes() if path.is_file() else None
        for name, path in found.items()
        if path.name not in ("lock", "lock.holder")
    }


def refused(*command: str) -> str:
    """What a command says that refuses."""
    result = said(*command)
    assert result.exit_code in (1, 2), result.stderr
    assert "fault of Townlet" not in result.stderr
    return result.stderr


# F2


@pytest.mark.parametrize("form", ["parquet", "csv", pytest.param("duckdb", marks=pytest.mark.slow)])
def test_f2_an_export_replaces_its_like(demo: Path, form: str) -> None:
    for _ in range(2):
        assert said("export", "demo", "--to", form, "--into", "made", "--replace").exit_code == 0
    assert said("export", "demo", "--check", "made").exit_code == 0


@pytest.mark.parametrize("text", ["{}", '{"manifest_version": 3, "name": "an extension"}', "no json", "[" * 99_999])
def test_f2_a_manifest_of_somebody_else_keeps_its_folder(demo: Path, text: str) -> None:
    Path("mine/src").mkdir(parents=True)
    Path("mine/manifest.json").write_text(text)
    Path("mine/src/work.js").write_text("years of work")
    before = contents(Path("mine"))
    for command in (
        ("export", "demo", "--to", "csv", "--into", "mine", "--replace"),
        ("export", "demo", "--to", "parquet", "--into", "mine", "--replace"),
    ):
        assert "mine is no export, so it is not replaced" in refused(*command)
    assert contents(Path("mine")) == before


@pytest.mark.parametrize("more", ["notes.txt", "deep/notes.txt"])
def test_f2_an_export_to_which_somebody_added_stays(demo: Path, more: str) -> None:
    assert said("export", "demo", "--to", "csv", "--into", "made").exit_code == 0
    (Path("made") / more).parent.mkdir(exist_ok=True)
    (Path("made") / more).write_text("mine")
    before = contents(Path("made"))
    assert "is no export" in refused("export", "demo", "--to", "csv", "--into", "made", "--replace")
    assert contents(Path("made")) == before


@pytest.mark.parametrize("name", ["a.parquet", "a.duckdb"])
def test_f2_a_table_of_somebody_else_stays(demo: Path, name: str) -> None:
    import duckdb

    if name.endswith("duckdb"):
        with duckdb.connect(name) as connection:
            connection.execute("create table mine as select 42")
    else:
        duckdb.sql(f"copy (select 42) to '{name}'")
    before = Path(name).read_bytes()
    form = name.partition(".")[2]
    assert "is no export" in refused("export", "demo", "--to", form, "--into", name, "--replace")
    assert Path(name).read_bytes() == before


def test_f2_a_dataset_replaces_its_like_and_nothing_else(demo: Path) -> None:
    command = ("dataset", "demo", "--to", "made", "--format", "arrow", "--to-tick", "5", "--replace")
    for _ in range(2):
        assert said(*command).exit_code == 0
    about = Path("made/dataset.json")
    assert json.loads(about.read_text())["files"] == ["steps.arrow"]
    text = about.read_text()
    for changed in (
        lambda: Path("made/mine").write_text("work"),
        lambda: about.write_text("{}"),
        lambda: about.write_text(text.replace("steps.arrow", "mine")),
        lambda: Path("made/steps.arrow").unlink() or Path("made/steps.arrow").symlink_to("elsewhere"),
    ):
        changed()
        before = contents(Path("made"))
        assert "made is no dataset, so it is not replaced" in refused(*command)
        assert contents(Path("made")) == before
        Path("made/mine").unlink(missing_ok=True)
        about.write_text(text)


def test_f2_what_lies_behind_a_link_is_not_replaced(demo: Path) -> None:
    assert said("export", "demo", "--to", "csv", "--into", "made").exit_code == 0
    Path("link").symlink_to("made")
    before = contents(Path("made"))
    assert "link is a link, so it is not replaced" in refused(
        "export", "demo", "--to", "csv", "--into", "link", "--replace"
    )
    assert contents(Path("made")) == before


# F3


def test_f3_no_run_is_made_among_files_of_others(demo: Path) -> None:
    Path("p").mkdir()
    Path("p/thesis.md").write_text("years of work")
    for more in ([], ["--replace"]):
        assert "p holds files, and no run, such as thesis.md" in refused("run", "--ticks", "1", "--into", "p", *more)
    assert "p holds files" in refused("fork", "demo", "--into", "p")
    assert contents(Path("p")) == {"thesis.md": b"years of work"}


@pytest.mark.parametrize("name", ["thesis.md", "log/thesis.md", "configs/mine", "deep/thesis.md"])
def test_f3_a_run_that_holds_something_else_is_not_removed(demo: Path, name: str) -> None:
    (demo / name).parent.mkdir(exist_ok=True)
    (demo / name).write_text("years of work")
    before = contents(demo)
    assert "which is no part of a run" in refused("run", "--ticks", "1", "--into", "runs/demo", "--replace")
    for command in (["demo"], ["runs", "--keep", "0"]):
        result = said("runs", "prune", *command, "--yes")
        assert result.exit_code == 0 and "which is no part of a run" in result.stderr
    assert contents(demo) == before


def test_f3_a_run_with_a_run_inside_is_not_removed(demo: Path, town: Path) -> None:
    shutil.copytree(town, demo / "exports" / "inner")
    before = contents(demo)
    assert "holds another run" in refused("run", "--ticks", "1", "--into", "runs/demo", "--replace")
    assert "holds another run" in said("runs", "prune", "demo", "--yes").stderr
    said("runs", "prune", "demo", "--exports", "--yes")
    assert contents(demo) == before


def test_f3_nothing_is_replaced_through_a_link(demo: Path) -> None:
    Path("link").symlink_to(demo)
    before = contents(demo)
    assert "link is a link to a run elsewhere" in refused("run", "--ticks", "1", "--into", "link", "--replace")
    said("runs", "prune", "link", "--yes")
    assert contents(demo) == before and Path("link").is_symlink()


@pytest.mark.parametrize("into", [".", "..", "../demo"])
def test_f3_the_working_directory_is_no_place_for_a_run(demo: Path, into: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo)
    before = contents(demo.parent)
    for more in ([], ["--replace"]):
        refused("run", "--ticks", "1", "--into", into, *more)
    (demo.parent / "empty").mkdir()
    monkeypatch.chdir(demo.parent / "empty")
    assert "holds the working directory" in refused("run", "--ticks", "1", "--into", ".")
    (demo.parent / "empty").rmdir()
    assert contents(demo.parent) == before


def test_f3_a_refused_run_leaves_no_folder(demo: Path) -> None:
    before = contents(demo)
    assert "lies inside of the run" in refused("run", "--ticks", "1", "--into", "runs/demo/inner")
    assert contents(demo) == before


@pytest.mark.parametrize("name", [f".x.pruning-{GONE}", f".x.forking-{GONE}", f".x.writing-{GONE}"])
def test_f3_a_hidden_folder_goes_only_with_our_mark(demo: Path, name: str) -> None:
    hidden = demo.with_name(name)
    hidden.mkdir()
    (hidden / "thesis.md").write_text("years of work")
    said("runs", "prune", "--yes")
    assert said("run", "--ticks", "1", "--into", "runs/demo", "--replace").exit_code == 0
    assert contents(hidden) == {"thesis.md": b"years of work"}
    (hidden / MARK).write_text("")
    said("runs", "prune", "--yes")
    assert not hidden.exists()


def test_f3_what_waits_for_its_place_is_not_pruned(demo: Path) -> None:
    """A process was killed between the two moves of a replacement."""
    hidden = demo.with_name(f".demo.writing-{GONE}")
    hidden.mkdir()
    (hidden / MARK).write_text("")
    demo.rename(hidden / "replaced")
    said("runs", "prune", "--yes")
    assert (hidden / "replaced" / "run.json").exists()


# A2


@pytest.mark.parametrize(
    "wish",
    [
        ("--ticks", "0"),
        ("--ticks", "5", "--set", "town.people=48"),
        ("--ticks", "5", "--set", "town.people=900"),
        ("--ticks", "5", "--set", "town.map=kitchen"),
        ("--ticks", "5", "--set", "town.map=nowhere"),
        ("--ticks", "5", "--set", "market.rent=999"),
        ("--ticks", "5", "--seed", "99999999999999999999999"),
        ("--ticks", "5", "--days", "1"),
    ],
    ids=" ".join,
)
def test_a2_a_wish_that_is_refused_destroys_nothing(demo: Path, wish: tuple[str, ...]) -> None:
    before = contents(demo.parent)
    result = said("run", *wish, "--into", "runs/demo", "--replace")
    assert result.exit_code in (1, 2), result.stderr
    assert contents(demo.parent) == before


def failing_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(disk, "write_all", full)


def failing_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(writer: LogWriter, need: int) -> None:
        raise DiskFull(writer.path, need=need, free=0, reserve=0, seq=0)

    monkeypatch.setattr(LogWriter, "_require_room", full)


def failing_move(monkeypatch: pytest.MonkeyPatch) -> None:
    real = disk.rename

    def failing(path: Path, target: Path) -> None:
        if path.name == "whole":
            raise OSError(errno.EIO, "the disk is gone")
        real(path, target)

    monkeypatch.setattr(disk, "rename", failing)


@pytest.mark.parametrize("failing", [failing_disk, failing_commit, failing_move])
def test_a2_whatever_fails_before_the_first_commit_the_old_run_stays(
    demo: Path, failing: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(demo.parent)
    with monkeypatch.context() as patch:
        failing(patch)  # type: ignore[operator]
        with pytest.raises((OSError, EventLogError)):
            townlet.simulate(None, ticks=5, seed=8, into=demo, replace=True)
    assert contents(demo.parent) == before
    assert said("resume", "demo", "--ticks", "1").exit_code == 0


@pytest.mark.parametrize("ticks", [1, 40])
def test_a2_a_run_that_replaces_another_is_the_one_that_was_asked_for(demo: Path, ticks: int) -> None:
    run = townlet.simulate(None, ticks=ticks, seed=8, into=demo, replace=True)
    fresh = townlet.simulate(None, ticks=ticks, seed=8, into="runs/fresh")
    assert (run.head.tick, run.log_digest) == (fresh.head.tick, fresh.log_digest)
    assert run.checkpoints().ticks() == fresh.checkpoints().ticks()
    assert sorted(os.listdir("runs")) == ["demo", "fresh"]
    assert sorted(os.listdir("runs/demo")) == sorted(os.listdir("runs/fresh"))


@pytest.fixture
def at_work(demo: Path) -> Iterator[Path]:
    """The run, while somebody writes to it."""
    with LogWriter.open(demo):
        yield demo


def test_a2_a_run_that_is_written_is_not_replaced(at_work: Path) -> None:
    before = contents(at_work.parent)
    assert said("run", "--ticks", "5", "--into", "runs/demo", "--replace").exit_code == 5
    assert contents(at_work.parent) == before


@pytest.mark.parametrize(
    "command",
    [
        ("export", "demo", "--to", "parquet", "--into", "made", "--to-tick", "999999", "--replace"),
        ("dataset", "demo", "--to", "data", "--to-tick", "999999", "--replace"),
        ("dataset", "demo", "--to", "data", "--rewards", "nothing", "--replace"),
    ],
    ids=" ".join,
)
def test_a2_an_export_that_is_refused_leaves_the_earlier(demo: Path, command: tuple[str, ...]) -> None:
    assert said("export", "demo", "--to", "parquet", "--into", "made").exit_code == 0
    assert said("dataset", "demo", "--to", "data", "--to-tick", "5").exit_code == 0
    before = contents(Path.cwd())
    refused(*command)
    assert contents(Path.cwd()) == before
    assert from_json(said("runs", "--json"))
