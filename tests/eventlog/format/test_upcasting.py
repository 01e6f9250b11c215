"""Events of older versions read as the present catalogue has them; what is stored, and its digest, stays."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from eventlog import writer
from eventlog.catalogue import KINDS
from eventlog.catalogue.event import Agent, Amount, Event, Object, Tile, column
from eventlog.catalogue.market import SharedMeal
from eventlog.catalogue.social import ChatFailed, ChatSucceeded
from eventlog.errors import EventLogError
from eventlog.folder.manifest import read_manifest, write_manifest
from eventlog.format.arrow import from_batch, notes_of
from eventlog.format.upcasting import PRESENT, Upcaster, Upcasters, with_columns
from eventlog.reader import LogReader
from eventlog.rows import MISSING, Rows
from eventlog.writer import LogWriter
from projections.errors import BadEvent
from tests.eventlog.towns import EPOCHS, history
from tests.townlet.towns import by_tick, kitchen_settings, lived, log_digest, town_of
from townlet.living.town import Town
from townlet.run import Run, simulate

NOD = 4000
"""The code of a kind that was retired: its events are chats that failed now."""


class Strolled(Event, kind=4001, version=3):
    """A kind of these tests. Version 1: `agent`, `code` the steps. 2: has a pace. 3: steps are in `tile`, wider."""

    agent: Agent
    steps: Tile
    pace: Amount
    bench: Object = column(missing=True)


def give_pace(batch: pa.RecordBatch) -> pa.RecordBatch:
    """1 to 2: a field is added, with what everybody's pace was."""
    return with_columns(batch, value=1.5)


def move_steps(batch: pa.RecordBatch) -> pa.RecordBatch:
    """2 to 3: a field is renamed to another column, which is wider."""
    return with_columns(batch, tile=pc.multiply(batch.column("code").cast(pa.int32()), 1000), code=MISSING)


