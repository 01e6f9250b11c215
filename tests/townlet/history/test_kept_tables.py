"""What is kept of tie changes: caught up it is what a fold from the start gives, and never another history's."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import townlet
from eventlog.checkpoints import CheckpointStore
from eventlog.reader import LogReader
from projections.versions import VERSIONS
from tests.townlet.towns import DAY, KITCHEN
from townlet.history import kept_tables
from townlet.run import Run

TICKS = 2 * DAY


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    into = tmp_path_factory.mktemp("derived") / "run"
    return townlet.simulate(KITCHEN, ticks=TICKS, seed=7, into=into)


def forget(run: Run) -> None:
    """Nothing was ever asked for."""
    shutil.rmtree(run.path / "derived", ignore_errors=True)


def kept_by(run: Run) -> CheckpointStore:
    """What the one version that has kept anything has kept."""
    (folder,) = (run.path / "derived" / "tie_changes").iterdir()
    return CheckpointStore(folder.parent, folder.name)


@settings(max_examples=25)
@given(st.lists(st.integers(0, TICKS), min_size=1, max_size=5))
def test_caught_up_is_folded_from_the_start(run: Run, ticks: list[int]) -> None:
    forget(run)
    caught_up = [kept_tables.tie_changes(run, tick) for tick in ticks]
    for tick, table in zip(ticks, caught_up, strict=True):
        forget(run)
        assert table.equals(kept_tables.tie_changes(run, tick))


def test_what_is_kept_is_caught_up_from(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(run)
    kept_tables.tie_changes(run, DAY)
    folded: list[int] = []
    original = LogReader.rows

    def counting(self: object, from_seq: int | None = None, *arguments: object, **ranges: object) -> object:
        folded.append(from_seq or 0)
        return original(self, from_seq, *arguments, **ranges)  # type: ignore[arg-type]

    monkeypatch.setattr("eventlog.reader.LogReader.rows", counting)
    kept_tables.tie_changes(run, TICKS)
    assert min(folded) >= run.log.seq_at(DAY)
    folded.clear()
    kept_tables.tie_changes(run, TICKS)
    assert folded == []


@pytest.mark.parametrize("change", ["version", "riders", "damage", "history"])
def test_what_was_kept_otherwise_is_made_anew(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    copy = Run(shutil.copytree(run.path, tmp_path / "run"))
    forget(copy)
    expected = kept_tables.tie_changes(copy, TICKS)
    kept_tables.tie_changes(copy, DAY)
    store = kept_by(copy)
    if change == "version":
        monkeypatch.setitem(VERSIONS, "tie_changes", 99)
    elif change == "riders":
        monkeypatch.setattr("townlet.living.identity.sources_digest", lambda _: "other sources")
    elif change == "damage":
        for tick in store.ticks():
            (store.path / f"{tick:012}" / "tie_changes.arrow").write_bytes(b"torn")
    else:
        other = townlet.simulate(KITCHEN, ticks=TICKS, seed=8, into=tmp_path / "other")
        shutil.copytree(store.path.parent, other.path / "derived" / "tie_changes")
        theirs = kept_tables.tie_changes(other, TICKS)
        forget(other)
        assert theirs.equals(kept_tables.tie_changes(other, TICKS))
        assert not theirs.equals(expected)
        return
    written = {tick: os.stat(store.path / f"{tick:012}").st_ino for tick in store.ticks()}
    assert kept_tables.tie_changes(copy, TICKS).equals(expected)
    assert os.stat(kept_by(copy).path / f"{TICKS:012}").st_ino != written[TICKS], "what was kept has been believed"
    assert (kept_by(copy).path == store.path) == (change == "damage")


def test_only_the_last_asked_for_are_kept(run: Run) -> None:
    forget(run)
    for tick in range(100, 100 * (kept_tables.KEPT + 4), 100):
        kept_tables.tie_changes(run, tick)
    assert len(kept_by(run).ticks()) == kept_tables.KEPT


def test_a_folder_that_cannot_be_written_hinders_nobody(run: Run, tmp_path: Path) -> None:
    copy = Run(shutil.copytree(run.path, tmp_path / "run"))
    forget(copy)
    (copy.path / "derived").write_text("no folder")
    assert kept_tables.tie_changes(copy, DAY).equals(kept_tables.tie_changes(run, DAY))
