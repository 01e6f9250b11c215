"""Pictures: what is in them, that they are the same each time, and what cannot be drawn."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import townlet
from eventlog.catalogue import KIND_NAMES
from projections.riders.tie_changes import REMEMBERED, Loss
from townlet.errors import QueryError, TickOutOfRange
from townlet.plotting.spring_layout import pushed_apart, spring_layout
from townlet.plotting.tie_history import ENDS, MARKERS, course, plot_tie, spread
from townlet.plotting.tie_network import STYLE, plot_ties, time_of
from townlet.run import Run

TICKS = 2000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    into: Path = tmp_path_factory.mktemp("plots") / "town"
    return townlet.simulate({}, ticks=TICKS, seed=7, into=into)


def pair(run: Run) -> tuple[str, str]:
    """Those between whom most happened."""
    query = "select owner, other from tie_changes group by all order by count(*) desc, owner, other limit 1"
    (row,) = run.sql(query).to_pylist()
    return row["owner"], row["other"]


class TestTies:
    def test_a_png_is_one(self, run: Run, tmp_path: Path) -> None:
        plot_ties(run.at(), tmp_path / "ties.png")
        content = (tmp_path / "ties.png").read_bytes()
        assert content.startswith(PNG) and len(content) > 20_000

    def test_an_svg_names_everybody_and_when(self, run: Run, tmp_path: Path) -> None:
        plot_ties(run.at(), tmp_path / "ties.svg")
        text = (tmp_path / "ties.svg").read_text()
        assert text.startswith("<?xml") and "<svg" in text
        for name in run.at().table("agents").column("name").to_pylist():
            assert f">{name}</text>" in text
        count = len(run.at().table("ties"))
        assert f"tick {TICKS:,}, day 1, 09:20" in text and f"8 people, {count} ties" in text
        assert "hostile" in text and "size 2" in text

    def test_the_same_town_is_the_same_picture_and_another_tick_another(self, run: Run, tmp_path: Path) -> None:
        for name, tick in (("a", TICKS), ("b", TICKS), ("c", 700)):
            plot_ties(run.at(tick), tmp_path / f"{name}.svg")
        first, again, earlier = ((tmp_path / f"{name}.svg").read_bytes() for name in "abc")
        assert first == again != earlier
        assert b"<dc:date>" not in first

    def test_nothing_global_is_touched(self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import matplotlib

        monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)  # another test may have imported it
        before = {name: matplotlib.rcParams[name] for name in STYLE}
        plot_ties(run.at(), tmp_path / "ties.svg")
        assert {name: matplotlib.rcParams[name] for name in STYLE} == before
        assert "matplotlib.pyplot" not in sys.modules

    def test_nobody_is_drawn_of_an_empty_town(self, run: Run, tmp_path: Path) -> None:
        with pytest.raises(QueryError, match="nobody lives"):
            plot_ties(run.at(0), tmp_path / "ties.png")
        assert not list(tmp_path.iterdir())


class TestTie:
    def test_files_are_what_their_suffix_says(self, run: Run, tmp_path: Path) -> None:
        owner, other = pair(run)
        plot_tie(run, owner, other, tmp_path / "tie.png")
        assert (tmp_path / "tie.png").read_bytes().startswith(PNG)
        for name in ("a", "b"):
            plot_tie(run, owner, other, tmp_path / f"{name}.svg")
        assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
        text = (tmp_path / "a.svg").read_text()
        assert f"What {owner} feels for {other}" in text
        why = run.why(owner, other)
        for side in ("trust", "familiarity", "rivalry"):
            assert f"{side} {why.total[side]:.2f}" in text
        for kind in {row["kind"] for row in why.rows()} & set(MARKERS):
            assert f">{kind.replace('_', ' ')}  " in text
        assert ">day 0</text>" in text and ">day 1</text>" in text

    def test_the_line_ends_with_the_tie(self, run: Run) -> None:
        for tie in run.at().table("ties").to_pylist():
            of = course(list(run.why(tie["owner"], tie["other"]).rows()), TICKS)
            assert of.values[-1].tolist() == [tie["trust"], tie["familiarity"], tie["rivalry"]]
            assert of.ticks[-1] == TICKS and of.spells[-1][2] is None

    @pytest.mark.parametrize(
        ("owner", "other", "words"),
        [("alice", "grac", "did you mean grace"), ("alice", "alice", "no tie to itself")],
    )
    def test_whom_it_does_not_know_it_says(self, run: Run, tmp_path: Path, owner: str, other: str, words: str) -> None:
        with pytest.raises(QueryError, match=words):
            plot_tie(run, owner, other, tmp_path / "tie.png")

    def test_a_pair_without_a_past_and_a_tick_without_a_town(self, run: Run, tmp_path: Path) -> None:
        (row,) = run.sql(
            """select a.name as owner, b.name as other from agents a, agents b where a.id <> b.id
               and (a.id, b.id) not in (select owner_id, other_id from tie_changes where tick < 60) limit 1"""
        ).to_pylist()
        with pytest.raises(QueryError, match="nothing ever changed what"):
            plot_tie(run, row["owner"], row["other"], tmp_path / "tie.png", 60)
        with pytest.raises(TickOutOfRange):
            plot_tie(run, row["owner"], row["other"], tmp_path / "tie.png", TICKS + 1)


def test_every_kind_of_cause_has_its_own_marker_and_every_end_its_words() -> None:
    assert set(MARKERS) == {KIND_NAMES[int(kind)] for kind in REMEMBERED} | {"news_told", "tie_set"}
    assert len(set(MARKERS.values())) == len(MARKERS)
    assert set(ENDS) == {loss.name.lower() for loss in Loss}


@pytest.mark.parametrize("name", ["ties.jpg", "ties", "ties.svg.gz"])
def test_another_suffix_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    with pytest.raises(QueryError, match=r"neither a \.png nor a \.svg"):
        plot_ties(run.at(), tmp_path / name)
    with pytest.raises(QueryError, match=r"neither a \.png nor a \.svg"):
        plot_tie(run, "alice", "bob", tmp_path / name)


def test_without_matplotlib_it_says_what_to_install(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("figure", "style"):
        monkeypatch.setitem(sys.modules, f"matplotlib.{name}", None)
    with pytest.raises(QueryError, match=r"pip install 'townlet\[plot\]'"):
        plot_ties(run.at(), tmp_path / "ties.png")
    with pytest.raises(QueryError, match=r"pip install 'townlet\[plot\]'"):
        plot_tie(run, *pair(run), tmp_path / "tie.png")


def row(tick: int, change: str, before: float, after: float, **more: Any) -> dict[str, Any]:
    """A change of trust alone."""
    sides = {"trust": 1.0, "familiarity": 0.0, "rivalry": 0.0}
    told: dict[str, Any] = {"tick": tick, "change": change, "reason": None, "hours": 0, **more}
    for side, share in sides.items():
        told |= {f"before_{side}": before * share, f"after_{side}": after * share, f"retention_{side}": 0.5}
    return told


def test_a_course_decays_by_the_hour_and_breaks_where_the_tie_ended() -> None:
    of = course(
        [
            row(10, "added", 0.0, 0.8),
            row(179, "decayed", 0.8, 0.1, hours=3),
            row(200, "removed", 0.1, 0.0, reason="capacity"),
            row(250, "refused", 0.0, 0.0),
            row(300, "added", 0.0, 0.4),
            row(310, "updated", 0.4, 0.6),
        ],
        400,
    )
    told = [(tick, None if math.isnan(value) else value) for tick, value in zip(of.ticks, of.values[:, 0], strict=True)]
    assert told == [
        *[(10, 0.8), (60, 0.4), (120, 0.2), (180, 0.1), (200, 0.1), (200, None)],
        *[(300, 0.4), (310, 0.4), (310, 0.6), (400, 0.6)],
    ]
    assert of.spells == ((10, 200, "capacity"), (300, 400, None))


def test_who_was_only_refused_has_no_spell(tmp_path: Path) -> None:
    of = course([row(10, "refused", 0.0, 0.0)], 100)
    assert len(of.ticks) == 0 and of.values.shape == (0, 3) and of.spells == ()


def test_names_are_spread_in_their_order() -> None:
    moved = spread(np.array([0.30, 0.31, 0.9]), 0.1)
    assert np.diff(moved).min() >= 0.1 - 1e-12 and moved.mean() == pytest.approx(0.5033333)
    assert spread(np.array([0.9, 0.1, 0.5]), 0.1).tolist() == pytest.approx([0.9, 0.1, 0.5])


def distances(places: np.ndarray) -> np.ndarray:
    gaps: np.ndarray = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    return gaps


def test_friends_are_placed_near() -> None:
    pull = np.zeros((6, 6))
    pull[:3, :3] = pull[3:, 3:] = 1.0
    np.fill_diagonal(pull, 0)
    places = spring_layout(pull)
    assert distances(places)[:3, :3].max() < distances(places)[:3, 3:].min()
    assert np.abs(places).max() == pytest.approx(1)
    assert np.array_equal(spring_layout(pull), places)
    assert spring_layout(np.zeros((1, 1))).tolist() == [[0.0, 0.0]]


def test_nobody_is_placed_over_another() -> None:
    places = np.array([[0.0, 0.0], [0.05, 0.0], [0.0, 0.1], [3.0, 3.0]])
    moved = pushed_apart(places, 0.3)
    assert distances(moved)[~np.eye(4, dtype=bool)].min() >= 0.3 * 0.98
    assert moved[3].tolist() == [3.0, 3.0]


def test_a_time_is_a_day_and_a_clock() -> None:
    assert time_of(2000, 1440) == "day 1, 09:20"
    assert time_of(720, 720) == "day 1, 00:00"
