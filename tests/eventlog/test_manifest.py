"""The manifest, the head and the lock of a run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eventlog import disk
from eventlog.errors import EventLogError, LogLocked, RunNotFound
from eventlog.head import SLOT_BYTES, HeadFile, read_head
from eventlog.lock import WriterLock
from eventlog.manifest import Manifest, Segment, read_manifest, write_manifest, write_settings
from tests.eventlog.towns import EPOCHS, new_log

MANIFEST = Manifest(
    run_id="0190", name="demo", epochs=EPOCHS, versions={}, segments=(Segment(first_seq=0, file="0.arrows"),)
)


def test_a_manifest_survives_and_counts_its_versions(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    assert read_manifest(tmp_path) == MANIFEST
    write_manifest(tmp_path, MANIFEST.replaced(closed=True))
    assert read_manifest(tmp_path) == MANIFEST.model_copy(update={"closed": True, "number": 1})
    assert os.listdir(tmp_path) == ["run.json"]


@pytest.mark.parametrize(("place", "call"), [(disk, "sync"), (disk, "rename")])
def test_a_manifest_is_the_old_one_until_it_is_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: object, call: str
) -> None:
    write_manifest(tmp_path, MANIFEST)

    def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(place, call, fail)
    with pytest.raises(OSError, match="gone"):
        write_manifest(tmp_path, MANIFEST.replaced(closed=True))
    assert read_manifest(tmp_path) == MANIFEST


def test_a_folder_without_a_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match=r"run\.json"):
        read_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1', "[]"])
def test_a_manifest_that_cannot_be_read_says_where(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(EventLogError, match=r"run\.json is not a manifest"):
        read_manifest(tmp_path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(MANIFEST.model_copy(update={"format": 2}).model_dump_json())
    with pytest.raises(EventLogError, match="format"):
        read_manifest(tmp_path)


def test_settings_are_kept_by_their_id(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "c0ffee", '{"seed": 7}')
    assert path.relative_to(tmp_path).as_posix() == "configs/c0ffee.json"
    assert json.loads(path.read_text()) == {"seed": 7}
    with pytest.raises(ValueError, match="file name"):
        write_settings(tmp_path, "../run", "{}")


def test_the_newer_slot_is_the_head_and_a_torn_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "head"
    assert read_head(path) is None
    head = HeadFile(path)
    head.write(100, 100, 5, 1, b"a" * 32)
    head.write(200, 100, 9, 2, b"b" * 32)
    head.close()
    newest = read_head(path)
    assert newest is not None
    assert newest == (200, 100, 9, 2, (b"b" * 32).hex())
    content = path.read_bytes()
    assert len(content) == 2 * SLOT_BYTES == 128
    for byte in range(SLOT_BYTES, 2 * SLOT_BYTES):
        path.write_bytes(content[:byte] + bytes([content[byte] ^ 1]) + content[byte + 1 :])
        older = read_head(path)
        assert older is not None
        assert older.appended == 100
    path.write_bytes(bytes(128))
    assert read_head(path) is None


def test_durable_is_the_larger_of_both_slots(tmp_path: Path) -> None:
    head = HeadFile(tmp_path / "head")
    head.write(100, 100, 5, 1, b"a" * 32)
    head.write(200, 0, 9, 2, b"b" * 32)
    head.close()
    newest = read_head(tmp_path / "head")
    assert newest is not None
    assert (newest.appended, newest.durable) == (200, 100)


def test_a_second_writer_is_refused_and_told_who_holds_the_run(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path)
    code = f"""
from pathlib import Path
from eventlog.errors import LogLocked
from eventlog.lock import WriterLock
try:
    WriterLock(Path({str(tmp_path)!r}))
except LogLocked as error:
    print(error.pid)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout.split() == [str(os.getpid())], done.stderr
    with pytest.raises(LogLocked, match=f"process {os.getpid()} on"):
        WriterLock(tmp_path)
    lock.release()
    WriterLock(tmp_path).release()


def test_a_refused_create_lets_the_lock_go(tmp_path: Path) -> None:
    new_log(tmp_path / "run").close()
    for _ in range(2):
        with pytest.raises(EventLogError, match="already holds a run"):
            new_log(tmp_path / "run")
