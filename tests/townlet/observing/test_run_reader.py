"""The reader: whatever is looked at, in any order, is what a fold from the start gives; and it never lies."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import townlet
from eventlog.folder.manifest import write_settings
from eventlog.rows import ROW
from eventlog.writer import LogWriter
from projections.telemetry.frame import Frame, printed_number, ties_of
from projections.telemetry.witness import seen_of
from tests.townlet.towns import DAY
from townlet.configuration.load import load
from townlet.history import kept_tables
from townlet.history.name_books import frame_words
from townlet.living.commands import Driver
from townlet.observing import index, shelf, shown_towns, story_so_far
from townlet.observing.index import Bins, Windows
from townlet.observing.run_reader import RunReader
from townlet.observing.view import SORTS, View, Wanted
from townlet.run import Run
from townlet.serving.feed import frames

CHURN = {
    "relationships.churn.window_minutes": 60,
    "relationships.churn.warn_above": 0.05,
    "relationships.capacity": 1,
    "relationships.admission": 0,
}
TICKS = 2 * DAY + 100
APART = ("narration", "kpis")
"""The blocks of the feed's state that a scene leaves to other parts of a view."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two days of the default town, in which there is room for one person in a mind."""
    into = tmp_path_factory.mktemp("watching") / "run"
    return townlet.simulate(ticks=TICKS, seed=2, into=into, overrides=CHURN)


@pytest.fixture(scope="module")
def told(run: Run) -> list[Frame]:
    """The feed's frame of each tick."""
    return list(frames(run))


@pytest.fixture(scope="module")
def whole(run: Run) -> Iterator[RunReader]:
    """A reader that has folded everything; its keyframes are few, so that they have been thinned."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "KEYFRAMES", 8)
        reader = worked(RunReader(run))
    yield reader
    reader.close()


def worked(reader: RunReader) -> RunReader:
    """It, when there is nothing left to fold."""
    while reader.work(1.0):
        pass
    return reader


def require_frame(view: View, frame: Frame) -> None:
    """A view's scene is the feed's frame."""
    state = {name: block for name, block in frame.state.items() if name not in APART}
    assert (view.tick, view.town.offset, view.town.paid) == (frame.tick, frame.offset, True)
    assert view.town.state == state and list(view.town.state) == list(state)
    assert view.town.happened == {name: frame.happened[name] for name in view.town.happened}


def damage(path: Path, share: float) -> None:
    """Change a byte of the run's log, so far into it."""
    log = next((path / "log").glob("*.arrow*"))
    content = bytearray(log.read_bytes())
    content[int(len(content) * share)] ^= 1
    log.write_bytes(content)


# The tick


def test_every_tick_is_the_feeds_forwards_and_backwards(run: Run, told: list[Frame]) -> None:
    """Before anything is indexed, and happened too: there are alarms and changes of ties among it."""
    reader = RunReader(run)
    for frame in told[900:1300]:
        require_frame(reader.view(Wanted(frame.tick)), frame)
    for frame in (*told[:60], *told[DAY : DAY - 300 : -1]):
        require_frame(reader.view(Wanted(frame.tick)), frame)
    reader.close()
    assert sum(len(frame.happened["tie_changes"]) for frame in told[900:1300]) > 20
    assert any(frame.happened["warnings"] for frame in told[900:1300])


@given(st.lists(st.integers(0, TICKS), min_size=1, max_size=12))
@settings(max_examples=40)
def test_any_order_of_looks_shows_what_a_fold_from_the_start_does(
    whole: RunReader, told: list[Frame], ticks: list[int]
) -> None:
    for tick in ticks:
        require_frame(whole.view(Wanted(tick)), told[tick])


