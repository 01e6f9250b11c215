"""The timeline: it keeps to the room, tells everything by glyphs, and each cell goes to its tick."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.small import HEAD, PER_DAY, timeline, view
from townlet.observing.view import View
from tui.cursor import Cursor
from tui.drawing import Room, Row, plain
from tui.looks import DARK
from tui.panels.timeline import draw


def drawn(here: View, width: int = 120, height: int = 4, cursor: Cursor | None = None) -> list[Row]:
    return draw(here, DARK, Room(width, height), cursor or Cursor(here.tick, here.head))


def ticks(row: Row) -> dict[int, int]:
    """The tick that each cell of a row goes to."""
    return {
        at: about.tick for at, about in enumerate(row.spots[: row.text.cell_len]) if about and about.tick is not None
    }


def cells(row: Row) -> str:
    """The glyphs of the cells that go somewhere."""
    return "".join(row.text.plain[at] for at in sorted(ticks(row)))


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    width=st.integers(1, 160),
    height=st.integers(1, 6),
    head=st.sampled_from([0, 1, 30, 1439, 1440, HEAD, 10_000]),
    part=st.floats(0, 1),
    counted=st.floats(0, 1),
    loop=st.none() | st.tuples(st.integers(0, 10_000), st.none() | st.integers(0, 10_000)),
)
def test_no_row_is_wider_than_the_room(
    width: int, height: int, head: int, part: float, counted: float, loop: tuple[int, int | None] | None
) -> None:
    tick = int(head * part)
    here = view(tick, head, timeline=timeline(tick, head, int(head * counted)))
    rows = drawn(here, width, height, Cursor(tick, head, loop=loop))
    assert all(row.text.cell_len <= width for row in rows)
    for row in rows:
        there = [tick for _, tick in sorted(ticks(row).items())]
        assert all(0 <= tick <= head for tick in there)
        assert there == sorted(there)


def test_a_cell_goes_to_the_tick_that_it_stands_for() -> None:
    for row in drawn(view(700))[:2]:
        places = ticks(row)
        first, last = min(places), max(places)
        assert places[first] == 0
        assert places[last] >= HEAD - 40
    assert set(ticks(drawn(view(1500))[2]).values()) <= set(range(PER_DAY, 2 * PER_DAY))


@pytest.mark.parametrize(("glyph", "tick"), [("!", 500), ("+", 1000), ("*", 0)])
def test_a_mark_goes_to_where_it_happened(glyph: str, tick: int) -> None:
    run = drawn(view(700))
    for row in (run[1], run[3]):
        assert cells(row).count(glyph) == 1
        at = next(at for at in ticks(row) if row.text.plain[at] == glyph)
        assert ticks(row)[at] == tick


def test_the_cursor_the_mark_and_the_loop_stand_where_they_are() -> None:
    here = view(700)
    here = here._replace(wanted=here.wanted._replace(mark=300))
    cursor = Cursor(900, HEAD, loop=(100, 1200))
    run = drawn(here, cursor=cursor)[0]
    for glyph, tick in (("▼", 700), ("▽", 900), ("◆", 300), ("[", 100), ("]", 1200)):
        assert ticks(run)[run.text.plain.index(glyph)] == tick


def test_without_colour_day_and_night_are_apart() -> None:
    hours = cells(drawn(view(700))[3])
    assert hours.count("░") > len(hours) // 4
    assert "12:00" in hours
    assert "░" not in hours[len(hours) // 3 : len(hours) * 2 // 3]


def test_what_is_not_counted_is_said() -> None:
    said = plain(drawn(view(700)))
    assert "not yet counted" not in said
    half = drawn(view(700, timeline=timeline(700, upto=HEAD // 2)))
    uncounted = [tick for at, tick in ticks(half[0]).items() if half[0].text.plain[at] == "·"]
    assert "not yet counted" in plain(half)
    assert uncounted and min(uncounted) >= HEAD // 2
    assert max(uncounted) > HEAD - 100


def test_what_is_to_come_today_is_not_drawn_as_empty() -> None:
    here = view(700, head=800, closed=False)
    day = drawn(here, cursor=Cursor(700, 800))[2]
    assert "╌" in cells(day)
    assert "to come" in plain(drawn(here))
    assert "»" in plain(drawn(here)[:1])
    assert "»" not in plain(drawn(view(700)))
    assert "unlived" in plain(drawn(view(700, head=800)))
    assert "╌" not in plain(drawn(view(700)))


def test_the_fuller_the_higher() -> None:
    line = timeline(700)
    line.events[:] = 1
    line.events[100:110] = 10
    row = drawn(view(2800, timeline=line))[0]
    levels = {ticks(row)[at]: row.text.plain[at] for at in ticks(row)}
    assert {levels[tick] for tick in levels if 1030 <= tick <= 1060} == {"█"}
    assert {levels[tick] for tick in levels if tick < 950 or 1130 < tick < 2700} == {"▁"}


def test_in_three_rows_the_day_has_its_hours() -> None:
    rows: Sequence[Row] = drawn(view(700), width=80, height=3)
    assert len(rows) == 3
    assert "06 " in plain(rows)  # the quarrel leaves no room for 06:00
    assert "18:00" in plain(rows)
    assert "▼" in cells(rows[2])


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_there_is_a_legend_in_every_room(width: int) -> None:
    assert all(word in plain(drawn(view(700), width)) for word in ("! quarrel", "+ help", "- left", "* arrived"))
