"""Every action of the table is done by its key, and does what it says."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Static

from tests.halves import every_second_is_slow
from tests.tui.acting import LARGE, SMALL, Play, observing
from tui.actions import ACTIONS
from tui.looks import LOOKS
from tui.stage.observer import Observer

Act = Callable[[Play], Awaitable[None]]
NOON = 720


async def play(town: Play) -> None:
    await town.press("space")
    await town.until(lambda: town.app.sight.shown_tick > NOON + 5)
    await town.press("space")
    stopped = town.app.sight.shown_tick
    await town.pilot.pause(0.2)
    assert town.app.sight.shown_tick == stopped == town.app.sight.cursor.tick


async def reverse(town: Play) -> None:
    await town.press("r", "space")
    await town.until(lambda: town.app.sight.shown_tick < NOON - 5)


async def tick_back(town: Play) -> None:
    await town.press("left", "comma")
    assert town.app.sight.shown_tick == NOON - 2


async def tick_on(town: Play) -> None:
    await town.press("right", "full_stop")
    assert town.app.sight.shown_tick == NOON + 2
    assert "tick 722 of" in town.text()


async def hour_back(town: Play) -> None:
    await town.press("shift+left")
    assert town.app.sight.shown_tick == NOON - 60


async def hour_on(town: Play) -> None:
    await town.press("shift+right")
    assert town.app.sight.shown_tick == NOON + 60


def steps(key: str, words: str, kind: str, direction: int) -> Act:
    async def to_an_event(town: Play) -> None:
        town.app.sight.filter = words
        await town.press(key)
        await town.until(lambda: town.app.sight.event is not None)
        await town.settled()
        view = town.app.sight.view
        assert view is not None
        line = view.events.lines[view.events.at]
        assert line.kind.startswith(kind) and view.tick == line.tick + 1
        assert view.tick > NOON if direction > 0 else view.tick <= NOON

    return to_an_event


async def note_on(town: Play) -> None:
    await town.press("right_curly_bracket")
    await town.until(lambda: town.app.sight.event is not None)
    assert town.app.sight.cursor.tick > NOON


async def note_back(town: Play) -> None:
    await town.press("left_curly_bracket")
    await town.until(lambda: town.app.sight.event is not None)
    assert town.app.sight.cursor.tick <= NOON


async def faster(town: Play) -> None:
    before = town.app.sight.cursor.speed
    await town.press("plus")
    assert town.app.sight.cursor.speed == before + 1


async def slower(town: Play) -> None:
    before = town.app.sight.cursor.speed
    await town.press("minus")
    assert town.app.sight.cursor.speed == before - 1


def speed(digit: int) -> Act:
    async def at_speed(town: Play) -> None:
        await town.pilot.press(str(digit))
        await town.until(lambda: town.app.sight.cursor.speed == digit - 1)
        await town.until(lambda: town.app.sight.shown_tick > NOON)

    return at_speed


async def go_to(town: Play) -> None:
    await town.press("g", *"day 1 08:00", "enter")
    await town.until(lambda: town.app.sight.shown_tick == 1440 + 480)


async def start(town: Play) -> None:
    await town.press("home")
    assert town.app.sight.shown_tick == 1


async def live(town: Play) -> None:
    await town.press("end")
    assert town.app.sight.shown_tick == 2880 and town.app.sight.cursor.following
    assert "the run is over" in town.text() and "● live" not in town.text()


async def loop(town: Play) -> None:
    await town.press("l", "shift+right", "l", "2", "space", "space")
    assert town.app.sight.cursor.range == (NOON, NOON + 60)
    await town.press("space", "l")
    assert town.app.sight.cursor.range is None


def panel(name: str, says: str) -> Act:
    async def to_the_front(town: Play) -> None:
        await town.press({"sql": "colon"}.get(name, next(a.keys[0] for a in ACTIONS if a.name == f"panel_{name}")))
        assert town.app.query_one(f"#{name}").display
        await town.until(lambda: says in town.text())

    return to_the_front


async def person_on(town: Play) -> None:
    await town.press("a", "a")
    assert town.app.sight.person == "bob" and "bob" in town.text()


async def person_back(town: Play) -> None:
    await town.press("a", "A")
    assert town.app.sight.person == "henry"


def asks(key: str, says: str) -> Act:
    async def opens(town: Play) -> None:
        await town.pilot.press(key)
        await town.until(lambda: len(town.app.screen_stack) > 1 and says in town.text())
        await town.pilot.press("escape")
        await town.until(lambda: len(town.app.screen_stack) == 1)

    return opens


async def why(town: Play) -> None:
    await town.press("e")
    await asks("w", "Why: ")(town)


async def effect(town: Play) -> None:
    await town.press("home")
    await asks("E", "cannot be asked for")(town)


async def back(town: Play) -> None:
    town.app.sight.open_run(town.app.sight.run_path, 60)
    await town.settled()
    assert town.app.sight.shown_tick == 60
    await town.press("b")
    assert town.app.sight.shown_tick == NOON


async def mark(town: Play) -> None:
    await town.press("x", "right")
    assert town.app.sight.mark == NOON and "mark 720" in town.text()
    await town.press("left", "x")
    assert town.app.sight.mark is None


async def compare(town: Play) -> None:
    await town.press("x", "shift+right")
    await asks("X", "720")(town)


async def find(town: Play) -> None:
    await town.press("slash", *"quarrel", "enter")
    await town.until(lambda: town.app.sight.event is not None)
    await town.settled()
    view = town.app.sight.view
    assert view is not None and view.events.lines[view.events.at].kind == "queue_conflict"


async def find_on(town: Play) -> None:
    await find(town)
    first = town.app.sight.event
    await town.press("n")
    await town.until(lambda: town.app.sight.event not in (None, first))


async def find_back(town: Play) -> None:
    await find(town)
    first = town.app.sight.event
    await town.press("N")
    await town.until(lambda: town.app.sight.event not in (None, first))


async def filtering(town: Play) -> None:
    await town.press("f", *"meal", "enter")
    await town.until(lambda: town.app.sight.filter == "meal")
    await town.settled()
    view = town.app.sight.view
    assert view is not None and any(line.matches for line in view.events.lines)


async def copy_row(town: Play) -> None:
    await town.press("e", "y")
    assert town.app.clipboard.strip()


async def copy_command(town: Play) -> None:
    await town.press("Y")
    assert town.app.clipboard.startswith("townlet ")


async def screenshot(town: Play) -> None:
    await town.press("S")
    await town.until(lambda: list(Path.cwd().glob("*.svg")))
    (file,) = Path.cwd().glob("*.svg")
    assert "720" in file.name and "<svg" in file.read_text()


async def zoom(town: Play) -> None:
    await town.press("a")
    before = town.text()
    await town.press("z")
    await town.until(lambda: town.text() != before)


async def let_go(town: Play) -> None:
    await town.press("a", "escape")
    await town.until(lambda: town.app.sight.person is None)


async def theme(town: Play) -> None:
    for name in [*list(LOOKS)[1:], next(iter(LOOKS))]:
        await town.press("T")
        assert town.app.theme == town.app.stage.look.name == name


async def suspend(town: Play) -> None:
    with patch.object(HeadlessDriver, "can_suspend", True), patch("os.kill") as kill:
        await town.press("ctrl+z")
        kill.assert_called_once_with(os.getpid(), signal.SIGTSTP)


async def leave(town: Play) -> None:
    await town.pilot.press("q")
    await town.until(lambda: not town.app.is_running or town.app._exit)


DONE: dict[str, Act] = {
    **{f"speed_{digit}": speed(digit) for digit in range(1, 10)},
    **{
        f"panel_{name}": panel(name, says)
        for name, says in {
            "person": "chosen",
            "ties": "likes",
            "story": "day 0",
            "events": "event",
            "kpis": "whole day",
            "queues": "in use",
            "churn": "window",
            "sql": "select",
        }.items()
    },
    "event_on": steps("right_square_bracket", "quarrel", "queue_conflict", 1),
    "event_back": steps("left_square_bracket", "chat", "chat", -1),
    "fork": asks("F", "Seed"),
    "runs": asks("o", "beside"),
    "help": asks("question_mark", "quarrel"),
    "palette": asks("ctrl+p", "Compare"),
    "filter": filtering,
    "suspend": suspend,
    "quit": leave,
    **{
        each.__name__: each
        for each in (
            *(play, reverse, tick_back, tick_on, hour_back, hour_on, note_on, note_back),
            *(faster, slower, go_to, start, live, loop, person_on, person_back, why, mark, compare, effect, back),
            *(find, find_on, find_back, copy_row, copy_command, screenshot, zoom, let_go, theme),
        )
    },
}


def test_every_action_of_the_table_is_tried() -> None:
    assert {each.name for each in ACTIONS} == set(DONE), {each.name for each in ACTIONS} ^ set(DONE)


def together() -> list[tuple[str, ...]]:
    """The actions that are tried in one observer: those of the panels, which do not move the time; others go alone."""
    panels = tuple(name for name in DONE if name.startswith("panel_"))
    return [panels, *((name,) for name in DONE if name not in panels)]


@pytest.mark.parametrize("names", every_second_is_slow(together()), ids=lambda names: names[0])
def test_an_action_does_what_it_says(
    names: tuple[str, ...], demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def done() -> None:
        async with observing(demo, SMALL if len(names[0]) % 2 else LARGE, tick=NOON) as town:
            for name in names:
                await DONE[name](town)

    asyncio.run(done())


def test_where_a_log_is_damaged_one_stands_before_the_damage(demo: Path, tmp_path: Path) -> None:
    """One is not on the way to a tick that there is no way to, and steps back from the one that is shown."""
    run = shutil.copytree(demo, tmp_path / "demo")
    (log,) = run.glob("log/*.arrow*")
    content = bytearray(log.read_bytes())
    content[len(content) * 3 // 4] ^= 0xFF
    log.write_bytes(content)

    async def act() -> None:
        async with observing(run, SMALL) as town:
            await town.press("g", *"day 1 23:00", "enter")
            await town.until(lambda: town.app.sight.view is not None and town.app.sight.view.trouble is not None)
            await town.until(lambda: town.app.sight.cursor.tick == town.app.sight.shown_tick)
            last = town.app.sight.shown_tick
            assert 1 < last < 2820 and "going to" not in town.text()
            await town.press("left")
            assert town.app.sight.shown_tick == last - 1

    asyncio.run(act())


def test_it_says_what_it_opens_before_there_is_anything_to_show(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.reader.Reader.start", lambda _: None)

    async def act() -> None:
        app = Observer(str(demo))
        async with app.run_test(size=SMALL):
            said = str(app.query_one("#head", Static).visual)
            assert str(demo) in said and "is being opened" in said

    asyncio.run(act())


def test_time_that_goes_on_while_the_screen_goes_down_asks_without_harm(demo: Path) -> None:
    async def done() -> None:
        async with observing(demo, SMALL, tick=NOON) as town:
            await town.press("space")
        town.app.sight.ask()

    asyncio.run(done())