def fail(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A nod becomes a chat that failed."""
    return with_columns(batch, kind=ChatFailed.kind)


STROLLED = (Upcaster("strolled", 4001, 1, give_pace), Upcaster("strolled", 4001, 2, move_steps))
NODDED = Upcaster("nodded", NOD, 1, fail, into=("chat_failed", 1))
LATER = Upcasters([*STROLLED, NODDED], (*KINDS, Strolled))
"""The town of some later release."""


def told(events: int, first: int = 0) -> Rows:
    """A history with a stroll, a nod and a meal in turn."""
    rows = history(events, seq=first, tick=first // 10)
    rows["kind"] = np.array([4001, NOD, SharedMeal.kind])[rows["seq"] % 3]
    return rows


def log_of(path: Path, *parts: tuple[Rows, Mapping[str, int]], segment_events: int = 1 << 20) -> Path:
    """A closed run in which each part was committed by a writer of these versions."""
    told_of = {"run_id": "0190", "name": "old", "epochs": EPOCHS, "versions": {"townlet": "0.1"}}
    for number, (rows, kinds) in enumerate(parts):
        more: dict[str, Any] = told_of if number == 0 else {}
        begin = LogWriter.open if number else LogWriter.create
        with begin(path, segment_events=segment_events, kinds=kinds, **more) as appending:
            for _, some in by_tick(rows) if len(rows) else ():
                seq = int(some["seq"][0])
                appending.commit(some, {seq: "words"}, expected_seq=seq)
    return path


def present(rows: Rows, version: int) -> Rows:
    """What the upcasters should make of rows whose strolls have this version."""
    rows = rows.copy()
    strolls, nods = rows["kind"] == 4001, rows["kind"] == NOD
    if version < 2:
        rows["value"][strolls] = 1.5
    if version < 3:
        rows["tile"][strolls] = rows["code"][strolls].astype(np.int32) * 1000
        rows["code"][strolls] = MISSING
    rows["kind"][nods] = ChatFailed.kind
    return rows


@pytest.fixture(autouse=True)
def writers_are_of_a_later_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PRESENT", LATER)


OLD: Mapping[str, int] = {}
MIDDLE = {"strolled": 2}
NOW = {"strolled": 3}


@pytest.fixture(params=[1 << 20, 40, 100], ids=["active", "sealed", "both"])
def three_ages(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A log that three versions of the town wrote, one after the other."""
    parts = ((told(120), OLD), (told(120, 120), MIDDLE), (told(130, 240), NOW))
    return log_of(tmp_path / "run", *parts, segment_events=request.param)


def test_every_way_of_reading_gives_the_present_versions(three_ages: Path) -> None:
    log = LogReader(three_ages, upcasters=LATER)
    wanted = np.concatenate([present(told(120), 1), present(told(120, 120), 2), present(told(130, 240), 3)])
    assert np.concatenate(list(log.rows())).tobytes() == wanted.tobytes()
    assert np.concatenate([from_batch(batch) for batch in log.batches()]).tobytes() == wanted.tobytes()
    assert np.concatenate([from_batch(batch) for batch in log.table().to_batches()]).tobytes() == wanted.tobytes()
    assert np.concatenate([from_batch(batch) for batch in log.follow(from_seq=0)]).tobytes() == wanted.tobytes()
    assert log.pick([3, 121, 240, 369]).tobytes() == wanted[[3, 121, 240, 369]].tobytes()
    assert np.concatenate(list(log.rows(115, 245))).tobytes() == wanted[115:245].tobytes()
    assert np.concatenate(list(log.rows(from_tick=11, to_tick=13))).tobytes() == wanted[110:130].tobytes()
    words = {seq for batch in log.batches() for seq in notes_of(batch)}
    assert words == set(range(0, 370, 10))


def test_digests_and_parts_are_of_what_is_stored(three_ages: Path) -> None:
    before = {path.name: path.read_bytes() for path in (three_ages / "log").iterdir()}
    log = LogReader(three_ages, upcasters=LATER)
    list(log.rows())
    stored = np.concatenate([told(120), told(120, 120), told(130, 240)])
    assert np.concatenate([rows for rows, _ in log.parts()]).tobytes() == stored.tobytes()
    assert log.verify_chain() == LogReader(three_ages).head.digest
    assert [log.digest_at(seq) for seq in range(370)] == [LogReader(three_ages).digest_at(seq) for seq in range(370)]
    assert {path.name: path.read_bytes() for path in (three_ages / "log").iterdir()} == before


def test_each_segment_says_what_it_was_begun_under(three_ages: Path) -> None:
    begun = {segment.first_seq: segment.kinds for segment in read_manifest(three_ages).segments}
    assert (begun[0], begun[120], begun[240]) == (OLD, MIDDLE, NOW)
    assert [seq for seq in begun if 0 < seq < 120] == [] or all(begun[seq] == OLD for seq in begun if seq < 120)


def test_a_writer_of_the_same_versions_goes_on_in_the_same_segment(tmp_path: Path) -> None:
    run = log_of(tmp_path / "run", (told(40), MIDDLE), (told(40, 40), MIDDLE))
    assert [segment.first_seq for segment in read_manifest(run).segments] == [0]
    plain = log_of(tmp_path / "plain", (told(40), {}), (told(40, 40), {}))
    assert [(segment.first_seq, segment.kinds) for segment in read_manifest(plain).segments] == [(0, {})]


def test_an_empty_segment_takes_the_versions_of_its_next_writer(tmp_path: Path) -> None:
    run = log_of(tmp_path / "run", (told(0), OLD), (told(40), MIDDLE), (told(0), NOW), (told(40, 40), NOW))
    assert [(segment.first_seq, segment.kinds) for segment in read_manifest(run).segments] == [(0, MIDDLE), (40, NOW)]


def test_a_log_of_a_newer_version_is_refused_where_it_is_newer(tmp_path: Path) -> None:
    run = log_of(tmp_path / "run", (told(40), {}), (told(40, 40), {"shared_meal": 2}))
    log = LogReader(run)
    assert sum(map(len, log.rows(to_seq=40))) == 40
    assert log.verify_chain() == log.head.digest
    for read in (log.rows, log.batches, log.table):
        with pytest.raises(
            EventLogError, match=r"newer Townlet: shared_meal is of version 2 .* knows version 1"
        ) as said:
            list(read(from_seq=20))
        assert type(said.value) is EventLogError and "Next: read it with" in str(said.value)
    with pytest.raises(EventLogError, match="no such kind"):
        LATER.require_known({"flown": 2}, run)
    before = (run / "run.json").read_bytes()
    with pytest.raises(EventLogError, match="newer Townlet"):
        LogWriter.open(run)
    assert (run / "run.json").read_bytes() == before


def test_the_present_versions_leave_batches_as_they_lie(tmp_path: Path) -> None:
    assert PRESENT.of(PRESENT.versions, tmp_path) is None
    assert Upcasters([], (*KINDS, Strolled)).versions == {**PRESENT.versions, "strolled": 3}


def broken(change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> Upcasters:
    return Upcasters([Upcaster("strolled", 4001, 1, change), STROLLED[1]], (*KINDS, Strolled))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda batch: batch.slice(1), "made 3 events of 4"),
        (lambda batch: with_columns(batch, seq=0), "changed seq"),
        (lambda batch: with_columns(batch, tick=0), "changed tick"),
        (lambda batch: with_columns(batch, cause=77), "changed cause"),
        (lambda batch: with_columns(batch, kind=1), "events of another kind"),
        (lambda batch: batch.select(["seq"]), "other columns"),
        (lambda batch: with_columns(batch, value=pa.nulls(len(batch), pa.float32())), "without values"),
        (lambda batch: batch.take(pa.array(range(len(batch))[::-1])), "changed seq"),
    ],
)
def test_an_upcaster_gives_one_row_for_one(
    change: Callable[[pa.RecordBatch], pa.RecordBatch], says: str, tmp_path: Path
) -> None:
    run = log_of(tmp_path / "run", (told(40), OLD))
    with pytest.raises(EventLogError, match=rf"upcaster of strolled from version 1 .*{says}"):
        list(LogReader(run, upcasters=broken(change)).rows())


