"""What is on the screen: a panel renders the lines that have changed, and they are all that had to be rendered."""

import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from tests.tui.acting import Play, acted
from townlet.observing.run_reader import RunReader
from townlet.observing.view import View, Wanted
from tui.actions import KEYS
from tui.drawing import About
from tui.stage.screen import Stage
from tui.widgets import Line, Panel, segments_of

DONE = (
    "tick_on",
    "tick_on",
    "hour_on",
    "person_on",
    "tick_on",
    "panel_events",
    "up",
    "up",
    "tick_back",
    "mark",
    "panel_story",
    "up",
    "up",
    "pageup",
    "tick_on",
    "let_go",
    "theme",
    "hour_back",
    "panel_ties",
    "down",
    "down",
    "zoom",
    "tick_on",
    "person_on",
    "theme",
    "panel_person",
    "tick_on",
    "loop",
    "hour_on",
    "loop",
    "panel_queues",
    "start",
    "tick_on",
    "panel_churn",
    "panel_kpis",
    "tick_back",
    "theme",
    "let_go",
    "let_go",
)
"""Actions by their names, and plain keys."""


def cells(play: Play) -> list[list[tuple[str, Style | None]]]:
    """Each line's characters with their styles."""
    lines = play.app.screen._compositor.render_strips()
    return [[(char, segment.style) for segment in strip for char in segment.text] for strip in lines]


async def at_rest(play: Play) -> list[list[tuple[str, Style | None]]]:
    """The same, when it changes no more."""
    found = cells(play)
    while True:
        await play.pilot.pause(0.05)
        before, found = found, cells(play)
        if found == before:
            return found


@pytest.mark.slow
def test_the_screen_is_what_it_would_be_if_all_of_it_were_rendered_anew(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(play: Play) -> None:
        await play.until(
            lambda: play.app.sight.view and play.app.sight.view.timeline.upto == play.app.sight.view.story.told == 2880
        )
        for done in DONE:
            await play.press(KEYS[done][0] if done in KEYS else done)
            before = await at_rest(play)
            for panel in play.app.stage.main_screen.query(Panel):
                panel._strips.clear()
                panel.refresh()
            assert await at_rest(play) == before, done

    monkeypatch.setattr(Stage, "say", lambda *_, **__: None)  # what is said goes by itself, at any time
    acted(demo, act, tick=700)


def test_a_tick_renders_few_lines(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered, render_line = Counter[str](), Panel.render_line

    def counted(panel: Panel, y: int) -> Strip:
        rendered[panel.id or ""] += 1
        return render_line(panel, y)

    async def act(play: Play) -> None:
        await play.settled()
        monkeypatch.setattr(Panel, "render_line", counted)
        await play.press(KEYS["tick_on"][0])
        assert play.app.sight.shown_tick == 701
        lines = sum(panel.size.height for panel in play.app.stage.main_screen.query(Panel))
        assert 0 < rendered.total() < lines / 2, rendered

    acted(demo, act, tick=700)


def test_a_click_on_the_timeline_goes_to_the_tick_of_the_cell(demo: Path) -> None:
    async def act(play: Play) -> None:
        spots = play.app.query_one("#timeline", Panel)._rows[0].spots
        for x in (30, 60, len(spots) - 1):
            assert await play.pilot.click("#timeline", offset=(x, 0))
            await play.settled()
            assert About(tick=play.app.sight.shown_tick) == spots[x]
        assert play.app.sight.shown_tick == 2880
        assert await play.pilot.click("#timeline", offset=(0, 0))
        await play.settled()
        assert play.app.sight.shown_tick == 2880, "the row's name goes nowhere"

    acted(demo, act, tick=700)


def test_where_one_is_going_is_said_when_it_takes_a_while(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, view = threading.Event(), RunReader.view

    def late(watcher: RunReader, wanted: Wanted) -> View:
        if wanted.tick >= 900:
            assert gate.wait(30.0)
        return view(watcher, wanted)

    async def act(play: Play) -> None:
        for tick in (900, 901):
            play.app.sight.seek(tick)
            await play.until(lambda tick=tick: f"going to {tick}" in play.text())
            assert "tick 700 of 2,880" in play.text()
        gate.set()
        await play.settled()
        assert "tick 901 of 2,880" in play.text() and "going to" not in play.text()

    monkeypatch.setattr(RunReader, "view", late)
    acted(demo, act, tick=700)


STYLES = st.sampled_from(["", "bold", "#8fd18a", "reverse bold #ff7b72", Style(color="red"), Style(meta={"about": 1})])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    words=st.text("ab │▄", max_size=20),
    style=STYLES,
    spans=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6), STYLES), max_size=5),
)
def test_a_line_is_rendered_as_rich_renders_it(
    words: str, style: str | Style, spans: list[tuple[int, int, str | Style]]
) -> None:
    text = Text(words, style, end="")
    for first, length, over in spans:
        text.stylize(over, first, first + length)
    line, console = Line(text.plain, text.style, tuple(text.spans), chosen=False), Console()
    ours, riches = (
        [(char, segment.style or Style.null()) for segment in segments for char in segment.text]
        for segments in (segments_of(line, console), text.render(console))
    )
    assert ours == riches if line.spans else ours == [(char, console.get_style(style)) for char in words]
