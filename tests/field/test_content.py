"""F12: a checksum proves that bytes are whole, not that they are sane."""

import contextlib
import hashlib
import json
import random
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.main import townlet
from eventlog.catalogue import KIND_CODES
from eventlog.checkpoints import CheckpointStore
from eventlog.errors import EventLogError, LogDamaged
from eventlog.folder.head import HeadFile, read_head
from eventlog.format.chain import Chain
from eventlog.format.frames import MAGIC, MARK_BYTES, decode, encode, hash_of, inspect
from eventlog.format.layout import schema_message
from eventlog.rows import ROW, Rows
from projections.errors import BadEvent
from projections.record.state import ORDINARY, state_bytes
from projections.record.tables import towns_from_tables
from tests.field.forging import change, events_of, forged, write_log
from tests.field.trials import Trials
from townlet.errors import ConfigurationError, TownletError
from townlet.keeping.export import export, verify_export
from townlet.run import Run, simulate

TICKS = 720
TOP = 2**31 - 1


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with checkpoints at 360 and 720."""
    into = tmp_path_factory.mktemp("lived") / "r"
    return simulate(ticks=TICKS, seed=7, into=into, overrides={"checkpoint_ticks": 360}).path


def with_event(named: str, /, **columns: Any) -> Callable[[Rows], None]:
    """Changes the middle event of a kind."""

    def forge(rows: Rows) -> None:
        found = np.flatnonzero(rows["kind"] == KIND_CODES[named])
        for name, value in columns.items():
            rows[name][found[len(found) // 2]] = value

    return forge


CANNOT_BE = {
    "a tile beyond the map": with_event("agent_moved", tile=TOP),
    "a tile below the map": with_event("agent_moved", tile=-2),
    "no tile": with_event("agent_moved", tile=-1),
    "a place that the town does not have": with_event("reservation_granted", object=32767),
    "a person who never came": with_event("agent_moved", agent=TOP),
    "a person below nobody": with_event("agent_moved", agent=-5),
    "nobody who acts": with_event("option_chosen", agent=-1),
    "a second person who never came": with_event("chat_started", other=64 * 7),
    "a use that no place has": with_event("affordance_started", code=32767),
    "a job that the town does not have": with_event("hired", code=2000),
    "a trait that nobody has": with_event("trait_given", code=4),
    "a side that no tie has": with_event("tie_set", code=-1),
    "an item that nobody sells": with_event("price_changed", code=2),
    "a price that is no number": with_event("price_changed", value=np.nan),
    "a price without an end": with_event("price_changed", value=np.inf),
    "a stay without an end": with_event("affordance_started", value=3e38),
    "a kind that does not exist": with_event("agent_moved", kind=65535),
    "another epoch": with_event("tick_ended", kind=KIND_CODES["settings_changed"], code=9),
    "the second arrival of a person": with_event("agent_moved", kind=KIND_CODES["agent_arrived"], object=1),
}


@pytest.mark.parametrize("forge", CANNOT_BE.values(), ids=CANNOT_BE)
def test_f12_an_event_that_cannot_have_happened_is_named_and_not_folded(
    lived: Path, tmp_path: Path, forge: Callable[[Rows], None]
) -> None:
    run = Run(forged(lived, tmp_path / "r", forge))
    with pytest.raises(BadEvent, match="the log was forged") as raised:
        run.at()
    bad = raised.value
    before = events_of(lived)
    after = events_of(run.path)
    assert after[: bad.seq].tobytes() == before[: bad.seq].tobytes(), "the first event that differs is named"
    assert after[bad.seq].tobytes() != before[bad.seq].tobytes()
    tick = int(before["tick"][bad.seq])
    assert run.at(tick).state_digest == Run(lived).at(tick).state_digest, "the town before it can be shown"


def test_f12_commands_exit_with_3_and_name_the_event(lived: Path, tmp_path: Path) -> None:
    run = str(forged(lived, tmp_path / "r", CANNOT_BE["a tile beyond the map"]))
    for command in (
        ("replay", run),
        ("story", run),
        ("sql", run, "select * from tie_changes"),
        ("verify", run, "--deep"),
    ):
        ended = CliRunner().invoke(townlet, list(command))
        assert ended.exit_code == 3, (command, ended.output)
        assert "tile of agent_moved is 2,147,483,647, and here it can be from 0 to 4,095" in ended.output


def test_f12_more_people_than_a_line_has_places(lived: Path, tmp_path: Path) -> None:
    def forge(rows: Rows) -> None:
        waiting = np.flatnonzero(rows["kind"] == KIND_CODES["agent_moved"])[:12]
        rows["kind"][waiting], rows["object"][waiting] = KIND_CODES["queue_joined"], 3

    with pytest.raises(BadEvent, match="wait in line"):
        Run(forged(lived, tmp_path / "r", forge)).at()


def test_f12_any_values_in_right_frames_end_in_words(lived: Path, tmp_path: Path) -> None:
    """No crash, no hang, exit 0 or 3, with a limit on memory: every command runs in a process of its own."""
    with Trials(lived) as trials:
        for seed in range(4):
            chance, folder = random.Random(seed), tmp_path / str(seed)
            forged(lived, folder / "r", lambda rows, chance=chance: [change(chance, rows) for _ in range(3)] and None)
            for command in (("replay", "r"), ("sql", "r", "select * from events"), ("tail", "r", "-n", "3000")):
                ended = trials.of(folder, *command)
                assert not ended.fault, (seed, command, ended)
                assert ended.code in (0, 3), (seed, command, ended)


# ---- frames


def framed(rows: Rows) -> bytearray:
    return encode(rows, {}, previous=hash_of(schema_message()), block_digest=Chain().digest(), digest=Chain().digest())[
        0
    ]


def with_right_sum(frame: bytearray) -> bytes:
    """The frame with its checksum put right."""
    at = frame.index(MAGIC) + len(MAGIC)
    frame[at : at + 8] = b"00000000"
    frame[at : at + 8] = b"%08x" % zlib.crc32(frame)
    return bytes(frame)


def some_rows(count: int = 20) -> Rows:
    rows = np.zeros(count, ROW)
    rows["seq"] = np.arange(count)
    return rows


def with_mark(frame: bytearray, at: int, digits: str) -> bytes:
    """The frame with these digits in its mark, from digit `at` on, and a right sum."""
    begins = frame.index(MAGIC) + len(MAGIC) + 8 + at
    frame[begins : begins + len(digits)] = digits.encode()
    return with_right_sum(frame)


def test_f12_a_frame_of_a_hundred_million_rows_is_refused_before_anything_is_allocated() -> None:
    frame = with_mark(framed(some_rows()), 0, f"{10**8:08x}")
    found = inspect(memoryview(frame), 0, len(frame))
    assert isinstance(found, str)
    assert "cannot hold 100,000,000 events" in found


@pytest.mark.parametrize(("at", "digits"), [(0, "00000000"), (0, "00000013"), (24, "0" * 15 + "7"), (40, "00000009")])
def test_f12_a_mark_that_says_other_than_its_events_is_refused(at: int, digits: str) -> None:
    frame = with_mark(framed(some_rows()), at, digits)
    assert isinstance(inspect(memoryview(frame), 0, len(frame)), str)


@settings(max_examples=60)
@given(st.integers(8, 1100), st.integers(0, 255))
def test_f12_any_byte_of_a_header_with_a_right_sum_is_read_or_refused(at: int, byte: int) -> None:
    frame = framed(some_rows())
    mark = frame.index(MAGIC)
    if not mark <= at < mark + MARK_BYTES:
        frame[at] = byte
    found = inspect(memoryview(with_right_sum(frame)), 0, len(frame))
    assert isinstance(found, str) or found.rows == 20


def test_f12_notes_that_lie_outside_of_their_frame_are_not_read() -> None:
    frame = framed(some_rows())
    body = 8 + int.from_bytes(frame[4:8], "little")
    for at in range(len(frame) - 400, len(frame)):
        if at >= body:
            frame[at] |= 0x7F
    content = with_right_sum(frame)
    found = inspect(memoryview(content), 0, len(content))
    if not isinstance(found, str):
        assert decode(memoryview(content), found).column("note").null_count == 20


def test_f12_ticks_that_go_back_between_frames(lived: Path, tmp_path: Path) -> None:
    rows = events_of(lived)
    into = tmp_path / "r"
    shutil.copytree(lived / "configs", into / "configs")
    late = np.array(rows[:500])
    late["tick"] += 5000
    write_log(into, lived, [late, rows[500:]], head_tick=700)
    with pytest.raises(LogDamaged, match="is followed by tick"):
        list(Run(into).log.rows())


def test_f12_a_head_with_more_ticks_than_events_is_no_head(tmp_path: Path) -> None:
    path = tmp_path / "head"
    path.write_bytes(b"")
    head = HeadFile(path)
    head.rewrite(100, 100, 10, 2**32 - 1, bytes(32))
    head.close()
    assert read_head(path) is None


# ---- checkpoints


Kept = dict[str, pa.Table]


def set_column(table: str, column: str, values: Any) -> Callable[[Kept], Kept]:
    def forge(kept: Kept) -> Kept:
        of = kept[table]
        array = values if isinstance(values, pa.Array) else pa.array(np.full(len(of), values))
        return kept | {table: of.set_column(of.column_names.index(column), column, array)}

    return forge


def without(table: str) -> Callable[[Kept], Kept]:
    return lambda kept: {name: each for name, each in kept.items() if name != table}


STATES: dict[str, Callable[[Kept], Kept]] = {
    "no table of agents": without("agents"),
    "no digest": without("digest"),
    "words for wallets": set_column("agents", "wallet", "much"),
    "nothing for wallets": lambda kept: set_column("agents", "wallet", pa.nulls(len(kept["agents"])))(kept),
    "seats beyond the town": set_column("agents", "seat", 10**6),
    "seats in fractions": set_column("agents", "seat", 0.5),
    "a tile beyond the map": set_column("agents", "tile", TOP),
    "a place beyond the town": set_column("agents", "holds", TOP),
    "a use that no place has": set_column("agents", "doing", 10**9),
    "companions without room": set_column("agents", "companions", 10**9),
    "money without an end": set_column("agents", "wallet", np.inf),
    "a line without an end": set_column("objects", "line", 10**6),
    "more people than live": set_column("clock", "people", 10**6),
    "seats without an end": set_column("clock", "seats", 10**6),
    "another epoch": set_column("clock", "epoch", 7),
    "newcomers without an end": set_column("clock", "newcomers", 99),
    "another tick": set_column("clock", "tick", 5),
}


@pytest.mark.parametrize("forge", STATES.values(), ids=STATES)
def test_f12_a_checkpoint_that_is_not_sane_is_passed_over(
    lived: Path, tmp_path: Path, forge: Callable[[Kept], Kept]
) -> None:
    """Even where its digest is right: then the town is folded from an older one."""
    shutil.copytree(lived, tmp_path / "r")
    run = Run(tmp_path / "r")
    want = run.at().state_digest
    store = CheckpointStore(run.path)
    kept = store.nearest(TICKS, run.identity_at, run.log)
    assert kept is not None
    assert kept.point.tick == TICKS
    changed = forge(kept.tables())
    if "digest" in changed:
        with contextlib.suppress(
            LookupError, TypeError, ValueError, ArithmeticError, AttributeError, pa.ArrowException
        ):
            digest = hashlib.sha256(state_bytes(towns_from_tables(changed, ORDINARY))).hexdigest()
            changed["digest"] = pa.table({"state_digest": [digest]})
    store.write(changed, kept.point, run.identity_at(kept.point.seq))
    again = Run(run.path)
    assert again.at().state_digest == want
    assert again.at().town.tick == TICKS


def test_f12_a_checkpoint_whose_columns_lie_outside_of_its_file_is_passed_over(lived: Path, tmp_path: Path) -> None:
    shutil.copytree(lived, tmp_path / "r")
    run = Run(tmp_path / "r")
    want, (folder,) = run.at().state_digest, [run.path / "checkpoints" / f"{TICKS:012}"]
    path, manifest = folder / "agents.arrow", folder / "manifest.json"
    content = bytearray(path.read_bytes())
    told = manifest.read_text(encoding="utf-8")
    for at in range(400, 3000, 260):
        changed = bytearray(content)
        changed[at] ^= 0x55
        path.write_bytes(changed)
        manifest.write_text(
            told.replace(f'"crc32": {zlib.crc32(content)}', f'"crc32": {zlib.crc32(changed)}'), encoding="utf-8"
        )
        assert Run(run.path).at().state_digest == want


# ---- settings and exports


@pytest.mark.parametrize("text", [b"\xff\xfe\0", b"[" * 200_000, b'{"version": 1e400}', b'{"version": ' + b"9" * 9000])
def test_f12_settings_that_are_no_text_or_nested_deep(lived: Path, tmp_path: Path, text: bytes) -> None:
    shutil.copytree(lived, tmp_path / "r")
    (kept,) = (tmp_path / "r" / "configs").iterdir()
    kept.write_bytes(text)
    with pytest.raises((ConfigurationError, EventLogError)):
        Run(tmp_path / "r").at()


def sealed(description: dict[str, Any]) -> dict[str, Any]:
    """A description with a right seal."""
    fields = {key: value for key, value in description.items() if key != "sha256"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return fields | {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def test_f12_exports_are_regular_files_and_their_descriptions_are_checked(lived: Path, tmp_path: Path) -> None:
    for each in ("/dev/zero", "/dev/null"):
        with pytest.raises(TownletError):
            verify_export(Path(each))
    form = export(Run(lived), "csv", into=tmp_path / "e").path
    told = json.loads((form / "manifest.json").read_bytes())
    for name, value in (("files", 7), ("files", {"events.csv": 1}), ("lead", "x"), ("epochs", [[]]), ("digest", "zz")):
        (form / "manifest.json").write_text(json.dumps(sealed(told | {name: value})), encoding="utf-8")
        assert not all(check.passed for check in verify_export(form))
    (form / "manifest.json").write_bytes(b"[" * 200_000)
    assert not verify_export(form)[0].passed