def test_steps_that_lead_nowhere_are_refused() -> None:
    with pytest.raises(ValueError, match="leads on from strolled of version 2"):
        Upcasters(STROLLED[:1], (*KINDS, Strolled))
    with pytest.raises(ValueError, match="leads on from nodded"):
        Upcasters([Upcaster("nodded", NOD, 1, fail, into=("nodded", 1))])


def test_rows_that_no_step_begins_at_are_refused(tmp_path: Path) -> None:
    run = log_of(tmp_path / "run", (told(40), OLD))
    with pytest.raises(EventLogError, match="event 0 is strolled of version 1, and no upcaster begins there"):
        list(LogReader(run, upcasters=Upcasters([], (*KINDS, Strolled))).rows())


# A real town, as if it had been recorded before chats had their present form: two versions back the qualities of a chat
# stood in each other's columns and in halves; a chat that failed was a kind of its own.

FELL_OUT = 4002
TICKS, LATER_ON = 1440, 1230
BEFORE = {**PRESENT.versions, "chat_succeeded": 0}


def as_recorded_before(rows: Rows) -> Rows:
    rows = rows.copy()
    chats = rows["kind"] == ChatSucceeded.kind
    assert chats.any()
    rows["value2"][chats], rows["value"][chats] = rows["value"][chats] / 2, rows["value2"][chats] / 2
    rows["kind"][rows["kind"] == ChatFailed.kind] = FELL_OUT
    return rows


def swap(batch: pa.RecordBatch) -> pa.RecordBatch:
    return with_columns(batch, value=batch.column("value2"), value2=batch.column("value"))


def double(batch: pa.RecordBatch) -> pa.RecordBatch:
    return with_columns(batch, **{name: pc.multiply(batch.column(name), 2) for name in ("value", "value2")})


