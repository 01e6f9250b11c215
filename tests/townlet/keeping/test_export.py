"""Exports: other tools read them, they prove themselves and their run, and nothing is overwritten or left half done.

A damage that was missed names its seed and point; the same seed gives the same damages.
"""

import contextlib
import csv
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import townlet
from eventlog.archiving import archive
from eventlog.catalogue.social import ChatStarted
from eventlog.errors import LogDamaged
from eventlog.folder import disk
from eventlog.format import parquet
from eventlog.format.arrow import from_batch
from eventlog.format.upcasting import with_columns
from eventlog.views import KIND_BY_NAME
from townlet.asking.sql import Session
from townlet.errors import TickOutOfRange, TownletError
from townlet.keeping import export_duckdb
from townlet.keeping.export import FORMATS, export, is_export, verify_export
from townlet.keeping.export_duckdb import TABLES_EXPORTED
from townlet.keeping.extent import Extent, digest_after
from townlet.run import Run

TICKS = 3000
STRETCHES = [(None, None), (0, 700), (1441, 2999), (1702, 1703), (2000, None)]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into: Path = tmp_path_factory.mktemp("export") / "town"
    townlet.simulate({}, ticks=TICKS, seed=7, into=into)
    return into


@pytest.fixture
def run(lived: Path, tmp_path: Path) -> Run:
    """A run of one's own."""
    return Run(shutil.copytree(lived, tmp_path / "town"))


