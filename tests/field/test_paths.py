"""Paths that come from data: whatever a run, a store or an export says, nothing outside of it is touched."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs
import pytest

import projections.kernel  # noqa: F401  (its cache is where it was, whatever the tests below say of TOWNLET_CACHE)
from eventlog.errors import EventLogError
from eventlog.folder import stores
from eventlog.folder.manifest import read_manifest
from eventlog.folder.stores import Store, whole_copy
from tests.cli.test_commands import from_json, said
from tests.field.hostile import (
    Attack,
    all_of,
    answered,
    furnished,
    hard_link,
    in_time,
    link,
    lived,
    manifest_with,
    out,
    out_settings,
    pipe,
    says,
    surroundings,
    twin,
)

READING = (
    "runs",
    "sql demo 'select count(*) as n from tie_changes'",
    "sql demo 'select count(*) as n from rewards'",
    "replay demo --verify",
    "verify demo --deep",
    "tail demo",
    "why demo alice bob",
    "watch demo",
    "export demo --format parquet --into made/a.parquet",
)
SLOW_READING = (
    "story demo",
    "refold demo --set relationships.deltas.queue_conflict.rivalry=0.5",
    "telemetry summary demo",
    "telemetry stream demo --into made/feed",
    "observe demo --plain",
    "diff demo neighbour",
    "dataset demo --into made/data",
    "export demo --format csv --into made/csv",
    "export demo --format duckdb --into made/a.duckdb",
    "plot ties demo --into made/ties.svg",
)
WRITING = (
    "runs rebuild demo tie_changes",
    "export demo --format parquet",
    "fork demo --into made/fork --ticks 1",
    "runs copy demo made/copy",
    "resume demo --ticks 2",
    "runs archive demo",
    "runs prune demo",
    "runs prune demo --derived --exports --torn --yes",
    "runs prune runs --keep 0 --yes",
    "run --ticks 1 --into runs/demo --replace",
    "runs prune demo --yes",
)

SEGMENT = f"log/{0:020}.arrows"
NEIGHBOURS = f"../../../neighbour/{SEGMENT}"
SAYS = {
    "a segment above": all_of(out(SEGMENT, "evil.pth"), says("segments", 0, "file", value="../../../evil.pth")),
    "a segment of the neighbour": all_of(twin, says("segments", 0, "file", value=NEIGHBOURS)),
    "an absolute segment": says("segments", 0, "file", value="/etc/hostname"),
    "a segment that is the head": says("segments", 0, "file", value="head"),
    "a segment with another number": says("segments", 0, "file", value=f"{1:020}.arrows"),
    "settings above": all_of(out_settings, says("epochs", 0, "config_id", value="../../../x")),
    "settings with a control": says("epochs", 0, "config_id", value="\x1b[2J"),
    "settings that are NUL": says("epochs", 0, "config_id", value="\0"),
    "a run of another name": says("run_id", value="../x"),
    "an unknown key": says("\x1b]0;x", value=1),
    "an epoch in the past": says("epochs", 0, "from_seq", value=5),
    "a number without end": says("number", value=10**40),
    "a digest of another length": says("parent", value={"run_id": "a", "seq": 1, "digest": "../x"}),
}
LINKS = {
    **{f"{name} is a link": link(name, "thesis") for name in ("configs", "checkpoints", "derived", "exports")},
    "log is a link": all_of(twin, link("log", "neighbour/log")),
    "the tables of ties are a link": link("derived/tie_changes", "thesis"),
    "the manifest is a link": all_of(twin, link("run.json", "neighbour/run.json")),
    "the lock is a link": link("lock", ".bashrc"),
    "the holder is a link": link("lock.holder", ".bashrc"),
    "the head is a link": all_of(twin, link("log/head", "neighbour/log/head")),
    "the segment is a link": all_of(twin, link(SEGMENT, f"neighbour/{SEGMENT}")),
    "what replaces the manifest is a link": link("run.json.tmp", ".bashrc"),
    "what replaces the seal is a link": link(f"log/{0:020}.arrow.tmp", ".bashrc"),
    "a torn end is a link": link(f"{SEGMENT}.torn", ".bashrc"),
    "a checkpoint is a link": link(f"checkpoints/{60:012}", "thesis"),
    "an export is a link": link("exports/events-0-60.parquet", ".bashrc"),
    "a hidden folder is a link": link(".x.forking-4194305", "thesis"),
}
OTHERS = {
    **{f"{name} is a pipe": pipe(name) for name in ("run.json", "lock", "lock.holder", "log/head", SEGMENT)},
    "the head is the neighbour's": all_of(twin, hard_link("log/head", "neighbour/log/head")),
    "the segment is the neighbour's": all_of(twin, hard_link(SEGMENT, f"neighbour/{SEGMENT}")),
    "the holder is the neighbour's": hard_link("lock.holder", ".bashrc"),
    "the lock is the neighbour's": hard_link("lock", ".bashrc"),
    "what replaces the manifest is the neighbour's": hard_link("run.json.tmp", ".bashrc"),
}
ATTACKS: dict[str, Attack] = SAYS | LINKS | OTHERS
HARMFUL = (
    *("a segment above", "a segment of the neighbour", "settings above", "settings with a control"),
    *("an unknown key", "log is a link", "checkpoints is a link", "derived is a link", "exports is a link"),
    *("the tables of ties are a link", "the holder is a link", "the head is a link", "the segment is a link"),
    *("what replaces the manifest is a link", f"{SEGMENT} is a pipe", "log/head is a pipe", "lock.holder is a pipe"),
    *("the head is the neighbour's", "the segment is the neighbour's", "the holder is the neighbour's"),
)
"""The attacks by which files were read or written that are not the run's, or that a command waited for."""

