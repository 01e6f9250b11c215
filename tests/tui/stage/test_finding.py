"""Finding: a time, an event, the next one; by keys, on a small screen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.acting import Play, at_80x24, closed, quarrels, standing, write
from tui.dialogs.prompt import Prompt

pytestmark = pytest.mark.usefixtures("without_colour")


def test_one_goes_to_a_time(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("g")
        assert "day 3 08:00" in play.text()
        await write(play, "day 9", "enter")
        await play.until(lambda: "has come to tick 2,880, day 2, 00:00" in play.text())
        await write(play, "teatime", "enter")
        await play.until(lambda: "is no time" in play.text())
        await write(play, "day 1 08:00", "enter")
        await closed(play)
        assert play.app.sight.shown_tick == 1440 + 480
        await play.press("g")
        await write(play, "-2h", "enter")
        await closed(play)
        assert play.app.sight.shown_tick == 1440 + 360
        await play.press("g", "escape")
        await closed(play)
        assert play.app.sight.shown_tick == 1440 + 360

    at_80x24(demo, act)


def test_one_finds_an_event_the_next_and_the_one_before(demo: Path, spoken: list[str]) -> None:
    known = quarrels(demo)

    async def act(play: Play) -> None:
        await play.press("slash")
        await write(play, "quarel", "enter")
        await play.until(lambda: "did you mean quarrel" in play.text())
        assert isinstance(play.app.screen, Prompt)
        await write(play, "dan shop_that_is_not", "enter")
        await play.until(lambda: "no event is about" in play.text())
        await write(play, "quarrel", "enter")
        await closed(play)
        assert standing(play).seq == known[0]["seq"] and play.app.sight.shown_tick == known[0]["tick"] + 1
        assert "queue conflict" in play.text()
        for each in (*known[1:], known[0]):
            await play.press("n")
            await play.until(lambda seq=each["seq"]: play.app.sight.event == seq)
        await play.until(lambda: "Past the end" in spoken[-1])
        await play.press("N")
        await play.until(lambda: play.app.sight.event == known[-1]["seq"])

    at_80x24(demo, act)


def test_a_search_that_takes_long_is_ended_by_escape(
    demo: Path, monkeypatch: pytest.MonkeyPatch, spoken: list[str]
) -> None:
    import time

    def endless(_: object, __: int, ___: str, ____: int, stop: Callable[[], bool]) -> None:
        while not stop():
            time.sleep(0.01)

    monkeypatch.setattr("townlet.observing.event_list.Events.next", endless)

    async def act(play: Play) -> None:
        await play.press("right_square_bracket")
        await play.until(lambda: "Escape stops" in " ".join(spoken))
        await play.press("escape")
        await play.until(lambda: "let go of" in spoken[-1])
        assert not play.app.sight.asker.is_busy
        await play.press("slash")
        await write(play, "quarrel", "enter")
        await play.until(lambda: "… Escape stops" in play.text())
        await play.pilot.press("escape")
        await play.until(lambda: "let go of" in play.text())
        await play.pilot.press("escape")
        await closed(play)

    at_80x24(demo, act)


def test_a_filter_says_what_it_lets_through_and_steps_by_it(demo: Path) -> None:
    known = quarrels(demo)

    async def act(play: Play) -> None:
        await play.press("f")
        await write(play, "quarrel")
        await play.until(lambda: f"{len(known)} events: queue_conflict {len(known)}" in play.text())
        await write(play, "quarel")
        await play.until(lambda: "did you mean quarrel" in play.text())
        await play.pilot.press("enter")
        await play.pilot.pause(0.2)
        assert isinstance(play.app.screen, Prompt) and play.app.sight.filter == ""
        await write(play, "quarrel", "enter")
        await closed(play)
        assert play.app.sight.filter == "quarrel"
        await play.press("right_square_bracket")
        await play.until(lambda: play.app.sight.event == known[0]["seq"])
        await play.pilot.press("right_square_bracket", "right_square_bracket")
        await play.until(lambda: play.app.sight.event == known[2]["seq"])
        await play.press("left_square_bracket")
        await play.until(lambda: play.app.sight.event == known[1]["seq"])
        await play.press("f")
        await write(play, "", "enter")
        await closed(play)
        assert play.app.sight.filter == ""
        await play.press("right_square_bracket")
        await play.until(lambda: play.app.sight.event == known[1]["seq"] + 1)

    at_80x24(demo, act)


def test_one_goes_along_the_marks_until_there_are_no_more(demo: Path, spoken: list[str]) -> None:
    known = quarrels(demo)

    async def act(play: Play) -> None:
        await play.press("right_curly_bracket")
        await play.until(lambda: play.app.sight.event == known[0]["seq"])
        await play.press("left_curly_bracket")
        await play.until(lambda: "There is none before" in " ".join(spoken))
        assert play.app.sight.event == known[0]["seq"]

    at_80x24(demo, act)