@given(st.lists(st.integers(0, TICKS) | st.just(-1), min_size=2, max_size=8))
@settings(max_examples=10)
def test_looks_between_spells_of_work_show_the_same(run: Run, told: list[Frame], looks: list[int]) -> None:
    """-1 is a spell of work. Ticks beyond the index may be without rewards: then all else is as the feed says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shown_towns, "NEAR", 200)
        patch.setattr(index, "EVERY", 30)
        reader = RunReader(run)
        for tick in looks:
            if tick < 0:
                reader.work(0.0)
                continue
            view = reader.view(Wanted(tick))
            if view.town.paid:
                require_frame(view, told[tick])
            else:
                state = {name: block for name, block in told[tick].state.items() if name not in APART}
                assert view.town.state == state | {"rewards": {}, "churn": {}}
                assert (view.tick, view.town.offset) == (tick, told[tick].offset)
                assert not any(view.town.happened.values())
        reader.close()


def test_far_beyond_the_index_there_are_no_rewards_yet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_towns, "NEAR", 200)
    reader = RunReader(run)
    assert not reader.view(Wanted(TICKS)).town.paid
    assert reader.view(Wanted(150)).town.paid
    worked(reader)
    assert reader.view(Wanted(TICKS)).town.paid
    reader.close()


def test_a_tick_that_is_not_there_is_the_nearest_that_is(whole: RunReader) -> None:
    assert whole.view(Wanted(TICKS + 5)).tick == TICKS
    assert whole.view(Wanted(-3)).tick == 0


@given(st.lists(st.integers(0, TICKS), min_size=1, max_size=4))
@settings(max_examples=15)
def test_ties_at_a_mark_are_those_of_that_tick(whole: RunReader, told: list[Frame], marks: list[int]) -> None:
    for mark in marks:
        assert whole.view(Wanted(TICKS // 2, mark=mark)).ties_at_mark == told[mark].state["ties"]
    assert whole.view(Wanted(5)).ties_at_mark is None


def test_events_are_those_before_the_tick(whole: RunReader) -> None:
    view = whole.view(Wanted(900))
    assert view.events.lines[-1].seq == view.town.offset - 1
    assert view.events.lines[view.events.at].kind != "tick_ended"
    assert {line.kind for line in view.events.lines[view.events.at + 1 :]} == {"tick_ended"}
    assert {line.kind for line in whole.view(Wanted(TICKS, filter="quarrel")).events.lines if line.matches} == {
        "queue_conflict"
    }


@pytest.mark.parametrize("tick", [0, 1, 500, TICKS])
def test_a_card_has_the_ties_of_a_day_ago(whole: RunReader, told: list[Frame], tick: int) -> None:
    card = whole.view(Wanted(tick, person="alice")).card
    if not tick:
        assert card is None
        return
    assert card is not None and card.person == "alice"
    ties = told[max(tick - DAY, 1)].state["ties"]
    assert card.ties_before in (ties, ties["alice"])
    assert whole.view(Wanted(tick)).card is None


# What is folded of the whole log


def test_the_timeline_adds_up_to_all_events(run: Run, whole: RunReader) -> None:
    rows = np.concatenate(list(run.log.rows()))
    view = whole.view(Wanted(DAY + 200))
    timeline = view.timeline
    assert timeline.upto == TICKS and timeline.every * len(timeline.events) >= TICKS
    assert timeline.events.sum() == len(rows)
    assert timeline.events.tolist() == np.bincount(rows["tick"].astype(int) // timeline.every).tolist()
    for sort, kind in (("quarrel", "queue_conflict"), ("left", "agent_exited")):
        (count,) = run.sql(f"select count(*) as n from {kind}").column("n").to_pylist()
        assert timeline.sorts[SORTS.index(sort)].sum() == count
    day = rows[(rows["tick"] >= DAY) & (rows["tick"] < 2 * DAY)]
    assert (timeline.day_from, timeline.day_every) == (DAY, 5)
    assert timeline.day_events.tolist() == np.bincount((day["tick"].astype(int) - DAY) // 5).tolist()
    assert timeline.day_sorts.shape == (len(SORTS), len(timeline.day_events))


def test_windows_of_churn_are_those_that_sql_tells(run: Run, whole: RunReader) -> None:
    expected = run.sql("select * from churn_windows order by from_tick").to_pylist()
    over = whole.view(Wanted(TICKS)).churn.windows
    assert list(over) == expected[: TICKS // 60][-index.WINDOWS_SHOWN :]
    assert sum(row["evicted"] for row in over) > 0
    assert [row["window"] for row in whole.view(Wanted(300)).churn.windows] == [0, 1, 2, 3, 4]
    assert [row["window"] for row in whole.view(Wanted(299)).churn.windows] == [0, 1, 2, 3]


def test_the_story_is_the_runs(run: Run, whole: RunReader) -> None:
    expected = run.story().to_pylist()
    assert len(expected) > 20
    for tick in (0, 500, DAY, TICKS):
        story = whole.view(Wanted(tick)).story
        before = [row for row in expected if row["tick"] < tick][-story_so_far.LAST :]
        assert story.told == TICKS
        assert [(entry.number, entry.text, entry.cause, entry.priority) for entry in story.entries] == [
            (row["seq"], row["text"], row["cause"], row["priority"]) for row in before
        ]
        assert [entry.people for entry in story.entries] == [
            tuple(row[who] for who in ("agent", "other") if row[who]) for row in before
        ]


def test_a_story_that_was_put_away_is_the_same(run: Run, whole: RunReader, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = list[kept_tables.Tables]()
    monkeypatch.setattr(story_so_far, "MOST", 3)
    monkeypatch.setattr(shelf, "PART", 2)
    monkeypatch.setattr(shelf, "READ", 1)
    monkeypatch.setattr(story_so_far, "nearest", lambda *_: None)
    monkeypatch.setattr(story_so_far, "keep", lambda run, made, tick, tables: kept.append(tables))
    story = story_so_far.StorySoFar(run)
    for rows in run.log.rows():
        for first in range(0, len(rows), 500):
            story.fold(np.ascontiguousarray(rows[first : first + 500]))
            assert len(story._entries) <= 3 + 500
    assert len(story._shelf) > 10
    for tick in (TICKS, 300, 1, DAY, TICKS - 10, *range(0, TICKS, 97)):
        assert story.before(tick) == whole.view(Wanted(tick)).story
    story.keep()
    assert kept_tables.equal(kept[0], kept_tables.projection_tables(run, kept_tables.NARRATIONS, TICKS))


def test_figures_come_for_the_last_whole_day(run: Run, told: list[Frame]) -> None:
    reader = RunReader(run)
    assert reader.view(Wanted(DAY - 1)).kpis == (-1, ())
    assert reader.view(Wanted(TICKS)).kpis == (1, None)
    worked(reader)
    day, rows = reader.view(Wanted(TICKS)).kpis
    assert day == 1 and rows is not None
    assert {row["kpi"]: printed_number(row["value"]) for row in rows if row["value"] is not None} == told[-1].state[
        "kpis"
    ]
    reader.close()


def test_what_is_held_is_bounded(whole: RunReader) -> None:
    keyframes = whole._index.keyframes
    assert len(keyframes) <= 8 and keyframes.every == 480
    assert len(whole._towns._rests) <= shown_towns.RESTS
    bins = Bins()
    rows = np.zeros(1000, ROW)
    for hour in range(200):
        rows["tick"] = np.sort(np.arange(1000) * 7 + hour * 7000)
        bins.add(rows)
        assert len(bins.counts()[0]) <= index.BINS
    assert bins.counts()[0].sum() == 200_000 and bins.every == 2048
    windows = Windows(load({}, CHURN).settings.relationships.churn, most=10)
    windows.add(whole._index._witness.take_changes(), 60 * 1000)
    assert [row["window"] for row in windows.before(60 * 1000).windows] == list(range(990, 1000))
    assert [row["window"] for row in windows.before(60 * 995).windows] == list(range(990, 995))
    assert windows.before(60 * 100).windows == ()


# A run that is damaged


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_damage_is_told_and_what_lies_before_it_is_shown(
    run: Run, told: list[Frame], tmp_path: Path, share: float
) -> None:
    copy = Run(shutil.copytree(run.path, tmp_path / "run", ignore=shutil.ignore_patterns("derived")))
    damage(copy.path, share)
    reader = RunReader(copy)
    view = reader.view(Wanted(TICKS))
    assert view.trouble is not None and view.tick == view.trouble.tick < TICKS
    assert " is damaged at event " in view.trouble.what and view.trouble.next_step == f"townlet verify {copy.place}"
    require_frame(view, told[view.tick])
    worked(reader)
    again = reader.view(Wanted(TICKS))
    assert again.tick == view.tick and again.trouble == view.trouble
    assert again.timeline.upto <= view.tick and again.story.told <= view.tick
    reader.close()


def test_damage_that_comes_while_watched_is_told(run: Run, told: list[Frame], tmp_path: Path) -> None:
    copy = Run(shutil.copytree(run.path, tmp_path / "run"))
    reader = RunReader(copy)
    assert reader.view(Wanted(30)).trouble is None
    damage(copy.path, 0.6)
    worked(reader)
    view = reader.view(Wanted(30))
    assert view.tick == 30 and view.trouble is not None and 30 < view.trouble.tick < TICKS
    require_frame(view, told[30])
    assert reader.view(Wanted(TICKS)).tick == view.trouble.tick
    reader.close()


@pytest.mark.parametrize("lost", ["log/head", "run.json"])
def test_a_run_that_cannot_be_read_for_a_while_is_shown_as_far_as_it_was(
    run: Run, told: list[Frame], tmp_path: Path, lost: str
) -> None:
    copy = Run(shutil.copytree(run.path, tmp_path / "run"))
    reader = RunReader(copy)
    (copy.path / lost).rename(tmp_path / "kept")
    view = reader.view(Wanted(TICKS))
    assert view.trouble is not None and view.trouble.tick == view.tick == TICKS
    require_frame(view, told[TICKS])
    (tmp_path / "kept").rename(copy.path / lost)
    worked(reader)
    assert reader.view(Wanted(TICKS)).trouble is None
    reader.close()


# A run that lives on


@pytest.fixture
def growing(run: Run, tmp_path: Path) -> Iterator[tuple[Path, Callable[[int], None], LogWriter]]:
    """A run that is written, tick by tick as the whole one: its folder, what lets it live up to a tick, its writer."""
    rows = np.concatenate(list(run.log.rows()))
    path = tmp_path / "growing"
    epoch = run.epochs[0]
    resolved = load({}, CHURN)
    with LogWriter.create(
        path,
        run_id="growing",
        name="growing",
        epochs=[epoch],
        versions={},
        settings={resolved.config_id: resolved.text},
        durability="never",
    ) as writer:

        def live(tick: int) -> None:
            seq = writer.head.seq
            writer.commit(rows[seq : int(np.searchsorted(rows["tick"], tick))], expected_seq=seq)

        yield path, live, writer


def test_a_run_that_grows_is_sealed_and_ends_is_shown_as_far_as_it_is(
    growing: Any, told: list[Frame], whole: RunReader
) -> None:
    path, live, writer = growing
    live(50)
    reader = RunReader(Run(path))
    for tick in (50, 51, 130, 800, DAY, DAY + 7, 2 * DAY):
        if tick > 50:
            live(tick)
        if tick == 800:
            writer.roll()
        view = reader.view(Wanted(TICKS))
        assert (view.head, view.closed, view.trouble) == (tick, False, None)
        require_frame(view, told[tick])
        worked(reader)
        view = reader.view(Wanted(tick - 20))
        require_frame(view, told[tick - 20])
        assert view.timeline.upto == view.story.told == tick
        assert view.timeline.events.sum() == told[tick].offset
    live(TICKS)
    writer.close()
    assert worked(reader).view(Wanted(TICKS)).closed
    for tick in (TICKS, DAY, 77):
        view, expected = reader.view(Wanted(tick)), whole.view(Wanted(tick))
        assert (view.town, view.story, view.churn) == (expected.town, expected.story, expected.churn)
        assert np.array_equal(view.timeline.events, expected.timeline.events)
    reader.close()


def test_a_run_that_lives_on_under_other_settings_is_shown_under_them(growing: Any, told: list[Frame]) -> None:
    path, live, writer = growing
    live(300)
    reader = worked(RunReader(Run(path)))
    changed = load({}, CHURN | {"rewards.survival": 0.05})
    write_settings(path, changed.config_id, changed.text)
    epoch = writer.add_epoch(config_id=changed.config_id, seed=7)
    town = Run(path).at().town
    town.set_seed(7)
    Driver(town).change_settings(epoch)
    for rows in town.live(100):
        writer.commit(rows, expected_seq=int(rows["seq"][0]))
    require_frame(reader.view(Wanted(250)), told[250])
    expected = list(frames(Run(path), 399, 400))
    assert reader.view(Wanted(399)).tick == 399
    require_frame(reader.view(Wanted(400)), expected[1])
    worked(reader)
    require_frame(reader.view(Wanted(400)), expected[1])
    reader.close()


def test_a_keyframe_is_small_and_gives_the_town_back(run: Run, told: list[Frame]) -> None:
    ground = shown_towns.Ground(run)
    town = ground.town()
    witness = ground.witness(town)
    for rows in run.log.rows(to_tick=DAY):
        witness.fold(rows, DAY)
    kept = witness.saved_state()
    packed = shown_towns.Keyframe.of(witness)
    assert packed.unpacked() == kept and packed.tick == DAY
    assert sum(len(each.content) for each in packed.packed) < 16_000
    other = ground.town()
    ground.witness(other).restore(packed.unpacked())
    assert other.state_digest() == town.state_digest() == run.at(DAY).state_digest
    assert ties_of(seen_of(other.towns), frame_words(other, 0)) == told[DAY].state["ties"]


def test_who_waits_is_said_since_when(whole: RunReader, told: list[Frame]) -> None:
    waited = 0
    for tick in range(240, 1440, 7):
        scene = whole.view(Wanted(tick)).town
        waiting = {name for queue in scene.state["queues"].values() for name in queue.get("waiting", ())}
        assert set(scene.waits_since) == waiting
        assert all(0 <= since < tick for since in scene.waits_since.values())
        waited += len(waiting)
    assert waited


def test_key_figures_are_worked_out_where_they_are_wanted(run: Run) -> None:
    reader = RunReader(Run(run.path))
    reader.view(Wanted(1440, key_figures=False))
    while reader.work(0.05):
        pass
    assert reader.view(Wanted(1440, key_figures=False)).kpis.rows is None
    reader.view(Wanted(1440))
    while reader.work(0.05):
        pass
    assert reader.view(Wanted(1440, key_figures=False)).kpis.rows