READ_TOO = ("derived is a link", "the tables of ties are a link", "a segment of the neighbour", "log/head is a pipe")


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two small runs, demo and other."""
    folder = tmp_path_factory.mktemp("towns")
    lived(folder / "demo")
    lived(folder / "other", seed=8)
    return folder


@pytest.fixture
def demo(towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The run `runs/demo` with its neighbours, in a folder where one stands."""
    (tmp_path / "home").mkdir()
    run = furnished(tmp_path / "home", towns / "demo", towns / "other")
    monkeypatch.chdir(tmp_path / "home")
    with in_time():
        yield run


def require_untouched(run: Path, attack: Attack, commands: tuple[str, ...]) -> None:
    """The attacked run is opened by these commands, one after another, and nothing around it changes."""
    root = run.parents[1]
    attack(run)
    before = surroundings(root)
    for command in commands:
        words = command.split(" '")
        answered(*words[0].split(), *(word.rstrip("'") for word in words[1:]))
        assert surroundings(root) == before, f"townlet {command} touched what is not the run's"


@pytest.mark.parametrize("attack", HARMFUL)
def test_f1_a_hostile_run_is_opened_and_nothing_around_it_changes(demo: Path, attack: str) -> None:
    reading = READING if attack in READ_TOO else ()
    require_untouched(demo, ATTACKS[attack], (*reading, *WRITING))


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_f1_a_hostile_run_is_opened_by_every_command(demo: Path, attack: str) -> None:
    require_untouched(demo, ATTACKS[attack], (*READING, *SLOW_READING, *WRITING))


@pytest.mark.parametrize("attack", SAYS)
def test_f1_a_manifest_that_names_what_it_must_not_is_refused(demo: Path, attack: str) -> None:
    SAYS[attack](demo)
    with pytest.raises(EventLogError, match="is not a manifest that this version of Townlet reads"):
        read_manifest(demo)


@pytest.mark.parametrize("attack", LINKS)
def test_f1_what_writes_says_that_a_part_is_a_link(demo: Path, attack: str) -> None:
    LINKS[attack](demo)
    if attack in ("an export is a link", "a hidden folder is a link"):
        assert "which is no part of a run" in answered("run", "--ticks", "1", "--into", "runs/demo", "--replace")
        return
    if attack == "what replaces the manifest is a link":
        assert answered("runs", "archive", "demo") == "", "such a link is removed, never followed"
    elif attack == "the tables of ties are a link":
        assert "lies behind a link" in answered("runs", "rebuild", "demo", "tie_changes")
    else:
        assert "is a link to" in answered("runs", "archive", "demo")


def test_f1_a_run_with_links_is_read_and_a_link_to_a_run_is_too(demo: Path) -> None:
    """Only writing is refused: the run's own folder, and everything that leads there, can be read."""
    demo.rename(demo.with_name("moved"))
    demo.symlink_to("moved")
    count = from_json(said("sql", "demo", "--json", "select count(*) as n from events"))
    assert int(count[0]["n"]) > 0
    assert said("resume", "demo", "--ticks", "1").exit_code == 0
    assert "is a link to a run elsewhere" in answered("run", "--ticks", "1", "--into", "runs/demo", "--replace")
    assert "is a link to a run elsewhere" in answered("runs", "prune", "demo", "--yes")
    assert (demo.with_name("moved") / "run.json").exists()