@pytest.fixture(scope="module")
def exports(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The whole run in every format, away from the run."""
    folder = tmp_path_factory.mktemp("exports")
    return {to: export(Run(lived), to, into=folder / to).path for to in FORMATS}


def found(path: Path, run: Run | None = None) -> dict[str, bool]:
    return {check.check: check.passed for check in verify_export(path, run)}


def stretch(run: Run, first: int | None, last: int | None) -> np.ndarray:
    """The run's own events of these ticks."""
    return np.concatenate(list(run.log.rows(from_tick=first, to_tick=last)))


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize(("first", "last"), STRETCHES)
def test_an_export_is_proved_by_itself_and_by_its_run(
    run: Run, tmp_path: Path, to: str, first: int | None, last: int | None
) -> None:
    done = export(run, to, from_tick=first, to_tick=last)
    assert done.path.parent == run.path / "exports"
    assert done.extent.events == len(stretch(run, first, last))
    with_run = found(done.path)
    assert with_run["run"]
    assert all(with_run.values())
    assert [path.name for path in done.path.parent.iterdir()] == [done.path.name]
    moved = done.path.rename(tmp_path / done.path.name)
    alone = found(moved)
    assert set(with_run) - set(alone) == {"run"}
    assert all(alone.values())
    assert all(found(moved, run).values())


@pytest.mark.parametrize(("first", "last"), STRETCHES)
def test_parquet_holds_the_events_as_the_log_does(
    run: Run, tmp_path: Path, first: int | None, last: int | None
) -> None:
    path = export(run, "parquet", into=tmp_path / "deep" / "x.parquet", from_tick=first, to_tick=last).path
    rows = from_batch(export_duckdb.stored_batch(pq.read_table(path)))
    assert rows.tobytes() == stretch(run, first, last).tobytes()
    said = json.loads(pq.read_metadata(path).metadata[b"townlet.export"])
    assert said["run_id"] == run.log.manifest.run_id
    assert json.loads(said["configs"][run.epochs[0].config_id])["town"]["people"] == run.config.town.people
    ends = [run.log.digest_at(seq)[1].hex() for seq in (said["from_seq"], said["next_seq"])]
    assert [said["digest_before"], said["digest"]] == ends


def test_an_archived_run_exports_the_same(run: Run, exports: dict[str, Path], tmp_path: Path) -> None:
    archive(run.path)
    for to in ("parquet", "csv"):
        export(run, to, into=tmp_path / to)
        assert all(found(tmp_path / to, run).values())
    assert (tmp_path / "parquet").read_bytes() != b""
    assert pq.read_table(tmp_path / "parquet").column("seq").equals(pq.read_table(exports["parquet"]).column("seq"))
    assert (tmp_path / "csv" / "events.csv").read_bytes() == (exports["csv"] / "events.csv").read_bytes()


@pytest.fixture(scope="module")
def database(exports: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    path = shutil.copy(exports["duckdb"], tmp_path_factory.mktemp("database") / "x.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def session(lived: Path) -> Iterator[Session]:
    with contextlib.closing(Session(Run(lived))) as session:
        yield session


@pytest.mark.parametrize("name", ["events", *KIND_BY_NAME, *TABLES_EXPORTED])
def test_a_database_answers_as_the_run_does(database: duckdb.DuckDBPyConnection, session: Session, name: str) -> None:
    query = f"select * from {name} order by all"
    answer = database.sql(query).to_arrow_table().to_pylist()
    assert repr(answer) == repr(session.query(query).to_pylist())
    assert answer or name not in ("events", "agents", "ties", "objects", "places", "persons", "tie_changes")


def test_a_database_knows_names_in_another_connection(database: duckdb.DuckDBPyConnection) -> None:
    ((chats, named, kinds),) = database.sql(
        "select count(*), count(agent), (select count(distinct kind) from events) from chat_started"
    ).fetchall()
    assert chats == named > 10
    assert kinds > 20


def test_csv_reads_as_the_events_do(exports: dict[str, Path], session: Session) -> None:
    answer = session.query("select * from events order by seq")
    with (exports["csv"] / "events.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == answer.column_names
    assert len(rows) == len(answer)
    for name in ("seq", "tick", "kind", "agent", "agent_id", "object", "cause"):
        words = ["" if value is None else str(value) for value in answer.column(name).to_pylist()]
        assert [row[header.index(name)] for row in rows] == words
    values = [value for value in answer.column("value").to_pylist() if value is not None]
    assert [float(row[header.index("value")]) for row in rows if row[header.index("value")]] == pytest.approx(values)


@pytest.mark.parametrize("seed", range(3))
def test_any_damage_to_parquet_is_noticed(exports: dict[str, Path], tmp_path: Path, seed: int) -> None:
    content, chance, path = exports["parquet"].read_bytes(), random.Random(seed), tmp_path / "x.parquet"
    for point in range(150):
        damaged, at = bytearray(content), chance.randrange(len(content))
        if point % 3 == 0:
            damaged[at] ^= 1 << chance.randrange(8)
        elif point % 3 == 1:
            damaged[at : at + 64] = bytes(len(damaged[at : at + 64]))
        else:
            del damaged[at:]
        path.write_bytes(damaged)
        assert damaged == content or not all(found(path).values()), f"seed {seed}, point {point}"


def test_any_damage_to_csv_is_noticed(exports: dict[str, Path], tmp_path: Path) -> None:
    chance = random.Random(5)
    for point in range(150):
        path = Path(shutil.copytree(exports["csv"], tmp_path / f"{point}"))
        file = path / chance.choice(["events.csv", "manifest.json"])
        content = bytearray(file.read_bytes())
        at = chance.randrange(len(content))
        content[at] ^= 1 << chance.randrange(7)
        file.write_bytes(content)
        spaces = file.name == "manifest.json" and json_of(content) == json_of(file_of(exports["csv"], file.name))
        assert spaces or not all(found(path).values()), f"point {point}: byte {at} of {file.name}"
        shutil.rmtree(path)
    (copied := Path(shutil.copytree(exports["csv"], tmp_path / "csv"))).joinpath("events.csv").unlink()
    assert not found(copied)["events.csv"]


def file_of(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


def json_of(content: bytes | bytearray) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        ("update log set agent = agent + 1 where seq = 77", "events"),
        ("delete from log where seq = 5000", "events"),
        ("insert into log select * from log where seq = 0", "events"),
        ("update log set note = 'never said' where seq = 9", "events"),
        ("update agents set wallet = wallet + 1 where seat = 2", "tables"),
        ("drop table ties", "tables"),
        ("update townlet_names set persons = list_reverse(persons)", "tables"),
        ("delete from tie_changes where seq = (select max(seq) from tie_changes)", "tables"),
        ("update townlet_export set value = '\"another\"' where key = 'run_id'", "database"),
        ("delete from townlet_export where key = 'lead'", "database"),
        ("drop view events; drop view _log; alter table log rename to events", "database"),
    ],
)
def test_what_is_changed_in_a_database_is_noticed(
    exports: dict[str, Path], tmp_path: Path, change: str, noticed: str
) -> None:
    path = Path(shutil.copy(exports["duckdb"], tmp_path / "x.duckdb"))
    with duckdb.connect(path) as connection:
        for view in ("drop" in change) * list(KIND_BY_NAME):
            connection.execute(f"drop view {view}")
        connection.execute(change)
    checks = found(path)
    assert not checks[noticed], checks


def test_a_database_that_is_torn_is_no_proof(exports: dict[str, Path], tmp_path: Path) -> None:
    content, path = exports["duckdb"].read_bytes(), tmp_path / "x.duckdb"
    for size in (0, 100, 5000, len(content) // 2):
        path.write_bytes(content[:size])
        assert not all(found(path).values()), size


def test_an_export_of_another_history_is_not_the_runs(exports: dict[str, Path], tmp_path: Path) -> None:
    other = townlet.simulate({}, ticks=TICKS + 100, seed=8, into=tmp_path / "other")
    shorter = townlet.simulate({}, ticks=50, seed=7, into=tmp_path / "shorter")
    for path in exports.values():
        assert [found(path, each)["run"] for each in (other, shorter)] == [False, False]


def test_nothing_is_overwritten(run: Run, tmp_path: Path) -> None:
    for to in FORMATS:
        first = export(run, to, from_tick=0, to_tick=500, into=tmp_path / to)
        before = {file: file.read_bytes() for file in sorted(tmp_path.rglob(f"{to}*")) if file.is_file()}
        with pytest.raises(FileExistsError, match="--replace"):
            export(run, to, into=tmp_path / to)
        assert {file: file.read_bytes() for file in before} == before
        again = export(run, to, into=tmp_path / to, replace=True)
        assert again.extent.events > first.extent.events
        assert all(found(again.path, run).values())
    for place in (tmp_path / "mine.txt", tmp_path / "folder"):
        place.mkdir() if place.name == "folder" else place.write_text("mine")
        with pytest.raises(FileExistsError, match="is no export"):
            export(run, "csv", into=place, replace=True)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    export(run, "parquet", into=tmp_path / "csv", replace=True)
    assert all(found(tmp_path / "csv").values())


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("call", ["rename", "sync", "append_to", "sync_folder"])
def test_an_export_that_fails_leaves_what_was_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, call: str
) -> None:
    export(run, to, into=tmp_path / "x", to_tick=100)
    failed = 0
    for nth in (0, 1, 3, 6, 10, 15, 19):
        count, original = iter(range(1000)), getattr(disk, call)

        def failing(*arguments: object, nth: int = nth, count: Iterator[int] = count, original=original) -> object:  # type: ignore[no-untyped-def]
            if next(count) == nth:
                raise OSError(5, "the disk is gone")
            return original(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(disk, call, failing)
            try:
                export(run, to, into=tmp_path / "x", to_tick=200, replace=True)
            except OSError:
                failed += 1
            else:
                if next(count) <= nth:  # it was never called so often: what fails for a derived table fails nothing
                    break
        assert all(found(tmp_path / "x", run).values()), f"{call} number {nth}"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["town", "x"]
    assert failed >= 1 or (call == "sync_folder" and to != "csv")


def test_a_full_disk_is_refused_and_one_that_fills_is_cleared(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(disk, "free_bytes", lambda _: (16 << 20) + 1000)
        for to in FORMATS:
            with pytest.raises(OSError, match="no room"):
                export(run, to, into=tmp_path / "x")

    original = parquet.write

    def filling(sink: object, *arguments: object) -> object:
        original(sink, *arguments)  # type: ignore[arg-type]
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(parquet, "write", filling)
        with pytest.raises(OSError, match="no space"):
            export(run, "parquet", into=tmp_path / "x")

    def full(*_: object) -> str:
        raise duckdb.IOException("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(export_duckdb, "_make_views", full)
        for to in ("duckdb", "csv"):
            with pytest.raises(TownletError, match="cannot be written: no space"):
                export(run, to, into=tmp_path / "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town"]


@pytest.mark.parametrize("to", FORMATS)
def test_a_damaged_log_is_not_exported(run: Run, tmp_path: Path, to: str) -> None:
    segment = next((run.path / "log").glob("*.arrows"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    with pytest.raises(LogDamaged):
        export(Run(run.path), to, into=tmp_path / "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town"]


def test_what_is_not_read_back_equal_is_not_there(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "is_intact", lambda *_: False)
    with pytest.raises(TownletError, match="was not written"):
        export(run, "parquet", into=tmp_path / "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town"]


def test_a_stretch_without_events_is_refused(run: Run) -> None:
    for first, last in ((100, 100), (200, 100), (TICKS, None)):
        with pytest.raises(TownletError, match="no events"):
            export(run, "csv", from_tick=first, to_tick=last)
    with pytest.raises(TickOutOfRange):
        export(run, "csv", to_tick=TICKS + 1)
    assert not (run.path / "exports").exists()


def test_what_is_no_export_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    for path in (tmp_path, tmp_path / "x.txt", tmp_path / "nowhere"):
        assert not is_export(path)
        with pytest.raises(TownletError, match="an export is a Parquet file"):
            verify_export(path)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "foreign.parquet")
    assert found(tmp_path / "foreign.parquet") == {"description": False}
    duckdb.connect(tmp_path / "foreign.duckdb").close()
    assert found(tmp_path / "foreign.duckdb") == {"database": False}
    (tmp_path / "manifest.json").write_text("{}")
    assert found(tmp_path) == {"description": False}


def test_a_fork_has_the_digests_of_what_it_shares(run: Run, exports: dict[str, Path], tmp_path: Path) -> None:
    fork = run.fork(tmp_path / "fork", at=2000, seed=9, ticks=1200)
    early = export(run, "parquet", to_tick=2000, into=tmp_path / "early.parquet").path
    assert all(found(early, fork).values())
    assert not found(exports["parquet"], fork)["run"]
    assert all(found(export(fork, "duckdb").path).values())


class _Louder:
    """Upcasters of a later release, in which every chat that was started has a value."""

    def of(self, kinds: object, run: object) -> object:
        def upcast(batch: pa.RecordBatch) -> pa.RecordBatch:
            chats = batch.column("kind").to_numpy() == ChatStarted.kind
            return with_columns(batch, value=np.where(chats, np.float32(0.5), batch.column("value").to_numpy()))

        return upcast


def test_events_of_older_versions_are_exported_as_present_ones(run: Run, tmp_path: Path) -> None:
    later = Run(run.path, upcasters=_Louder())  # type: ignore[arg-type]
    path = export(later, "duckdb", into=tmp_path / "x.duckdb").path
    assert all(found(path, run).values())
    with duckdb.connect(path) as connection:
        query = f"select min(value), max(value) from log where kind = {ChatStarted.kind}"
        assert connection.sql(query).fetchall() == [(0.5, 0.5)]
        connection.execute("update log set value = 0.6 where seq = (select min(seq) from chat_started)")
    assert not found(path)["events"]
    stored = export(later, "parquet", into=tmp_path / "x.parquet")
    assert stored.extent.digest == run.log_digest
    assert all(found(stored.path, run).values())


def test_digests_are_of_events_that_follow_one_another(run: Run) -> None:
    extent = Extent.of(run, 100, 200)
    rows = stretch(run, 100, 200)
    assert digest_after(extent, [(rows[:7], {}), (rows[7:], {})]) == extent.digest
    for wrong in (rows[1:], rows[:-1], rows[::-1].copy()):
        with pytest.raises(ValueError, match=r"missing or out of order|its events end"):
            digest_after(extent, [(wrong, {})])
    with pytest.raises(ValueError, match="another digest"):
        extent.model_copy(update={"lead": Extent.of(run, 101, 200).lead}).chain()
