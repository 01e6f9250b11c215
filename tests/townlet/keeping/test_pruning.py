"""Pruning: what goes is what was meant and nobody needs; everything else is as it was, to the byte."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eventlog.errors import EventLogError
from eventlog.folder.belongings import MARK
from eventlog.folder.holding import building
from eventlog.folder.manifest import read_manifest, write_settings
from eventlog.forking import fork
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.format.test_sealing import EVENTS, long_run
from tests.eventlog.towns import EPOCHS, commit
from townlet.keeping.pruning import PARTS, Item, Plan, carry_out, plan


@pytest.fixture(scope="module")
def ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with three runs of nobody, the oldest first: a, b, c."""
    folder = tmp_path / "runs"
    with long_run(folder / "a"):
        write_settings(folder / "a", EPOCHS[0].config_id, "{}")
    for name in ("b", "c"):
        with LogWriter.create(folder / name, run_id=name, name=name, epochs=EPOCHS, versions={}) as writer:
            commit(writer, 100)
    for age, name in enumerate("cba"):
        aged(folder / name, age)
    return folder


def aged(run: Path, days: int) -> None:
    """As if the run had been written so many days after the epoch's tenth, backwards."""
    for file in (run / "run.json", run / "log" / "head"):
        os.utime(file, (864_000 - days * 86_400,) * 2)


def forked(run: Path, into: Path, run_id: str = "f") -> Path:
    fork(LogReader(run), into, 700, run_id=run_id, name="f", versions={}, epochs=EPOCHS)
    return into


def names(items: list[Item]) -> list[str]:
    return sorted(item.path.name for item in items)


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_without_a_rule_nothing_of_a_folder_goes(runs: Path) -> None:
    assert plan([runs]) == Plan([], [])


def test_a_plan_touches_nothing(runs: Path) -> None:
    before = content(runs)
    assert names(plan([runs], keep=0, parts=PARTS).goes) == ["a", "b", "c"]
    assert content(runs) == before


@pytest.mark.parametrize(("keep", "goes"), [(0, "abc"), (1, "ab"), (2, "a"), (3, ""), (9, "")])
def test_the_newest_are_kept(runs: Path, keep: int, goes: str) -> None:
    kept = {path: text for path, text in content(runs).items() if path.relative_to(runs).parts[0] not in goes}
    planned = plan([runs], keep=keep)
    assert names(planned.goes) == list(goes)
    assert planned.bytes == sum(map(len, content(runs).values())) - sum(map(len, kept.values()))
    assert carry_out(planned) == planned.goes
    assert content(runs) == kept
    assert sorted(path.name for path in runs.iterdir()) == sorted(set("abc") - set(goes))


def test_the_old_go(runs: Path) -> None:
    half_a_day = 43_200
    assert names(plan([runs], older_than=864_000 - half_a_day).goes) == ["a", "b"]
    assert names(plan([runs], older_than=864_000 - half_a_day, keep=2).goes) == ["a"]
    assert names(plan([runs / "a", runs / "c"], older_than=864_000 - half_a_day).goes) == ["a"]


def test_a_run_that_is_named_goes(runs: Path) -> None:
    carry_out(plan([runs / "b", runs / "b"]))
    assert sorted(path.name for path in runs.iterdir()) == ["a", "c"]


def test_a_parent_stays_as_long_as_its_fork(runs: Path) -> None:
    forked(runs / "a", runs / "fork")
    assert plan([runs / "a"]).stays == [Item(runs / "a", "run", f"is the parent of {runs / 'fork'}")]
    assert names(plan([runs / "a", runs / "fork"]).goes) == ["a", "fork"]
    assert names(plan([runs / "a"], with_parents=True).goes) == ["a"]
    aged(runs / "fork", -9)
    assert names(plan([runs], keep=1).goes) == ["b", "c"]
    forked(runs / "fork", runs / "grandchild", "g")
    assert names(plan([runs / "a", runs / "fork"]).stays) == ["a", "fork"]
    shutil.rmtree(runs / "grandchild")
    shutil.rmtree(runs / "fork")
    forked(runs / "a", runs / "futures" / "seed-1")
    assert names(plan([runs / "a"]).stays) == ["a"]


def test_a_run_of_the_same_name_that_has_not_come_so_far_is_no_parent(runs: Path) -> None:
    """Towns of one configuration and seed have one run id."""
    forked(runs / "a", runs / "fork")
    with LogWriter.create(runs / "early", run_id="0190", name="early", epochs=EPOCHS, versions={}) as writer:
        commit(writer, 100)
    assert read_manifest(runs / "early").run_id == read_manifest(runs / "a").run_id
    assert names(plan([runs / "a", runs / "early"]).stays) == ["a"]


