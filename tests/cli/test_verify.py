"""`townlet verify` as somebody types it: whatever is not as it was written is named."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from eventlog.checkpoints import CheckpointStore
from eventlog.folder.manifest import read_manifest, write_manifest
from eventlog.reader import LogReader
from eventlog.writer import LogWriter
from tests.cli.test_commands import from_json, here, lived, said

__all__ = ["here", "lived"]

MIDDLE = 0
"""Stands for the byte in the middle of a file, whatever its length."""


def in_segments(run: Path) -> None:
    """Seal what there is: the log is two segments, and a third that is empty."""
    parts = list(LogReader(run).parts())
    said, beside = json.loads((run / "run.json").read_text()), run.with_name("in segments")
    writer = LogWriter.create(
        beside,
        run_id=said["run_id"],
        name=said["name"],
        epochs=read_epochs(said),
        versions={},
        segment_events=1,
    )
    with writer:
        for rows, notes in parts:
            writer.commit(rows, notes, expected_seq=int(rows["seq"][0]))
    shutil.rmtree(run / "log")
    for name in ("log", "run.json"):
        (beside / name).rename(run / name)
    shutil.rmtree(beside)


def read_epochs(said: dict[str, object]) -> list[object]:
    from eventlog.folder.manifest import Epoch

    return [Epoch.model_validate(epoch) for epoch in said["epochs"]]  # type: ignore[attr-defined]


def read_files(run: Path) -> list[Path]:
    return sorted((run / "log").glob("*.arrow*"))


@pytest.fixture
def run(here: Path) -> Path:
    in_segments(here / "runs" / "a")
    return here / "runs" / "a"


def failed(*arguments: str) -> tuple[int, list[str], str]:
    """The exit code, the checks that failed, and what was said."""
    result = said("verify", *arguments, "--json")
    return result.exit_code, [row["check"] for row in json.loads(result.stdout) if not row["passed"]], result.stderr


def test_a_whole_run_is_proved(run: Path) -> None:
    told = from_json(said("verify", "a", "--deep", "--json"))
    segments = [segment.file for segment in read_manifest(run).segments]
    settings = f"configs/{read_manifest(run).epochs[0].config_id}.json"
    assert [row["check"] for row in told] == ["manifest", settings, "head", *segments, "checkpoints", "state"]
    assert len(segments) >= 3
    assert all(row["passed"] for row in told)
    assert "2 of 2 lie on this history" in next(row["found"] for row in told if row["check"] == "checkpoints")


@pytest.mark.parametrize("byte", [5, 300, 2000, MIDDLE, -20, -300])
@pytest.mark.parametrize("number", [0, 1])
def test_a_flipped_byte_is_named(run: Path, number: int, byte: int) -> None:
    path = run / "log" / read_manifest(run).segments[number].file
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if byte == MIDDLE else byte] ^= 0x20
    path.write_bytes(content)
    code, checks, words = failed("a")
    assert code == 3
    assert path.name in checks
    assert "is damaged at event" in words


def test_two_damages_are_both_named(run: Path) -> None:
    first, second, *_ = read_manifest(run).segments
    (run / "log" / first.file).unlink()
    (run / "log" / second.file).write_bytes(b"")
    code, checks, _ = failed("a")
    assert (code, checks[:2]) == (3, [first.file, second.file])


def test_a_forged_seal_is_named(run: Path) -> None:
    manifest = read_manifest(run)
    first = manifest.segments[0]
    assert first.seal is not None
    for change in ({"first_tick": 3}, {"digest": "00" * 32}, {"footer_crc32": 7}):
        forged = first.model_copy(update={"seal": first.seal.model_copy(update=change)})
        write_manifest(run, manifest.model_copy(update={"segments": (forged, *manifest.segments[1:])}))
        code, checks, _ = failed("a")
        assert code == 3, change
        assert first.file in checks


def test_an_edited_manifest_is_refused(run: Path) -> None:
    text = (run / "run.json").read_text()
    (run / "run.json").write_text(text.replace('"seed": 7', '"seed": 8'))
    code, checks, words = failed("a", "--deep")
    assert (code, checks) == (1, ["manifest", "state"])
    assert "its text is not what was written" in words
    told = json.loads(said("verify", "a", "--json").stdout)
    assert sum("digests equal" in row["found"] for row in told) == len(read_files(run))


def test_a_state_that_never_lived_is_named(run: Path) -> None:
    from townlet.run import Run

    opened = Run(run)
    kept = opened.checkpoints().nearest(1440, opened.identity_at, opened.log)
    assert kept is not None
    forged = kept.tables() | {"digest": pa.table({"state_digest": ["0" * 64]})}
    CheckpointStore(run).write(forged, kept.point, opened.identity_at(kept.point.seq))
    code, checks, words = failed("a", "--deep")
    assert (code, checks) == (1, ["state"])
    assert "at tick 1,440 the town that lived was 00000000" in words
    assert failed("a")[0] == 0


def flip(path: Path, *positions: int) -> None:
    content = bytearray(path.read_bytes())
    for position in positions:
        content[position] ^= 0x20
    path.write_bytes(content)


def test_edited_and_missing_settings_are_named(run: Path) -> None:
    settings = next((run / "configs").iterdir())
    settings.write_text(settings.read_text().replace("0.25", "0.26", 1))
    assert failed("a")[:2] == (1, [f"configs/{settings.name}"])
    settings.unlink()
    assert failed("a", "--deep")[:2] == (1, [f"configs/{settings.name}", "state"])


def test_a_lost_head_hides_nothing(run: Path) -> None:
    (run / "log" / "head").unlink()
    first = read_files(run)[0]
    flip(first, 50_000)
    assert failed("a")[:2] == (3, ["head", first.name])


def test_a_whole_segment_behind_a_damaged_one_is_whole(run: Path) -> None:
    first, second, *_ = read_files(run)
    flip(first, 50_000, first.stat().st_size // 2)
    code, checks, _ = failed("a")
    assert (code, set(checks)) == (3, {first.name})
    told = json.loads(said("verify", "a", "--json").stdout)
    assert next(row["found"] for row in told if row["check"] == second.name).endswith("digests equal")


def test_every_damage_of_a_stream_is_named(here: Path) -> None:
    """Two frames are damaged, each in another way: two lines, and what lies between and behind is whole."""
    run = here / "runs" / "a"
    assert said("resume", "a", "--ticks", "2880").exit_code == 0
    frames = LogReader(run).frames
    assert len(frames) > 5
    path = run / "log" / read_manifest(run).active.file
    flip(path, frames[2].position + 2000, frames[-2].position)
    code, checks, words = failed("a", "--deep")
    assert (code, checks) == (3, [path.name, path.name])
    told = json.loads(said("verify", "a", "--deep", "--json").stdout)
    first, second = (row["found"] for row in told if not row["passed"])
    assert f"event {frames[2].first_seq:,}, byte {frames[2].position:,}" in first
    assert f"whole again from event {frames[3].first_seq:,}" in first
    assert f"event {frames[-2].first_seq:,}, byte {frames[-2].position:,}" in second
    assert f"whole again from event {frames[-1].first_seq:,}" in second
    state = next(row for row in told if row["check"] == "state")
    assert state["passed"]
    assert state["found"].startswith(f"up to tick {frames[2].first_tick:,}, where the log is damaged")
    assert f"--to-tick {frames[2].first_tick}" in words


def test_checkpoints_of_another_version_are_counted_and_not_read(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from eventlog import checkpoints

    for manifest in (run / "checkpoints").glob("*/manifest.json"):
        manifest.write_text(manifest.read_text().replace('"town@', '"town@9'))
    monkeypatch.setattr(checkpoints, "_read", lambda *_: pytest.fail("its tables were read"))
    told = from_json(said("verify", "a", "--json"))
    assert "0 of 2 lie on this history" in next(row["found"] for row in told if row["check"] == "checkpoints")


def test_a_segment_kept_as_parquet_is_verified(run: Path) -> None:
    from eventlog.archiving import archive

    cold = run / "log" / archive(run)[0].file
    assert failed("a", "--deep")[0] == 0
    flip(cold, 5000)
    assert failed("a")[:2] == (3, [cold.name])
