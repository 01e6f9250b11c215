"""Time: the clock by which the town plays, and the steps of the cursor."""

from time import perf_counter
from typing import Final

from tui.cursor import Cursor
from tui.stage.screen import Stage
from tui.stage.sight import Sight

FRAME_S: Final = 1 / 30
"""Seconds between two frames while the town plays."""


class Timing:
    """Moves the cursor of the sight: by a key, or frame by frame while the town plays."""

    def __init__(self, sight: Sight, stage: Stage) -> None:
        self._sight, self._stage = sight, stage
        self._clock_s = perf_counter()

    def play_frame(self) -> None:
        """Let the time pass that has passed since the last frame. Call it every FRAME_S seconds."""
        sight, now_s = self._sight, perf_counter()
        before, passed_s, self._clock_s = sight.cursor, now_s - self._clock_s, now_s
        if before.playing:
            after = before.advance(passed_s)
            sight.cursor = after
            if after.tick != before.tick:
                sight.event = None
                sight.ask()
            if after.playing != before.playing:
                sight.show_head()
        sight.show_head_if_late()

    def play(self) -> None:
        """Play or pause."""
        self._sight.move(self._cursor.play())

    def reverse(self) -> None:
        """Turn time around."""
        self._sight.move(self._cursor.reverse())

    def step(self, ticks: int) -> None:
        """Go some ticks on, or back where they are negative, and pause there."""
        self._sight.move(self._cursor.paused().step(ticks))

    def step_hours(self, hours: int) -> None:
        """Go some hours on, or back where they are negative, and pause there."""
        self.step(hours * (self._sight.ticks_per_day // 24))

    def faster(self) -> None:
        """Take the next higher speed."""
        self._sight.move(self._cursor.faster())

    def slower(self) -> None:
        """Take the next lower speed."""
        self._sight.move(self._cursor.slower())

    def play_at(self, digit: int) -> None:
        """Play at the speed of a digit, 1 to 9."""
        self._sight.move(self._cursor.at_speed(digit)._replace(playing=True))

    def to_start(self) -> None:
        """Go to the moment after the founding."""
        self._sight.seek(1)

    def follow(self) -> None:
        """Go to the last tick, and on with the town while it lives."""
        self._sight.move(self._cursor.paused().follow())

    def loop(self) -> None:
        """Set the loop's beginning here, then its end, then remove it."""
        self._sight.move(self._cursor.looped())

    def mark(self) -> None:
        """Mark the tick on the screen, or remove the mark where it is there."""
        sight = self._sight
        sight.mark = None if sight.mark == sight.shown_tick else sight.shown_tick
        sight.ask()
        self._stage.say("No tick is marked now." if sight.mark is None else f"Tick {sight.mark:,} is marked.")

    @property
    def _cursor(self) -> Cursor:
        return self._sight.cursor
