"""Projections that follow a log: whatever is listed catches up, is kept, is rebuilt beside the old, and fails alone."""

import multiprocessing
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import townlet
from eventlog.codes import CHAT_SUCCEEDED
from eventlog.folder.manifest import Epoch
from projections.errors import BadEvent
from projections.versions import VERSIONS
from tests.townlet.towns import DAY, KITCHEN
from townlet.history import kept_tables
from townlet.history.following import Following
from townlet.history.kept_tables import PROJECTIONS, CatchUp
from townlet.run import Run

TICKS = 2 * DAY
NEVER = 1 << 60


class Chats:
    """How many chats went well before each event number that it was asked at; it cannot fold event `bad`."""

    bad = NEVER

    def __init__(self) -> None:
        self.count = 0

    def fold(self, events: np.ndarray) -> None:
        before = events[events["seq"] < self.bad]
        self.count += int(np.count_nonzero(before["kind"] == CHAT_SUCCEEDED))
        if len(before) < len(events):
            bad = events[len(before)]
            raise BadEvent("chats", seq=int(bad["seq"]), tick=int(bad["tick"]), reason="a chat of nobody")

    def tables(self) -> Mapping[str, pa.Table]:
        return {"chats": pa.table({"count": [self.count]})}

    def restore(self, tables: Mapping[str, pa.Table]) -> None:
        self.count = tables["chats"].column("count")[0].as_py()


def _identity(epochs: Sequence[Epoch], seq: int) -> dict[str, str]:
    return {"projection": f"chats@{VERSIONS['chats']}", "epochs": str(len(epochs))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("following") / "run"
    return townlet.simulate(KITCHEN, ticks=TICKS, seed=7, into=into).path


@pytest.fixture
def run(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of two days, and chats listed beside tie_changes."""
    monkeypatch.setitem(VERSIONS, "chats", 1)
    monkeypatch.setattr(
        kept_tables, "PROJECTIONS", {**PROJECTIONS, "chats": CatchUp("chats", lambda _: Chats(), _identity)}
    )
    return Run(shutil.copytree(whole, tmp_path / "run"))


def chats(run: Run, tick: int) -> int:
    """The chats that went well before a tick, as SQL counts them."""
    return int(run.sql("select count(*) as n from chat_succeeded", at=tick).column("n")[0].as_py())


def test_what_is_listed_is_caught_up_and_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for tick in (DAY, TICKS, 500):
        assert kept_tables.projection_tables(run, "chats", tick)["chats"].column("count").to_pylist() == [
            chats(run, tick)
        ]
    assert kept_tables.store_of(run, "chats").ticks() == [500, DAY, TICKS]
    monkeypatch.setattr(Chats, "bad", 0)  # whoever folds the first event again fails
    assert kept_tables.projection_tables(run, "chats", TICKS)["chats"].column("count").to_pylist() == [
        chats(run, TICKS)
    ]
    monkeypatch.setattr(Chats, "bad", run.log.seq_at(DAY + 1))
    assert kept_tables.projection_tables(run, "chats", DAY + 1)["chats"].column("count").to_pylist() == [
        chats(run, DAY + 1)
    ]
    with pytest.raises(BadEvent):
        kept_tables.projection_tables(run, "chats", DAY + 2)


def test_another_name_is_refused_with_the_nearest(run: Run) -> None:
    with pytest.raises(townlet.errors.QueryError, match="did you mean tie_changes"):
        kept_tables.projection_tables(run, "tie_change", DAY)


def test_a_bad_event_is_fatal_in_a_rebuild_and_what_was_kept_stays(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept_tables.rebuild(run, "chats", TICKS).kept == "none"
    assert kept_tables.rebuild(run, "chats", TICKS).kept == "equal"
    folder = kept_tables.store_of(run, "chats").path
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(Chats, "bad", 900)
    with pytest.raises(BadEvent, match="chats cannot fold event 900"):
        kept_tables.rebuild(run, "chats", TICKS)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_was_kept_and_is_not_what_the_log_folds_to_is_noticed_and_replaced(run: Run) -> None:
    kept_tables.projection_tables(run, "chats", TICKS)
    kept = kept_tables.nearest(run, "chats", TICKS)
    assert kept is not None and kept_tables.audit_kept(run, "chats", TICKS) == (1, None)
    false = {"chats": pa.table({"count": [10**6]})}
    kept_tables.store_of(run, "chats").write(false, kept.point, _identity(run.epochs, kept.point.seq))
    assert kept_tables.audit_kept(run, "chats", TICKS) == (1, TICKS)
    assert kept_tables.rebuild(run, "chats", TICKS).kept == "different"
    assert kept_tables.audit_kept(run, "chats", TICKS) == (1, None)


@pytest.mark.parametrize("bad", [0, 1, 777, "last"])
def test_a_bad_event_stops_one_projection_and_the_others_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, bad: int | str
) -> None:
    seq = run.head.seq - 1 if isinstance(bad, str) else bad
    monkeypatch.setattr(Chats, "bad", seq)
    following = Following(run, ["chats", "tie_changes"])
    assert following.catch_up() == following.catch_up() == run.head.seq
    assert (following.next_seq("chats"), following.next_seq("tie_changes")) == (seq, run.head.seq)
    stopped = following.stopped["chats"]
    assert (stopped.seq, stopped.tick, list(following.stopped)) == (seq, int(run.log.pick([seq])["tick"][0]), ["chats"])
    expected = sum(int(np.count_nonzero(rows["kind"] == CHAT_SUCCEEDED)) for rows in run.log.rows(to_seq=seq))
    assert following.tables("chats")["chats"].column("count").to_pylist() == [expected]
    following.keep()
    assert kept_tables.store_of(run, "chats").ticks() == []
    assert kept_tables.store_of(run, "tie_changes").ticks() == [TICKS]
    shutil.rmtree(run.path / "derived")
    assert kept_tables.equal(following.tables("tie_changes"), kept_tables.projection_tables(run, "tie_changes", TICKS))


def test_it_goes_on_from_what_was_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Following(run)
    first.catch_up()
    first.keep()
    run.resume(300)
    monkeypatch.setattr(Chats, "bad", 0)
    second = Following(run, ["chats", "tie_changes"])
    assert second.next_seq("tie_changes") == run.log.seq_at(TICKS)
    second.catch_up()
    shutil.rmtree(run.path / "derived")
    assert kept_tables.equal(
        second.tables("tie_changes"), kept_tables.projection_tables(run, "tie_changes", TICKS + 300)
    )


def _live(path: Path, ticks: int) -> None:
    Run(path).resume(ticks, durability="never")


def test_a_town_that_runs_in_another_process_is_followed_to_its_end(run: Run) -> None:
    """The follower sees every commit or several at once, and what it made is what a rebuild makes."""
    town = multiprocessing.get_context("spawn").Process(target=_live, args=(run.path, 20 * DAY))
    before = run.head.seq
    town.start()
    try:
        while run.log.manifest.closed and town.is_alive():
            town.join(0.02)
        following = Following(run, ["tie_changes"])
        seqs = list(following.follow(0.01))
    finally:
        town.join(60)
    assert town.exitcode == 0
    assert seqs == sorted(set(seqs)) and seqs[0] >= before and seqs[-1] == run.head.seq
    assert kept_tables.equal(
        following.tables("tie_changes"), kept_tables.projection_tables(run, "tie_changes", run.head.tick)
    )