def test_a_fork_is_whole_without_its_parent(runs: Path) -> None:
    fork(LogReader(runs / "a"), runs / "fork", EVENTS, run_id="f", name="f", versions={}, epochs=EPOCHS)
    shared = sum(path.stat().st_size for path in (runs / "a" / "log").glob("*.arrow"))
    whole = sum(map(len, content(runs / "a").values()))
    planned = plan([runs / "a"], with_parents=True)
    assert planned.bytes == whole - shared > 0
    both = plan([runs / "a", runs / "fork"])
    assert both.bytes == whole + sum(map(len, content(runs / "fork").values())) - shared
    carry_out(planned)
    log = LogReader(runs / "fork")
    assert log.verify_chain() == log.head.digest


def test_a_run_that_is_written_stays_with_all_that_is_in_it(runs: Path) -> None:
    planned = plan([runs / "b"])
    with LogWriter.open(runs / "b") as writer:
        before = content(runs / "b")
        assert plan([runs / "b"]).stays == [Item(runs / "b", "run", "is being written")]
        (runs / "b" / "derived").mkdir()
        assert plan([runs], parts=PARTS).goes == []
        assert carry_out(planned) == [], "it was free when the plan was made"
        assert content(runs / "b") == before
        commit(writer, 10)
    assert LogReader(runs / "b").head.seq == 110


def test_parts_go_and_the_run_stays(runs: Path, ended: int) -> None:
    run = runs / "a"
    for path in (
        f"derived/tie_changes/{1:016}/{5:012}/x.arrow",
        "exports/events-0-5.parquet",
        f"checkpoints/000000000003.{ended}-0/x.arrow",
        f"exports/.x.exporting-{ended}/whole.parquet",
        f"exports/.x.exporting-{ended}/{MARK}",
        *(f"checkpoints/{tick:012}/manifest.json" for tick in (3, 20, 100)),
    ):
        (run / path).parent.mkdir(parents=True, exist_ok=True)
        (run / path).write_text("x" * 1000)
    log = run / "log"
    for name in (f"{0:020}.arrows.torn", f"{0:020}.arrows.torn-2", f"{0:020}.arrows", f"{0:020}.parquet.tmp"):
        (log / name).write_text("y")
    left = [f"{0:020}.arrows", f"{0:020}.parquet.tmp", f"000000000003.{ended}-0"]
    hidden = f".x.exporting-{ended}"
    checkpoints = [f"{3:012}", f"{20:012}"]
    torn = [f"{0:020}.arrows.torn", f"{0:020}.arrows.torn-2"]
    assert names(plan([run.parent]).goes) == sorted([*left, hidden])
    assert names(plan([run], parts=["derived"]).goes) == sorted([*left, hidden, *checkpoints, "derived"])
    assert names(plan([run], parts=["exports"]).goes) == sorted([*left, "exports"])
    planned = plan([run], parts=PARTS)
    assert names(planned.goes) == sorted([*left, *checkpoints, *torn, "derived", "exports"])
    assert planned.bytes == 7 * 1000 + 4
    digest = LogReader(run).head.digest
    carry_out(planned)
    assert LogReader(run).verify_chain() == digest
    assert [path.name for path in (run / "checkpoints").iterdir()] == [f"{100:012}"]
    assert not {"derived", "exports"} & {path.name for path in run.iterdir()}
    assert plan([run], parts=PARTS).goes == []


def test_what_a_process_left_half_done_goes_when_it_is_gone(runs: Path, ended: int) -> None:
    for name in (f".x.forking-{ended}", f".a.pruning-{ended}", ".z.forking-", ".mine"):
        (runs / name / "log").mkdir(parents=True)
        (runs / name / MARK).write_text("")
    with building(runs / "y", "forking") as held:
        planned = plan([runs])
        assert names(planned.goes) == sorted([f".x.forking-{ended}", f".a.pruning-{ended}"])
        carry_out(planned)
        assert sorted(path.name for path in runs.iterdir()) == sorted(
            ["a", "b", "c", held.name, ".z.forking-", ".mine"]
        )


