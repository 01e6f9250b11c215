"""Everything that moves time."""

from time import perf_counter
from typing import Final

from tui.cursor import Cursor
from tui.stage import Stage

FRAME_S: Final = 1 / 30
"""How often time goes on while the town plays, and the screen with it."""


class Timing(Stage):
    """The stage, with its time in your hand."""

    _clock_s = 0.0

    def on_mount(self) -> None:
        """Let time go on."""
        self._clock_s = perf_counter()
        self.set_interval(FRAME_S, self._go_on)

    def move(self, cursor: Cursor, *, event: int | None = None) -> None:
        """Take the cursor to where it is wanted, with the list of events at an event (None: the last before it)."""
        if event is None and cursor.tick == self.cursor.tick and cursor.following == self.cursor.following:
            event = self.event
        self.cursor, self.event = cursor, event
        self.ask()

    def seek(self, tick: int, *, event: int | None = None) -> None:
        """Go to a tick, and stay there."""
        self.move(self.cursor.paused().seek(tick), event=event)

    def _go_on(self) -> None:
        now_s = perf_counter()
        before, passed_s, self._clock_s = self.cursor, now_s - self._clock_s, now_s
        if before.playing:
            after = before.advance(passed_s)
            self.cursor = after
            if after.tick != before.tick:
                self.event = None
                self.ask()
            if after.playing != before.playing:
                self.show_head()
        self.show_going()

    def action_play(self) -> None:
        """Play or pause."""
        self.move(self.cursor.play())

    def action_reverse(self) -> None:
        """Turn time around."""
        self.move(self.cursor.reverse())

    def action_tick_back(self) -> None:
        """One tick back."""
        self.move(self.cursor.paused().step(-1))

    def action_tick_on(self) -> None:
        """One tick on."""
        self.move(self.cursor.paused().step(1))

    def action_hour_back(self) -> None:
        """One hour back."""
        self.move(self.cursor.paused().step(-self._hour))

    def action_hour_on(self) -> None:
        """One hour on."""
        self.move(self.cursor.paused().step(self._hour))

    def action_faster(self) -> None:
        """The next higher speed."""
        self.move(self.cursor.faster())

    def action_slower(self) -> None:
        """The next lower speed."""
        self.move(self.cursor.slower())

    def action_speed(self, digit: str) -> None:
        """A speed by its digit, playing."""
        self.move(self.cursor.at_speed(int(digit))._replace(playing=True))

    def action_start(self) -> None:
        """The moment after the founding."""
        self.seek(1)

    def action_live(self) -> None:
        """Follow the town."""
        self.move(self.cursor.paused().follow())

    def action_loop(self) -> None:
        """The loop's beginning, its end, no loop."""
        self.move(self.cursor.looped())

    def action_mark(self) -> None:
        """Mark this tick, or unmark it."""
        self.mark = None if self.mark == self.shown_tick else self.shown_tick
        self.ask()
        self.say("No tick is marked now." if self.mark is None else f"Tick {self.mark:,} is marked.")

    @property
    def _hour(self) -> int:
        return self.ticks_per_day // 24
