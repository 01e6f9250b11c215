"""The picture of how word spread: who stands where, what it says, and what cannot be drawn."""

import sys
from pathlib import Path

import pytest

from tests.townlet.handmade_news import NOON, news_run
from townlet.errors import QueryError, TickOutOfRange
from townlet.plotting.news_spread import plot_news, spread_of
from townlet.run import Run

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return news_run(tmp_path_factory.mktemp("spread") / "run")


def quarrels(run: Run) -> list[int]:
    """The numbers of the two quarrels."""
    return [row["seq"] for row in run.sql("select seq from queue_conflict order by seq").to_pylist()]


def test_whoever_was_told_stands_below_the_teller(run: Run) -> None:
    first, second = quarrels(run)
    assert [row["knower"] for row in spread_of(run, first).rows] == ["bob", "carol", "dan"]
    assert [row["knower"] for row in spread_of(run, second).rows] == ["bob"]


def test_unasked_it_is_the_deed_that_most_know_of_and_of_these_the_first(run: Run) -> None:
    first, second = quarrels(run)
    assert int(spread_of(run).deed["seq"]) == first
    assert int(spread_of(run, second).deed["seq"]) == second
    assert len(spread_of(run, first, at=NOON + 1).rows) == 3


def test_a_picture_says_what_was_done_and_who_knows(run: Run, tmp_path: Path) -> None:
    first, _ = quarrels(run)
    for name in ("a", "b"):
        plot_news(run, tmp_path / f"{name}.svg", first)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert "Alice pushed in before Bob" in text and f"event {first:,}, day 0, 12:00" in text
    assert "1 saw or suffered it, 2 were told" in text
    for words in (
        "bob",
        "carol",
        "dan",
        "to whom it was done",
        "heard it from an eye-witness",
        "heard it at second hand",
    ):
        assert f">{words}</text>" in text
    plot_news(run, tmp_path / "news.png")
    assert (tmp_path / "news.png").read_bytes().startswith(PNG)


def test_what_cannot_be_drawn_is_said(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(QueryError, match=r"neither a \.png nor a \.svg"):
        plot_news(run, tmp_path / "news.jpg")
    with pytest.raises(QueryError, match="nobody knew of event 1 as of somebody's deed"):
        plot_news(run, tmp_path / "news.png", 1)
    with pytest.raises(QueryError, match="nobody knew of anything"):
        plot_news(run, tmp_path / "news.png", at=NOON)
    with pytest.raises(TickOutOfRange):
        plot_news(run, tmp_path / "news.png", at=10**6)
    for name in ("figure", "style"):
        monkeypatch.setitem(sys.modules, f"matplotlib.{name}", None)
    with pytest.raises(QueryError, match=r"pip install 'townlet\[plot\]'"):
        plot_news(run, tmp_path / "news.png")
    assert not list(tmp_path.iterdir())
