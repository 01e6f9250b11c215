"""The first line of the screen: the run, the tick that is shown, and how time goes."""

from rich.text import Text

from townlet.daytime import time_of
from townlet.observing.view import View
from tui.cursor import SPEEDS, Cursor
from tui.looks import Look


def headline(view: View, cursor: Cursor, look: Look, width: int) -> Text:
    """The first line, at most `width` cells wide."""
    run = view.run.rstrip("/").rpartition("/")[2]
    line = Text(no_wrap=True)
    line.append(f" {run}", look.title)
    line.append(f"  {time_of(view.tick, view.ticks_per_day)}", look.strong)
    line.append(f"  tick {view.tick:,} of {view.head:,}")
    weather = view.town.state.get("town", {}).get("weather", "")
    people = view.town.state.get("town", {}).get("people", 0)
    over = cursor.following and view.closed and view.tick == view.head
    line.append(f"  {'●' if over else going(cursor)}", look.good if cursor.playing or cursor.following else look.faint)
    if not cursor.following and cursor.tick != view.tick:
        line.append(f"  going to {cursor.tick:,}", look.warn)
    elif cursor.following:
        line.append(f"  {behind(view)}", look.good if view.head - view.tick < view.ticks_per_day else look.warn)
    line.append(f"  {people} people, {weather}", look.faint)
    if view.wanted.mark is not None:
        line.append(f"  mark {view.wanted.mark:,}", look.warn)
    line.truncate(width, overflow="ellipsis")
    return line


def opening(run: str) -> str:
    """The first line until the first view has come."""
    return f" {run}  is being opened …"


def going(cursor: Cursor) -> str:
    """How time goes, as signs: paused, or the direction and the speed."""
    if cursor.following:
        return "● live"
    sign = "▶" if cursor.direction > 0 else "◀"
    if not cursor.playing:
        return "❚❚" if cursor.direction > 0 else "❚❚ ◀"
    return f"{sign} {'max' if cursor.speed == len(SPEEDS) - 1 else f'{SPEEDS[cursor.speed]:,}/s'}"


def behind(view: View) -> str:
    """How many ticks the view is behind the last tick of the run, in words."""
    ticks = view.head - view.tick
    over = "the run is over" if view.closed else "at its head"
    return over if ticks == 0 else f"{ticks:,} ticks behind"