FROM_BEFORE = Upcasters(
    [
        Upcaster("chat_succeeded", ChatSucceeded.kind, 0, swap),
        Upcaster("chat_succeeded", ChatSucceeded.kind, 1, double),
        Upcaster("fell_out", FELL_OUT, 1, fail, into=("chat_failed", 1)),
    ]
)


@pytest.fixture(scope="module")
def kitchen() -> tuple[Town, Rows]:
    return lived(kitchen_settings(), 7, TICKS)


@pytest.fixture(params=[1 << 20, 200], ids=["active", "sealed"])
def old_kitchen(kitchen: tuple[Town, Rows], request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Run]:
    """The kitchen's run with its log in the old form."""
    _, rows = kitchen
    path = simulate(kitchen_settings(), ticks=TICKS, into=tmp_path / "run").path
    old = log_of(tmp_path / "old", (as_recorded_before(rows), BEFORE), segment_events=request.param)
    epochs = read_manifest(path).epochs
    write_manifest(old, read_manifest(old).model_copy(update={"epochs": epochs}))
    (path / "configs").rename(old / "configs")
    yield Run(old, upcasters=FROM_BEFORE)


def test_an_old_log_folds_to_the_town_that_lived(old_kitchen: Run, kitchen: tuple[Town, Rows]) -> None:
    town, rows = kitchen
    assert old_kitchen.at().state_digest == town.state_digest()
    assert old_kitchen.log_digest != log_digest([rows])
    with pytest.raises(BadEvent, match=f"{FELL_OUT} is the code of no kind"):
        town_of(kitchen_settings()).fold(rows for rows, _ in old_kitchen.log.parts())


def test_an_old_log_answers_in_present_words(old_kitchen: Run, kitchen: tuple[Town, Rows]) -> None:
    _, rows = kitchen
    asked = old_kitchen.sql("select seq, quality from chat_succeeded order by seq")
    chats = rows[rows["kind"] == ChatSucceeded.kind]
    assert asked["seq"].to_pylist() == chats["seq"].tolist()
    assert asked["quality"].to_pylist() == chats["value"].tolist()
    failed = old_kitchen.sql("select count(*) as n from chat_failed")["n"][0].as_py()
    assert failed == np.count_nonzero(rows["kind"] == ChatFailed.kind)
    assert old_kitchen.sql("select count(*) as n from events where kind = 'unknown'")["n"][0].as_py() == 0


def test_an_old_log_says_why(old_kitchen: Run, tmp_path: Path) -> None:
    straight = simulate(kitchen_settings(), ticks=TICKS, into=tmp_path / "straight")
    ties = straight.sql("select owner, other from tie_changes group by all order by all").to_pylist()
    assert ties
    for tie in ties:
        then, now = old_kitchen.why(tie["owner"], tie["other"]), straight.why(tie["owner"], tie["other"])
        assert then.causes.equals(now.causes)
    kinds = {kind for tie in ties for kind in straight.why(tie["owner"], tie["other"]).causes["kind"].to_pylist()}
    assert kinds & {"chat_succeeded", "chat_failed"}, "kinds that were upcast are among the causes"


def test_a_fork_keeps_what_is_stored_and_goes_on_in_present_versions(old_kitchen: Run, tmp_path: Path) -> None:
    forked = old_kitchen.fork(tmp_path / "fork", at=LATER_ON)
    seq = forked.head.seq
    assert bytes.fromhex(forked.log_digest) == old_kitchen.log.digest_at(seq)[1]
    assert all(segment.kinds == BEFORE for segment in read_manifest(forked.path).segments)
    assert Run(forked.path, upcasters=FROM_BEFORE).at(LATER_ON).state_digest == old_kitchen.at(LATER_ON).state_digest
    with LogWriter.open(forked.path):
        segments = read_manifest(forked.path).segments
    assert (segments[-1].first_seq, segments[-1].kinds, segments[-2].kinds) == (seq, PRESENT.versions, BEFORE)
