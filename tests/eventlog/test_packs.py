"""Packs: what is packed is read as it was, what is damaged or forged is refused, and nothing is written over."""

import zipfile
from pathlib import Path

import pytest

from eventlog.errors import EventLogError, LogDamaged, RunNotFound
from eventlog.packs import Pack, is_pack, join, open_pack, pack, place_in_pack, places_in, unpacked, whole_town
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.eventlog.towns import commit, new_log


@pytest.fixture(autouse=True)
def apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of one's own."""
    monkeypatch.setenv("TOWNLET_CACHE", str(tmp_path_factory.mktemp("cache")))


def a_run(path: Path, *sizes: int) -> LogReader:
    """A closed run with these commits, and a checkpoint's folder that a pack leaves out."""
    with new_log(path) as writer:
        for size in sizes:
            commit(writer, size)
    for name in ("configs/c0ffee.json", "checkpoints/000000000010/manifest.json"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("{}")
    return LogReader(path)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A pack of three towns."""
    runs = {name: a_run(tmp_path / name, 100, size) for name, size in (("t-10", 10), ("t-2", 20), ("t-1", 30))}
    assert pack(runs, tmp_path / "towns.zip")[:2] == (3, 360)
    return tmp_path / "towns.zip"


def forged(path: Path, entries: dict[str, bytes]) -> Path:
    """A zip file with these entries."""
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def test_a_packed_town_is_read_as_it_was_and_is_only_read(made: Path, tmp_path: Path) -> None:
    assert places_in(made) == [f"{made}/{name}" for name in ("t-1", "t-2", "t-10")]
    for place in places_in(made):
        whole, packed = LogReader(tmp_path / Path(place).name), LogReader(unpacked(place) or tmp_path)
        assert packed.verify_chain() == whole.head.digest and packed.manifest == whole.manifest
        assert not list(packed.path.rglob("checkpoints"))
    with pytest.raises(EventLogError, match="runs are only read"):
        LogWriter.open(unpacked(f"{made}/t-1") or tmp_path)
    assert open_pack(made).head("t-1", open_pack(made).manifest("t-1")) == LogReader(tmp_path / "t-1").head
    assert place_in_pack(tmp_path / "t-1") is None and unpacked(tmp_path / "t-1") is None


def test_the_same_runs_give_the_same_pack_and_packs_are_joined(made: Path, tmp_path: Path) -> None:
    runs = {name: LogReader(tmp_path / name) for name in ("t-10", "t-2", "t-1")}
    pack(runs, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == made.read_bytes()
    pack({"t-2": runs["t-1"], "u": runs["t-1"]}, tmp_path / "more.zip", small=False)
    assert join([made, tmp_path / "more.zip"], tmp_path / "all.zip").towns == 4
    joined = open_pack(tmp_path / "all.zip")
    assert joined.names == ["t-1", "t-2", "t-10", "u"]
    assert joined.manifest("t-2") == runs["t-2"].manifest
    with zipfile.ZipFile(made) as file:
        file.extractall(tmp_path / "plain")
    assert LogReader(tmp_path / "plain" / "t-2").verify_chain() == runs["t-2"].head.digest


def test_a_pack_that_is_replaced_is_read_anew(made: Path, tmp_path: Path) -> None:
    before = unpacked(f"{made}/t-1")
    pack({"t-1": a_run(tmp_path / "other", 7)}, made, replace=True)
    after = unpacked(f"{made}/t-1")
    assert before is not None and after is not None and before != after
    assert (LogReader(before).head.seq, LogReader(after).head.seq) == (130, 7)
    with pytest.raises(RunNotFound, match=r"none of the pack's 1 towns, and the nearest is t-1"):
        unpacked(f"{made}/t-11")
    with pytest.raises(RunNotFound, match="it is a pack of 1 towns: name one, such as"):
        unpacked(made)


def test_nothing_is_written_over_and_a_damaged_run_is_not_packed(made: Path, tmp_path: Path) -> None:
    whole, thesis = made.read_bytes(), tmp_path / "thesis.zip"
    forged(thesis, {"thesis.txt": b"years of work"})
    with pytest.raises(FileExistsError):
        pack({"a": LogReader(tmp_path / "t-1")}, made)
    with pytest.raises(FileExistsError, match="no pack of towns"):
        pack({"a": LogReader(tmp_path / "t-1")}, thesis, replace=True)
    for name in ("a/b", "..", ""):
        with pytest.raises(EventLogError, match="no name of a town"):
            pack({name: LogReader(tmp_path / "t-1")}, tmp_path / "new.zip")
    segment = tmp_path / "t-2" / "log" / f"{0:020}.arrows"
    content = segment.read_bytes()
    segment.write_bytes(content[:3000] + bytes([content[3000] ^ 1]) + content[3001:])
    with pytest.raises(LogDamaged):
        pack({"t-1": LogReader(tmp_path / "t-1"), "t-2": LogReader(tmp_path / "t-2")}, made, replace=True)
    assert made.read_bytes() == whole
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".") or path.name == "new.zip"]


def test_damage_in_a_pack_is_told_and_the_other_towns_are_read(made: Path) -> None:
    with zipfile.ZipFile(made) as file:
        entry = file.getinfo(f"t-2/log/{0:020}.arrows")
    content = bytearray(made.read_bytes())
    content[entry.header_offset + 200] ^= 0xFF
    made.write_bytes(content)
    with pytest.raises(EventLogError, match=r"t-2: log/0{20}\.arrows is not what was packed"):
        unpacked(f"{made}/t-2")
    assert LogReader(unpacked(f"{made}/t-1") or made).head.seq == 130
    made.write_bytes(content[:-100])
    assert not is_pack(made)
    with pytest.raises(EventLogError, match="no whole zip file"):
        Pack(made)


def test_names_in_a_forged_pack_lead_nowhere(made: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(made) as file:
        good = {name: file.read(name) for name in file.namelist() if name.startswith("t-1/")}
    outside = {
        "../evil": b"x",
        "/etc/evil": b"x",
        "t-1/../../evil": b"x",
        "t-1/log/../../evil": b"x",
        "t-1/notes": b"x",
    }
    path = forged(tmp_path / "forged.zip", {**outside, **good, "no-run/log/head": b"x", "..\\evil/run.json": b"x"})
    assert open_pack(path).names == ["t-1"]
    assert set(open_pack(path).files("t-1")) == {name.removeprefix("t-1/") for name in good}
    with whole_town(f"{path}/t-1") as folder:
        assert LogReader(folder).verify_chain() == LogReader(tmp_path / "t-1").head.digest
    assert not list(tmp_path.rglob("evil"))
