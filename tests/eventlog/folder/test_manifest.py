"""The manifest, the head and the lock of a run."""

import json
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from eventlog.errors import EventLogError, LogLocked, RunNotFound
from eventlog.folder import disk
from eventlog.folder.head import SLOT_BYTES, HeadFile, read_head
from eventlog.folder.lock import WriterLock
from eventlog.folder.manifest import (
    Manifest,
    Seal,
    Segment,
    read_manifest,
    segment_file,
    write_manifest,
    write_settings,
)
from tests.eventlog.towns import EPOCHS, new_log

MANIFEST = Manifest(
    run_id="0190", name="demo", epochs=EPOCHS, versions={}, segments=(Segment(first_seq=0, file=segment_file(0)),)
)


def test_a_manifest_survives_and_counts_its_versions(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    assert read_manifest(tmp_path) == MANIFEST
    write_manifest(tmp_path, MANIFEST.next_version(closed=True))
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
        write_manifest(tmp_path, MANIFEST.next_version(closed=True))
    assert read_manifest(tmp_path) == MANIFEST


def test_a_folder_without_a_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match=r"run\.json"):
        read_manifest(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1', "[]"])
def test_a_manifest_that_cannot_be_read_says_where(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(
        EventLogError, match=r"run\.json is not a manifest.*: it (is not a JSON|has no run_id)"
    ) as caught:
        read_manifest(tmp_path)
    assert "bring run.json back from a copy" in str(caught.value)


SEALED = MANIFEST.model_copy(
    update={
        "versions": {"townlet": "7.1"},
        "segments": (
            Segment(
                first_seq=0,
                file=segment_file(0, "arrow"),
                seal=Seal(
                    next_seq=9,
                    first_tick=0,
                    last_tick=1,
                    bytes=100,
                    frames_end=90,
                    frames_hash="00" * 16,
                    footer_crc32=7,
                    block_digest="00" * 32,
                    digest="00" * 32,
                ),
            ),
            Segment(first_seq=9, file=segment_file(9)),
        ),
    }
)


def rewritten(folder: Path, old: str, new: str) -> None:
    """The manifest as a version with other fields would have written it: its checksum is right."""
    write_manifest(folder, SEALED)
    text = (folder / "run.json").read_bytes()
    assert old.encode() in text
    text = re.sub(rb'"crc32": "[0-9a-f]{8}"', b'"crc32": "00000000"', text.replace(old.encode(), new.encode()))
    text = text.replace(b'"crc32": "00000000"', b'"crc32": "%08x"' % zlib.crc32(text))
    (folder / "run.json").write_bytes(text)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"format": 1', '"format": 2', "its format is 2, and the newest known here is 1"),
        ('"frames_hash"', '"frames_sum"', "it has no segments.0.seal.frames_hash"),
        ('"closed": false', '"closed": false, "region": "north"', "it has an unknown key region"),
        ('"writer_epoch": 1', '"writer_epoch": "first"', "its writer_epoch cannot be 'first'"),
        ('"name": "demo"', '"name": ["demo"]', "its name cannot be ['demo']"),
    ],
)
def test_a_manifest_of_another_shape_is_refused_in_words(tmp_path: Path, old: str, new: str, says: str) -> None:
    rewritten(tmp_path, old, new)
    with pytest.raises(EventLogError) as caught:
        read_manifest(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'run.json'} is not a manifest that this version of Townlet reads: {says}.\n"
        "  Next: its checksum is right: read the run with Townlet 7.1, which wrote it"
    )
    (tmp_path / "run.json").write_bytes((tmp_path / "run.json").read_bytes().replace(b"c0ffee", b"c0ffe0"))
    with pytest.raises(EventLogError, match=r"its checksum differs, .* bring run\.json back"):
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
from eventlog.folder.lock import WriterLock
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
