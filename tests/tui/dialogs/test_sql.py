"""The SQL pane, by keys and by the mouse."""

from pathlib import Path

import pytest
from textual.widgets import DataTable, TextArea

from tests.tui.acting import LARGE, Play, acted, at_80x24, quarrels
from townlet.daytime import time_of
from tui.dialogs.sql import EXAMPLES, Query, Sql

pytestmark = pytest.mark.usefixtures("without_colour")


def test_sql_is_asked_of_the_tick_that_is_shown(demo: Path) -> None:
    first, second = quarrels(demo)[:2]
    tick = first["tick"] + 1
    assert second["tick"] >= tick, "one quarrel until then"

    async def asked(play: Play, text: str, said: str) -> None:
        play.app.query_one(Query).text = text
        await play.pilot.press("enter")
        await play.until(lambda: said in " ".join(play.app.query_one(Sql).said.split()))

    async def act(play: Play) -> None:
        await play.press("colon")
        assert EXAMPLES[0][0] in play.text()
        await asked(play, "select nme from agents", "agents has id, name")
        await asked(play, "select * from agentz", "did you mean agents")
        await asked(play, "drop table agents", "a run is only read")
        await asked(play, "select * from range(3000)", "the first 2,000 of")
        await asked(
            play, "select tick, seq, agent from queue_conflict", f"1 row, as of {time_of(tick, 1440)} (tick {tick:,})"
        )
        table = play.app.query_one(DataTable)
        assert table.row_count == 1
        await play.pilot.press("up", "up")
        assert play.app.query_one(Query).text == "select * from range(3000)"
        await play.pilot.press("down", "down")
        assert play.app.query_one(Query).text == ""
        await play.pilot.press("tab")
        assert table.has_focus
        await play.pilot.press("y")
        assert play.app.clipboard.split("\t")[0] == str(first["tick"])
        await play.pilot.press("Y")
        assert "townlet sql" in play.app.clipboard and f"--at-tick {tick}" in play.app.clipboard
        await play.pilot.press("enter")
        await play.until(lambda: play.app.sight.event == first["seq"])

    at_80x24(demo, act, tick=tick)


def test_an_example_is_asked_by_a_click_and_escape_gives_the_keys_back(demo: Path) -> None:
    async def act(play: Play) -> None:
        await play.press("colon")
        await play.pilot.click("#sql-examples", offset=(3, 0))
        await play.until(lambda: play.app.query_one(DataTable).row_count > 0)
        assert isinstance(play.app.focused, TextArea)
        await play.pilot.press("escape")
        await play.pilot.press("s")
        await play.until(lambda: play.app.focused is not None and play.app.focused.id == "story")

    acted(demo, act, size=LARGE, tick=300)