@pytest.mark.parametrize("name", [".x.forking-{}", ".x.writing-{}", ".x.writing-{}-replaced"])
def test_a_half_made_run_is_a_leftover_and_no_run(runs: Path, ended: int, name: str) -> None:
    """It is the newest, so it would be kept, and the fork of `a`, so that would stay."""
    half = forked(runs / "a", runs / "x").rename(runs / name.format(ended))
    (half / MARK).write_text("")
    aged(half, -9)
    planned = plan([runs], keep=1)
    assert (planned.goes[-1].what, planned.stays) == ("leftover", [])
    assert names(planned.goes) == sorted(["a", "b", half.name])
    carry_out(planned)
    assert [path.name for path in runs.iterdir()] == ["c"]


def test_a_fork_that_is_being_made_holds_its_parent(runs: Path) -> None:
    with building(runs / "x", "forking") as half:
        forked(runs / "a", half / "x")
        for part in (half / "x").iterdir():
            part.rename(half / part.name)
        (half / "x").rmdir()
        planned = plan([runs], keep=0)
    assert names(planned.goes) == ["b", "c"]
    assert planned.stays == [Item(runs / "a", "run", f"is the parent of {half}")]


def test_a_removal_that_is_interrupted_is_ended_by_the_next(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(path: Path) -> None:
        raise OSError(5, "the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", failing)
        with pytest.raises(OSError, match="the disk is gone"):
            carry_out(plan([runs / "a"]))
    assert not (runs / "a").exists(), "a run is whole or not there"
    (half,) = runs.glob(".a.pruning-*")
    half.rename(half.with_name(".a.pruning-4194305"))  # more than a process can have
    carry_out(plan([runs]))
    assert sorted(path.name for path in runs.iterdir()) == ["b", "c"]


def test_a_link_and_a_run_that_cannot_be_read_stay(runs: Path) -> None:
    (runs / "link").symlink_to(runs / "a")
    (runs / "b" / "run.json").write_text("{")
    planned = plan([runs], keep=0)
    assert {item.path.name: item.why.partition(";")[0] for item in planned.stays} == {
        "link": "is a link to a run elsewhere",
        "b": "its manifest cannot be read",
    }
    assert names(planned.goes) == ["a", "c"]
    assert names(plan([runs / "b"]).goes) == ["b"]


def test_what_is_gone_meanwhile_is_passed_over(runs: Path) -> None:
    planned = plan([runs], keep=0)
    shutil.rmtree(runs / "b")
    assert names(carry_out(planned)) == ["a", "c"]


def test_what_was_written_to_since_the_plan_stays(runs: Path) -> None:
    """A run that was taken up again, and a file that a manifest has named since."""
    planned = plan([runs], keep=1)
    assert names(planned.goes) == ["a", "b"]
    with LogWriter.open(runs / "b") as writer:
        commit(writer, 10)
    assert names(carry_out(planned)) == ["a"]
    assert LogReader(runs / "b").head.seq == 110

    run = runs / "c"
    with LogWriter.open(run) as writer:
        (active,) = writer.manifest.segments
    left = run / "log" / active.file.replace(".arrows", ".arrow")
    left.write_bytes(b"what a seal that was interrupted left")
    planned = plan([run], parts=["torn"])
    assert names(planned.goes) == [left.name]
    with LogWriter.open(run) as writer:
        writer.roll()
    assert carry_out(planned) == []
    assert LogReader(run).verify_chain() == LogReader(run).head.digest


def test_a_run_that_lies_in_another_goes_with_nothing(runs: Path) -> None:
    """Moved there by hand: no run is made inside of one."""
    inner = runs / "a" / "exports" / "deep" / "b"
    inner.parent.mkdir(parents=True)
    shutil.move(runs / "b", inner)
    planned = plan([runs / "a"])
    assert (planned.goes, names(planned.stays)) == ([], ["a"])
    assert f"holds another run, {inner}" in planned.stays[0].why
    assert plan([runs / "a"], parts=PARTS).goes == []
    assert LogReader(inner).head.seq == 100


@pytest.mark.parametrize("place", ["inner", "log/inner", "exports/a/b/inner"])
def test_no_run_is_made_inside_of_another(runs: Path, place: str) -> None:
    before = content(runs)
    with pytest.raises(EventLogError, match=f"lies inside of the run {runs / 'a'}"):
        forked(runs / "a", runs / "a" / place)
    with pytest.raises(EventLogError, match=f"lies inside of the run {runs / 'a'}"):
        LogWriter.create(runs / "a" / place, run_id="x", name="x", epochs=EPOCHS, versions={})
    kept = content(runs)
    assert {path: kept[path] for path in before} == before
    assert not [path for path in kept if path.name == "run.json" and path not in before]
