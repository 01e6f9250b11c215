"""Questions: why, what changed, what can be done; by keys and by the mouse."""

from pathlib import Path

import pytest

import townlet
from tests.townlet.towns import DAY
from tests.tui.acting import (
    LARGE,
    Play,
    acted,
    at_80x24,
    closed,
    find,
    grudge_of,
    quarrels,
    standing,
    told,
    words_of,
    write,
    wrong_of,
)
from townlet.daytime import time_of
from tui.dialogs.listing import Lines
from tui.drawing import About

pytestmark = pytest.mark.usefixtures("without_colour")


def test_an_event_says_why_and_what_it_did_to_ties(demo: Path) -> None:
    known = quarrels(demo)

    async def act(play: Play) -> None:
        await find(play)
        await play.press("w")
        listing = await told(play)
        assert "because of" in play.text()
        assert wrong_of(known[0]) in words_of(listing) and grudge_of(demo, known[0]) in words_of(listing)
        assert listing.picked.about == About(tick=known[0]["tick"], seq=known[0]["seq"])
        await play.pilot.press("down")
        cause = listing.picked.about
        assert cause is not None and cause.seq is not None and cause.seq < known[0]["seq"]
        await play.pilot.press("enter")
        await closed(play)
        assert standing(play).seq == cause.seq
        await play.press("w")
        await told(play)
        await play.pilot.press("escape")
        await closed(play)
        assert standing(play).seq == cause.seq

    at_80x24(demo, act)


def test_a_row_is_chosen_by_a_click_and_asked_why_again(demo: Path) -> None:
    async def act(play: Play) -> None:
        await find(play)
        await play.press("w")
        first = await told(play)
        await play.pilot.press("down", "w")
        await play.until(lambda: play.app.screen is not first)
        again = await told(play)
        assert "Nothing in the log led to it" not in play.text() and again is not first
        await play.pilot.click(Lines, offset=(10, 0))
        await closed(play)

    acted(demo, act, size=LARGE)


def test_a_tie_says_every_cause_adding_up_both_ways(demo: Path) -> None:
    run, first = townlet.open(demo), quarrels(demo)[0]
    one, other, tick = first["agent"], first["other"], first["tick"] + 100

    async def act(play: Play) -> None:
        play.app.questions.explain(About(person=one, other=other))
        listing = await told(play)
        there, back = (run.why(*pair, at=tick) for pair in ((one, other), (other, one)))
        sums = [row.text.plain for row in listing.rows if "Σ" in row.text.plain]
        for why, line in zip((there, back), sums, strict=True):
            assert [f"{value:.3f}" for value in why.total.values()] == line.split()[3:6]
        causes = [row for row in listing.rows if row.about is not None and row.about.seq is not None]
        seqs = [row["seq"] for why in (there, back) for row in why.rows() if row["change"] != "decayed"]
        assert [row.about.seq for row in causes if row.about] == seqs
        assert wrong_of(first) in "".join(row.text.plain for row in causes)

    at_80x24(demo, act, tick=tick)


def test_a_person_says_what_their_options_were_worth(demo: Path) -> None:
    async def act(play: Play) -> None:
        play.app.questions.explain(About(person="alice"))
        listing = await told(play)
        words = "\n".join(row.text.plain for row in listing.rows)
        assert "alice chose" in words and "What each option was worth" in words
        assert "▸" in words

    acted(demo, act, size=LARGE, tick=500)


def test_a_mark_says_what_changed_since(demo: Path) -> None:
    first, second = quarrels(demo)[:2]
    begins, ends = first["tick"] - 10, first["tick"] + 1
    assert second["tick"] >= ends, "one quarrel in between"

    async def act(play: Play) -> None:
        await play.press("x")
        await play.press("g")
        await write(play, str(ends), "enter")
        await closed(play)
        await play.press("X")
        listing = await told(play)
        assert f"From {time_of(begins, DAY)}" in play.text()
        words = "\n".join(row.text.plain for row in listing.rows)
        assert f"{first['other']} → {first['agent']}" in words and "rivalry " in words and "1  queue_conflict" in words
        await play.pilot.press("r")
        await play.until(lambda: play.app.screen is not listing)
        await told(play)
        assert "There is no other run in its folder" in play.text() or "Enter compares" in play.text()
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act, tick=begins)


def test_help_begins_where_one_is_and_has_the_keys_of_now(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("e", "f1")
        listing = await told(play)
        words = "\n".join(row.text.plain for row in listing.rows)
        assert words.index("First steps") < words.index("Here: Events") < words.index("Why, and what if")
        assert "f9                Find." in words and "f9 quarrel" in words and "(no key)" not in words
        assert "First steps" in play.text()
        await play.pilot.press("end")
        await play.until(lambda: "Leave" in play.text())
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act, keys={"find": "f9"})


def test_what_was_asked_of_one_run_is_not_shown_of_another(demo: Path, tmp_path: Path) -> None:
    other = townlet.simulate(ticks=100, seed=9, into=tmp_path / "other")

    async def act(play: Play) -> None:
        await play.press("x")
        play.app.sight.open_run(other.place, 500)
        await play.settled()
        assert play.app.sight.view is not None and play.app.sight.view.run == other.place
        assert play.app.sight.shown_tick == 100 and play.app.sight.mark is None
        assert play.app.sight.asker.path == other.place

    at_80x24(demo, act, tick=500)