def test_f1_two_active_segments_are_refused(demo: Path) -> None:
    def change(said: Any) -> None:
        said["segments"] = [said["segments"][0], {"first_seq": 9, "file": f"{9:020}.arrows", "kinds": {}}]

    manifest_with(demo, change)
    assert "only the last segment is active" in answered("replay", "demo")


class Keys(pyarrow.fs.FileSystemHandler):  # type: ignore[misc]
    """A store with any keys, such as no file system has."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents

    def get_type_name(self) -> str:
        return "keys"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> list[pyarrow.fs.FileInfo]:
        kinds = pyarrow.fs.FileType
        return [pyarrow.fs.FileInfo(path, kinds.File if path in self.contents else kinds.NotFound) for path in paths]

    def get_file_info_selector(self, selector: pyarrow.fs.FileSelector) -> list[pyarrow.fs.FileInfo]:
        above = f"{selector.base_dir}/"
        names = sorted(key[len(above) :] for key in self.contents if key.startswith(above))
        if selector.recursive:
            return [pyarrow.fs.FileInfo(above + name, pyarrow.fs.FileType.File) for name in names]
        kinds = {name.partition("/")[0]: "/" in name for name in names}
        kind = {True: pyarrow.fs.FileType.Directory, False: pyarrow.fs.FileType.File}
        return [pyarrow.fs.FileInfo(above + name, kind[deep]) for name, deep in kinds.items()]

    def open_input_stream(self, path: str) -> pa.NativeFile:
        if path not in self.contents:
            raise FileNotFoundError(path)
        return pa.PythonFile(pa.BufferReader(self.contents[path]), mode="r")

    def _refuse(self, *_: object) -> None:
        raise NotImplementedError

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = _refuse
    move = copy_file = open_input_file = open_output_stream = open_append_stream = _refuse


BAD_KEYS = (
    "log/../../../../.bashrc",
    "../../../evil.pth",
    "/absolute",
    "log//head",
    "checkpoints/../../../evil.pth",
    "checkpoints/..",
    "log\\..\\x",
    "log/\x1b[2Jhead",
    f"checkpoints/{60:012}/../../../../x.arrow",
)


@pytest.fixture
def keys(demo: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The keys of a store that has the run as `bucket/demo`, for everybody to change."""
    monkeypatch.setenv("TOWNLET_CACHE", str(demo.parents[1] / "made" / "cache"))
    files = [path for path in demo.rglob("*") if path.is_file()]
    contents = {f"bucket/demo/{path.relative_to(demo).as_posix()}": path.read_bytes() for path in files}
    system = pyarrow.fs.PyFileSystem(Keys(contents))
    monkeypatch.setattr(stores, "_other_location", lambda uri, scheme: (system, "bucket/demo"))
    return contents


def test_f1_a_store_is_read_as_a_run(keys: dict[str, bytes], demo: Path) -> None:
    """The fake store is one: what the tests below refuse is refused for its keys."""
    keys["bucket/demo/derived/x"] = keys["bucket/demo/notes.txt"] = b"nothing of a run"
    with whole_copy("gs://bucket/demo") as folder:
        assert sorted(os.listdir(folder)) == ["checkpoints", "configs", "log", "run.json"]
    assert said("verify", "gs://bucket/demo").exit_code == 0


@pytest.mark.parametrize("key", BAD_KEYS)
def test_f1_a_store_that_lists_paths_elsewhere_is_refused(keys: dict[str, bytes], demo: Path, key: str) -> None:
    root = demo.parents[1]
    before = surroundings(root)
    keys[f"bucket/demo/{key}"] = b"evil"
    with pytest.raises(EventLogError, match="which is no path below it"):
        Store("gs://bucket/demo").names(deep=True)
    for command in ("verify", "replay", "tail", "runs copy"):
        into = ["made/copy"] if command == "runs copy" else []
        answered(*command.split(), "gs://bucket/demo", *into)
        assert surroundings(root) == before
    assert "nothing was read or written" in answered("verify", "gs://bucket/demo")


def test_f1_a_copy_goes_into_nothing_but_a_copy(demo: Path) -> None:
    root = demo.parents[1]
    (root / "target").mkdir()
    (root / "target" / "log").symlink_to(root / "thesis")
    before = surroundings(root)
    assert "is a link to" in answered("runs", "copy", "demo", "target")
    (root / "target" / "log").unlink()
    (root / "target" / "log").mkdir()
    (root / "target" / "log" / "notes.txt").write_text("mine")
    assert "log/notes.txt, which is not part of a copy" in answered("runs", "copy", "demo", "target")
    shutil.rmtree(root / "target")
    assert surroundings(root) == {name: seen for name, seen in before.items() if "home/target" not in name}


def test_f1_a_hostile_export_names_no_file_of_others(demo: Path) -> None:
    """Its description may be sealed: anybody can compute the seal."""
    from eventlog.folder.descriptions import sealed, unsealed

    answered("export", "demo", "--to", "csv", "--into", "made/csv")
    about = Path("made/csv/manifest.json")
    fields = unsealed(json.loads(about.read_text()))
    root = demo.parents[1]
    before = surroundings(root)
    for name in ("../../.bashrc", str(root / ".bashrc"), "/dev/zero"):
        fields["files"] = {"events.csv": fields["files"].get("events.csv", {}), name: {"bytes": 11, "sha256": "0"}}
        about.write_text(json.dumps(sealed(fields)))
        result = said("export", "--check", "made/csv")
        assert result.exit_code == 1 and "they are not events.csv alone" in result.stdout
        assert "is no export, so it is not replaced" in answered(
            "export", "demo", "--to", "csv", "--into", "made/csv", "--replace"
        )
    assert surroundings(root) == before


HOLDERS = (
    '{"pid": 1e400}',
    '{"pid": 1e400, "host": "x"}',
    "[" * 100_000,
    '{"pid": -1, "host": "x"}',
    '{"pid": {}}',
    "\xff",
)


@pytest.mark.parametrize("holder", HOLDERS, ids=range(len(HOLDERS)))
def test_f5_whatever_the_holder_says_the_runs_are_listed(demo: Path, holder: str) -> None:
    (demo / "lock.holder").write_text(holder, encoding="latin-1")
    manifest_with(demo, lambda said: said.update(closed=False))
    (row,) = from_json(said("runs", "--json"))
    assert (row["run"], row["state"]) == ("demo", "stopped")


@pytest.mark.parametrize("attack", ["head folder", "head pipe", "head unreadable", "manifest pipe", "manifest deep"])
def test_f5_a_run_that_cannot_be_looked_at_is_damaged_and_the_others_are_listed(
    demo: Path, towns: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(towns / "other", demo.with_name("other"))
    path = demo / ("run.json" if attack.startswith("manifest") else "log/head")
    if attack.endswith("unreadable"):

        def refusing(path: Path, most: int = -1) -> bytes:
            raise PermissionError(13, "no", str(path))

        monkeypatch.setattr("eventlog.folder.head.read_regular", refusing)
    else:
        path.unlink()
    if attack.endswith("folder"):
        path.mkdir()
    elif attack.endswith("pipe"):
        os.mkfifo(path)
    elif attack.endswith("deep"):
        path.write_text("[" * 200_000)
    rows = {row["run"]: row["state"] for row in from_json(said("runs", "--json"))}
    assert "other" in rows
    assert rows.get("demo", "damaged") == "damaged"


@pytest.mark.parametrize("command", ["resume demo --ticks 3", "runs archive demo"])
def test_f14_a_run_that_shares_its_files_is_copied_before_it_is_written(demo: Path, command: str) -> None:
    """As `cp -al` makes it."""
    shutil.copytree(demo, demo.with_name("twin"), copy_function=os.link)
    before = {path: path.read_bytes() for path in sorted(demo.parent.glob("twin/**/*")) if path.is_file()}
    assert said(*command.split()).exit_code == 0
    assert {path: path.read_bytes() for path in before} == before
    assert said("verify", "twin").exit_code == 0
    assert said("verify", "demo").exit_code == 0


def test_f14_a_torn_end_is_cut_from_a_copy(demo: Path) -> None:
    with (demo / SEGMENT).open("ab") as file:
        file.write(b"torn")
    os.link(demo / SEGMENT, demo.parents[1] / "shared")
    before = (demo / SEGMENT).read_bytes()
    assert said("resume", "demo", "--ticks", "1").exit_code == 0
    assert (demo.parents[1] / "shared").read_bytes() == before


def test_f17_what_a_holder_and_a_manifest_say_prints(demo: Path) -> None:
    from eventlog.folder.lock import WriterLock

    lock = WriterLock(demo)
    (demo / "lock.holder").write_text(json.dumps({"pid": 7, "host": "\x1b]0;x\x07"}))
    assert r"process 7 on \x1b]0;x\x07" in answered("resume", "demo", "--ticks", "1")
    lock.release()
    says("a\x1b[2J", value=1)(demo)
    assert r"unknown key a\x1b[2J" in answered("replay", "demo")
